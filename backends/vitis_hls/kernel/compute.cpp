// COMPUTE: the array works on a block of a convolution, cycle by cycle (flow.h), or the vector unit on a block of another
// layer.
#include "array.h"
#include "engines.h"

namespace {

array_t array;                                            // registers
std::int8_t row_buffers[2][ARRAY_ROWS][ROW_BUFFER_BYTES]; // NS: windows of the tile at work and of the next
tile_spots_t spots;

target_t targets[RING];
column_t arriving[RING];
column_t column_next[ARRAY_COLUMNS * PACKING];
column_t column_now[ARRAY_COLUMNS * PACKING];

void clear_targets() {
clear_targets:
    for (int i = 0; i < RING; ++i) {
#pragma HLS unroll
        targets[i].valid = false;
    }
clear_columns:
    for (int j = 0; j < ARRAY_COLUMNS * PACKING; ++j) {
#pragma HLS unroll
        column_next[j].valid = false;
        column_now[j].valid = false;
    }
}

// One cycle of the whole array: skew, PEs, accumulators.
void array_cycle(const usage_t mode, const cycle_t &in, sum_t low[2 * ACCUMULATOR_ROWS][ARRAY_COLUMNS],
                 sum_t high[2 * ACCUMULATOR_ROWS][ARRAY_COLUMNS]) {
#pragma HLS inline off
#pragma HLS pipeline II = 1  // every register of the array moves in every cycle
    const int now = array.cycle & RING_MASK;
    const entry_t &entry = in.entry;
    targets[(now + in.target_delay) & RING_MASK] = in.target;
    array.tag_line[now] = entry.tag;
    array.index_line[now] = entry.load_index;
    arriving[now] = in.arrival;
left_lines:
    for (int i = 0; i < ARRAY_ROWS; ++i) {
#pragma HLS unroll
        array.left_line[now][i] = entry.left[i];
    }
    if (mode.inputs_stay) {
    load_lines:
        for (int i = 0; i < ARRAY_ROWS; ++i) {
#pragma HLS unroll
            array.load_line[now][i] = entry.load[i];
        }
    } else {
    top_lines:
        for (int j = 0; j < ARRAY_COLUMNS; ++j) {
#pragma HLS unroll
            array.top_line[now][j] = entry.top[j];
        }
    top_edge:
        for (int j = 0; j < ARRAY_COLUMNS; ++j) {
#pragma HLS unroll
            array.down[0][j] = array.top_line[(now - j) & RING_MASK][j];
            array.down_index[0][j] = array.index_line[(now - j) & RING_MASK];
        }
    }
rows:
    for (int i = ARRAY_ROWS - 1; i >= 0; --i) {
#pragma HLS unroll
        const int then = (now - i) & RING_MASK;
        // Results leave a column from the bottom up: row i passes on what i rows above it and itself have.
        const bool shift = (in.drain[0] >= 0 && in.drain[0] < i) || (in.drain[1] >= 0 && in.drain[1] < i);
        const int tag = array.tag_line[then] | (shift ? TAG_SHIFT : 0);
        step_row(array, mode, i, array.left_line[then][i], tag, array.load_line[then][i], array.index_line[then],
                 in.loading);
    }
bottom_edge:
    for (int j = 0; j < ARRAY_COLUMNS; ++j) {
#pragma HLS unroll
        const target_t t = targets[(now - j) & RING_MASK];
        const int each = mode.single ? 1 : PACKING;
        if (mode.inputs_stay) {
            const int then = (now - (ARRAY_ROWS - 1) - j) & RING_MASK;
            const int index = array.index_line[then];
        columns_of_pe:
            for (int product = each * j; product < each * j + each; ++product) {
#pragma HLS unroll
                if (array.tag_line[then] & TAG_SWAP) {
                    column_now[product] = column_next[product];
                    column_next[product].valid = false;
                }
                if (index == product) column_next[product] = arriving[then];
            }
        }
        if (!t.valid) continue;
        const sum_t sums[2] = {mode.sums_stay ? array.result_low[ARRAY_ROWS][j] : array.low[ARRAY_ROWS][j],
                               mode.sums_stay ? array.result_high[ARRAY_ROWS][j] : array.high[ARRAY_ROWS][j]};
    products_of_pe:
        for (int half = 0; half < each; ++half) {
#pragma HLS unroll
            const int product = each * j + half;
            int row = t.row;
            int bank = product;
            bool fresh = t.fresh;
            bool valid = product < t.count;
            if (t.own) {
                const column_t k = column_now[product];
                row += k.row;
                bank = k.bank;
                fresh = fresh && k.fresh;
                valid = k.valid;
            }
            if (!valid) continue;
            sum_t &sum = (bank % each == 0) ? low[row][bank / each] : high[row][bank / each];
            sum = fresh ? sums[half] : (sum_t)(sum + sums[half]);
        }
    }
    ++array.cycle;
}

// kn2row: sums that no unit convolution reaches.
void clear_sums(const command_t &c, const flow_t &f, sum_t low[2 * ACCUMULATOR_ROWS][ARRAY_COLUMNS],
                sum_t high[2 * ACCUMULATOR_ROWS][ARRAY_COLUMNS]) {
    const int rows = rows_to_clear(&c, &f.g, &f.sums);
clear_rows:
    for (int row = 0; row < rows; ++row) {
#pragma HLS loop_tripcount min = 0 max = 4096
#pragma HLS pipeline II = 1
        for (int j = 0; j < ARRAY_COLUMNS; ++j) {
#pragma HLS unroll
            low[f.sums.first + row][j] = 0;
            high[f.sums.first + row][j] = 0;
        }
    }
}

}  // namespace

