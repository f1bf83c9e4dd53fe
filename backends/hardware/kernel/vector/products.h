// The product of a lane (docs/overlay.md, section 7): one of 27 x 18 bits for each slot, whatever the operation. What it
// multiplies and what becomes of it comes with the slot; all else that the operations multiply is a sum of shifts.
#ifndef OVERLAY_PRODUCTS_H
#define OVERLAY_PRODUCTS_H

#include "order.h"

typedef struct {
    lane_value_t value[LANES];
    scale_t factor[LANES];
    uint8_t shift[LANES];    // of what is handed to POST
    int32_t begin[LANES];    // LRN: the table's entry, from which on the product is the way
    int16_t centred[LANES];  // LRN: the value less its zero point, which what was found in the table scales
    int16_t second[LANES];   // ADD: the value that is left for POST, less its zero point, and its multiplier
    int32_t multiplier;
    bool adds;        // to the slot before; else the product is the first of its position
    bool normalises;  // LRN
    bool leaves;      // the position is complete
    bool last;        // and the block
} operands_t;

// LRN: bits of the part of a sum of squares that lies between two entries of the table.
enum { LRN_STEPS = 32, LRN_STEP_BITS = 5, LRN_FRACTION_BITS = LRN_OCTAVES - 1 - LRN_STEP_BITS };

INLINE void multiply_lanes(const operands_t *in, lanes_t *out) {
    INLINED
lanes:
    UNROLLED
    for (int lane = 0; lane < LANES; ++lane) {
        UNROLL_THIS
        const product_t product = (product_t)in->value[lane] * (product_t)in->factor[lane];
        HLS_PRAGMA(HLS bind_op variable = product op = mul impl = dsp)
        const wide_t found = in->begin[lane] + ((wide_t)product >> LRN_FRACTION_BITS);
        const wide_t sum = (in->adds ? out->product[lane] : 0) + (wide_t)product;
        out->product[lane] = in->normalises ? times_centred(found, in->centred[lane]) : sum;
        out->shift[lane] = in->shift[lane];
        out->second[lane] = in->second[lane];
    }
    out->multiplier = in->multiplier;
}

#endif
