// The processes of POST (post.cpp): one takes R lanes in an iteration, one finishes them, one places them in the output
// buffer.
#ifndef OVERLAY_POST_H
#define OVERLAY_POST_H

#include "engines.h"

// Lanes that are to be finished: sums or products, and the parameters of each; `last`: none of the block comes behind.
typedef struct {
    wide_t value[LANES];
    parameter_t own[LANES];
    bool counts[LANES];
    bool last;
} unfinished_t;

// Finished lanes.
typedef struct {
    std::int8_t value[LANES];
} results_t;

// From process to process.
typedef stream_of<unfinished_t> unfinished_stream_t;
typedef stream_of<results_t> results_stream_t;

// Taking (post_sums.cpp, post_products.cpp).
void take_sums(const command_t &c, const block_t &b, parameters_read_t parameters, sums_read_t sums,
               unfinished_stream_t &unfinished);
void take_tiles(const command_t &c, const block_t &b, parameters_read_t parameters, sums_read_t sums,
                unfinished_stream_t &unfinished);
void take_products(const command_t &c, const block_t &b, slopes_read_t slopes, parameters_read_t parameters,
                   products_t &products, unfinished_stream_t &unfinished);

// Placing (post.cpp, post_turn.cpp). `place_turned`: IS, whose lanes are positions of one output channel.
void place_turned(const command_t &c, const block_t &b, results_stream_t &results, output_write_t output_buffer);

inline std::int8_t looked_up_in(const command_t &c, std::int8_t value, int lane, lookup_read_t lookup) {
#pragma HLS inline
    return (c.flags & FLAG_LOOKUP) ? (std::int8_t)lookup[lane][value + 128] : value;
}

// Entries `first` .. of `count` channels, at most one for each lane: a bank has one address, and a rotation sorts them.
template <typename T, typename Memory>
inline void read_channels(const Memory &memory, int first, int count, T of_lane[LANES]) {
#pragma HLS inline
    T bank[PARAMETER_BANKS];
#pragma HLS array_partition variable = bank complete
read_banks:
    for (int k = 0; k < PARAMETER_BANKS; ++k) {
#pragma HLS unroll
        const int own = (k - first) & (PARAMETER_BANKS - 1);
        bank[k] = {};
        if (own < count) bank[k] = memory[(first + own) / PARAMETER_BANKS][k];
    }
rotate_channels:
    for (int lane = 0; lane < LANES; ++lane) {
#pragma HLS unroll
        of_lane[lane] = bank[(first + lane) & (PARAMETER_BANKS - 1)];
    }
}

// Lanes on their way to units of the output buffer: unit[j] takes lanes 16 j - `offset` on, of which `count` hold values.
enum { SPREAD = EACH + 1 };

typedef struct {
    int unit[SPREAD];
    bool waits[SPREAD];
    int offset, count;
} spread_t;

// Writes the units that wait, of those in one bank the first. True: some still wait, for another iteration.
inline bool write_spread(spread_t &s, const results_t &results, output_write_t output_buffer) {
#pragma HLS inline
    bool goes[SPREAD];
    bool more = false;
units:
    for (int j = 0; j < SPREAD; ++j) {
#pragma HLS unroll
        goes[j] = s.waits[j];
    units_before:
        for (int h = 0; h < SPREAD; ++h) {
#pragma HLS unroll
            if (h < j && s.waits[h] && (s.unit[h] & (BANKS - 1)) == (s.unit[j] & (BANKS - 1))) goes[j] = false;
        }
        more = more || (s.waits[j] && !goes[j]);
    }
write_banks:
    for (int k = 0; k < BANKS; ++k) {
#pragma HLS unroll
        int from = -1;
    unit_of_bank:
        for (int j = 0; j < SPREAD; ++j) {
#pragma HLS unroll
            if (goes[j] && (s.unit[j] & (BANKS - 1)) == k) from = j;
        }
        if (from < 0) continue;
    bytes_of_bank:
        for (int i = 0; i < UNIT_BYTES; ++i) {
#pragma HLS unroll
            const int lane = from * UNIT_BYTES + i - s.offset;
            if (lane >= 0 && lane < s.count) output_buffer[s.unit[from] / BANKS][k][i] = results.value[lane];
        }
    }
units_left:
    for (int j = 0; j < SPREAD; ++j) {
#pragma HLS unroll
        s.waits[j] = s.waits[j] && !goes[j];
    }
    return more;
}

#endif
