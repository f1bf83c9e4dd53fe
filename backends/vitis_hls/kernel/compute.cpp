// COMPUTE: the array works on a block of a convolution, cycle by cycle (flow.h, array.h), or the vector unit on a block
// of another layer.
#include "array.h"
#include "engines.h"
#include "flow.h"

namespace {

// Registers and delay lines of the array, and the cycles that it has taken; sums that are on their way stay in it from
// block to block.
array_t array;
lines_t lines;
int now = 0;

row_buffers_t row_buffers;  // NS: windows of the tile at work and of the next
tile_spots_t spots;

void step_array(const usage_t mode, const cycle_t &cycle, sums_write_t sums) {
#pragma HLS inline off
#pragma HLS pipeline II = 1  // every register of the array moves in every cycle
    array_cycle(&array, &lines, mode, &cycle, now, sums);
    ++now;
}

// kn2row: sums that no unit convolution reaches.
void clear_sums(const command_t &c, const flow_t &f, sums_write_t sums) {
    const int rows = rows_to_clear(&c, &f.g, &f.sums);
clear_rows:
    for (int row = 0; row < rows; ++row) {
#pragma HLS loop_tripcount min = 0 max = 4096
#pragma HLS pipeline II = 1
        clear_row(sums, f.sums.first + row);
    }
}

}  // namespace

std::uint64_t convolve_block(const command_t &c, const block_t &b, input_read_t input_buffer,
                             weight_read_t weight_buffer, sums_write_t sums) {
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
#pragma HLS array_partition variable = array.sum complete dim = 0
#pragma HLS array_partition variable = array.result complete dim = 0
#pragma HLS array_partition variable = array.column_next complete
#pragma HLS array_partition variable = array.column_now complete
#pragma HLS array_partition variable = lines.left complete dim = 2
#pragma HLS array_partition variable = lines.load complete dim = 2
#pragma HLS array_partition variable = lines.top complete dim = 2
#pragma HLS array_partition variable = lines.tag complete
#pragma HLS array_partition variable = lines.index complete
#pragma HLS array_partition variable = lines.target complete
#pragma HLS array_partition variable = lines.arriving complete
#pragma HLS array_partition variable = row_buffers complete dim = 2  // a row buffer per row of the array
    NOT_YET(convolve_block)  // the cycle loop makes addresses, reads, computes and accumulates in one iteration
    flow_t flow = flow_of(&c, &b, now);
    cycle_t cycle;
    std::uint64_t cycles = 0;
    clear_array(&array, &lines);
    clear_sums(c, flow, sums);
cycles_of_block:
    while (flow_cycle(&c, &b, &flow, now, input_buffer, weight_buffer, row_buffers, &spots, &cycle)) {
#pragma HLS loop_tripcount min = 1024 max = 65536
        if (cycle.moves) step_array(flow.mode, cycle, sums);
        if (cycle.counts) ++cycles;
    }
    return cycles;
}

void compute_block(const command_t &c, const source_t sources[MAX_SOURCES], const std::uint8_t values[VALUE_BYTES],
                   int index, input_read_t input_buffer, weight_read_t weight_buffer, sums_write_t sums,
                   tokens_t &operand_slots, tokens_t &operand_ready, tokens_t &sum_slots, tokens_t &sum_ready,
                   products_t &products, counts_t &counts) {
#pragma HLS inline off
    const block_t b = block_of(c, index);
    count_t count = {};
    operand_ready.read();
    if (c.op == OP_CONV) {
        if (c.flags & FLAG_STORE) sum_slots.write(true);
        count.cycles = convolve_block(c, b, input_buffer, weight_buffer, sums);
        if (c.flags & FLAG_STORE) sum_ready.write(true);
    } else {
        count.cycles = vector_unit(c, sources, values, b, input_buffer, weight_buffer, products);
    }
    operand_slots.read();
    counts.write(count);
}
