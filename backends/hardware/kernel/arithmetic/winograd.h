// Winograd transforms in integers, F(2,3), F(4,3) and F(5,4), rows of G scaled to integers (docs/arithmetic.md).
// Lavin and Gray, "Fast algorithms for convolutional neural networks", CVPR 2016.
#ifndef OVERLAY_WINOGRAD_H
#define OVERLAY_WINOGRAD_H

#include "arithmetic.h"
#include "banks.h"

enum { LARGEST_TILE = 8 };  // data along a dimension of a tile: F(5,4), for kernels of one dimension

TABLE int8_t DATA_2[4][4] = {{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, 1, 0, -1}};
TABLE int8_t DATA_4[6][6] = {{4, 0, -5, 0, 1, 0},  {0, -4, -4, 1, 1, 0}, {0, 4, -4, -1, 1, 0},
                             {0, -2, -1, 2, 1, 0}, {0, 2, -1, -2, 1, 0}, {0, 4, 0, -5, 0, 1}};
TABLE int8_t OUTPUT_2[2][4] = {{2, 1, 1, 0}, {0, 1, -1, -2}};
TABLE int8_t OUTPUT_4[4][6] = {{6, 4, 4, 1, 1, 0}, {0, 4, -4, 2, -2, 0}, {0, 4, 4, 4, 4, 0}, {0, 4, -4, 8, -8, 24}};
TABLE int8_t DATA_5[8][8] = {{-4, 0, 21, 0, -21, 0, 4, 0}, {0, 4, 4, -17, -17, 4, 4, 0}, {0, -4, 4, 17, -17, -4, 4, 0},
                             {0, 2, 1, -10, -5, 8, 4, 0},  {0, -2, 1, 10, -5, -8, 4, 0}, {0, 4, 8, -5, -10, 1, 2, 0},
                             {0, -4, 8, 5, -10, -1, 2, 0}, {0, -4, 0, 21, 0, -21, 0, 4}};
TABLE int8_t OUTPUT_5[5][8] = {{-90, -20, -20, 1, 1, 16, 16, 0},
                               {0, -20, 20, 2, -2, 8, -8, 0},
                               {0, -20, -20, 4, 4, 4, 4, 0},
                               {0, -20, 20, 8, -8, 2, -2, 0},
                               {0, -20, -20, 16, 16, 1, 1, 90}};

// Entries of B and A along a dimension with m outputs per tile (1: the dimension is left alone).
INLINE int data_entry(int m, int row, int column) {
    INLINED
    if (m == 1) return row == column ? 1 : 0;
    if (m == 2) return row < 4 && column < 4 ? DATA_2[row][column] : 0;
    if (m == 4) return row < 6 && column < 6 ? DATA_4[row][column] : 0;
    return DATA_5[row][column];
}

INLINE int output_entry(int m, int row, int column) {
    INLINED
    if (m == 1) return row == 0 && column == 0 ? 1 : 0;
    if (m == 2) return row < 2 && column < 4 ? OUTPUT_2[row][column] : 0;
    if (m == 4) return row < 4 && column < 6 ? OUTPUT_4[row][column] : 0;
    return row < 5 ? OUTPUT_5[row][column] : 0;
}

// An entry of a transform times a value, without a multiplier: all entries are 1, 3, 5, 17, 21 or 45 times a power of two,
// and a sum of shifts for each of these serves every entry.
INLINE wide_t times_entry(int entry, wide_t value) {
    INLINED
    const int size = entry < 0 ? -entry : entry;
    const int power = (size & 1) != 0 ? 0 : (size & 2) != 0 ? 1 : (size & 4) != 0 ? 2 : (size & 8) != 0 ? 3 : 4;
    const int odd = size >> power;
    const wide_t multiple = odd == 1    ? value
                            : odd == 3  ? times_centred(value, 3)
                            : odd == 5  ? times_centred(value, 5)
                            : odd == 17 ? times_centred(value, 17)
                            : odd == 21 ? times_centred(value, 21)
                            : odd == 45 ? times_centred(value, 45)
                                        : 0;
    const wide_t product = (wide_t)((uint64_t)multiple << power);
    return entry < 0 ? -product : product;
}

