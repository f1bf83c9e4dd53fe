// The array: ARRAY_ROWS x ARRAY_COLUMNS processing elements (PEs), one hardware multiplier each, all in one kernel. One
// call of array_cycle is one clock cycle. All operands and sums move from PE to neighbour through registers; an operand
// that enters in cycle t at the left edge of row i or the top edge of column j reaches PE (i, j) in cycle t + i + j.
#ifndef OVERLAY_ARRAY_H
#define OVERLAY_ARRAY_H

#include "flow.h"

// Registers of the PEs. The sums, the results and the operands that move down have a row of edge registers above row 0.
typedef struct {
    value_t right[ARRAY_ROWS][ARRAY_COLUMNS];
    int16_t tag[ARRAY_ROWS][ARRAY_COLUMNS];
    pair_t down[ARRAY_ROWS + 1][ARRAY_COLUMNS];
    int16_t down_index[ARRAY_ROWS + 1][ARRAY_COLUMNS];
    value_t load[ARRAY_ROWS][ARRAY_COLUMNS];
    int16_t load_index[ARRAY_ROWS][ARRAY_COLUMNS];
    pair_t stays[ARRAY_ROWS][ARRAY_COLUMNS];
    pair_t next[ARRAY_ROWS][ARRAY_COLUMNS];
    sum_t sum[ARRAY_ROWS + 1][ARRAY_COLUMNS];
    sum_t result[ARRAY_ROWS + 1][ARRAY_COLUMNS];
    column_t column_next[ARRAY_COLUMNS];
    column_t column_now[ARRAY_COLUMNS];
} array_t;

// Skew: an operand for row i (column j) waits i (j) cycles in a delay line of its own, a memory of RING entries that is
// written and read once per cycle. RING is a power of two so that lines are addressed without division.
enum { RING_MASK = RING - 1 };

typedef struct {
    value_t left[RING][BANK_ROWS];
    value_t load[RING][BANK_ROWS];
    pair_t top[RING][BANK_COLUMNS];
    int16_t tag[RING];
    int16_t index[RING];
    column_t arriving[RING];
    target_t target[RING];
} lines_t;

// One PE where sums stay: the product is added to the PE's own sum.
INLINE sum_t stay(sum_t own, int tag, pair_t down, value_t right) {
    const sum_t before = (tag & TAG_FIRST) ? (sum_t)0 : own;
    return before + multiply(down, right);
}

// One row of PEs in one cycle. Rows are stepped from the bottom up, and each row from the right to the left, so that
// the neighbours above and to the left still hold the last cycle.
INLINE void step_row(array_t *a, usage_t mode, int row, value_t left, int left_tag, value_t load, int load_index,
                     bool loading) {
moves_right:
    UNROLLED
    for (int j = ARRAY_COLUMNS - 1; j > 0; --j) a->right[row][j] = TO_NEIGHBOUR(a->right[row][j - 1]);
    a->right[row][0] = left;
tags_move_right:
    UNROLLED
    for (int j = ARRAY_COLUMNS - 1; j > 0; --j) a->tag[row][j] = TO_NEIGHBOUR(a->tag[row][j - 1]);
    a->tag[row][0] = (int16_t)left_tag;
    if (mode.inputs_stay && loading) {
    loads_move_right:
        UNROLLED
        for (int j = ARRAY_COLUMNS - 1; j > 0; --j) a->load[row][j] = TO_NEIGHBOUR(a->load[row][j - 1]);
        a->load[row][0] = load;
    indices_move_right:
        UNROLLED
        for (int j = ARRAY_COLUMNS - 1; j > 0; --j) a->load_index[row][j] = TO_NEIGHBOUR(a->load_index[row][j - 1]);
        a->load_index[row][0] = (int16_t)load_index;
    }
    if (!mode.inputs_stay && loading) {
    moves_down:
        UNROLLED
        for (int j = 0; j < ARRAY_COLUMNS; ++j) a->down[row + 1][j] = TO_NEIGHBOUR(a->down[row][j]);
    }
    if (mode.sums_stay) {
    sums_stay:
        UNROLLED
        for (int j = 0; j < ARRAY_COLUMNS; ++j) {
            const int tag = a->tag[row][j];
            const sum_t sum = stay(a->sum[row + 1][j], tag, a->down[row + 1][j], a->right[row][j]);
            const sum_t moved = (tag & TAG_SHIFT) ? TO_NEIGHBOUR(a->result[row][j]) : a->result[row + 1][j];
            a->sum[row + 1][j] = sum;
            a->result[row + 1][j] = (tag & TAG_LAST) ? sum : moved;
        }
        return;
    }
swaps:
    UNROLLED
    for (int j = 0; j < ARRAY_COLUMNS; ++j)
        a->stays[row][j] = (a->tag[row][j] & TAG_SWAP) ? a->next[row][j] : a->stays[row][j];
sums_move_down:
    UNROLLED
    for (int j = 0; j < ARRAY_COLUMNS; ++j)
        a->sum[row + 1][j] = TO_NEIGHBOUR(a->sum[row][j]) + multiply(a->stays[row][j], a->right[row][j]);
    // The operand that will stay is caught by the PE it is meant for.
    if (loading && mode.inputs_stay) {
    catches_inputs:
        UNROLLED
        for (int j = 0; j < ARRAY_COLUMNS; ++j)
            a->next[row][j] = a->load_index[row][j] == j ? a->load[row][j] : a->next[row][j];
    } else if (loading) {
    indices_move_down:
        UNROLLED
        for (int j = 0; j < ARRAY_COLUMNS; ++j)
            a->down_index[row + 1][j] = TO_NEIGHBOUR(a->down_index[row][j]);
    catches_weights:
        UNROLLED
        for (int j = 0; j < ARRAY_COLUMNS; ++j)
            a->next[row][j] = a->down_index[row + 1][j] == row ? a->down[row + 1][j] : a->next[row][j];
    }
}

