// WS and IS, cycle by cycle (docs/overlay.md, section 4). WS: weights stay, values move right, sums move down; the next
// tile's weights come down behind. IS: inputs stay, weights move right, sums move down; the next tile's inputs come from
// the left behind.
#ifndef OVERLAY_FLOW_STATIONARY_H
#define OVERLAY_FLOW_STATIONARY_H

#include "flow_state.h"

INLINE int piece_size(const geometry_t *g, const piece_t *p) {
    INLINED
    return smaller(ARRAY_ROWS, g->segment_values - p->first);
}

// The next P1 values of the segment: their unit is a step further, or one more, and that less than a pixel further.
INLINE void next_window(const geometry_t *g, piece_t *p) {
    INLINED
    const int units = whole_units(g, p->first + ARRAY_ROWS) - whole_units(g, p->first);
    p->first += ARRAY_ROWS;
    p->at.tap += g->step.tap;
    p->at.unit += g->step.unit + (units - whole_units(g, ARRAY_ROWS));
    if (p->at.unit < g->pitch) return;
    p->at.unit -= g->pitch;
    ++p->at.tap;
}

// "kt = repeats sum over segments of ceil(segment / (P1 e))" pieces, each with all its tiles.
INLINE void next_piece(const geometry_t *g, int tiles, piece_t *p) {
    INLINED
    const within_t begin = {0, 0};
    const part_t none = {0, 0, 0};
    ++p->tile;
    if (p->tile < tiles) return;
    p->tile = 0;
    next_window(g, p);
    if (p->first < g->segment_values) return;
    p->first = 0;
    p->at = begin;
    next_part(g->segment_columns, &p->segment);
    if (p->segment.number < g->segments) return;
    p->segment = none;
    next_part(g->repeat_columns, &p->repeat);
}

// First byte of the weights of a piece, of all output channels.
INLINE int piece_weights(const geometry_t *g, const piece_t *p) {
    INLINED
    const int segment = times(g->segments, p->repeat.number) + p->segment.number;
    const int before = times(g->segment_values, segment) + p->first;
    return g->weights + bytes_of(g, times(before, g->channels));
}

// The first piece of a repeat begins its sums, unless an earlier pass has.
INLINE bool begins_sums(const command_t *c, const piece_t *p) {
    INLINED
    return p->segment.number == 0 && p->first == 0 && !(c->flags & FLAG_ACCUMULATE);
}

// WS, "the weights of a tile are loaded behind the one before it, a row in a cycle". Rows that have no value of a tile
// keep what they hold: the windows are zero there.
INLINE void ws_load_weights(flow_t *f, int now, units_read_t weight_buffer, entry_t *entry) {
    INLINED
    const geometry_t *g = &f->g;
    const int size = piece_size(g, &f->next);
    if (f->next.repeat.number >= g->repeats || f->load_row >= size) return;
    const int first = times(g->wide, f->next.tile);
    const int across = smaller(g->wide, g->channels - first);
    const int before = times(first, size) + times(across, f->load_row);
    entry->load_index = f->load_row;
    read_weight_row(g, piece_weights(g, &f->next) + bytes_of(g, before), across, weight_buffer, entry->top);
    f->last_load = now;
    ++f->load_row;
}

// WS, "positions stream, one window of P1 values per cycle".
INLINE void ws_stream_position(const command_t *c, const block_t *b, flow_t *f, units_read_t input_buffer,
                               cycle_t *out) {
    INLINED
    const geometry_t *g = &f->g;
    const piece_t *held = &f->held;
    if (f->tile < 0 || f->spot.number >= g->spots) return;
    if (f->step == 0) out->entry.tag = TAG_SWAP;
    const segment_t w = open_segment(c, b, g, &f->spot, &held->repeat, &held->segment);
    read_window(c, g, &w, held->first, held->at, piece_size(g, held), input_buffer, out->entry.left);
    const shifted_t to = shifted(c, g, &f->spot, &held->repeat);
    out->target.valid = to.valid;
    out->target.fresh = to.first && begins_sums(c, held);
    out->target.row = f->sums.first + times(to.number, f->sums.lines) + held->tile;
    out->target.count = smaller(g->wide, g->channels - times(g->wide, held->tile));
    next_spot(g, &f->spot);
}

