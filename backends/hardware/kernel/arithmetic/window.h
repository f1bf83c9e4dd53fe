// What the array reads: windows of the input buffer, position by position and segment by segment, and rows of weights
// (docs/overlay.md, section 4; docs/program.md, section 3).
#ifndef OVERLAY_WINDOW_H
#define OVERLAY_WINDOW_H

#include "arithmetic.h"
#include "banks.h"
#include "multiplier.h"
#include "winograd.h"

// What is walked over in a segment: a unit of a pixel, its tap.
typedef struct {
    int tap, unit;
} within_t;

// A repeat or a segment: its number, and where it is in the kernel.
typedef struct {
    int number, row, column;
} part_t;

INLINE void next_part(int columns, part_t *p) {
    INLINED
    ++p->number;
    ++p->column;
    if (p->column == columns) {
        p->column = 0;
        ++p->row;
    }
}

// How the contraction of a block is laid out (docs/overlay.md, section 4, table; docs/program.md, section 3).
typedef struct {
    bool direct;                          // segments are pixels of the image, with pads around it
    int units, pitch;                     // units of a pixel that count, and from a pixel to the next within a segment
    int segments, segment_units, taps;    // taps: pixels of a segment
    int value_bytes;                      // e
    int segment_values;                   // values of a segment as it is stored, pad units included
    int values;                           // NS, b: values of a window
    int repeats;                          // unit convolutions (kn2row), positions (Winograd), else 1
    int width, spots;                     // positions (Winograd: tiles) in a row, and of one repeat (a)
    int sums;                             // sums that stay per output channel (a')
    int repeat_columns, segment_columns;  // of the kernel, among the repeats and among the segments
    int wide;                             // Cw
    int channels, weights;  // output channels of the block; first byte of their weights in the weight buffer
    within_t step;          // from a window of P1 values to the next of its segment, but for a part of a unit
} geometry_t;

// Bytes of `values` values of a segment, and units that they fill.
INLINE int bytes_of(const geometry_t *g, int values) {
    INLINED
    return g->value_bytes == 2 ? 2 * values : values;
}

INLINE int whole_units(const geometry_t *g, int values) {
    INLINED
    return bytes_of(g, values) / UNIT_BYTES;
}

// The step of P1 values: counted once for a block.
INLINE within_t step_of(const geometry_t *g) {
    within_t step = {0, 0};
    const int units = whole_units(g, ARRAY_ROWS);
units_of_window:
    UNROLLED
    for (int k = 0; k < ARRAY_ROWS * 2 / UNIT_BYTES; ++k) {
        UNROLL_THIS
        if (k >= units) continue;
        ++step.unit;
        if (step.unit == g->pitch) {
            step.unit = 0;
            ++step.tap;
        }
    }
    return step;
}

INLINE geometry_t geometry_of(const command_t *c, const block_t *b) {
    SET_UP
    geometry_t g = ZERO;
    const int units = units_of(c->channels);
    g.direct = c->algorithm != WINOGRAD && c->input_format != TOEPLITZ;
    g.value_bytes = c->algorithm == WINOGRAD ? 2 : 1;
    g.units = c->input_format == TOEPLITZ ? c->window_bytes / UNIT_BYTES : units * g.value_bytes;
    g.pitch = g.units;
    g.segments = 1;
    g.taps = 1;
    g.repeats = 1;
    g.repeat_columns = c->algorithm == KN2ROW ? c->kernel_columns : 1;
    g.segment_columns = 1;
    g.width = c->algorithm == KN2ROW ? c->width : c->out_width;
    g.spots = b->rows * g.width;
    g.sums = b->rows * c->out_width;
    if (c->algorithm == WINOGRAD) {
        const form_t f = form_of(c, b->rows);
        g.segments = f.rounds;
        g.repeats = f.positions;
        g.spots = f.down * f.across;
        g.width = g.spots;
        g.sums = g.spots * f.positions;
    } else if (c->algorithm == KN2ROW) {
        g.repeats = c->kernel_rows * c->kernel_columns;
    } else if (c->input_format != TOEPLITZ && c->dilation_columns == 1) {
        g.pitch = pitch_of(units);
        g.segments = c->kernel_rows;
        g.taps = c->kernel_columns;
    } else if (c->input_format != TOEPLITZ) {
        g.segments = c->kernel_rows * c->kernel_columns;
        g.segment_columns = c->kernel_columns;
    }
    g.segment_units = g.taps * g.pitch - (g.pitch - g.units);
    g.segment_values = g.segment_units * (c->algorithm == WINOGRAD ? UNIT_BYTES / 2 : UNIT_BYTES);
    g.values = g.segments * g.taps * g.units * UNIT_BYTES;
    g.wide = c->algorithm == WINOGRAD ? ARRAY_COLUMNS : ARRAY_COLUMNS * PACKING;
    g.channels = b->channels;
    g.weights = b->weight_word * WORD_BYTES + b->channels * PARAMETER_BYTES;
    g.step = step_of(&g);
    return g;
}

// A position of the block: its number, and its row and column (of outputs; kn2row: of input pixels).
typedef struct {
    int number, row, column;
} spot_t;

INLINE void next_spot(const geometry_t *g, spot_t *s) {
    INLINED
    ++s->number;
    ++s->column;
    if (s->column == g->width) {
        s->column = 0;
        ++s->row;
    }
}

// One segment of one position in the input buffer.
typedef struct {
    bool inside;  // the image has the row
    int unit;     // first unit of the first pixel, which may lie left of the image
    int column;   // of the first pixel
    int width;    // of the image
} segment_t;

