// Products of addresses and of small numbers without a multiplier: sums of shifts. The multipliers of an overlay are those
// of the array and of the lanes (docs/overlay.md, section 1); nothing else in a loop that starts an iteration in every
// cycle has any. Where a side is a constant, as many terms are left as it has ones.
#ifndef OVERLAY_TIMES_H
#define OVERLAY_TIMES_H

#include "language.h"

enum { COUNT_BITS = 16, BYTE_BITS = 8 };

// step * count, a count of COUNT_BITS bits: of bytes of memory.
INLINE uint64_t bytes_times(uint64_t step, int count) {
    INLINED
    CHECK_COUNT(count, COUNT_BITS)
    uint64_t product = 0;
bits:
    UNROLLED
    for (int bit = 0; bit < COUNT_BITS; ++bit) {
        UNROLL_THIS
        if ((count >> bit) & 1) product += step << bit;
    }
    return product;
}

// Of places on the chip, in 32 bits.
INLINE int times(int step, int count) {
    INLINED
    return (int)(uint32_t)bytes_times((uint64_t)(uint32_t)step, count);
}

// value * centred, for a value less its zero point: from -255 to 255.
INLINE int64_t times_centred(int64_t value, int centred) {
    INLINED
    const int size = centred < 0 ? -centred : centred;
    CHECK_COUNT(size, BYTE_BITS)
    uint64_t product = 0;
bits:
    UNROLLED
    for (int bit = 0; bit < BYTE_BITS; ++bit) {
        UNROLL_THIS
        if ((size >> bit) & 1) product += (uint64_t)value << bit;
    }
    return (int64_t)(centred < 0 ? 0 - product : product);
}

#endif
