// Where the slots of a vector layer read in the input buffer: the units of a chunk of the pixel that a tap has.
#ifndef OVERLAY_PLACES_H
#define OVERLAY_PLACES_H

#include "slots.h"
#include "view.h"

// Where a pixel of a RESIZE comes from. Where the input has more channels than the output, each phase of rows and columns
// has units of its own.
typedef struct {
    int row, column;              // of the input
    int row_phase, column_phase;  // times that it was repeated
} origin_t;

INLINE origin_t first_origin(const command_t *c, const block_t *b) {
    SET_UP
    const int row = resized_row(*c, b->first_row);
    const origin_t from = {row, 0, b->first_row - row * c->size, 0};
    return from;
}

// The next pixel of a chunk, in column `column` of the output.
INLINE void next_origin(const command_t *c, int column, origin_t *from) {
    INLINED
    if (column != 0) {
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

// The units of a tap. `inside`: its pixel is one of the image. `second`: of an addition's last tap, those of the tensor behind
// its own, `seconds` of them.
typedef struct {
    int unit;
    bool inside;
    int second, seconds;
} place_t;

INLINE place_t place_of_tap(const command_t *c, const block_t *b, const walk_t *w, const slot_t *s,
                            const origin_t *from) {
    INLINED
    view_t v = view_of(c, b, b->input_unit + s->at.unit, c->channels);
    int row = b->first_row + s->at.row, column = s->at.column;
    if (c->op == OP_ADD || c->op == OP_MUL) {
        v.unit += times(w->tensor, s->tap_column);  // a tensor behind the other
    } else if (c->op == OP_DEPTHWISE) {
        row = times(c->stride_rows, row) - c->pad_top + times(c->dilation_rows, s->tap_row);
        column = times(c->stride_columns, column) - c->pad_left + times(c->dilation_columns, s->tap_column);
    } else if (c->op == OP_CONCAT) {
        v.pitch = w->pitch;
    } else if (c->op == OP_RESIZE) {
        row = from->row;
        column = from->column;
        if (c->channels > c->out_channels)
            v.unit += times(w->units, times(c->columns_factor, from->row_phase) + from->column_phase);
    }
    place_t p = {pixel_unit(&v, row, column), row >= 0 && row < c->height && column >= 0 && column < c->width, 0, 0};
    p.second = p.unit + w->tensor;
    if (w->two && is_last_tap(w, s)) p.seconds = smaller(EACH, w->units - s->at.unit);
    return p;
}

#endif
