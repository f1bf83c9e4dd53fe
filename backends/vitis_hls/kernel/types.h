// Types of the overlay. In synthesis every register has exactly the bits that it needs; in C simulation the next
// standard width holds the same values, so that the compiler can vectorise. With -DOVERLAY_EXACT_WIDTHS the
// simulation uses the exact widths too (make csim-exact), and both must give the same results.
#ifndef OVERLAY_TYPES_H
#define OVERLAY_TYPES_H

#include "hls_stream.h"
#include "order.h"

#if defined(__SYNTHESIS__) && !defined(OVERLAY_EXACT_WIDTHS)
#define OVERLAY_EXACT_WIDTHS
#endif

#ifdef OVERLAY_EXACT_WIDTHS
#include "ap_int.h"
typedef ap_int<VALUE_BITS> value_t;      // operand on the 18-bit side of a multiplier
typedef ap_int<PAIR_BITS> pair_t;        // operand on the 27-bit side: two int8 values 18 bits apart, or one value
typedef ap_int<PRODUCT_BITS> product_t;  // their product
typedef ap_int<POOL_PIXEL_BITS> pool_pixel_t;    // pooling: a value less its zero point
typedef ap_int<POOL_WINDOW_BITS> pool_window_t;  // and a sum of them
typedef ap_int<SUM_BITS> sum_t;                  // accumulator; two of 36 bits or one of 40 share a row of 72
#else
typedef std::int32_t value_t;
typedef std::int32_t pair_t;
typedef std::int64_t product_t;
typedef std::int64_t sum_t;
typedef std::int16_t pool_pixel_t;
typedef std::int32_t pool_window_t;
#endif

typedef std::int32_t tag_t;  // what travels with an operand

// Memories with a bank per row or column of the array have just as many.
enum { BANK_ROWS = ARRAY_ROWS, BANK_COLUMNS = ARRAY_COLUMNS };

typedef bool token_t;

// A stream between two processes, of so many elements. TOKENS wait in it; where its reader keeps step with its writer
// (IN_STEP) a few registers decouple the two sides, and a simulation of one after the other holds more of them.
#ifdef OVERLAY_CHECK_PORTS
template <typename T> using stream_of = ports::stream_t<T>;
#define TOKENS(type, name, elements) static stream_of<type> name(#name, elements);
#define IN_STEP(type, name, elements) static stream_of<type> name(#name, 0);
#else
template <typename T> using stream_of = hls::stream<T>;
#define TOKENS(type, name, elements)    \
    static stream_of<type> name(#name); \
    HLS_PRAGMA(HLS stream variable = name depth = elements)
#define IN_STEP(type, name, elements) TOKENS(type, name, elements)
#endif

typedef stream_of<lanes_t> products_t;

// How vector.h hands out products.
#define PRODUCTS products_t &products
#define PASS_PRODUCTS products
#define HAND_OUT(lanes) products.write(lanes)

#endif
