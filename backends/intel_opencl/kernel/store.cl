// STORE: owns the output buffer. Results of POST come in; a finished block goes to memory (docs/overlay.md, section
// 6). Bytes that no channel or pixel owns are written as 0.

// Where a block is on its way to memory: the next piece of the next run.
typedef struct {
    int plane, row, column, first;  // c16: plane, row, byte of the row; hwc: row, pixel, byte of the pixel
    int left;                       // hwc: padding of the row
    bool open, ends;
    writer_t writer;
} store_state_t;

// One cycle of a c16 block: a run per plane, rows of pixels in fours. n pixels of a plane are consecutive units.
INLINE void store_planes(WRITE_PORTS, const command_t *c, const block_t *b, store_state_t *s,
                         int8_t output_buffer[OUTPUT_UNITS][UNIT_BYTES], count_t *count) {
    const int pixels = b->rows * c->out_width;
    if (!s->open) {
        s->writer = begin_run(c->output_address +
                              (uint64_t)(b->first_channel / UNIT_BYTES + s->plane) * (uint64_t)c->output_plane_bytes +
                              (uint64_t)b->first_row * (uint64_t)c->output_row_bytes);
        s->open = true;
    }
    const int size = smaller(WORD_BYTES, c->output_row_bytes - s->first);
    const int start = b->output_unit + s->plane * pixels + s->row * c->out_width;
    word_t word;
bytes_of_word:
    UNROLLED
    for (int i = 0; i < WORD_BYTES; ++i) {
        const int column = (s->first + i) / UNIT_BYTES;
        const bool owned =
            column < c->out_width && s->plane * UNIT_BYTES + i % UNIT_BYTES < b->channels && i < size;
        word.byte[i] = owned ? (uint8_t)output_buffer[start + column][i % UNIT_BYTES] : (uint8_t)0;
    }
    append(PASS_WRITE, &s->writer, &word, size, count);
    s->first += WORD_BYTES;
    if (s->first < c->output_row_bytes) return;
    s->first = 0;
    ++s->row;
    if (s->row < b->rows) return;
    s->row = 0;
    ++s->plane;
    end_run(PASS_WRITE, &s->writer, count);
    s->open = false;
    s->ends = s->plane >= units_of(b->channels);
}

// One cycle of an hwc block: one run; rows padded to 64 bytes.
INLINE void store_pixels(WRITE_PORTS, const command_t *c, const block_t *b, store_state_t *s,
                         int8_t output_buffer[OUTPUT_UNITS][UNIT_BYTES], count_t *count) {
    const int pixels = b->rows * c->out_width;
    if (!s->open) {
        s->writer = begin_run(c->output_address + (uint64_t)b->first_row * (uint64_t)c->output_row_bytes);
        s->open = true;
        s->left = c->output_row_bytes - c->out_width * b->channels;
    }
    const bool padding = s->column == c->out_width;
    const int size = smaller(WORD_BYTES, padding ? s->left : b->channels - s->first);
    const int start = b->output_unit + s->row * c->out_width + s->column;
    word_t word;
bytes_of_word:
    UNROLLED
    for (int i = 0; i < WORD_BYTES; ++i)
        word.byte[i] = i < size && !padding
                           ? (uint8_t)output_buffer[start + (s->first + i) / UNIT_BYTES * pixels][i % UNIT_BYTES]
                           : (uint8_t)0;
    append(PASS_WRITE, &s->writer, &word, size, count);
    if (padding) {
        s->left -= size;
    } else {
        s->first += WORD_BYTES;
        if (s->first < b->channels) return;
        s->first = 0;
        ++s->column;
        if (s->column < c->out_width) return;
    }
    if (s->left > 0) return;
    s->column = 0;
    s->left = c->output_row_bytes - c->out_width * b->channels;
    ++s->row;
    if (s->row < b->rows) return;
    end_run(PASS_WRITE, &s->writer, count);
    s->ends = true;
}

__attribute__((max_global_work_dim(0))) kernel void store(int command_count, global ulong *restrict counters,
                                                          WRITE_BUFFERS) {
    // Lanes write single bytes, a word is read at once: a bank per unit of a word, which the compiler splits by byte.
    int8_t __attribute__((memory, numbanks(WORD_UNITS), bankwidth(UNIT_BYTES))) output_buffer[OUTPUT_UNITS][UNIT_BYTES];
commands:
    for (int i = 0; i < command_count; ++i) {
        const command_t c = read_channel_intel(commands_for_store);
        count_t count = ZERO;
        const int blocks = (c.flags & FLAG_STORE) ? c.blocks : 0;
        int received = 0;
        int stored = 0;
        store_state_t state = ZERO;
    cycles:
        while (stored < blocks) {
            if (received < blocks && received < stored + 2) {  // its half of the buffer is free
                bool valid = true;
                results_t r;
                if (stored == received)  // there is nothing else to do
                    r = read_channel_intel(results_from_post);
                else
                    r = read_channel_nb_intel(results_from_post, &valid);
                if (valid && r.ends) ++received;
                if (valid && !r.ends) {
                    const int start = (received & 1) * (OUTPUT_UNITS / 2);
                lanes_of_results:
                    UNROLLED
                    for (int lane = 0; lane < LANES; ++lane)
                        if (r.place[lane] >= 0)
                            output_buffer[start + r.place[lane] / UNIT_BYTES][r.place[lane] % UNIT_BYTES] =
                                r.value[lane];
                }
            }
            if (stored < received) {
                const block_t b = block_of(c, stored);
                if (c.output_format == C16)
                    store_planes(PASS_WRITE, &c, &b, &state, output_buffer, &count);
                else
                    store_pixels(PASS_WRITE, &c, &b, &state, output_buffer, &count);
                if (state.ends) {
                    const store_state_t start = ZERO;
                    state = start;
                    ++stored;
                }
            }
        }
    counters_of_ports:
        UNROLLED
        for (int port = 0; port < PORTS; ++port) counters[i * PORTS + port] = count.port_bytes[port];
        if (i + 1 < command_count) {
            // What was written is complete before LOAD hears of it.
            mem_fence(CLK_GLOBAL_MEM_FENCE | CLK_CHANNEL_MEM_FENCE);
            write_channel_intel(finished_by_store, true);
        }
    }
}
