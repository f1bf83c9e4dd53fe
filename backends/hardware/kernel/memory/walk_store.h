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

// Byte `i` of a slice: its unit of the block's half of the output buffer, or -1 where no channel or pixel owns it and it
// is written as 0.
INLINE int unit_of_output(const command_t *c, const block_t *b, const slices_t *p, int plane, int i) {
    INLINED
    const int byte = p->first + i;
    const int pixels = b->rows * c->out_width;
    if (c->output_format == C16) {
        const int column = byte / UNIT_BYTES;
        const bool owned = column < c->out_width && plane * UNIT_BYTES + i % UNIT_BYTES < b->channels;
        return owned ? plane * pixels + p->row * c->out_width + column : -1;
    }
    const bool owned = !is_padding(p) && byte < b->channels;
    return owned ? byte / UNIT_BYTES * pixels + p->row * c->out_width + p->part : -1;
}

#endif
