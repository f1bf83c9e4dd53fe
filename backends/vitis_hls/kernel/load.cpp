// LOAD: rows of tensors and runs of weights come from memory and are placed in the buffers (docs/overlay.md, sections
// 2, 3 and 5).
#include "engines.h"
#include "transform.h"
#include "walk_load.h"

namespace {

// Winograd: the rows of a block, of which its tiles are made before the next one's come.
#ifdef OVERLAY_CHECK_PORTS
ports::memory_t<std::int8_t> pixel_buffer("pixel_buffer", {PIXEL_ROWS, BANKS, UNIT_BYTES}, "abw", 2);
#else
std::int8_t pixel_buffer[PIXEL_ROWS][BANKS][UNIT_BYTES];
#endif

// The rows of a tensor that a block needs, from unit `unit` of their buffer on: a word or a part of one per cycle.
void place_tensor(READ_PORTS, const tensor_t &t, const command_t &c, const block_t &b, int unit,
                  input_write_t input_buffer, count_t &count) {
    reader_t reader = {};
    word_t word = {};
    unit_t units[BANKS];
#pragma HLS array_partition variable = units complete dim = 0
    int turn = 0;
    int part = 0;
planes:
    for (int plane = 0; plane < t.planes; ++plane) {
#pragma HLS loop_tripcount min = 1 max = 84
    slices:
        for (slices_t p = slices_of_plane(&t, &b); !p.done;) {
            PIPELINED(place_slices)  // the units of a word go to different banks: their distance is odd
#pragma HLS loop_tripcount min = 1 max = 12544
            if (turn == 0 && part == 0) {
                if (starts_run(&t, &p)) reader = run_of(&t, &b, plane, p.row);
                word = take(PASS_READ, &reader, slice_bytes(&p), &count);
            }
            const units_t at = place_of(&t, &p, plane, unit, part);
        units:
            for (int k = 0; k < WORD_UNITS; ++k) {
#pragma HLS unroll
            channels:
                for (int i = 0; i < UNIT_BYTES; ++i) {
#pragma HLS unroll
                    units[k].byte[i] = byte_of_unit(&c, &at, &word, k, i);
                }
            }
            write_slice(input_buffer, pixel_buffer, places_pixels(&c), &at, turn, units);
            // An even distance (of a concatenation in a full buffer) takes several turns.
            const bool more = more_turns(at.step, turn, at.count);
            turn = more ? turn + 1 : 0;
            if (more) continue;
            part = part + 1 == parts_of(&t) ? 0 : part + 1;
            if (part > 0) continue;
            next_slice(&p);
        }
    }
}

// Winograd tiles of the block: in a cycle, one word of raw channels is read and one word of transformed ones written.
void transform_tiles(const command_t &c, const block_t &b, input_write_t input_buffer) {
    static transform_t t;
#pragma HLS array_partition variable = t.part complete dim = 0
    begin_transform(&c, &b, &t);
places:
    while (t.busy) {
        PIPELINED(transform_places)  // a pixel is read from one buffer, and a word of tiles written to the other
#pragma HLS loop_tripcount min = 32 max = 1806336
        transform_cycle(&c, &t, pixel_buffer, input_buffer);
    }
}

void load_inputs(READ_PORTS, const command_t &c, const source_t sources[MAX_SOURCES], const block_t &b,
                 input_write_t input_buffer, count_t &count) {
#pragma HLS array_partition variable = pixel_buffer complete dim = 2
#pragma HLS array_reshape variable = pixel_buffer complete dim = 3
#pragma HLS bind_storage variable = pixel_buffer type = ram_2p
    int unit = first_unit(&c, &b);
inputs:
    for (int i = 0; i < inputs_of(&c); ++i) {
#pragma HLS loop_tripcount min = 1 max = 2
        const tensor_t t = tensor_of(&c, sources, &b, i);
        place_tensor(PASS_READ, t, c, b, unit, input_buffer, count);
        unit += units_of_rows(&c, &t, &b);
    }
    if (c.algorithm == WINOGRAD) transform_tiles(c, b, input_buffer);
}

// A run of weights: words as they come; the parameters at its start go to the parameter buffer too.
void load_weights(READ_PORTS, const command_t &c, const weights_t &w, const block_t &b, weight_write_t weight_buffer,
                  parameters_write_t parameters, count_t &count) {
    reader_t reader = open_run(w.address, (std::uint64_t)w.bytes);
    const int start = times(b.weight_word, WORD_UNITS);
words:
    for (int first = 0; first < w.bytes; first += WORD_BYTES) {
        PIPELINED(weight_words)  // a word per cycle, as memory delivers it: consecutive units, consecutive channels
#pragma HLS loop_tripcount min = 1 max = 32768
        const word_t word = take(PASS_READ, &reader, smaller(WORD_BYTES, w.bytes - first), &count);
        unit_t units[BANKS];
    units_of_word:
        for (int k = 0; k < WORD_UNITS; ++k) {
#pragma HLS unroll
        bytes_of_unit:
            for (int i = 0; i < UNIT_BYTES; ++i) {
#pragma HLS unroll
                units[k].byte[i] = (std::int8_t)word.byte[k * UNIT_BYTES + i];
            }
        }
        int unit = start + first / UNIT_BYTES;
        const int some = picks_factors(&c) ? pick_factors(&unit, units) : WORD_UNITS;
        write_units(weight_buffer, unit, 1, 0, some, units);
        const int channel = b.parameter + first / PARAMETER_BYTES;
    parameters_of_word:
        for (int k = 0; k < PARAMETER_BANKS; ++k) {
#pragma HLS unroll
            const int own = (k - channel) & (PARAMETER_BANKS - 1);
            if (own >= WORD_UNITS || first / PARAMETER_BYTES + own >= w.channels) continue;
            parameters[(channel + own) / PARAMETER_BANKS][k] = decode_parameter(&word.byte[own * PARAMETER_BYTES]);
        }
    }
}

}  // namespace

void load_block(READ_PORTS, const command_t &c, const source_t sources[MAX_SOURCES], int index,
                input_write_t input_buffer, weight_write_t weight_buffer, parameters_write_t parameters,
                tokens_t &operand_slots, tokens_t &operand_ready, counts_t &counts) {
#pragma HLS inline off
    PROCESS(load)
    const block_t b = block_of(c, index);
    count_t count = {};
    operand_slots.write(true);
    if (loads_inputs(&c, &b)) load_inputs(PASS_READ, c, sources, b, input_buffer, count);
    load_weights(PASS_READ, c, weights_of(&c, &b), b, weight_buffer, parameters, count);
    operand_ready.write(true);
    counts.write(count);
}
