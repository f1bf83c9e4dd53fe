// Widths of numbers. In synthesis every register has exactly the bits that it needs; in C simulation the next
// standard width holds the same values, so that the compiler can vectorise. With -DOVERLAY_EXACT_WIDTHS the
// simulation uses the exact widths too (make csim-exact), and both must give the same results.
#ifndef OVERLAY_WIDTHS_H
#define OVERLAY_WIDTHS_H

#include "params.h"

#include <cstdint>

#if defined(__SYNTHESIS__) && !defined(OVERLAY_EXACT_WIDTHS)
#define OVERLAY_EXACT_WIDTHS
#endif

#ifdef OVERLAY_EXACT_WIDTHS
#include "ap_int.h"
typedef ap_int<VALUE_BITS> value_t;              // operand on the 18-bit side of a multiplier
typedef ap_int<PAIR_BITS> pair_t;                // operand on the wide side: two int8 values, or one value
typedef ap_int<PRODUCT_BITS> product_t;          // their product
typedef ap_int<SUM_BITS> sum_t;                  // accumulator; two of 36 bits or one of 40 share a row of 72
typedef ap_int<SCALED_BITS> scaled_t;            // a sum times a multiplier of requantisation
typedef ap_int<POOL_PIXEL_BITS> pool_pixel_t;    // pooling: a value less its zero point
typedef ap_int<POOL_WINDOW_BITS> pool_window_t;  // and a sum of them
#else
typedef std::int32_t value_t;
typedef std::int32_t pair_t;
typedef std::int64_t product_t;
typedef std::int64_t sum_t;
typedef std::int64_t scaled_t;
typedef std::int16_t pool_pixel_t;
typedef std::int32_t pool_window_t;
#endif

typedef pair_t lane_value_t;  // what a lane multiplies
typedef value_t scale_t;      // what by: in its own product, and in requantisation
typedef std::int32_t tag_t;   // what travels with an operand

// Memories with a bank per row or column of the array have just as many.
enum { BANK_ROWS = ARRAY_ROWS, BANK_COLUMNS = ARRAY_COLUMNS };

#endif
