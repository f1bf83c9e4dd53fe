// The dataflows of the array, cycle by cycle (docs/overlay.md, section 4): what enters the array, what is loaded
// behind it and where the sums go. One call of flow_cycle is one clock cycle; array_cycle takes it from there.
#ifndef OVERLAY_FLOW_H
#define OVERLAY_FLOW_H

#include "flow_ns.h"
#include "flow_stationary.h"

INLINE usage_t usage_of(const command_t *c) {
    const usage_t u = {c->dataflow == NS, c->dataflow == IS, c->algorithm == WINOGRAD};
    return u;
}

// A block begins. `now`: the array's cycle.
INLINE flow_t flow_of(const command_t *c, const block_t *b, int now) {
    flow_t f = ZERO;
    f.g = geometry_of(c, b);
    f.sums = sums_of(c, b, f.g.sums);
    f.mode = usage_of(c);
    f.tile = -1;
    f.last_load = now;
    if (c->dataflow == NS) {
        ns_begin(c, &f, now);
        return f;
    }
    f.tiles = rows_over(c, c->dataflow == IS ? f.g.spots : f.g.channels);
    f.tail = ARRAY_ROWS + ARRAY_COLUMNS + 1;
    return f;
}

// Cycles of a block (docs/overlay.md, section 4): `fill`, tile after tile, and until the array is empty. NS fills its row
// buffers while the array stands.
INLINE int fill_cycles(const command_t *c, const flow_t *f) {
    if (c->dataflow != NS) return stationary_steps(c, f);
    return ARRAY_ROWS * f->g.segments * ceil_div(f->g.segment_units, WORD_UNITS);
}

INLINE int flow_length(const command_t *c, const flow_t *f) {
    const int fill = fill_cycles(c, f);
    if (c->dataflow == NS) return fill + f->tiles * larger(fill, f->column_tiles * f->steps) + f->tail;
    const int pieces = f->g.repeats * f->g.segments * ceil_div(f->g.segment_values, ARRAY_ROWS) * f->tiles;
    return fill + pieces * larger(fill, (c->dataflow == WS ? f->g.spots : f->g.channels) * f->g.window_words) + f->tail;
}

INLINE cycle_t idle_cycle(void) {
    INLINED
    cycle_t idle = ZERO;
    idle.entry.load_index = -1;
    idle.drain[0] = -1;
    idle.drain[1] = -1;
    return idle;
}

// The next cycle of a block; false when the array is empty again.
INLINE bool flow_cycle(const command_t *c, const block_t *b, flow_t *f, int now, units_read_t input_buffer,
                       units_read_t weight_buffer, row_buffers_write_t row_buffers, cycle_t *out) {
    INLINED
    if (f->ending && f->tail == 0) return false;
    *out = idle_cycle();
    if (c->dataflow == NS)
        ns_cycle(c, b, f, now, input_buffer, weight_buffer, row_buffers, out);
    else
        stationary_cycle(c, b, f, now, input_buffer, weight_buffer, out);
    return true;
}

#endif
