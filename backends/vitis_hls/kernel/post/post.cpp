// STORE's first half: sums of the array and products of the vector unit become int8 values in the output buffer
// (docs/overlay.md, section 6). Three processes: values are taken, R lanes in an iteration, finished, and placed.
#include "post.h"

namespace {

// Where the lanes of a convolution belong: consecutive channels of a pixel, an output of the tile `o` (Winograd). `pitch`:
// output_pitch.
inline spread_t spread_of_channels(const command_t &c, const block_t &b, const post_order_t &o, int pitch, int row,
                                   int column) {
#pragma HLS inline
    const bool inside = row < b.rows && column < c.out_width;
    const int first = b.output_unit + times(pitch, o.first / UNIT_BYTES) + times(c.out_width, row) + column;
    spread_t s;
    s.offset = o.first % UNIT_BYTES;
    s.count = lanes_of(&o);
units:
    for (int j = 0; j < SPREAD; ++j) {
#pragma HLS unroll
        s.unit[j] = first + times(pitch, j);
        s.waits[j] = inside && j * UNIT_BYTES < s.offset + s.count;
    }
    return s;
}

// NS, WS: results of consecutive channels come output by output, tile by tile (direct convolutions: of one output).
void place_channels(const command_t &c, const block_t &b, results_stream_t &results, output_write_t output_buffer) {
    const bool tiled = c.algorithm == WINOGRAD;
    const form_t f = form_of(&c, b.rows);
    const int m1 = tiled ? f.m1 : 1, m2 = tiled ? f.m2 : 1;
    const int across = tiled ? f.across : c.out_width;
    post_order_t o = post_order_of(&c, &b);
    const int pitch = output_pitch(&c, &b);
    tile_at_t tile = {0, 0, 0};
    int y = 0, x = 0;
    bool more = false;
    results_t lanes = {};
    spread_t spread = {};
results:
    while (!o.done) {
        PIPELINED(placed_channels)  // units of a pixel an odd distance apart, but in a full half of the buffer
#pragma HLS loop_tripcount min = 16 max = 65536
        if (!more) {
            lanes = results.read();
            spread = spread_of_channels(c, b, o, pitch, tile.row + y, tile.column + x);
        }
        more = write_spread(spread, lanes, output_buffer);
        if (more) continue;
        ++x;
        if (x < m2) continue;
        x = 0;
        ++y;
        if (y < m1) continue;
        y = 0;
        next_line(&o);
        next_output_tile(&o, across, m1, m2, &tile);
    }
}

// Vector layers: units as the order of their layer has them.
void place_products(const command_t &c, const block_t &b, results_stream_t &results, output_write_t output_buffer) {
    product_order_t o = product_order_of(&c, &b);
    bool more = false;
    results_t lanes = {};
    spread_t spread = {};
results:
    while (!o.done) {
        PIPELINED(placed_products)  // units of consecutive places have different banks where the half has the room
#pragma HLS loop_tripcount min = 1 max = 57344
        if (!more) {
            lanes = results.read();
            spread.offset = 0;
            spread.count = LANES;
        units:
            for (int k = 0; k < SPREAD; ++k) {
#pragma HLS unroll
                spread.waits[k] = false;
                if (k == EACH) continue;
                const finished_t at = unit_of_group(&o, k);
                spread.unit[k] = b.output_unit + at.unit;
                spread.waits[k] = at.unit >= 0 && at.oc < c.out_channels;
            }
        }
        more = write_spread(spread, lanes, output_buffer);
        if (!more) next_group(&c, &b, &o);
    }
}

void take_lanes(const command_t &c, const block_t &b, slopes_read_t slopes, parameters_read_t parameters,
                sums_read_t sums, products_t &products, unfinished_stream_t &unfinished) {
#pragma HLS inline off
    PROCESS(take)
    if (c.op != OP_CONV)
        take_products(c, b, slopes, parameters, products, unfinished);
    else if (c.algorithm == WINOGRAD)
        take_tiles(c, b, parameters, sums, unfinished);
    else
        take_sums(c, b, parameters, sums, unfinished);
}

// Sums and products alike: each lane has one multiplication. A lane without a value has 0.
void finish_lanes(const command_t &c, lookup_read_t lookup, unfinished_stream_t &unfinished,
                  results_stream_t &results) {
#pragma HLS inline off
    PROCESS(finish)
    bool last = false;
groups:
    while (!last) {
        PIPELINED(finished_lanes)  // a product of each lane, and an entry of its own table
#pragma HLS loop_tripcount min = 1 max = 65536
        const unfinished_t group = unfinished.read();
        last = group.last;
        results_t finished;
    lanes:
        for (int lane = 0; lane < LANES; ++lane) {
#pragma HLS unroll
            finished.value[lane] = 0;
            if (!group.counts[lane]) continue;
            const std::int8_t value = requantise(&c, group.value[lane], &group.own[lane]);
            finished.value[lane] = looked_up_in(c, value, lane, lookup);
        }
        results.write(finished);
    }
}

void place(const command_t &c, const block_t &b, results_stream_t &results, output_write_t output_buffer) {
#pragma HLS inline off
    PROCESS(place)
    if (c.op != OP_CONV)
        place_products(c, b, results, output_buffer);
    else if (c.dataflow == IS)
        place_turned(c, b, results, output_buffer);
    else
        place_channels(c, b, results, output_buffer);
}

void finish_and_place(const command_t &c, const block_t &b, lookup_read_t lookup, slopes_read_t slopes,
                      parameters_read_t parameters, sums_read_t sums, products_t &products,
                      output_write_t output_buffer) {
#pragma HLS inline off
#pragma HLS dataflow  // values are finished as they are taken, and placed as they are finished
    IN_STEP(unfinished_t, unfinished, 4)
    IN_STEP(results_t, results, 4)
    take_lanes(c, b, slopes, parameters, sums, products, unfinished);
    finish_lanes(c, lookup, unfinished, results);
    place(c, b, results, output_buffer);
}

}  // namespace

void post_block(const command_t &c, int index, lookup_read_t lookup, slopes_read_t slopes, parameters_read_t parameters,
                sums_read_t sums, output_write_t output_buffer, tokens_t &sum_slots, tokens_t &sum_ready,
                products_t &products, tokens_t &result_slots, tokens_t &result_ready) {
#pragma HLS inline off
    PROCESS(post)
    if (!(c.flags & FLAG_STORE)) return;
    const block_t b = block_of(c, index);
    result_slots.write(true);
    if (c.op == OP_CONV) sum_ready.read();
    finish_and_place(c, b, lookup, slopes, parameters, sums, products, output_buffer);
    if (c.op == OP_CONV) sum_slots.read();
    result_ready.write(true);
}
