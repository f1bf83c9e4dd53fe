// What STORE writes of a block (docs/overlay.md, section 6): a run for each plane, and which bytes of the output buffer
// it is made of.
#ifndef OVERLAY_WALK_STORE_H
#define OVERLAY_WALK_STORE_H

#include "slices.h"

INLINE int planes_of_output(const command_t *c, const block_t *b) {
    return c->output_format == C16 ? units_of(b->channels) : 1;
}

INLINE slices_t slices_of_output(const command_t *c, const block_t *b) {
    if (c->output_format == C16) return slices_of(b->rows, 1, c->output_row_bytes, 0);
    return slices_of(b->rows, c->out_width, b->channels, c->output_row_bytes - c->out_width * b->channels);
}

INLINE writer_t run_of_output(const command_t *c, const block_t *b, int plane) {
    const int before = c->output_format == C16 ? b->first_channel / UNIT_BYTES + plane : 0;
    return begin_run(c->output_address + (uint64_t)before * (uint64_t)c->output_plane_bytes +
                     (uint64_t)b->first_row * (uint64_t)c->output_row_bytes);
}

// Where a slice lies in the block's half of the output buffer: n pixels of a plane, or n planes of a pixel (hwc).
INLINE units_t place_of_output(const command_t *c, const block_t *b, const slices_t *p, int plane) {
    INLINED
    units_t u;
    const int units = p->first / UNIT_BYTES;
    const int pitch = output_pitch(c, b);
    const bool by_plane = c->output_format == C16;
    u.unit = p->row * c->out_width + (by_plane ? plane * pitch + units : units * pitch + p->part);
    u.step = by_plane ? 1 : pitch;
    u.count = by_plane ? smaller(WORD_UNITS, c->out_width - units) : is_padding(p) ? 0 : units_of(slice_bytes(p));
    u.known = by_plane ? b->channels - plane * UNIT_BYTES : slice_bytes(p);
    u.less = by_plane ? 0 : UNIT_BYTES;
    u.joins = false;
    u.shift = 0;
    return u;
}

#endif
