// LRN on the vector unit (docs/overlay.md, section 7): a slot has the squares of its channels and of their neighbours, sums them
// over each window, and finds the factor of the sum in a table.
#ifndef OVERLAY_LRN_H
#define OVERLAY_LRN_H

#include "slots.h"

// The table of factors: for each octave of the sum of squares 33 entries and a shift.
enum { LRN_STEPS = 32, LRN_ROW = LRN_STEPS + 2, LRN_ENTRIES = LRN_OCTAVES * LRN_STEPS };

// A step of it, from an entry to the next. Each lane has a table of its own. The shifts of the octaves are registers.
typedef struct {
    uint32_t first, second;
} lrn_step_t;

MEMORY_TYPE(steps, lrn_step_t, [LANES], [LRN_ENTRIES])

typedef struct {
    uint8_t of_octave[LRN_OCTAVES];
} lrn_shifts_t;

// Takes the table apart, a step in a cycle; returns the cycles.
INLINE uint64_t load_steps(values_read_t values, steps_write_t steps, lrn_shifts_t *shifts) {
    uint32_t before = 0;
    int octave = 0, step = 0;
entries:
    for (int entry = 0; entry < LRN_ENTRIES; ++entry) {
        TRIPS(608, 608)
        PIPELINED(lrn_entries)  // a row of two words is read, a step is written to the tables of all lanes
        const int row = (octave * LRN_ROW + step + 1) / 2 * 2;
        const uint32_t even = value_word(values, row), odd = value_word(values, row + 1);
        const lrn_step_t own = {step == 0 ? even : before, step % 2 == 0 ? odd : even};
    lanes:
        UNROLLED
        for (int lane = 0; lane < LANES; ++lane) {
            UNROLL_THIS
            steps[lane][entry] = own;
        }
        before = own.second;
        if (step == LRN_STEPS - 1) shifts->of_octave[octave] = (uint8_t)odd;
        ++step;
        if (step == LRN_STEPS) {
            step = 0;
            ++octave;
        }
    }
    return LRN_ENTRIES;
}

// The factor for a sum of squares: linear between the table's entries; the sum 0 reads as 1.
typedef struct {
    wide_t factor;
    int shift;
} lrn_factor_t;

INLINE lrn_factor_t lrn_factor(uint32_t sum, int lane, steps_read_t steps, const lrn_shifts_t *shifts) {
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
    f.shift = shifts->of_octave[octave];
    return f;
}

// Units that a slot reads beside those of its chunk, on each side.
INLINE int neighbours_of(const command_t *c) {
    INLINED
    return c->op == OP_LRN ? 1 : 0;
}

enum { NEAR_CHANNELS = (EACH + 2) * UNIT_BYTES };  // of a chunk and its neighbours

// The products of a chunk. `units`: from the one before the chunk on.
INLINE void take_normalised(const command_t *c, const slot_t *s, const unit_t units[BANKS], steps_read_t steps,
                            const lrn_shifts_t *shifts, lanes_t *lanes) {
    INLINED
    const int before = (c->size - 1) / 2, behind = c->size / 2;
    int centred[NEAR_CHANNELS];
channels:
    UNROLLED
    for (int i = 0; i < NEAR_CHANNELS; ++i) {
        UNROLL_THIS
        const int ic = (s->at.unit - 1) * UNIT_BYTES + i;
        const bool exists = ic >= 0 && ic < c->channels;
        centred[i] = exists ? units[i / UNIT_BYTES].byte[i % UNIT_BYTES] - c->input_zero_point : 0;
    }
lanes:
    UNROLLED
    for (int lane = 0; lane < LANES; ++lane) {
        UNROLL_THIS
        uint32_t sum = 0;
    window:
        UNROLLED
        for (int d = -LRN_REACH; d <= LRN_REACH; ++d) {
            UNROLL_THIS
            const int value = centred[UNIT_BYTES + lane + d];
            if (d >= -before && d <= behind) sum += (uint32_t)(value * value);
        }
        const lrn_factor_t f = lrn_factor(sum, lane, steps, shifts);
        lanes->product[lane] = centred[UNIT_BYTES + lane] * f.factor;
        lanes->shift[lane] = (uint8_t)f.shift;
    }
}

#endif
