// Max and average pooling (docs/overlay.md, section 7), slot by slot: a lane takes a pixel of its channel, as one more tap of
// a window, or once, with those above it and the columns before it.
#ifndef OVERLAY_POOLING_UNIT_H
#define OVERLAY_POOLING_UNIT_H

#include "pooling.h"
#include "pooling_divisors.h"
#include "products.h"
#include "widths.h"
#include "view.h"

// The rows above a pixel's own, for the channels of a chunk: pixels with their zero point taken off.
enum { ROWS_ABOVE = MOST_SWEPT - 1 };

MEMORY_TYPE(above, pool_pixel_t, [ROWS_ABOVE], [POOL_PIXELS][EACH][UNIT_BYTES])

// What a lane keeps from slot to slot: the window so far, tap by tap; or the columns before a pixel's own.
typedef struct {
    pool_window_t window;
    pool_window_t before[MOST_SWEPT - 1];
} pooled_t;

// One value more in a maximum or a sum.
INLINE pool_window_t combine(bool largest, pool_window_t before, pool_window_t value) {
    INLINED
    if (largest) return value > before ? value : before;
    return (pool_window_t)(before + value);
}

// The window that ends at a pixel of which the rows above are known, `none` standing for columns before the first one.
INLINE pool_window_t window_at(const command_t *c, pool_pixel_t value, const pool_pixel_t rows[ROWS_ABOVE],
                               bool first_of_row, pool_window_t none, pooled_t *p) {
    INLINED
    const bool largest = c->op == OP_MAX_POOL;
    pool_window_t column = (pool_window_t)value;
    if (c->kernel_rows > 1) column = combine(largest, column, (pool_window_t)rows[0]);
    if (c->kernel_rows > 2) column = combine(largest, column, (pool_window_t)rows[1]);
    if (first_of_row) p->before[0] = p->before[1] = none;
    pool_window_t window = column;
    if (c->kernel_columns > 1) window = combine(largest, window, p->before[0]);
    if (c->kernel_columns > 2) window = combine(largest, window, p->before[1]);
    p->before[1] = p->before[0];
    p->before[0] = column;
    return window;
}

// Of a column, pixels of the rows above, a word of each row.
INLINE void read_above(above_write_t above, int column, pool_pixel_t rows[EACH][UNIT_BYTES][ROWS_ABOVE]) {
    INLINED
units_above:
    UNROLLED
    for (int k = 0; k < EACH; ++k) {
        UNROLL_THIS
    channels_above:
        UNROLLED
        for (int i = 0; i < UNIT_BYTES; ++i) {
            UNROLL_THIS
            rows[k][i][0] = above[0][column][k][i];
            rows[k][i][1] = above[1][column][k][i];
        }
    }
}

// A block; returns the cycles that it took.
INLINE uint64_t pool_block(const command_t *c, values_read_t values, values_read_t classes, const block_t *b,
                           units_read_t input_buffer, above_write_t above, OPERANDS) {
    uint64_t cycles = 0;
    const view_t v = view_of(c, b, b->input_unit, c->channels);
    const bool once = sweeps(c);
    const bool largest = c->op == OP_MAX_POOL;
    const pool_pixel_t none = (pool_pixel_t)(largest ? LOWEST - c->input_zero_point : 0);  // never wins, adds nothing
    const walk_t w = pooling_walk(c, b, once);
    pooled_t pooled[EACH][UNIT_BYTES] = ZERO;
    HLS_PRAGMA(HLS array_partition variable = pooled complete dim = 0)
    ending_t e = first_ending(c);
    row_class_t row_class = ZERO;
    slots:
    for (slot_t s = first_slot(); !s.at.done; next_slot(&w, &s)) {
        TRIPS(1, 1048576)
        PIPELINED(pooled_slots)  // units of a pixel; two rows of pixels, at its column; a byte of each class, a divisor
        HLS_PRAGMA(HLS dependence variable = above type = inter direction = RAW distance = 3 true)
        ++cycles;
        if (is_load(&w, &s)) {
            e = first_ending(c);
            if (!largest) row_class = first_row_class(b, classes);
            continue;
        }
        const bool ends = once ? e.rows_before == 0 && e.columns_before == 0 : is_last_tap(&w, &s);
        const pixel_t at = pixel_of(c, b, &s, once);
        const bool inside = at.row >= 0 && at.row < v.height && at.column >= 0 && at.column < v.width;
        unit_t units[BANKS];
        read_units(input_buffer, pixel_unit(&v, at.row, at.column) + s.at.unit,
                   inside ? smaller(EACH, w.units - s.at.unit) : 0, units);
        divisor_t divisor = {(uint32_t)c->multiplier, (uint8_t)c->shift};
        if (!largest)
            divisor = find_divisor(c, b, once ? e.row : s.at.row, once ? e.column : s.at.column, ends, values, classes,
                                   &row_class);
        pool_pixel_t rows[EACH][UNIT_BYTES][ROWS_ABOVE] = ZERO;
        HLS_PRAGMA(HLS array_partition variable = rows complete dim = 0)
        if (once) read_above(above, at.column, rows);
        operands_t lanes = ZERO;
    units:
        UNROLLED
        for (int k = 0; k < EACH; ++k) {
            UNROLL_THIS
        channels:
            UNROLLED
            for (int i = 0; i < UNIT_BYTES; ++i) {
                UNROLL_THIS
                const pool_pixel_t value = inside ? (pool_pixel_t)(units[k].byte[i] - c->input_zero_point) : none;
                pooled_t *own = &pooled[k][i];
                if (once) {
                    own->window = window_at(c, value, rows[k][i], s.at.column == 0, (pool_window_t)none, own);
                    above[0][at.column][k][i] = value;
                    above[1][at.column][k][i] = rows[k][i][0];
                } else {
                    own->window =
                        is_first_tap(&s) ? (pool_window_t)value : combine(largest, own->window, (pool_window_t)value);
                }
                lanes.value[k * UNIT_BYTES + i] = (lane_value_t)own->window;
                lanes.factor[k * UNIT_BYTES + i] = (scale_t)divisor.multiplier;
                lanes.shift[k * UNIT_BYTES + i] = divisor.shift;
            }
        }
        lanes.leaves = true;
        lanes.last = is_last_slot(&w, &s);
        if (ends) HAND_OUT(lanes);
        next_ending(c, s.at.column + 1 == w.columns, &e);
    }
    return cycles;
}

#endif
