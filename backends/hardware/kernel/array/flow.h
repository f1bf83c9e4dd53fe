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
    if (c->dataflow == NS)
        ns_begin(c, &f, now);
    else
        stationary_begin(c, &f, now);
    return f;
}

// Cycles of a block (docs/overlay.md, section 4): `fill`, tile after tile, and until the array is empty. NS fills its row
// buffers while the array stands.
INLINE int fill_cycles(const command_t *c, const flow_t *f) {
    SET_UP
    if (c->dataflow != NS) return load_cycles(c, f);
    return ARRAY_ROWS * f->g.segments * ceil_div(f->g.segment_units, WORD_UNITS);
}

INLINE int flow_length(const command_t *c, const flow_t *f) {
    SET_UP
    const int fill = fill_cycles(c, f);
    if (c->dataflow == NS) return fill + f->tiles * larger(fill, f->column_tiles * f->steps) + f->tail;
    const int whole = f->g.segment_values / ARRAY_ROWS;
    const int rest = f->g.segment_values - whole * ARRAY_ROWS;
    const int tiles = f->g.repeats * f->g.segments * f->tiles;
    if (c->dataflow == IS) return fill + tiles * (whole + (rest > 0)) * larger(f->work, fill) + f->tail;
    const int last = rest > 0 ? larger(f->work, rest) : 0;
    return fill + tiles * (whole * larger(f->work, ARRAY_ROWS) + last) + f->tail;
}

// Cycles in which the array moves.
INLINE int moving_cycles(const command_t *c, const block_t *b) {
    const flow_t f = flow_of(c, b, 0);
    return flow_length(c, &f) - (c->dataflow == NS ? fill_cycles(c, &f) : 0);
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
