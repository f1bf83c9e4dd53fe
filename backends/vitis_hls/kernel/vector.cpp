// The vector unit of COMPUTE: vector.h on the memories of this kernel.
#include "vector.h"

#include "engines.h"

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

}  // namespace

std::uint64_t vector_unit(const command_t &c, const source_t sources[MAX_SOURCES], values_read_t values,
                          values_read_t classes, const block_t &b, input_read_t input_buffer,
                          weight_read_t weight_buffer, products_t &products) {
#pragma HLS inline off
#pragma HLS array_partition variable = above complete dim = 1
#pragma HLS array_reshape variable = above complete dim = 3
#pragma HLS array_reshape variable = above complete dim = 4
#pragma HLS bind_storage variable = above type = ram_2p impl = bram
#pragma HLS array_partition variable = steps complete dim = 1
#pragma HLS array_partition variable = shifts.of_octave complete
    return vector_block(&c, sources, values, classes, &b, input_buffer, weight_buffer, steps, &shifts, above, products);
}
