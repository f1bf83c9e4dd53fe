// A row of processing elements (PEs) in one clock cycle, dataflow by dataflow (docs/overlay.md, section 4). A PE has one
// hardware multiplier, which makes one int8 product, PACKING of them that share an operand, or one Winograd product.
//
// Rows are stepped from the bottom up, and each row from the right to the left, so that the neighbours above and to the
// left still hold what they had in the last cycle.
#ifndef OVERLAY_PE_H
#define OVERLAY_PE_H

#include "flow_state.h"

// Registers of the PEs. The sums, the results and the operands that move down have a row of edge registers above row 0.
typedef struct {
    value_t right[ARRAY_ROWS][ARRAY_COLUMNS];
    tag_t tag[ARRAY_ROWS][ARRAY_COLUMNS];
    pair_t down[ARRAY_ROWS + 1][ARRAY_COLUMNS];
    tag_t down_index[ARRAY_ROWS + 1][ARRAY_COLUMNS];
    value_t load[ARRAY_ROWS][ARRAY_COLUMNS];
    tag_t load_index[ARRAY_ROWS][ARRAY_COLUMNS];
    pair_t stays[ARRAY_ROWS][ARRAY_COLUMNS];
    pair_t next[ARRAY_ROWS][ARRAY_COLUMNS];
    sum_t sum[PACKING][ARRAY_ROWS + 1][ARRAY_COLUMNS];
    sum_t result[PACKING][ARRAY_ROWS + 1][ARRAY_COLUMNS];
    column_t column_next[ARRAY_COLUMNS * PACKING];
    column_t column_now[ARRAY_COLUMNS * PACKING];
} array_t;

// What enters a row at the left edge in one cycle.
typedef struct {
    value_t value, load;
    tag_t tag, load_index;
} left_t;

// "Operands move from PE to PE through registers": values and their tags, one PE to the right. All dataflows.
INLINE void move_values_right(array_t *a, int row, const left_t *in) {
    INLINED
values:
    UNROLLED
    for (int j = ARRAY_COLUMNS - 1; j > 0; --j) {
        UNROLL_THIS
        a->right[row][j] = TO_NEIGHBOUR(a->right[row][j - 1]);
    }
    a->right[row][0] = in->value;
tags:
    UNROLLED
    for (int j = ARRAY_COLUMNS - 1; j > 0; --j) {
        UNROLL_THIS
        a->tag[row][j] = TO_NEIGHBOUR(a->tag[row][j - 1]);
    }
    a->tag[row][0] = in->tag;
}

// "NS: weights move down"; WS: so do the weights that will stay.
INLINE void move_weights_down(array_t *a, int row) {
    INLINED
weights:
    UNROLLED
    for (int j = 0; j < ARRAY_COLUMNS; ++j) {
        UNROLL_THIS
        a->down[row + 1][j] = TO_NEIGHBOUR(a->down[row][j]);
    }
}

// WS: the number of the row that they are for comes with the weights.
INLINE void move_indices_down(array_t *a, int row) {
    INLINED
indices:
    UNROLLED
    for (int j = 0; j < ARRAY_COLUMNS; ++j) {
        UNROLL_THIS
        a->down_index[row + 1][j] = TO_NEIGHBOUR(a->down_index[row][j]);
    }
}

// IS: the inputs that will stay move right, with the number of the product column that they are for.
INLINE void move_inputs_right(array_t *a, int row, const left_t *in) {
    INLINED
inputs:
    UNROLLED
    for (int j = ARRAY_COLUMNS - 1; j > 0; --j) {
        UNROLL_THIS
        a->load[row][j] = TO_NEIGHBOUR(a->load[row][j - 1]);
    }
    a->load[row][0] = in->load;
indices:
    UNROLLED
    for (int j = ARRAY_COLUMNS - 1; j > 0; --j) {
        UNROLL_THIS
        a->load_index[row][j] = TO_NEIGHBOUR(a->load_index[row][j - 1]);
    }
    a->load_index[row][0] = in->load_index;
}

// The multipliers of a row, one in each PE: the value on its way times the weight that moves down (NS) or the operand that
// stays (WS, IS).
INLINE void multiply_row(const array_t *a, usage_t mode, int row, sum_t product[PACKING][ARRAY_COLUMNS]) {
    INLINED
columns:
    UNROLLED
    for (int j = 0; j < ARRAY_COLUMNS; ++j) {
        UNROLL_THIS
        const pair_t operand = mode.sums_stay ? a->down[row + 1][j] : a->stays[row][j];
        sum_t of_pe[PACKING];
        multiply(operand, a->right[row][j], mode.single, of_pe);
        for (int k = 0; k < PACKING; ++k) {
            UNROLL_THIS
            product[k][j] = of_pe[k];
        }
    }
}

