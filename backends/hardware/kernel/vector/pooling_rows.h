// Pooling, first step (docs/overlay.md, section 7): input rows are read, each once, and reduced with at most two rows of
// running results.
#ifndef OVERLAY_POOLING_ROWS_H
#define OVERLAY_POOLING_ROWS_H

#include "pooling.h"
#include "types.h"

// A row of a tile that is complete lies in banks word by word, so that neighbouring words can be read together.
enum { ROW_BANKS = 4, REDUCED_ROWS = (POOL_WORDS + ROW_BANKS - 1) / ROW_BANKS };

MEMORY_TYPE(running, pool_row_t, [RUNNING_ROWS], [POOL_WORDS][WORD_UNITS][UNIT_BYTES])
MEMORY_TYPE(reduced, pool_row_t, [REDUCED_ROWS], [ROW_BANKS][WORD_UNITS][UNIT_BYTES])

// One value more in a maximum or a sum of the rows of a window.
INLINE pool_row_t combine_rows(bool largest, pool_row_t before, pool_row_t value) {
    INLINED
    if (largest) return value > before ? value : before;
    return (pool_row_t)(before + value);
}

// Adds a value of input row `y` to the running results of the output rows after `row`: the second begins with the row that
// completes the first.
INLINE void reduce_later(const command_t *c, const reading_t *r, int row, int y, pool_row_t value,
                         const pool_row_t before[RUNNING_ROWS], pool_row_t after[RUNNING_ROWS]) {
    INLINED
later:
    UNROLLED
    for (int d = 1; d <= RUNNING_ROWS; ++d) {
        UNROLL_THIS
        const int next = row + d;
        const bool reaches = y >= first_of_window(c, next) && y <= last_inside(c, next);
        if (next > r->sweep_last || !reaches) continue;
        const bool begins = y == larger(first_of_window(c, next), 0);
        after[next & 1] = begins ? value : combine_rows(c->op == OP_MAX_POOL, before[next & 1], value);
    }
}

// A word of an input row of the tile: n pixels of a plane, an odd number of units apart, or n units of a pixel.
INLINE int read_pooled(const command_t *c, const pool_t *p, const pool_tile_t *t, const block_t *b, int chunk, int y,
                       int word, units_read_t input_buffer, unit_t units[BANKS]) {
    INLINED
    const int column = p->planes ? word * WORD_UNITS : word;
    const int unit = p->planes ? chunk : chunk * WORD_UNITS;
    const int left = p->planes ? t->width - column : p->units - unit;
    const int count = y >= 0 && y < c->height ? smaller(WORD_UNITS, left) : 0;
    const int pitch = pitch_of(p->units);
    const int first = b->input_unit + ((y - b->input_start) * c->width + t->start + column) * pitch + unit;
    read_apart(input_buffer, first, p->planes ? pitch : 1, 0, count, units);
    return count;
}

// Input rows are read until output row `row` of the chunk is complete. An input row is in the windows of at most three
// output rows: `row` and the two after it, whose running results alternate in `running`.
INLINE uint64_t pool_down(const command_t *c, const pool_t *p, const pool_tile_t *t, const block_t *b, int chunk,
                          int row, units_read_t input_buffer, running_write_t running, reduced_write_t reduced) {
    HLS_PRAGMA(HLS inline off)
    uint64_t cycles = 0;
    const bool largest = c->op == OP_MAX_POOL;
    const pool_row_t none = (pool_row_t)(largest ? LOWEST : 0);  // pads never win and add nothing
    const reading_t r = reading_of(c, p, b, row);
    const bool apart = c->dilation_rows > 1;
    pool_row_t last[WORD_UNITS][UNIT_BYTES][RUNNING_ROWS] = ZERO;  // a row of one word comes again in the next cycle
    HLS_PRAGMA(HLS array_partition variable = last complete dim = 0)
    bool again = false;
rows:
    for (int y = r.from; y <= r.to; y += r.step) {
        TRIPS(1, 7)
        const bool completes = apart || (y >= first_of_window(c, row) && y <= last_inside(c, row));
        const bool begins = apart ? y == r.from : y == larger(first_of_window(c, row), 0);
    words:
        for (int word = 0; word < t->words; ++word) {
            TRIPS(1, 64)
            PIPELINED(pooled_words)  // a unit of each bank; a word of running results is read and written
            unit_t units[BANKS] = ZERO;
            const int count = read_pooled(c, p, t, b, chunk, y, word, input_buffer, units);
            pool_row_t before[WORD_UNITS][UNIT_BYTES][RUNNING_ROWS];
            HLS_PRAGMA(HLS array_partition variable = before complete dim = 0)
        units_before:
            UNROLLED
            for (int k = 0; k < WORD_UNITS; ++k) {
                UNROLL_THIS
            channels_before:
                UNROLLED
                for (int i = 0; i < UNIT_BYTES; ++i) {
                    UNROLL_THIS
                rows_before:
                    UNROLLED
                    for (int d = 0; d < RUNNING_ROWS; ++d) {
                        UNROLL_THIS
                        before[k][i][d] = again ? last[k][i][d] : (pool_row_t)running[d][word][k][i];
                    }
                }
            }
        units_of_word:
            UNROLLED
            for (int k = 0; k < WORD_UNITS; ++k) {
                UNROLL_THIS
            channels:
                UNROLLED
                for (int i = 0; i < UNIT_BYTES; ++i) {
                    UNROLL_THIS
                    const int stored = units[k].byte[i] - (largest ? 0 : c->input_zero_point);
                    const pool_row_t value = k < count ? (pool_row_t)stored : none;
                    pool_row_t *after = last[k][i];
                running_rows:
                    UNROLLED
                    for (int d = 0; d < RUNNING_ROWS; ++d) {
                        UNROLL_THIS
                        after[d] = before[k][i][d];
                    }
                    // The row that is being completed, and those after it.
                    if (completes) {
                        const pool_row_t now = begins ? value : combine_rows(largest, before[k][i][row & 1], value);
                        reduced[word / ROW_BANKS][word % ROW_BANKS][k][i] = now;
                        after[row & 1] = now;
                    }
                    if (!apart) reduce_later(c, &r, row, y, value, before[k][i], after);
                rows_after:
                    UNROLLED
                    for (int d = 0; d < RUNNING_ROWS; ++d) {
                        UNROLL_THIS
                        running[d][word][k][i] = after[d];
                    }
                }
            }
            again = t->words == 1;
            ++cycles;
        }
    }
    // At the lower border an input row completes several output rows: the others follow while the next rows are read.
    if (r.from > last_inside(c, row) && !apart) {
    left:
        for (int word = 0; word < t->words; ++word) {
            TRIPS(1, 64)
            PIPELINED(left_words)  // a word of running results
        left_units:
            UNROLLED
            for (int k = 0; k < WORD_UNITS; ++k) {
                UNROLL_THIS
            left_channels:
                UNROLLED
                for (int i = 0; i < UNIT_BYTES; ++i) {
                    UNROLL_THIS
                    reduced[word / ROW_BANKS][word % ROW_BANKS][k][i] = (pool_row_t)running[row & 1][word][k][i];
                }
            }
        }
    }
    return cycles;
}

#endif
