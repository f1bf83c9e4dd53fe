// ACTIVATION, CONCAT and RESIZE on the vector unit (docs/overlay.md, section 7): pixel by pixel, R lanes of one at a time.
#ifndef OVERLAY_PIXELWISE_H
#define OVERLAY_PIXELWISE_H

#include "order.h"
#include "view.h"

// Walks the groups of lanes of a block's pixels.
typedef struct {
    int row, column, unit;  // row of the image; the group's first unit
    bool done;
} pixels_t;

INLINE void next_pixels(const command_t *c, const block_t *b, const order_t *o, pixels_t *p) {
    INLINED
    p->unit += EACH;
    if (p->unit < o->units) return;
    p->unit = 0;
    ++p->column;
    if (p->column < c->out_width) return;
    p->column = 0;
    ++p->row;
    p->done = p->row == b->first_row + b->rows;
}

// A lane's value becomes a product.
INLINE void set_lane(lanes_t *lanes, int lane, bool known, int value, int multiplier, int shift) {
    INLINED
    lanes->product[lane] = known ? (wide_t)value * multiplier : (wide_t)0;
    lanes->shift[lane] = (uint8_t)shift;
}

// Values of units, a lane for each.
INLINE void set_lanes(const command_t *c, const unit_t units[BANKS], lanes_t *lanes) {
    INLINED
lanes:
    UNROLLED
    for (int lane = 0; lane < LANES; ++lane) {
        UNROLL_THIS
        const int value = units[lane / UNIT_BYTES].byte[lane % UNIT_BYTES] - c->input_zero_point;
        set_lane(lanes, lane, true, value, c->multiplier, c->shift);
    }
}

INLINE uint64_t activation_block(const command_t *c, const view_t *v, const block_t *b, units_read_t input_buffer,
                                 PRODUCTS) {
    uint64_t cycles = 0;
    const order_t o = order_of(c);
    pixels_t p = ZERO;
    p.row = b->first_row;
groups:
    while (!p.done) {
        TRIPS(1, 65536)
        PIPELINED(activation_groups)  // consecutive units of a pixel
        unit_t units[BANKS];
        read_units(input_buffer, pixel_unit(v, p.row, p.column) + p.unit, smaller(EACH, o.units - p.unit), units);
        lanes_t lanes;
        set_lanes(c, units, &lanes);
        HAND_OUT(lanes);
        ++cycles;
        next_pixels(c, b, &o, &p);
    }
    return cycles;
}

// Sources of a concatenation that a group of lanes can have at once; of more it takes the others in the next cycle.
enum { NEAR_SOURCES = 4 };

// The lanes whose channel belongs to one of NEAR_SOURCES sources from `source` on. Returns the first source of the next
// lanes: of those behind the group, or of those that are still missing (`missing`).
INLINE int take_sources(const command_t *c, const source_t sources[MAX_SOURCES], int source, int first_channel,
                        const unit_t units[BANKS], bool *missing, lanes_t *lanes) {
    INLINED
    source_t near[NEAR_SOURCES + 1];
    bool exists[NEAR_SOURCES + 1];
    int next = source;
    *missing = false;
near_sources:
    UNROLLED
    for (int d = 0; d <= NEAR_SOURCES; ++d) {
        UNROLL_THIS
        exists[d] = source + d < c->source_count;
        near[d] = sources[exists[d] ? source + d : source];
        if (exists[d] && near[d].first_channel <= first_channel + LANES) next = source + d;
        if (d == NEAR_SOURCES) *missing = exists[d] && near[d].first_channel < first_channel + LANES;
    }
lanes:
    UNROLLED
    for (int lane = 0; lane < LANES; ++lane) {
        UNROLL_THIS
        const int oc = first_channel + lane;
        int own = -1;
    own_source:
        UNROLLED
        for (int d = 0; d <= NEAR_SOURCES; ++d) {
            UNROLL_THIS
            if (exists[d] && near[d].first_channel <= oc) own = d;
        }
        if (own < 0 || own == NEAR_SOURCES) continue;
        const int value = units[lane / UNIT_BYTES].byte[lane % UNIT_BYTES] - near[own].zero_point;
        set_lane(lanes, lane, true, value, near[own].multiplier, near[own].shift);
    }
    return next;
}

INLINE uint64_t concat_block(const command_t *c, const source_t sources[MAX_SOURCES], const block_t *b,
                             units_read_t input_buffer, PRODUCTS) {
    uint64_t cycles = 0;
    const order_t o = order_of(c);
    view_t v = view_of(c, b, b->input_unit, c->out_channels);
    v.pitch = concat_pitch(c, b);
    pixels_t p = ZERO;
    lanes_t lanes = ZERO;
    int source = 0;
    bool missing = false;
    p.row = b->first_row;
groups:
    while (!p.done) {
        TRIPS(1, 65536)
        PIPELINED(concat_groups)  // consecutive units of a pixel, where LOAD has joined them
        unit_t units[BANKS];
        read_units(input_buffer, pixel_unit(&v, p.row, p.column) + p.unit, smaller(EACH, o.units - p.unit), units);
        if (!missing) ++cycles;
        if (p.unit == 0 && !missing) source = 0;
        source = take_sources(c, sources, source, p.unit * UNIT_BYTES, units, &missing, &lanes);
        if (missing) continue;
        HAND_OUT(lanes);
        next_pixels(c, b, &o, &p);
    }
    return cycles;
}

// Where a pixel of a RESIZE comes from. Where the input has more channels than the output, each phase of rows and columns
// has units of its own.
typedef struct {
    int row, column;              // of the input
    int row_phase, column_phase;  // times that it was repeated
} origin_t;

INLINE origin_t origin_of(const command_t *c, int row) {
    const int size = larger(c->size, 1);
    const origin_t from = {row / size, 0, row % size, 0};
    return from;
}

// The next pixel; `p`: where it goes.
INLINE void next_origin(const command_t *c, const pixels_t *p, origin_t *from) {
    INLINED
    if (p->unit != 0) return;
    if (p->column != 0) {
        ++from->column_phase;
        if (from->column_phase < c->columns_factor) return;
        from->column_phase = 0;
        ++from->column;
        return;
    }
    from->column = 0;
    from->column_phase = 0;
    ++from->row_phase;
    if (from->row_phase < c->size) return;
    from->row_phase = 0;
    ++from->row;
}

// The plan takes a word of X bytes in a cycle, the lanes of POST take R of its values.
INLINE uint64_t resize_block(const command_t *c, const view_t *v, const block_t *b, units_read_t input_buffer,
                             PRODUCTS) {
    uint64_t cycles = 0;
    const order_t o = order_of(c);
    const bool interleaved = c->channels > c->out_channels;
    pixels_t p = ZERO;
    origin_t from = origin_of(c, b->first_row);
    p.row = b->first_row;
groups:
    while (!p.done) {
        TRIPS(1, 65536)
        PIPELINED(resize_groups)  // consecutive units of a pixel
        const int phase = interleaved ? (from.row_phase * c->columns_factor + from.column_phase) * o.units : 0;
        unit_t units[BANKS];
        read_units(input_buffer, pixel_unit(v, from.row, from.column) + phase + p.unit, smaller(EACH, o.units - p.unit),
                   units);
        lanes_t lanes;
        set_lanes(c, units, &lanes);
        HAND_OUT(lanes);
        if (p.unit % WORD_UNITS == 0) ++cycles;
        next_pixels(c, b, &o, &p);
        next_origin(c, &p, &from);
    }
    return cycles;
}

#endif
