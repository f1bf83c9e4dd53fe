// The vector unit of COMPUTE: vector.h on the memories of this kernel.
#include "vector.h"

#include "engines.h"

namespace {

row_buffer_t running[RUNNING_ROWS];  // pooling: running results of the rows of windows

}  // namespace

std::uint64_t vector_unit(const command_t &c, const source_t sources[MAX_SOURCES],
                          const std::uint8_t values[VALUE_BYTES], const block_t &b, input_read_t input_buffer,
                          weight_read_t weight_buffer, products_t &products) {
#pragma HLS inline off
#pragma HLS array_partition variable = running complete dim = 1
#pragma HLS array_reshape variable = running complete dim = 3
#pragma HLS array_reshape variable = running complete dim = 4
#pragma HLS bind_storage variable = running type = ram_2p impl = lutram
    NOT_YET(vector_unit)  // lanes read the buffers byte by byte, and pooling its rows of running results
    return vector_block(&c, sources, values, &b, input_buffer, weight_buffer, running, products);
}
