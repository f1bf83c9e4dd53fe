// The pooling unit (docs/overlay.md, section 7). A tile of a chunk of channels is worked off row by row: input rows are
// reduced (pooling_rows.h), then the columns of the row that is complete (pooling_columns.h), and what comes of it goes to
// the lanes.
#ifndef OVERLAY_POOLING_UNIT_H
#define OVERLAY_POOLING_UNIT_H

#include "pooling_columns.h"

// What the sum of a window is multiplied by, for each column of a row: EACH columns lie side by side.
typedef struct {
    uint32_t multiplier;
    uint8_t shift;
} divisor_t;

enum { DIVISOR_ROWS = (POOL_WORDS * WORD_UNITS + EACH - 1) / EACH };

MEMORY_TYPE(divisors, divisor_t, [DIVISOR_ROWS], [EACH])

// The divisor of an average depends on the classes of its row and column. They are found where a row has another class than
// the one before (`known_class`): not in the plan's cycles, but beside the other steps.
INLINE void find_divisors(const command_t *c, const pool_tile_t *t, values_read_t values, int row, int *known_class,
                          divisors_write_t divisors) {
    INLINED
    const int classes = (c->out_height + c->out_width + 7) / 8 * 2;  // first word of the table of classes
    bool done = c->op == OP_MAX_POOL, begun = false, classified = false;
    int column = 0, column_class = 0;
divisors:
    while (!done) {
        TRIPS(1, 256)
        PIPELINED(found_divisors)  // a row of the table in a cycle: a class, then the divisor of the class
        const int place = begun ? c->out_height + t->column + column : row;
        const int word = classes + 2 * (*known_class * c->columns_factor + column_class);
        if (!begun) {
            const int own = value_byte(values, place);
            begun = true;
            done = own == *known_class;
            *known_class = own;
            continue;
        }
        if (!classified) {
            column_class = value_byte(values, place);
            classified = true;
            continue;
        }
        const divisor_t divisor = {value_word(values, word), (uint8_t)value_word(values, word + 1)};
        divisors[column / EACH][column % EACH] = divisor;
        classified = false;
        ++column;
        done = column == t->columns;
    }
}

// Windows of a group of lanes, n of them side by side or n units of one, and the divisors of as many columns as a group has
// units.
INLINE void read_windows(const pool_t *p, const unit_cursor_t *first, bool divides, windows_read_t windows,
                         divisors_read_t divisors, window_word_t word, divisor_t divisor[EACH]) {
    INLINED
    const int at = p->planes ? first->column / WORD_UNITS : first->column;
units_of_word:
    UNROLLED
    for (int k = 0; k < WORD_UNITS; ++k) {
        UNROLL_THIS
    channels:
        UNROLLED
        for (int i = 0; i < UNIT_BYTES; ++i) {
            UNROLL_THIS
            word[k][i] = windows[at][k][i];
        }
    }
divisors_of_columns:
    UNROLLED
    for (int k = 0; k < EACH; ++k) {
        UNROLL_THIS
        if (divides) divisor[k] = divisors[first->column / EACH][k];
    }
}

