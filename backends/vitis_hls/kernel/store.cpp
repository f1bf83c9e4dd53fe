// STORE: a finished block goes from the output buffer to memory (docs/overlay.md, section 6). Bytes that no channel or
// pixel owns are written as 0.
#include "arithmetic.h"
#include "engines.h"

namespace {

// c16: a run per plane; rows of pixels in fours.
void store_planes(WRITE_PORTS, const command_t &c, const block_t &b,
                  const std::int8_t output_buffer[OUTPUT_UNITS][UNIT_BYTES], count_t &count) {
    const int pixels = b.rows * c.out_width;
planes:
    for (int plane = 0; plane < units_of(b.channels); ++plane) {
#pragma HLS loop_tripcount min = 1 max = 64
        writer_t writer = begin_run(
            c.output_address +
            (std::uint64_t)(b.first_channel / UNIT_BYTES + plane) * (std::uint64_t)c.output_plane_bytes +
            (std::uint64_t)b.first_row * (std::uint64_t)c.output_row_bytes);
    rows:
        for (int row = 0; row < b.rows; ++row) {
#pragma HLS loop_tripcount min = 1 max = 224
        words:
            for (int first = 0; first < c.output_row_bytes; first += WORD_BYTES) {
#pragma HLS loop_tripcount min = 1 max = 56
#pragma HLS pipeline II = 1  // n pixels of a plane are consecutive units
                const int size = smaller(WORD_BYTES, c.output_row_bytes - first);
                word_t word;
            bytes_of_word:
                for (int i = 0; i < WORD_BYTES; ++i) {
#pragma HLS unroll
                    const int column = (first + i) / UNIT_BYTES;
                    const bool owned =
                        column < c.out_width && plane * UNIT_BYTES + i % UNIT_BYTES < b.channels && i < size;
                    word.byte[i] =
                        owned ? (std::uint8_t)output_buffer[b.output_unit + plane * pixels + row * c.out_width + column]
                                                           [i % UNIT_BYTES]
                              : (std::uint8_t)0;
                }
                append(PASS_WRITE, &writer, &word, size, &count);
            }
        }
        end_run(PASS_WRITE, &writer, &count);
    }
}

// hwc: one run; rows padded to 64 bytes.
void store_pixels(WRITE_PORTS, const command_t &c, const block_t &b,
                  const std::int8_t output_buffer[OUTPUT_UNITS][UNIT_BYTES], count_t &count) {
    const int pixels = b.rows * c.out_width;
    writer_t writer = begin_run(c.output_address + (std::uint64_t)b.first_row * (std::uint64_t)c.output_row_bytes);
rows:
    for (int row = 0; row < b.rows; ++row) {
#pragma HLS loop_tripcount min = 1 max = 224
    pixels_of_row:
        for (int column = 0; column < c.out_width; ++column) {
#pragma HLS loop_tripcount min = 1 max = 224
        pieces:
            for (int first = 0; first < b.channels; first += WORD_BYTES) {
#pragma HLS loop_tripcount min = 1 max = 8
#pragma HLS pipeline II = 1
                const int size = smaller(WORD_BYTES, b.channels - first);
                word_t word;
            bytes_of_word:
                for (int i = 0; i < WORD_BYTES; ++i) {
#pragma HLS unroll
                    word.byte[i] = 0;
                    if (i < size)
                        word.byte[i] = (std::uint8_t)
                            output_buffer[b.output_unit + (first + i) / UNIT_BYTES * pixels + row * c.out_width + column]
                                         [i % UNIT_BYTES];
                }
                append(PASS_WRITE, &writer, &word, size, &count);
            }
        }
    padding:
        for (int left = c.output_row_bytes - c.out_width * b.channels; left > 0; left -= WORD_BYTES) {
#pragma HLS loop_tripcount min = 0 max = 4
#pragma HLS pipeline II = 1
            const word_t zeros = {};
            append(PASS_WRITE, &writer, &zeros, smaller(WORD_BYTES, left), &count);
        }
    }
    end_run(PASS_WRITE, &writer, &count);
}

}  // namespace

void store_block(WRITE_PORTS, const command_t &c, int index, const std::int8_t output_buffer[OUTPUT_UNITS][UNIT_BYTES],
                 tokens_t &result_slots, tokens_t &result_ready, counts_t &counts) {
#pragma HLS inline off
    count_t count = {};
    if (c.flags & FLAG_STORE) {
        const block_t b = block_of(c, index);
        result_ready.read();
        if (c.output_format == C16)
            store_planes(PASS_WRITE, c, b, output_buffer, count);
        else
            store_pixels(PASS_WRITE, c, b, output_buffer, count);
        result_slots.read();
    }
    counts.write(count);
}
