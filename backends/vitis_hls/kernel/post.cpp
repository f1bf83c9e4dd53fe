// STORE's first half: sums become int8 values in the output buffer (docs/overlay.md, section 6), one row of accumulators
// per cycle, R lanes of it; and products of the vector unit are finished as they come.
#include "arithmetic.h"
#include "engines.h"
#include "pooling.h"
#include "sums.h"

namespace {

// One sum. Sum `number` of output channel `channel` lies in a row and a bank that depend on the dataflow.
inline sum_t sum_at(const command_t &c, const sums_t &s, int number, int channel,
                    const accumulators_t sums) {
#pragma HLS inline
    const sum_place_t at = sum_place(&c, &s, number, channel);
    const int each = c.algorithm == WINOGRAD ? 1 : PACKING;
    return sums[at.bank % each][at.row][at.bank / each];
}

inline void put(const block_t &b, int pixels, int pixel, int channel, std::int8_t value,
                std::int8_t output_buffer[OUTPUT_UNITS][UNIT_BYTES]) {
#pragma HLS inline
    output_buffer[b.output_unit + channel / UNIT_BYTES * pixels + pixel][channel % UNIT_BYTES] = value;
}

// Direct convolutions. Lanes are output channels (NS, WS) or positions (IS).
void post_sums(const command_t &c, const lookup_t &lookup, const block_t &b, const sums_t &s,
               const parameter_t parameters[PARAMETER_CHANNELS],
               const accumulators_t sums,
               std::int8_t output_buffer[OUTPUT_UNITS][UNIT_BYTES]) {
    const int pixels = b.rows * c.out_width;
    const bool by_channel = c.dataflow == IS;
    const int across = by_channel ? pixels : b.channels;
    const int along = by_channel ? b.channels : pixels;
tiles:
    for (int tile = 0; tile < across; tile += s.wide) {
#pragma HLS loop_tripcount min = 1 max = 16
    groups:
        for (int first = tile; first < smaller(tile + s.wide, across); first += LANES) {
#pragma HLS loop_tripcount min = 1 max = 8
            const int end = smaller(smaller(tile + s.wide, across), first + LANES);
        rows_of_accumulators:
            for (int line = 0; line < along; ++line) {
#pragma HLS loop_tripcount min = 16 max = 4096
#pragma HLS pipeline II = 1  // one row of accumulators per cycle
            lanes:
                for (int lane = 0; lane < LANES; ++lane) {
#pragma HLS unroll
                    const int place = first + lane;
                    if (place >= end) continue;
                    const int channel = by_channel ? line : place;
                    const int pixel = by_channel ? place : line;
                    const sum_t sum = sum_at(c, s, pixel, channel, sums);
                    const std::int8_t value =
                        requantise(&c, (wide_t)sum, &parameters[b.parameter + channel], lookup.table);
                    put(b, pixels, pixel, channel, value, output_buffer);
                }
            }
        }
    }
}

// Winograd: a lane gathers the positions of a tile, transforms them and has m1 x m2 outputs.
void post_tiles(const command_t &c, const lookup_t &lookup, const block_t &b, const form_t &f, const sums_t &s,
                const parameter_t parameters[PARAMETER_CHANNELS],
                const accumulators_t sums,
                std::int8_t output_buffer[OUTPUT_UNITS][UNIT_BYTES]) {
    const int pixels = b.rows * c.out_width;
    const int tiles = f.down * f.across;
    const bool by_channel = c.dataflow == IS;
    const int across = by_channel ? tiles : b.channels;
    const int along = by_channel ? b.channels : tiles;
groups:
    for (int first = 0; first < across; first += LANES) {
#pragma HLS loop_tripcount min = 1 max = 16
    lines:
        for (int line = 0; line < along; ++line) {
#pragma HLS loop_tripcount min = 1 max = 1024
            wide_t half[OUTPUT_PLACES][LANES] = {};  // A times the sums: m1 x t2
        positions:
            for (int i = 0; i < f.t1; ++i) {
#pragma HLS loop_tripcount min = 1 max = 8
                for (int j = 0; j < f.t2; ++j) {
#pragma HLS loop_tripcount min = 1 max = 8
#pragma HLS pipeline II = 1  // one row of accumulators per cycle
                lanes:
                    for (int lane = 0; lane < LANES; ++lane) {
#pragma HLS unroll
                        const int place = first + lane;
                        if (place >= across) continue;
                        const int channel = by_channel ? line : place;
                        const int tile = by_channel ? place : line;
                        const wide_t sum = (wide_t)sum_at(c, s, (i * f.t2 + j) * tiles + tile, channel, sums);
                        for (int y = 0; y < f.m1; ++y) half[y * f.t2 + j][lane] += output_entry(f.m1, y, i) * sum;
                    }
                }
            }
        outputs:
            for (int y = 0; y < f.m1; ++y) {
#pragma HLS loop_tripcount min = 1 max = 5
                for (int x = 0; x < f.m2; ++x) {
#pragma HLS loop_tripcount min = 1 max = 4
#pragma HLS pipeline II = 1  // fewer outputs than positions: hidden behind the next tile
                lanes_of_outputs:
                    for (int lane = 0; lane < LANES; ++lane) {
#pragma HLS unroll
                        const int place = first + lane;
                        if (place >= across) continue;
                        const int channel = by_channel ? line : place;
                        const int tile = by_channel ? place : line;
                        const int row = tile / f.across * f.m1 + y;
                        const int column = tile % f.across * f.m2 + x;
                        if (row >= b.rows || column >= c.out_width) continue;
                        wide_t sum = 0;
                        for (int j = 0; j < f.t2; ++j) sum += output_entry(f.m2, x, j) * half[y * f.t2 + j][lane];
                        const std::int8_t value = requantise(&c, divide_scale(sum, f.m1, f.m2),
                                                             &parameters[b.parameter + channel], lookup.table);
                        put(b, pixels, row * c.out_width + column, channel, value, output_buffer);
                    }
                }
            }
        }
    }
}

// Pooling: the rows of a tile of a chunk of channels.
void post_tile(const command_t &c, const lookup_t &lookup, const block_t &b, const pool_t &p, int chunk,
               const pool_tile_t &t, products_t &products, std::int8_t output_buffer[OUTPUT_UNITS][UNIT_BYTES]) {
    const int pixels = b.rows * c.out_width;
    const int groups = groups_of_row(&p, &t, chunk);
rows:
    for (int row = 0; row < b.rows; ++row) {
#pragma HLS loop_tripcount min = 1 max = 224
    groups:
        for (int group = 0; group < groups; ++group) {
#pragma HLS loop_tripcount min = 1 max = 256
#pragma HLS pipeline II = 1
            const lanes_t lanes = products.read();
        units:
            for (int k = 0; k < LANES / UNIT_BYTES; ++k) {
#pragma HLS unroll
                const unit_cursor_t at = place_in_row(&p, &t, chunk, group, k);
                if (at.column >= t.columns) continue;
            lanes:
                for (int i = 0; i < UNIT_BYTES; ++i) {
#pragma HLS unroll
                    const int channel = (chunk * p.chunk_units + at.unit) * UNIT_BYTES + i;
                    if (channel >= c.out_channels) continue;
                    const std::int8_t value =
                        finish(&c, lanes.product[k * UNIT_BYTES + i], lanes.shift[k * UNIT_BYTES + i],
                               lookup.slopes[c.slope_count > 1 ? channel : 0], lookup.table);
                    put(b, pixels, row * c.out_width + t.column + at.column, channel, value, output_buffer);
                }
            }
        }
    }
}

// Pooling: the products of R lanes per cycle, chunk by chunk, tile by tile.
void post_pooled(const command_t &c, const lookup_t &lookup, const block_t &b, products_t &products,
                 std::int8_t output_buffer[OUTPUT_UNITS][UNIT_BYTES]) {
    const pool_t p = pool_of(&c, &b);
chunks:
    for (int chunk = 0; chunk < p.chunks; ++chunk) {
#pragma HLS loop_tripcount min = 1 max = 128
    tiles:
        for (int tile = 0; tile < p.tiles; ++tile) {
#pragma HLS loop_tripcount min = 1 max = 1
            post_tile(c, lookup, b, p, chunk, tile_of(&c, &p, tile), products, output_buffer);
        }
    }
}

// Other vector layers: the products of R lanes per cycle, in the order of order_t.
void post_products(const command_t &c, const lookup_t &lookup, const block_t &b,
                   const parameter_t parameters[PARAMETER_CHANNELS], products_t &products,
                   std::int8_t output_buffer[OUTPUT_UNITS][UNIT_BYTES]) {
    const order_t o = order_of(&c);
    const int pixels = b.rows * c.out_width;
rows:
    for (int row = 0; row < b.rows; ++row) {
#pragma HLS loop_tripcount min = 1 max = 224
        unit_cursor_t at = {0, 0};
    groups:
        for (int group = 0; group < o.groups; ++group) {
#pragma HLS loop_tripcount min = 1 max = 256
#pragma HLS pipeline II = 1
            const lanes_t lanes = products.read();
        units:
            for (int k = 0; k < LANES / UNIT_BYTES; ++k) {
#pragma HLS unroll
                if (counts_in(&c, &o, &at)) {
                lanes:
                    for (int i = 0; i < UNIT_BYTES; ++i) {
#pragma HLS unroll
                        const int channel = at.unit * UNIT_BYTES + i;
                        if (channel >= c.out_channels) continue;
                        const wide_t product = lanes.product[k * UNIT_BYTES + i];
                        const std::int8_t value =
                            c.op == OP_DEPTHWISE
                                ? requantise(&c, product, &parameters[b.parameter + channel], lookup.table)
                                : finish(&c, product, lanes.shift[k * UNIT_BYTES + i],
                                         lookup.slopes[c.slope_count > 1 ? channel : 0], lookup.table);
                        put(b, pixels, row * c.out_width + at.column, channel, value, output_buffer);
                    }
                }
                next_unit(&o, &at);
            }
        }
    }
}

}  // namespace

