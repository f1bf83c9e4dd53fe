// COMPUTE: the array works on a block of a convolution, tile by tile (docs/overlay.md, section 4), or the vector unit on
// a block of another layer.
#include "array.h"
#include "engines.h"
#include "window.h"

namespace {

array_t array;                                            // registers
std::int8_t row_buffers[2][ARRAY_ROWS][ROW_BUFFER_BYTES]; // NS: windows of the tile at work and of the next

// Where the sums that leave the columns in one cycle go. It enters at column 0 and moves right with the sums.
struct target_t {
    bool valid;
    bool own;         // IS: each product column has a row and a bank of its own, see column_t
    bool fresh;       // the sum replaces what the accumulator holds
    int row, count;   // accumulator row; product columns that count
};

// IS: where a product column's sums go, relative to the output channel's first row. It comes with the position that will
// stay in the column, and behaves like one more row of PEs: caught when the position passes, used after the swap.
struct column_t {
    bool valid, fresh;
    int row, bank;
};

target_t targets[RING];
column_t arriving[RING];
column_t column_next[ARRAY_COLUMNS * PACKING];
column_t column_now[ARRAY_COLUMNS * PACKING];

void clear_targets() {
clear_targets:
    for (int i = 0; i < RING; ++i) {
#pragma HLS unroll
        targets[i].valid = false;
    }
clear_columns:
    for (int j = 0; j < ARRAY_COLUMNS * PACKING; ++j) {
#pragma HLS unroll
        column_next[j].valid = false;
        column_now[j].valid = false;
    }
}

// One cycle of the whole array: skew, PEs, accumulators.
void array_cycle(const usage_t mode, const entry_t &entry, const column_t &arrival, const int drain[2], bool loading,
                 sum_t low[2 * ACCUMULATOR_ROWS][ARRAY_COLUMNS], sum_t high[2 * ACCUMULATOR_ROWS][ARRAY_COLUMNS]) {
#pragma HLS inline off
#pragma HLS pipeline II = 1  // every register of the array moves in every cycle
    const int now = array.cycle & RING_MASK;
    array.tag_line[now] = entry.tag;
    array.index_line[now] = entry.load_index;
    arriving[now] = arrival;
left_lines:
    for (int i = 0; i < ARRAY_ROWS; ++i) {
#pragma HLS unroll
        array.left_line[now][i] = entry.left[i];
    }
    if (mode.inputs_stay) {
    load_lines:
        for (int i = 0; i < ARRAY_ROWS; ++i) {
#pragma HLS unroll
            array.load_line[now][i] = entry.load[i];
        }
    } else {
    top_lines:
        for (int j = 0; j < ARRAY_COLUMNS; ++j) {
#pragma HLS unroll
            array.top_line[now][j] = entry.top[j];
        }
    top_edge:
        for (int j = 0; j < ARRAY_COLUMNS; ++j) {
#pragma HLS unroll
            array.down[0][j] = array.top_line[(now - j) & RING_MASK][j];
            array.down_index[0][j] = array.index_line[(now - j) & RING_MASK];
        }
    }
rows:
    for (int i = ARRAY_ROWS - 1; i >= 0; --i) {
#pragma HLS unroll
        const int then = (now - i) & RING_MASK;
        // Results leave a column from the bottom up: row i passes on what i rows above it and itself have.
        const bool shift = (drain[0] >= 0 && drain[0] < i) || (drain[1] >= 0 && drain[1] < i);
        const int tag = array.tag_line[then] | (shift ? TAG_SHIFT : 0);
        step_row(array, mode, i, array.left_line[then][i], tag, array.load_line[then][i], array.index_line[then],
                 loading);
    }
bottom_edge:
    for (int j = 0; j < ARRAY_COLUMNS; ++j) {
#pragma HLS unroll
        const target_t t = targets[(now - j) & RING_MASK];
        const int each = mode.single ? 1 : PACKING;
        if (mode.inputs_stay) {
            const int then = (now - (ARRAY_ROWS - 1) - j) & RING_MASK;
            const int index = array.index_line[then];
        columns_of_pe:
            for (int product = each * j; product < each * j + each; ++product) {
#pragma HLS unroll
                if (array.tag_line[then] & TAG_SWAP) {
                    column_now[product] = column_next[product];
                    column_next[product].valid = false;
                }
                if (index == product) column_next[product] = arriving[then];
            }
        }
        if (!t.valid) continue;
        const sum_t sums[2] = {mode.sums_stay ? array.result_low[ARRAY_ROWS][j] : array.low[ARRAY_ROWS][j],
                               mode.sums_stay ? array.result_high[ARRAY_ROWS][j] : array.high[ARRAY_ROWS][j]};
    products_of_pe:
        for (int half = 0; half < each; ++half) {
#pragma HLS unroll
            const int product = each * j + half;
            int row = t.row;
            int bank = product;
            bool fresh = t.fresh;
            bool valid = product < t.count;
            if (t.own) {
                const column_t k = column_now[product];
                row += k.row;
                bank = k.bank;
                fresh = fresh && k.fresh;
                valid = k.valid;
            }
            if (!valid) continue;
            sum_t &sum = (bank % each == 0) ? low[row][bank / each] : high[row][bank / each];
            sum = fresh ? sums[half] : (sum_t)(sum + sums[half]);
        }
    }
    ++array.cycle;
}

// kn2row: where the sum of unit convolution (k1, k2) at an input pixel goes.
struct shifted_t {
    bool valid, first;  // first: no earlier unit convolution reaches this output
    int number;
};

inline shifted_t shifted(const command_t &c, const spot_t &s, int repeat) {
#pragma HLS inline
    shifted_t t = {true, true, s.number};
    if (c.algorithm == KN2ROW) {
        const int k1 = repeat / c.kernel_columns;
        const int k2 = repeat % c.kernel_columns;
        const int column = s.column + c.pad_left - k2 * c.dilation_columns;
        t.valid = column >= 0 && column < c.out_width;
        t.first = k1 == 0 && (k2 == 0 || s.column < c.dilation_columns);
        t.number = s.row * c.out_width + column;
    }
    return t;
}

// kn2row: outputs whose window lies in the pads altogether get no sum; they start at 0.
void clear_unreached(const command_t &c, const geometry_t &g, const sums_t &s,
                     sum_t low[2 * ACCUMULATOR_ROWS][ARRAY_COLUMNS], sum_t high[2 * ACCUMULATOR_ROWS][ARRAY_COLUMNS]) {
    const int reach = (c.kernel_columns - 1) * c.dilation_columns;
    const bool possible =
        c.pad_left > reach || c.out_width - 1 - c.pad_left >= c.width || c.dilation_columns > c.width;
    if (c.algorithm != KN2ROW || !possible || (c.flags & FLAG_ACCUMULATE)) return;
    const int rows = c.dataflow == IS ? g.channels * s.lines : g.sums * s.lines;
clear_rows:
    for (int row = 0; row < rows; ++row) {
#pragma HLS loop_tripcount min = 0 max = 4096
#pragma HLS pipeline II = 1
        for (int j = 0; j < ARRAY_COLUMNS; ++j) {
#pragma HLS unroll
            low[s.first + row][j] = 0;
            high[s.first + row][j] = 0;
        }
    }
}

// NS: tiles of P1 positions; while one computes, the next is fed into the other half of the row buffers.
struct feed_t {
    int tile, tiles, row_tiles, repeat, row_tile;  // repeat: of the outer repeats
    int row, segment, word;                        // what is fed next
    int tap, unit, position;                       // the word's place in its segment, and in the row buffer
    spot_t spot;
    spot_t first;                                  // first position of the tile
};

// A tile whose sums leave the array, or will: the last two.
struct drained_t {
    int start;  // cycle in which its last values entered
    int slot, column_tile, repeat, outer;
};

// One cycle of NS: the results of a finished tile leave down the columns, the last row first, one row per cycle.
void ns_cycle(const command_t &c, const geometry_t &g, const sums_t &sums, const drained_t drained[2],
              const spot_t spots[4][ARRAY_ROWS], const bool known[4][ARRAY_ROWS], const usage_t mode, const entry_t &entry,
              sum_t low[2 * ACCUMULATOR_ROWS][ARRAY_COLUMNS], sum_t high[2 * ACCUMULATOR_ROWS][ARRAY_COLUMNS]) {
#pragma HLS inline
    int shifts[2];
    target_t t = {};
leaving_tiles:
    for (int k = 0; k < 2; ++k) {
#pragma HLS unroll
        const drained_t &d = drained[k];
        const int age = array.cycle - d.start - (ARRAY_ROWS - 1);
        shifts[k] = age - 1;
        if (age < 0 || age >= ARRAY_ROWS) continue;
        const int row = ARRAY_ROWS - 1 - age;
        if (!known[d.slot][row]) continue;
        const int inner = c.algorithm == KN2ROW ? c.kernel_columns : 1;
        const shifted_t to = shifted(c, spots[d.slot][row], d.outer * inner + d.repeat);
        const int number = to.number + (c.algorithm == WINOGRAD ? d.outer * g.tiles : 0);
        t.valid = to.valid;
        t.fresh = to.first && !(c.flags & FLAG_ACCUMULATE);
        t.row = sums.first + number * sums.lines + d.column_tile;
        t.count = smaller(g.wide, g.channels - d.column_tile * g.wide);
    }
    targets[array.cycle & RING_MASK] = t;
    const column_t nothing = {};
    array_cycle(mode, entry, nothing, shifts, true, low, high);
}

std::uint64_t run_ns(const command_t &c, const block_t &b, const geometry_t &g,
                     const std::int8_t input_buffer[INPUT_UNITS][UNIT_BYTES],
                     const std::int8_t weight_buffer[WEIGHT_WORDS][WORD_BYTES],
                     sum_t low[2 * ACCUMULATOR_ROWS][ARRAY_COLUMNS], sum_t high[2 * ACCUMULATOR_ROWS][ARRAY_COLUMNS]) {
    const sums_t sums = sums_of(c, b, g.sums);
    const usage_t mode = {true, false, c.algorithm == WINOGRAD};
    const int inner = c.algorithm == KN2ROW ? c.kernel_columns : 1;  // unit convolutions on one feeding
    const int outer = g.repeats / inner;
    const int row_tiles = ceil_div(g.spots, ARRAY_ROWS);
    const int tiles = outer * row_tiles;
    const int column_tiles = ceil_div(g.channels, g.wide);
    const int word_units = WORD_BYTES / UNIT_BYTES;
    const int steps = larger(g.values * g.weight_row, ARRAY_ROWS);
    const bool kn2row = c.algorithm == KN2ROW;
    static spot_t spots[4][ARRAY_ROWS];
    static bool known[4][ARRAY_ROWS];

    entry_t entry = {};
    entry.load_index = -1;
    drained_t drained[2] = {{-4 * RING, 0, 0, 0, 0}, {-4 * RING, 0, 0, 0, 0}};
    int newest = 0;
    std::uint64_t cycles = 0;
    // Winograd: the outer repeats are positions, and weights arrive position by position, so they are outermost. kn2row:
    // a row of input pixels is fed for each kernel row; its tiles follow each other within a row tile.
    feed_t f = {};
    int work_outer = 0;
tiles:
    for (int tile = -1; tile < tiles; ++tile) {
#pragma HLS loop_tripcount min = 1 max = 1024
        int column_tile = 0, repeat = 0, step = 0;
        bool computing = tile >= 0;
        bool feeding = tile + 1 < tiles;
        f.row = 0;
        f.segment = 0;
        f.word = 0;
        f.tap = 0;
        f.unit = 0;
        f.position = 0;
        f.spot = f.first;
        const int feed_slot = (tile + 1) & 3;
        const int feed_half = (tile + 1) & 1;
        const int work_half = tile & 1;
    cycles_of_tile:
        while (computing || feeding) {
#pragma HLS loop_tripcount min = 128 max = 8192
            if (feeding) {  // one word of the next tile's windows through the chain of row buffers
                const bool exists = f.spot.number < g.spots;
                if (f.segment == 0 && f.word == 0) {
                    spots[feed_slot][f.row] = f.spot;
                    known[feed_slot][f.row] = exists;
                }
                if (exists) {
                    const segment_t w = open_segment(c, b, g, f.spot, kn2row ? f.repeat * inner : f.repeat, f.segment);
                units_of_word:
                    for (int k = 0; k < word_units; ++k) {
#pragma HLS unroll
                        if (f.word * word_units + k >= g.segment_units) continue;
                        if (f.unit < g.units) {
                        bytes_of_unit:
                            for (int i = 0; i < UNIT_BYTES; ++i) {
#pragma HLS unroll
                                row_buffers[feed_half][f.row][f.position + i] =
                                    segment_byte(c, g, w, f.tap, f.unit, i, input_buffer);
                            }
                            f.position += UNIT_BYTES;
                        }
                        ++f.unit;
                        if (f.unit == g.pitch) {
                            f.unit = 0;
                            ++f.tap;
                        }
                    }
                }
                ++f.word;
                if (f.word * word_units >= g.segment_units) {
                    f.word = 0;
                    f.tap = 0;
                    f.unit = 0;
                    ++f.segment;
                    if (f.segment == g.segments) {
                        f.segment = 0;
                        f.position = 0;
                        ++f.row;
                        next_spot(g, f.spot);
                        feeding = f.row < ARRAY_ROWS;
                    }
                }
            }
            if (tile < 0) continue;  // fill: the array waits for its first operands
            entry.tag = 0;
            bool valid = false;
            if (computing) {
                if (step < g.values * g.weight_row && step % g.weight_row == g.weight_row - 1) {
                    const int value = step / g.weight_row;
                    const int weights = smaller(g.wide, g.channels - column_tile * g.wide);
                    const int stored = kn2row ? work_outer * inner + repeat : work_outer;
                    const int byte = g.weights + g.value_bytes * (g.values * (stored * g.channels + column_tile * g.wide) +
                                                                  value * weights);
                    read_weight_row(g, byte, weights, weight_buffer, entry.top);
                rows_of_array:
                    for (int i = 0; i < ARRAY_ROWS; ++i) {
#pragma HLS unroll
                        const int at = value * g.value_bytes;
                        int operand = row_buffers[work_half][i][at];
                        if (g.value_bytes == 2)
                            operand = row_buffers[work_half][i][at + 1] * 256 + (operand & 0xff);
                        else
                            operand -= c.data_offset;
                        entry.left[i] = known[tile & 3][i] ? (value_t)operand : (value_t)0;
                    }
                    entry.tag = (value == 0 ? TAG_FIRST : 0) | (value == g.values - 1 ? TAG_LAST : 0);
                    valid = true;
                    if (value == g.values - 1) {
                        newest ^= 1;
                        drained[newest].start = array.cycle;
                        drained[newest].slot = tile & 3;
                        drained[newest].column_tile = column_tile;
                        drained[newest].repeat = repeat;
                        drained[newest].outer = work_outer;
                    }
                }
                ++step;
                if (step == steps) {
                    step = 0;
                    ++column_tile;
                    if (column_tile == column_tiles) {
                        column_tile = 0;
                        ++repeat;
                        computing = repeat < inner;
                    }
                }
            }
            if (!valid) {
            idle_rows:
                for (int i = 0; i < ARRAY_ROWS; ++i) {
#pragma HLS unroll
                    entry.left[i] = 0;
                }
            }
            ns_cycle(c, g, sums, drained, spots, known, mode, entry, low, high);
            ++cycles;
        }
        if (tile + 1 < tiles) {  // what was fed is computed next
            work_outer = f.repeat;
            if (kn2row) {
                ++f.repeat;
                if (f.repeat == outer) {
                    f.repeat = 0;
                    ++f.row_tile;
                    f.first = f.spot;
                }
            } else {
                ++f.row_tile;
                f.first = f.spot;
                if (f.row_tile == row_tiles) {
                    f.row_tile = 0;
                    f.first.number = f.first.row = f.first.column = 0;
                    ++f.repeat;
                }
            }
        }
    }
    entry.tag = 0;
tail:
    for (int i = 0; i < 2 * ARRAY_ROWS + ARRAY_COLUMNS + 2; ++i) {
#pragma HLS loop_tripcount min = 64 max = 512
        ns_cycle(c, g, sums, drained, spots, known, mode, entry, low, high);
    }
    return cycles;
}

// WS, IS: what the rows of the array hold at a time: a piece of a segment of one repeat, and a tile of output channels
// (WS) or of positions (IS).
struct piece_t {
    int repeat, segment, first, tile;
};

inline int piece_size(const geometry_t &g, const piece_t &p) { return smaller(ARRAY_ROWS, g.segment_values - p.first); }

inline void next_piece(const geometry_t &g, int tiles, piece_t &p) {
#pragma HLS inline
    ++p.tile;
    if (p.tile < tiles) return;
    p.tile = 0;
    p.first += ARRAY_ROWS;
    if (p.first < g.segment_values) return;
    p.first = 0;
    ++p.segment;
    if (p.segment < g.segments) return;
    p.segment = 0;
    ++p.repeat;
}

// First byte of the weights of a piece, of all output channels.
inline int piece_weights(const geometry_t &g, const piece_t &p) {
#pragma HLS inline
    const int before = (p.repeat * g.segments + p.segment) * g.segment_values + p.first;
    return g.weights + g.value_bytes * before * g.channels;
}

// One cycle of WS or IS; `target` is for sums that leave column 0 ARRAY_ROWS - 1 cycles from now.
inline void stationary_cycle(const usage_t mode, const entry_t &entry, const column_t &arrival, const target_t &target, bool loading,
                             sum_t low[2 * ACCUMULATOR_ROWS][ARRAY_COLUMNS],
                             sum_t high[2 * ACCUMULATOR_ROWS][ARRAY_COLUMNS]) {
#pragma HLS inline
    const int none[2] = {-1, -1};
    targets[(array.cycle + ARRAY_ROWS - 1) & RING_MASK] = target;
    array_cycle(mode, entry, arrival, none, loading, low, high);
}

void empty_array(const usage_t mode, sum_t low[2 * ACCUMULATOR_ROWS][ARRAY_COLUMNS],
                 sum_t high[2 * ACCUMULATOR_ROWS][ARRAY_COLUMNS]) {
    entry_t entry = {};
    entry.load_index = -1;
    const target_t none = {};
    const column_t nothing = {};
tail:
    for (int i = 0; i < ARRAY_ROWS + ARRAY_COLUMNS + 1; ++i) {
#pragma HLS loop_tripcount min = 64 max = 512
        stationary_cycle(mode, entry, nothing, none, true, low, high);
    }
}

std::uint64_t run_ws(const command_t &c, const block_t &b, const geometry_t &g,
                     const std::int8_t input_buffer[INPUT_UNITS][UNIT_BYTES],
                     const std::int8_t weight_buffer[WEIGHT_WORDS][WORD_BYTES],
                     sum_t low[2 * ACCUMULATOR_ROWS][ARRAY_COLUMNS], sum_t high[2 * ACCUMULATOR_ROWS][ARRAY_COLUMNS]) {
    const sums_t sums = sums_of(c, b, g.sums);
    const usage_t mode = {false, false, c.algorithm == WINOGRAD};
    const int column_tiles = ceil_div(g.channels, g.wide);
    const int load_steps = ARRAY_ROWS * g.weight_row;
    std::uint64_t cycles = 0;
    piece_t held = {0, 0, 0, 0};
    piece_t next = {0, 0, 0, 0};
    int last_load = array.cycle;
tiles:
    for (int tile = -1; tile < 0 || held.repeat < g.repeats; ++tile) {
#pragma HLS loop_tripcount min = 1 max = 4096
        // The first tile's weights are loaded before it (fill), those of the next while this one works.
        const int work_steps = tile < 0 ? 0 : g.spots * g.window_words;
        const bool loads = next.repeat < g.repeats;
        const int next_size = piece_size(g, next);
        const int next_across = smaller(g.wide, g.channels - next.tile * g.wide);
        const int held_size = piece_size(g, held);
        const int held_across = smaller(g.wide, g.channels - held.tile * g.wide);
        spot_t spot = {0, 0, 0};
    cycles_of_tile:
        for (int step = 0; step < larger(work_steps, load_steps); ++step) {
#pragma HLS loop_tripcount min = 128 max = 8192
            entry_t entry = {};
            entry.load_index = -1;
            column_t arrival = {};
            target_t target = {};
            if (loads && step < load_steps && step % g.weight_row == g.weight_row - 1) {
                const int row = step / g.weight_row;
                const int byte =
                    piece_weights(g, next) + g.value_bytes * (next_size * next.tile * g.wide + row * next_across);
                entry.load_index = row;
                read_weight_row(g, byte, row < next_size ? next_across : 0, weight_buffer, entry.top);
                last_load = array.cycle;
            }
            if (step < work_steps && step % g.window_words == g.window_words - 1) {
                const segment_t w = open_segment(c, b, g, spot, held.repeat, held.segment);
                read_window(c, g, w, held.first, held_size, input_buffer, entry.left);
                const shifted_t to = shifted(c, spot, held.repeat);
                const int number = to.number + (c.algorithm == WINOGRAD ? held.repeat * g.tiles : 0);
                target.valid = to.valid;
                target.fresh = to.first && held.segment == 0 && held.first == 0 && !(c.flags & FLAG_ACCUMULATE);
                target.row = sums.first + number * sums.lines + held.tile;
                target.count = held_across;
                next_spot(g, spot);
            }
            if (step == 0 && tile >= 0) entry.tag = TAG_SWAP;
            stationary_cycle(mode, entry, arrival, target, array.cycle - last_load <= ARRAY_ROWS + ARRAY_COLUMNS, low, high);
            if (tile >= 0) ++cycles;
        }
        held = next;
        if (loads) next_piece(g, column_tiles, next);
    }
    empty_array(mode, low, high);
    return cycles;
}

std::uint64_t run_is(const command_t &c, const block_t &b, const geometry_t &g,
                     const std::int8_t input_buffer[INPUT_UNITS][UNIT_BYTES],
                     const std::int8_t weight_buffer[WEIGHT_WORDS][WORD_BYTES],
                     sum_t low[2 * ACCUMULATOR_ROWS][ARRAY_COLUMNS], sum_t high[2 * ACCUMULATOR_ROWS][ARRAY_COLUMNS]) {
    const sums_t sums = sums_of(c, b, g.sums);
    const usage_t mode = {false, true, c.algorithm == WINOGRAD};
    const int position_tiles = ceil_div(g.spots, g.wide);
    const int load_steps = smaller(g.spots, g.wide) * g.window_words;
    std::uint64_t cycles = 0;
    piece_t held = {0, 0, 0, 0};
    piece_t next = {0, 0, 0, 0};
    spot_t spot = {0, 0, 0};
    int last_load = array.cycle;
tiles:
    for (int tile = -1; tile < 0 || held.repeat < g.repeats; ++tile) {
#pragma HLS loop_tripcount min = 1 max = 4096
        // The first tile's positions are loaded before it (fill), those of the next while this one works.
        const int work_steps = tile < 0 ? 0 : g.channels * g.window_words;
        const bool loads = next.repeat < g.repeats;
        const int next_size = piece_size(g, next);
        const int held_size = piece_size(g, held);
        const int next_count = smaller(g.wide, g.spots - next.tile * g.wide);
        int place = 0;  // product column of the next position
        if (next.tile == 0) spot.number = spot.row = spot.column = 0;
    cycles_of_tile:
        for (int step = 0; step < larger(work_steps, load_steps); ++step) {
#pragma HLS loop_tripcount min = 128 max = 8192
            entry_t entry = {};
            entry.load_index = -1;
            column_t arrival = {};
            target_t target = {};
            const int index = step / g.window_words;
            const bool beat = step % g.window_words == g.window_words - 1;
            if (loads && beat && index < next_count) {
                const segment_t w = open_segment(c, b, g, spot, next.repeat, next.segment);
                read_window(c, g, w, next.first, next_size, input_buffer, entry.load);
                const shifted_t to = shifted(c, spot, next.repeat);
                const int number = to.number + (c.algorithm == WINOGRAD ? next.repeat * g.tiles : 0);
                // A position sits in the column whose accumulator bank its sums belong to. Where the image that the
                // unit convolutions read is narrower than the output, later rows drift away from their banks.
                if (index == 0) place = (number % g.wide + g.wide) % g.wide;
                arrival.valid = to.valid;
                arrival.fresh = to.first;
                arrival.row = number / g.wide;
                arrival.bank = number % g.wide;
                entry.load_index = place;
                last_load = array.cycle;
                ++place;
                if (place == g.wide) place = 0;
                next_spot(g, spot);
            }
            if (step < work_steps && beat) {
                const int byte = piece_weights(g, held) + g.value_bytes * index * held_size;
            rows_of_array:
                for (int i = 0; i < ARRAY_ROWS; ++i) {
#pragma HLS unroll
                    entry.left[i] =
                        i < held_size ? (value_t)weight_at(g, byte + i * g.value_bytes, weight_buffer) : (value_t)0;
                }
                target.valid = true;
                target.own = true;
                target.fresh = held.segment == 0 && held.first == 0 && !(c.flags & FLAG_ACCUMULATE);
                target.row = sums.first + index * sums.lines;
            }
            if (step == 0 && tile >= 0) entry.tag = TAG_SWAP;
            stationary_cycle(mode, entry, arrival, target, array.cycle - last_load <= ARRAY_ROWS + ARRAY_COLUMNS, low, high);
            if (tile >= 0) ++cycles;
        }
        held = next;
        if (loads) next_piece(g, position_tiles, next);
    }
    empty_array(mode, low, high);
    return cycles;
}

}  // namespace

