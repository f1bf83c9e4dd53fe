// The array: ARRAY_ROWS x ARRAY_COLUMNS processing elements (PEs), one hardware multiplier each. One call of
// array_cycle is one clock cycle. All operands and sums move from PE to neighbour through registers; an operand that
// enters in cycle t at the left edge of row i or the top edge of column j reaches PE (i, j) in cycle t + i + j.
#ifndef OVERLAY_ARRAY_H
#define OVERLAY_ARRAY_H

#include "flow.h"

// Skew: an operand for row i (column j) waits i (j) cycles in a delay line of its own. RING is a power of two so that
// the lines are addressed without division.
const int RING_MASK = RING - 1;

// Registers of the PEs. The sums, the results and the pairs that move down have a row of edge registers above row 0.
struct array_t {
    int cycle;
    value_t right[ARRAY_ROWS][ARRAY_COLUMNS];
    std::int32_t tag[ARRAY_ROWS][ARRAY_COLUMNS];
    pair_t down[ARRAY_ROWS + 1][ARRAY_COLUMNS];
    std::int32_t down_index[ARRAY_ROWS + 1][ARRAY_COLUMNS];
    value_t load[ARRAY_ROWS][ARRAY_COLUMNS];
    std::int32_t load_index[ARRAY_ROWS][ARRAY_COLUMNS];
    pair_t stays[ARRAY_ROWS][ARRAY_COLUMNS];
    pair_t next[ARRAY_ROWS][ARRAY_COLUMNS];
    sum_t low[ARRAY_ROWS + 1][ARRAY_COLUMNS];
    sum_t high[ARRAY_ROWS + 1][ARRAY_COLUMNS];
    sum_t result_low[ARRAY_ROWS + 1][ARRAY_COLUMNS];
    sum_t result_high[ARRAY_ROWS + 1][ARRAY_COLUMNS];
    // delay lines
    value_t left_line[RING][ARRAY_ROWS];
    value_t load_line[RING][ARRAY_ROWS];
    pair_t top_line[RING][ARRAY_COLUMNS];
    std::int32_t index_line[RING];
    std::int32_t tag_line[RING];
};

// One row of PEs in one cycle. Rows are stepped from the bottom up, so that `row` above still holds the last cycle.
inline void step_row(array_t &a, const usage_t mode, int row, value_t left, int left_tag, value_t load, int load_index,
                     bool loading) {
#pragma HLS inline
    // values and tags move one PE to the right
    for (int j = ARRAY_COLUMNS - 1; j > 0; --j) {
#pragma HLS unroll
        a.right[row][j] = a.right[row][j - 1];
    }
    for (int j = ARRAY_COLUMNS - 1; j > 0; --j) {
#pragma HLS unroll
        a.tag[row][j] = a.tag[row][j - 1];
    }
    a.right[row][0] = left;
    a.tag[row][0] = left_tag;
    if (mode.inputs_stay && loading) {
        for (int j = ARRAY_COLUMNS - 1; j > 0; --j) {
#pragma HLS unroll
            a.load[row][j] = a.load[row][j - 1];
            a.load_index[row][j] = a.load_index[row][j - 1];
        }
        a.load[row][0] = load;
        a.load_index[row][0] = load_index;
    }
    // pairs move one PE down
    if (mode.sums_stay || (!mode.inputs_stay && loading)) {
        for (int j = 0; j < ARRAY_COLUMNS; ++j) {
#pragma HLS unroll
            a.down[row + 1][j] = a.down[row][j];
        }
    }
    if (!mode.sums_stay && !mode.inputs_stay && loading) {
        for (int j = 0; j < ARRAY_COLUMNS; ++j) {
#pragma HLS unroll
            a.down_index[row + 1][j] = a.down_index[row][j];
        }
    }
    if (!mode.sums_stay) {
        for (int j = 0; j < ARRAY_COLUMNS; ++j) {
#pragma HLS unroll
            a.stays[row][j] = (a.tag[row][j] & TAG_SWAP) ? a.next[row][j] : a.stays[row][j];
        }
    }
    // one multiplier per PE; the sum above or its own
    if (mode.sums_stay) {
        for (int j = 0; j < ARRAY_COLUMNS; ++j) {
#pragma HLS unroll
            sum_t low, high;
            multiply(a.down[row + 1][j], a.right[row][j], mode.single, low, high);
            const int tag = a.tag[row][j];
            low = ((tag & TAG_FIRST) ? (sum_t)0 : a.low[row + 1][j]) + low;
            high = ((tag & TAG_FIRST) ? (sum_t)0 : a.high[row + 1][j]) + high;
            a.low[row + 1][j] = low;
            a.high[row + 1][j] = high;
            const sum_t moved_low = (tag & TAG_SHIFT) ? a.result_low[row][j] : a.result_low[row + 1][j];
            const sum_t moved_high = (tag & TAG_SHIFT) ? a.result_high[row][j] : a.result_high[row + 1][j];
            a.result_low[row + 1][j] = (tag & TAG_LAST) ? low : moved_low;
            a.result_high[row + 1][j] = (tag & TAG_LAST) ? high : moved_high;
        }
    } else {
        for (int j = 0; j < ARRAY_COLUMNS; ++j) {
#pragma HLS unroll
            sum_t low, high;
            multiply(a.stays[row][j], a.right[row][j], mode.single, low, high);
            a.low[row + 1][j] = a.low[row][j] + low;
            a.high[row + 1][j] = a.high[row][j] + high;
        }
    }
    // the operand that will stay is caught by the PE it is meant for
    if (!mode.sums_stay && !mode.inputs_stay && loading) {
        for (int j = 0; j < ARRAY_COLUMNS; ++j) {
#pragma HLS unroll
            a.next[row][j] = a.down_index[row + 1][j] == row ? a.down[row + 1][j] : a.next[row][j];
        }
    }
    if (mode.inputs_stay && loading) {
        const int each = mode.single ? 1 : PACKING;
        for (int j = 0; j < ARRAY_COLUMNS; ++j) {
#pragma HLS unroll
            const int index = a.load_index[row][j];
            const pair_t held = a.next[row][j];
            const int low = low_of(held);
            const int high = high_of(held);
            const int value = (int)a.load[row][j];
            if (each == 1)
                a.next[row][j] = index == j ? (pair_t)value : held;
            else
                a.next[row][j] = index == 2 * j ? pack(high, value) : index == 2 * j + 1 ? pack(value, low) : held;
        }
    }
}

#endif
