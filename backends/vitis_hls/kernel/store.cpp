// STORE: a finished block goes from the output buffer to memory (docs/overlay.md, section 6). Bytes that no channel or
// pixel owns are written as 0.
#include "engines.h"
#include "walk_store.h"

namespace {

// A run per plane: rows of pixels in fours (c16), or one of all channels (hwc), rows padded to 64 bytes.
void store_rows(WRITE_PORTS, const command_t &c, const block_t &b,
                const std::int8_t output_buffer[OUTPUT_UNITS][UNIT_BYTES], count_t &count) {
planes:
    for (int plane = 0; plane < planes_of_output(&c, &b); ++plane) {
#pragma HLS loop_tripcount min = 1 max = 64
        writer_t writer = run_of_output(&c, &b, plane);
    slices:
        for (slices_t p = slices_of_output(&c, &b); !p.done; next_slice(&p)) {
#pragma HLS loop_tripcount min = 1 max = 12544
#pragma HLS pipeline II = 1  // n pixels of a plane are consecutive units; the units of a pixel are `pixels` apart
            word_t word;
        bytes_of_word:
            for (int i = 0; i < WORD_BYTES; ++i) {
#pragma HLS unroll
                const int unit = unit_of_output(&c, &b, &p, plane, i);
                word.byte[i] =
                    unit < 0 ? (std::uint8_t)0 : (std::uint8_t)output_buffer[b.output_unit + unit][i % UNIT_BYTES];
            }
            append(PASS_WRITE, &writer, &word, slice_bytes(&p), &count);
        }
        end_run(PASS_WRITE, &writer, &count);
    }
}

}  // namespace

void store_block(WRITE_PORTS, const command_t &c, int index, const std::int8_t output_buffer[OUTPUT_UNITS][UNIT_BYTES],
                 tokens_t &result_slots, tokens_t &result_ready, counts_t &counts) {
#pragma HLS inline off
    count_t count = {};
    if (c.flags & FLAG_STORE) {
        const block_t b = block_of(c, index);
        result_ready.read();
        store_rows(PASS_WRITE, c, b, output_buffer, count);
        result_slots.read();
    }
    counts.write(count);
}
