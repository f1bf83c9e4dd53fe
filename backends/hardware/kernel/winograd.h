// Winograd transforms in integers, F(2,3) and F(4,3), rows of G scaled to integers (docs/arithmetic.md).
// Lavin and Gray, "Fast algorithms for convolutional neural networks", CVPR 2016.
#ifndef OVERLAY_WINOGRAD_H
#define OVERLAY_WINOGRAD_H

#include "arithmetic.h"

enum { LARGEST_TILE = 6 };  // data along a dimension of a tile of F(4,3)
enum { TAPS = 3 };

TABLE int8_t DATA_2[4][4] = {{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, 1, 0, -1}};
TABLE int8_t DATA_4[6][6] = {{4, 0, -5, 0, 1, 0},  {0, -4, -4, 1, 1, 0}, {0, 4, -4, -1, 1, 0},
                               {0, -2, -1, 2, 1, 0}, {0, 2, -1, -2, 1, 0}, {0, 4, 0, -5, 0, 1}};
TABLE int8_t OUTPUT_2[2][4] = {{2, 1, 1, 0}, {0, 1, -1, -2}};
TABLE int8_t OUTPUT_4[4][6] = {{6, 4, 4, 1, 1, 0}, {0, 4, -4, 2, -2, 0}, {0, 4, 4, 4, 4, 0}, {0, 4, -4, 8, -8, 24}};

// Entries of B and A along a dimension with m outputs per tile (1: the dimension is left alone).
INLINE int data_entry(int m, int row, int column) {
    INLINED
    if (m == 1) return row == column ? 1 : 0;
    if (m == 2) return row < 4 && column < 4 ? DATA_2[row][column] : 0;
    return DATA_4[row][column];
}

INLINE int output_entry(int m, int row, int column) {
    INLINED
    if (m == 1) return row == 0 && column == 0 ? 1 : 0;
    if (m == 2) return row < 2 && column < 4 ? OUTPUT_2[row][column] : 0;
    return OUTPUT_4[row][column];
}

// How a kernel runs on tiles of m outputs per dimension.
typedef struct {
    int m1, m2, t1, t2;      // outputs and data of a tile
    int rounds1, rounds2;    // pieces of at most three taps
    int positions, rounds;
    int down, across;        // tiles of a block
} form_t;

INLINE form_t form_of(const command_t *c, int rows) {
    form_t f;
    // Commands without Winograd have no tile: a compiler may divide by it before it knows that nobody wants the result.
    f.m1 = c->kernel_rows > 1 ? larger(c->winograd_tile, 1) : 1;
    f.m2 = c->kernel_columns > 1 ? larger(c->winograd_tile, 1) : 1;
    f.t1 = f.m1 == 1 ? 1 : f.m1 + 2;
    f.t2 = f.m2 == 1 ? 1 : f.m2 + 2;
    f.rounds1 = ceil_div(c->kernel_rows, TAPS);
    f.rounds2 = ceil_div(c->kernel_columns, TAPS);
    f.positions = f.t1 * f.t2;
    f.rounds = f.rounds1 * f.rounds2;
    f.down = ceil_div(rows, f.m1);
    f.across = ceil_div(c->out_width, f.m2);
    return f;
}

// Units of the input buffer that a block's transformed tiles take: 16-bit values, tile by tile within each position.
INLINE int transformed_units(const command_t *c, const block_t *b) {
    const form_t f = form_of(c, b->rows);
    return f.positions * f.down * f.across * f.rounds * 2 * units_of(c->channels);
}

// value / scale of both dimensions, exactly: the powers of two by shifts, 3 or 9 by their inverses modulo 2^64.
INLINE wide_t divide_scale(wide_t value, int m1, int m2) {
    INLINED
    const uint64_t third = 0xAAAAAAAAAAAAAAABul;
    const int shift = (m1 == 2 ? 1 : m1 == 4 ? 3 : 0) + (m2 == 2 ? 1 : m2 == 4 ? 3 : 0);
    uint64_t bits = (uint64_t)(value >> shift);
    if (m1 == 4) bits *= third;
    if (m2 == 4) bits *= third;
    return (wide_t)bits;
}

#endif
