// Where a convolution's sums lie in the accumulators: an output channel's sums and those of its neighbours (NS, WS), or
// a position's and those of its neighbours (IS), share a row (docs/overlay.md, section 4, "Accumulator rows").
#ifndef OVERLAY_SUMS_H
#define OVERLAY_SUMS_H

#include "window.h"

typedef struct {
    int wide;   // Cw: sums in a row
    int first;  // first row of the block
    int lines;  // rows per position (NS, WS: column tiles) or per output channel (IS)
} sums_t;

// The accumulators: a bank per column of the array, which holds what a multiplier makes, a sum or two ("two 36-bit sums or
// one 40-bit Winograd sum").
// Each half is a memory of its own: one is added to while POST reads the other. Memory `sum_memory(k, row)` has sum k of a
// multiplier in accumulator row `row` of both halves, at address `sum_address(row)`.
enum { SUM_MEMORIES = 2 * PACKING };

MEMORY_TYPE(sums, sum_t, [SUM_MEMORIES], [ACCUMULATOR_ROWS][BANK_COLUMNS])

INLINE int sum_memory(int k, int row) {
    INLINED
    return row / ACCUMULATOR_ROWS * PACKING + k;
}

INLINE int sum_address(int row) {
    INLINED
    return row % ACCUMULATOR_ROWS;
}

// Rows of accumulators that `sums` fill: a row is one of two constants wide, so that no division is left to the hardware.
INLINE int rows_over(const command_t *c, int sums) {
    INLINED
    return c->algorithm == WINOGRAD ? ceil_div(sums, ARRAY_COLUMNS) : ceil_div(sums, ARRAY_COLUMNS * PACKING);
}

// `each`: sums per output channel.
INLINE sums_t sums_of(const command_t *c, const block_t *b, int each) {
    SET_UP
    sums_t s;
    s.wide = c->algorithm == WINOGRAD ? ARRAY_COLUMNS : ARRAY_COLUMNS * PACKING;
    s.lines = rows_over(c, c->dataflow == IS ? each : b->channels);
    // The halves take turns. Sums of several contraction passes stay: in each half, block behind block.
    const bool stays = (c->flags & FLAG_ACCUMULATE) || !(c->flags & FLAG_STORE);
    const int full_lines = rows_over(c, c->dataflow == IS ? each : c->block_channels);
    const int rows = c->dataflow == IS ? c->block_channels * full_lines : each * full_lines;
    s.first = (b->index & 1) * ACCUMULATOR_ROWS + (stays ? (b->index >> 1) * rows : 0);
    return s;
}

// Where the sum of a repeat at a position goes. Winograd: each repeat, a position of the tiles, has sums of its own.
// kn2row: "adds the result of unit convolution (k1, k2) at input pixel (y, x) into output (y + pad_top - k1 dilation,
// x + pad_left - k2 dilation) and drops what falls outside".
typedef struct {
    bool valid, first;  // first: no earlier unit convolution reaches this output
    int number;
} shifted_t;

INLINE shifted_t shifted(const command_t *c, const geometry_t *g, const spot_t *s, const part_t *repeat) {
    INLINED
    shifted_t t = {true, true, s->number};
    if (c->algorithm == KN2ROW) {
        const int column = s->column + c->pad_left - times(c->dilation_columns, repeat->column);
        t.valid = column >= 0 && column < c->out_width;
        t.first = repeat->row == 0 && (repeat->column == 0 || s->column < c->dilation_columns);
        t.number = times(c->out_width, s->row) + column;
    } else if (c->algorithm == WINOGRAD) {
        t.number += times(g->spots, repeat->number);
    }
    return t;
}

// kn2row: outputs whose window lies in the pads altogether get no sum and must start at 0. The number of accumulator
// rows to clear before the block; 0 where every output is reached.
INLINE int rows_to_clear(const command_t *c, const geometry_t *g, const sums_t *s) {
    SET_UP
    const int reach = (c->kernel_columns - 1) * c->dilation_columns;
    const bool possible =
        c->pad_left > reach || c->out_width - 1 - c->pad_left >= c->width || c->dilation_columns > c->width;
    if (c->algorithm != KN2ROW || !possible || (c->flags & FLAG_ACCUMULATE)) return 0;
    return c->dataflow == IS ? g->channels * s->lines : g->sums * s->lines;
}

INLINE void clear_row(sums_write_t sums, int row) {
    INLINED
halves:
    UNROLLED
    for (int k = 0; k < PACKING; ++k) {
        UNROLL_THIS
    banks:
        UNROLLED
        for (int j = 0; j < ARRAY_COLUMNS; ++j) {
            UNROLL_THIS
            sums[sum_memory(k, row)][sum_address(row)][j] = (sum_t)0;
        }
    }
}

#endif
