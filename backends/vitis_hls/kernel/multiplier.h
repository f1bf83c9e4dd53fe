// The multiplier of a PE: a DSP48 makes one product, or two int8 products that share an operand (docs/arithmetic.md).
#ifndef OVERLAY_MULTIPLIER_H
#define OVERLAY_MULTIPLIER_H

#include "widths.h"

// Two int8 values on the wide operand: (high << PACK_SHIFT) + low. With 27 bits each has 9 signed bits at most (centred data
// of kn2row), with 25 each has 8, and the lower one is lifted by 128, so that it borrows nothing from the upper one.
inline pair_t pack(int high, int low) {
#pragma HLS inline
    return (pair_t)(high * (1 << PACK_SHIFT) + low + LIFT);
}

inline int low_of(pair_t pair) {
#pragma HLS inline
    return (int)((std::uint32_t)((int)pair - LIFT) << (32 - PACK_SHIFT)) >> (32 - PACK_SHIFT);
}

inline int high_of(pair_t pair) {
#pragma HLS inline
    return ((int)pair - LIFT - low_of(pair)) >> PACK_SHIFT;
}

// One multiplier: P = ((high << PACK_SHIFT) + low) * value, what a lift adds taken away at the slice's port C; the low
// product is the low PACK_SHIFT bits as a signed number, the high one is what is left. Split per product, so sums of any
// length stay exact.
// `single`: the operand is one Winograd value and the product is not split.
inline void multiply(pair_t pair, value_t value, bool single, sum_t part[PACKING]) {
#pragma HLS inline
    const product_t lifted = single ? (product_t)0 : (product_t)((product_t)value * LIFT);
    const product_t product = (product_t)pair * (product_t)value - lifted;
#ifdef OVERLAY_EXACT_WIDTHS
#pragma HLS bind_op variable = product op = mul impl = dsp latency = 2
    const ap_int<PACK_SHIFT> signed_low = product.range(PACK_SHIFT - 1, 0);
    const sum_t low = signed_low;
    const sum_t high = (product - signed_low) >> PACK_SHIFT;
#else
    const sum_t low = (sum_t)((std::int32_t)((std::uint32_t)product << (32 - PACK_SHIFT)) >> (32 - PACK_SHIFT));
    // The difference is a multiple of 2^PACK_SHIFT and fits PACK_SHIFT + 31 bits, so 32 bits of the logical shift are the
    // quotient.
    const sum_t high = (sum_t)(std::int32_t)((std::uint64_t)(product - low) >> PACK_SHIFT);
#endif
    part[0] = single ? (sum_t)product : low;
    if (PACKING == 2) part[PACKING - 1] = single ? (sum_t)0 : high;
}

// What moves from a PE to its neighbour: a register of the neighbour's, to Vitis HLS.
#define TO_NEIGHBOUR(value) (value)

#endif
