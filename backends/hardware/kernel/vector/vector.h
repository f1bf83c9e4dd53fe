// The vector unit: layers that the array does not compute (docs/overlay.md, section 7). It makes products
// (docs/program.md, section 2, "Vector layers"); the lanes of STORE round, clamp and look them up.
#ifndef OVERLAY_VECTOR_H
#define OVERLAY_VECTOR_H

#include "pooling_unit.h"

// The input buffer as the vector unit sees one tensor of the block.
typedef struct {
    int unit, pitch;           // first unit; units from a pixel to the next
    int width, height, start;  // columns; rows and first row of the image
} view_t;

INLINE view_t view_of(const command_t *c, const block_t *b, int unit, int channels) {
    const view_t v = {unit, pitch_of(units_of(channels)), c->width, c->height, b->input_start};
    return v;
}

INLINE int value_at(const view_t *v, int row, int column, int unit, int i, units_read_t input_buffer) {
    INLINED
    return byte_at(input_buffer, v->unit + ((row - v->start) * v->width + column) * v->pitch + unit, i);
}

// Depthwise convolution: a row's lanes hold their sums over all taps.
INLINE uint64_t depthwise_row(const command_t *c, const view_t *v, int row, const order_t *o, units_read_t input_buffer,
                              units_read_t weight_buffer, PRODUCTS) {
    uint64_t cycles = 0;
    unit_cursor_t at = {0, 0};
    const int channels = o->units * UNIT_BYTES;
groups:
    for (int group = 0; group < o->groups; ++group) {
        TRIPS(1, 256)
        lanes_t lanes = ZERO;
        unit_cursor_t cursor = at;
    taps:
        for (int tap = 0; tap < c->kernel_rows * c->kernel_columns; ++tap) {
            TRIPS(1, 49)
            PIPELINED(taps)  // one tap of R lanes per cycle
            const int y = row * c->stride_rows - c->pad_top + tap / c->kernel_columns * c->dilation_rows;
            cursor = at;
        units:
            UNROLLED
            for (int k = 0; k < EACH; ++k) {
                UNROLL_THIS
                const int column = cursor.column * c->stride_columns - c->pad_left;
                const int x = column + tap % c->kernel_columns * c->dilation_columns;
                const bool inside = y >= 0 && y < v->height && x >= 0 && x < v->width;
            lanes:
                UNROLLED
                for (int i = 0; i < UNIT_BYTES; ++i) {
                    UNROLL_THIS
                    if (!counts_in(c, o, &cursor)) continue;
                    const int byte = channels * (PARAMETER_BYTES + tap) + cursor.unit * UNIT_BYTES + i;
                    const int value = inside ? value_at(v, y, x, cursor.unit, i, input_buffer) : c->pad_value;
                    const int weight = byte_at(weight_buffer, byte / UNIT_BYTES, byte % UNIT_BYTES);
                    lanes.product[k * UNIT_BYTES + i] += value * weight;
                }
                next_unit(o, &cursor);
            }
            ++cycles;
        }
        at = cursor;
        HAND_OUT(lanes);
    }
    return cycles;
}

// ADD, MUL, SCALE: n units at a time, straight on over the row. A cycle takes a word of one tensor (SCALE: and of the
// resident factor); the word's products leave for the lanes in groups of R.
INLINE uint64_t elementwise_row(const command_t *c, const block_t *b, const source_t sources[MAX_SOURCES], int row,
                                const order_t *o, units_read_t input_buffer, units_read_t weight_buffer, PRODUCTS) {
    uint64_t cycles = 0;
    unit_cursor_t at = {0, 0};
    const int steps = cycles_of_word(c);
    const int tensors = c->op == OP_SCALE ? 1 : c->source_count;
words:
    for (int first = 0; first < o->groups; first += WORD_BYTES / LANES) {
        TRIPS(1, 128)
        wide_t word[WORD_BYTES] = ZERO;
        unit_cursor_t cursor = at;
    steps:
        for (int s = 0; s < steps; ++s) {
            TRIPS(2, 4)
            PIPELINED(steps)
            ++cycles;
            if (s >= tensors) continue;                                      // the lanes are still busy
            const int each = b->input_rows * c->width * pitch_of(o->units);  // units of a tensor
            const view_t v = view_of(c, b, b->input_unit + s * each, c->out_channels);
            cursor = at;
        units:
            UNROLLED
            for (int k = 0; k < WORD_UNITS; ++k) {
                UNROLL_THIS
            values:
                UNROLLED
                for (int i = 0; i < UNIT_BYTES; ++i) {
                    UNROLL_THIS
                    if (!counts_in(c, o, &cursor)) continue;
                    wide_t *product = &word[k * UNIT_BYTES + i];
                    const int value = value_at(&v, row, cursor.column, cursor.unit, i, input_buffer);
                    if (c->op == OP_ADD)
                        *product += (wide_t)(value - sources[s].zero_point) * sources[s].multiplier;
                    else if (s == 0)
                        *product = value - c->input_zero_point;
                    else
                        *product *= (wide_t)(value - c->second_zero_point) * c->multiplier;
                    if (c->op == OP_SCALE) {
                        const int apart = c->input_format == C16 ? PLANE_PIXEL_BYTES : UNIT_BYTES;
                        const int byte = cursor.unit * apart + i;
                        const int factor = byte_at(weight_buffer, byte / UNIT_BYTES, byte % UNIT_BYTES);
                        *product *= (wide_t)(factor - c->second_zero_point) * c->multiplier;
                    }
                }
                next_unit(o, &cursor);
            }
        }
        at = cursor;
    groups:
        for (int group = 0; group < WORD_BYTES / LANES && first + group < o->groups; ++group) {
            TRIPS(1, 2)
            PIPELINED(groups)  // beside the steps of the next word
            lanes_t lanes = ZERO;
        lanes:
            UNROLLED
            for (int lane = 0; lane < LANES; ++lane) {
                UNROLL_THIS
                lanes.product[lane] = word[group * LANES + lane];
                lanes.shift[lane] = (uint8_t)c->shift;
            }
            HAND_OUT(lanes);
        }
    }
    return cycles;
}

