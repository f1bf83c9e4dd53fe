// The order in which the vector unit hands out a row's products: R / 16 units at a time, either straight on over the
// whole row with `pitch` units per pixel, or (`by_pixel`) pixel by pixel (docs/overlay.md, section 7).
#ifndef OVERLAY_ORDER_H
#define OVERLAY_ORDER_H

#include "arithmetic.h"

enum { EACH = LANES / UNIT_BYTES };  // units per cycle

typedef struct {
    bool by_pixel;
    int pitch;
    int units;   // units of a pixel that count; the others are padding
    int groups;  // groups of R lanes of a row
} order_t;

INLINE order_t order_of(const command_t *c) {
    order_t o;
    o.units = units_of(c->out_channels);
    const bool straight_depthwise = c->op == OP_DEPTHWISE && c->stride_columns == 1;
    o.by_pixel = !(straight_depthwise || c->op == OP_ADD || c->op == OP_MUL || c->op == OP_SCALE || c->op == OP_LRN);
    o.pitch = straight_depthwise ? pitch_of(o.units) : o.units;
    o.groups = o.by_pixel ? c->out_width * ceil_div(o.units, EACH) : ceil_div(c->out_width * o.pitch, EACH);
    return o;
}

// Walks the units of a row in that order; `column` out_width means past the end (the lanes idle).
typedef struct {
    int column, unit;
} unit_cursor_t;

INLINE void next_unit(const order_t *o, unit_cursor_t *at) {
    INLINED
    const int end = o->by_pixel ? ceil_div(o->units, EACH) * EACH : o->pitch;
    ++at->unit;
    if (at->unit == end) {
        at->unit = 0;
        ++at->column;
    }
}

INLINE bool counts_in(const command_t *c, const order_t *o, const unit_cursor_t *at) {
    INLINED
    return at->column < c->out_width && at->unit < o->units;
}

#endif
