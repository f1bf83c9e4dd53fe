// LRN on the vector unit (docs/overlay.md, section 7): a slot has the squares of its channels and of their neighbours, sums them
// over each window, and finds the factor of the sum in a table.
#ifndef OVERLAY_LRN_H
#define OVERLAY_LRN_H

#include "products.h"
#include "slots.h"

// The table of factors: for each octave of the sum of squares 33 entries and a shift.
enum { LRN_ROW = LRN_STEPS + 2, LRN_ENTRIES = LRN_OCTAVES * LRN_STEPS };

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
    int octave = 0, step = 0, row_of_octave = 0;
entries:
    for (int entry = 0; entry < LRN_ENTRIES; ++entry) {
        TRIPS(608, 608)
        PIPELINED(lrn_entries)  // a row of two words is read, a step is written to the tables of all lanes
        const int row = (row_of_octave + step + 1) / 2 * 2;
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
            row_of_octave += LRN_ROW;
        }
    }
    return LRN_ENTRIES;
}

// Where a sum of squares lies in the table: the step, and how far behind it; the sum 0 reads as 1. Moved left until its
// first bit is in front, a sum is the step and the fraction, whatever its octave.
typedef struct {
    lrn_step_t step;
    int fraction, shift;
} lrn_place_t;

INLINE lrn_place_t lrn_place(uint32_t sum, int lane, steps_read_t steps, const lrn_shifts_t *shifts) {
    INLINED
    const uint32_t positive = sum == 0 ? 1 : sum;
    int octave = 0;
first_bit:
    UNROLLED
    for (int i = 1; i < LRN_OCTAVES; ++i) {
        UNROLL_THIS
        if (positive >> i) octave = i;
    }
    const uint32_t moved = positive << (LRN_OCTAVES - 1 - octave);
    const int index = (int)(moved >> LRN_FRACTION_BITS) - LRN_STEPS;
    lrn_place_t p;
    p.step = steps[lane][octave * LRN_STEPS + index];
    p.fraction = (int)(moved & ((1u << LRN_FRACTION_BITS) - 1));
    p.shift = shifts->of_octave[octave];
    return p;
}

// The square of a value less its zero point, from -255 to 255: 16 a + b of four bits each make 256 a^2 + b^2 + 32 a b.
TABLE uint8_t SQUARES[16] = {0, 1, 4, 9, 16, 25, 36, 49, 64, 81, 100, 121, 144, 169, 196, 225};

INLINE uint32_t square_of(int centred) {
    INLINED
    const uint32_t size = (uint32_t)(centred < 0 ? -centred : centred);
    const uint32_t high = size >> 4 & 15, low = size & 15;
    const uint32_t both =
        (low & 1 ? high : 0) + (low & 2 ? high << 1 : 0) + (low & 4 ? high << 2 : 0) + (low & 8 ? high << 3 : 0);
    return ((uint32_t)SQUARES[high] << 8) + SQUARES[low] + (both << 5);
}

// Units that a slot reads beside those of its chunk, on each side.
INLINE int neighbours_of(const command_t *c) {
    INLINED
    return c->op == OP_LRN ? 1 : 0;
}

enum { NEAR_CHANNELS = (EACH + 2) * UNIT_BYTES };  // of a chunk and its neighbours

// What the lanes of a chunk multiply: the way to the next step of the table, by the fraction. `units`: from the one before
// the chunk on.
INLINE void take_normalised(const command_t *c, const slot_t *s, const unit_t units[BANKS], steps_read_t steps,
                            const lrn_shifts_t *shifts, operands_t *operands) {
    INLINED
    const int before = (c->size - 1) / 2, behind = c->size / 2;
    int centred[NEAR_CHANNELS];
    uint32_t squares[NEAR_CHANNELS];
channels:
    UNROLLED
    for (int i = 0; i < NEAR_CHANNELS; ++i) {
        UNROLL_THIS
        const int ic = (s->at.unit - 1) * UNIT_BYTES + i;
        const bool exists = ic >= 0 && ic < c->channels;
        centred[i] = exists ? units[i / UNIT_BYTES].byte[i % UNIT_BYTES] - c->input_zero_point : 0;
        squares[i] = square_of(centred[i]);
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
            if (d >= -before && d <= behind) sum += squares[UNIT_BYTES + lane + d];
        }
        const lrn_place_t p = lrn_place(sum, lane, steps, shifts);
        operands->value[lane] = (lane_value_t)((int32_t)p.step.second - (int32_t)p.step.first);
        operands->factor[lane] = (scale_t)p.fraction;
        operands->shift[lane] = (uint8_t)p.shift;
        operands->begin[lane] = (int32_t)p.step.first;
        operands->centred[lane] = (int16_t)centred[UNIT_BYTES + lane];
    }
}

#endif
