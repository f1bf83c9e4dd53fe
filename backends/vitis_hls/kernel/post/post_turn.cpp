// POST of IS: the lanes are positions of one output channel, so each has a byte of a unit of its own. The bytes of 16
// channels are gathered; then a lane has whole units, which are written as neighbours while the next 16 channels come.
#include "post.h"

namespace {

enum { MOST_OUTPUTS = 16 };  // outputs of a Winograd tile

// A memory for each lane: two halves of units, one for each output of a tile (direct convolutions: one).
MEMORY_TYPE(turned, std::int8_t, [LANES], [2 * MOST_OUTPUTS][UNIT_BYTES])
#ifdef OVERLAY_CHECK_PORTS
ports::memory_t<std::int8_t> turned("turned", {LANES, 2 * MOST_OUTPUTS, UNIT_BYTES}, "baw", 2);
#else
std::int8_t turned[LANES][2 * MOST_OUTPUTS][UNIT_BYTES];
#endif

// The outputs of a tile, and the tiles of the block; a direct convolution is one row of tiles of one output.
typedef struct {
    int m1, m2;
    int across;         // tiles of a row
    int rows, columns;  // of outputs
    int room;           // tiles side by side whose outputs lie in different banks
} outputs_t;

outputs_t outputs_of(const command_t &c, const block_t &b) {
    const int pixels = b.rows * c.out_width;
    outputs_t t = {1, 1, pixels, 1, pixels, BANKS};
    if (c.algorithm != WINOGRAD) return t;
    const form_t f = form_of(&c, b.rows);
    t.m1 = f.m1;
    t.m2 = f.m2;
    t.across = f.across;
    t.rows = b.rows;
    t.columns = c.out_width;
    t.room = stride_of(f.m2).apart;
    return t;
}

// Half a turn that is written: the units of a plane of the tiles of the lanes.
typedef struct {
    bool busy, settles;  // settles: what was gathered last can be read one iteration later
    int half, plane, lanes;
    int lane, y, x;
    int down, right;              // the tile of `lane`
    int first_down, first_right;  // that of lane 0
} leaving_units_t;

// Begins with what has been gathered. Tiles of the same lanes come again with the next plane.
inline void begin_units(leaving_units_t &u, const post_order_t &o, int half) {
#pragma HLS inline
    u.busy = true;
    u.settles = true;
    u.half = half;
    u.plane = o.line / UNIT_BYTES;
    u.lanes = lanes_of(&o);
    u.lane = 0;
    u.y = 0;
    u.x = 0;
    if (u.plane == 0) {
        u.first_down = u.down;
        u.first_right = u.right;
    }
    u.down = u.first_down;
    u.right = u.first_right;
}

// Behind `count` tiles: the next ones of the row, of the next row, or all again for the next output.
inline void next_units(leaving_units_t &u, const outputs_t &t, int count) {
#pragma HLS inline
    u.lane += count;
    u.right += count;
    if (u.right == t.across) {
        u.right = 0;
        ++u.down;
    }
    if (u.lane < u.lanes) return;
    ++u.x;
    if (u.x == t.m2) {
        u.x = 0;
        ++u.y;
    }
    u.busy = u.y < t.m1;
    if (!u.busy) return;
    u.lane = 0;
    u.down = u.first_down;
    u.right = u.first_right;
}

// Writes one output of as many tiles side by side as there are banks for.
inline void write_turned(const command_t &c, const block_t &b, const outputs_t &t, leaving_units_t &u,
                         output_write_t output_buffer) {
#pragma HLS inline
    const int count = smaller(smaller(u.lanes - u.lane, t.across - u.right), t.room);
    const int address = u.half * MOST_OUTPUTS + u.y * t.m2 + u.x;
    unit_t units[BANKS] = {};
#pragma HLS array_partition variable = units complete dim = 0
lanes:
    for (int lane = 0; lane < LANES; ++lane) {
#pragma HLS unroll
        const int j = lane - u.lane;
        if (j < 0 || j >= count) continue;
    bytes:
        for (int i = 0; i < UNIT_BYTES; ++i) {
#pragma HLS unroll
            units[j].byte[i] = turned[lane][address][i];
        }
    }
    const int row = u.down * t.m1 + u.y;
    const int column = u.right * t.m2 + u.x;
    const bool cut = column + (count - 1) * t.m2 >= t.columns;  // the last tile of a row may have fewer outputs
    const int unit = b.output_unit + u.plane * output_pitch(&c, &b) + row * t.columns + column;
    if (row < t.rows) write_units(output_buffer, unit, t.m2, 0, count - (cut ? 1 : 0), units);
    next_units(u, t, count);
}

}  // namespace

void place_turned(const command_t &c, const block_t &b, results_stream_t &results, output_write_t output_buffer) {
#pragma HLS array_partition variable = turned complete dim = 1
#pragma HLS array_reshape variable = turned complete dim = 3
#pragma HLS bind_storage variable = turned type = ram_2p impl = lutram
    const outputs_t t = outputs_of(c, b);
    post_order_t o = post_order_of(&c, &b);
    leaving_units_t u = {};
    post_order_t made = o;
    int half = 0, output = 0;
    bool full = false;
turns:
    while (!o.done || full || u.busy) {
        PIPELINED(turned_units)  // a byte of each lane's unit comes; units of neighbours leave, to banks of their own
#pragma HLS loop_tripcount min = 16 max = 65536
#pragma HLS dependence variable = turned type = inter direction = RAW false
        if (u.busy && !u.settles) write_turned(c, b, t, u, output_buffer);
        u.settles = false;
        if (!full && !o.done) {
            const results_t lanes = results.read();
        bytes_of_lanes:
            for (int lane = 0; lane < LANES; ++lane) {
#pragma HLS unroll
                turned[lane][half * MOST_OUTPUTS + output][o.line % UNIT_BYTES] = lanes.value[lane];
            }
            ++output;
            if (output == t.m1 * t.m2) {
                output = 0;
                full = o.line % UNIT_BYTES == UNIT_BYTES - 1 || o.line + 1 == o.along;
                made = o;
                next_line(&o);
            }
        }
        if (full && !u.busy) {
            begin_units(u, made, half);
            half ^= 1;
            full = false;
        }
    }
}
