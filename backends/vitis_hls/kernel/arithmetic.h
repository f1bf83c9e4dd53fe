// The integer arithmetic of docs/arithmetic.md: the packed product of a PE, rounding, requantisation.
#ifndef OVERLAY_ARITHMETIC_H
#define OVERLAY_ARITHMETIC_H

#include "records.h"
#include "types.h"

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
inline void multiply(pair_t pair, value_t value, bool single, sum_t &low, sum_t &high) {
#pragma HLS inline
    const product_t product = (product_t)pair * (product_t)value;
#ifdef OVERLAY_EXACT_WIDTHS
#pragma HLS bind_op variable=product op=mul impl=dsp latency=2
    const ap_int<PACK_SHIFT> signed_low = product.range(PACK_SHIFT - 1, 0);
    const sum_t split_low = signed_low;
    const sum_t split_high = (product - signed_low) >> PACK_SHIFT;
#else
    const sum_t split_low =
        (sum_t)((std::int32_t)((std::uint32_t)product << (32 - PACK_SHIFT)) >> (32 - PACK_SHIFT));
    // The difference is a multiple of 2^18 and fits 18 + 31 bits, so 32 bits of the logical shift are the quotient.
    const sum_t split_high = (sum_t)(std::int32_t)((std::uint64_t)(product - split_low) >> PACK_SHIFT);
#endif
    low = single ? (sum_t)product : split_low;
    high = single ? (sum_t)0 : split_high;
}

// value / 2^shift to the nearest integer, halves to the even one.
inline wide_t round_shift(wide_t value, int shift) {
#pragma HLS inline
    if (shift == 0) return value;
    const wide_t floor = value >> shift;
    const wide_t remainder = value - floor * ((wide_t)1 << shift);
    const wide_t half = (wide_t)1 << (shift - 1);
    const bool up = remainder > half || (remainder == half && (floor & 1) != 0);
    return floor + (up ? 1 : 0);
}

inline std::int8_t clamp(wide_t value, int low, int high) {
#pragma HLS inline
    return (std::int8_t)(value < low ? low : value > high ? high : (int)value);
}

// The end of a convolution: sum and bias times multiplier, rounded, zero point, clamp, table.
inline std::int8_t requantise(const command_t &c, wide_t sum, const parameter_t &p, const std::int8_t table[256]) {
#pragma HLS inline
    const wide_t biased = sum + p.bias;
    const bool below = biased < 0;
    const wide_t product = biased * (below ? p.negative_multiplier : p.multiplier);
    const wide_t rounded = round_shift(product, below ? p.negative_shift : p.shift);
    const std::int8_t value = clamp(rounded + c.output_zero_point, p.low, p.high);
    return (c.flags & FLAG_LOOKUP) ? table[value + 128] : value;
}

// The end of a vector layer.
inline std::int8_t finish(
    const command_t &c, wide_t product, int shift, std::int32_t slope, const std::int8_t table[256]) {
#pragma HLS inline
    if (c.flags & FLAG_LEAKY) {
        product *= product < 0 ? slope : c.leaky_positive;
        shift += c.leaky_shift;
        if (shift > MAX_SHIFT) shift = MAX_SHIFT;
    }
    const std::int8_t value = clamp(round_shift(product, shift) + c.output_zero_point, c.clamp_low, c.clamp_high);
    return (c.flags & FLAG_LOOKUP) ? table[value + 128] : value;
}

inline int ceil_div(int a, int b) {
#pragma HLS inline
    return (a + b - 1) / b;
}

inline int smaller(int a, int b) {
#pragma HLS inline
    return a < b ? a : b;
}

inline int larger(int a, int b) {
#pragma HLS inline
    return a > b ? a : b;
}

#endif
