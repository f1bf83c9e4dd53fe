// What the lanes of the vector unit hold of a chunk, and what a slot does to them (docs/overlay.md, section 7).
#ifndef OVERLAY_CHUNKS_H
#define OVERLAY_CHUNKS_H

#include "products.h"
#include "slots.h"

// The rescaling of an input of a CONCAT.
typedef struct {
    int zero_point, multiplier, shift;
} rescale_t;

typedef struct {
    operands_t operands;       // of the slot
    int16_t held[LANES];       // MUL: the values of the first tensor, less their zero point
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
        const int tap = times(c->kernel_columns, s->tap_row) + s->tap_column;
        u.unit = times(w->units, PARAMETER_BYTES + tap) + s->at.unit;
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

// What a lane multiplies in a slot.
typedef struct {
    lane_value_t value;
    scale_t factor;
} pair_of_lane_t;

// `own`: factor, or weight; `held`: MUL, the first of the two values.
INLINE pair_of_lane_t operands_of(const command_t *c, const source_t *source, int value, int own, int held) {
    INLINED
    const int centred = value - (c->op == OP_ADD ? source->zero_point : c->input_zero_point);
    const int second = (c->op == OP_SCALE ? own : value) - c->second_zero_point;
    pair_of_lane_t p = {(lane_value_t)centred, (scale_t)c->multiplier};
    if (c->op == OP_ADD) p.factor = (scale_t)source->multiplier;
    if (c->op == OP_DEPTHWISE) {
        p.value = (lane_value_t)value;
        p.factor = (scale_t)own;
    }
    if (c->op == OP_MUL) p.value = (lane_value_t)times_centred(held, second);
    if (c->op == OP_SCALE) p.value = (lane_value_t)times_centred(centred, second);
    return p;
}

INLINE void take_values(const command_t *c, const source_t *source, bool inside, const unit_t units[BANKS],
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
            const pair_of_lane_t p = operands_of(c, source, value, of_channel, chunk->held[lane]);
            chunk->held[lane] = (int16_t)(value - c->input_zero_point);
            chunk->operands.value[lane] = p.value;
            chunk->operands.factor[lane] = p.factor;
            chunk->operands.shift[lane] = (uint8_t)c->shift;
        }
    }
}

// ADD: the values of the last tensor, which are left for POST.
INLINE void take_second(const source_t *source, const unit_t units[BANKS], operands_t *operands) {
    INLINED
    operands->multiplier = source->multiplier;
second_units:
    UNROLLED
    for (int k = 0; k < EACH; ++k) {
        UNROLL_THIS
    second_values:
        UNROLLED
        for (int i = 0; i < UNIT_BYTES; ++i) {
            UNROLL_THIS
            operands->second[k * UNIT_BYTES + i] = (int16_t)(units[k].byte[i] - source->zero_point);
        }
    }
}

// CONCAT: the values of the input that the tap has; where inputs have whole units there is one tap for all. A lane whose
// channel is another input's adds nothing, and neither does the second tap of an input, which has the same values.
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
            const bool others = merged && (oc < source->first_channel || oc >= behind || s->tap_column > 0);
            chunk->operands.value[lane] = (lane_value_t)(others ? 0 : units[k].byte[i] - own.zero_point);
            chunk->operands.factor[lane] = (scale_t)own.multiplier;
            if (!others) chunk->operands.shift[lane] = (uint8_t)own.shift;
        }
    }
}

#endif
