// NS, cycle by cycle: values move right, weights move down, sums stay; a finished tile leaves down the columns
// (docs/overlay.md, section 4). Three things happen side by side, each in a function of its own: the windows of the next
// tile are fed into the row buffers, this tile is computed, and the sums of the tile before leave.
#ifndef OVERLAY_FLOW_NS_H
#define OVERLAY_FLOW_NS_H

#include "flow_state.h"

// Two halves of a buffer for each row of the array: units of a window, the pads between pixels left out, each half in as
// many banks as the input buffer. A word of units goes to banks of their own, and a value lies in one.
enum { ROW_BUFFER_ROWS = (ROW_BUFFER_BYTES / UNIT_BYTES + BANKS - 1) / BANKS };

MEMORY_TYPE(row_buffers, int8_t, [2], [ARRAY_ROWS][ROW_BUFFER_ROWS][BANKS][UNIT_BYTES])

// What is fed and computed is counted from 0 on: both have come around with the tile before.
INLINE void ns_begin_tile(flow_t *f) {
    INLINED
    f->computing = f->tile >= 0;
    f->feeding = f->tile < f->tiles;  // behind the last tile nothing is fed, for as long as a tile takes
    f->feed.row = 0;
}

INLINE void ns_begin(const command_t *c, flow_t *f, int now) {
    SET_UP
    f->tiles = ceil_div(f->g.spots, ARRAY_ROWS);
    f->first = -ARRAY_ROWS;
    f->column_tiles = rows_over(c, f->g.channels);
    f->steps = larger(f->g.values, ARRAY_ROWS);
    f->tail = 2 * ARRAY_ROWS + ARRAY_COLUMNS + 2;
    f->drained[0].start = now - 4 * RING;
    f->drained[1].start = now - 4 * RING;
    ns_begin_tile(f);
}

// Writes the units of a word that `places` has a place for, one behind the other.
INLINE void write_row_units(row_buffers_write_t row_buffers, int side, int row, const int places[WORD_UNITS],
                            const unit_t units[BANKS]) {
    INLINED
write_banks:
    UNROLLED
    for (int k = 0; k < BANKS; ++k) {
        UNROLL_THIS
        int from = -1;
    unit_of_bank:
        UNROLLED
        for (int j = 0; j < WORD_UNITS; ++j) {
            UNROLL_THIS
            if (places[j] >= 0 && (places[j] & (BANKS - 1)) == k) from = j;
        }
        if (from < 0) continue;
    bytes_of_unit:
        UNROLLED
        for (int i = 0; i < UNIT_BYTES; ++i) {
            UNROLL_THIS
            row_buffers[side][row][places[from] / BANKS][k][i] = units[from].byte[i];
        }
    }
}

// Copies the units of a word into the row buffer; the pad units between pixels are left out.
INLINE void ns_feed_word(const command_t *c, const geometry_t *g, feed_t *d, const segment_t *w, int side,
                         units_read_t input_buffer, row_buffers_write_t row_buffers) {
    INLINED
    const int place = d->first;
    unit_t units[BANKS];
    int places[WORD_UNITS];
    within_t at = {d->tap, d->unit};
    read_segment(c, g, w, &at, place, smaller(WORD_UNITS, g->segment_units - place), input_buffer, units);
units_of_word:
    UNROLLED
    for (int k = 0; k < WORD_UNITS; ++k) {
        UNROLL_THIS
        places[k] = -1;
        if (place + k >= g->segment_units) continue;
        if (d->unit < g->units) {
            places[k] = d->position;
            ++d->position;
        }
        ++d->unit;
        if (d->unit == g->pitch) {
            d->unit = 0;
            ++d->tap;
        }
    }
    write_row_units(row_buffers, side, d->row, places, units);
}

// "P1 positions stay in P1 row buffers, which are fed through a chain one word per cycle": `fill = P1 words`.
INLINE void ns_feed(const command_t *c, const block_t *b, flow_t *f, units_read_t input_buffer,
                    row_buffers_write_t row_buffers) {
    INLINED
    const geometry_t *g = &f->g;
    feed_t *d = &f->feed;
    const part_t none = {0, 0, 0};
    const int side = (f->tile + 1) & 1;
    if (d->spot.number < g->spots) {
        const segment_t w = open_segment(c, b, g, &d->spot, &none, &d->segment);
        ns_feed_word(c, g, d, &w, side, input_buffer, row_buffers);
    }
    d->first += WORD_UNITS;
    if (d->first < g->segment_units) return;
    d->first = 0;
    d->tap = 0;
    d->unit = 0;
    next_part(g->segment_columns, &d->segment);
    if (d->segment.number < g->segments) return;
    d->segment = none;
    d->position = 0;
    ++d->row;
    next_spot(g, &d->spot);
    f->feeding = d->row < ARRAY_ROWS;
}

