// LRN on the vector unit (docs/overlay.md, section 7): R lanes in a cycle. Groups of lanes pass twice: first their squares
// are summed along the row; later, when the sums that their windows end with are there, a window's sum is a difference of
// two, and so finds its factor.
#ifndef OVERLAY_LRN_H
#define OVERLAY_LRN_H

#include "order.h"
#include "view.h"

// The table of factors: for each octave of the sum of squares 33 entries and a shift.
enum { LRN_STEPS = 32, LRN_ROW = LRN_STEPS + 2 };

// A step of it, from an entry to the next. Each lane has a table of its own.
typedef struct {
    uint32_t first, second;
    uint8_t shift;
} lrn_step_t;

MEMORY_TYPE(steps, lrn_step_t, [LANES], [LRN_OCTAVES * LRN_STEPS])

// Values of groups, and sums of squares up to each of them: a bank for each lane, two alike, for a window's ends are read
// together. `borders`: sums up to the end of each pixel, of more pixels than a group of lanes can have.
enum { BORDER_BANKS = EACH < 2 ? 2 : EACH < 4 ? 4 : EACH < 8 ? 8 : EACH < 16 ? 16 : 32, BORDER_ROWS = 16 };

MEMORY_TYPE(passed, int8_t, [LRN_GROUPS], [LANES])
MEMORY_TYPE(squares, uint32_t, [LRN_GROUPS], [LANES])
MEMORY_TYPE(borders, uint32_t, [BORDER_ROWS], [BORDER_BANKS])

// Takes the table apart, a word in a cycle: of an octave the shift, then its entries.
INLINE void load_steps(values_read_t values, steps_write_t steps) {
    uint32_t shift = 0, before = 0;
octaves:
    for (int octave = 0; octave < LRN_OCTAVES; ++octave) {
        TRIPS(1, 32)
    entries:
        for (int word = 0; word < LRN_ROW; ++word) {
            TRIPS(34, 34)
            PIPELINED(lrn_entries)  // a word is read, a step is written to the tables of all lanes
            const uint32_t own = value_word(values, octave * LRN_ROW + (word == 0 ? LRN_ROW - 1 : word - 1));
            if (word == 0) shift = own;
            const lrn_step_t step = {before, own, (uint8_t)shift};
        lanes:
            UNROLLED
            for (int lane = 0; lane < LANES; ++lane) {
                UNROLL_THIS
                if (word > 1) steps[lane][octave * LRN_STEPS + word - 2] = step;
            }
            before = own;
        }
    }
}

// The factor for a sum of squares: linear between the table's entries; the sum 0 reads as 1.
typedef struct {
    wide_t factor;
    int shift;
} lrn_factor_t;

INLINE lrn_factor_t lrn_factor(uint32_t sum, int lane, steps_read_t steps) {
    INLINED
    const uint32_t positive = sum == 0 ? 1 : sum;
    int octave = 0;
first_bit:
    UNROLLED
    for (int i = 1; i < LRN_OCTAVES; ++i) {
        UNROLL_THIS
        if (positive >> i) octave = i;
    }
    const uint64_t scaled = (uint64_t)positive * LRN_STEPS;
    const int index = (int)(scaled >> octave) - LRN_STEPS;
    const wide_t fraction = (wide_t)(scaled & (((uint64_t)1 << octave) - 1));
    const lrn_step_t step = steps[lane][octave * LRN_STEPS + index];
    const wide_t first = (wide_t)step.first;
    lrn_factor_t f;
    f.factor = first + ((((wide_t)step.second - first) * fraction) >> octave);
    f.shift = step.shift;
    return f;
}

// Walks the groups of lanes of a block. `pixel`: number of the pixel of the group's first unit, `group`: of the group.
typedef struct {
    int row, group, pixel, number;  // row of the image, group of it; pixel and group counted in the block
    unit_cursor_t at;
    bool done;
} lrn_walk_t;

INLINE lrn_walk_t lrn_walk_of(const block_t *b) {
    lrn_walk_t w = ZERO;
    w.row = b->first_row;
    return w;
}

INLINE void next_lrn_group(const command_t *c, const block_t *b, const order_t *o, lrn_walk_t *w) {
    INLINED
    const int column = w->at.column;
units_of_group:
    UNROLLED
    for (int k = 0; k < EACH; ++k) {
        UNROLL_THIS
        next_unit(o, &w->at);
    }
    w->pixel += w->at.column - column;
    ++w->number;
    ++w->group;
    if (w->group < o->groups) return;
    w->pixel += c->out_width - w->at.column;
    w->group = 0;
    w->at.column = 0;
    w->at.unit = 0;
    ++w->row;
    w->done = w->row == b->first_row + b->rows;
}

INLINE int lrn_place(int number) {
    INLINED
    return number & (LRN_GROUPS - 1);
}

