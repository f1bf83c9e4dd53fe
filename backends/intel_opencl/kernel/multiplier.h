// The multiplier of a PE, and the registers between neighbours.
#ifndef OVERLAY_MULTIPLIER_H
#define OVERLAY_MULTIPLIER_H

#include "widths.h"

// A register that belongs to the wire from a PE to its neighbour: it may be placed between the two (Stratix 10: in the
// routing itself). It costs the emulator time and does nothing there.
#ifdef OVERLAY_EMULATION
#define TO_NEIGHBOUR(value) (value)
#else
#define TO_NEIGHBOUR(value) __fpga_reg(value)
#endif

// One operand per multiplier: there is nothing to pack.
INLINE pair_t pack(int high, int low) { return (pair_t)low; }
INLINE int low_of(pair_t pair) { return pair; }
INLINE int high_of(pair_t pair) { return 0; }

// The product of one multiplier: 18 x 19 bits, of int8 values and of Winograd's alike.
INLINE void multiply(pair_t pair, value_t value, bool single, sum_t part[PACKING]) {
    part[0] = (sum_t)((int32_t)pair * (int32_t)value);
}

#endif