// The operands of value `f->value` of the tile: a row of weights at the top, a value of every row buffer at the left.
INLINE void ns_operands(const flow_t *f, units_read_t weight_buffer, row_buffers_read_t row_buffers, entry_t *entry) {
    INLINED
    const geometry_t *g = &f->g;
    const int side = f->tile & 1;
    const int oc = times(g->wide, f->column_tile);
    const int weights = smaller(g->wide, g->channels - oc);
    const int before = times(g->values, oc) + times(f->value, weights);
    read_weight_row(g, g->weights + before, weights, weight_buffer, entry->top);
    const int unit = f->value / UNIT_BYTES;
    const int byte = f->value % UNIT_BYTES;
rows_of_array:
    UNROLLED
    for (int i = 0; i < ARRAY_ROWS; ++i) {
        UNROLL_THIS
        const int8_t value = row_buffers[side][i][unit / BANKS][unit & (BANKS - 1)][byte];
        entry->left[i] = f->first + i < g->spots ? (value_t)value : (value_t)0;
    }
    entry->tag = (f->value == 0 ? TAG_FIRST : 0) | (f->value == g->values - 1 ? TAG_LAST : 0);
}

// The tile's last values have entered: its sums will leave.
INLINE void ns_finish_tile(flow_t *f, int now) {
    INLINED
    f->newest ^= 1;
    drained_t *d = &f->drained[f->newest];
    d->start = now;
    d->first = f->first;
    d->column_tile = f->column_tile;
}

// "no max(b, P1)": a value per cycle; a tile of at least P1 cycles.
INLINE void ns_compute(flow_t *f, int now, units_read_t weight_buffer, row_buffers_read_t row_buffers, entry_t *entry) {
    INLINED
    const geometry_t *g = &f->g;
    if (f->value < g->values) {
        ns_operands(f, weight_buffer, row_buffers, entry);
        if (f->value == g->values - 1) ns_finish_tile(f, now);
        ++f->value;
    }
    ++f->step;
    if (f->step < f->steps) return;
    f->step = 0;
    f->value = 0;
    ++f->column_tile;
    if (f->column_tile < f->column_tiles) return;
    f->column_tile = 0;
    f->computing = false;
}

// "drain = P1": results of a finished tile leave down the columns, the last row first, one row per cycle. Tiles take P1
// cycles at least, so that one of the two leaves the array at a time.
INLINE void ns_drain(const command_t *c, const flow_t *f, int now, cycle_t *out) {
    INLINED
    int row = -1;
    drained_t d = f->drained[0];
leaving_tiles:
    UNROLLED
    for (int k = 0; k < 2; ++k) {
        UNROLL_THIS
        const int age = now - f->drained[k].start - (ARRAY_ROWS - 1);
        out->drain[k] = age - 1;
        if (age < 0 || age >= ARRAY_ROWS) continue;
        row = ARRAY_ROWS - 1 - age;
        d = f->drained[k];
    }
    const int number = d.first + row;
    if (row < 0 || number >= f->g.spots) return;
    out->target.valid = true;
    out->target.fresh = !(c->flags & FLAG_ACCUMULATE);
    out->target.row = f->sums.first + times(number, f->sums.lines) + d.column_tile;
    out->target.count = smaller(f->g.wide, f->g.channels - times(f->g.wide, d.column_tile));
}

// What was fed is computed next.
INLINE void ns_next_tile(flow_t *f) {
    INLINED
    ++f->tile;
    f->first += ARRAY_ROWS;
    f->ending = f->tile == f->tiles;
    ns_begin_tile(f);
}

// "tile = max(computing, P1 words)": the next tile begins when this one is computed and that one is fed.
INLINE void ns_cycle(const command_t *c, const block_t *b, flow_t *f, int now, units_read_t input_buffer,
                     units_read_t weight_buffer, row_buffers_write_t row_buffers, cycle_t *out) {
    INLINED
    out->loading = true;
    out->moves = f->tile >= 0;  // fill: the array waits for its first operands
    out->counts = out->moves && !f->ending;
    if (f->feeding) ns_feed(c, b, f, input_buffer, row_buffers);
    if (f->computing && !f->ending) ns_compute(f, now, weight_buffer, row_buffers, &out->entry);
    if (out->moves) ns_drain(c, f, now, out);
    if (f->ending)
        --f->tail;
    else if (!f->feeding && !f->computing)
        ns_next_tile(f);
}

#endif