// First pass of a group: squares are summed on from `*carry`. Channels that there are not add nothing.
INLINE void sum_squares(const command_t *c, const view_t *v, const order_t *o, const lrn_walk_t *w,
                        units_read_t input_buffer, uint32_t *carry, passed_write_t passed, squares_write_t ends,
                        squares_write_t starts, borders_write_t borders) {
    INLINED
    bool known[BANKS] = ZERO;
    int place[EACH];
    unit_cursor_t of_unit[EACH];
    unit_cursor_t cursor = w->at;
    // The units of the lanes follow each other in the buffer but for the padding between pixels: they are fewer than banks.
    const int skips = v->pitch - o->units;
units_of_lanes:
    UNROLLED
    for (int k = 0; k < EACH; ++k) {
        UNROLL_THIS
        of_unit[k] = cursor;
        place[k] = k + (cursor.column - w->at.column) * skips;
        if (counts_in(c, o, &cursor)) known[place[k]] = true;
        next_unit(o, &cursor);
    }
    unit_t units[BANKS];
    read_known(input_buffer, pixel_unit(v, w->row, w->at.column) + w->at.unit, known, units);
    uint32_t sum = *carry;
units:
    UNROLLED
    for (int k = 0; k < EACH; ++k) {
        UNROLL_THIS
    lanes:
        UNROLLED
        for (int i = 0; i < UNIT_BYTES; ++i) {
            UNROLL_THIS
            const int lane = k * UNIT_BYTES + i;
            const int8_t byte = known[place[k]] ? units[place[k]].byte[i] : (int8_t)0;
            const int value = byte - c->input_zero_point;
            const bool counts = counts_in(c, o, &of_unit[k]) && of_unit[k].unit * UNIT_BYTES + i < c->channels;
            if (counts) sum += (uint32_t)(value * value);
            passed[lrn_place(w->number)][lane] = byte;
            ends[lrn_place(w->number)][lane] = sum;
            starts[lrn_place(w->number)][lane] = sum;
        }
        const int pixel = w->pixel + of_unit[k].column - w->at.column;
        if (counts_in(c, o, &of_unit[k]) && of_unit[k].unit == o->units - 1)
            borders[pixel / BORDER_BANKS % BORDER_ROWS][pixel % BORDER_BANKS] = sum;
    }
    *carry = sum;
}

// Sums of squares up to `distance` lanes further on than each lane, of those lanes that need them: a bank for each.
INLINE void read_squares(const lrn_walk_t *w, int distance, const bool needed[LANES], squares_read_t squares,
                         uint32_t of_lane[LANES]) {
    INLINED
    const int turn = (distance % LANES + LANES) % LANES;
    const int further = (distance - turn) / LANES;
    uint32_t bank[LANES];
    HLS_PRAGMA(HLS array_partition variable = bank complete)
read_banks:
    UNROLLED
    for (int k = 0; k < LANES; ++k) {
        UNROLL_THIS
        const bool wraps = k < turn;
        const int lane = k - turn + (wraps ? LANES : 0);
        bank[k] = needed[lane] ? (uint32_t)squares[lrn_place(w->number + further + (wraps ? 1 : 0))][k] : 0;
    }
rotate_sums:
    UNROLLED
    for (int lane = 0; lane < LANES; ++lane) {
        UNROLL_THIS
        const int k = lane + turn;
        of_lane[lane] = bank[k < LANES ? k : k - LANES];
    }
}

// The sums up to the end of the pixel before that of each unit of a group, and of its own where it has been passed.
typedef struct {
    uint32_t start[EACH], end[EACH];
} pixel_borders_t;

INLINE void read_borders(const lrn_walk_t *w, const int pixels[EACH], const bool before[EACH], const bool behind[EACH],
                         borders_read_t borders, pixel_borders_t *found) {
    INLINED
    uint32_t bank[BORDER_BANKS];
    HLS_PRAGMA(HLS array_partition variable = bank complete)
    const int first = w->pixel - 1;
read_banks:
    UNROLLED
    for (int q = 0; q < BORDER_BANKS; ++q) {
        UNROLL_THIS
        const int pixel = first + ((q - first) & (BORDER_BANKS - 1));
        bool needed = false;
    units_of_bank:
        UNROLLED
        for (int k = 0; k < EACH; ++k) {
            UNROLL_THIS
            needed = needed || (before[k] && pixel == pixels[k] - 1) || (behind[k] && pixel == pixels[k]);
        }
        bank[q] = needed ? (uint32_t)borders[pixel / BORDER_BANKS % BORDER_ROWS][q] : 0;
    }
borders_of_units:
    UNROLLED
    for (int k = 0; k < EACH; ++k) {
        UNROLL_THIS
        found->start[k] = before[k] ? bank[(pixels[k] - 1) & (BORDER_BANKS - 1)] : 0;
        found->end[k] = behind[k] ? bank[pixels[k] & (BORDER_BANKS - 1)] : 0;
    }
}

