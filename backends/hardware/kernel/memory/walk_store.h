// What STORE writes of a block (docs/overlay.md, section 6): a run for each plane, and which bytes of the output buffer
// it is made of.
#ifndef OVERLAY_WALK_STORE_H
#define OVERLAY_WALK_STORE_H

#include "slices.h"

INLINE int planes_of_output(const command_t *c, const block_t *b) {
    return c->output_format == C16 ? units_of(b->channels) : 1;
}

INLINE slices_t slices_of_output(const command_t *c, const block_t *b) {
    SET_UP
    if (c->output_format == C16) return slices_of(b->rows, 1, c->output_row_bytes, 0);
    return slices_of(b->rows, c->out_width, b->channels, c->output_row_bytes - c->out_width * b->channels);
}

INLINE writer_t run_of_output(const command_t *c, const block_t *b, int plane) {
    const int before = c->output_format == C16 ? b->first_channel / UNIT_BYTES + plane : 0;
    return begin_run(c->output_address + bytes_times((uint64_t)c->output_plane_bytes, before) +
                     bytes_times((uint64_t)c->output_row_bytes, b->first_row));
}

// Where a slice lies in the block's half of the output buffer: n pixels of a plane, or n planes of a pixel (hwc). `pitch`:
// output_pitch.
INLINE units_t place_of_output(const command_t *c, const block_t *b, const slices_t *p, int plane, int pitch) {
    INLINED
    units_t u;
    const int units = p->first / UNIT_BYTES;
    const bool by_plane = c->output_format == C16;
    u.unit = times(c->out_width, p->row) + times(pitch, by_plane ? plane : units) + (by_plane ? units : p->part);
    u.step = by_plane ? 1 : pitch;
    u.count = by_plane ? smaller(WORD_UNITS, c->out_width - units) : is_padding(p) ? 0 : units_of(slice_bytes(p));
    u.known = by_plane ? b->channels - plane * UNIT_BYTES : slice_bytes(p);
    u.follows = !by_plane;
    u.joins = false;
    u.shift = 0;
    return u;
}

#endif
