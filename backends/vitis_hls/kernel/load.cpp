// LOAD: rows of tensors and runs of weights come from memory and are placed in the buffers (docs/overlay.md, sections
// 2, 3 and 5).
#include "arithmetic.h"
#include "engines.h"
#include "winograd.h"

namespace {

// A tensor as LOAD reads it.
struct tensor_t {
    std::uint64_t address;
    int channels, width, row_bytes, plane_bytes;
};

// Rows of a c16 tensor: plane by plane, n pixels of 16 channels per cycle.
void place_planes(READ_PORTS, const tensor_t &t, const command_t &c, const block_t &b, int unit, int pitch,
                  std::int8_t input_buffer[INPUT_UNITS][UNIT_BYTES], count_t &count) {
    const bool by_row = c.algorithm == WINOGRAD;
    const int units = units_of(t.channels);
planes:
    for (int plane = 0; plane < units; ++plane) {
#pragma HLS loop_tripcount min = 1 max = 84
        const int known = smaller(UNIT_BYTES, t.channels - plane * UNIT_BYTES);
        const std::uint64_t start = t.address + (std::uint64_t)plane * (std::uint64_t)t.plane_bytes +
                                    (std::uint64_t)b.input_start * (std::uint64_t)t.row_bytes;
        reader_t reader = open_run(start, (std::uint64_t)b.input_rows * (std::uint64_t)t.row_bytes);
    rows:
        for (int row = 0; row < b.input_rows; ++row) {
#pragma HLS loop_tripcount min = 1 max = 224
            if (by_row)  // the Winograd transform takes whole rows: each is a run of its own
                reader = open_run(start + (std::uint64_t)row * (std::uint64_t)t.row_bytes, (std::uint64_t)t.row_bytes);
        pixels:
            for (int first = 0; first < t.row_bytes; first += WORD_BYTES) {
#pragma HLS loop_tripcount min = 1 max = 56
#pragma HLS pipeline II = 1  // n pixels go to n different banks: their distance is odd
                const word_t word = take(PASS_READ, &reader, smaller(WORD_BYTES, t.row_bytes - first), &count);
            banks:
                for (int k = 0; k < WORD_UNITS; ++k) {
#pragma HLS unroll
                    const int column = first / UNIT_BYTES + k;
                    if (column >= t.width) continue;
                channels:
                    for (int i = 0; i < UNIT_BYTES; ++i) {
#pragma HLS unroll
                        input_buffer[unit + (row * t.width + column) * pitch + plane][i] =
                            i < known ? (std::int8_t)word.byte[k * UNIT_BYTES + i] : (std::int8_t)c.pad_value;
                    }
                }
            }
        }
    }
}

// Rows of pixels of `bytes` bytes each (hwc: channels; toeplitz: a window): one pixel, at most a word of it, per cycle.
void place_pixels(READ_PORTS, const tensor_t &t, const command_t &c, const block_t &b, int bytes, int width, int unit,
                  int pitch, std::int8_t input_buffer[INPUT_UNITS][UNIT_BYTES], count_t &count) {
    const std::uint64_t start = t.address + (std::uint64_t)b.input_start * (std::uint64_t)t.row_bytes;
    reader_t reader = open_run(start, (std::uint64_t)b.input_rows * (std::uint64_t)t.row_bytes);
rows:
    for (int row = 0; row < b.input_rows; ++row) {
#pragma HLS loop_tripcount min = 1 max = 224
    pixels:
        for (int column = 0; column < width; ++column) {
#pragma HLS loop_tripcount min = 1 max = 224
        pieces:
            for (int first = 0; first < bytes; first += WORD_BYTES) {
#pragma HLS loop_tripcount min = 1 max = 8
#pragma HLS pipeline II = 1  // the units of a pixel lie in different banks
                const int size = smaller(WORD_BYTES, bytes - first);
                const word_t word = take(PASS_READ, &reader, size, &count);
            banks:
                for (int i = 0; i < WORD_BYTES; ++i) {
#pragma HLS unroll
                    if (first + i < (bytes + UNIT_BYTES - 1) / UNIT_BYTES * UNIT_BYTES)
                        input_buffer[unit + (row * width + column) * pitch + (first + i) / UNIT_BYTES][i % UNIT_BYTES] =
                            i < size ? (std::int8_t)word.byte[i] : (std::int8_t)c.pad_value;
                }
            }
        }
    padding:
        for (int left = t.row_bytes - width * bytes; left > 0; left -= WORD_BYTES) {
#pragma HLS loop_tripcount min = 0 max = 4
#pragma HLS pipeline II = 1
            take(PASS_READ, &reader, smaller(WORD_BYTES, left), &count);
        }
    }
}

// Winograd tiles of the block: one word of transformed channels per cycle. Tile, position and round of a value:
// unit ((position * tiles + tile) * rounds + round) * 2 Cb, then 16-bit values, the low byte first.
void transform_tiles(const command_t &c, const block_t &b, const form_t &f, int raw,
                     std::int8_t input_buffer[INPUT_UNITS][UNIT_BYTES]) {
    const int units = units_of(c.channels);
    const int channels = units * UNIT_BYTES;
    const int tiles = f.down * f.across;
    const int GROUP = WORD_BYTES / 2;
tiles_down:
    for (int down = 0; down < f.down; ++down) {
#pragma HLS loop_tripcount min = 1 max = 56
    tiles_across:
        for (int across = 0; across < f.across; ++across) {
#pragma HLS loop_tripcount min = 1 max = 56
        rounds:
            for (int round = 0; round < f.rounds; ++round) {
#pragma HLS loop_tripcount min = 1 max = 9
            channel_groups:
                for (int first = 0; first < channels; first += GROUP) {
#pragma HLS loop_tripcount min = 1 max = 16
                    std::int16_t data[TILE_PLACES][WORD_BYTES / 2] = {};
                    std::int16_t half[TILE_PLACES][WORD_BYTES / 2] = {};
                    const int top = b.first_row + down * f.m1 - c.pad_top + round / f.rounds2 * f.taps;
                    const int left = across * f.m2 - c.pad_left + round % f.rounds2 * f.taps;
                gather_rows:
                    for (int i = 0; i < f.t1; ++i) {
#pragma HLS loop_tripcount min = 1 max = 8
                    gather_columns:
                        for (int j = 0; j < f.t2; ++j) {
#pragma HLS loop_tripcount min = 1 max = 8
#pragma HLS pipeline II = 1  // one word of raw channels per cycle, as many as positions
                            const int row = top + i - b.input_start;
                            const int column = left + j;
                            const bool inside = row >= 0 && row < b.input_rows && column >= 0 && column < c.width;
                            const int pixel = inside ? raw + (row * c.width + column) * units : raw;
                        gather:
                            for (int k = 0; k < GROUP; ++k) {
#pragma HLS unroll
                                if (first + k < channels)
                                    data[i * f.t2 + j][k] = inside ? input_buffer[pixel + (first + k) / UNIT_BYTES]
                                                                         [(first + k) % UNIT_BYTES]
                                                           : (std::int8_t)c.pad_value;
                            }
                        }
                    }
                along_rows:
                    for (int i = 0; i < f.t1; ++i) {
#pragma HLS loop_tripcount min = 1 max = 8
                        for (int s = 0; s < f.t1; ++s) {
                            const int entry = data_entry(f.m1, i, s);
                            if (entry == 0) continue;
                            for (int j = 0; j < f.t2; ++j)
                                for (int k = 0; k < GROUP; ++k)
                                    half[i * f.t2 + j][k] =
                                        (std::int16_t)(half[i * f.t2 + j][k] + entry * data[s * f.t2 + j][k]);
                        }
                    }
                positions:
                    for (int i = 0; i < f.t1; ++i) {
#pragma HLS loop_tripcount min = 1 max = 8
                        for (int j = 0; j < f.t2; ++j) {
#pragma HLS loop_tripcount min = 1 max = 8
#pragma HLS pipeline II = 1  // one word of transformed channels per cycle
                            std::int16_t full[WORD_BYTES / 2] = {};
                            for (int s = 0; s < f.t2; ++s) {
                                const int entry = data_entry(f.m2, j, s);
                                if (entry == 0) continue;
                                for (int k = 0; k < GROUP; ++k)
                                    full[k] = (std::int16_t)(full[k] + entry * half[i * f.t2 + s][k]);
                            }
                            const int position = i * f.t2 + j;
                            const int tile = down * f.across + across;
                            const int unit = b.input_unit + ((position * tiles + tile) * f.rounds + round) * 2 * units;
                        write_channels:
                            for (int k = 0; k < GROUP; ++k) {
#pragma HLS unroll
                                if (first + k >= channels) continue;
                                const int byte = 2 * (first + k);
                                input_buffer[unit + byte / UNIT_BYTES][byte % UNIT_BYTES] = (std::int8_t)(full[k] & 0xff);
                                input_buffer[unit + byte / UNIT_BYTES][byte % UNIT_BYTES + 1] = (std::int8_t)(full[k] >> 8);
                            }
                        }
                    }
                }
            }
        }
    }
}

void load_inputs(READ_PORTS, const command_t &c, const source_t sources[MAX_SOURCES], const block_t &b,
                 std::int8_t input_buffer[INPUT_UNITS][UNIT_BYTES], count_t &count) {
    int unit = b.input_unit;
    const bool listed = c.op == OP_ADD || c.op == OP_MUL || c.op == OP_SCALE || c.op == OP_CONCAT;
    const int inputs = c.op == OP_SCALE ? 1 : c.source_count;
    form_t form = {};
    if (c.algorithm == WINOGRAD) {
        form = form_of(&c, b.rows);
        unit += transformed_units(&c, &b);
    }
inputs:
    for (int i = 0; i < inputs; ++i) {
#pragma HLS loop_tripcount min = 1 max = 2
        tensor_t t = {c.input_address, c.channels, c.width, c.input_row_bytes, c.input_plane_bytes};
        if (listed) {
            t.address = sources[i].address;
            t.channels = sources[i].channels;
            t.row_bytes = sources[i].row_bytes;
            t.plane_bytes = sources[i].plane_bytes;
        }
        const int units = units_of(t.channels);
        const int pitch = c.algorithm == WINOGRAD ? units : pitch_of(units);
        if (c.input_format == C16)
            place_planes(PASS_READ, t, c, b, unit, pitch, input_buffer, count);
        else if (c.input_format == HWC)
            place_pixels(PASS_READ, t, c, b, t.channels, t.width, unit, pitch, input_buffer, count);
        else
            place_pixels(PASS_READ, t, c, b, c.window_bytes, c.out_width, unit, c.window_bytes / UNIT_BYTES,
                         input_buffer, count);
        if (c.algorithm == WINOGRAD) transform_tiles(c, b, form, unit, input_buffer);
        unit += b.input_rows * t.width * pitch;
    }
}

// A run of weights: words as they come; the parameters at its start go to the parameter buffer too.
void load_weights(READ_PORTS, const command_t &c, const block_t &b, std::uint64_t address, int bytes,
                  std::int8_t weight_buffer[WEIGHT_WORDS][WORD_BYTES], parameter_t parameters[PARAMETER_CHANNELS],
                  count_t &count) {
    const int channels = c.op == OP_CONV ? b.channels : c.op == OP_DEPTHWISE ? units_of(c.channels) * UNIT_BYTES : 0;
    reader_t reader = open_run(address, (std::uint64_t)bytes);
words:
    for (int first = 0; first < bytes; first += WORD_BYTES) {
#pragma HLS loop_tripcount min = 1 max = 32768
#pragma HLS pipeline II = 1  // a word per cycle, as memory delivers it
        const word_t word = take(PASS_READ, &reader, smaller(WORD_BYTES, bytes - first), &count);
    bytes_of_word:
        for (int i = 0; i < WORD_BYTES; ++i) {
#pragma HLS unroll
            weight_buffer[b.weight_word + first / WORD_BYTES][i] = (std::int8_t)word.byte[i];
        }
    parameters_of_word:
        for (int k = 0; k < WORD_UNITS; ++k) {
#pragma HLS unroll
            const int channel = first / UNIT_BYTES + k;
            if (channel >= channels) continue;
            parameters[b.parameter + channel] = decode_parameter(&word.byte[k * UNIT_BYTES]);
        }
    }
}

}  // namespace

void load_block(READ_PORTS, const command_t &c, const source_t sources[MAX_SOURCES], int index,
                std::int8_t input_buffer[INPUT_UNITS][UNIT_BYTES], std::int8_t weight_buffer[WEIGHT_WORDS][WORD_BYTES],
                parameter_t parameters[PARAMETER_CHANNELS], tokens_t &operand_slots, tokens_t &operand_ready,
                counts_t &counts) {
#pragma HLS inline off
    const block_t b = block_of(c, index);
    const bool inputs_stream = c.mode == STREAM_INPUTS;
    const bool last = index == c.blocks - 1;
    count_t count = {};
    operand_slots.write(true);
    if (inputs_stream || index == 0) load_inputs(PASS_READ, c, sources, b, input_buffer, count);
    if (!inputs_stream || (index == 0 && c.weight_bytes > 0)) {
        const std::uint64_t start =
            c.weights_address + (inputs_stream ? 0 : (std::uint64_t)index * (std::uint64_t)c.weight_bytes);
        const int bytes = !inputs_stream && last ? c.last_weight_bytes : c.weight_bytes;
        load_weights(PASS_READ, c, b, start, bytes, weight_buffer, parameters, count);
    }
    operand_ready.write(true);
    counts.write(count);
}
