// The array: ARRAY_ROWS x ARRAY_COLUMNS processing elements (pe.h). One call of array_cycle is one clock cycle. An
// operand that enters in cycle t at the left edge of row i or the top edge of column j reaches PE (i, j) in cycle
// t + i + j.
#ifndef OVERLAY_ARRAY_H
#define OVERLAY_ARRAY_H

#include "pe.h"

// Skew: an operand for row i (column j) waits i (j) cycles in a delay line of its own, a memory of RING entries that is
// written and read once per cycle. RING is a power of two so that lines are addressed without division. What all rows and
// columns take, each in a cycle of its own, moves through a chain of registers: a ring would be read at all its places at
// once, each by a multiplexer as wide as it is long. Entry d came in d cycles ago.
enum { RING_MASK = RING - 1, CHAIN = ARRAY_ROWS + ARRAY_COLUMNS - 1 };

typedef struct {
    value_t left[RING][BANK_ROWS];
    value_t load[RING][BANK_ROWS];
    pair_t top[RING][BANK_COLUMNS];
    tag_t tag[CHAIN];
    tag_t index[CHAIN];
    column_t arriving[CHAIN];
    target_t target[CHAIN];
} lines_t;

INLINE void enter_chains(lines_t *l, const cycle_t *in) {
    INLINED
chains:
    UNROLLED
    for (int d = CHAIN - 1; d > 0; --d) {
        UNROLL_THIS
        l->tag[d] = l->tag[d - 1];
        l->index[d] = l->index[d - 1];
        l->arriving[d] = l->arriving[d - 1];
        l->target[d] = l->target[d - 1];
    }
    l->tag[0] = (tag_t)in->entry.tag;
    l->index[0] = (tag_t)in->entry.load_index;
    l->arriving[0] = in->arrival;
    l->target[0] = in->target;
}

// The left and the top edge: operands enter their delay lines, and leave those of the columns.
INLINE void enter_array(array_t *a, lines_t *l, usage_t mode, const cycle_t *in, int now) {
    INLINED
    const int place = now & RING_MASK;
    enter_chains(l, in);
left_lines:
    UNROLLED
    for (int i = 0; i < ARRAY_ROWS; ++i) {
        UNROLL_THIS
        l->left[place][i] = in->entry.left[i];
    }
    if (mode.inputs_stay) {
    load_lines:
        UNROLLED
        for (int i = 0; i < ARRAY_ROWS; ++i) {
            UNROLL_THIS
            l->load[place][i] = in->entry.load[i];
        }
        return;
    }
top_lines:
    UNROLLED
    for (int j = 0; j < ARRAY_COLUMNS; ++j) {
        UNROLL_THIS
        l->top[place][j] = in->entry.top[j];
    }
top_edge:
    UNROLLED
    for (int j = 0; j < ARRAY_COLUMNS; ++j) {
        UNROLL_THIS
        a->down[0][j] = l->top[(now - j) & RING_MASK][j];
        a->down_index[0][j] = l->index[j];
    }
}

// All rows, from the bottom up. NS: results leave a column from the bottom up: row i passes on what i rows above it and
// itself have.
INLINE void step_rows(array_t *a, const lines_t *l, usage_t mode, const cycle_t *in, int now) {
    INLINED
rows:
    UNROLLED
    for (int i = ARRAY_ROWS - 1; i >= 0; --i) {
        UNROLL_THIS
        const int then = (now - i) & RING_MASK;
        const bool shift = (in->drain[0] >= 0 && in->drain[0] < i) || (in->drain[1] >= 0 && in->drain[1] < i);
        const tag_t tag = (tag_t)(l->tag[i] | (shift ? TAG_SHIFT : 0));
        const left_t left = {l->left[then][i], l->load[then][i], tag, l->index[i]};
        step_row(a, mode, i, &left, in->loading);
    }
}

// IS: a product column's targets come with the position that stays in it, like one more row of PEs.
INLINE void catch_column(array_t *a, const lines_t *l, int age, int product) {
    INLINED
    if (l->tag[age] & TAG_SWAP) {
        a->column_now[product] = a->column_next[product];
        a->column_next[product].valid = false;
    }
    if (l->index[age] == product) a->column_next[product] = l->arriving[age];
}

// The sums that leave the columns in a cycle, a product column each, and the rows of accumulators they are for; their bank
// is the column's.
typedef struct {
    sum_t sum[PACKING][ARRAY_COLUMNS];
    int row[PACKING][ARRAY_COLUMNS];
    bool valid[PACKING][ARRAY_COLUMNS], fresh[PACKING][ARRAY_COLUMNS];  // fresh: the sum replaces what was there
} leaving_t;

INLINE void leave_column(array_t *a, const lines_t *l, usage_t mode, int j, leaving_t *out) {
    INLINED
    // NS: the target of what leaves column 0 now; WS, IS: of what will leave it when it has moved down the rows.
    const target_t t = l->target[mode.sums_stay ? j : ARRAY_ROWS - 1 + j];
products_of_pe:
    UNROLLED
    for (int k = 0; k < PACKING; ++k) {
        UNROLL_THIS
        const int product = PACKING * j + k;
        if (mode.inputs_stay) catch_column(a, l, ARRAY_ROWS - 1 + j, product);
        const column_t own = a->column_now[product];
        const bool counts = mode.single ? k == 0 && j < t.count : product < t.count;
        out->valid[k][j] = t.valid && (t.own ? own.valid : counts);
        out->row[k][j] = t.row + (t.own ? own.row : 0);
        out->fresh[k][j] = t.fresh && (own.fresh || !t.own);
        out->sum[k][j] = mode.sums_stay ? a->result[k][ARRAY_ROWS][j] : a->sum[k][ARRAY_ROWS][j];
    }
}

// One cycle of the whole array: skew, PEs, and what leaves the columns.
INLINE void array_cycle(array_t *a, lines_t *l, usage_t mode, const cycle_t *in, int now, leaving_t *out) {
    INLINED
    enter_array(a, l, mode, in, now);
    step_rows(a, l, mode, in, now);
bottom_edge:
    UNROLLED
    for (int j = 0; j < ARRAY_COLUMNS; ++j) {
        UNROLL_THIS
        leave_column(a, l, mode, j, out);
    }
}

// A block begins: no sum is on its way.
INLINE void clear_array(array_t *a, lines_t *l) {
    INLINED
clear_targets:
    UNROLLED
    for (int d = 0; d < CHAIN; ++d) {
        UNROLL_THIS
        l->target[d].valid = false;
    }
clear_columns:
    UNROLLED
    for (int j = 0; j < ARRAY_COLUMNS * PACKING; ++j) {
        UNROLL_THIS
        a->column_next[j].valid = false;
        a->column_now[j].valid = false;
    }
}

#endif
