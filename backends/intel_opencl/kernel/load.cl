// LOAD: fetches commands, and for each block reads rows of tensors and runs of weights from memory. It knows where
// their bytes belong in COMPUTE's buffers (docs/overlay.md, sections 2 and 3) and sends them there word by word.

// A tensor as LOAD reads it.
typedef struct {
    uint64_t address;
    int channels, width, row_bytes, plane_bytes;
} tensor_t;

// Bytes of memory that are not counted: commands and tables come beside LOAD's data.
INLINE word_t fetch_word(READ_PORTS, uint64_t address, int bytes) {
    count_t ignored = ZERO;
    const int beats = smaller(PORTS, ceil_div(bytes, PORT_BYTES));
    return read_word(PASS_READ, address / PORT_BYTES, beats, &ignored);
}

INLINE command_t fetch_command(READ_PORTS, uint64_t address) {
    uint32_t fields[COMMAND_WORDS];
words_of_command:
    for (int first = 0; first < COMMAND_WORDS * 4; first += WORD_BYTES) {
        const word_t word = fetch_word(PASS_READ, address + (uint64_t)first, COMMAND_WORDS * 4 - first);
    fields_of_word:
        UNROLLED
        for (int i = 0; i < WORD_BYTES / 4; ++i)
            if (first / 4 + i < COMMAND_WORDS) fields[first / 4 + i] = word_of(&word.byte[4 * i]);
    }
    return decode_command(fields);
}

INLINE void fetch_sources(READ_PORTS, const command_t *c, source_t sources[MAX_SOURCES]) {
    if (c->sources_address == 0) return;
sources:
    for (int s = 0; s < c->source_count; ++s) {
        uint32_t fields[SOURCE_WORDS];
        const uint64_t address = c->sources_address + (uint64_t)s * SOURCE_WORDS * 4;
    words_of_source:
        for (int first = 0; first < SOURCE_WORDS * 4; first += WORD_BYTES) {
            const word_t word = fetch_word(PASS_READ, address + (uint64_t)first, SOURCE_WORDS * 4 - first);
        fields_of_word:
            UNROLLED
            for (int i = 0; i < WORD_BYTES / 4; ++i)
                if (first / 4 + i < SOURCE_WORDS) fields[first / 4 + i] = word_of(&word.byte[4 * i]);
        }
        sources[s] = decode_source(fields);
        write_channel_intel(sources_for_compute, sources[s]);
    }
}

INLINE void send_table(READ_PORTS, uint64_t address, int bytes, int what) {
words_of_table:
    for (int first = 0; first < bytes; first += WORD_BYTES) {
        tabled_t message;
        message.word = fetch_word(PASS_READ, address + (uint64_t)first, bytes - first);
        message.what = what;
        message.first = first;
        write_channel_intel(parameters_from_load, message);
    }
}

INLINE void send_values(READ_PORTS, const command_t *c) {
words_of_values:
    for (int first = 0; first < c->values_bytes; first += WORD_BYTES) {
        placed_t message;
        message.word = fetch_word(PASS_READ, c->values_address + (uint64_t)first, c->values_bytes - first);
        message.what = PUT_VALUES;
        message.first = first;
        message.step = 0;
        message.count = 0;
        write_channel_intel(words_from_load, message);
    }
}

