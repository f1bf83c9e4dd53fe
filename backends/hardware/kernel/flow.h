// The dataflows of the array, cycle by cycle (docs/overlay.md, section 4): what enters the array, what is loaded
// behind it and where the sums go. One call of flow_cycle is one clock cycle; each kernel has an array of its own
// that takes it from there.
//
//   NS   values move right, weights move down, sums stay; a finished tile leaves down the columns
//   WS   weights stay, values move right, sums move down; the next tile's weights come down behind
//   IS   inputs stay, weights move right, sums move down; the next tile's inputs come from the left behind
#ifndef OVERLAY_FLOW_H
#define OVERLAY_FLOW_H

#include "sums.h"

// What travels with an operand along a row: NS: FIRST value of a tile, LAST value, SHIFT the column's results down;
// WS, IS: SWAP the operand that stays for the one that was loaded behind it.
enum { TAG_FIRST = 1, TAG_LAST = 2, TAG_SHIFT = 4, TAG_SWAP = 8 };

// What enters the array in one cycle, before the skew. `load` is the operand that will stay: for WS pairs at the top
// for row `load_index`; for IS values at the left for the product column `load_index` (-1: nothing is loaded).
typedef struct {
    value_t left[ARRAY_ROWS];
    pair_t top[ARRAY_COLUMNS];
    value_t load[ARRAY_ROWS];
    int tag;
    int load_index;
} entry_t;

// Where the sums that leave the columns in one cycle go. It enters at column 0 and moves right with the sums.
typedef struct {
    bool valid;
    bool own;        // IS: each product column has a row and a bank of its own, see column_t
    bool fresh;      // the sum replaces what the accumulator holds
    int row, count;  // accumulator row; product columns that count
} target_t;

// IS: where a product column's sums go, relative to the output channel's first row. It comes with the position that
// will stay in the column, and behaves like one more row of PEs: caught when the position passes, used after the
// swap.
typedef struct {
    bool valid, fresh;
    int row, bank;
} column_t;

// How the array works during a block.
typedef struct {
    bool sums_stay;    // NS
    bool inputs_stay;  // IS
    bool single;       // one Winograd product per PE
} usage_t;

typedef struct {
    bool moves;   // the array takes a step; if not, only row buffers are filled
    bool counts;  // the cycle is one of the plan's: neither fill nor drain
    bool loading; // operands that will stay are on their way through the array
    entry_t entry;
    column_t arrival;
    target_t target;  // of the sums that leave column 0 `target_delay` cycles from now
    int target_delay;
    int drain[2];     // NS: rows above these of a column hold results that move down; below 0: none
} cycle_t;

// NS: tiles of P1 positions; while one computes, the next is fed into the other half of the row buffers.
typedef struct {
    int repeat, row_tile;     // of the outer repeats; of the positions
    int row, segment, word;   // what is fed next
    int tap, unit, position;  // the word's place in its segment, and in the row buffer
    spot_t spot;
    spot_t first;             // first position of the tile
} feed_t;

// NS: a tile whose sums leave the array, or will: the last two.
typedef struct {
    int start;  // cycle in which its last values entered
    int slot, column_tile, repeat, outer;
} drained_t;

// WS, IS: what the rows of the array hold at a time: a piece of a segment of one repeat, and a tile of output channels
// (WS) or of positions (IS).
typedef struct {
    int repeat, segment, first, tile;
} piece_t;

// A block of a convolution on its way.
typedef struct {
    geometry_t g;
    sums_t sums;
    usage_t mode;
    int tile, tiles;  // -1: the first tile's operands are fetched; tiles (NS) or no piece left: the array empties
    int tail;         // cycles until the array is empty
    bool ending;
    // NS
    int inner, outer;  // unit convolutions on one feeding, and feedings
    int row_tiles, column_tiles, steps;
    feed_t feed;
    bool feeding, computing;
    int column_tile, repeat, value, beat, step, work_outer;
    drained_t drained[2];
    int newest;
    // WS, IS
    piece_t held, next;
    int load_beat, load_row, work_beat, work_index, last_load;
    spot_t spot;
    int place;
} flow_t;

// Positions of the NS tiles that are fed, computed or drained.
typedef struct {
    spot_t spot[4][ARRAY_ROWS];
    bool known[4][ARRAY_ROWS];
} tile_spots_t;