std::uint64_t convolve_block(const command_t &c, const block_t &b,
                             const std::int8_t input_buffer[INPUT_UNITS][UNIT_BYTES],
                             const std::int8_t weight_buffer[WEIGHT_WORDS][WORD_BYTES],
                             sum_t low[2 * ACCUMULATOR_ROWS][ARRAY_COLUMNS],
                             sum_t high[2 * ACCUMULATOR_ROWS][ARRAY_COLUMNS]) {
#pragma HLS inline off
#pragma HLS allocation function instances = array_cycle limit = 1  // one array, whatever the dataflow
    // Every register of every PE by itself; a delay line per row or column; one accumulator target per cycle and column.
#pragma HLS array_partition variable = array.right complete dim = 0
#pragma HLS array_partition variable = array.tag complete dim = 0
#pragma HLS array_partition variable = array.down complete dim = 0
#pragma HLS array_partition variable = array.down_index complete dim = 0
#pragma HLS array_partition variable = array.load complete dim = 0
#pragma HLS array_partition variable = array.load_index complete dim = 0
#pragma HLS array_partition variable = array.stays complete dim = 0
#pragma HLS array_partition variable = array.next complete dim = 0
#pragma HLS array_partition variable = array.low complete dim = 0
#pragma HLS array_partition variable = array.high complete dim = 0
#pragma HLS array_partition variable = array.result_low complete dim = 0
#pragma HLS array_partition variable = array.result_high complete dim = 0
#pragma HLS array_partition variable = array.left_line complete dim = 2
#pragma HLS array_partition variable = array.load_line complete dim = 2
#pragma HLS array_partition variable = array.top_line complete dim = 2
#pragma HLS array_partition variable = array.tag_line complete
#pragma HLS array_partition variable = array.index_line complete
#pragma HLS array_partition variable = targets complete
#pragma HLS array_partition variable = arriving complete
#pragma HLS array_partition variable = column_next complete
#pragma HLS array_partition variable = column_now complete
#pragma HLS array_partition variable = row_buffers complete dim = 2  // a row buffer per row of the array
    const geometry_t g = geometry_of(c, b);
    clear_targets();
    clear_unreached(c, g, sums_of(c, b, g.sums), low, high);
    if (c.dataflow == NS) return run_ns(c, b, g, input_buffer, weight_buffer, low, high);
    if (c.dataflow == WS) return run_ws(c, b, g, input_buffer, weight_buffer, low, high);
    return run_is(c, b, g, input_buffer, weight_buffer, low, high);
}

void compute_block(const command_t &c, const source_t sources[MAX_SOURCES], const std::uint8_t values[VALUE_BYTES],
                   int index, const std::int8_t input_buffer[INPUT_UNITS][UNIT_BYTES],
                   const std::int8_t weight_buffer[WEIGHT_WORDS][WORD_BYTES],
                   sum_t low[2 * ACCUMULATOR_ROWS][ARRAY_COLUMNS], sum_t high[2 * ACCUMULATOR_ROWS][ARRAY_COLUMNS],
                   tokens_t &operand_slots, tokens_t &operand_ready, tokens_t &sum_slots, tokens_t &sum_ready,
                   products_t &products, counts_t &counts) {
#pragma HLS inline off
    const block_t b = block_of(c, index);
    count_t count = {};
    operand_ready.read();
    if (c.op == OP_CONV) {
        if (c.flags & FLAG_STORE) sum_slots.write(true);
        count.cycles = convolve_block(c, b, input_buffer, weight_buffer, low, high);
        if (c.flags & FLAG_STORE) sum_ready.write(true);
    } else {
        count.cycles = vector_block(c, sources, values, b, input_buffer, weight_buffer, products);
    }
    operand_slots.read();
    counts.write(count);
}
