// LOAD: rows of tensors and runs of weights come from memory and are placed in the buffers (docs/overlay.md, sections
// 2, 3 and 5).
#include "engines.h"
#include "transform.h"
#include "walk_load.h"

namespace {

// The rows of a tensor that a block needs, from unit `unit` of the input buffer on: a word or a part of one per cycle.
void place_tensor(READ_PORTS, const tensor_t &t, const command_t &c, const block_t &b, int unit,
                  std::int8_t input_buffer[INPUT_UNITS][UNIT_BYTES], count_t &count) {
    reader_t reader = {};
planes:
    for (int plane = 0; plane < t.planes; ++plane) {
#pragma HLS loop_tripcount min = 1 max = 84
    slices:
        for (slices_t p = slices_of_plane(&t, &b); !p.done; next_slice(&p)) {
#pragma HLS loop_tripcount min = 1 max = 12544
#pragma HLS pipeline II = 1  // the units of a word go to different banks: their distance is odd
            if (starts_run(&t, &p)) reader = run_of(&t, &b, plane, p.row);
            const word_t word = take(PASS_READ, &reader, slice_bytes(&p), &count);
            const units_t at = place_of(&t, &p, plane, unit);
        units:
            for (int k = 0; k < WORD_UNITS; ++k) {
#pragma HLS unroll
                if (k >= at.count) continue;
            channels:
                for (int i = 0; i < UNIT_BYTES; ++i) {
#pragma HLS unroll
                    input_buffer[at.unit + k * at.step][i] = byte_of_unit(&c, &at, &word, k, i);
                }
            }
        }
    }
}

// Winograd tiles of the block: one word of raw channels per cycle, as many as places of a tile; then as many of
// transformed ones.
void transform_tiles(const command_t &c, const block_t &b, std::int8_t input_buffer[INPUT_UNITS][UNIT_BYTES]) {
    half_tile_t part;
#pragma HLS array_partition variable = part complete dim = 0
tiles:
    for (tiles_t t = tiles_of(&c, &b); !t.done; next_tile(&t)) {
#pragma HLS loop_tripcount min = 1 max = 50176
        const int places = t.form.positions;
    gather:
        for (int place = 0; place < places; ++place) {
#pragma HLS loop_tripcount min = 4 max = 36
#pragma HLS pipeline II = 1
            gather_data(&c, &t, place / t.form.t2, place % t.form.t2, input_buffer, part);
        }
    write:
        for (int place = 0; place < places; ++place) {
#pragma HLS loop_tripcount min = 4 max = 36
#pragma HLS pipeline II = 1
            write_transformed(&t, place / t.form.t2, place % t.form.t2, part, input_buffer);
        }
    }
}

void load_inputs(READ_PORTS, const command_t &c, const source_t sources[MAX_SOURCES], const block_t &b,
                 std::int8_t input_buffer[INPUT_UNITS][UNIT_BYTES], count_t &count) {
    int unit = first_unit(&c, &b);
inputs:
    for (int i = 0; i < inputs_of(&c); ++i) {
#pragma HLS loop_tripcount min = 1 max = 2
        const tensor_t t = tensor_of(&c, sources, i);
        place_tensor(PASS_READ, t, c, b, unit, input_buffer, count);
        unit += units_of_rows(&t, &b);
    }
    if (c.algorithm == WINOGRAD) transform_tiles(c, b, input_buffer);
}

// A run of weights: words as they come; the parameters at its start go to the parameter buffer too.
void load_weights(READ_PORTS, const weights_t &w, const block_t &b, std::int8_t weight_buffer[WEIGHT_WORDS][WORD_BYTES],
                  parameter_t parameters[PARAMETER_CHANNELS], count_t &count) {
    reader_t reader = open_run(w.address, (std::uint64_t)w.bytes);
words:
    for (int first = 0; first < w.bytes; first += WORD_BYTES) {
#pragma HLS loop_tripcount min = 1 max = 32768
#pragma HLS pipeline II = 1  // a word per cycle, as memory delivers it
        const word_t word = take(PASS_READ, &reader, smaller(WORD_BYTES, w.bytes - first), &count);
    bytes_of_word:
        for (int i = 0; i < WORD_BYTES; ++i) {
#pragma HLS unroll
            weight_buffer[b.weight_word + first / WORD_BYTES][i] = (std::int8_t)word.byte[i];
        }
    parameters_of_word:
        for (int k = 0; k < WORD_UNITS; ++k) {
#pragma HLS unroll
            const int channel = first / PARAMETER_BYTES + k;
            if (channel >= w.channels) continue;
            parameters[b.parameter + channel] = decode_parameter(&word.byte[k * PARAMETER_BYTES]);
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
    count_t count = {};
    operand_slots.write(true);
    if (loads_inputs(&c, &b)) load_inputs(PASS_READ, c, sources, b, input_buffer, count);
    load_weights(PASS_READ, weights_of(&c, &b), b, weight_buffer, parameters, count);
    operand_ready.write(true);
    counts.write(count);
}
