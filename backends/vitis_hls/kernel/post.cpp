// STORE's first half: sums become int8 values in the output buffer (docs/overlay.md, section 6), one row of accumulators
// per cycle, R lanes of it; and products of the vector unit are finished as they come.
#include "arithmetic.h"
#include "engines.h"
#include "sums.h"
#include "walk_post.h"

namespace {

// The sum of a lane: it lies in a row and a bank that depend on the dataflow. A lane without one has 0.
inline sum_t sum_of_lane(const command_t &c, const sums_t &s, const post_order_t &o, int lane, sums_read_t sums) {
#pragma HLS inline
    if (lane >= lanes_of(&o)) return 0;
    const sum_place_t at =
        sum_place(&c, &s, o.position * o.tiles + number_of_lane(&o, lane), channel_of_lane(&o, lane));
    const int each = c.algorithm == WINOGRAD ? 1 : PACKING;
    return sums[sum_memory(at.bank % each, at.row)][sum_address(at.row)][at.bank / each];
}

inline parameter_t parameter_at(parameters_read_t parameters, int channel) {
#pragma HLS inline
    return parameters[channel / BANKS][channel & (BANKS - 1)];
}

// Puts a lane's value in its place, if it has one.
inline void put(const block_t &b, int place, std::int8_t value, output_write_t output_buffer) {
#pragma HLS inline
    const int unit = b.output_unit + place / UNIT_BYTES;
    if (place >= 0) output_buffer[unit / BANKS][unit & (BANKS - 1)][place % UNIT_BYTES] = value;
}

// Direct convolutions.
void post_sums(const command_t &c, const tables_t &tables, const block_t &b, const sums_t &s,
               parameters_read_t parameters, sums_read_t sums, output_write_t output_buffer) {
    NOT_YET(post_sums)  // lanes take sums from any bank, and IS writes as many units as lanes
rows_of_accumulators:
    for (post_order_t o = post_order_of(&c, &b); !o.done; next_post(&o)) {
#pragma HLS loop_tripcount min = 16 max = 65536
#pragma HLS pipeline II = 1  // one row of accumulators per cycle
    lanes:
        for (int lane = 0; lane < LANES; ++lane) {
#pragma HLS unroll
            const int place = place_of_sum(&c, &b, &o, lane);
            if (place < 0) continue;
            const wide_t sum = (wide_t)sum_of_lane(c, s, o, lane, sums);
            const parameter_t own = parameter_at(parameters, b.parameter + channel_of_lane(&o, lane));
            put(b, place, requantise(&c, sum, &own, tables.lookup), output_buffer);
        }
    }
}

// Winograd: a lane gathers the positions of a tile, transforms them and has m1 x m2 outputs.
void post_tiles(const command_t &c, const tables_t &tables, const block_t &b, const sums_t &s,
                parameters_read_t parameters, sums_read_t sums, output_write_t output_buffer) {
    NOT_YET(post_tiles)  // as post_sums; outputs wait until a tile is gathered, one loop behind the other
    const form_t f = form_of(&c, b.rows);
    half_results_t part;
#pragma HLS array_partition variable = part complete dim = 0
tiles:
    for (post_order_t o = post_order_of(&c, &b); !o.done; next_line(&o)) {
#pragma HLS loop_tripcount min = 1 max = 16384
    positions:
        for (o.position = 0; o.position < o.positions; ++o.position) {
#pragma HLS loop_tripcount min = 4 max = 36
#pragma HLS pipeline II = 1  // one row of accumulators per cycle
            wide_t row[LANES];
#pragma HLS array_partition variable = row complete
        lanes:
            for (int lane = 0; lane < LANES; ++lane) {
#pragma HLS unroll
                row[lane] = (wide_t)sum_of_lane(c, s, o, lane, sums);
            }
            gather_sums(&f, o.position, row, part);
        }
    outputs:
        for (int output = 0; output < f.m1 * f.m2; ++output) {
#pragma HLS loop_tripcount min = 2 max = 16
#pragma HLS pipeline II = 1  // fewer outputs than positions: hidden behind the next tile
        lanes_of_outputs:
            for (int lane = 0; lane < LANES; ++lane) {
#pragma HLS unroll
                const int y = output / f.m2;
                const int x = output % f.m2;
                const int place = place_in_tile(&c, &b, &f, &o, y, x, lane);
                if (place < 0) continue;
                const parameter_t own = parameter_at(parameters, b.parameter + channel_of_lane(&o, lane));
                put(b, place, requantise(&c, sum_of_tile(&f, part, y, x, lane), &own, tables.lookup), output_buffer);
            }
        }
    }
}

// Vector layers: the products of R lanes per cycle.
void post_products(const command_t &c, const tables_t &tables, const block_t &b, parameters_read_t parameters,
                   products_t &products, output_write_t output_buffer) {
    NOT_YET(post_products)  // the slopes and the parameters of R channels come from memories with fewer ports
groups:
    for (product_order_t o = product_order_of(&c, &b); !o.done; next_group(&c, &b, &o)) {
#pragma HLS loop_tripcount min = 1 max = 57344
#pragma HLS pipeline II = 1
        const lanes_t lanes = products.read();
    units:
        for (int k = 0; k < EACH; ++k) {
#pragma HLS unroll
            const finished_t f = next_of_group(&c, &b, &o, k);
        lanes:
            for (int i = 0; i < UNIT_BYTES; ++i) {
#pragma HLS unroll
                const int channel = f.oc + i;
                const int lane = k * UNIT_BYTES + i;
                if (f.place < 0 || channel >= c.out_channels) continue;
                const wide_t product = lanes.product[lane];
                const std::int32_t slope = tables.slopes[c.slope_count > 1 ? channel : 0];
                parameter_t own = {};
                if (c.op == OP_DEPTHWISE) own = parameter_at(parameters, b.parameter + channel);
                const std::int8_t value = c.op == OP_DEPTHWISE
                                              ? requantise(&c, product, &own, tables.lookup)
                                              : finish(&c, product, lanes.shift[lane], slope, tables.lookup);
                put(b, f.place + i, value, output_buffer);
            }
        }
    }
}

}  // namespace

void post_block(const command_t &c, const tables_t &tables, int index, parameters_read_t parameters, sums_read_t sums,
                output_write_t output_buffer, tokens_t &sum_slots, tokens_t &sum_ready, products_t &products,
                tokens_t &result_slots, tokens_t &result_ready) {
#pragma HLS inline off
    if (!(c.flags & FLAG_STORE)) return;
    const block_t b = block_of(c, index);
    result_slots.write(true);
    if (c.op != OP_CONV) {
        post_products(c, tables, b, parameters, products, output_buffer);
    } else {
        sum_ready.read();
        const post_order_t o = post_order_of(&c, &b);
        const sums_t s = sums_of(&c, &b, o.tiles * o.positions);
        if (c.algorithm == WINOGRAD)
            post_tiles(c, tables, b, s, parameters, sums, output_buffer);
        else
            post_sums(c, tables, b, s, parameters, sums, output_buffer);
        sum_slots.read();
    }
    result_ready.write(true);
}
