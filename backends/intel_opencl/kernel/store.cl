// STORE: owns the output buffer. Results of POST come in; a finished block goes to memory (docs/overlay.md, section
// 6). Bytes that no channel or pixel owns are written as 0.
//
// A block is a loop whose iteration is one clock cycle: results of this block, or of the next one, come in, and a word of
// this one leaves.

// Where a block is on its way to memory: the next slice of the run of a plane.
typedef struct {
    int planes, pitch;
    slices_t begin;  // of each plane
    int plane;
    slices_t slice;
    bool open;
    writer_t writer;
} store_state_t;

INLINE store_state_t begin_store(const command_t *c, const block_t *b) {
    store_state_t s = ZERO;
    s.planes = planes_of_output(c, b);
    s.pitch = output_pitch(c, b);
    s.begin = slices_of_output(c, b);
    return s;
}

// One cycle of a block; true when it is complete.
INLINE bool store_cycle(WRITE_PORTS, const command_t *c, const block_t *b, store_state_t *s,
                        int8_t output_buffer[OUTPUT_UNITS][UNIT_BYTES], count_t *count) {
    if (!s->open) {
        s->writer = run_of_output(c, b, s->plane);
        s->slice = s->begin;
        s->open = true;
    }
    const units_t at = place_of_output(c, b, &s->slice, s->plane, s->pitch);
    word_t word;
bytes_of_word:
    UNROLLED
    for (int i = 0; i < WORD_BYTES; ++i) {
        const int k = i / UNIT_BYTES;
        const bool owned = k < at.count && is_channel(&at, k, i % UNIT_BYTES);
        const int unit = b->output_unit + at.unit + times(at.step, k);
        word.byte[i] = owned ? (uint8_t)output_buffer[unit][i % UNIT_BYTES] : (uint8_t)0;
    }
    append(PASS_WRITE, &s->writer, &word, slice_bytes(&s->slice), count);
    next_slice(&s->slice);
    if (!s->slice.done) return false;
    end_run(PASS_WRITE, &s->writer, count);
    s->open = false;
    ++s->plane;
    return s->plane == s->planes;
}

// Takes in one message of POST; `idle`: there is nothing else to do, so it waits. True when the block has ended.
INLINE bool take_results(int received, bool idle, int8_t output_buffer[OUTPUT_UNITS][UNIT_BYTES]) {
    bool valid = true;
    results_t r;
    if (idle)
        RECEIVE(r, results_from_post);
    else
        r = read_channel_nb_intel(results_from_post, &valid);
    if (!valid) return false;
    if (r.ends) return true;
    const int start = (received & 1) * (OUTPUT_UNITS / 2);
lanes_of_results:
    UNROLLED
    for (int lane = 0; lane < LANES; ++lane)
        if (r.place[lane] >= 0)
            output_buffer[start + r.place[lane] / UNIT_BYTES][r.place[lane] % UNIT_BYTES] = r.value[lane];
    return false;
}

__attribute__((max_global_work_dim(0))) kernel void store(int command_count, global ulong *restrict counters,
                                                          WRITE_BUFFERS) {
    // Lanes write single bytes, a word is read at once: a bank per unit of a word, which the compiler splits by byte.
    int8_t __attribute__((memory, numbanks(WORD_UNITS), bankwidth(UNIT_BYTES))) output_buffer[OUTPUT_UNITS][UNIT_BYTES];
    int counted = 0;
commands:
    for (int i = 0; i < command_count; ++i) {
        command_t c;
        RECEIVE(c, commands_for_store);
        count_t count = ZERO;
        const int blocks = (c.flags & FLAG_STORE) ? c.blocks : 0;
        int received = 0;
    blocks:
        for (int index = 0; index < blocks; ++index) {
            const block_t block = block_of(c, index);
            store_state_t state = begin_store(&c, &block);
            bool complete = false;
        cycles:  // a byte of each lane comes, and a word leaves by a beat of each port
            while (!complete) {
                if (received < blocks && received < index + 2)  // its half of the buffer is free
                    if (take_results(received, received == index, output_buffer)) ++received;
                if (received > index) complete = store_cycle(PASS_WRITE, &c, &block, &state, output_buffer, &count);
            }
        }
    counters_of_ports:
        UNROLLED
        for (int port = 0; port < PORTS; ++port) counters[counted + port] = count.port_bytes[port];
        counted += PORTS;
        if (i + 1 < command_count) {
            // What was written is complete before LOAD hears of it.
            mem_fence(CLK_GLOBAL_MEM_FENCE | CLK_CHANNEL_MEM_FENCE);
            SEND(finished_by_store, true);
        }
    }
}
