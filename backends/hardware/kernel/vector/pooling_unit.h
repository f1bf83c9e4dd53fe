// The pooling unit (docs/overlay.md, section 7). A tile of a chunk of channels is worked off row by row: each input row
// is read once and reduced with at most two rows of running results; a row that is complete goes through the columns'
// reduction and to the lanes.
#ifndef OVERLAY_POOLING_UNIT_H
#define OVERLAY_POOLING_UNIT_H

#include "pooling.h"
#include "types.h"

typedef pool_row_t row_buffer_t[POOL_WORDS][WORD_UNITS][UNIT_BYTES];
typedef pool_window_t window_buffer_t[POOL_WORDS][WORD_UNITS][UNIT_BYTES];

// One value more in a maximum or a sum: of the rows of a window, of a whole window.
INLINE pool_row_t combine_rows(bool largest, pool_row_t before, pool_row_t value) {
    INLINED
    if (largest) return value > before ? value : before;
    return (pool_row_t)(before + value);
}

INLINE pool_window_t combine(bool largest, pool_window_t before, pool_window_t value) {
    INLINED
    if (largest) return value > before ? value : before;
    return (pool_window_t)(before + value);
}

// Adds a value of input row `y` to the running results of the output rows after `row`: the second begins with the row that
// completes the first.
INLINE void reduce_later(const command_t *c, const reading_t *r, int row, int y, pool_row_t value,
                         const pool_row_t before[RUNNING_ROWS], pool_row_t after[RUNNING_ROWS]) {
    INLINED
later:
    UNROLLED
    for (int next = row + 1; next <= row + RUNNING_ROWS; ++next) {
        UNROLL_THIS
        const bool reaches = y >= first_of_window(c, next) && y <= last_inside(c, next);
        if (next > r->sweep_last || !reaches) continue;
        const bool begins = y == larger(first_of_window(c, next), 0);
        after[next & 1] = begins ? value : combine_rows(c->op == OP_MAX_POOL, before[next & 1], value);
    }
}

// First step: input rows are read, each once, until output row `row` of the chunk is complete. An input row is in the
// windows of at most three output rows: `row` and the two after it, whose running results alternate in `running`.
INLINE uint64_t pool_down(const command_t *c, const pool_t *p, const pool_tile_t *t, const block_t *b, int chunk,
                          int row, units_read_t input_buffer, row_buffer_t running[RUNNING_ROWS],
                          row_buffer_t reduced) {
    HLS_PRAGMA(HLS inline off)
    uint64_t cycles = 0;
    const bool largest = c->op == OP_MAX_POOL;
    const pool_row_t none = (pool_row_t)(largest ? LOWEST : 0);  // pads never win and add nothing
    const int pitch = pitch_of(p->units);
    const reading_t r = reading_of(c, p, b, row);
    const bool apart = c->dilation_rows > 1;
rows:
    for (int y = r.from; y <= r.to; y += r.step) {
        TRIPS(1, 7)
        const bool inside = y >= 0 && y < c->height;
    words:
        for (int word = 0; word < t->words; ++word) {
            TRIPS(1, 64)
            PIPELINED(words)  // n units in n different banks; a word of running results is read and written once
        units:
            UNROLLED
            for (int k = 0; k < WORD_UNITS; ++k) {
                UNROLL_THIS
                const int column = p->planes ? word * WORD_UNITS + k : word;
                const int unit = p->planes ? chunk : chunk * WORD_UNITS + k;
                const bool counts = inside && column < t->width && unit < p->units;
            channels:
                UNROLLED
                for (int i = 0; i < UNIT_BYTES; ++i) {
                    UNROLL_THIS
                    pool_row_t value = none;
                    if (counts) {
                        const int at =
                            b->input_unit + ((y - b->input_start) * c->width + t->start + column) * pitch + unit;
                        const int stored = byte_at(input_buffer, at, i);
                        value = (pool_row_t)(largest ? stored : stored - c->input_zero_point);
                    }
                    const pool_row_t before[RUNNING_ROWS] = {running[0][word][k][i], running[1][word][k][i]};
                    pool_row_t after[RUNNING_ROWS] = {before[0], before[1]};
                    // The row that is being completed...
                    if (apart || (y >= first_of_window(c, row) && y <= last_inside(c, row))) {
                        const bool begins = apart ? y == r.from : y == larger(first_of_window(c, row), 0);
                        const pool_row_t now = begins ? value : combine_rows(largest, before[row & 1], value);
                        reduced[word][k][i] = now;
                        after[row & 1] = now;
                    }
                    // ...and those after it.
                    if (!apart) reduce_later(c, &r, row, y, value, before, after);
                    running[0][word][k][i] = after[0];
                    running[1][word][k][i] = after[1];
                }
            }
            ++cycles;
        }
    }
    // At the lower border an input row completes several output rows: the others follow while the next rows are read.
    if (r.from > last_inside(c, row) && !apart) {
    left:
        for (int word = 0; word < t->words; ++word) {
            TRIPS(1, 64)
            PIPELINED(left)
        left_units:
            UNROLLED
            for (int k = 0; k < WORD_UNITS; ++k) {
                UNROLL_THIS
            left_channels:
                UNROLLED
                for (int i = 0; i < UNIT_BYTES; ++i) {
                    UNROLL_THIS
                    reduced[word][k][i] = running[row & 1][word][k][i];
                }
            }
        }
    }
    return cycles;
}

