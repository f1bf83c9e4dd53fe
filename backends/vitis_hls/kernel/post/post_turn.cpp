// POST of IS: the lanes are positions of one output channel, so each has a byte of a unit of its own. The bytes of 16
// channels are gathered; then a lane has a whole unit, and these are written as neighbours while the next 16 channels come.
#include "post.h"

namespace {

// A memory for each lane: two halves, a unit each.
#ifdef OVERLAY_CHECK_PORTS
ports::memory_t<std::int8_t> turned("turned", {LANES, 2, UNIT_BYTES}, "baw", 2);
#else
std::int8_t turned[LANES][2][UNIT_BYTES];
#endif

// A half that is written: the units of a plane, a position each.
typedef struct {
    bool busy, settles;     // settles: what was gathered last can be read one iteration later
    int half, unit, count;  // unit: of the position of lane 0, in the output buffer
    int lane;               // the next one
} leaving_units_t;

// Begins with what has been gathered, of the channels up to that of `o`.
inline void begin_units(const block_t &b, const post_order_t &o, int pitch, int half, leaving_units_t &u) {
#pragma HLS inline
    u.busy = true;
    u.settles = true;
    u.half = half;
    u.unit = b.output_unit + times(pitch, o.line / UNIT_BYTES) + o.first;
    u.count = lanes_of(&o);
    u.lane = 0;
}

// Writes the units of as many lanes as there are banks.
inline void write_turned(leaving_units_t &u, output_write_t output_buffer) {
#pragma HLS inline
    const int count = smaller(u.count - u.lane, BANKS);
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
            units[j].byte[i] = turned[lane][u.half][i];
        }
    }
    write_units(output_buffer, u.unit + u.lane, 1, 0, count, units);
    u.lane += count;
    u.busy = u.lane < u.count;
}

}  // namespace

void place_turned(const command_t &c, const block_t &b, results_stream_t &results, output_write_t output_buffer) {
#pragma HLS array_partition variable = turned complete dim = 1
#pragma HLS array_reshape variable = turned complete dim = 3
#pragma HLS bind_storage variable = turned type = ram_2p impl = lutram
    post_order_t o = post_order_of(&c, &b);
    leaving_units_t u = {};
    post_order_t made = o;
    const int pitch = output_pitch(&c, &b);
    int half = 0;
    bool full = false;
turns:
    while (!o.done || full || u.busy) {
        PIPELINED(turned_units)  // a byte of each lane's unit comes; units of neighbours leave, to banks of their own
#pragma HLS loop_tripcount min = 16 max = 65536
#pragma HLS dependence variable = turned type = inter direction = RAW false
        if (u.busy && !u.settles) write_turned(u, output_buffer);
        u.settles = false;
        if (!full && !o.done) {
            const results_t lanes = results.read();
        bytes_of_lanes:
            for (int lane = 0; lane < LANES; ++lane) {
#pragma HLS unroll
                turned[lane][half][o.line % UNIT_BYTES] = lanes.value[lane];
            }
            full = o.line % UNIT_BYTES == UNIT_BYTES - 1 || o.line + 1 == o.along;
            made = o;
            next_line(&o);
        }
        if (full && !u.busy) {
            begin_units(b, made, pitch, half, u);
            half ^= 1;
            full = false;
        }
    }
}
