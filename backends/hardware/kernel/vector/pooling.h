// How pooling walks over a block (docs/overlay.md, section 7): position by position the taps of their windows, or row by row
// the pixels under them, each once.
#ifndef OVERLAY_POOLING_H
#define OVERLAY_POOLING_H

#include "slots.h"

enum {
    MOST_SWEPT = 3,    // rows and columns of a window whose pixels come once
    MOST_BETWEEN = 4,  // their strides
    LEAST_PIXELS = 3   // of a row that is kept: a pixel is read before it is written again
};

// Rows and columns of the pixels of blocks of so many output rows: from the first window's first to the last one's last, pads
// and all, but for columns before the image.
INLINE int swept_rows(const command_t *c, int rows) {
    SET_UP
    return (rows - 1) * c->stride_rows + c->kernel_rows;
}

INLINE int swept_columns(const command_t *c) {
    SET_UP
    return (c->out_width - 1) * c->stride_columns + c->kernel_columns - c->pad_left;
}

// Whether pixels come once: where they may, and where that takes fewer slots over all blocks.
INLINE bool sweeps(const command_t *c) {
    SET_UP
    const bool near_rows = c->kernel_rows == 1 || c->dilation_rows == 1;
    const bool near_columns = c->kernel_columns == 1 || c->dilation_columns == 1;
    const bool small = larger(c->kernel_rows, c->kernel_columns) <= MOST_SWEPT &&
                       larger(c->stride_rows, c->stride_columns) <= MOST_BETWEEN;
    const int columns = swept_columns(c);
    const bool kept = columns >= LEAST_PIXELS && columns <= POOL_PIXELS;
    if (!near_rows || !near_columns || !small || !kept || c->slope_count > 1) return false;
    const int last = c->pass_rows - (c->blocks - 1) * c->block_rows;
    const int rows = (c->blocks - 1) * swept_rows(c, c->block_rows) + swept_rows(c, last);
    return rows * columns < c->pass_rows * c->out_width * c->kernel_rows * c->kernel_columns;
}

INLINE walk_t pooling_walk(const command_t *c, const block_t *b, bool once) {
    walk_t w = plain_walk(c, b);
    if (once) {
        w.rows = swept_rows(c, b->rows);
        w.columns = swept_columns(c);
        return w;
    }
    w.tap_rows = c->kernel_rows;
    w.tap_columns = c->kernel_columns;
    return w;
}

// A pixel of the image; those of pads lie outside of it.
typedef struct {
    int row, column;
} pixel_t;

INLINE pixel_t pixel_of(const command_t *c, const block_t *b, const slot_t *s, bool once) {
    INLINED
    pixel_t p = {times(c->stride_rows, b->first_row) - c->pad_top, 0};
    if (once) {
        p.row += s->at.row;
        p.column = s->at.column;
        return p;
    }
    p.row += times(c->stride_rows, s->at.row) + times(c->dilation_rows, s->tap_row);
    p.column = times(c->stride_columns, s->at.column) - c->pad_left + times(c->dilation_columns, s->tap_column);
    return p;
}

// The window that a slot ends, or else the next one that will end: its row in the block and its column. Where pixels come
// once: rows and columns of them until then.
typedef struct {
    int row, column;
    int rows_before, columns_before;
} ending_t;

INLINE ending_t first_ending(const command_t *c) {
    INLINED
    const ending_t e = {0, 0, c->kernel_rows - 1, c->kernel_columns - 1 - c->pad_left};
    return e;
}

// Behind a slot, the last one of a row or not.
INLINE void next_ending(const command_t *c, bool last_of_row, ending_t *e) {
    INLINED
    if (!last_of_row) {
        if (e->columns_before == 0) ++e->column;
        e->columns_before = (e->columns_before == 0 ? c->stride_columns : e->columns_before) - 1;
        return;
    }
    e->column = 0;
    e->columns_before = c->kernel_columns - 1 - c->pad_left;
    if (e->rows_before == 0) ++e->row;
    e->rows_before = (e->rows_before == 0 ? c->stride_rows : e->rows_before) - 1;
}

#endif