// A single output column, pixels side by side: n running results of pixels n apart, folded at the end.
INLINE uint64_t fold_row(const command_t *c, const pool_tile_t *t, const row_buffer_t reduced,
                         window_buffer_t windows) {
    INLINED
    uint64_t cycles = 0;
    const bool largest = c->op == OP_MAX_POOL;
    const pool_window_t none = (pool_window_t)(largest ? LOWEST : 0);
    pool_window_t sums[WORD_UNITS][UNIT_BYTES] = ZERO;  // word 0 sets them all, which compilers do not see
    HLS_PRAGMA(HLS array_partition variable = sums complete dim = 0)
words:
    for (int word = 0; word < t->words; ++word) {
        TRIPS(1, 16)
        PIPELINED(words)
    pixels:
        UNROLLED
        for (int k = 0; k < WORD_UNITS; ++k) {
            UNROLL_THIS
            const int x = word * WORD_UNITS + k;
            const bool counts = x + t->pads < c->kernel_columns && x < t->width;
        channels:
            UNROLLED
            for (int i = 0; i < UNIT_BYTES; ++i) {
                UNROLL_THIS
                const pool_window_t value = counts ? (pool_window_t)reduced[word][k][i] : none;
                sums[k][i] = word == 0 ? value : combine(largest, sums[k][i], value);
            }
        }
        ++cycles;
    }
folds:
    for (int count = WORD_UNITS; count > 1; count -= count / 2) {
        TRIPS(0, 4)
        PIPELINED(folds)
    halves:
        UNROLLED
        for (int k = 0; k < WORD_UNITS / 2; ++k) {
            UNROLL_THIS
            if (k >= count / 2) continue;
            UNROLLED
            for (int i = 0; i < UNIT_BYTES; ++i) {
                UNROLL_THIS
                sums[k][i] = combine(largest, sums[k][i], sums[count - count / 2 + k][i]);
            }
        }
        ++cycles;
    }
    for (int i = 0; i < UNIT_BYTES; ++i) windows[0][0][i] = sums[0][i];
    return cycles;
}

// Adds columns `from` to `end` - 1 of channel `i` to a window, those that the tile has.
INLINE pool_window_t reduce_columns(const pool_tile_t *t, const row_buffer_t reduced, bool largest, int from, int end,
                                    int i, pool_window_t before) {
    INLINED
    pool_window_t now = before;
taps:
    for (int x = from; x < end; ++x) {
        TRIPS(1, 3)
        if (x < 0 || x >= t->width) continue;
        now = combine(largest, now, (pool_window_t)reduced[x / WORD_UNITS][x % WORD_UNITS][i]);
    }
    return now;
}

