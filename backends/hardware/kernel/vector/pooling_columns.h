// Pooling, second step (docs/overlay.md, section 7): the columns of the windows of a row are reduced.
#ifndef OVERLAY_POOLING_COLUMNS_H
#define OVERLAY_POOLING_COLUMNS_H

#include "pooling_rows.h"

// Windows of a row, n of them side by side or n units of one, in a bank each.
MEMORY_TYPE(windows, pool_window_t, [POOL_WORDS], [WORD_UNITS][UNIT_BYTES])

typedef pool_window_t window_word_t[WORD_UNITS][UNIT_BYTES];

enum { FIRST_TAPS = COLUMN_ADDERS + 1 };  // that a lane takes in the first cycle of a window

// One value more in a maximum or a sum of whole windows.
INLINE pool_window_t combine(bool largest, pool_window_t before, pool_window_t value) {
    INLINED
    if (largest) return value > before ? value : before;
    return (pool_window_t)(before + value);
}

INLINE pool_window_t no_window(const command_t *c) {
    INLINED
    return (pool_window_t)(c->op == OP_MAX_POOL ? LOWEST : 0);
}

// A single output column, pixels side by side: n running results of pixels n apart, folded at the end.
INLINE uint64_t fold_row(const command_t *c, const pool_tile_t *t, reduced_read_t reduced, windows_write_t windows) {
    INLINED
    uint64_t cycles = 0;
    const bool largest = c->op == OP_MAX_POOL;
    window_word_t sums = ZERO;
    HLS_PRAGMA(HLS array_partition variable = sums complete dim = 0)
    int left = WORD_UNITS;  // running results
folds:
    for (int step = 0; step < t->words || left > 1; ++step) {
        TRIPS(1, 16)
        PIPELINED(folded_words)  // a word of pixels, or registers
        const bool reads = step < t->words;
        const int pairs = left / 2;
    pixels:
        UNROLLED
        for (int k = 0; k < WORD_UNITS; ++k) {
            UNROLL_THIS
            const int x = step * WORD_UNITS + k;
            const bool counts = x + t->pads < c->kernel_columns && x < t->width;
            const int other = smaller(left - pairs + k, WORD_UNITS - 1);
        channels:
            UNROLLED
            for (int i = 0; i < UNIT_BYTES; ++i) {
                UNROLL_THIS
                pool_window_t value = no_window(c);
                if (reads && counts)
                    value = (pool_window_t)(pool_row_t)reduced[step / ROW_BANKS][step % ROW_BANKS][k][i];
                if (reads)
                    sums[k][i] = step == 0 ? value : combine(largest, sums[k][i], value);
                else if (k < pairs)
                    sums[k][i] = combine(largest, sums[k][i], sums[other][i]);
            }
        }
        if (!reads) left -= pairs;
        ++cycles;
        if (step + 1 < t->words || left > 1) continue;
    folded_channels:
        UNROLLED
        for (int i = 0; i < UNIT_BYTES; ++i) {
            UNROLL_THIS
            windows[0][0][i] = sums[0][i];
        }
    }
    return cycles;
}

// Word `word` of pixels and its neighbours, a bank each; what the tile has not reads as none.
INLINE void read_neighbours(const command_t *c, const pool_tile_t *t, int word, reduced_read_t reduced,
                            pool_window_t pixel[3 * WORD_UNITS][UNIT_BYTES]) {
    INLINED
    window_word_t bank[ROW_BANKS];
    HLS_PRAGMA(HLS array_partition variable = bank complete dim = 0)
read_banks:
    UNROLLED
    for (int q = 0; q < ROW_BANKS; ++q) {
        UNROLL_THIS
        const int at = word - 1 + ((q - word + 1) & (ROW_BANKS - 1));
    pixels_of_bank:
        UNROLLED
        for (int k = 0; k < WORD_UNITS; ++k) {
            UNROLL_THIS
            const bool known = at >= 0 && at <= word + 1 && at * WORD_UNITS + k < t->width;
        bytes_of_bank:
            UNROLLED
            for (int i = 0; i < UNIT_BYTES; ++i) {
                UNROLL_THIS
                bank[q][k][i] = no_window(c);
                if (known) bank[q][k][i] = (pool_window_t)(pool_row_t)reduced[at / ROW_BANKS][q][k][i];
            }
        }
    }
neighbours:
    UNROLLED
    for (int k = 0; k < 3 * WORD_UNITS; ++k) {
        UNROLL_THIS
    channels:
        UNROLLED
        for (int i = 0; i < UNIT_BYTES; ++i) {
            UNROLL_THIS
            pixel[k][i] = bank[(word - 1 + k / WORD_UNITS) & (ROW_BANKS - 1)][k % WORD_UNITS][i];
        }
    }
}