INLINE int piece_size(const geometry_t *g, const piece_t *p) {
    INLINED
    return smaller(ARRAY_ROWS, g->segment_values - p->first);
}

INLINE void next_piece(const geometry_t *g, int tiles, piece_t *p) {
    INLINED
    ++p->tile;
    if (p->tile < tiles) return;
    p->tile = 0;
    p->first += ARRAY_ROWS;
    if (p->first < g->segment_values) return;
    p->first = 0;
    ++p->segment;
    if (p->segment < g->segments) return;
    p->segment = 0;
    ++p->repeat;
}

// First byte of the weights of a piece, of all output channels.
INLINE int piece_weights(const geometry_t *g, const piece_t *p) {
    INLINED
    const int before = (p->repeat * g->segments + p->segment) * g->segment_values + p->first;
    return g->weights + g->value_bytes * before * g->channels;
}

INLINE void ns_begin_tile(flow_t *f) {
    INLINED
    f->computing = f->tile >= 0;
    f->feeding = f->tile < f->tiles;  // behind the last tile nothing is fed, for as long as a tile takes
    f->column_tile = 0;
    f->repeat = 0;
    f->value = 0;
    f->beat = 0;
    f->step = 0;
    f->feed.row = 0;
    f->feed.segment = 0;
    f->feed.word = 0;
    f->feed.tap = 0;
    f->feed.unit = 0;
    f->feed.position = 0;
    f->feed.spot = f->feed.first;
}

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
        f.inner = c->algorithm == KN2ROW ? c->kernel_columns : 1;
        f.outer = f.g.repeats / f.inner;
        f.row_tiles = ceil_div(f.g.spots, ARRAY_ROWS);
        f.column_tiles = ceil_div(f.g.channels, f.g.wide);
        f.tiles = f.outer * f.row_tiles;
        f.steps = larger(f.g.values * f.g.weight_row, ARRAY_ROWS);
        f.tail = 2 * ARRAY_ROWS + ARRAY_COLUMNS + 2;
        f.drained[0].start = now - 4 * RING;
        f.drained[1].start = now - 4 * RING;
        ns_begin_tile(&f);
    } else {
        f.tiles = ceil_div(c->dataflow == IS ? f.g.spots : f.g.channels, f.g.wide);
        f.tail = ARRAY_ROWS + ARRAY_COLUMNS + 1;
    }
    return f;
}

// NS: one word of the next tile's windows goes through the chain of row buffers.
INLINE void ns_feed(const command_t *c, const block_t *b, flow_t *f,
                    const int8_t input_buffer[INPUT_UNITS][UNIT_BYTES],
                    int8_t row_buffers[2][ARRAY_ROWS][ROW_BUFFER_BYTES], tile_spots_t *spots) {
    INLINED
    const geometry_t *g = &f->g;
    feed_t *d = &f->feed;
    const int slot = (f->tile + 1) & 3;
    const int side = (f->tile + 1) & 1;
    const bool exists = f->tile + 1 < f->tiles && d->spot.number < g->spots;
    if (d->segment == 0 && d->word == 0) {
        spots->spot[slot][d->row] = d->spot;
        spots->known[slot][d->row] = exists;
    }
    if (exists) {
        const segment_t w = open_segment(c, b, g, &d->spot, d->repeat * f->inner, d->segment);
    units_of_word:
        UNROLLED
        for (int k = 0; k < WORD_UNITS; ++k) {
            UNROLL_THIS
            if (d->word * WORD_UNITS + k >= g->segment_units) continue;
            if (d->unit < g->units) {
            bytes_of_unit:
                UNROLLED
                for (int i = 0; i < UNIT_BYTES; ++i) {
                    UNROLL_THIS
                    row_buffers[side][d->row][d->position + i] =
                        segment_byte(c, g, &w, d->tap, d->unit, i, input_buffer);
                }
                d->position += UNIT_BYTES;
            }
            ++d->unit;
            if (d->unit == g->pitch) {
                d->unit = 0;
                ++d->tap;
            }
        }
    }
    ++d->word;
    if (d->word * WORD_UNITS < g->segment_units) return;
    d->word = 0;
    d->tap = 0;
    d->unit = 0;
    ++d->segment;
    if (d->segment < g->segments) return;
    d->segment = 0;
    d->position = 0;
    ++d->row;
    next_spot(g, &d->spot);
    f->feeding = d->row < ARRAY_ROWS;
}

