// The vector unit: layers that the array does not compute (docs/overlay.md, section 7). It makes products (docs/program.md,
// section 2, "Vector layers"); the lanes of STORE round, clamp and look them up.
#include "arithmetic.h"
#include "engines.h"

namespace {

// The input buffer as the vector unit sees one tensor of the block.
struct view_t {
    int unit, pitch;  // first unit; units from a pixel to the next
    int width, height, start;  // columns; rows and first row of the image
};

inline view_t view_of(const command_t &c, const block_t &b, int unit, int channels) {
    const view_t v = {unit, pitch_of(units_of(channels)), c.width, c.height, b.input_start};
    return v;
}

inline int value_at(const view_t &v, int row, int column, int unit, int i,
                    const std::int8_t input_buffer[INPUT_UNITS][UNIT_BYTES]) {
#pragma HLS inline
    return input_buffer[v.unit + ((row - v.start) * v.width + column) * v.pitch + unit][i];
}

// Depthwise convolution: a row's lanes hold their sums over all taps.
std::uint64_t depthwise_row(const command_t &c, const view_t &v, int row, const order_t &o,
                            const std::int8_t input_buffer[INPUT_UNITS][UNIT_BYTES],
                            const std::int8_t weight_buffer[WEIGHT_WORDS][WORD_BYTES], products_t &products) {
    std::uint64_t cycles = 0;
    unit_cursor_t at = {0, 0};
    const int channels = o.units * UNIT_BYTES;
groups:
    for (int group = 0; group < o.groups; ++group) {
#pragma HLS loop_tripcount min = 1 max = 256
        lanes_t lanes = {};
        unit_cursor_t cursor = at;
        int tap = 0;
    taps_down:
        for (int k1 = 0; k1 < c.kernel_rows; ++k1) {
#pragma HLS loop_tripcount min = 1 max = 7
        taps_across:
            for (int k2 = 0; k2 < c.kernel_columns; ++k2) {
#pragma HLS loop_tripcount min = 1 max = 7
#pragma HLS pipeline II = 1  // one tap of R lanes per cycle
                const int y = row * c.stride_rows - c.pad_top + k1 * c.dilation_rows;
                cursor = at;
            units:
                for (int k = 0; k < EACH; ++k) {
#pragma HLS unroll
                    const int x = cursor.column * c.stride_columns - c.pad_left + k2 * c.dilation_columns;
                    const bool inside = y >= 0 && y < v.height && x >= 0 && x < v.width;
                lanes:
                    for (int i = 0; i < UNIT_BYTES; ++i) {
#pragma HLS unroll
                        if (!counts_in(&c, &o, &cursor)) continue;
                        const int byte = channels * (PARAMETER_BYTES + tap) + cursor.unit * UNIT_BYTES + i;
                        const int value = inside ? value_at(v, y, x, cursor.unit, i, input_buffer) : c.pad_value;
                        lanes.product[k * UNIT_BYTES + i] += value * weight_buffer[byte / WORD_BYTES][byte % WORD_BYTES];
                    }
                    next_unit(&o, &cursor);
                }
                ++tap;
                ++cycles;
            }
        }
        at = cursor;
        products.write(lanes);
    }
    return cycles;
}

// ADD, MUL, SCALE: n units at a time, straight on over the row. A cycle takes a word of one tensor (SCALE: and of the
// resident factor); the word's products leave for the lanes in groups of R.
std::uint64_t elementwise_row(const command_t &c, const block_t &b, const source_t sources[MAX_SOURCES], int row,
                              const order_t &o, const std::int8_t input_buffer[INPUT_UNITS][UNIT_BYTES],
                              const std::int8_t weight_buffer[WEIGHT_WORDS][WORD_BYTES], products_t &products) {
    std::uint64_t cycles = 0;
    unit_cursor_t at = {0, 0};
    const int steps = cycles_of_word(&c);
    const int tensors = c.op == OP_SCALE ? 1 : c.source_count;
words:
    for (int first = 0; first < o.groups; first += WORD_BYTES / LANES) {
#pragma HLS loop_tripcount min = 1 max = 128
        wide_t word[WORD_BYTES] = {};
        unit_cursor_t cursor = at;
    steps:
        for (int s = 0; s < steps; ++s) {
#pragma HLS loop_tripcount min = 2 max = 4
#pragma HLS pipeline II = 1
            ++cycles;
            if (s >= tensors) continue;  // the lanes are still busy
            const view_t v = view_of(c, b, b.input_unit + s * b.input_rows * c.width * pitch_of(o.units), c.out_channels);
            cursor = at;
        units:
            for (int k = 0; k < WORD_UNITS; ++k) {
#pragma HLS unroll
            values:
                for (int i = 0; i < UNIT_BYTES; ++i) {
#pragma HLS unroll
                    if (!counts_in(&c, &o, &cursor)) continue;
                    wide_t &product = word[k * UNIT_BYTES + i];
                    const int value = value_at(v, row, cursor.column, cursor.unit, i, input_buffer);
                    if (c.op == OP_ADD)
                        product += (wide_t)(value - sources[s].zero_point) * sources[s].multiplier;
                    else if (s == 0)
                        product = value - c.input_zero_point;
                    else
                        product *= (wide_t)(value - c.second_zero_point) * c.multiplier;
                    if (c.op == OP_SCALE) {
                        const int each = c.input_format == C16 ? PLANE_PIXEL_BYTES : UNIT_BYTES;
                        const int byte = cursor.unit * each + i;
                        const int factor = weight_buffer[byte / WORD_BYTES][byte % WORD_BYTES];
                        product *= (wide_t)(factor - c.second_zero_point) * c.multiplier;
                    }
                }
                next_unit(&o, &cursor);
            }
        }
        at = cursor;
    groups:
        for (int group = 0; group < WORD_BYTES / LANES && first + group < o.groups; ++group) {
#pragma HLS loop_tripcount min = 1 max = 2
#pragma HLS pipeline II = 1  // beside the steps of the next word
            lanes_t lanes = {};
        lanes:
            for (int lane = 0; lane < LANES; ++lane) {
#pragma HLS unroll
                lanes.product[lane] = word[group * LANES + lane];
                lanes.shift[lane] = (std::uint8_t)c.shift;
            }
            products.write(lanes);
        }
    }
    return cycles;
}

// LRN tables: for each octave of the sum of squares 33 entries and a shift.
const int LRN_STEPS = 32;
const int LRN_ROW = LRN_STEPS + 2;

// The factor for a sum of squares: linear between the table's entries; the sum 0 reads as 1.
inline void lrn_factor(std::uint32_t sum, const std::uint8_t values[VALUE_BYTES], wide_t &factor, int &shift) {
#pragma HLS inline
    const std::uint32_t positive = sum == 0 ? 1 : sum;
    int octave = 0;
first_bit:
    for (int i = 1; i < 23; ++i) {
#pragma HLS unroll
        if (positive >> i) octave = i;
    }
    const std::uint32_t scaled = positive * LRN_STEPS;
    const int index = (int)(scaled >> octave) - LRN_STEPS;
    const wide_t fraction = (wide_t)(scaled & ((1u << octave) - 1));
    const wide_t first = (wide_t)value_word(values, octave * LRN_ROW + index);
    const wide_t second = (wide_t)value_word(values, octave * LRN_ROW + index + 1);
    factor = first + (((second - first) * fraction) >> octave);
    shift = (int)value_word(values, octave * LRN_ROW + LRN_ROW - 1);
}

// LRN: running sums of squares along a pixel's channels; a window's sum is a difference of two.
std::uint64_t lrn_row(const command_t &c, const view_t &v, const std::uint8_t values[VALUE_BYTES], int row,
                      const order_t &o, const std::int8_t input_buffer[INPUT_UNITS][UNIT_BYTES], products_t &products) {
    static std::uint32_t running[PARAMETER_CHANNELS + 1];
    std::uint64_t cycles = 0;
    unit_cursor_t at = {0, 0};
    const int before = (c.size - 1) / 2;
    const int after = c.size / 2;
    int summed = -1;
groups:
    for (int group = 0; group < o.groups; ++group) {
#pragma HLS loop_tripcount min = 1 max = 256
#pragma HLS pipeline II = 1
        lanes_t lanes = {};
    units:
        for (int k = 0; k < EACH; ++k) {
#pragma HLS unroll
            if (counts_in(&c, &o, &at)) {
                if (at.column != summed) {
                    summed = at.column;
                    running[0] = 0;
                channels:
                    for (int channel = 0; channel < c.channels; ++channel) {
#pragma HLS loop_tripcount min = 16 max = 512
                        const int value = value_at(v, row, at.column, channel / UNIT_BYTES, channel % UNIT_BYTES,
                                                   input_buffer) - c.input_zero_point;
                        running[channel + 1] = running[channel] + (std::uint32_t)(value * value);
                    }
                }
            lanes:
                for (int i = 0; i < UNIT_BYTES; ++i) {
#pragma HLS unroll
                    const int channel = at.unit * UNIT_BYTES + i;
                    if (channel >= c.channels) continue;
                    const int first = larger(channel - before, 0);
                    const int end = smaller(channel + after + 1, c.channels);
                    wide_t factor;
                    int shift;
                    lrn_factor(running[end] - running[first], values, factor, shift);
                    const int value = value_at(v, row, at.column, at.unit, i, input_buffer) - c.input_zero_point;
                    lanes.product[k * UNIT_BYTES + i] = value * factor;
                    lanes.shift[k * UNIT_BYTES + i] = (std::uint8_t)shift;
                }
            }
            next_unit(&o, &at);
        }
        ++cycles;
        products.write(lanes);
    }
    return cycles;
}

// ACTIVATION, CONCAT: pixel by pixel.
std::uint64_t pixel_row(const command_t &c, const block_t &b, const source_t sources[MAX_SOURCES], int row,
                        const order_t &o, const std::int8_t input_buffer[INPUT_UNITS][UNIT_BYTES],
                        products_t &products) {
    std::uint64_t cycles = 0;
    unit_cursor_t at = {0, 0};
groups:
    for (int group = 0; group < o.groups; ++group) {
#pragma HLS loop_tripcount min = 1 max = 256
#pragma HLS pipeline II = 1
        lanes_t lanes = {};
        int source = 0;
        int unit = b.input_unit;
    units:
        for (int k = 0; k < EACH; ++k) {
#pragma HLS unroll
        lanes:
            for (int i = 0; i < UNIT_BYTES; ++i) {
#pragma HLS unroll
                const int channel = at.unit * UNIT_BYTES + i;
                if (!counts_in(&c, &o, &at) || channel >= c.out_channels) continue;
                const int lane = k * UNIT_BYTES + i;
                if (c.op == OP_CONCAT) {
                sources:
                    while (source + 1 < c.source_count && channel >= sources[source + 1].first_channel) {
#pragma HLS loop_tripcount min = 0 max = 4
                        unit += b.input_rows * c.width * pitch_of(units_of(sources[source].channels));
                        ++source;
                    }
                    const source_t &s = sources[source];
                    const view_t v = view_of(c, b, unit, s.channels);
                    const int within = channel - s.first_channel;
                    const int value =
                        value_at(v, row, at.column, within / UNIT_BYTES, within % UNIT_BYTES, input_buffer);
                    lanes.product[lane] = (wide_t)(value - s.zero_point) * s.multiplier;
                    lanes.shift[lane] = (std::uint8_t)s.shift;
                } else {
                    const view_t v = view_of(c, b, b.input_unit, c.channels);
                    const int value = value_at(v, row, at.column, at.unit, i, input_buffer);
                    lanes.product[lane] = (wide_t)(value - c.input_zero_point) * c.multiplier;
                    lanes.shift[lane] = (std::uint8_t)c.shift;
                }
            }
            next_unit(&o, &at);
        }
        ++cycles;
        products.write(lanes);
    }
    return cycles;
}

// RESIZE: a word of a pixel per cycle, as one or two groups of lanes.
std::uint64_t resize_row(const command_t &c, const view_t &v, int row, const order_t &o,
                         const std::int8_t input_buffer[INPUT_UNITS][UNIT_BYTES], products_t &products) {
    std::uint64_t cycles = 0;
    int column = 0;
    int repeat = 0;
pixels:
    for (int x = 0; x < c.out_width; ++x) {
#pragma HLS loop_tripcount min = 1 max = 224
    words:
        for (int word = 0; word < o.units; word += WORD_UNITS) {
#pragma HLS loop_tripcount min = 1 max = 8
#pragma HLS pipeline II = 1
        groups:
            for (int first = word; first < word + larger(WORD_UNITS, EACH) && first < o.units; first += EACH) {
                lanes_t lanes = {};
            lanes:
                for (int lane = 0; lane < LANES; ++lane) {
#pragma HLS unroll
                    const int unit = first + lane / UNIT_BYTES;
                    if (unit >= o.units) continue;
                    const int value = value_at(v, row / c.size, column, unit, lane % UNIT_BYTES, input_buffer);
                    lanes.product[lane] = (wide_t)(value - c.input_zero_point) * c.multiplier;
                    lanes.shift[lane] = (std::uint8_t)c.shift;
                }
                products.write(lanes);
            }
            ++cycles;
        }
        ++repeat;
        if (repeat == c.columns_factor) {
            repeat = 0;
            ++column;
        }
    }
    return cycles;
}

}  // namespace

