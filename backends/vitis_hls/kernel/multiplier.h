// The multiplier of a PE: a DSP48 makes one product, or two int8 products that share an operand (docs/arithmetic.md).
#ifndef OVERLAY_MULTIPLIER_H
#define OVERLAY_MULTIPLIER_H

#include "widths.h"

// Two int8 values on the 27-bit operand: (high << 18) + low. Each has 9 signed bits at most (centred data of kn2row).
inline pair_t pack(int high, int low) {
#pragma HLS inline
    return (pair_t)(high * (1 << PACK_SHIFT) + low);
}

inline int low_of(pair_t pair) {
#pragma HLS inline
    return (int)((std::uint32_t)(int)pair << (32 - PACK_SHIFT)) >> (32 - PACK_SHIFT);
}

inline int high_of(pair_t pair) {
#pragma HLS inline
    return ((int)pair - low_of(pair)) >> PACK_SHIFT;
}

// One multiplier: P = ((high << 18) + low) * value; the low product is bits 17..0 as a signed number (9 x 9 bits need
// 18), the high one is what is left. Split per product, so sums of any length stay exact.
// `single`: the operand is one Winograd value and the product is not split.
inline void multiply(pair_t pair, value_t value, bool single, sum_t part[PACKING]) {
#pragma HLS inline
    const product_t product = (product_t)pair * (product_t)value;
#ifdef OVERLAY_EXACT_WIDTHS
#pragma HLS bind_op variable = product op = mul impl = dsp latency = 2
    const ap_int<PACK_SHIFT> signed_low = product.range(PACK_SHIFT - 1, 0);
    const sum_t low = signed_low;
    const sum_t high = (product - signed_low) >> PACK_SHIFT;
#else
    const sum_t low = (sum_t)((std::int32_t)((std::uint32_t)product << (32 - PACK_SHIFT)) >> (32 - PACK_SHIFT));
    // The difference is a multiple of 2^18 and fits 18 + 31 bits, so 32 bits of the logical shift are the quotient.
    const sum_t high = (sum_t)(std::int32_t)((std::uint64_t)(product - low) >> PACK_SHIFT);
#endif
    part[0] = single ? (sum_t)product : low;
    if (PACKING == 2) part[PACKING - 1] = single ? (sum_t)0 : high;
}

// What moves from a PE to its neighbour: a register of the neighbour's, to Vitis HLS.
#define TO_NEIGHBOUR(value) (value)

#endif
