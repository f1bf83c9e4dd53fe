// The vector unit: layers that the array does not compute (docs/overlay.md, section 7). It makes products
// (docs/program.md, section 2, "Vector layers"); the lanes of STORE round, clamp and look them up.
#ifndef OVERLAY_VECTOR_H
#define OVERLAY_VECTOR_H

#include "depthwise.h"
#include "elementwise.h"
#include "lrn.h"
#include "pixelwise.h"
#include "pooling_unit.h"

// A block of a layer that is no convolution on the array; returns the cycles that it took.
INLINE uint64_t vector_block(const command_t *c, const source_t sources[MAX_SOURCES], values_read_t values,
                             const block_t *b, units_read_t input_buffer, units_read_t weight_buffer, kept_write_t kept,
                             steps_write_t steps, running_write_t running, PRODUCTS) {
    const view_t v = view_of(c, b, b->input_unit, c->channels);
    if (c->op == OP_MAX_POOL || c->op == OP_AVERAGE_POOL)
        return pool_block(c, values, b, input_buffer, running, PASS_PRODUCTS);
    if (c->op == OP_DEPTHWISE) return depthwise_block(c, &v, b, input_buffer, weight_buffer, kept, PASS_PRODUCTS);
    if (c->op == OP_LRN) return lrn_block(c, &v, values, b, input_buffer, steps, PASS_PRODUCTS);
    if (c->op == OP_RESIZE) return resize_block(c, &v, b, input_buffer, PASS_PRODUCTS);
    if (c->op == OP_ACTIVATION) return activation_block(c, &v, b, input_buffer, PASS_PRODUCTS);
    if (c->op == OP_CONCAT) return concat_block(c, sources, b, input_buffer, PASS_PRODUCTS);
    return elementwise_block(c, sources, b, input_buffer, weight_buffer, PASS_PRODUCTS);
}

#endif
