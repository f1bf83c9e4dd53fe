// COMPUTE: the array works on a block of a convolution, cycle by cycle (flow.h, array.h), or the vector unit on a block
// of another layer.
#include "accumulate.h"
#include "array.h"
#include "engines.h"
#include "flow.h"

namespace {

// Registers and delay lines of the array, and the cycles that it has taken.
array_t array;
lines_t lines;
int now = 0;

// NS: windows of the tile at work and of the next. In an iteration a word is written before the values are read: no read
// decides what is written, so that they may be a stage behind, and what the iteration before has written is there.
#ifdef OVERLAY_CHECK_PORTS
ports::memory_t<std::int8_t> row_buffers("row_buffers", {2, ARRAY_ROWS, ROW_BUFFER_ROWS, BANKS, UNIT_BYTES}, "bbabw",
                                         1);
#else
std::int8_t row_buffers[2][ARRAY_ROWS][ROW_BUFFER_ROWS][BANKS][UNIT_BYTES];
#endif

typedef stream_of<cycle_t> cycles_t;
typedef stream_of<leaving_t> leaving_sums_t;

// WS, IS: the operands of every cycle.
void feed_stationary(const command_t &c, const block_t &b, input_read_t input_buffer, weight_read_t weight_buffer,
                     cycles_t &cycles) {
    flow_t flow = flow_of(&c, &b, 0);
    const int length = flow_length(&c, &flow);
stationary_cycles:
    for (int t = 0; t < length; ++t) {
        PIPELINED(stationary_cycles)  // a window and a row of weights: a unit of each bank
#pragma HLS loop_tripcount min = 1024 max = 65536
        cycle_t cycle = idle_cycle();
        stationary_cycle(&c, &b, &flow, t, input_buffer, weight_buffer, &cycle);
        cycles.write(cycle);
    }
}

// NS: the row buffers are filled before the array moves.
void feed_ns(const command_t &c, const block_t &b, input_read_t input_buffer, weight_read_t weight_buffer,
             cycles_t &cycles) {
#pragma HLS array_partition variable = row_buffers complete dim = 1
#pragma HLS array_partition variable = row_buffers complete dim = 2
#pragma HLS array_partition variable = row_buffers complete dim = 4
#pragma HLS array_reshape variable = row_buffers complete dim = 5
#pragma HLS bind_storage variable = row_buffers type = ram_2p impl = lutram
    flow_t flow = flow_of(&c, &b, 0);
    const int length = flow_length(&c, &flow);
    int moved = 0;
ns_cycles:
    for (int t = 0; t < length; ++t) {
        PIPELINED(ns_cycles)  // a window's word and a row of weights: a unit of each bank; a row buffer takes one word
#pragma HLS loop_tripcount min = 1024 max = 65536
        cycle_t cycle = idle_cycle();
        ns_cycle(&c, &b, &flow, moved, input_buffer, weight_buffer, row_buffers, &cycle);
        if (cycle.moves) {
            cycles.write(cycle);
            ++moved;
        }
    }
}

void feed(const command_t &c, const block_t &b, input_read_t input_buffer, weight_read_t weight_buffer,
          cycles_t &cycles) {
#pragma HLS inline off
    PROCESS(feed)
    if (c.dataflow == NS)
        feed_ns(c, b, input_buffer, weight_buffer, cycles);
    else
        feed_stationary(c, b, input_buffer, weight_buffer, cycles);
}

// The array alone: no memory but its registers and delay lines.
void run_array(const command_t &c, const block_t &b, cycles_t &cycles, leaving_sums_t &leaving,
               std::uint64_t &counted) {
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
    PROCESS(array)
    const int length = moving_cycles(&c, &b);
    const usage_t usage = usage_of(&c);
    clear_array(&array, &lines);
    std::uint64_t count = 0;
array_cycles:
    for (int t = 0; t < length; ++t) {
        PIPELINED(array_cycles)  // every register moves; a delay line is a ring, written and read once
#pragma HLS loop_tripcount min = 1024 max = 65536
        const cycle_t cycle = cycles.read();
        leaving_t sums;
        array_cycle(&array, &lines, usage, &cycle, now, &sums);
        ++now;
        leaving.write(sums);
        if (cycle.counts) ++count;
    }
    counted = count;
}

// Sums are added to the accumulators. First, kn2row: those that no unit convolution reaches are cleared.
void accumulate_block(const command_t &c, const block_t &b, leaving_sums_t &leaving, sums_write_t sums) {
#pragma HLS inline off
    PROCESS(accumulate)
    const flow_t flow = flow_of(&c, &b, 0);
    const int rows = rows_to_clear(&c, &flow.g, &flow.sums);
cleared_rows:
    for (int row = 0; row < rows; ++row) {
        PIPELINED(cleared_rows)  // a row is an address of every bank
#pragma HLS loop_tripcount min = 0 max = 4096
        clear_row(sums, flow.sums.first + row);
    }
    const int length = moving_cycles(&c, &b);
    added_t lately;
#pragma HLS array_partition variable = lately.row complete dim = 0
#pragma HLS array_partition variable = lately.sum complete dim = 0
    nothing_added(&lately);
added_sums:
    for (int t = 0; t < length; ++t) {
        PIPELINED(added_sums)  // a sum of each bank is read, added to and written; younger ones are in registers
#pragma HLS loop_tripcount min = 1024 max = 65536
#pragma HLS dependence variable = sums type = inter direction = RAW false
        const leaving_t in = leaving.read();
        accumulate_sums(&in, &lately, sums);
    }
}

}  // namespace

void convolve_block(const command_t &c, const block_t &b, input_read_t input_buffer, weight_read_t weight_buffer,
                    sums_write_t sums, std::uint64_t &cycles) {
#pragma HLS inline off
#pragma HLS dataflow  // each process starts with what the one before it has made
    IN_STEP(cycle_t, operands, 4)
    IN_STEP(leaving_t, leaving, 4)
    feed(c, b, input_buffer, weight_buffer, operands);
    run_array(c, b, operands, leaving, cycles);
    accumulate_block(c, b, leaving, sums);
}

void compute_block(const command_t &c, const source_t sources[MAX_SOURCES], values_read_t values, values_read_t classes,
                   int index, input_read_t input_buffer, weight_read_t weight_buffer, sums_write_t sums,
                   tokens_t &operand_slots, tokens_t &operand_ready, tokens_t &sum_slots, tokens_t &sum_ready,
                   products_t &products, counts_t &counts) {
#pragma HLS inline off
    PROCESS(compute)
    const block_t b = block_of(c, index);
    count_t count = {};
    operand_ready.read();
    if (c.op == OP_CONV) {
        if (c.flags & FLAG_STORE) sum_slots.write(true);
        convolve_block(c, b, input_buffer, weight_buffer, sums, count.cycles);
        if (c.flags & FLAG_STORE) sum_ready.write(true);
    } else {
        vector_unit(c, sources, values, classes, b, input_buffer, weight_buffer, products, count.cycles);
    }
    operand_slots.read();
    counts.write(count);
}
