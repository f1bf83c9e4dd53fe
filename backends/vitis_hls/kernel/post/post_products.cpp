// POST of vector layers: products of R lanes are finished as they come (docs/overlay.md, section 7).
#include "post.h"

namespace {

// Entries of the units from unit `from` on; `known`: channels that have any.
template <typename T, typename Memory>
inline void read_group(const Memory &memory, int from, int known, T of_lane[LANES]) {
#pragma HLS inline
    const int channel = from * UNIT_BYTES;
    read_channels(memory, channel, smaller(LANES, known - channel), of_lane);
}

}  // namespace

void finish_products(const command_t &c, const block_t &b, lookup_read_t lookup, slopes_read_t slopes,
                     parameters_read_t parameters, products_t &products, results_stream_t &results) {
    parameter_t parameter_of[LANES];
    std::int32_t slope_of[LANES];
#pragma HLS array_partition variable = parameter_of complete
#pragma HLS array_partition variable = slope_of complete
    const bool weighted = c.op == OP_DEPTHWISE;
    const bool own_slopes = c.slope_count > 1;
groups:
    for (product_order_t o = product_order_of(&c, &b); !o.done; next_group(&c, &b, &o)) {
        PIPELINED(product_groups)  // consecutive channels
#pragma HLS loop_tripcount min = 1 max = 57344
        const lanes_t lanes = products.read();
        const int from = first_unit_of_group(&o);
        if (weighted) read_group(parameters, from, c.out_channels, parameter_of);
        if (c.flags & FLAG_LEAKY) read_group(slopes, own_slopes ? from : 0, c.slope_count, slope_of);
        results_t finished;
    units:
        for (int k = 0; k < EACH; ++k) {
#pragma HLS unroll
            const finished_t f = unit_of_group(&c, &b, &o, k);
            const int first = f.oc - from * UNIT_BYTES;  // lane of the unit's first entry
        lanes:
            for (int i = 0; i < UNIT_BYTES; ++i) {
#pragma HLS unroll
                const int lane = k * UNIT_BYTES + i;
                finished.value[lane] = 0;
                if (f.place < 0 || f.oc + i >= c.out_channels) continue;
                const parameter_t own = parameter_of[first + i];
                const std::int32_t slope = slope_of[own_slopes ? first + i : 0];
                const std::int8_t value = weighted ? requantise(&c, lanes.product[lane], &own)
                                                   : finish(&c, lanes.product[lane], lanes.shift[lane], slope);
                finished.value[lane] = looked_up_in(c, value, lane, lookup);
            }
        }
        results.write(finished);
    }
}
