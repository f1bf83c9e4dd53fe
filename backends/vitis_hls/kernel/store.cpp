// STORE: a finished block goes from the output buffer to memory (docs/overlay.md, section 6). Bytes that no channel or
// pixel owns are written as 0.
#include "engines.h"
#include "walk_store.h"

namespace {

// A run per plane: rows of pixels in fours (c16), or one of all channels (hwc), rows padded to 64 bytes.
void store_rows(WRITE_PORTS, const command_t &c, const block_t &b, output_read_t output_buffer, count_t &count) {
    const int pitch = output_pitch(&c, &b);
planes:
    for (int plane = 0; plane < planes_of_output(&c, &b); ++plane) {
#pragma HLS loop_tripcount min = 1 max = 64
        writer_t writer = run_of_output(&c, &b, plane);
        unit_t units[BANKS] = {};
#pragma HLS array_partition variable = units complete dim = 0
        int turn = 0;
    slices:
        for (slices_t p = slices_of_output(&c, &b); !p.done;) {
            PIPELINED(store_slices)  // pixels of a plane, or planes of a pixel an odd distance apart
#pragma HLS loop_tripcount min = 1 max = 12544
            const units_t at = place_of_output(&c, &b, &p, plane, pitch);
            read_apart(output_buffer, b.output_unit + at.unit, at.step, turn, at.count, units);
            const bool more = more_turns(at.step, turn, at.count);
            turn = more ? turn + 1 : 0;
            if (more) continue;
            word_t word;
        bytes_of_word:
            for (int i = 0; i < WORD_BYTES; ++i) {
#pragma HLS unroll
                const int k = i / UNIT_BYTES;
                const bool owned = k < at.count && is_channel(&at, k, i % UNIT_BYTES);
                word.byte[i] = owned ? (std::uint8_t)units[k].byte[i % UNIT_BYTES] : (std::uint8_t)0;
            }
            append(PASS_WRITE, &writer, &word, slice_bytes(&p), &count);
            next_slice(&p);
        }
        end_run(PASS_WRITE, &writer, &count);
    }
}

}  // namespace

void store_block(WRITE_PORTS, const command_t &c, int index, output_read_t output_buffer, tokens_t &result_slots,
                 tokens_t &result_ready, counts_t &counts) {
#pragma HLS inline off
    PROCESS(store)
    count_t count = {};
    if (c.flags & FLAG_STORE) {
        const block_t b = block_of(c, index);
        result_ready.read();
        store_rows(PASS_WRITE, c, b, output_buffer, count);
        result_slots.read();
    }
    counts.write(count);
}
