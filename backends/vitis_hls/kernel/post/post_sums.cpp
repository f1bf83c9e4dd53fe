// POST of convolutions: a row of accumulators in an iteration, R lanes of it (docs/overlay.md, section 6).
#include "post.h"

namespace {

// The sums of R lanes: consecutive ones of a row of accumulators and, from bank 0 on, of the next row. So a bank has one
// address, and a rotation sorts them. A lane without a sum has 0.
inline void sums_of_lanes(const command_t &c, const sums_t &s, const post_order_t &o, sums_read_t sums,
                          wide_t of_lane[LANES]) {
#pragma HLS inline
    const bool single = c.algorithm == WINOGRAD;
    const int first_row = s.first + o.row + o.column, first_bank = o.first - o.tile;
    const int count = lanes_of(&o);
    sum_t bank[PACKING * ARRAY_COLUMNS];
#pragma HLS array_partition variable = bank complete
columns:
    for (int j = 0; j < ARRAY_COLUMNS; ++j) {
#pragma HLS unroll
    products:
        for (int k = 0; k < PACKING; ++k) {
#pragma HLS unroll
            if (single && k > 0) continue;
            const int own = single ? j : PACKING * j + k;
            const bool next_row = own < first_bank;
            const int row = first_row + (next_row ? 1 : 0);
            const int distance = own - first_bank + (next_row ? s.wide : 0);
            bank[own] = distance < count ? (sum_t)sums[sum_memory(k, row)][sum_address(row)][j] : (sum_t)0;
        }
    }
rotate_sums:
    for (int lane = 0; lane < LANES; ++lane) {
#pragma HLS unroll
        const int own = first_bank + lane - (first_bank + lane < s.wide ? 0 : s.wide);
        of_lane[lane] = lane < count ? (wide_t)bank[own] : (wide_t)0;
    }
}

// The lanes of a row with their parameters. IS: all lanes are of one channel.
inline unfinished_t row_of_lanes(const block_t &b, const post_order_t &o, const wide_t sum[LANES],
                                 parameters_read_t parameters) {
#pragma HLS inline
    const int count = lanes_of(&o);
    parameter_t own[LANES];
#pragma HLS array_partition variable = own complete
    read_channels(parameters, b.parameter + channel_of_lane(&o, 0), o.by_channel ? 1 : count, own);
    unfinished_t row;
lanes:
    for (int lane = 0; lane < LANES; ++lane) {
#pragma HLS unroll
        row.value[lane] = sum[lane];
        row.own[lane] = own[o.by_channel ? 0 : lane];
        row.counts[lane] = lane < count;
    }
    row.last = false;
    return row;
}

}  // namespace

// Direct convolutions.
void take_sums(const command_t &c, const block_t &b, parameters_read_t parameters, sums_read_t sums,
               unfinished_stream_t &unfinished) {
    post_order_t o = post_order_of(&c, &b);
    const sums_t s = sums_of(&c, &b, o.tiles);
rows_of_accumulators:
    while (!o.done) {
        PIPELINED(sum_rows)  // consecutive sums and channels: an address of each bank
#pragma HLS loop_tripcount min = 16 max = 65536
        wide_t sum[LANES];
#pragma HLS array_partition variable = sum complete
        sums_of_lanes(c, s, o, sums, sum);
        unfinished_t row = row_of_lanes(b, o, sum, parameters);
        next_post(&o);
        row.last = o.done;
        unfinished.write(row);
    }
}

// Winograd: a lane gathers the positions of a tile; meanwhile the outputs of the tile before, which are fewer, leave.
void take_tiles(const command_t &c, const block_t &b, parameters_read_t parameters, sums_read_t sums,
                unfinished_stream_t &unfinished) {
    const form_t f = form_of(&c, b.rows);
    post_order_t o = post_order_of(&c, &b);
    const sums_t s = sums_of(&c, &b, times(o.tiles, o.positions));
    half_results_t part[2];
#pragma HLS array_partition variable = part complete dim = 0
    post_order_t made = o;
    bool leaves = false;
    int turn = 0, y = 0, x = 0;
tiles:
    while (!o.done || leaves) {
        PIPELINED(tile_positions)  // as sum_rows; half results are registers
#pragma HLS loop_tripcount min = 16 max = 65536
        wide_t sum[LANES];
#pragma HLS array_partition variable = sum complete
        if (leaves) {
        lanes_of_tile:
            for (int lane = 0; lane < LANES; ++lane) {
#pragma HLS unroll
                sum[lane] = lane < lanes_of(&made) ? sum_of_tile(&f, part[turn ^ 1], y, x, lane) : (wide_t)0;
            }
            unfinished_t row = row_of_lanes(b, made, sum, parameters);
            ++x;
            if (x == f.m2) {
                x = 0;
                ++y;
            }
            leaves = y < f.m1;
            row.last = !leaves && o.done;
            unfinished.write(row);
        }
        if (o.done) continue;
        sums_of_lanes(c, s, o, sums, sum);
        gather_sums(&f, o.i, o.j, sum, part[turn]);
        if (o.position + 1 == o.positions) {
            made = o;
            leaves = true;
            y = 0;
            x = 0;
            turn ^= 1;
        }
        next_post(&o);
    }
}