// Rows of a c16 tensor: plane by plane, n pixels of 16 channels per cycle. They go to n different banks: their distance
// is odd.
INLINE void send_planes(READ_PORTS, const tensor_t *t, const command_t *c, const block_t *b, int unit, int pitch,
                        count_t *count) {
    const bool by_row = c->algorithm == WINOGRAD;
    const int units = units_of(t->channels);
planes:
    for (int plane = 0; plane < units; ++plane) {
        const int known = smaller(UNIT_BYTES, t->channels - plane * UNIT_BYTES);
        const uint64_t start = t->address + (uint64_t)plane * (uint64_t)t->plane_bytes +
                               (uint64_t)b->input_start * (uint64_t)t->row_bytes;
        reader_t reader = open_run(start, (uint64_t)b->input_rows * (uint64_t)t->row_bytes);
    rows:
        for (int row = 0; row < b->input_rows; ++row) {
            if (by_row)  // the Winograd transform takes whole rows: each is a run of its own
                reader = open_run(start + (uint64_t)row * (uint64_t)t->row_bytes, (uint64_t)t->row_bytes);
        pixels:
            for (int first = 0; first < t->row_bytes; first += WORD_BYTES) {
                placed_t message;
                message.word = take(PASS_READ, &reader, smaller(WORD_BYTES, t->row_bytes - first), count);
                message.what = PUT_UNITS;
                message.first = unit + (row * t->width + first / UNIT_BYTES) * pitch + plane;
                message.step = pitch;
                message.count = smaller(WORD_UNITS, t->width - first / UNIT_BYTES);
            channels:
                UNROLLED
                for (int i = 0; i < WORD_BYTES; ++i)
                    if (i % UNIT_BYTES >= known) message.word.byte[i] = (uint8_t)c->pad_value;
                if (message.count > 0) write_channel_intel(words_from_load, message);
            }
        }
    }
}

// Rows of pixels of `bytes` bytes each (hwc: channels; toeplitz: a window): one pixel, at most a word of it, per cycle.
// The units of a pixel lie in different banks.
INLINE void send_pixels(READ_PORTS, const tensor_t *t, const command_t *c, const block_t *b, int bytes, int width,
                        int unit, int pitch, count_t *count) {
    const uint64_t start = t->address + (uint64_t)b->input_start * (uint64_t)t->row_bytes;
    reader_t reader = open_run(start, (uint64_t)b->input_rows * (uint64_t)t->row_bytes);
rows:
    for (int row = 0; row < b->input_rows; ++row) {
    pixels:
        for (int column = 0; column < width; ++column) {
        pieces:
            for (int first = 0; first < bytes; first += WORD_BYTES) {
                const int size = smaller(WORD_BYTES, bytes - first);
                placed_t message;
                message.word = take(PASS_READ, &reader, size, count);
                message.what = PUT_UNITS;
                message.first = unit + (row * width + column) * pitch + first / UNIT_BYTES;
                message.step = 1;
                message.count = units_of(size);
            channels:
                UNROLLED
                for (int i = 0; i < WORD_BYTES; ++i)
                    if (i >= size) message.word.byte[i] = (uint8_t)c->pad_value;
                write_channel_intel(words_from_load, message);
            }
        }
    padding:
        for (int left = t->row_bytes - width * bytes; left > 0; left -= WORD_BYTES)
            take(PASS_READ, &reader, smaller(WORD_BYTES, left), count);
    }
}

INLINE void send_inputs(READ_PORTS, const command_t *c, const source_t sources[MAX_SOURCES], const block_t *b,
                        count_t *count) {
    int unit = b->input_unit;
    const bool listed = c->op == OP_ADD || c->op == OP_MUL || c->op == OP_SCALE || c->op == OP_CONCAT;
    const int inputs = c->op == OP_SCALE ? 1 : c->source_count;
    if (c->algorithm == WINOGRAD) unit += transformed_units(c, b);
inputs:
    for (int i = 0; i < inputs; ++i) {
        tensor_t t = {c->input_address, c->channels, c->width, c->input_row_bytes, c->input_plane_bytes};
        if (listed) {
            t.address = sources[i].address;
            t.channels = sources[i].channels;
            t.row_bytes = sources[i].row_bytes;
            t.plane_bytes = sources[i].plane_bytes;
        }
        const int units = units_of(t.channels);
        const int pitch = c->algorithm == WINOGRAD ? units : pitch_of(units);
        if (c->input_format == C16) {
            send_planes(PASS_READ, &t, c, b, unit, pitch, count);
        } else {
            const bool windows = c->input_format == TOEPLITZ;
            send_pixels(PASS_READ, &t, c, b, windows ? c->window_bytes : t.channels, windows ? c->out_width : t.width,
                        unit, windows ? c->window_bytes / UNIT_BYTES : pitch, count);
        }
        unit += b->input_rows * t.width * pitch;
    }
}