std::uint64_t vector_block(const command_t &c, const source_t sources[MAX_SOURCES],
                           const std::uint8_t values[VALUE_BYTES], const block_t &b,
                           const std::int8_t input_buffer[INPUT_UNITS][UNIT_BYTES],
                           const std::int8_t weight_buffer[WEIGHT_WORDS][WORD_BYTES], products_t &products) {
#pragma HLS inline off
    if (c.op == OP_MAX_POOL || c.op == OP_AVERAGE_POOL) return pool_block(c, values, b, input_buffer, products);
    std::uint64_t cycles = 0;
    const order_t o = order_of(&c);
    const view_t v = view_of(c, b, b.input_unit, c.channels);
rows:
    for (int row = b.first_row; row < b.first_row + b.rows; ++row) {
#pragma HLS loop_tripcount min = 1 max = 224
        if (c.op == OP_DEPTHWISE)
            cycles += depthwise_row(c, v, row, o, input_buffer, weight_buffer, products);
        else if (c.op == OP_LRN)
            cycles += lrn_row(c, v, values, row, o, input_buffer, products);
        else if (c.op == OP_RESIZE)
            cycles += resize_row(c, v, row, o, input_buffer, products);
        else if (c.op == OP_ACTIVATION || c.op == OP_CONCAT)
            cycles += pixel_row(c, b, sources, row, o, input_buffer, products);
        else
            cycles += elementwise_row(c, b, sources, row, o, input_buffer, weight_buffer, products);
    }
    return cycles;
}
