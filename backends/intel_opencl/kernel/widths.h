// Widths of numbers. A multiplier of Arria 10 and Stratix 10 takes 18 x 19 bits: an int8 product, or a Winograd
// product of 16 x 16 bits. Two such products fit a DSP block, and the array has a multiplier for each.
#ifndef OVERLAY_WIDTHS_H
#define OVERLAY_WIDTHS_H

#include "language.h"

typedef int16_t value_t;  // operand that moves right: 9 bits (centred data of kn2row), or 16 of Winograd
typedef int16_t pair_t;   // operand that meets it; the name is that of devices whose multipliers take two at once
typedef int16_t tag_t;    // what travels with an operand

// Sums need 40 bits, pooling 9 and 24 (params.h). In emulation wider types hold the same values, so that the
// compiler can vectorise.
#ifdef OVERLAY_EMULATION
typedef int64_t sum_t;
typedef int32_t lane_value_t;   // what a lane multiplies
typedef int32_t scale_t;        // what by: in its own product, and in requantisation
typedef int64_t product_t;      // its own product
typedef int64_t scaled_t;       // that of requantisation
typedef int16_t pool_pixel_t;   // pooling: a value less its zero point
typedef int32_t pool_window_t;  // and a sum of them
#else
#pragma OPENCL EXTENSION cl_intel_arbitrary_precision_integers : enable
#include "ihc_apint.h"
typedef int40_t sum_t;
typedef int27_t lane_value_t;
typedef int18_t scale_t;
typedef int45_t product_t;
typedef int58_t scaled_t;
typedef int9_t pool_pixel_t;
typedef int24_t pool_window_t;
#endif

#endif
