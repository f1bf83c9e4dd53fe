// What the lanes of the vector unit hold of a chunk, and what a slot does to them (docs/overlay.md, section 7).
#ifndef OVERLAY_CHUNKS_H
#define OVERLAY_CHUNKS_H

#include "slots.h"

// The rescaling of an input of a CONCAT.
typedef struct {
    int zero_point, multiplier, shift;
} rescale_t;

typedef struct {
    lanes_t lanes;             // of the position
    unit_t factors[EACH];      // SCALE
    rescale_t rescales[EACH];  // CONCAT whose inputs have whole units: that of each unit
    int source;                // the input of the last one
} chunk_t;

// What a slot has of its channels beside the values: a unit of factors, which are loaded, or units of weights of a tap.
typedef struct {
    int unit, count;
} own_units_t;

INLINE own_units_t own_units(const command_t *c, const walk_t *w, const slot_t *s) {
    INLINED
    own_units_t u = {0, 0};
    const int left = smaller(EACH, w->units - s->at.unit);
    if (is_load(w, s)) {
        u.unit = s->at.unit + s->load;
        u.count = c->op == OP_SCALE && s->load < left ? 1 : 0;
    } else if (c->op == OP_DEPTHWISE) {
        u.unit = (PARAMETER_BYTES + s->tap_row * c->kernel_columns + s->tap_column) * w->units + s->at.unit;
        u.count = left;
    }
    return u;
}

INLINE rescale_t rescale_of(const source_t *source) {
    INLINED
    const rescale_t r = {source->zero_point, source->multiplier, source->shift};
    return r;
}

// A unit of the chunk loads the rescaling of its input, which is that of the unit before or the next one.
INLINE void load_rescale(const command_t *c, const source_t sources[MAX_SOURCES], const slot_t *s, chunk_t *chunk) {
    INLINED
    const int unit = s->at.unit + s->load;
    const int next = chunk->source + 1;
    if (s->load >= EACH) return;
    if (unit == 0)
        chunk->source = 0;
    else if (next < c->source_count && sources[next].first_channel == unit * UNIT_BYTES)
        chunk->source = next;
    const rescale_t own = rescale_of(&sources[chunk->source]);
rescaled_units:
    UNROLLED
    for (int k = 0; k < EACH; ++k) {
        UNROLL_THIS
        if (k == s->load) chunk->rescales[k] = own;
    }
}

INLINE void load_slot(const command_t *c, const source_t sources[MAX_SOURCES], const slot_t *s, const unit_t own[BANKS],
                      chunk_t *chunk) {
    INLINED
    if (c->op == OP_CONCAT) load_rescale(c, sources, s, chunk);
    if (c->op != OP_SCALE) return;
loaded_factors:
    UNROLLED
    for (int k = 0; k < EACH; ++k) {
        UNROLL_THIS
        if (k == s->load) chunk->factors[k] = own[0];
    }
}

// What the taps before have made becomes what they make with the value of this one. `own`: factor, or weight.
INLINE wide_t combined(const command_t *c, const source_t *source, bool first, wide_t before, int value, int own) {
    INLINED
    if (c->op == OP_ADD) return (first ? 0 : before) + (wide_t)(value - source->zero_point) * source->multiplier;
    if (c->op == OP_DEPTHWISE) return (first ? 0 : before) + value * own;
    if (c->op == OP_MUL && !first) return before * ((wide_t)(value - c->second_zero_point) * c->multiplier);
    const wide_t centred = value - c->input_zero_point;
    if (c->op == OP_MUL) return centred;
    if (c->op == OP_SCALE) return centred * ((wide_t)(own - c->second_zero_point) * c->multiplier);
    return centred * c->multiplier;
}

INLINE void take_values(const command_t *c, const source_t *source, bool first, bool inside, const unit_t units[BANKS],
                        const unit_t own[BANKS], chunk_t *chunk) {
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
            const int value = inside ? (int)units[k].byte[i] : c->pad_value;
            const int of_channel = c->op == OP_SCALE ? chunk->factors[k].byte[i] : own[k].byte[i];
            chunk->lanes.product[lane] = combined(c, source, first, chunk->lanes.product[lane], value, of_channel);
            chunk->lanes.shift[lane] = (uint8_t)c->shift;
        }
    }
}

// CONCAT: the values of the input that the tap has; where inputs have whole units there is one tap for all.
INLINE void take_joined(const walk_t *w, const slot_t *s, const source_t *source, const unit_t units[BANKS],
                        chunk_t *chunk) {
    INLINED
    const bool merged = w->tap_columns == 2;
    const int behind = source->first_channel + source->channels;
joined_units:
    UNROLLED
    for (int k = 0; k < EACH; ++k) {
        UNROLL_THIS
        const rescale_t own = merged ? rescale_of(source) : chunk->rescales[k];
    joined_values:
        UNROLLED
        for (int i = 0; i < UNIT_BYTES; ++i) {
            UNROLL_THIS
            const int lane = k * UNIT_BYTES + i;
            const int oc = (s->at.unit + k) * UNIT_BYTES + i;
            if (merged && (oc < source->first_channel || oc >= behind)) continue;
            chunk->lanes.product[lane] = (wide_t)(units[k].byte[i] - own.zero_point) * own.multiplier;
            chunk->lanes.shift[lane] = (uint8_t)own.shift;
        }
    }
}

#endif