// Third step: products.
INLINE uint64_t pool_finish(const command_t *c, const pool_t *p, const pool_tile_t *t, values_read_t values, int chunk,
                            int row, int *known_class, divisors_write_t divisors, windows_read_t windows, PRODUCTS) {
    HLS_PRAGMA(HLS inline off)
    uint64_t cycles = 0;
    const bool largest = c->op == OP_MAX_POOL;
    const int groups = groups_of_row(p, t, chunk);
    unit_cursor_t first = {0, 0};
    find_divisors(c, t, values, row, known_class, divisors);
groups:
    for (int group = 0; group < groups; ++group) {
        TRIPS(1, 256)
        PIPELINED(pooled_groups)  // a word of windows, and the divisors of its columns
        lanes_t lanes = ZERO;
        window_word_t word;
        divisor_t divisor[EACH] = ZERO;
        read_windows(p, &first, !largest, windows, divisors, word, divisor);
    units:
        UNROLLED
        for (int k = 0; k < EACH; ++k) {
            UNROLL_THIS
            const unit_cursor_t at = place_in_group(p, t, chunk, &first, k);
            if (at.column >= t->columns) continue;
            const divisor_t own = divisor[p->planes ? k : first.column % EACH];
            const wide_t multiplier = largest ? (wide_t)c->multiplier : (wide_t)own.multiplier;
            const int unit = p->planes ? first.column % WORD_UNITS + k : at.unit;
        lanes:
            UNROLLED
            for (int i = 0; i < UNIT_BYTES; ++i) {
                UNROLL_THIS
                const wide_t value = (wide_t)word[unit][i];
                lanes.product[k * UNIT_BYTES + i] = (largest ? value - c->input_zero_point : value) * multiplier;
                lanes.shift[k * UNIT_BYTES + i] = largest ? (uint8_t)c->shift : own.shift;
            }
        }
        ++cycles;
        HAND_OUT(lanes);
        next_in_row(p, chunk, &first);
    }
    return cycles;
}

// Cycles of the three steps.
typedef struct {
    uint64_t down, across, finish;
} pool_count_t;

// The three steps of successive rows work side by side.
INLINE void pool_row(const command_t *c, const pool_t *p, const pool_tile_t *t, const block_t *b, values_read_t values,
                     int chunk, int row, units_read_t input_buffer, running_write_t running, divisors_write_t divisors,
                     int *known_class, pool_count_t *count, PRODUCTS) {
    HLS_PRAGMA(HLS inline off)
    HLS_PRAGMA(HLS dataflow)
    LOCAL_4(pool_row_t, reduced, REDUCED_ROWS, ROW_BANKS, WORD_UNITS, UNIT_BYTES, "abww")
    LOCAL_3(pool_window_t, windows, POOL_WORDS, WORD_UNITS, UNIT_BYTES, "abw")
    HLS_PRAGMA(HLS array_partition variable = reduced complete dim = 2)
    HLS_PRAGMA(HLS array_reshape variable = reduced complete dim = 3)
    HLS_PRAGMA(HLS array_reshape variable = reduced complete dim = 4)
    HLS_PRAGMA(HLS array_partition variable = windows complete dim = 2)
    HLS_PRAGMA(HLS array_reshape variable = windows complete dim = 3)
    count->down += pool_down(c, p, t, b, chunk, row, input_buffer, running, reduced);
    count->across += pool_across(c, p, t, reduced, windows);
    count->finish += pool_finish(c, p, t, values, chunk, row, known_class, divisors, windows, PASS_PRODUCTS);
}

// A block; returns the cycles that it took.
INLINE uint64_t pool_block(const command_t *c, values_read_t values, const block_t *b, units_read_t input_buffer,
                           running_write_t running, PRODUCTS) {
    LOCAL_2(divisor_t, divisors, DIVISOR_ROWS, EACH, "ab")
    HLS_PRAGMA(HLS array_partition variable = divisors complete dim = 2)
    pool_count_t count = {0, 0, 0};
    const pool_t p = pool_of(c, b);
    int known_class = -1;  // of the divisors
chunks:
    for (int chunk = 0; chunk < p.chunks; ++chunk) {
        TRIPS(1, 128)
    tiles:
        for (int tile = 0; tile < p.tiles; ++tile) {
            TRIPS(1, 1)
            const pool_tile_t t = tile_of(c, &p, tile);
            if (p.tiles > 1) known_class = -1;
        rows:
            for (int row = b->first_row; row < b->first_row + b->rows; ++row) {
                TRIPS(1, 224)
                pool_row(c, &p, &t, b, values, chunk, row, input_buffer, running, divisors, &known_class, &count,
                         PASS_PRODUCTS);
            }
        }
    }
    // Side by side: the slowest step sets the pace.
    const uint64_t longer = count.down > count.across ? count.down : count.across;
    return longer > count.finish ? longer : count.finish;
}

#endif
