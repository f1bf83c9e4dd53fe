// The dataflows of the array, cycle by cycle (docs/overlay.md, section 4): what enters the array, what is loaded
// behind it and where the sums go. One call of flow_cycle is one clock cycle; array_cycle takes it from there.
#ifndef OVERLAY_FLOW_H
#define OVERLAY_FLOW_H

#include "flow_ns.h"
#include "flow_stationary.h"

// A block begins. `now`: the array's cycle.
INLINE flow_t flow_of(const command_t *c, const block_t *b, int now) {
    flow_t f = ZERO;
    f.g = geometry_of(c, b);
    f.sums = sums_of(c, b, f.g.sums);
    f.mode.sums_stay = c->dataflow == NS;
    f.mode.inputs_stay = c->dataflow == IS;
    f.mode.single = c->algorithm == WINOGRAD;
    f.tile = -1;
    f.last_load = now;
    if (c->dataflow == NS) {
        ns_begin(c, &f, now);
        return f;
    }
    f.tiles = ceil_div(c->dataflow == IS ? f.g.spots : f.g.channels, f.g.wide);
    f.tail = ARRAY_ROWS + ARRAY_COLUMNS + 1;
    return f;
}

// The next cycle of a block; false when the array is empty again.
INLINE bool flow_cycle(const command_t *c, const block_t *b, flow_t *f, int now, units_read_t input_buffer,
                       units_read_t weight_buffer, row_buffers_t row_buffers, tile_spots_t *spots, cycle_t *out) {
    INLINED
    if (f->ending && f->tail == 0) return false;
    const cycle_t idle = ZERO;
    *out = idle;
    out->entry.load_index = -1;
    out->drain[0] = -1;
    out->drain[1] = -1;
    if (c->dataflow == NS)
        ns_cycle(c, b, f, now, input_buffer, weight_buffer, row_buffers, spots, out);
    else
        stationary_cycle(c, b, f, now, input_buffer, weight_buffer, out);
    return true;
}

#endif
