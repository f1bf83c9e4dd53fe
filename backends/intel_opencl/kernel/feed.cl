// FEED: owns the input buffer, Winograd's buffer of pixels, the weight buffer and the row buffers. It takes in what LOAD sends, and makes the operands of
// every cycle of the array (flow.h), or what the lanes multiply in every slot of a vector layer (vector.h).
//
// A block of a convolution is a loop whose iteration is one clock cycle: a word comes in (or one is transformed, for
// Winograd), of this block or of the next one, and the operands of a cycle leave. What a block begins with is counted out in
// front of its loop.

// Cycles from the last write of a block's operands to the first read of them, so that a write may take as many to reach
// the memory. It must be the number in the ivdep pragmas below.
enum { SETTLE = 16 };

// What has arrived.
typedef struct {
    int arrived;  // blocks whose words are all there
    int placed;   // blocks that may be read: arrived and, for Winograd, transformed
    int settle;   // cycles until what was written may be read
    bool to_transform;
    transform_t transform;
    placed_t word;  // of which some units wait for another turn
    bool waits;
    int turn;
} intake_t;

// Writes the word that has come: all of it, but for a concatenation in a full buffer.
INLINE void place_word(const command_t *c, intake_t *in, input_write_t input_buffer, pixels_write_t pixel_buffer,
                       weight_write_t weight_buffer, values_write_t values) {
    const placed_t m = in->word;
    unit_t units[BANKS] = ZERO;
units_of_word:
    UNROLLED
    for (int i = 0; i < WORD_BYTES; ++i) units[i / UNIT_BYTES].byte[i % UNIT_BYTES] = (int8_t)m.word.byte[i];
    if (m.what == PUT_UNITS) {
        write_slice(input_buffer, pixel_buffer, places_pixels(c), &m.at, in->turn, units);
        in->waits = more_turns(m.at.step, in->turn, m.at.count);
        ++in->turn;
    } else if (m.what == PUT_WEIGHTS) {
        int unit = times(m.at.unit, WORD_UNITS);
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

// One cycle of the intake while block `index` is worked on; `idle`: there is nothing else to do, so it waits. `tiles`: of
// block `index` and of the next one.
INLINE void take_in(const command_t *c, intake_t *in, int index, bool idle, const tiles_t tiles[2],
                    input_write_t input_buffer, pixels_write_t pixel_buffer, weight_write_t weight_buffer,
                    values_write_t values) {
    if (in->transform.busy) {
        transform_cycle(c, &in->transform, pixel_buffer, input_buffer);
        if (!in->transform.busy) in->settle = SETTLE;
        return;
    }
    if (in->settle > 0) {
        --in->settle;
        if (in->settle > 0) return;
        if (in->to_transform)
            start_transform(&tiles[in->arrived - 1 - index], &in->transform);
        else
            in->placed = in->arrived;
        in->to_transform = false;
        return;
    }
    if (!in->waits) {
        if (in->arrived == c->blocks || in->arrived == index + 2) return;  // its half of the buffers is in use
        bool valid = true;
        if (idle)
            RECEIVE(in->word, words_from_load);
        else
            in->word = read_channel_nb_intel(words_from_load, &valid);
        if (!valid) return;
        in->turn = 0;
    }
    place_word(c, in, input_buffer, pixel_buffer, weight_buffer, values);
}

__attribute__((max_global_work_dim(0))) kernel void feed(int command_count, global ulong *restrict counters) {
    // A bank per unit of a word; their distances are odd (pitch), so n units of neighbouring pixels, and n units of a
    // pixel, lie in n different banks.
    int8_t __attribute__((memory, numbanks(BANKS), bankwidth(UNIT_BYTES))) input_buffer[INPUT_ROWS][BANKS][UNIT_BYTES];
    int8_t __attribute__((memory, numbanks(BANKS), bankwidth(UNIT_BYTES))) pixel_buffer[PIXEL_ROWS][BANKS][UNIT_BYTES];
    int8_t
        __attribute__((memory, numbanks(BANKS), bankwidth(UNIT_BYTES))) weight_buffer[WEIGHT_ROWS][BANKS][UNIT_BYTES];
    int8_t __attribute__((memory)) row_buffers[2][ARRAY_ROWS][ROW_BUFFER_ROWS][BANKS][UNIT_BYTES];
    lrn_step_t steps[LANES][LRN_ENTRIES];
    lrn_shifts_t shifts;
    pool_pixel_t above[ROWS_ABOVE][POOL_PIXELS][EACH][UNIT_BYTES];
    uint8_t values[VALUE_ROWS][VALUE_ROW];
    source_t sources[MAX_SOURCES];
    intake_t in;
    in.transform.turn = 0;
    in.transform.busy = false;
commands:
    for (int i = 0; i < command_count; ++i) {
        command_t c;
        RECEIVE(c, commands_for_feed);
        const int listed = c.sources_address == 0 ? 0 : c.source_count;
    inputs_of_command:  // a message
        for (int s = 0; s < listed; ++s) RECEIVE(sources[s], sources_for_feed);
        uint64_t cycles = 0;
        in.arrived = 0;
        in.placed = 0;
        in.settle = 0;
        in.to_transform = false;
        in.waits = false;
    blocks:
        for (int index = 0; index < c.blocks; ++index) {
            const block_t block = block_of(c, index);
            const block_t next = block_of(c, smaller(index + 1, c.blocks - 1));
            const tiles_t tiles[2] = {tiles_of(&c, &block), tiles_of(&c, &next)};
            flow_t flow = flow_of(&c, &block, 0);
            const int length = c.op == OP_CONV ? flow_length(&c, &flow) : 0;
            int moved = 0;
            int t = 0;
        // The input and the weight buffer are read in one half while the other is written, pixels when all of a block have
        // come, and what is written is not read before it has settled: iterations depend on each other through them at a distance of SETTLE at least.
        // Nothing is promised of the row buffers: a tile may read what was fed in the cycle before. What is read decides
        // nothing that is written, so that reads may lie some stages behind.
        cycles:  // of each bank of a buffer a unit is written and one read; a row buffer takes a word; a message each
#pragma ivdep array(input_buffer) safelen(16)
#pragma ivdep array(pixel_buffer) safelen(16)
#pragma ivdep array(weight_buffer) safelen(16)
            while (t < length || in.placed <= index) {
                const bool begun = in.placed > index;
                take_in(&c, &in, index, !begun, tiles, input_buffer, pixel_buffer, weight_buffer, values);
                if (!begun || t >= length) continue;
                cycle_t cycle = idle_cycle();
                if (c.dataflow == NS)
                    ns_cycle(&c, &block, &flow, moved, input_buffer, weight_buffer, row_buffers, &cycle);
                else
                    stationary_cycle(&c, &block, &flow, t, input_buffer, weight_buffer, &cycle);
                ++t;
                if (cycle.counts) ++cycles;
                if (!cycle.moves) continue;
                SEND(cycles_from_feed, cycle);
                ++moved;
            }
            if (c.op != OP_CONV)
                cycles += vector_block(&c, sources, values, values, &block, input_buffer, weight_buffer, steps, &shifts,
                                       above, PASS_OPERANDS);
        }
        counters[i] = cycles;
    }
}
