// Rows of a tensor in memory, slice by slice: at most a word of them per cycle. LOAD reads and STORE writes in this order.
#ifndef OVERLAY_SLICES_H
#define OVERLAY_SLICES_H

#include "arithmetic.h"
#include "memory.h"

// Where a slice lies in a buffer: `count` units, `step` apart; 0 or less if it is padding.
typedef struct {
    int unit, step, count;
    int known;     // bytes of the first unit that are channels;
    bool follows;  // of the units behind it, as many less as it has: they are channels of the same pixel
    bool joins;    // only channels are written, each `shift` bytes further on
    int shift;
} units_t;

// Whether byte `i` of unit `k` of a slice is a channel's.
INLINE bool is_channel(const units_t *u, int k, int i) {
    INLINED
    return i < u->known - (u->follows ? k * UNIT_BYTES : 0);
}

// Walks the slices of a plane's rows. A row is a number of parts, each cut into words by itself, and padding: the pixels
// of hwc and the windows of toeplitz are parts, a row of c16 is one.
typedef struct {
    int rows, parts;
    int part_bytes, padding_bytes;  // padding: of a row
    int row, part, first;           // the slice: its first byte of the part; the padding comes behind the parts
    bool done;
} slices_t;

INLINE slices_t slices_of(int rows, int parts, int part_bytes, int padding_bytes) {
    INLINED
    const slices_t p = {rows, parts, part_bytes, padding_bytes, 0, 0, 0, rows == 0};
    return p;
}

INLINE bool is_padding(const slices_t *p) {
    INLINED
    return p->part == p->parts;
}

INLINE int slice_bytes(const slices_t *p) {
    INLINED
    return smaller(WORD_BYTES, (is_padding(p) ? p->padding_bytes : p->part_bytes) - p->first);
}

INLINE void next_slice(slices_t *p) {
    INLINED
    const int end = is_padding(p) ? p->padding_bytes : p->part_bytes;
    p->first += WORD_BYTES;
    if (p->first < end) return;
    p->first = 0;
    ++p->part;
    if (p->part < p->parts + (p->padding_bytes > 0 ? 1 : 0)) return;
    p->part = 0;
    ++p->row;
    p->done = p->row == p->rows;
}

#endif
