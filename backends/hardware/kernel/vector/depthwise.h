// Depthwise convolution on the vector unit (docs/overlay.md, section 7): R lanes hold their sums over all taps, a tap in a
// cycle.
#ifndef OVERLAY_DEPTHWISE_H
#define OVERLAY_DEPTHWISE_H

#include "order.h"
#include "view.h"

// The weights that a row of pixels begins with, EACH units for each tap: a group of lanes that reaches into the next pixel
// finds them here, since the buffer's banks give consecutive units only. Of larger kernels they are read again.
enum { KEPT_TAPS = 256 };

MEMORY_TYPE(kept, int8_t, [KEPT_TAPS], [EACH][UNIT_BYTES])

// Walks the taps of all groups of a block.
typedef struct {
    int row, group, tap, k1, k2;  // output row, counted in the image; the tap, its row and column
    bool again;                   // the tap once more, for the weights that a pixel begins with
    unit_cursor_t at;             // the group's first unit
    bool done;
} taps_t;

// Behind the tap: the next one, those of the next group, of the next row.
INLINE void next_tap(const command_t *c, const block_t *b, const order_t *o, const unit_cursor_t *behind, taps_t *t) {
    INLINED
    ++t->tap;
    ++t->k2;
    if (t->k2 < c->kernel_columns) return;
    t->k2 = 0;
    ++t->k1;
    if (t->k1 < c->kernel_rows) return;
    t->tap = 0;
    t->k1 = 0;
    t->at = *behind;
    ++t->group;
    if (t->group < o->groups) return;
    t->group = 0;
    t->at.column = 0;
    t->at.unit = 0;
    ++t->row;
    t->done = t->row == b->first_row + b->rows;
}

// The weights of a tap, of EACH units from unit `t->at.unit` on (`read`), and of the units that a pixel begins with.
INLINE void read_tap(const order_t *o, const taps_t *t, int taps, units_read_t weight_buffer, kept_write_t kept,
                     unit_t read[BANKS], unit_t first[EACH]) {
    INLINED
    const int before = (PARAMETER_BYTES + t->tap) * o->units;
    const int from = t->again ? 0 : t->at.unit;
    read_units(weight_buffer, before + from, smaller(EACH, o->units - from), read);
    const bool begins = t->at.unit == 0;
    const bool keeps = t->tap < KEPT_TAPS;
kept_units:
    UNROLLED
    for (int k = 0; k < EACH; ++k) {
        UNROLL_THIS
    kept_bytes:
        UNROLLED
        for (int i = 0; i < UNIT_BYTES; ++i) {
            UNROLL_THIS
            if (begins && keeps && taps > 1) kept[t->tap][k][i] = read[k].byte[i];
            if (begins || t->again)
                first[k].byte[i] = read[k].byte[i];
            else if (keeps && taps > 1)
                first[k].byte[i] = kept[t->tap][k][i];
        }
    }
}

// A tap of R lanes. `behind`: the unit after them. Returns whether lanes of a pixel that begins still lack their weights.
INLINE bool depthwise_tap(const command_t *c, const view_t *v, const order_t *o, const taps_t *t,
                          units_read_t input_buffer, const unit_t read[BANKS], const unit_t first[EACH],
                          unit_cursor_t *behind, lanes_t *lanes) {
    INLINED
    const int y = t->row * c->stride_rows - c->pad_top + t->k1 * c->dilation_rows;
    const int left = t->k2 * c->dilation_columns - c->pad_left;
    const bool row_inside = y >= 0 && y < v->height;
    const bool late = t->tap >= KEPT_TAPS;
    bool lacks = false;
    unit_cursor_t cursor = t->at;
    unit_cursor_t of_unit[EACH];
    bool known[BANKS] = ZERO;
units_known:
    UNROLLED
    for (int k = 0; k < EACH; ++k) {
        UNROLL_THIS
        const int x = cursor.column * c->stride_columns + left;
        known[k] = counts_in(c, o, &cursor) && row_inside && x >= 0 && x < v->width;
        of_unit[k] = cursor;
        next_unit(o, &cursor);
    }
    *behind = cursor;
    const int x = t->at.column * c->stride_columns + left;
    unit_t units[BANKS];
    read_known(input_buffer, v->unit + ((y - v->start) * v->width + x) * v->pitch + t->at.unit, known, units);
units:
    UNROLLED
    for (int k = 0; k < EACH; ++k) {
        UNROLL_THIS
        const bool begins = of_unit[k].unit < t->at.unit;
        if (!counts_in(c, o, &of_unit[k])) continue;
        lacks = lacks || (begins && late && !t->again);
        if (late && begins != t->again) continue;
    lanes:
        UNROLLED
        for (int i = 0; i < UNIT_BYTES; ++i) {
            UNROLL_THIS
            const int value = known[k] ? units[k].byte[i] : c->pad_value;
            const int weight =
                begins ? first[of_unit[k].unit % EACH].byte[i] : read[of_unit[k].unit - t->at.unit].byte[i];
            lanes->product[k * UNIT_BYTES + i] += value * weight;
        }
    }
    return lacks;
}

INLINE uint64_t depthwise_block(const command_t *c, const view_t *v, const block_t *b, units_read_t input_buffer,
                                units_read_t weight_buffer, kept_write_t kept, PRODUCTS) {
    uint64_t cycles = 0;
    const order_t o = order_of(c);
    const int taps = c->kernel_rows * c->kernel_columns;
    taps_t t = ZERO;
    lanes_t lanes = ZERO;
    unit_t first[EACH] = ZERO;
    t.row = b->first_row;
taps:
    while (!t.done) {
        TRIPS(1, 1048576)
        PIPELINED(depthwise_taps)  // consecutive units of pixels and of weights; or kept ones
        unit_t read[BANKS];
        unit_cursor_t behind;
        read_tap(&o, &t, taps, weight_buffer, kept, read, first);
        const bool lacks = depthwise_tap(c, v, &o, &t, input_buffer, read, first, &behind, &lanes);
        if (!t.again) ++cycles;
        t.again = lacks;
        if (lacks) continue;
        if (t.tap + 1 == taps) {
            HAND_OUT(lanes);
        clear_lanes:
            UNROLLED
            for (int lane = 0; lane < LANES; ++lane) {
                UNROLL_THIS
                lanes.product[lane] = 0;
            }
        }
        next_tap(c, b, &o, &behind, &t);
    }
    return cycles;
}

#endif
