// ADD, MUL, SCALE on the vector unit (docs/overlay.md, section 7): n units at a time, straight on over the row. A cycle takes
// a word of one tensor (SCALE: and of the resident factor); the word's products leave for the lanes in groups of R while
// the next word is taken.
#ifndef OVERLAY_ELEMENTWISE_H
#define OVERLAY_ELEMENTWISE_H

#include "order.h"
#include "view.h"

// Walks the words of a block, each with the cycles that it takes.
typedef struct {
    int row, group, step;  // row of the image; first group of lanes of the word
    unit_cursor_t at;      // first unit of the word
    bool done;
} words_t;

// Factors of the resident tensor: those that were read with the word, and those that a row of pixels begins with.
typedef struct {
    unit_t read[BANKS], first[WORD_UNITS];
} factors_t;

// A word of one tensor, or of the factor.
INLINE void read_factors(const order_t *o, const words_t *w, units_read_t weight_buffer, factors_t *f) {
    INLINED
    read_units(weight_buffer, w->at.unit, smaller(WORD_UNITS, o->units - w->at.unit), f->read);
    if (w->at.unit != 0) return;
first_factors:
    UNROLLED
    for (int k = 0; k < WORD_UNITS; ++k) {
        UNROLL_THIS
        f->first[k] = f->read[k];
    }
}

// A value becomes a product, or a part of one.
INLINE wide_t combined(const command_t *c, const source_t *source, int step, wide_t before, int value, int factor) {
    INLINED
    if (c->op == OP_ADD) return before + (wide_t)(value - source->zero_point) * source->multiplier;
    const wide_t product = step == 0 ? (wide_t)(value - c->input_zero_point)
                                     : before * ((wide_t)(value - c->second_zero_point) * c->multiplier);
    return c->op == OP_SCALE ? product * ((wide_t)(factor - c->second_zero_point) * c->multiplier) : product;
}

// Takes the word of tensor `w->step`. `behind`: the unit after the word.
INLINE void take_units(const command_t *c, const view_t *v, const source_t *source, const order_t *o, const words_t *w,
                       units_read_t input_buffer, const factors_t *f, unit_cursor_t *behind, wide_t word[WORD_BYTES]) {
    INLINED
    bool known[BANKS] = ZERO;
    unit_cursor_t of_unit[WORD_UNITS];
    unit_cursor_t cursor = w->at;
units_known:
    UNROLLED
    for (int k = 0; k < WORD_UNITS; ++k) {
        UNROLL_THIS
        known[k] = counts_in(c, o, &cursor);
        of_unit[k] = cursor;
        next_unit(o, &cursor);
    }
    *behind = cursor;
    unit_t units[BANKS];
    read_known(input_buffer, pixel_unit(v, w->row, w->at.column) + w->at.unit, known, units);
units:
    UNROLLED
    for (int k = 0; k < WORD_UNITS; ++k) {
        UNROLL_THIS
    values:
        UNROLLED
        for (int i = 0; i < UNIT_BYTES; ++i) {
            UNROLL_THIS
            const wide_t before = w->step == 0 ? (wide_t)0 : word[k * UNIT_BYTES + i];
            const int unit = of_unit[k].unit;
            int factor = 0;
            if (known[k] && c->op == OP_SCALE)
                factor = unit < w->at.unit ? f->first[unit % WORD_UNITS].byte[i] : f->read[unit - w->at.unit].byte[i];
            const wide_t product = combined(c, source, w->step, before, units[k].byte[i], factor);
            word[k * UNIT_BYTES + i] = known[k] ? product : (wide_t)0;
        }
    }
}

// A word of products on its way to the lanes.
typedef struct {
    wide_t product[WORD_BYTES];
    int group, groups;
} leaving_word_t;

INLINE lanes_t leaving_lanes(const command_t *c, const leaving_word_t *l) {
    INLINED
    lanes_t lanes;
lanes_of_group:
    UNROLLED
    for (int lane = 0; lane < LANES; ++lane) {
        UNROLL_THIS
        lanes.product[lane] = l->product[l->group * LANES + lane];
        lanes.shift[lane] = (uint8_t)c->shift;
    }
    return lanes;
}

// Behind the word: the next one, of the next row.
INLINE void next_word(const block_t *b, const order_t *o, const unit_cursor_t *behind, words_t *w) {
    INLINED
    w->step = 0;
    w->at = *behind;
    w->group += WORD_BYTES / LANES;
    if (w->group < o->groups) return;
    w->group = 0;
    w->at.column = 0;
    w->at.unit = 0;
    ++w->row;
    w->done = w->row == b->first_row + b->rows;
}

INLINE uint64_t elementwise_block(const command_t *c, const source_t sources[MAX_SOURCES], const block_t *b,
                                  units_read_t input_buffer, units_read_t weight_buffer, PRODUCTS) {
    uint64_t cycles = 0;
    const order_t o = order_of(c);
    const int steps = cycles_of_word(c);
    const int tensors = c->op == OP_SCALE ? 1 : c->source_count;
    const int each = b->input_rows * c->width * pitch_of(o.units);  // units of a tensor
    words_t w = ZERO;
    factors_t factors = ZERO;
    wide_t word[WORD_BYTES] = ZERO;
    leaving_word_t leaving = ZERO;
    unit_cursor_t behind = ZERO;
    w.row = b->first_row;
words:
    while (!w.done || leaving.group < leaving.groups) {
        TRIPS(1, 65536)
        PIPELINED(element_words)  // consecutive units of one tensor, and of the factor
        if (leaving.group < leaving.groups) {
            HAND_OUT(leaving_lanes(c, &leaving));
            ++leaving.group;
        }
        if (w.done) continue;
        ++cycles;
        if (w.step < tensors) {  // else the lanes are still busy
            const view_t v = view_of(c, b, b->input_unit + w.step * each, c->out_channels);
            if (c->op == OP_SCALE) read_factors(&o, &w, weight_buffer, &factors);
            take_units(c, &v, &sources[w.step], &o, &w, input_buffer, &factors, &behind, word);
        }
        ++w.step;
        if (w.step < steps) continue;
    products_of_word:
        UNROLLED
        for (int i = 0; i < WORD_BYTES; ++i) {
            UNROLL_THIS
            leaving.product[i] = word[i];
        }
        leaving.group = 0;
        leaving.groups = smaller(WORD_BYTES / LANES, o.groups - w.group);
        next_word(b, &o, &behind, &w);
    }
    return cycles;
}

#endif