// LRN tables: for each octave of the sum of squares 33 entries and a shift.
enum { LRN_STEPS = 32, LRN_ROW = LRN_STEPS + 2 };

typedef struct {
    wide_t factor;
    int shift;
} lrn_factor_t;

// The factor for a sum of squares: linear between the table's entries; the sum 0 reads as 1.
INLINE lrn_factor_t lrn_factor(uint32_t sum, const uint8_t values[VALUE_BYTES]) {
    INLINED
    const uint32_t positive = sum == 0 ? 1 : sum;
    int octave = 0;
first_bit:
    UNROLLED
    for (int i = 1; i < LRN_OCTAVES; ++i) {
        UNROLL_THIS
        if (positive >> i) octave = i;
    }
    const uint64_t scaled = (uint64_t)positive * LRN_STEPS;
    const int index = (int)(scaled >> octave) - LRN_STEPS;
    const wide_t fraction = (wide_t)(scaled & (((uint64_t)1 << octave) - 1));
    const wide_t first = (wide_t)value_word(values, octave * LRN_ROW + index);
    const wide_t second = (wide_t)value_word(values, octave * LRN_ROW + index + 1);
    lrn_factor_t f;
    f.factor = first + (((second - first) * fraction) >> octave);
    f.shift = (int)value_word(values, octave * LRN_ROW + LRN_ROW - 1);
    return f;
}

// LRN: running sums of squares along a pixel's channels; a window's sum is a difference of two.
INLINE uint64_t lrn_row(const command_t *c, const view_t *v, const uint8_t values[VALUE_BYTES], int row,
                        const order_t *o, units_read_t input_buffer, PRODUCTS) {
    SCRATCH uint32_t running[LRN_CHANNELS + 1];
    uint64_t cycles = 0;
    unit_cursor_t at = {0, 0};
    const int before = (c->size - 1) / 2;
    const int after = c->size / 2;
    int summed = -1;
groups:
    for (int group = 0; group < o->groups; ++group) {
        TRIPS(1, 256)
        PIPELINED(groups)
        lanes_t lanes = ZERO;
    units:
        UNROLLED
        for (int k = 0; k < EACH; ++k) {
            UNROLL_THIS
            if (counts_in(c, o, &at)) {
                if (at.column != summed) {
                    summed = at.column;
                    running[0] = 0;
                channels:
                    for (int ic = 0; ic < c->channels; ++ic) {
                        TRIPS(16, 512)
                        const int value = value_at(v, row, at.column, ic / UNIT_BYTES, ic % UNIT_BYTES, input_buffer) -
                                          c->input_zero_point;
                        running[ic + 1] = running[ic] + (uint32_t)(value * value);
                    }
                }
            lanes:
                UNROLLED
                for (int i = 0; i < UNIT_BYTES; ++i) {
                    UNROLL_THIS
                    const int ic = at.unit * UNIT_BYTES + i;
                    if (ic >= c->channels) continue;
                    const int first = larger(ic - before, 0);
                    const int end = smaller(ic + after + 1, c->channels);
                    const lrn_factor_t f = lrn_factor(running[end] - running[first], values);
                    const int value = value_at(v, row, at.column, at.unit, i, input_buffer) - c->input_zero_point;
                    lanes.product[k * UNIT_BYTES + i] = value * f.factor;
                    lanes.shift[k * UNIT_BYTES + i] = (uint8_t)f.shift;
                }
            }
            next_unit(o, &at);
        }
        ++cycles;
        HAND_OUT(lanes);
    }
    return cycles;
}