// Writes the windows of a word: consecutive ones from column `first` on, in banks of their own.
INLINE void write_windows(int first, int count, window_word_t now, windows_write_t windows) {
    INLINED
write_banks:
    UNROLLED
    for (int q = 0; q < WORD_UNITS; ++q) {
        UNROLL_THIS
        const int own = (q - first % WORD_UNITS + WORD_UNITS) % WORD_UNITS;
        if (own >= count) continue;
    channels:
        UNROLLED
        for (int i = 0; i < UNIT_BYTES; ++i) {
            UNROLL_THIS
            windows[(first + own) / WORD_UNITS][q][i] = now[own][i];
        }
    }
}

// Takes the next taps of channel `i` of a window, which begins at pixel `start`: three at its beginning, else two.
INLINE pool_window_t with_taps(const command_t *c, const pool_window_t pixel[3 * WORD_UNITS][UNIT_BYTES], int start,
                               int tap, int i, pool_window_t before) {
    INLINED
    pool_window_t sum = before;
taps:
    UNROLLED
    for (int d = 0; d < FIRST_TAPS; ++d) {
        UNROLL_THIS
        const int at = start + tap + d;
        const bool takes = (d < COLUMN_ADDERS || tap == 0) && tap + d < c->kernel_columns;
        if (takes && at < 3 * WORD_UNITS) sum = combine(c->op == OP_MAX_POOL, sum, pixel[at][i]);
    }
    return sum;
}

// Pixels side by side: three taps of n windows in the first cycle, two more in each further one. The windows that begin
// in a word of pixels, less the pads, end at most one word later (kernel_columns <= n + 1).
INLINE uint64_t slide_row(const command_t *c, const pool_tile_t *t, reduced_read_t reduced, windows_write_t windows) {
    INLINED
    uint64_t cycles = 0;
    const int steps = larger(1, c->kernel_columns / COLUMN_ADDERS);
    const int span = larger(t->width, (t->columns - 1) * c->stride_columns + 1);
    window_word_t now = ZERO;
    HLS_PRAGMA(HLS array_partition variable = now complete dim = 0)
    int first = 0, ahead = 0;  // the first window that begins in the word, and its place there
words:
    for (int word = 0; word * WORD_UNITS < span; ++word) {
        TRIPS(1, 16)
    steps:
        for (int step = 0; step < steps; ++step) {
            TRIPS(1, 3)
            PIPELINED(slide_steps)  // three neighbouring words of pixels; windows are registers
            pool_window_t pixel[3 * WORD_UNITS][UNIT_BYTES];
            read_neighbours(c, t, word, reduced, pixel);
            const int tap = step == 0 ? 0 : step * COLUMN_ADDERS + 1;
            int count = 0;
        windows_of_word:
            UNROLLED
            for (int k = 0; k < WORD_UNITS; ++k) {
                UNROLL_THIS
                const int start = ahead + k * c->stride_columns;
                if (start >= WORD_UNITS) continue;
                if (first + k < t->columns) ++count;
            channels:
                UNROLLED
                for (int i = 0; i < UNIT_BYTES; ++i) {
                    UNROLL_THIS
                    pool_window_t sum = step == 0 ? no_window(c) : now[k][i];
                    sum = with_taps(c, pixel, WORD_UNITS + start - t->pads, tap, i, sum);
                    now[k][i] = sum;
                }
            }
            ++cycles;
            if (step + 1 < steps) continue;
            write_windows(first, count, now, windows);
            int begun = 0;
        windows_behind:
            UNROLLED
            for (int k = 0; k < WORD_UNITS; ++k) {
                UNROLL_THIS
                if (ahead + k * c->stride_columns < WORD_UNITS) ++begun;
            }
            first += begun;
            ahead += begun * c->stride_columns - WORD_UNITS;
        }
    }
    return cycles;
}