// IS, "min(a, Cw)": the positions of the next tile come from the left, one per cycle. A position sits in the
// column whose accumulator bank its sums belong to; one whose sums belong nowhere, in none. Positions of a tile have banks
// of their own: from one to the next, outputs are no further apart than positions, for no output is wider than its input.
INLINE void is_load_position(const command_t *c, const block_t *b, flow_t *f, int now, units_read_t input_buffer,
                             cycle_t *out) {
    INLINED
    const geometry_t *g = &f->g;
    const piece_t *next = &f->next;
    const spot_t start = {0, 0, 0};
    const int count = smaller(g->wide, g->spots - times(g->wide, next->tile));
    if (next->repeat.number >= g->repeats || f->load_row >= count) return;
    if (f->load_row == 0 && next->tile == 0) f->spot = start;
    const segment_t w = open_segment(c, b, g, &f->spot, &next->repeat, &next->segment);
    read_window(c, g, &w, next->first, next->at, piece_size(g, next), input_buffer, out->entry.load);
    const shifted_t to = shifted(c, g, &f->spot, &next->repeat);
    out->arrival.valid = to.valid;
    out->arrival.fresh = to.first;
    out->arrival.row = to.number / (ARRAY_COLUMNS * PACKING);
    out->entry.load_index = to.valid ? to.number % (ARRAY_COLUMNS * PACKING) : -1;
    f->last_load = now;
    ++f->load_row;
    next_spot(g, &f->spot);
}

// IS, "weights stream, P1 values of one output channel per cycle".
INLINE void is_stream_weights(const command_t *c, flow_t *f, units_read_t weight_buffer, cycle_t *out) {
    INLINED
    const geometry_t *g = &f->g;
    if (f->tile < 0 || f->work_index >= g->channels) return;
    if (f->step == 0) out->entry.tag = TAG_SWAP;
    const int size = piece_size(g, &f->held);
    const int byte = piece_weights(g, &f->held) + times(f->work_index, size);
    unit_t units[BANKS];
    read_weights(weight_buffer, byte, size, units);
rows_of_array:
    UNROLLED
    for (int i = 0; i < ARRAY_ROWS; ++i) {
        UNROLL_THIS
        const int at = byte % UNIT_BYTES + i;
        out->entry.left[i] = i < size ? (value_t)units[at / UNIT_BYTES].byte[at % UNIT_BYTES] : (value_t)0;
    }
    out->target.valid = true;
    out->target.own = true;
    out->target.fresh = begins_sums(c, &f->held);
    out->target.row = f->sums.first + times(f->work_index, f->sums.lines);
    ++f->work_index;
}

INLINE void ws_cycle(const command_t *c, const block_t *b, flow_t *f, int now, units_read_t input_buffer,
                     units_read_t weight_buffer, cycle_t *out) {
    INLINED
    ws_load_weights(f, now, weight_buffer, &out->entry);
    ws_stream_position(c, b, f, input_buffer, out);
}

INLINE void is_cycle(const command_t *c, const block_t *b, flow_t *f, int now, units_read_t input_buffer,
                     units_read_t weight_buffer, cycle_t *out) {
    INLINED
    is_load_position(c, b, f, now, input_buffer, out);
    is_stream_weights(c, f, weight_buffer, out);
}

// Cycles in which the next tile is loaded; behind the last one of a block as many as for the first of the next.
INLINE int load_cycles(const command_t *c, const flow_t *f) {
    INLINED
    return c->dataflow == WS ? piece_size(&f->g, &f->next) : smaller(f->g.spots, f->g.wide);
}

// Before the first tile something is loaded alone.
INLINE void stationary_begin(const command_t *c, flow_t *f, int now) {
    SET_UP
    const geometry_t *g = &f->g;
    const bool ws = c->dataflow == WS;
    f->work = ws ? g->spots : g->channels;
    f->steps = load_cycles(c, f);
    f->tiles = rows_over(c, ws ? g->channels : g->spots);
    f->tail = ARRAY_ROWS + ARRAY_COLUMNS + 1;
    f->last_load = now;
}

// What was loaded is worked on next, for as long as it takes, or the next tile's load: over all tiles, WS "sum of max(a,
// v)", IS "max(oc, min(a, Cw))" each.
INLINE void stationary_next_tile(const command_t *c, flow_t *f) {
    INLINED
    const spot_t start = {0, 0, 0};
    ++f->tile;
    f->ending = f->next.repeat.number >= f->g.repeats;
    f->held = f->next;
    next_piece(&f->g, f->tiles, &f->next);
    f->steps = larger(f->work, load_cycles(c, f));
    f->step = 0;
    f->load_row = 0;
    f->work_index = 0;
    if (c->dataflow == WS) f->spot = start;
}

INLINE void stationary_cycle(const command_t *c, const block_t *b, flow_t *f, int now, units_read_t input_buffer,
                             units_read_t weight_buffer, cycle_t *out) {
    INLINED
    out->moves = true;
    out->counts = f->tile >= 0 && !f->ending;
    if (f->ending) {
        out->loading = true;
        --f->tail;
        return;
    }
    if (c->dataflow == WS)
        ws_cycle(c, b, f, now, input_buffer, weight_buffer, out);
    else
        is_cycle(c, b, f, now, input_buffer, weight_buffer, out);
    out->loading = now - f->last_load <= ARRAY_ROWS + ARRAY_COLUMNS;
    ++f->step;
    if (f->step >= f->steps) stationary_next_tile(c, f);
}

#endif