// The edges of the array in one cycle: operands enter their delay lines, and leave those of the columns.
INLINE void enter_array(array_t *a, lines_t *l, usage_t mode, const cycle_t *in, int now) {
    const int place = now & RING_MASK;
    l->tag[place] = (int16_t)in->entry.tag;
    l->index[place] = (int16_t)in->entry.load_index;
    l->arriving[place] = in->arrival;
    l->target[(now + in->target_delay) & RING_MASK] = in->target;
left_lines:
    UNROLLED
    for (int i = 0; i < ARRAY_ROWS; ++i) l->left[place][i] = in->entry.left[i];
    if (mode.inputs_stay) {
    load_lines:
        UNROLLED
        for (int i = 0; i < ARRAY_ROWS; ++i) l->load[place][i] = in->entry.load[i];
    } else {
    top_lines:
        UNROLLED
        for (int j = 0; j < ARRAY_COLUMNS; ++j) l->top[place][j] = in->entry.top[j];
    top_edge:
        UNROLLED
        for (int j = 0; j < ARRAY_COLUMNS; ++j) {
            a->down[0][j] = l->top[(now - j) & RING_MASK][j];
            a->down_index[0][j] = l->index[(now - j) & RING_MASK];
        }
    }
}

// The sums that leave the columns in one cycle are added to the accumulators.
INLINE void leave_array(array_t *a, const lines_t *l, usage_t mode, int now,
                        sum_t sums[2 * ACCUMULATOR_ROWS][BANK_COLUMNS]) {
bottom_edge:
    UNROLLED
    for (int j = 0; j < ARRAY_COLUMNS; ++j) {
        const target_t t = l->target[(now - j) & RING_MASK];
        if (mode.inputs_stay) {
            const int then = (now - (ARRAY_ROWS - 1) - j) & RING_MASK;
            if (l->tag[then] & TAG_SWAP) {
                a->column_now[j] = a->column_next[j];
                a->column_next[j].valid = false;
            }
            if (l->index[then] == j) a->column_next[j] = l->arriving[then];
        }
        const column_t k = a->column_now[j];
        const bool valid = t.valid && (t.own ? k.valid : j < t.count);
        const int row = t.row + (t.own ? k.row : 0);
        const int bank = t.own ? k.bank : j;
        const bool fresh = t.fresh && (k.fresh || !t.own);
        const sum_t sum = mode.sums_stay ? a->result[ARRAY_ROWS][j] : a->sum[ARRAY_ROWS][j];
        if (valid) sums[row][bank] = (fresh ? (sum_t)0 : sums[row][bank]) + sum;
    }
}

// One cycle of the whole array: skew, PEs, accumulators.
INLINE void array_cycle(array_t *a, lines_t *l, usage_t mode, const cycle_t *in, int now,
                        sum_t sums[2 * ACCUMULATOR_ROWS][BANK_COLUMNS]) {
    enter_array(a, l, mode, in, now);
rows:
    UNROLLED
    for (int i = ARRAY_ROWS - 1; i >= 0; --i) {
        const int then = (now - i) & RING_MASK;
        // Results leave a column from the bottom up: row i passes on what i rows above it and itself have.
        const bool shift = (in->drain[0] >= 0 && in->drain[0] < i) || (in->drain[1] >= 0 && in->drain[1] < i);
        const int tag = l->tag[then] | (shift ? TAG_SHIFT : 0);
        step_row(a, mode, i, l->left[then][i], tag, l->load[then][i], l->index[then], in->loading);
    }
    leave_array(a, l, mode, now, sums);
}

// A block begins: no sum is on its way.
INLINE void clear_array(array_t *a, lines_t *l) {
clear_targets:
    for (int i = 0; i < RING; ++i) l->target[i].valid = false;
clear_columns:
    UNROLLED
    for (int j = 0; j < ARRAY_COLUMNS; ++j) {
        a->column_next[j].valid = false;
        a->column_now[j].valid = false;
    }
}

#endif
