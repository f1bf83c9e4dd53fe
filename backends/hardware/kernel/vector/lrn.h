// LRN on the vector unit (docs/overlay.md, section 7).
#ifndef OVERLAY_LRN_H
#define OVERLAY_LRN_H

#include "order.h"
#include "view.h"

// LRN tables: for each octave of the sum of squares 33 entries and a shift.
enum { LRN_STEPS = 32, LRN_ROW = LRN_STEPS + 2 };

typedef struct {
    wide_t factor;
    int shift;
} lrn_factor_t;

// The factor for a sum of squares: linear between the table's entries; the sum 0 reads as 1.
INLINE lrn_factor_t lrn_factor(uint32_t sum, values_read_t values) {
    INLINED
    const uint32_t positive = sum == 0 ? 1 : sum;
    int octave = 0;
first_bit:
    UNROLLED
    for (int i = 1; i < LRN_OCTAVES; ++i) {
        UNROLL_THIS
        if (positive >> i) octave = i;
    }
    const uint64_t scaled = (uint64_t)positive * LRN_STEPS;
    const int index = (int)(scaled >> octave) - LRN_STEPS;
    const wide_t fraction = (wide_t)(scaled & (((uint64_t)1 << octave) - 1));
    const wide_t first = (wide_t)value_word(values, octave * LRN_ROW + index);
    const wide_t second = (wide_t)value_word(values, octave * LRN_ROW + index + 1);
    lrn_factor_t f;
    f.factor = first + (((second - first) * fraction) >> octave);
    f.shift = (int)value_word(values, octave * LRN_ROW + LRN_ROW - 1);
    return f;
}

INLINE int value_at(const view_t *v, int row, int column, int unit, int i, units_read_t input_buffer) {
    INLINED
    return byte_at(input_buffer, pixel_unit(v, row, column) + unit, i);
}

// A row: running sums of squares along a pixel's channels; a window's sum is a difference of two.
INLINE uint64_t lrn_row(const command_t *c, const view_t *v, values_read_t values, int row, const order_t *o,
                        units_read_t input_buffer, PRODUCTS) {
    SCRATCH uint32_t running[LRN_CHANNELS + 1];
    uint64_t cycles = 0;
    unit_cursor_t at = {0, 0};
    const int before = (c->size - 1) / 2;
    const int after = c->size / 2;
    int summed = -1;
groups:
    for (int group = 0; group < o->groups; ++group) {
        TRIPS(1, 256)
        PIPELINED(groups)
        lanes_t lanes = ZERO;
    units:
        UNROLLED
        for (int k = 0; k < EACH; ++k) {
            UNROLL_THIS
            if (counts_in(c, o, &at)) {
                if (at.column != summed) {
                    summed = at.column;
                    running[0] = 0;
                channels:
                    for (int ic = 0; ic < c->channels; ++ic) {
                        TRIPS(16, 512)
                        const int value = value_at(v, row, at.column, ic / UNIT_BYTES, ic % UNIT_BYTES, input_buffer) -
                                          c->input_zero_point;
                        running[ic + 1] = running[ic] + (uint32_t)(value * value);
                    }
                }
            lanes:
                UNROLLED
                for (int i = 0; i < UNIT_BYTES; ++i) {
                    UNROLL_THIS
                    const int ic = at.unit * UNIT_BYTES + i;
                    if (ic >= c->channels) continue;
                    const int first = larger(ic - before, 0);
                    const int end = smaller(ic + after + 1, c->channels);
                    const lrn_factor_t f = lrn_factor(running[end] - running[first], values);
                    const int value = value_at(v, row, at.column, at.unit, i, input_buffer) - c->input_zero_point;
                    lanes.product[k * UNIT_BYTES + i] = value * f.factor;
                    lanes.shift[k * UNIT_BYTES + i] = (uint8_t)f.shift;
                }
            }
            next_unit(o, &at);
        }
        ++cycles;
        HAND_OUT(lanes);
    }
    return cycles;
}

INLINE uint64_t lrn_block(const command_t *c, const view_t *v, values_read_t values, const block_t *b,
                          units_read_t input_buffer, PRODUCTS) {
    NOT_YET(
        lrn_block)  // lanes read the buffer byte by byte, and running sums along a pixel's channels come before them
    uint64_t cycles = 0;
    const order_t o = order_of(c);
rows:
    for (int row = b->first_row; row < b->first_row + b->rows; ++row) {
        TRIPS(1, 224)
        cycles += lrn_row(c, v, values, row, &o, input_buffer, PASS_PRODUCTS);
    }
    return cycles;
}

#endif
