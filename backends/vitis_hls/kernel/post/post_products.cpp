// POST of vector layers: products of R lanes are taken as they come (docs/overlay.md, section 7).
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

void take_products(const command_t &c, const block_t &b, slopes_read_t slopes, parameters_read_t parameters,
                   products_t &products, unfinished_stream_t &unfinished) {
    parameter_t parameter_of[LANES];
    std::int32_t slope_of[LANES];
#pragma HLS array_partition variable = parameter_of complete
#pragma HLS array_partition variable = slope_of complete
    const bool weighted = c.op == OP_DEPTHWISE;
    const bool own_slopes = c.slope_count > 1;
groups:
    for (product_order_t o = product_order_of(&c, &b); !o.done;) {
        PIPELINED(product_groups)  // consecutive channels
#pragma HLS loop_tripcount min = 1 max = 57344
        const lanes_t lanes = products.read();
        const int from = first_unit_of_group(&o);
        if (weighted) read_group(parameters, from, c.out_channels, parameter_of);
        if (c.flags & FLAG_LEAKY) read_group(slopes, own_slopes ? from : 0, c.slope_count, slope_of);
        unfinished_t group;
    units:
        for (int k = 0; k < EACH; ++k) {
#pragma HLS unroll
            const finished_t f = unit_of_group(&o, k);
            const int first = f.oc - from * UNIT_BYTES;  // lane of the unit's first entry
        lanes:
            for (int i = 0; i < UNIT_BYTES; ++i) {
#pragma HLS unroll
                const int lane = k * UNIT_BYTES + i;
                group.value[lane] = 0;
                group.own[lane] = {};
                group.counts[lane] = f.unit >= 0 && f.oc + i < c.out_channels;
                if (!group.counts[lane]) continue;
                group.value[lane] = lanes.product[lane];
                const std::int32_t slope = slope_of[own_slopes ? first + i : 0];
                group.own[lane] = weighted ? parameter_of[first + i] : parameter_of_product(&c, &lanes, lane, slope);
            }
        }
        next_group(&c, &b, &o);
        group.last = o.done;
        unfinished.write(group);
    }
}