// Pixels side by side: three taps of n windows in the first cycle, two more in each further one. The windows that begin
// in a word of pixels, less the pads, end at most one word later (kernel_columns <= n + 1).
INLINE uint64_t slide_row(const command_t *c, const pool_tile_t *t, const row_buffer_t reduced,
                          window_buffer_t windows) {
    INLINED
    uint64_t cycles = 0;
    const bool largest = c->op == OP_MAX_POOL;
    const pool_window_t none = (pool_window_t)(largest ? LOWEST : 0);
    const int steps = larger(1, c->kernel_columns / COLUMN_ADDERS);
    const int span = larger(t->width, (t->columns - 1) * c->stride_columns + 1);
words:
    for (int word = 0; word * WORD_UNITS < span; ++word) {
        TRIPS(1, 16)
        const int first = (word * WORD_UNITS + c->stride_columns - 1) / c->stride_columns;
    steps:
        for (int step = 0; step < steps; ++step) {
            TRIPS(1, 3)
            PIPELINED(steps)
            const int from = step == 0 ? 0 : step * COLUMN_ADDERS + 1;
            const int end = smaller((step + 1) * COLUMN_ADDERS + 1, c->kernel_columns);
        windows_of_word:
            UNROLLED
            for (int k = 0; k < WORD_UNITS; ++k) {
                UNROLL_THIS
                const int column = first + k;
                if (column >= t->columns || column * c->stride_columns >= (word + 1) * WORD_UNITS) continue;
                const int start = column * c->stride_columns - t->pads;
            channels:
                UNROLLED
                for (int i = 0; i < UNIT_BYTES; ++i) {
                    UNROLL_THIS
                    const pool_window_t before =
                        step == 0 ? none : windows[column / WORD_UNITS][column % WORD_UNITS][i];
                    windows[column / WORD_UNITS][column % WORD_UNITS][i] =
                        reduce_columns(t, reduced, largest, start + from, start + end, i, before);
                }
            }
            ++cycles;
        }
    }
    return cycles;
}

// Pixel by pixel: a pixel is the last, a middle or the first one of the windows that are under way, the oldest first;
// three of them in the first cycle, two more in each further one. Dilated: the same, tap by tap.
INLINE uint64_t scatter_row(const command_t *c, const pool_tile_t *t, const row_buffer_t reduced,
                            window_buffer_t windows) {
    INLINED
    uint64_t cycles = 0;
    const bool largest = c->op == OP_MAX_POOL;
    const bool apart = c->dilation_columns > 1;
    const int spans = (c->kernel_columns - 1 + c->stride_columns - 1) / c->stride_columns;
    const int under_way = apart ? c->kernel_columns - 1 : smaller(t->columns, spans);
    const int steps = larger(1, (under_way + COLUMN_ADDERS - 1) / COLUMN_ADDERS);
    const pool_window_t none = (pool_window_t)(largest ? LOWEST : 0);
blank:
    for (int column = 0; column < t->columns; ++column) {
        TRIPS(1, 64)
        PIPELINED(blank)  // while the row before is finished
        for (int k = 0; k < WORD_UNITS; ++k)
            for (int i = 0; i < UNIT_BYTES; ++i) windows[column][k][i] = none;
    }
pixels:
    for (int x = 0; x < t->width; ++x) {
        TRIPS(1, 64)
        const int oldest = larger(0, (x + t->pads - c->kernel_columns + c->stride_columns) / c->stride_columns);
    steps:
        for (int step = 0; step < steps; ++step) {
            TRIPS(1, 3)
            PIPELINED(steps)  // a window in distributed memory is read, changed and written within a cycle
            const int from = step == 0 ? 0 : step * COLUMN_ADDERS + 1;
        taps:
            for (int j = from; j < (step + 1) * COLUMN_ADDERS + 1; ++j) {
                TRIPS(2, 3)
                int column = oldest + j;
                if (apart) {
                    const int start = x + t->pads - j * c->dilation_columns;
                    if (j >= c->kernel_columns || start < 0 || start % c->stride_columns != 0) continue;
                    column = start / c->stride_columns;
                } else if (column * c->stride_columns > x + t->pads) {
                    continue;
                }
                if (column >= t->columns) continue;
            units:
                UNROLLED
                for (int k = 0; k < WORD_UNITS; ++k) {
                    UNROLL_THIS
                channels:
                    UNROLLED
                    for (int i = 0; i < UNIT_BYTES; ++i) {
                        UNROLL_THIS
                        windows[column][k][i] =
                            combine(largest, windows[column][k][i], (pool_window_t)reduced[x][k][i]);
                    }
                }
            }
            ++cycles;
        }
    }
    return cycles;
}

