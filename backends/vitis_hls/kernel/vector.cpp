// The vector unit of COMPUTE: vector.h on the memories of this kernel.
#include "engines.h"

#include "vector.h"

namespace {

// Pooling: the rows of pixels above. LRN: the table of each lane, and the shifts of octaves.
#ifdef OVERLAY_CHECK_PORTS
ports::memory_t<pool_pixel_t> above("above", {ROWS_ABOVE, POOL_PIXELS, EACH, UNIT_BYTES}, "baww", 2);
ports::memory_t<lrn_step_t> steps("steps", {LANES, LRN_ENTRIES}, "ba", 2);
#else
pool_pixel_t above[ROWS_ABOVE][POOL_PIXELS][EACH][UNIT_BYTES];
lrn_step_t steps[LANES][LRN_ENTRIES];
#endif
lrn_shifts_t shifts;

// The walk over the slots of a block.
void walk_slots(const command_t &c, const source_t sources[MAX_SOURCES], values_read_t values, values_read_t classes,
                const block_t &b, input_read_t input_buffer, weight_read_t weight_buffer, operands_stream_t &operands,
                std::uint64_t &cycles) {
#pragma HLS inline off
#pragma HLS array_partition variable = above complete dim = 1
#pragma HLS array_reshape variable = above complete dim = 3
#pragma HLS array_reshape variable = above complete dim = 4
#pragma HLS bind_storage variable = above type = ram_2p impl = bram
#pragma HLS array_partition variable = steps complete dim = 1
#pragma HLS array_partition variable = shifts.of_octave complete
    PROCESS(walk)
    cycles =
        vector_block(&c, sources, values, classes, &b, input_buffer, weight_buffer, steps, &shifts, above, operands);
}

// One product in each lane, for all operations.
void multiply_slots(operands_stream_t &operands, products_t &products) {
#pragma HLS inline off
    PROCESS(multiply)
    lanes_t lanes = {};
#pragma HLS array_partition variable = lanes.product complete
#pragma HLS array_partition variable = lanes.shift complete
    bool last = false;
    slots:
    while (!last) {
        PIPELINED(multiplied_slots)  // a product of each lane, added to the slot's before
#pragma HLS loop_tripcount min = 1 max = 1048576
        const operands_t of_slot = operands.read();
        last = of_slot.last;
        multiply_lanes(&of_slot, &lanes);
        if (of_slot.leaves) products.write(lanes);
    }
}

}  // namespace

void vector_unit(const command_t &c, const source_t sources[MAX_SOURCES], values_read_t values, values_read_t classes,
                 const block_t &b, input_read_t input_buffer, weight_read_t weight_buffer, products_t &products,
                 std::uint64_t &cycles) {
#pragma HLS inline off
#pragma HLS dataflow  // values are multiplied as they are walked over
    IN_STEP(operands_t, operands, 4)
    walk_slots(c, sources, values, classes, b, input_buffer, weight_buffer, operands, cycles);
    multiply_slots(operands, products);
}
