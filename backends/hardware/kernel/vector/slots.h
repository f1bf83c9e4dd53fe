// The order of a block's slots (docs/overlay.md, section 7), one in a cycle: chunks of R / 16 units of channels; of each what
// it loads, then its output positions row by row, of each its taps, row by row too.
#ifndef OVERLAY_SLOTS_H
#define OVERLAY_SLOTS_H

#include "order.h"

typedef struct {
    int units;                  // of the output's channels
    int rows, columns;          // of positions
    int loads;                  // slots that a chunk loads in
    int tap_rows, tap_columns;  // of a position
    int pitch, tensor;          // units of the input buffer from a pixel to the next, and from a tensor to the next
    bool two;                   // the last tap has the tensor behind its own too
} walk_t;

// `load`: the chunk's loads that are behind it; all of them: the slot is a tap.
typedef struct {
    position_t at;
    int load, tap_row, tap_column;
} slot_t;

// A walk of one tap. Slots that a chunk loads in: one, or those of parameters of its channels, where these have slopes of
// their own.
INLINE walk_t plain_walk(const command_t *c, const block_t *b) {
    SET_UP
    walk_t w = {
        units_of(c->out_channels), b->rows, c->out_width, c->slope_count > 1 ? UNIT_BYTES : 1, 1, 1, 0, 0, false};
    w.pitch = c->op == OP_CONCAT ? concat_pitch(c, b) : pitch_of(units_of(c->channels));
    w.tensor = input_distance(c, b->input_rows * c->width * w.pitch);
    w.two = adds_two(c);
    return w;
}

// Whether an input of a CONCAT begins inside of a unit: then each input has taps of its own.
INLINE bool merges(const command_t *c, const source_t sources[MAX_SOURCES]) {
    bool merged = false;
each_source:
    UNROLLED
    for (int s = 0; s < MAX_SOURCES; ++s) {
        UNROLL_THIS
        merged = merged || (s < c->source_count && sources[s].first_channel % UNIT_BYTES != 0);
    }
    return merged;
}

INLINE walk_t walk_of(const command_t *c, const source_t sources[MAX_SOURCES], const block_t *b) {
    walk_t w = plain_walk(c, b);
    if (c->op == OP_ADD || c->op == OP_MUL) w.tap_columns = c->source_count - (w.two ? 1 : 0);
    if (c->op == OP_SCALE && w.loads == 1) w.loads = EACH;
    if (c->op == OP_DEPTHWISE) {
        w.loads = UNIT_BYTES;
        w.tap_rows = c->kernel_rows;
        w.tap_columns = c->kernel_columns;
    }
    if (c->op == OP_CONCAT) {
        w.loads = UNIT_BYTES;
        if (merges(c, sources)) {
            w.tap_rows = c->source_count;
            w.tap_columns = 2;
        }
    }
    return w;
}

INLINE slot_t first_slot(void) {
    INLINED
    const slot_t s = {first_position(), 0, 0, 0};
    return s;
}

INLINE bool is_load(const walk_t *w, const slot_t *s) {
    INLINED
    return s->load < w->loads;
}

INLINE bool is_first_tap(const slot_t *s) {
    INLINED
    return s->tap_row == 0 && s->tap_column == 0;
}

// The last slot of a block.
INLINE bool is_last_slot(const walk_t *w, const slot_t *s) {
    INLINED
    return s->tap_row + 1 == w->tap_rows && s->tap_column + 1 == w->tap_columns && s->at.column + 1 == w->columns &&
           s->at.row + 1 == w->rows && s->at.unit + EACH >= w->units;
}

INLINE bool is_last_tap(const walk_t *w, const slot_t *s) {
    INLINED
    return s->tap_row + 1 == w->tap_rows && s->tap_column + 1 == w->tap_columns;
}

INLINE void next_slot(const walk_t *w, slot_t *s) {
    INLINED
    if (is_load(w, s)) {
        ++s->load;
        return;
    }
    ++s->tap_column;
    if (s->tap_column < w->tap_columns) return;
    s->tap_column = 0;
    ++s->tap_row;
    if (s->tap_row < w->tap_rows) return;
    s->tap_row = 0;
    if (next_position(w->units, w->rows, w->columns, &s->at)) s->load = 0;
}

#endif
