// How pooling walks over a block (docs/overlay.md, section 7): chunks of channels, tiles of columns, output rows, groups
// of R lanes. The pooling unit makes products in this order and the lanes of STORE finish them.
#ifndef OVERLAY_POOLING_H
#define OVERLAY_POOLING_H

#include "banks.h"
#include "order.h"

enum {
    RUNNING_ROWS = 2,  // rows of running results
    COLUMN_ADDERS = 2  // values that a lane of the columns' reduction adds to its own in a cycle
};

typedef struct {
    bool planes;      // n pixels of one channel unit at a time, or n channel units of one pixel
    int units;        // channel units
    int chunk_units;  // of a chunk; the last may have fewer
    int chunks;
    int together;      // output rows that share a sweep over input rows
    int tile_columns;  // output columns of a tile; the last may have fewer
    int tiles;
    bool cut;  // a tile is made of a part of the input row only
} pool_t;

// A tile: output columns `column` on, made of input columns `start` on, the first of which is column `pads` of the first
// window.
typedef struct {
    int column, columns;
    int start, width;
    int pads;
    int words;  // of an input row of a chunk
} pool_tile_t;

// Columns that a row of running results holds.
INLINE int row_room(bool planes) { return planes ? POOL_WORDS * WORD_UNITS : POOL_WORDS; }

// Output columns of a tile: as many as have their windows in a row of running results, all of them if possible.
INLINE int tile_columns_of(const command_t *c, bool planes) {
    const int room = row_room(planes);
    if (planes && c->kernel_columns > WORD_UNITS + 1) return 1;  // such a window folds by itself
    if (larger(c->width, c->out_width) <= room) return c->out_width;
    const int extent = (c->kernel_columns - 1) * c->dilation_columns + 1;
    return smaller(c->out_width, smaller(room, (room - extent) / larger(1, c->stride_columns) + 1));
}

INLINE pool_t pool_of(const command_t *c, const block_t *b) {
    pool_t p;
    p.planes = (c->flags & FLAG_PLANES) != 0;
    p.units = units_of(c->channels);
    p.chunk_units = p.planes ? 1 : WORD_UNITS;
    p.chunks = ceil_div(p.units, p.chunk_units);
    const bool apart = c->dilation_rows > 1 || c->stride_rows >= c->kernel_rows;
    const bool few = ceil_div(c->kernel_rows - 1, c->stride_rows) <= RUNNING_ROWS;
    p.together = apart ? 1 : few ? b->rows : RUNNING_ROWS;
    p.tile_columns = tile_columns_of(c, p.planes);
    p.tiles = ceil_div(c->out_width, p.tile_columns);
    p.cut = p.tiles > 1 || larger(c->width, c->out_width) > row_room(p.planes);
    return p;
}

INLINE pool_tile_t tile_of(const command_t *c, const pool_t *p, int tile) {
    INLINED
    pool_tile_t t;
    t.column = tile * p->tile_columns;
    t.columns = smaller(p->tile_columns, c->out_width - t.column);
    const int first = t.column * c->stride_columns - c->pad_left;
    const int extent = (c->kernel_columns - 1) * c->dilation_columns + 1;
    const int end = smaller(c->width, first + (t.columns - 1) * c->stride_columns + extent);
    t.start = p->cut ? larger(0, first) : 0;
    t.width = (p->cut ? end : c->width) - t.start;
    t.pads = t.start - first;
    t.words = p->planes ? ceil_div(t.width, WORD_UNITS) : t.width;
    return t;
}

INLINE int units_of_chunk(const pool_t *p, int chunk) {
    return smaller(p->chunk_units, p->units - chunk * p->chunk_units);
}

// Groups of R lanes in which a row of a tile is finished.
INLINE int groups_of_row(const pool_t *p, const pool_tile_t *t, int chunk) {
    return p->planes ? ceil_div(t->columns, EACH) : t->columns * ceil_div(units_of_chunk(p, chunk), EACH);
}

// Unit k of a group of lanes that begins at `first`: its column of the tile (its columns' number: the lanes idle), and its
// unit of the chunk.
INLINE unit_cursor_t place_in_group(const pool_t *p, const pool_tile_t *t, int chunk, const unit_cursor_t *first,
                                    int k) {
    INLINED
    unit_cursor_t at = *first;
    if (p->planes) {
        at.column = smaller(first->column + k, t->columns);
        return at;
    }
    at.unit += k;
    if (at.unit >= units_of_chunk(p, chunk)) at.column = t->columns;
    return at;
}

// Where the next group begins.
INLINE void next_in_row(const pool_t *p, int chunk, unit_cursor_t *first) {
    INLINED
    if (p->planes) {
        first->column += EACH;
        return;
    }
    first->unit += EACH;
    if (first->unit < units_of_chunk(p, chunk)) return;
    first->unit = 0;
    ++first->column;
}

// The rows of an output row's window, counted in the image.
INLINE int first_of_window(const command_t *c, int row) { return row * c->stride_rows - c->pad_top; }

INLINE int last_inside(const command_t *c, int row) {
    return smaller(first_of_window(c, row) + c->kernel_rows - 1, c->height - 1);
}

// What is read to complete output row `row`: input rows `from` to `to`, `step` apart, in the sweep that ends with
// output row `sweep_last`.
typedef struct {
    int from, to, step, sweep_last;
} reading_t;

INLINE reading_t reading_of(const command_t *c, const pool_t *p, const block_t *b, int row) {
    reading_t r;
    const int first = row - (row - b->first_row) % p->together;
    r.sweep_last = smaller(first + p->together, b->first_row + b->rows) - 1;
    r.step = c->dilation_rows;
    if (c->dilation_rows > 1) {
        r.from = first_of_window(c, row);
        r.to = r.from + (c->kernel_rows - 1) * c->dilation_rows;
        return r;
    }
    // The sweep's rows are moved inside the image; the last output row of the sweep reads all that is left of them.
    const int rows = smaller(c->height, (r.sweep_last - first) * c->stride_rows + c->kernel_rows);
    const int start = larger(0, smaller(first_of_window(c, first), c->height - rows));
    r.from = row == first ? start : last_inside(c, row - 1) + 1;
    r.to = row == r.sweep_last ? start + rows - 1 : last_inside(c, row);
    return r;
}

#endif
