// ADD, MUL, SCALE on the vector unit (docs/overlay.md, section 7), slot by slot: a position's taps are the same pixel of each
// tensor. A chunk of SCALE loads its factors, a unit in a slot.
#ifndef OVERLAY_ELEMENTWISE_H
#define OVERLAY_ELEMENTWISE_H

#include "slots.h"
#include "view.h"

INLINE walk_t elementwise_walk(const command_t *c, const block_t *b) {
    const bool scales = c->op == OP_SCALE;
    const walk_t w = {units_of(c->out_channels),      b->rows, c->out_width,
                      loads_of(c, scales ? EACH : 1), 1,       scales ? 1 : c->source_count};
    return w;
}

// The unit of factors of the chunk that a slot loads.
INLINE void load_factors(const walk_t *w, const slot_t *s, units_read_t weight_buffer, unit_t factors[EACH]) {
    INLINED
    unit_t units[BANKS];
    const int unit = s->at.unit + s->load;
    read_units(weight_buffer, unit, s->load < EACH && unit < w->units ? 1 : 0, units);
loaded_units:
    UNROLLED
    for (int k = 0; k < EACH; ++k) {
        UNROLL_THIS
        if (k == s->load) factors[k] = units[0];
    }
}

// A value becomes a product, or a part of one.
INLINE wide_t combined(const command_t *c, const source_t *source, bool first, wide_t before, int value, int factor) {
    INLINED
    if (c->op == OP_ADD) return (first ? 0 : before) + (wide_t)(value - source->zero_point) * source->multiplier;
    const wide_t product = first ? (wide_t)(value - c->input_zero_point)
                                 : before * ((wide_t)(value - c->second_zero_point) * c->multiplier);
    return c->op == OP_SCALE ? product * ((wide_t)(factor - c->second_zero_point) * c->multiplier) : product;
}

INLINE void take_tap(const command_t *c, const source_t *source, bool first, const unit_t units[BANKS],
                     const unit_t factors[EACH], lanes_t *lanes) {
    INLINED
units:
    UNROLLED
    for (int k = 0; k < EACH; ++k) {
        UNROLL_THIS
    values:
        UNROLLED
        for (int i = 0; i < UNIT_BYTES; ++i) {
            UNROLL_THIS
            const int lane = k * UNIT_BYTES + i;
            lanes->product[lane] =
                combined(c, source, first, lanes->product[lane], units[k].byte[i], factors[k].byte[i]);
            lanes->shift[lane] = (uint8_t)c->shift;
        }
    }
}

INLINE uint64_t elementwise_block(const command_t *c, const source_t sources[MAX_SOURCES], const block_t *b,
                                  units_read_t input_buffer, units_read_t weight_buffer, PRODUCTS) {
    uint64_t cycles = 0;
    const walk_t w = elementwise_walk(c, b);
    const int each = b->input_rows * c->width * pitch_of(w.units);  // units of a tensor
    lanes_t lanes = ZERO;
    unit_t factors[EACH] = ZERO;
    slots:
    for (slot_t s = first_slot(); !s.at.done; next_slot(&w, &s)) {
        TRIPS(1, 65536)
        PIPELINED(element_slots)  // consecutive units of a pixel of one tensor, or a unit of the factor
        ++cycles;
        if (is_load(&w, &s)) {
            if (c->op == OP_SCALE) load_factors(&w, &s, weight_buffer, factors);
            continue;
        }
        const view_t v = view_of(c, b, b->input_unit + s.tap_column * each, c->out_channels);
        const int unit = pixel_unit(&v, b->first_row + s.at.row, s.at.column) + s.at.unit;
        unit_t units[BANKS];
        read_units(input_buffer, unit, smaller(EACH, w.units - s.at.unit), units);
        take_tap(c, &sources[s.tap_column], is_first_tap(&s), units, factors, &lanes);
        if (is_last_tap(&w, &s)) HAND_OUT(lanes);
    }
    return cycles;
}

#endif
