// COMPUTE: owns the input buffer, the weight buffer, the array and the accumulators. An iteration of its loop is one
// clock cycle, in which it takes in a word that LOAD has sent (or transforms one, for Winograd), lets the array or
// the vector unit work on a block, and sends POST a row of sums of the block before.

// Cycles from the last write of a block's operands to the first read of them, so that a write may take as many to reach
// the memory. It must be the number in the ivdep pragmas below.
enum { SETTLE = 16 };

// What has arrived.
typedef struct {
    int arrived;  // blocks whose words are all there
    int placed;   // blocks that the array may read: arrived and, for Winograd, transformed
    int settle;   // cycles until what was written may be read
    bool to_transform;
    transform_t transform;
} intake_t;

// One cycle of the intake. `computed`: blocks that the array is done with; `idle`: there is nothing else to do, so it
// waits.
INLINE void take_in(const command_t *c, intake_t *in, int computed, bool idle, input_write_t input_buffer,
                    weight_write_t weight_buffer, values_write_t values) {
    if (in->transform.busy) {
        transform_cycle(c, &in->transform, input_buffer, input_buffer);
        if (!in->transform.busy) in->settle = SETTLE;
        return;
    }
    if (in->settle > 0) {
        --in->settle;
        if (in->settle > 0) return;
        if (in->to_transform) {
            const block_t b = block_of(*c, in->arrived - 1);
            begin_transform(c, &b, &in->transform);
        } else {
            in->placed = in->arrived;
        }
        in->to_transform = false;
        return;
    }
    if (in->arrived == c->blocks || in->arrived >= computed + 2) return;  // its half of the buffers is in use
    bool valid = true;
    placed_t m;
    if (idle)
        m = read_channel_intel(words_from_load);
    else
        m = read_channel_nb_intel(words_from_load, &valid);
    if (!valid) return;
    unit_t units[BANKS] = ZERO;
units_of_word:
    UNROLLED
    for (int i = 0; i < WORD_BYTES; ++i) units[i / UNIT_BYTES].byte[i % UNIT_BYTES] = (int8_t)m.word.byte[i];
    if (m.what == PUT_UNITS) {
    turns:  // one, but for raw rows of Winograd in a full buffer
        for (int turn = 0; turn == 0 || more_turns(m.at.step, turn - 1, m.at.count); ++turn)
            write_slice(input_buffer, &m.at, turn, units);
    } else if (m.what == PUT_WEIGHTS) {
        int unit = m.at.unit * WORD_UNITS;
        const int some = picks_factors(c) ? pick_factors(&unit, units) : WORD_UNITS;
        write_units(weight_buffer, unit, 1, 0, some, units);
    } else if (m.what == PUT_VALUES) {
    bytes_of_values:
        UNROLLED
        for (int i = 0; i < WORD_BYTES; ++i)
            if (m.at.unit + i < VALUE_BYTES)
                values[(m.at.unit + i) / VALUE_ROW][(m.at.unit + i) % VALUE_ROW] = m.word.byte[i];
    } else {
        in->to_transform = c->algorithm == WINOGRAD && (c->mode == STREAM_INPUTS || in->arrived == 0);
        in->settle = SETTLE;
        ++in->arrived;
    }
}

// A finished block whose sums go to POST.
typedef struct {
    int drained;  // blocks that POST has
    bool open;
    block_t block;
    sums_t sums;
    post_order_t order;
} outlet_t;

// Sends R lanes of a row of accumulators; if the channel is full, the same ones again in the next cycle. The lanes
// are consecutive sums: from some bank of a row on, and from bank 0 of the next row. So each bank is read once, and a
// rotation sorts them.
INLINE void send_sums(const command_t *c, outlet_t *out, sums_read_t sums) {
    if (!out->open) {
        out->block = block_of(*c, out->drained);
        out->order = post_order_of(c, &out->block);
        out->sums = sums_of(c, &out->block, out->order.tiles * out->order.positions);
        out->open = true;
    }
    const post_order_t *o = &out->order;
    const int first_row = out->sums.first + o->row + o->column, first_bank = o->first - o->tile;
    sum_t row[ARRAY_COLUMNS];
banks:
    UNROLLED
    for (int j = 0; j < ARRAY_COLUMNS; ++j) {
        const int below = first_row + (j < first_bank ? 1 : 0);
        const int safe = smaller(below, 2 * ACCUMULATOR_ROWS - 1);
        row[j] = sums[sum_memory(0, safe)][sum_address(safe)][j];
    }
    row_of_sums_t message;
    const int count = lanes_of(o);
lanes_of_row:
    UNROLLED
    for (int lane = 0; lane < LANES; ++lane) {
        const int bank = first_bank + lane < ARRAY_COLUMNS ? first_bank + lane : first_bank + lane - ARRAY_COLUMNS;
        message.sum[lane] = lane < count ? (wide_t)row[bank] : 0;
    }
    if (!write_channel_nb_intel(sums_from_compute, message)) return;
    next_post(&out->order);
    if (out->order.done) {
        out->open = false;
        ++out->drained;
    }
}