INLINE segment_t open_segment(const command_t *c, const block_t *b, const geometry_t *g, const spot_t *s,
                              const part_t *repeat, const part_t *segment) {
    INLINED
    segment_t w = {true, 0, 0, 1};
    if (c->algorithm == WINOGRAD) {
        const int window = times(times(g->spots, repeat->number) + s->number, g->segments) + segment->number;
        w.unit = b->input_unit + times(window, g->units);
    } else if (c->input_format == TOEPLITZ) {
        w.unit = b->input_unit + times(s->number, g->units);
    } else {
        const int k1 = c->algorithm == KN2ROW ? repeat->row : segment->row;
        const int y = times(c->stride_rows, b->first_row + s->row) - c->pad_top + times(c->dilation_rows, k1);
        const int window =
            times(c->stride_columns, s->column) - c->pad_left + times(c->dilation_columns, segment->column);
        w.column = c->algorithm == KN2ROW ? s->column : window;
        w.inside = y >= 0 && y < c->height;
        w.width = c->width;
        const int pixel = times(y - b->input_start, c->width) + w.column;
        w.unit = b->input_unit + times(pixel, pitch_of(units_of(c->channels)));
    }
    return w;
}

// The next BANKS units of a segment, at most `count`: pads outside the image, 0 in the pad units between pixels.
// `place`: units of the segment before them.
INLINE void read_segment(const command_t *c, const geometry_t *g, const segment_t *w, within_t *at, int place,
                         int count, units_read_t input_buffer, unit_t units[BANKS]) {
    INLINED
    bool known[BANKS];
    bool pads[BANKS];
kinds_of_units:
    UNROLLED
    for (int k = 0; k < BANKS; ++k) {
        UNROLL_THIS
        const int column = w->column + at->tap;
        const bool counts = k < count && at->unit < g->units;
        const bool inside = w->inside && column >= 0 && column < w->width;
        known[k] = counts && inside;
        pads[k] = counts && !inside;
        ++at->unit;
        if (at->unit == g->pitch) {
            at->unit = 0;
            ++at->tap;
        }
    }
    read_known(input_buffer, w->unit + place, known, units);
    const int8_t pad = (int8_t)(c->algorithm == KN2ROW ? c->data_offset : c->pad_value);
pad_units:
    UNROLLED
    for (int k = 0; k < BANKS; ++k) {
        UNROLL_THIS
    pad_bytes:
        UNROLLED
        for (int i = 0; i < UNIT_BYTES; ++i) {
            UNROLL_THIS
            if (pads[k]) units[k].byte[i] = pad;
        }
    }
}

INLINE int units_over(int offset, int bytes) {
    INLINED
    return (offset + bytes + UNIT_BYTES - 1) / UNIT_BYTES;
}

// A 16-bit value or a byte of what has been read.
INLINE int value_of_bytes(const unit_t units[BANKS], int byte, int value_bytes) {
    INLINED
    const int low = units[byte / UNIT_BYTES].byte[byte % UNIT_BYTES];
    if (value_bytes == 1) return low;
    return units[(byte + 1) / UNIT_BYTES].byte[(byte + 1) % UNIT_BYTES] * 256 + (low & 0xff);
}

// Values `first`.. of a segment, one for each row of the array; 0 beyond `count`. `at`: the unit of the first.
INLINE void read_window(const command_t *c, const geometry_t *g, const segment_t *w, int first, within_t at, int count,
                        units_read_t input_buffer, value_t values[ARRAY_ROWS]) {
    INLINED
    const int place = whole_units(g, first);
    const int offset = bytes_of(g, first) % UNIT_BYTES;
    const int needed = units_over(offset, bytes_of(g, count));
    unit_t units[BANKS];
    read_segment(c, g, w, &at, place, needed, input_buffer, units);
rows_of_array:
    UNROLLED
    for (int i = 0; i < ARRAY_ROWS; ++i) {
        UNROLL_THIS
        const int value = value_of_bytes(units, offset + bytes_of(g, i), g->value_bytes);
        const int centred = g->value_bytes == 2 ? value : value - c->data_offset;
        values[i] = i < count ? (value_t)centred : (value_t)0;
    }
}

// `bytes` bytes of weights from byte `byte` on.
INLINE void read_weights(units_read_t weight_buffer, int byte, int bytes, unit_t units[BANKS]) {
    INLINED
    read_units(weight_buffer, byte / UNIT_BYTES, units_over(byte % UNIT_BYTES, bytes), units);
}

// A row of weights of `across` output channels that starts at byte `byte`, packed for the columns.
INLINE void read_weight_row(const geometry_t *g, int byte, int across, units_read_t weight_buffer,
                            pair_t pairs[ARRAY_COLUMNS]) {
    INLINED
    const int each = g->value_bytes == 2 ? 1 : PACKING;
    const int offset = byte % UNIT_BYTES;
    unit_t units[BANKS];
    read_weights(weight_buffer, byte, bytes_of(g, across), units);
columns_of_array:
    UNROLLED
    for (int j = 0; j < ARRAY_COLUMNS; ++j) {
        UNROLL_THIS
        const int first = each == 2 ? 2 * j : j;
        const int at = offset + bytes_of(g, first);
        const int low = first < across ? value_of_bytes(units, at, g->value_bytes) : 0;
        const int high = each == 2 && first + 1 < across ? value_of_bytes(units, at + 1, 1) : 0;
        pairs[j] = each == 2 ? pack(high, low) : (pair_t)low;
    }
}

#endif
