// The buffers of 16-byte units: input, weights and output. Unit u lies in bank u % BANKS at address u / BANKS, and a bank
// has a port to read and a port to write. So what is read in a cycle are consecutive units, and what is written lies a
// step apart that shares no factor with the banks: each bank has one address, and a rotation behind the banks (or a
// multiplexer before them) sorts the units.
#ifndef OVERLAY_BANKS_H
#define OVERLAY_BANKS_H

#include "language.h"
#include "params.h"
#include "times.h"

// A buffer as an argument, memory[address][bank][byte]: any of them, and each.
MEMORY_TYPE(units, int8_t, [], [BANKS][UNIT_BYTES])
MEMORY_TYPE(input, int8_t, [INPUT_ROWS], [BANKS][UNIT_BYTES])
MEMORY_TYPE(pixels, int8_t, [PIXEL_ROWS], [BANKS][UNIT_BYTES])
MEMORY_TYPE(weight, int8_t, [WEIGHT_ROWS], [BANKS][UNIT_BYTES])
MEMORY_TYPE(output, int8_t, [OUTPUT_ROWS], [BANKS][UNIT_BYTES])

typedef struct {
    int8_t byte[UNIT_BYTES];
} unit_t;

// Unit `j` of those that begin at unit `first`, and the unit of them that lies in bank `k`.
INLINE int bank_of(int first, int j) {
    INLINED
    return (first + j) & (BANKS - 1);
}

INLINE int unit_in_bank(int first, int k) {
    INLINED
    return (k - first) & (BANKS - 1);
}

// Units `first` .. `first` + BANKS - 1, those that `known` says, and `count` from `second` on, which lie in other banks;
// the others are 0.
INLINE void read_both(units_read_t buffer, int first, const bool known[BANKS], int second, int count,
                      unit_t units[BANKS], unit_t seconds[BANKS]) {
    INLINED
    unit_t bank[BANKS];
    HLS_PRAGMA(HLS array_partition variable = bank complete)
read_banks:
    UNROLLED
    for (int k = 0; k < BANKS; ++k) {
        UNROLL_THIS
        const int j = unit_in_bank(first, k), of_second = unit_in_bank(second, k);
        const bool other = of_second < count;
        const int unit = other ? second + of_second : first + j;
    bytes_of_bank:
        UNROLLED
        for (int i = 0; i < UNIT_BYTES; ++i) {
            UNROLL_THIS
            bank[k].byte[i] = other || known[j] ? (int8_t)buffer[unit / BANKS][k][i] : (int8_t)0;
        }
    }
rotate_units:
    UNROLLED
    for (int j = 0; j < BANKS; ++j) {
        UNROLL_THIS
        units[j] = bank[bank_of(first, j)];
        seconds[j] = bank[bank_of(second, j)];
    }
}

// Units `first` .. `first` + BANKS - 1, those that `known` says; the others are 0.
INLINE void read_known(units_read_t buffer, int first, const bool known[BANKS], unit_t units[BANKS]) {
    INLINED
    unit_t none[BANKS];
    read_both(buffer, first, known, first, 0, units, none);
}

// `count` units from `first` on; the others are 0.
INLINE void read_units(units_read_t buffer, int first, int count, unit_t units[BANKS]) {
    INLINED
    bool known[BANKS];
known_units:
    UNROLLED
    for (int j = 0; j < BANKS; ++j) {
        UNROLL_THIS
        known[j] = j < count;
    }
    read_known(buffer, first, known, units);
}

// The power of two that a step shares with the banks: units so far apart meet in 1 bank of so many.
INLINE int shared_power(int step) {
    INLINED
    int power = 0;
powers:
    UNROLLED
    for (int p = 1; p < 13; ++p) {
        UNROLL_THIS
        if ((1 << p) <= BANKS && (step & ((1 << p) - 1)) == 0) power = p;
    }
    return power;
}

// The inverse of an odd number modulo BANKS (of at most 2^12): Newton's steps double the bits that are right, from 3 on.
INLINE int inverse(int odd) {
    INLINED
    const int own = odd & (BANKS - 1);
    const int twice = times(2 - times(own, own), own) & (BANKS - 1);
    return times(2 - times(own, twice), twice) & (BANKS - 1);
}

// How units that lie `step` apart meet the banks: `apart` of them in banks of their own. So many are moved in a turn.
typedef struct {
    int power, apart, back;
} stride_t;

INLINE stride_t stride_of(int step) {
    INLINED
    stride_t s;
    s.power = shared_power(step);
    s.apart = BANKS >> s.power;
    s.back = inverse(step >> s.power);
    return s;
}

// The unit of a turn, of `count` from unit `first` on, that lies in bank `k`; -1: none.
INLINE int unit_of_turn(const stride_t *s, int first, int turn, int count, int k) {
    INLINED
    const int distance = unit_in_bank(first, k);
    const int j = (turn * BANKS >> s->power) + (times(s->back, distance >> s->power) & (s->apart - 1));
    return (distance & ((1 << s->power) - 1)) == 0 && j < count ? j : -1;
}

// Writes `count` units, unit j to `first` + j `step`: those of one turn.
INLINE void write_units(units_write_t buffer, int first, int step, int turn, int count, const unit_t units[BANKS]) {
    INLINED
    const stride_t stride = stride_of(step);
write_banks:
    UNROLLED
    for (int k = 0; k < BANKS; ++k) {
        UNROLL_THIS
        const int j = unit_of_turn(&stride, first, turn, count, k);
        if (j < 0) continue;
    bytes_of_bank:
        UNROLLED
        for (int i = 0; i < UNIT_BYTES; ++i) {
            UNROLL_THIS
            buffer[(first + times(step, j)) / BANKS][k][i] = units[j].byte[i];
        }
    }
}

// Reads `count` units, unit j from `first` + j `step`: those of one turn.
INLINE void read_apart(units_read_t buffer, int first, int step, int turn, int count, unit_t units[BANKS]) {
    INLINED
    const stride_t stride = stride_of(step);
    unit_t bank[BANKS];
    HLS_PRAGMA(HLS array_partition variable = bank complete)
read_banks:
    UNROLLED
    for (int k = 0; k < BANKS; ++k) {
        UNROLL_THIS
        const int j = unit_of_turn(&stride, first, turn, count, k);
    bytes_of_bank:
        UNROLLED
        for (int i = 0; i < UNIT_BYTES; ++i) {
            UNROLL_THIS
            bank[k].byte[i] = j < 0 ? (int8_t)0 : (int8_t)buffer[(first + times(step, j)) / BANKS][k][i];
        }
    }
sort_units:
    UNROLLED
    for (int j = 0; j < BANKS; ++j) {
        UNROLL_THIS
        const bool turns = j >= turn * BANKS >> stride.power && j < (turn + 1) * BANKS >> stride.power;
        if (turns) units[j] = bank[bank_of(first, times(step, j))];
    }
}

// Whether another turn follows.
INLINE bool more_turns(int step, int turn, int count) {
    INLINED
    return (turn + 1) * BANKS >> shared_power(step) < count;
}

// A byte of a buffer. One byte alone is one address of one bank.
INLINE int8_t byte_at(units_read_t buffer, int unit, int byte) {
    INLINED
    return buffer[unit / BANKS][unit & (BANKS - 1)][byte];
}

#endif
