// What leaves the array is added to the accumulators (docs/overlay.md, section 4): "WS and IS add their partial sums into the
// accumulator buffer, NS does so once per tile", each product column to its own bank.
#ifndef OVERLAY_ACCUMULATE_H
#define OVERLAY_ACCUMULATE_H

#include "array.h"

// What was added lately: it is in no memory yet, and the next sum of the same row takes it from here. A row of few output
// channels and positions comes again in the next cycle.
enum { LATELY = 3 };  // iterations before a sum that is written can be read, less one

typedef struct {
    int row[LATELY][PACKING][ARRAY_COLUMNS];  // the last one first; -1: none
    sum_t sum[LATELY][PACKING][ARRAY_COLUMNS];
} added_t;

INLINE void nothing_added(added_t *lately) {
    INLINED
ages:
    UNROLLED
    for (int d = 0; d < LATELY; ++d) {
        UNROLL_THIS
        for (int k = 0; k < PACKING; ++k) {
            UNROLL_THIS
        columns:
            UNROLLED
            for (int j = 0; j < ARRAY_COLUMNS; ++j) {
                UNROLL_THIS
                lately->row[d][k][j] = -1;
                lately->sum[d][k][j] = 0;
            }
        }
    }
}

// One sum: product k of column j.
INLINE void add_lately(const leaving_t *in, int k, int j, added_t *lately, sums_write_t sums) {
    INLINED
    const int row = in->row[k][j];
    sum_t before = 0;
    bool known = in->fresh[k][j];
recent_sums:
    UNROLLED
    for (int d = 0; d < LATELY; ++d) {
        UNROLL_THIS
        if (!known && lately->row[d][k][j] == row) {
            known = true;
            before = lately->sum[d][k][j];
        }
    }
    const int memory = sum_memory(k, row);
    if (in->valid[k][j] && !known) before = sums[memory][sum_address(row)][j];
    const sum_t after = (sum_t)(before + in->sum[k][j]);
    if (in->valid[k][j]) sums[memory][sum_address(row)][j] = after;
move_on:
    UNROLLED
    for (int d = LATELY - 1; d > 0; --d) {
        UNROLL_THIS
        lately->row[d][k][j] = lately->row[d - 1][k][j];
        lately->sum[d][k][j] = lately->sum[d - 1][k][j];
    }
    lately->row[0][k][j] = in->valid[k][j] ? row : -1;
    lately->sum[0][k][j] = after;
}

INLINE void accumulate_sums(const leaving_t *in, added_t *lately, sums_write_t sums) {
    INLINED
columns:
    UNROLLED
    for (int j = 0; j < ARRAY_COLUMNS; ++j) {
        UNROLL_THIS
        for (int k = 0; k < PACKING; ++k) {
            UNROLL_THIS
            add_lately(in, k, j, lately, sums);
        }
    }
}

#endif
