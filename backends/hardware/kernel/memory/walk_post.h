// The order in which POST makes a block's results, R lanes at a time, and where in the block's half of the output buffer
// they belong (docs/overlay.md, sections 6 and 7): sums of the array, row by row of the accumulators, and products of the
// vector unit as they come.
#ifndef OVERLAY_WALK_POST_H
#define OVERLAY_WALK_POST_H

#include "order.h"
#include "sums.h"
#include "winograd.h"

// Walks the sums of a convolution: R lanes of a row, row after row. Lanes are output channels (NS, WS) or positions (IS).
// With Winograd a row is a tile, whose positions a lane gets one by one.
typedef struct {
    bool by_channel;       // IS: a row is an output channel; else a position or tile
    int across, along;     // lanes in all, and rows of each group of lanes
    int positions, tiles;  // Winograd; else 1, and positions
    int wide;              // sums in a row of accumulators
    int lines, apart;      // rows of accumulators from a row to the next, and from a position to the next
    int tile, first, line, position;
    int column, row;  // of the accumulators: the tile's number, and the row of `line` and `position`, tile 0
    int row_of_line;  // of position 0
    int t2, i, j;     // Winograd: positions of a row of data, and the place of `position` among them
    bool done;
} post_order_t;

INLINE post_order_t post_order_of(const command_t *c, const block_t *b) {
    SET_UP
    post_order_t o = ZERO;
    o.tiles = b->rows * c->out_width;
    o.positions = 1;
    o.t2 = 1;
    o.wide = ARRAY_COLUMNS * PACKING;
    if (c->algorithm == WINOGRAD) {
        const form_t f = form_of(c, b->rows);
        o.tiles = f.down * f.across;
        o.positions = f.positions;
        o.t2 = f.t2;
        o.wide = ARRAY_COLUMNS;
    }
    o.by_channel = c->dataflow == IS;
    o.across = o.by_channel ? o.tiles : b->channels;
    o.along = o.by_channel ? b->channels : o.tiles;
    o.lines = rows_over(c, o.across);
    o.apart = o.tiles * o.lines;
    return o;
}

INLINE int lanes_of(const post_order_t *o) {
    INLINED
    return smaller(smaller(LANES, o->tile + o->wide - o->first), o->across - o->first);
}

// The next row, whose positions are to come.
INLINE void next_line(post_order_t *o) {
    INLINED
    o->position = 0;
    o->i = 0;
    o->j = 0;
    ++o->line;
    o->row_of_line += o->lines;
    o->row = o->row_of_line;
    if (o->line < o->along) return;
    o->line = 0;
    o->row_of_line = 0;
    o->row = 0;
    o->first += LANES;
    if (o->first < smaller(o->tile + o->wide, o->across)) return;
    o->tile += o->wide;
    ++o->column;
    o->first = o->tile;
    o->done = o->tile >= o->across;
}

INLINE void next_post(post_order_t *o) {
    INLINED
    ++o->position;
    o->row += o->apart;
    ++o->j;
    if (o->j == o->t2) {
        o->j = 0;
        ++o->i;
    }
    if (o->position == o->positions) next_line(o);
}

// What a lane has: an output channel, and a position (Winograd: the row's tile) of the block.
INLINE int channel_of_lane(const post_order_t *o, int lane) {
    INLINED
    return o->by_channel ? o->line : o->first + lane;
}

INLINE int number_of_lane(const post_order_t *o, int lane) {
    INLINED
    return o->by_channel ? o->first + lane : o->line;
}

// Winograd: the first output of the tile of a row, and where that is among the tiles side by side.
typedef struct {
    int row, column, right;
} tile_at_t;

// The tile of the row that has become `o`'s, behind that of the row before; `across`: tiles side by side, of m1 x m2
// outputs.
INLINE void next_output_tile(const post_order_t *o, int across, int m1, int m2, tile_at_t *at) {
    INLINED
    const tile_at_t first = {0, 0, 0};
    ++at->right;
    at->column += m2;
    if (at->right == across) {
        at->right = 0;
        at->column = 0;
        at->row += m1;
    }
    if (o->line == 0) *at = first;
}

// Winograd: A times the sums of the tiles of the lanes, m1 x t2, as they come position (i, j) by position.
typedef wide_t half_results_t[LARGEST_TILE][LARGEST_TILE][LANES];

INLINE void gather_sums(const form_t *f, int i, int j, const wide_t sums[LANES], half_results_t part) {
    INLINED
rows_of_outputs:
    UNROLLED
    for (int y = 0; y < LARGEST_TILE; ++y) {
        UNROLL_THIS
        if (y >= f->m1) continue;
        const int entry = output_entry(f->m1, y, i);
    lanes_of_tile:
        UNROLLED
        for (int lane = 0; lane < LANES; ++lane) {
            UNROLL_THIS
            const wide_t before = i == 0 ? 0 : part[y][j][lane];
            part[y][j][lane] = before + times_entry(entry, sums[lane]);
        }
    }
}

// Output (y, x) of a lane's tile.
INLINE wide_t sum_of_tile(const form_t *f, const half_results_t part, int y, int x, int lane) {
    INLINED
    wide_t sum = 0;
columns_of_outputs:
    UNROLLED
    for (int j = 0; j < LARGEST_TILE; ++j) {
        UNROLL_THIS
        if (j < f->t2) sum += times_entry(output_entry(f->m2, x, j), part[y][j][lane]);
    }
    return divide_scale(sum, f->m1, f->m2);
}

// Walks the products of the vector unit, in the order of order.h: a group of lanes at a position.
typedef struct {
    int units, pitch;  // of the output's channels, and from a plane of the output buffer to the next
    position_t at;
    int plane,
        pixel;  // where the group lies in the block's half of the output buffer: the unit of pixel 0, and the pixel
    bool done;
} product_order_t;

INLINE product_order_t product_order_of(const command_t *c, const block_t *b) {
    product_order_t o;
    o.units = units_of(c->out_channels);
    o.pitch = output_pitch(c, b);
    o.at = first_position();
    o.plane = 0;
    o.pixel = 0;
    o.done = b->rows == 0;
    return o;
}

// A unit of a group of lanes: its first output channel, and which unit of the block's half of the output buffer it is, -1
// if the lanes idle.
typedef struct {
    int oc, unit;
} finished_t;

// The unit of channels that the group begins with.
INLINE int first_unit_of_group(const product_order_t *o) {
    INLINED
    return o->at.unit;
}

// Unit `k` of the group.
INLINE finished_t unit_of_group(const product_order_t *o, int k) {
    INLINED
    finished_t f;
    const int unit = o->at.unit + k;
    f.oc = unit * UNIT_BYTES;
    f.unit = unit < o->units ? o->plane + times(o->pitch, k) + o->pixel : -1;
    return f;
}

INLINE void next_group(const command_t *c, const block_t *b, product_order_t *o) {
    INLINED
    ++o->pixel;
    if (next_position(o->units, b->rows, c->out_width, &o->at)) {
        o->pixel = 0;
        o->plane += times(o->pitch, EACH);
    }
    o->done = o->at.done;
}

#endif