// NS: a value of every row and the weights that meet it, if the weights are complete in this cycle.
INLINE void ns_compute(const command_t *c, flow_t *f, int now, const int8_t weight_buffer[WEIGHT_WORDS][WORD_BYTES],
                       int8_t row_buffers[2][ARRAY_ROWS][ROW_BUFFER_BYTES], const tile_spots_t *spots, entry_t *entry) {
    INLINED
    const geometry_t *g = &f->g;
    const int side = f->tile & 1;
    const int slot = f->tile & 3;
    if (f->value < g->values && f->beat == g->weight_row - 1) {
        const int weights = smaller(g->wide, g->channels - f->column_tile * g->wide);
        const int stored = f->work_outer * f->inner + f->repeat;
        const int before = g->values * (stored * g->channels + f->column_tile * g->wide) + f->value * weights;
        read_weight_row(g, g->weights + g->value_bytes * before, weights, weight_buffer, entry->top);
        const int at = f->value * g->value_bytes;
    rows_of_array:
        UNROLLED
        for (int i = 0; i < ARRAY_ROWS; ++i) {
            UNROLL_THIS
            int operand = row_buffers[side][i][at];
            if (g->value_bytes == 2)
                operand = row_buffers[side][i][at + 1] * 256 + (operand & 0xff);
            else
                operand -= c->data_offset;
            entry->left[i] = spots->known[slot][i] ? (value_t)operand : (value_t)0;
        }
        entry->tag = (f->value == 0 ? TAG_FIRST : 0) | (f->value == g->values - 1 ? TAG_LAST : 0);
        if (f->value == g->values - 1) {
            f->newest ^= 1;
            drained_t *d = &f->drained[f->newest];
            d->start = now;
            d->slot = slot;
            d->column_tile = f->column_tile;
            d->repeat = f->repeat;
            d->outer = f->work_outer;
        }
    }
    ++f->beat;
    if (f->beat == g->weight_row) {
        f->beat = 0;
        ++f->value;
    }
    ++f->step;
    if (f->step < f->steps) return;
    f->step = 0;
    f->value = 0;
    f->beat = 0;
    ++f->column_tile;
    if (f->column_tile < f->column_tiles) return;
    f->column_tile = 0;
    ++f->repeat;
    f->computing = f->repeat < f->inner;
}

// NS: results of a finished tile leave down the columns, the last row first, one row per cycle.
INLINE void ns_drain(const command_t *c, const flow_t *f, int now, const tile_spots_t *spots, cycle_t *out) {
    INLINED
leaving_tiles:
    UNROLLED
    for (int k = 0; k < 2; ++k) {
        UNROLL_THIS
        const drained_t d = f->drained[k];
        const int age = now - d.start - (ARRAY_ROWS - 1);
        out->drain[k] = age - 1;
        if (age < 0 || age >= ARRAY_ROWS) continue;
        const int row = ARRAY_ROWS - 1 - age;
        if (!spots->known[d.slot][row]) continue;
        const spot_t spot = spots->spot[d.slot][row];
        const shifted_t to = shifted(c, &spot, d.outer * f->inner + d.repeat);
        const int number = to.number + (c->algorithm == WINOGRAD ? d.outer * f->g.tiles : 0);
        out->target.valid = to.valid;
        out->target.fresh = to.first && !(c->flags & FLAG_ACCUMULATE);
        out->target.row = f->sums.first + number * f->sums.lines + d.column_tile;
        out->target.count = smaller(f->g.wide, f->g.channels - d.column_tile * f->g.wide);
    }
}

// NS: what was fed is computed next. Winograd: the outer repeats are positions, and weights arrive position by
// position, so they are outermost. kn2row: a row of input pixels is fed for each kernel row; its tiles follow each
// other within a row tile.
INLINE void ns_next_tile(const command_t *c, flow_t *f) {
    INLINED
    feed_t *d = &f->feed;
    if (f->tile + 1 < f->tiles) {
        f->work_outer = d->repeat;
        if (c->algorithm == KN2ROW) {
            ++d->repeat;
            if (d->repeat == f->outer) {
                d->repeat = 0;
                ++d->row_tile;
                d->first = d->spot;
            }
        } else {
            ++d->row_tile;
            d->first = d->spot;
            if (d->row_tile == f->row_tiles) {
                d->row_tile = 0;
                d->first.number = 0;
                d->first.row = 0;
                d->first.column = 0;
                ++d->repeat;
            }
        }
    }
    ++f->tile;
    f->ending = f->tile == f->tiles;
    ns_begin_tile(f);
}