// Cycles of a row pixel by pixel: a pixel is the last, a middle or the first one of the windows that are under way; three of
// them in the first cycle, two more in each further one.
INLINE int cycles_by_pixel(const command_t *c, const pool_tile_t *t) {
    const int spans = ceil_div(c->kernel_columns - 1, c->stride_columns);
    const int under_way = c->dilation_columns > 1 ? c->kernel_columns - 1 : smaller(t->columns, spans);
    return t->width * larger(1, ceil_div(under_way, COLUMN_ADDERS));
}

// Pixel by pixel, in the same time window by window: three taps in the first cycle, two more in each further one; a tap in
// a cycle where they are dilated.
INLINE uint64_t gather_row(const command_t *c, const pool_tile_t *t, reduced_read_t reduced, windows_write_t windows) {
    INLINED
    const bool largest = c->op == OP_MAX_POOL;
    const bool apart = c->dilation_columns > 1;
    const int planned = cycles_by_pixel(c, t);
    window_word_t now = ZERO;
    HLS_PRAGMA(HLS array_partition variable = now complete dim = 0)
    int column = 0, tap = 0;
windows_of_row:
    for (int cycle = 0; cycle < planned || column < t->columns; ++cycle) {
        TRIPS(1, 192)
        PIPELINED(gathered_windows)  // neighbouring pixels, in a bank each; the window is registers
        if (column == t->columns) continue;
        const int some = apart ? 1 : COLUMN_ADDERS + (tap == 0 ? 1 : 0);
        const int x = column * c->stride_columns - t->pads + tap * c->dilation_columns;
    units:
        UNROLLED
        for (int k = 0; k < WORD_UNITS; ++k) {
            UNROLL_THIS
        channels:
            UNROLLED
            for (int i = 0; i < UNIT_BYTES; ++i) {
                UNROLL_THIS
                pool_window_t sum = tap == 0 ? no_window(c) : now[k][i];
            taps:
                UNROLLED
                for (int q = 0; q < ROW_BANKS; ++q) {
                    UNROLL_THIS
                    const int d = (q - x) & (ROW_BANKS - 1);
                    const bool takes = d < some && tap + d < c->kernel_columns && x + d >= 0 && x + d < t->width;
                    if (takes) {
                        const pool_row_t value = reduced[(x + d) / ROW_BANKS][q][k][i];
                        sum = combine(largest, sum, (pool_window_t)value);
                    }
                }
                now[k][i] = sum;
            }
        }
        tap += some;
        if (tap < c->kernel_columns) continue;
        tap = 0;
    complete_window:
        UNROLLED
        for (int k = 0; k < WORD_UNITS; ++k) {
            UNROLL_THIS
        channels_of_window:
            UNROLLED
            for (int i = 0; i < UNIT_BYTES; ++i) {
                UNROLL_THIS
                windows[column][k][i] = now[k][i];
            }
        }
        ++column;
    }
    return (uint64_t)planned;
}

INLINE uint64_t pool_across(const command_t *c, const pool_t *p, const pool_tile_t *t, reduced_read_t reduced,
                            windows_write_t windows) {
    HLS_PRAGMA(HLS inline off)
    if (!p->planes) return gather_row(c, t, reduced, windows);
    if (t->columns == 1) return fold_row(c, t, reduced, windows);
    return slide_row(c, t, reduced, windows);
}

#endif
