// The integer arithmetic of docs/arithmetic.md: rounding, requantisation, and the parameters of output channels.
#ifndef OVERLAY_ARITHMETIC_H
#define OVERLAY_ARITHMETIC_H

#include "language.h"
#include "records.h"
#include "times.h"
#include "widths.h"

typedef int64_t wide_t;  // a sum, or a product of requantisation, where it is no operand of a multiplier

// The 16 bytes in front of an output channel's weights (docs/program.md, section 3).
typedef struct {
    int32_t bias;
    int32_t multiplier;
    int32_t negative_multiplier;
    uint8_t shift;
    uint8_t negative_shift;
    int8_t low;
    int8_t high;
} parameter_t;

INLINE uint32_t word_of(const uint8_t *bytes) {
    INLINED
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

INLINE parameter_t decode_parameter(const uint8_t *bytes) {
    INLINED
    parameter_t p;
    p.bias = (int32_t)word_of(bytes);
    p.multiplier = (int32_t)word_of(bytes + 4);
    p.negative_multiplier = (int32_t)word_of(bytes + 8);
    p.shift = bytes[12];
    p.negative_shift = bytes[13];
    p.low = (int8_t)bytes[14];
    p.high = (int8_t)bytes[15];
    return p;
}

// value / 2^shift to the nearest integer, halves to the even one.
INLINE wide_t round_shift(wide_t value, int shift) {
    INLINED
    if (shift == 0) return value;
    const wide_t whole = value >> shift;
    const wide_t remainder = value - (wide_t)((uint64_t)whole << shift);
    const wide_t middle = (wide_t)1 << (shift - 1);
    const bool up = remainder > middle || (remainder == middle && (whole & 1) != 0);
    return whole + (up ? 1 : 0);
}

INLINE int8_t saturate(wide_t value, int low, int high) {
    INLINED
    return (int8_t)(value < low ? low : value > high ? high : (int)value);
}

// The end of a convolution: sum and bias times multiplier, 40 x 18 bits, rounded, zero point, clamp. Where an addition has
// a value left, that takes the place of the bias, and the sum is added to its product.
INLINE int8_t requantise(const command_t *c, wide_t sum, const parameter_t *p) {
    INLINED
    const bool left = adds_two(c);
    const sum_t biased = (sum_t)(left ? p->bias : sum + p->bias);
    const bool below = biased < 0;
    const scale_t scale = (scale_t)(below ? p->negative_multiplier : p->multiplier);
    const scaled_t product = (scaled_t)biased * (scaled_t)scale;
    HLS_PRAGMA(HLS bind_op variable = product op = mul impl = dsp)
    const wide_t rounded = round_shift((wide_t)product + (left ? sum : 0), below ? p->negative_shift : p->shift);
    return saturate(rounded + c->output_zero_point, p->low, p->high);
}

// What both end with: the entry of the table, where the command has one.
INLINE int8_t looked_up(const command_t *c, int8_t value, const int8_t *table) {
    INLINED
    return (c->flags & FLAG_LOOKUP) ? table[value + 128] : value;
}

INLINE int ceil_div(int a, int b) {
    INLINED
    return (a + b - 1) / b;
}

INLINE int smaller(int a, int b) {
    INLINED
    return a < b ? a : b;
}

INLINE int larger(int a, int b) {
    INLINED
    return a > b ? a : b;
}

#endif