INLINE void ns_cycle(const command_t *c, const block_t *b, flow_t *f, int now,
                     const int8_t input_buffer[INPUT_UNITS][UNIT_BYTES],
                     const int8_t weight_buffer[WEIGHT_WORDS][WORD_BYTES],
                     int8_t row_buffers[2][ARRAY_ROWS][ROW_BUFFER_BYTES], tile_spots_t *spots, cycle_t *out) {
    INLINED
    out->loading = true;
    out->target_delay = 0;
    out->moves = f->tile >= 0;  // fill: the array waits for its first operands
    out->counts = out->moves && !f->ending;
    if (f->feeding) ns_feed(c, b, f, input_buffer, row_buffers, spots);
    if (f->computing && !f->ending) ns_compute(c, f, now, weight_buffer, row_buffers, spots, &out->entry);
    if (out->moves) ns_drain(c, f, now, spots, out);
    if (f->ending)
        --f->tail;
    else if (!f->feeding && !f->computing)
        ns_next_tile(c, f);
}

// WS: weights of the next tile come down while positions stream past those of this one.
INLINE void ws_cycle(const command_t *c, const block_t *b, flow_t *f, int now,
                     const int8_t input_buffer[INPUT_UNITS][UNIT_BYTES],
                     const int8_t weight_buffer[WEIGHT_WORDS][WORD_BYTES], cycle_t *out) {
    INLINED
    const geometry_t *g = &f->g;
    const bool loads = f->next.repeat < g->repeats;
    if (f->load_row < ARRAY_ROWS) {
        if (loads && f->load_beat == g->weight_row - 1) {
            const int size = piece_size(g, &f->next);
            const int across = smaller(g->wide, g->channels - f->next.tile * g->wide);
            const int before = size * f->next.tile * g->wide + f->load_row * across;
            out->entry.load_index = f->load_row;
            read_weight_row(g, piece_weights(g, &f->next) + g->value_bytes * before, f->load_row < size ? across : 0,
                            weight_buffer, out->entry.top);
            f->last_load = now;
        }
        ++f->load_beat;
        if (f->load_beat == g->weight_row) {
            f->load_beat = 0;
            ++f->load_row;
        }
    }
    if (f->tile >= 0 && f->spot.number < g->spots) {
        if (f->step == 0) out->entry.tag = TAG_SWAP;
        if (f->work_beat == g->window_words - 1) {
            const segment_t w = open_segment(c, b, g, &f->spot, f->held.repeat, f->held.segment);
            read_window(c, g, &w, f->held.first, piece_size(g, &f->held), input_buffer, out->entry.left);
            const shifted_t to = shifted(c, &f->spot, f->held.repeat);
            const int number = to.number + (c->algorithm == WINOGRAD ? f->held.repeat * g->tiles : 0);
            const bool start = f->held.segment == 0 && f->held.first == 0 && !(c->flags & FLAG_ACCUMULATE);
            out->target.valid = to.valid;
            out->target.fresh = to.first && start;
            out->target.row = f->sums.first + number * f->sums.lines + f->held.tile;
            out->target.count = smaller(g->wide, g->channels - f->held.tile * g->wide);
            next_spot(g, &f->spot);
        }
        ++f->work_beat;
        if (f->work_beat == g->window_words) f->work_beat = 0;
    }
    ++f->step;
}