// NS, "PE (i, j) sums output (position i, channel j)": the product is added to the PE's own sum, which begins with FIRST
// and is a result with LAST. "P1 cycles down the columns, hidden behind the next tile": results take a step with SHIFT.
INLINE void ns_sum(array_t *a, int row, const sum_t product[PACKING][ARRAY_COLUMNS]) {
    INLINED
columns:
    UNROLLED
    for (int j = 0; j < ARRAY_COLUMNS; ++j) {
        UNROLL_THIS
        const int tag = a->tag[row][j];
        for (int k = 0; k < PACKING; ++k) {
            UNROLL_THIS
            const sum_t sum = ((tag & TAG_FIRST) ? (sum_t)0 : a->sum[k][row + 1][j]) + product[k][j];
            const sum_t moved = (tag & TAG_SHIFT) ? TO_NEIGHBOUR(a->result[k][row][j]) : a->result[k][row + 1][j];
            a->sum[k][row + 1][j] = sum;
            a->result[k][row + 1][j] = (tag & TAG_LAST) ? sum : moved;
        }
    }
}

// "Stationary operands are doubled, so tiles follow each other without bubbles": with SWAP, the operand that was loaded
// behind the one at work takes its place. WS, IS.
INLINE void swap_operands(array_t *a, int row) {
    INLINED
columns:
    UNROLLED
    for (int j = 0; j < ARRAY_COLUMNS; ++j) {
        UNROLL_THIS
        a->stays[row][j] = (a->tag[row][j] & TAG_SWAP) ? a->next[row][j] : a->stays[row][j];
    }
}

// WS, IS: the product is added to the sum that comes from above.
INLINE void sum_down(array_t *a, int row, const sum_t product[PACKING][ARRAY_COLUMNS]) {
    INLINED
columns:
    UNROLLED
    for (int j = 0; j < ARRAY_COLUMNS; ++j) {
        UNROLL_THIS
        for (int k = 0; k < PACKING; ++k) {
            UNROLL_THIS
            a->sum[k][row + 1][j] = TO_NEIGHBOUR(a->sum[k][row][j]) + product[k][j];
        }
    }
}

// WS, "P1 x Cw weights stay": the row that weights are for catches them.
INLINE void ws_catch(array_t *a, int row) {
    INLINED
columns:
    UNROLLED
    for (int j = 0; j < ARRAY_COLUMNS; ++j) {
        UNROLL_THIS
        a->next[row][j] = a->down_index[row + 1][j] == row ? a->down[row + 1][j] : a->next[row][j];
    }
}

// IS, "P1 x Cw inputs stay": the product column that an input is for catches it.
INLINE void is_catch(array_t *a, int row) {
    INLINED
columns:
    UNROLLED
    for (int j = 0; j < ARRAY_COLUMNS; ++j) {
        UNROLL_THIS
        const int index = a->load_index[row][j];
        const int value = (int)a->load[row][j];
        const pair_t held = a->next[row][j];
        const pair_t low = index == PACKING * j ? pack(PACKING == 2 ? high_of(held) : 0, value) : held;
        a->next[row][j] = PACKING == 2 && index == 2 * j + 1 ? pack(value, low_of(held)) : low;
    }
}

// One cycle of a row: operands move, the multipliers work, operands that will stay are caught. `loading`: such operands
// are on their way.
INNERMOST void step_row(array_t *a, usage_t mode, int row, const left_t *in, bool loading) {
    INLINED
    const bool loads_weights = loading && !mode.inputs_stay && !mode.sums_stay;
    const bool loads_inputs = loading && mode.inputs_stay;
    move_values_right(a, row, in);
    if (mode.sums_stay || loads_weights) move_weights_down(a, row);
    if (loads_weights) move_indices_down(a, row);
    if (loads_inputs) move_inputs_right(a, row, in);
    if (!mode.sums_stay) swap_operands(a, row);
    sum_t product[PACKING][ARRAY_COLUMNS];
    HLS_PRAGMA(HLS array_partition variable = product complete dim = 0)
    multiply_row(a, mode, row, product);
    if (mode.sums_stay)
        ns_sum(a, row, product);
    else
        sum_down(a, row, product);
    if (loads_weights) ws_catch(a, row);
    if (loads_inputs) is_catch(a, row);
}

#endif