void post_block(const command_t &c, const lookup_t &lookup, int index, const parameter_t parameters[PARAMETER_CHANNELS],
                const accumulators_t sums,
                std::int8_t output_buffer[OUTPUT_UNITS][UNIT_BYTES], tokens_t &sum_slots, tokens_t &sum_ready,
                products_t &products, tokens_t &result_slots, tokens_t &result_ready) {
#pragma HLS inline off
    if (!(c.flags & FLAG_STORE)) return;
    const block_t b = block_of(c, index);
    result_slots.write(true);
    if (c.op == OP_MAX_POOL || c.op == OP_AVERAGE_POOL) {
        post_pooled(c, lookup, b, products, output_buffer);
    } else if (c.op != OP_CONV) {
        post_products(c, lookup, b, parameters, products, output_buffer);
    } else {
        sum_ready.read();
        if (c.algorithm == WINOGRAD) {
            const form_t f = form_of(&c, b.rows);
            post_tiles(c, lookup, b, f, sums_of(&c, &b, f.down * f.across * f.positions), parameters, sums,
                       output_buffer);
        } else {
            post_sums(c, lookup, b, sums_of(&c, &b, b.rows * c.out_width), parameters, sums, output_buffer);
        }
        sum_slots.read();
    }
    result_ready.write(true);
}
