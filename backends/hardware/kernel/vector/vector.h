// The vector unit: layers that the array does not compute (docs/overlay.md, section 7). It walks over the slots of a block
// and hands out what the lanes multiply (products.h); of the products (docs/program.md, section 2, "Vector layers") the
// lanes of STORE round, clamp and look them up.
#ifndef OVERLAY_VECTOR_H
#define OVERLAY_VECTOR_H

#include "chunks.h"
#include "lrn.h"
#include "places.h"
#include "pooling_unit.h"

// The units of a tap, and the neighbours of their channels that the operation needs.
INLINE void read_place(const command_t *c, const walk_t *w, const slot_t *s, const place_t *place,
                       units_read_t input_buffer, unit_t units[BANKS], unit_t seconds[BANKS]) {
    INLINED
    const int more = neighbours_of(c);
    bool known[BANKS];
known_units:
    UNROLLED
    for (int j = 0; j < BANKS; ++j) {
        UNROLL_THIS
        const int unit = s->at.unit - more + j;
        known[j] = place->inside && j < EACH + 2 * more && unit >= 0 && unit < w->units;
    }
    read_both(input_buffer, place->unit - more, known, place->second, place->seconds, units, seconds);
}

// A block, slot by slot.
INLINE uint64_t slots_block(const command_t *c, const source_t sources[MAX_SOURCES], values_read_t values,
                            const block_t *b, units_read_t input_buffer, units_read_t weight_buffer,
                            steps_write_t steps, lrn_shifts_t *shifts, OPERANDS) {
    uint64_t cycles = c->op == OP_LRN && b->index == 0 ? load_steps(values, steps, shifts) : 0;
    const walk_t w = walk_of(c, sources, b);
    chunk_t chunk = ZERO;
    HLS_PRAGMA(HLS array_partition variable = chunk complete dim = 0)
    chunk.operands.normalises = c->op == OP_LRN;
    const origin_t origin = first_origin(c, b);
    origin_t from = origin;
    slots:
    for (slot_t s = first_slot(); !s.at.done; next_slot(&w, &s)) {
        TRIPS(1, 1048576)
        PIPELINED(vector_slots)  // consecutive units of a pixel, or of two, and of what their channels have
        ++cycles;
        unit_t own[BANKS];
        const own_units_t weights = own_units(c, &w, &s);
        read_units(weight_buffer, weights.unit, weights.count, own);
        if (is_load(&w, &s)) {
            load_slot(c, sources, &s, own, &chunk);
            from = origin;
            continue;
        }
        if (is_first_tap(&s) && s.at.row + s.at.column > 0) next_origin(c, s.at.column, &from);
        const place_t place = place_of_tap(c, b, &w, &s, &from);
        unit_t units[BANKS], seconds[BANKS];
        read_place(c, &w, &s, &place, input_buffer, units, seconds);
        const int input = c->op == OP_CONCAT ? s.tap_row : c->op == OP_ADD ? s.tap_column : 0;
        if (c->op == OP_CONCAT)
            take_joined(&w, &s, &sources[input], units, &chunk);
        else if (c->op == OP_LRN)
            take_normalised(c, &s, units, steps, shifts, &chunk.operands);
        else
            take_values(c, &sources[input], place.inside, units, own, &chunk);
        if (w.two && place.seconds != 0) take_second(&sources[c->source_count - 1], seconds, &chunk.operands);
        chunk.operands.adds = c->op != OP_MUL && !is_first_tap(&s);
        chunk.operands.leaves = is_last_tap(&w, &s);
        chunk.operands.last = is_last_slot(&w, &s);
        if (c->op != OP_MUL || chunk.operands.leaves) HAND_OUT(chunk.operands);
    }
    return cycles;
}

// A block of a layer that is no convolution on the array; returns the cycles that it took.
// `classes`: a copy of the operation's table, for the classes of an average's windows.
INLINE uint64_t vector_block(const command_t *c, const source_t sources[MAX_SOURCES], values_read_t values,
                             values_read_t classes, const block_t *b, units_read_t input_buffer,
                             units_read_t weight_buffer, steps_write_t steps, lrn_shifts_t *shifts, above_write_t above,
                             OPERANDS) {
    if (c->op == OP_MAX_POOL || c->op == OP_AVERAGE_POOL)
        return pool_block(c, values, classes, b, input_buffer, above, PASS_OPERANDS);
    return slots_block(c, sources, values, b, input_buffer, weight_buffer, steps, shifts, PASS_OPERANDS);
}

#endif
