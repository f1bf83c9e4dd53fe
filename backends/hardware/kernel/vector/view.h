// The input buffer as the vector unit sees a tensor of the block.
#ifndef OVERLAY_VIEW_H
#define OVERLAY_VIEW_H

#include "arithmetic.h"
#include "banks.h"

typedef struct {
    int unit, pitch;           // first unit; units from a pixel to the next
    int width, height, start;  // columns; rows and first row of the image
} view_t;

INLINE view_t view_of(const command_t *c, const block_t *b, int unit, int channels) {
    const view_t v = {unit, pitch_of(units_of(channels)), c->width, c->height, b->input_start};
    return v;
}

// The unit of a pixel's first channels.
INLINE int pixel_unit(const view_t *v, int row, int column) {
    INLINED
    return v->unit + times(times(row - v->start, v->width) + column, v->pitch);
}

#endif
