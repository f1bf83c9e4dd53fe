// The processes of the dataflow region (overlay.cpp). All work block by block; what they share:
//   input and weight buffer   LOAD writes, COMPUTE reads     at most two blocks between them: stream operand_slots
//   parameters                LOAD writes, POST reads        four parts: LOAD is never four blocks ahead of POST
//   accumulators              COMPUTE writes, POST reads     two halves: stream sum_slots
//   output buffer             POST writes, STORE reads       two halves: stream result_slots
// A stream of slots is a counting semaphore: its writer blocks while as many tokens are in it as there are halves. The
// stream beside it (`..._ready`) tells the reader that a half is filled.
#ifndef OVERLAY_ENGINES_H
#define OVERLAY_ENGINES_H

#include "records.h"
#include "hls_stream.h"
#include "memory.h"

typedef hls::stream<token_t> tokens_t;
typedef hls::stream<count_t> counts_t;
typedef hls::stream<lanes_t> products_t;

// What a command refers to beside weights (docs/program.md, section 4); each process has a copy of what it needs.
struct lookup_t {
    std::int8_t table[256];
    std::int32_t slopes[SLOPES];
};

void load_block(READ_PORTS, const command_t &c, const source_t sources[MAX_SOURCES], int index,
                std::int8_t input_buffer[INPUT_UNITS][UNIT_BYTES], std::int8_t weight_buffer[WEIGHT_WORDS][WORD_BYTES],
                parameter_t parameters[PARAMETER_CHANNELS], tokens_t &operand_slots, tokens_t &operand_ready,
                counts_t &counts);

void compute_block(const command_t &c, const source_t sources[MAX_SOURCES], const std::uint8_t values[VALUE_BYTES],
                   int index, const std::int8_t input_buffer[INPUT_UNITS][UNIT_BYTES],
                   const std::int8_t weight_buffer[WEIGHT_WORDS][WORD_BYTES],
                   sum_t low[2 * ACCUMULATOR_ROWS][ARRAY_COLUMNS], sum_t high[2 * ACCUMULATOR_ROWS][ARRAY_COLUMNS],
                   tokens_t &operand_slots, tokens_t &operand_ready, tokens_t &sum_slots, tokens_t &sum_ready,
                   products_t &products, counts_t &counts);

void post_block(const command_t &c, const lookup_t &lookup, int index, const parameter_t parameters[PARAMETER_CHANNELS],
                const sum_t low[2 * ACCUMULATOR_ROWS][ARRAY_COLUMNS],
                const sum_t high[2 * ACCUMULATOR_ROWS][ARRAY_COLUMNS],
                std::int8_t output_buffer[OUTPUT_UNITS][UNIT_BYTES], tokens_t &sum_slots, tokens_t &sum_ready,
                products_t &products, tokens_t &result_slots, tokens_t &result_ready);

void store_block(WRITE_PORTS, const command_t &c, int index, const std::int8_t output_buffer[OUTPUT_UNITS][UNIT_BYTES],
                 tokens_t &result_slots, tokens_t &result_ready, counts_t &counts);

// The parts of COMPUTE: the array (compute.cpp) and the vector unit (vector.cpp). Both return the cycles they took.
std::uint64_t convolve_block(const command_t &c, const block_t &b,
                             const std::int8_t input_buffer[INPUT_UNITS][UNIT_BYTES],
                             const std::int8_t weight_buffer[WEIGHT_WORDS][WORD_BYTES],
                             sum_t low[2 * ACCUMULATOR_ROWS][ARRAY_COLUMNS],
                             sum_t high[2 * ACCUMULATOR_ROWS][ARRAY_COLUMNS]);

std::uint64_t vector_block(const command_t &c, const source_t sources[MAX_SOURCES],
                           const std::uint8_t values[VALUE_BYTES], const block_t &b,
                           const std::int8_t input_buffer[INPUT_UNITS][UNIT_BYTES],
                           const std::int8_t weight_buffer[WEIGHT_WORDS][WORD_BYTES], products_t &products);

// The order in which the vector unit hands out a row's products: R / 16 units at a time, either straight on over the
// whole row with `pitch` units per pixel, or (`by_pixel`) pixel by pixel.
struct order_t {
    bool by_pixel;
    int pitch;
    int units;  // units of a pixel that count; the others are padding
    int groups; // groups of R lanes of a row
};

inline order_t order_of(const command_t &c) {
    order_t o;
    o.units = units_of(c.out_channels);
    const bool straight_depthwise = c.op == OP_DEPTHWISE && c.stride_columns == 1;
    o.by_pixel = !(straight_depthwise || c.op == OP_ADD || c.op == OP_MUL || c.op == OP_SCALE || c.op == OP_LRN);
    o.pitch = straight_depthwise ? pitch_of(o.units) : o.units;
    const int each = LANES / UNIT_BYTES;
    o.groups = o.by_pixel ? c.out_width * ((o.units + each - 1) / each) : (c.out_width * o.pitch + each - 1) / each;
    return o;
}

// Walks the units of a row in that order; `column` out_width means past the end (the lanes idle).
struct unit_cursor_t {
    int column, unit;
};

inline void next_unit(const order_t &o, unit_cursor_t &at) {
#pragma HLS inline
    const int each = LANES / UNIT_BYTES;
    const int end = o.by_pixel ? (o.units + each - 1) / each * each : o.pitch;
    ++at.unit;
    if (at.unit == end) {
        at.unit = 0;
        ++at.column;
    }
}

inline bool counts_in(const command_t &c, const order_t &o, const unit_cursor_t &at) {
#pragma HLS inline
    return at.column < c.out_width && at.unit < o.units;
}

// Where a block's sums lie: rows of the accumulators, and how sums are numbered within them.
struct sums_t {
    int wide;     // Cw: sums in a row
    int first;    // first row of the block
    int each;     // sums per output channel
    int lines;    // rows per position (NS, WS: column tiles) or per output channel (IS)
};

inline sums_t sums_of(const command_t &c, const block_t &b, int each) {
    sums_t s;
    s.wide = c.algorithm == WINOGRAD ? ARRAY_COLUMNS : ARRAY_COLUMNS * PACKING;
    s.each = each;
    s.lines = ((c.dataflow == IS ? each : b.channels) + s.wide - 1) / s.wide;
    // Sums of several contraction passes stay, block behind block; else the halves take turns.
    const bool stays = (c.flags & FLAG_ACCUMULATE) || !(c.flags & FLAG_STORE);
    const int full_lines = ((c.dataflow == IS ? each : c.block_channels) + s.wide - 1) / s.wide;
    const int rows = c.dataflow == IS ? c.block_channels * full_lines : each * full_lines;
    s.first = stays ? b.index * rows : (b.index & 1) * ACCUMULATOR_ROWS;
    return s;
}

#endif
