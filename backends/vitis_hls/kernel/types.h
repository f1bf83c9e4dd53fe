// Types of the overlay. In synthesis every register has exactly the bits that it needs; in C simulation the next
// standard width holds the same values, so that the compiler can vectorise. With -DOVERLAY_EXACT_WIDTHS the
// simulation uses the exact widths too (make csim-exact), and both must give the same results.
#ifndef OVERLAY_TYPES_H
#define OVERLAY_TYPES_H

#include <cstdint>

#include "params.h"

#if defined(__SYNTHESIS__) && !defined(OVERLAY_EXACT_WIDTHS)
#define OVERLAY_EXACT_WIDTHS
#endif

#ifdef OVERLAY_EXACT_WIDTHS
#include "ap_int.h"
typedef ap_int<VALUE_BITS> value_t;      // operand on the 18-bit side of a multiplier
typedef ap_int<PAIR_BITS> pair_t;        // operand on the 27-bit side: two int8 values 18 bits apart, or one value
typedef ap_int<PRODUCT_BITS> product_t;  // their product
typedef ap_int<SUM_BITS> sum_t;          // accumulator; two of 36 bits or one of 40 share a row of 72
#else
typedef std::int32_t value_t;
typedef std::int32_t pair_t;
typedef std::int64_t product_t;
typedef std::int64_t sum_t;
#endif

typedef std::int64_t wide_t;  // operand and product of requantisation: 40 x 18 bits

// One beat of a memory port.
struct beat_t {
    std::uint8_t byte[PORT_BYTES];
};

// One memory word: a beat of every port.
struct word_t {
    std::uint8_t byte[WORD_BYTES];
};

// The 16 bytes in front of an output channel's weights (docs/program.md, section 3).
struct parameter_t {
    std::int32_t bias;
    std::int32_t multiplier;
    std::int32_t negative_multiplier;
    std::uint8_t shift;
    std::uint8_t negative_shift;
    std::int8_t low;
    std::int8_t high;
};

// What the vector unit hands to the lanes of STORE: products that are still to be shifted.
struct lanes_t {
    wide_t product[LANES];
    std::uint8_t shift[LANES];
};

// What a process counted in one block.
struct count_t {
    std::uint64_t cycles;
    std::uint64_t port_bytes[PORTS];
};

typedef bool token_t;

#endif