// Second pass of a group: products.
INLINE lanes_t lrn_lanes(const command_t *c, const order_t *o, const lrn_walk_t *w, steps_read_t steps,
                         passed_read_t passed, squares_read_t ends, squares_read_t starts, borders_read_t borders) {
    INLINED
    const int before = (c->size - 1) / 2;
    const int after = c->size / 2;
    bool from_square[LANES], to_square[LANES];
    int pixels[EACH];
    bool at_start[EACH] = ZERO, at_end[EACH] = ZERO, counts[EACH];
    unit_cursor_t cursor = w->at;
    int first_channel[EACH];
windows_of_units:
    UNROLLED
    for (int k = 0; k < EACH; ++k) {
        UNROLL_THIS
        counts[k] = counts_in(c, o, &cursor);
        first_channel[k] = cursor.unit * UNIT_BYTES;
        pixels[k] = w->pixel + cursor.column - w->at.column;
    windows:
        UNROLLED
        for (int i = 0; i < UNIT_BYTES; ++i) {
            UNROLL_THIS
            const int ic = first_channel[k] + i;
            const bool known = counts[k] && ic < c->channels;
            const int lane = k * UNIT_BYTES + i;
            from_square[lane] = known && ic > before;
            to_square[lane] = known && ic + after + 1 < c->channels;
            at_start[k] = at_start[k] || (known && !from_square[lane] && pixels[k] > 0);
            at_end[k] = at_end[k] || (known && !to_square[lane]);
        }
        next_unit(o, &cursor);
    }
    uint32_t end[LANES], start[LANES];
    pixel_borders_t border;
    read_squares(w, after, to_square, ends, end);
    read_squares(w, -before - 1, from_square, starts, start);
    read_borders(w, pixels, at_start, at_end, borders, &border);
    lanes_t lanes = ZERO;
units:
    UNROLLED
    for (int k = 0; k < EACH; ++k) {
        UNROLL_THIS
    lanes_of_unit:
        UNROLLED
        for (int i = 0; i < UNIT_BYTES; ++i) {
            UNROLL_THIS
            const int lane = k * UNIT_BYTES + i;
            if (!counts[k] || first_channel[k] + i >= c->channels) continue;
            const uint32_t high = to_square[lane] ? end[lane] : border.end[k];
            const uint32_t low = from_square[lane] ? start[lane] : border.start[k];
            const lrn_factor_t f = lrn_factor(high - low, lane, steps);
            const int value = passed[lrn_place(w->number)][lane] - c->input_zero_point;
            lanes.product[lane] = value * f.factor;
            lanes.shift[lane] = (uint8_t)f.shift;
        }
    }
    return lanes;
}

INLINE uint64_t lrn_block(const command_t *c, const view_t *v, values_read_t values, const block_t *b,
                          units_read_t input_buffer, steps_write_t steps, PRODUCTS) {
    LOCAL_2(int8_t, passed, LRN_GROUPS, LANES, "ab")
    LOCAL_2(uint32_t, ends, LRN_GROUPS, LANES, "ab")
    LOCAL_2(uint32_t, starts, LRN_GROUPS, LANES, "ab")
    LOCAL_2(uint32_t, borders, BORDER_ROWS, BORDER_BANKS, "ab")
    HLS_PRAGMA(HLS array_partition variable = passed complete dim = 2)
    HLS_PRAGMA(HLS array_partition variable = ends complete dim = 2)
    HLS_PRAGMA(HLS array_partition variable = starts complete dim = 2)
    HLS_PRAGMA(HLS array_partition variable = borders complete dim = 2)
    uint64_t cycles = 0;
    const order_t o = order_of(c);
    // Groups between the passes: the sums that a group's windows end with lie so far ahead, and two cycles to be read.
    const int ahead = (LANES - 1 + smaller(c->size / 2, c->channels)) / LANES + 2;
    lrn_walk_t first = lrn_walk_of(b);
    lrn_walk_t second = first;
    uint32_t carry = 0;
    if (b->index == 0) load_steps(values, steps);
groups:
    for (int cycle = 0; !second.done; ++cycle) {
        TRIPS(1, 65536)
        PIPELINED(lrn_groups)  // a bank for each lane and pixel; what the first pass wrote is read two cycles later
        if (cycle >= ahead) {
            HAND_OUT(lrn_lanes(c, &o, &second, steps, passed, ends, starts, borders));
            next_lrn_group(c, b, &o, &second);
        }
        if (first.done) continue;
        sum_squares(c, v, &o, &first, input_buffer, &carry, passed, ends, starts, borders);
        ++cycles;
        next_lrn_group(c, b, &o, &first);
    }
    return cycles;
}

#endif
