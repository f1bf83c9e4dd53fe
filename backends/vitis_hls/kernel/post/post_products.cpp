// POST of vector layers: products of R lanes are finished as they come (docs/overlay.md, section 7).
#include "post.h"

namespace {

// The channels of a group's lanes are those of consecutive units, which may begin again at unit 0: with the next pixel.
// Of a row's first group the entries are kept, so that a bank is read once even then.
template <typename T> struct channels_t {
    T first[LANES], read[LANES];
};

// Entries of the units from unit `from` on; `known`: channels that have any.
template <typename T, typename Memory>
inline void read_group(const Memory &memory, int from, int known, channels_t<T> &entries) {
#pragma HLS inline
    const int channel = from * UNIT_BYTES;
    read_channels(memory, channel, smaller(LANES, known - channel), entries.read);
    if (from != 0) return;
keep_first:
    for (int lane = 0; lane < LANES; ++lane) {
#pragma HLS unroll
        entries.first[lane] = entries.read[lane];
    }
}

// That of channel `i` of unit `unit`, in a group that begins with unit `from`.
template <typename T> inline T entry_of(const channels_t<T> &entries, int from, int unit, int i) {
#pragma HLS inline
    return unit < from ? entries.first[(unit * UNIT_BYTES + i) % LANES] : entries.read[(unit - from) * UNIT_BYTES + i];
}

}  // namespace

void finish_products(const command_t &c, const block_t &b, lookup_read_t lookup, slopes_read_t slopes,
                     parameters_read_t parameters, products_t &products, results_stream_t &results) {
    channels_t<parameter_t> parameter_of;
    channels_t<std::int32_t> slope_of;
#pragma HLS array_partition variable = parameter_of.first complete
#pragma HLS array_partition variable = parameter_of.read complete
#pragma HLS array_partition variable = slope_of.first complete
#pragma HLS array_partition variable = slope_of.read complete
    const bool weighted = c.op == OP_DEPTHWISE;
    const bool own_slopes = c.slope_count > 1;
groups:
    for (product_order_t o = product_order_of(&c, &b); !o.done; next_group(&c, &b, &o)) {
        PIPELINED(product_groups)  // consecutive channels; those that a new pixel begins with are in registers
#pragma HLS loop_tripcount min = 1 max = 57344
        const lanes_t lanes = products.read();
        const int from = first_unit_of_group(&o);
        if (weighted) read_group(parameters, from, c.out_channels, parameter_of);
        if (c.flags & FLAG_LEAKY) read_group(slopes, own_slopes ? from : 0, c.slope_count, slope_of);
        results_t finished;
    units:
        for (int k = 0; k < EACH; ++k) {
#pragma HLS unroll
            const finished_t f = next_of_group(&c, &b, &o, k);
            const int unit = f.oc / UNIT_BYTES;
        lanes:
            for (int i = 0; i < UNIT_BYTES; ++i) {
#pragma HLS unroll
                const int lane = k * UNIT_BYTES + i;
                finished.value[lane] = 0;
                if (f.place < 0 || f.oc + i >= c.out_channels) continue;
                const parameter_t own = entry_of(parameter_of, from, unit, i);
                const std::int32_t slope = own_slopes ? entry_of(slope_of, from, unit, i) : slope_of.read[0];
                const std::int8_t value = weighted ? requantise(&c, lanes.product[lane], &own)
                                                   : finish(&c, lanes.product[lane], lanes.shift[lane], slope);
                finished.value[lane] = looked_up_in(c, value, lane, lookup);
            }
        }
        results.write(finished);
    }
}