// The same for an entry of B: 1, 5, 17 or 21 times a power of two of at most 8.
INLINE int times_data_entry(int entry, int value) {
    INLINED
    const int size = entry < 0 ? -entry : entry;
    const int power = (size & 1) != 0 ? 0 : (size & 2) != 0 ? 1 : (size & 4) != 0 ? 2 : 3;
    const int odd = size >> power;
    const int multiple = odd == 1    ? value
                         : odd == 5  ? times(value, 5)
                         : odd == 17 ? times(value, 17)
                         : odd == 21 ? times(value, 21)
                                     : 0;
    const int product = (int)((uint32_t)multiple << power);
    return entry < 0 ? -product : product;
}

// How a kernel runs on tiles of m outputs per dimension.
typedef struct {
    int m1, m2, t1, t2;    // outputs and data of a tile
    int taps;              // of a piece of the kernel along a dimension
    int rounds1, rounds2;  // pieces
    int positions, rounds;
    int down, across;  // tiles of a block
} form_t;

// Tiles of `m` outputs, and pieces of `taps` taps, that cover `count`: there are few sizes, each a constant.
INLINE int tiles_over(int count, int m) {
    INLINED
    return m == 5 ? ceil_div(count, 5) : m == 4 ? ceil_div(count, 4) : m == 2 ? ceil_div(count, 2) : count;
}

INLINE int pieces_over(int count, int taps) {
    INLINED
    return taps == 4 ? ceil_div(count, 4) : ceil_div(count, 3);
}

INLINE form_t form_of(const command_t *c, int rows) {
    SET_UP
    form_t f;
    f.m1 = c->kernel_rows > 1 ? larger(c->winograd_tile, 1) : 1;
    f.m2 = c->kernel_columns > 1 ? larger(c->winograd_tile, 1) : 1;
    f.taps = c->winograd_tile == 5 ? 4 : 3;
    f.t1 = f.m1 == 1 ? 1 : f.m1 + f.taps - 1;
    f.t2 = f.m2 == 1 ? 1 : f.m2 + f.taps - 1;
    f.rounds1 = pieces_over(c->kernel_rows, f.taps);
    f.rounds2 = pieces_over(c->kernel_columns, f.taps);
    f.positions = f.t1 * f.t2;
    f.rounds = f.rounds1 * f.rounds2;
    f.down = tiles_over(rows, f.m1);
    f.across = tiles_over(c->out_width, f.m2);
    return f;
}

// A multiple of 3, and of 15, divided by it, modulo 2^64: -1 / 3 is the sum of all powers of 4, -1 / 15 of those of 16.
INLINE uint64_t third_of(uint64_t value) {
    INLINED
    const uint64_t two = value + (value << 2);
    const uint64_t four = two + (two << 4);
    const uint64_t eight = four + (four << 8);
    const uint64_t sixteen = eight + (eight << 16);
    return 0 - (sixteen + (sixteen << 32));
}

INLINE uint64_t fifteenth_of(uint64_t value) {
    INLINED
    const uint64_t two = value + (value << 4);
    const uint64_t four = two + (two << 8);
    const uint64_t eight = four + (four << 16);
    return 0 - (eight + (eight << 32));
}

// value / scale of both dimensions, exactly: powers of two by shifts, 3, 9 or 45 by sums of shifts.
INLINE wide_t divide_scale(wide_t value, int m1, int m2) {
    INLINED
    const int shift = (m1 == 1 ? 0 : m1 == 2 ? 1 : 3) + (m2 == 1 ? 0 : m2 == 2 ? 1 : 3);
    uint64_t bits = (uint64_t)(value >> shift);
    if (m1 > 2 || m2 > 2) bits = third_of(bits);
    if (m1 == 4 && m2 == 4) bits = third_of(bits);
    if (m1 == 5 || m2 == 5) bits = fifteenth_of(bits);
    return (wide_t)bits;
}

#endif