// Second step: the columns of the windows are reduced.
INLINE uint64_t pool_across(const command_t *c, const pool_t *p, const pool_tile_t *t, const row_buffer_t reduced,
                            window_buffer_t windows) {
    HLS_PRAGMA(HLS inline off)
    if (!p->planes) return scatter_row(c, t, reduced, windows);
    if (t->columns == 1) return fold_row(c, t, reduced, windows);
    return slide_row(c, t, reduced, windows);
}

// Third step: products. The divisor of an average depends on the classes of its row and column.
INLINE uint64_t pool_finish(const command_t *c, const pool_t *p, const pool_tile_t *t,
                            const uint8_t values[VALUE_BYTES], int chunk, int row, const window_buffer_t windows,
                            PRODUCTS) {
    HLS_PRAGMA(HLS inline off)
    uint64_t cycles = 0;
    const bool largest = c->op == OP_MAX_POOL;
    const int classes = (c->out_height + c->out_width + 7) / 8 * 2;  // first word of the table of classes
    const int groups = groups_of_row(p, t, chunk);
    unit_cursor_t first = {0, 0};
groups:
    for (int group = 0; group < groups; ++group) {
        TRIPS(1, 256)
        PIPELINED(groups)
        lanes_t lanes = ZERO;
    units:
        UNROLLED
        for (int k = 0; k < EACH; ++k) {
            UNROLL_THIS
            const unit_cursor_t at = place_in_group(p, t, chunk, &first, k);
            if (at.column >= t->columns) continue;
            wide_t multiplier = c->multiplier;
            int shift = c->shift;
            if (!largest) {
                const int row_class = values[row];
                const int column_class = values[c->out_height + t->column + at.column];
                const int entry = classes + 2 * (row_class * c->columns_factor + column_class);
                multiplier = (wide_t)value_word(values, entry);
                shift = (int)value_word(values, entry + 1);
            }
            const int word = p->planes ? at.column / WORD_UNITS : at.column;
            const int unit = p->planes ? at.column % WORD_UNITS : at.unit;
        lanes:
            UNROLLED
            for (int i = 0; i < UNIT_BYTES; ++i) {
                UNROLL_THIS
                const wide_t value = (wide_t)windows[word][unit][i];
                lanes.product[k * UNIT_BYTES + i] = (largest ? value - c->input_zero_point : value) * multiplier;
                lanes.shift[k * UNIT_BYTES + i] = (uint8_t)shift;
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
INLINE void pool_row(const command_t *c, const pool_t *p, const pool_tile_t *t, const block_t *b,
                     const uint8_t values[VALUE_BYTES], int chunk, int row, units_read_t input_buffer,
                     row_buffer_t running[RUNNING_ROWS], pool_count_t *count, PRODUCTS) {
    HLS_PRAGMA(HLS inline off)
    HLS_PRAGMA(HLS dataflow)
    SCRATCH row_buffer_t reduced;
    SCRATCH window_buffer_t windows;
    count->down += pool_down(c, p, t, b, chunk, row, input_buffer, running, reduced);
    count->across += pool_across(c, p, t, reduced, windows);
    count->finish += pool_finish(c, p, t, values, chunk, row, windows, PASS_PRODUCTS);
}

// A block; returns the cycles that it took.
INLINE uint64_t pool_block(const command_t *c, const uint8_t values[VALUE_BYTES], const block_t *b,
                           units_read_t input_buffer, row_buffer_t running[RUNNING_ROWS], PRODUCTS) {
    NOT_YET(pool_block)  // lanes read the buffer byte by byte; windows lie where a cycle meets several of a bank
    pool_count_t count = {0, 0, 0};
    const pool_t p = pool_of(c, b);
chunks:
    for (int chunk = 0; chunk < p.chunks; ++chunk) {
        TRIPS(1, 128)
    tiles:
        for (int tile = 0; tile < p.tiles; ++tile) {
            TRIPS(1, 1)
            const pool_tile_t t = tile_of(c, &p, tile);
        rows:
            for (int row = b->first_row; row < b->first_row + b->rows; ++row) {
                TRIPS(1, 224)
                pool_row(c, &p, &t, b, values, chunk, row, input_buffer, running, &count, PASS_PRODUCTS);
            }
        }
    }
    // Side by side: the slowest step sets the pace.
    const uint64_t longer = count.down > count.across ? count.down : count.across;
    return longer > count.finish ? longer : count.finish;
}

#endif