// A run of weights: words as they come; the parameters at its start go to POST too.
INLINE void send_weights(READ_PORTS, const command_t *c, const block_t *b, uint64_t address, int bytes,
                         count_t *count) {
    int channels = 0;
    if (c->op == OP_CONV) channels = b->channels;
    if (c->op == OP_DEPTHWISE) channels = units_of(c->channels) * UNIT_BYTES;
    reader_t reader = open_run(address, (uint64_t)bytes);
words_of_run:
    for (int first = 0; first < bytes; first += WORD_BYTES) {
        placed_t message;
        message.word = take(PASS_READ, &reader, smaller(WORD_BYTES, bytes - first), count);
        message.what = PUT_WEIGHTS;
        message.first = b->weight_word + first / WORD_BYTES;
        message.step = 0;
        message.count = 0;
        write_channel_intel(words_from_load, message);
        if (first / PARAMETER_BYTES < channels) {
            tabled_t table;
            table.word = message.word;
            table.what = PUT_PARAMETERS;
            table.first = b->parameter + first / PARAMETER_BYTES;
            write_channel_intel(parameters_from_load, table);
        }
    }
}

INLINE void load_block(READ_PORTS, const command_t *c, const source_t sources[MAX_SOURCES], int index,
                       count_t *count) {
    const block_t b = block_of(*c, index);
    const bool inputs_stream = c->mode == STREAM_INPUTS;
    const bool last = index == c->blocks - 1;
    if (inputs_stream || index == 0) send_inputs(PASS_READ, c, sources, &b, count);
    if (!inputs_stream || (index == 0 && c->weight_bytes > 0)) {
        const uint64_t start =
            c->weights_address + (inputs_stream ? 0 : (uint64_t)index * (uint64_t)c->weight_bytes);
        const int bytes = !inputs_stream && last ? c->last_weight_bytes : c->weight_bytes;
        send_weights(PASS_READ, c, &b, start, bytes, count);
    }
    tabled_t table;
    table.what = PARAMETERS_END;
    write_channel_intel(parameters_from_load, table);
    placed_t message;
    message.what = BLOCK_ENDS;
    write_channel_intel(words_from_load, message);
}

__attribute__((max_global_work_dim(0))) kernel void load(ulong commands_address, int command_count,
                                                         global ulong *restrict counters, READ_BUFFERS) {
    source_t sources[MAX_SOURCES];
commands:
    for (int i = 0; i < command_count; ++i) {
        if (i > 0) {
            read_channel_intel(finished_by_store);  // the memory of the pass before is complete
            mem_fence(CLK_GLOBAL_MEM_FENCE | CLK_CHANNEL_MEM_FENCE);
        }
        count_t count = ZERO;
        const command_t c = fetch_command(PASS_READ, commands_address + (ulong)i * (ulong)(COMMAND_WORDS * 4));
        write_channel_intel(commands_for_compute, c);
        write_channel_intel(commands_for_post, c);
        write_channel_intel(commands_for_store, c);
        fetch_sources(PASS_READ, &c, sources);
        send_values(PASS_READ, &c);
        if (c.flags & FLAG_LOOKUP) send_table(PASS_READ, c.lookup_address, 256, PUT_LOOKUP);
        if (c.flags & FLAG_LEAKY) send_table(PASS_READ, c.slopes_address, c.slope_count * 4, PUT_SLOPES);
    blocks:
        for (int index = 0; index < c.blocks; ++index) load_block(PASS_READ, &c, sources, index, &count);
    counters_of_ports:
        UNROLLED
        for (int port = 0; port < PORTS; ++port) counters[i * PORTS + port] = count.port_bytes[port];
    }
}