// ACTIVATION, CONCAT: pixel by pixel.
INLINE uint64_t pixel_row(const command_t *c, const block_t *b, const source_t sources[MAX_SOURCES], int row,
                          const order_t *o, units_read_t input_buffer, PRODUCTS) {
    uint64_t cycles = 0;
    unit_cursor_t at = {0, 0};
groups:
    for (int group = 0; group < o->groups; ++group) {
        TRIPS(1, 256)
        PIPELINED(groups)
        lanes_t lanes = ZERO;
        int source = 0;
        int unit = b->input_unit;
    units:
        UNROLLED
        for (int k = 0; k < EACH; ++k) {
            UNROLL_THIS
        lanes:
            UNROLLED
            for (int i = 0; i < UNIT_BYTES; ++i) {
                UNROLL_THIS
                const int oc = at.unit * UNIT_BYTES + i;
                if (!counts_in(c, o, &at) || oc >= c->out_channels) continue;
                const int lane = k * UNIT_BYTES + i;
                if (c->op == OP_CONCAT) {
                sources:
                    while (source + 1 < c->source_count && oc >= sources[source + 1].first_channel) {
                        TRIPS(0, 4)
                        unit += b->input_rows * c->width * pitch_of(units_of(sources[source].channels));
                        ++source;
                    }
                    const source_t *s = &sources[source];
                    const view_t v = view_of(c, b, unit, s->channels);
                    const int within = oc - s->first_channel;
                    const int value =
                        value_at(&v, row, at.column, within / UNIT_BYTES, within % UNIT_BYTES, input_buffer);
                    lanes.product[lane] = (wide_t)(value - s->zero_point) * s->multiplier;
                    lanes.shift[lane] = (uint8_t)s->shift;
                } else {
                    const view_t v = view_of(c, b, b->input_unit, c->channels);
                    const int value = value_at(&v, row, at.column, at.unit, i, input_buffer);
                    lanes.product[lane] = (wide_t)(value - c->input_zero_point) * c->multiplier;
                    lanes.shift[lane] = (uint8_t)c->shift;
                }
            }
            next_unit(o, &at);
        }
        ++cycles;
        HAND_OUT(lanes);
    }
    return cycles;
}

// RESIZE: a word of a pixel per cycle, as one or two groups of lanes. Where the input has more channels than the output,
// each phase of rows and columns has units of its own.
INLINE uint64_t resize_row(const command_t *c, const view_t *v, int row, const order_t *o, units_read_t input_buffer,
                           PRODUCTS) {
    uint64_t cycles = 0;
    int column = 0;
    int repeat = 0;
    const int interleaved = c->channels > c->out_channels;
    const int row_phase = row % larger(c->size, 1);
pixels:
    for (int x = 0; x < c->out_width; ++x) {
        TRIPS(1, 224)
        const int phase_unit = interleaved ? (row_phase * c->columns_factor + repeat) * o->units : 0;
    words:
        for (int word = 0; word < o->units; word += WORD_UNITS) {
            TRIPS(1, 8)
            PIPELINED(words)
        groups:
            for (int first = word; first < word + larger(WORD_UNITS, EACH) && first < o->units; first += EACH) {
                lanes_t lanes = ZERO;
            lanes:
                UNROLLED
                for (int lane = 0; lane < LANES; ++lane) {
                    UNROLL_THIS
                    const int unit = first + lane / UNIT_BYTES;
                    if (unit >= o->units) continue;
                    const int source_row = row / larger(c->size, 1);
                    const int value =
                        value_at(v, source_row, column, phase_unit + unit, lane % UNIT_BYTES, input_buffer);
                    lanes.product[lane] = (wide_t)(value - c->input_zero_point) * c->multiplier;
                    lanes.shift[lane] = (uint8_t)c->shift;
                }
                HAND_OUT(lanes);
            }
            ++cycles;
        }
        ++repeat;
        if (repeat == c->columns_factor) {
            repeat = 0;
            ++column;
        }
    }
    return cycles;
}

// A block of a layer that is no convolution on the array; returns the cycles that it took.
INLINE uint64_t vector_block(const command_t *c, const source_t sources[MAX_SOURCES], const uint8_t values[VALUE_BYTES],
                             const block_t *b, units_read_t input_buffer, units_read_t weight_buffer,
                             row_buffer_t running[RUNNING_ROWS], PRODUCTS) {
    if (c->op == OP_MAX_POOL || c->op == OP_AVERAGE_POOL)
        return pool_block(c, values, b, input_buffer, running, PASS_PRODUCTS);
    uint64_t cycles = 0;
    const order_t o = order_of(c);
    const view_t v = view_of(c, b, b->input_unit, c->channels);
rows:
    for (int row = b->first_row; row < b->first_row + b->rows; ++row) {
        TRIPS(1, 224)
        if (c->op == OP_DEPTHWISE)
            cycles += depthwise_row(c, &v, row, &o, input_buffer, weight_buffer, PASS_PRODUCTS);
        else if (c->op == OP_LRN)
            cycles += lrn_row(c, &v, values, row, &o, input_buffer, PASS_PRODUCTS);
        else if (c->op == OP_RESIZE)
            cycles += resize_row(c, &v, row, &o, input_buffer, PASS_PRODUCTS);
        else if (c->op == OP_ACTIVATION || c->op == OP_CONCAT)
            cycles += pixel_row(c, b, sources, row, &o, input_buffer, PASS_PRODUCTS);
        else
            cycles += elementwise_row(c, b, sources, row, &o, input_buffer, weight_buffer, PASS_PRODUCTS);
    }
    return cycles;
}

#endif