// IS: positions of the next tile come from the left while output channels stream past those of this one.
INLINE void is_cycle(const command_t *c, const block_t *b, flow_t *f, int now,
                     const int8_t input_buffer[INPUT_UNITS][UNIT_BYTES],
                     const int8_t weight_buffer[WEIGHT_WORDS][WORD_BYTES], cycle_t *out) {
    INLINED
    const geometry_t *g = &f->g;
    const bool loads = f->next.repeat < g->repeats;
    const int count = smaller(g->wide, g->spots - f->next.tile * g->wide);
    const bool beat = f->load_beat == g->window_words - 1;
    if (loads && beat && f->load_row < count) {
        if (f->load_row == 0 && f->next.tile == 0) {
            f->spot.number = 0;
            f->spot.row = 0;
            f->spot.column = 0;
        }
        const segment_t w = open_segment(c, b, g, &f->spot, f->next.repeat, f->next.segment);
        read_window(c, g, &w, f->next.first, piece_size(g, &f->next), input_buffer, out->entry.load);
        const shifted_t to = shifted(c, &f->spot, f->next.repeat);
        const int number = to.number + (c->algorithm == WINOGRAD ? f->next.repeat * g->tiles : 0);
        // A position sits in the column whose accumulator bank its sums belong to. Where the image that the unit
        // convolutions read is narrower than the output, later rows drift away from their banks.
        if (f->load_row == 0) f->place = (number % g->wide + g->wide) % g->wide;
        out->arrival.valid = to.valid;
        out->arrival.fresh = to.first;
        out->arrival.row = number / g->wide;
        out->arrival.bank = number % g->wide;
        out->entry.load_index = f->place;
        f->last_load = now;
        ++f->place;
        if (f->place == g->wide) f->place = 0;
        next_spot(g, &f->spot);
    }
    if (f->tile >= 0 && f->work_index < g->channels) {
        if (f->step == 0) out->entry.tag = TAG_SWAP;
        if (beat) {
            const int size = piece_size(g, &f->held);
            const int byte = piece_weights(g, &f->held) + g->value_bytes * f->work_index * size;
        rows_of_array:
            UNROLLED
            for (int i = 0; i < ARRAY_ROWS; ++i) {
                UNROLL_THIS
                out->entry.left[i] =
                    i < size ? (value_t)weight_at(g, byte + i * g->value_bytes, weight_buffer) : (value_t)0;
            }
            out->target.valid = true;
            out->target.own = true;
            out->target.fresh = f->held.segment == 0 && f->held.first == 0 && !(c->flags & FLAG_ACCUMULATE);
            out->target.row = f->sums.first + f->work_index * f->sums.lines;
            ++f->work_index;
        }
    }
    ++f->load_beat;
    if (f->load_beat == g->window_words) {
        f->load_beat = 0;
        ++f->load_row;
    }
    ++f->step;
}

// WS, IS: cycles of the tile at work; the load of the next one may be longer than its work.
INLINE int stationary_steps(const command_t *c, const flow_t *f) {
    INLINED
    const geometry_t *g = &f->g;
    const bool ws = c->dataflow == WS;
    const int work = f->tile < 0 ? 0 : (ws ? g->spots : g->channels) * g->window_words;
    const int load = ws ? ARRAY_ROWS * g->weight_row : smaller(g->spots, g->wide) * g->window_words;
    return larger(work, load);
}

INLINE void stationary_cycle(const command_t *c, const block_t *b, flow_t *f, int now,
                             const int8_t input_buffer[INPUT_UNITS][UNIT_BYTES],
                             const int8_t weight_buffer[WEIGHT_WORDS][WORD_BYTES], cycle_t *out) {
    INLINED
    out->moves = true;
    out->target_delay = ARRAY_ROWS - 1;
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
    if (f->step < stationary_steps(c, f)) return;
    ++f->tile;
    f->ending = f->next.repeat >= f->g.repeats;
    f->held = f->next;
    next_piece(&f->g, f->tiles, &f->next);
    f->step = 0;
    f->load_beat = 0;
    f->load_row = 0;
    f->work_beat = 0;
    f->work_index = 0;
    if (c->dataflow == WS) {
        f->spot.number = 0;
        f->spot.row = 0;
        f->spot.column = 0;
    }
}

// The next cycle of a block; false when the array is empty again.
INLINE bool flow_cycle(const command_t *c, const block_t *b, flow_t *f, int now,
                       const int8_t input_buffer[INPUT_UNITS][UNIT_BYTES],
                       const int8_t weight_buffer[WEIGHT_WORDS][WORD_BYTES],
                       int8_t row_buffers[2][ARRAY_ROWS][ROW_BUFFER_BYTES], tile_spots_t *spots, cycle_t *out) {
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