__attribute__((max_global_work_dim(0))) kernel void compute(int command_count, global ulong *restrict counters) {
    // A bank per unit of a word; their distances are odd (pitch), so n units of neighbouring pixels, and n units of a
    // pixel, lie in n different banks.
    int8_t __attribute__((memory, numbanks(BANKS), bankwidth(UNIT_BYTES))) input_buffer[INPUT_ROWS][BANKS][UNIT_BYTES];
    int8_t
        __attribute__((memory, numbanks(BANKS), bankwidth(UNIT_BYTES))) weight_buffer[WEIGHT_ROWS][BANKS][UNIT_BYTES];
    int8_t __attribute__((memory)) row_buffers[2][ARRAY_ROWS][ROW_BUFFER_ROWS][BANKS][UNIT_BYTES];
    // A bank per column of the array: each is added to once per cycle, and read for POST.
    sum_t __attribute__((memory, numbanks(BANK_COLUMNS),
                         bankwidth(8))) sums[SUM_MEMORIES][ACCUMULATOR_ROWS][BANK_COLUMNS];
    lrn_step_t steps[LANES][LRN_ENTRIES];
    lrn_shifts_t shifts;
    pool_pixel_t above[ROWS_ABOVE][POOL_PIXELS][EACH][UNIT_BYTES];
    uint8_t values[VALUE_ROWS][VALUE_ROW];
    source_t sources[MAX_SOURCES];
    array_t array = ZERO;
    lines_t lines = ZERO;
    intake_t in;
    in.transform.turn = 0;
    int now = 0;
commands:
    for (int i = 0; i < command_count; ++i) {
        const command_t c = read_channel_intel(commands_for_compute);
        const int listed = c.sources_address == 0 ? 0 : c.source_count;
    inputs:
        for (int s = 0; s < listed; ++s) sources[s] = read_channel_intel(sources_for_compute);
        const bool convolves = c.op == OP_CONV;
        const bool stores = convolves && (c.flags & FLAG_STORE);
        uint64_t cycles = 0;
        int computed = 0;
        bool busy = false;
        in.arrived = 0;
        in.placed = 0;
        in.settle = 0;
        in.to_transform = false;
        // All state is defined although not every command uses it: a compiler may compute both sides of a branch, and
        // must not divide by what is in no register yet.
        block_t block = block_of(c, 0);
        flow_t flow = flow_of(&c, &block, now);
        begin_transform(&c, &block, &in.transform);
        in.transform.busy = false;
        outlet_t out;
        out.drained = 0;
        out.open = false;
        out.block = block;
        out.order = post_order_of(&c, &block);
        out.sums = flow.sums;
    // The input and the weight buffer are read in one half while the other is written, and what is written is not read
    // before it has settled: iterations depend on each other through them at a distance of SETTLE at least. Nothing is
    // promised of the accumulators and the row buffers: with one channel and one position the same accumulator is added
    // to in successive cycles, and a tile may read what was fed in the cycle before.
    cycles:
#pragma ivdep array(input_buffer) safelen(16)
#pragma ivdep array(weight_buffer) safelen(16)
        while (computed < c.blocks || (stores && out.drained < c.blocks)) {
            const bool idle = !busy && computed == in.arrived && !(stores && out.drained < computed);
            take_in(&c, &in, computed, idle, input_buffer, weight_buffer, values);
            // A block starts when its operands are there and its half of the accumulators is free.
            if (!busy && computed < c.blocks && computed < in.placed && (!stores || computed < out.drained + 2)) {
                busy = true;
                block = block_of(c, computed);
                if (convolves) {
                    flow = flow_of(&c, &block, now);
                    clear_array(&array, &lines);
                    const int rows = rows_to_clear(&c, &flow.g, &flow.sums);
                clear_sums:
                    for (int row = 0; row < rows; ++row) clear_row(sums, flow.sums.first + row);
                }
            }
            if (busy && convolves) {
                cycle_t cycle;
                busy = flow_cycle(&c, &block, &flow, now, input_buffer, weight_buffer, row_buffers, &cycle);
                if (busy && cycle.moves) {
                    leaving_t leaving;
                    array_cycle(&array, &lines, flow.mode, &cycle, now, &leaving);
                    accumulate(&leaving, sums);
                    ++now;
                }
                if (busy && cycle.counts) ++cycles;
                if (!busy) ++computed;
            }
            if (busy && !convolves) {
                cycles += vector_block(&c, sources, values, values, &block, input_buffer, weight_buffer, steps, &shifts,
                                       above, PASS_OPERANDS);
                busy = false;
                ++computed;
            }
            if (stores && out.drained < computed) send_sums(&c, &out, sums);
        }
        counters[i] = cycles;
    }
}