std::uint64_t convolve_block(const command_t &c, const block_t &b,
                             const std::int8_t input_buffer[INPUT_UNITS][UNIT_BYTES],
                             const std::int8_t weight_buffer[WEIGHT_WORDS][WORD_BYTES],
                             sum_t low[2 * ACCUMULATOR_ROWS][ARRAY_COLUMNS],
                             sum_t high[2 * ACCUMULATOR_ROWS][ARRAY_COLUMNS]) {
#pragma HLS inline off
    // Every register of every PE by itself; a delay line per row or column; one accumulator target per cycle and column.
#pragma HLS array_partition variable = array.right complete dim = 0
#pragma HLS array_partition variable = array.tag complete dim = 0
#pragma HLS array_partition variable = array.down complete dim = 0
#pragma HLS array_partition variable = array.down_index complete dim = 0
#pragma HLS array_partition variable = array.load complete dim = 0
#pragma HLS array_partition variable = array.load_index complete dim = 0
#pragma HLS array_partition variable = array.stays complete dim = 0
#pragma HLS array_partition variable = array.next complete dim = 0
#pragma HLS array_partition variable = array.low complete dim = 0
#pragma HLS array_partition variable = array.high complete dim = 0
#pragma HLS array_partition variable = array.result_low complete dim = 0
#pragma HLS array_partition variable = array.result_high complete dim = 0
#pragma HLS array_partition variable = array.left_line complete dim = 2
#pragma HLS array_partition variable = array.load_line complete dim = 2
#pragma HLS array_partition variable = array.top_line complete dim = 2
#pragma HLS array_partition variable = array.tag_line complete
#pragma HLS array_partition variable = array.index_line complete
#pragma HLS array_partition variable = targets complete
#pragma HLS array_partition variable = arriving complete
#pragma HLS array_partition variable = column_next complete
#pragma HLS array_partition variable = column_now complete
#pragma HLS array_partition variable = row_buffers complete dim = 2  // a row buffer per row of the array
    flow_t flow = flow_of(&c, &b, array.cycle);
    cycle_t cycle;
    std::uint64_t cycles = 0;
    clear_targets();
    clear_sums(c, flow, low, high);
cycles_of_block:
    while (flow_cycle(&c, &b, &flow, array.cycle, input_buffer, weight_buffer, row_buffers, &spots, &cycle)) {
#pragma HLS loop_tripcount min = 1024 max = 65536
        if (cycle.moves) array_cycle(flow.mode, cycle, low, high);
        if (cycle.counts) ++cycles;
    }
    return cycles;
}

void compute_block(const command_t &c, const source_t sources[MAX_SOURCES], const std::uint8_t values[VALUE_BYTES],
                   int index, const std::int8_t input_buffer[INPUT_UNITS][UNIT_BYTES],
                   const std::int8_t weight_buffer[WEIGHT_WORDS][WORD_BYTES],
                   sum_t low[2 * ACCUMULATOR_ROWS][ARRAY_COLUMNS], sum_t high[2 * ACCUMULATOR_ROWS][ARRAY_COLUMNS],
                   tokens_t &operand_slots, tokens_t &operand_ready, tokens_t &sum_slots, tokens_t &sum_ready,
                   products_t &products, counts_t &counts) {
#pragma HLS inline off
    const block_t b = block_of(c, index);
    count_t count = {};
    operand_ready.read();
    if (c.op == OP_CONV) {
        if (c.flags & FLAG_STORE) sum_slots.write(true);
        count.cycles = convolve_block(c, b, input_buffer, weight_buffer, low, high);
        if (c.flags & FLAG_STORE) sum_ready.write(true);
    } else {
        count.cycles = vector_unit(c, sources, values, b, input_buffer, weight_buffer, products);
    }
    operand_slots.read();
    counts.write(count);
}
