// LOAD: fetches commands, and for each block reads rows of tensors and runs of weights from memory. It knows where
// their bytes belong in FEED's buffers (docs/overlay.md, sections 2 and 3) and sends them there word by word.

// Bytes of memory that are not counted: commands and tables come beside LOAD's data.
INLINE word_t fetch_word(READ_PORTS, uint64_t address, int bytes) {
    count_t ignored = ZERO;
    const int beats = smaller(PORTS, ceil_div(bytes, PORT_BYTES));
    return read_word(PASS_READ, address / PORT_BYTES, beats, &ignored);
}

INLINE command_t fetch_command(READ_PORTS, uint64_t address) {
    uint32_t fields[COMMAND_WORDS];
words_of_command:  // a beat of each port
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
    words_of_source:  // a beat of each port
        for (int first = 0; first < SOURCE_WORDS * 4; first += WORD_BYTES) {
            const word_t word = fetch_word(PASS_READ, address + (uint64_t)first, SOURCE_WORDS * 4 - first);
        fields_of_word:
            UNROLLED
            for (int i = 0; i < WORD_BYTES / 4; ++i)
                if (first / 4 + i < SOURCE_WORDS) fields[first / 4 + i] = word_of(&word.byte[4 * i]);
        }
        sources[s] = decode_source(fields);
        SEND(sources_for_feed, sources[s]);
    }
}

INLINE void send_table(READ_PORTS, uint64_t address, int bytes, int what) {
words_of_table:  // a beat of each port, and a message
    for (int first = 0; first < bytes; first += WORD_BYTES) {
        tabled_t message;
        message.word = fetch_word(PASS_READ, address + (uint64_t)first, bytes - first);
        message.what = what;
        message.first = first;
        SEND(parameters_from_load, message);
    }
}

INLINE void send_values(READ_PORTS, const command_t *c) {
words_of_values:  // a beat of each port, and a message
    for (int first = 0; first < c->values_bytes; first += WORD_BYTES) {
        placed_t message;
        message.word = fetch_word(PASS_READ, c->values_address + (uint64_t)first, c->values_bytes - first);
        message.what = PUT_VALUES;
        message.at.unit = first;
        SEND(words_from_load, message);
    }
}

// The rows of a tensor that a block needs, which belong from unit `unit` of the input buffer on: a word or a part of one
// per cycle.
INLINE void send_tensor(READ_PORTS, const tensor_t *t, const command_t *c, const block_t *b, int unit, count_t *count) {
    reader_t reader = ZERO;
    word_t word = ZERO;
    int part = 0;
planes:
    for (int plane = 0; plane < t->planes; ++plane) {
    slices:  // a beat of each port at most, and a message; what is left of a word is a register
        for (slices_t p = slices_of_plane(t, b); !p.done;) {
            if (part == 0) {
                if (starts_run(t, &p)) reader = run_of(t, b, plane, p.row);
                word = take(PASS_READ, &reader, slice_bytes(&p), count);
            }
            placed_t message;
            message.what = PUT_UNITS;
            message.at = place_of(t, &p, plane, unit, part);
        bytes_of_word:
            UNROLLED
            for (int i = 0; i < WORD_BYTES; ++i)
                message.word.byte[i] = (uint8_t)byte_of_unit(c, &message.at, &word, i / UNIT_BYTES, i % UNIT_BYTES);
            if (message.at.count > 0) SEND(words_from_load, message);
            part = part + 1 == parts_of(t) ? 0 : part + 1;
            if (part == 0) next_slice(&p);
        }
    }
}

INLINE void send_inputs(READ_PORTS, const command_t *c, const source_t sources[MAX_SOURCES], const block_t *b,
                        count_t *count) {
    int unit = first_unit(c, b);
inputs:
    for (int i = 0; i < inputs_of(c); ++i) {
        const tensor_t t = tensor_of(c, sources, b, i);
        send_tensor(PASS_READ, &t, c, b, unit, count);
        unit += units_of_rows(c, &t, b);
    }
}

// A run of weights: words as they come; the parameters at its start go to POST too.
INLINE void send_weights(READ_PORTS, const weights_t *w, const block_t *b, count_t *count) {
    reader_t reader = open_run(w->address, (uint64_t)w->bytes);
words_of_run:  // a beat of each port at most, a message to FEED, and one to POST
    for (int first = 0; first < w->bytes; first += WORD_BYTES) {
        placed_t message;
        message.word = take(PASS_READ, &reader, smaller(WORD_BYTES, w->bytes - first), count);
        message.what = PUT_WEIGHTS;
        message.at.unit = b->weight_word + first / WORD_BYTES;
        SEND(words_from_load, message);
        if (first / PARAMETER_BYTES < w->channels) {
            tabled_t table;
            table.word = message.word;
            table.what = PUT_PARAMETERS;
            table.first = b->parameter + first / PARAMETER_BYTES;
            SEND(parameters_from_load, table);
        }
    }
}

INLINE void load_block(READ_PORTS, const command_t *c, const source_t sources[MAX_SOURCES], int index, count_t *count) {
    const block_t b = block_of(*c, index);
    const weights_t weights = weights_of(c, &b);
    if (loads_inputs(c, &b)) send_inputs(PASS_READ, c, sources, &b, count);
    send_weights(PASS_READ, &weights, &b, count);
    tabled_t table;
    table.what = PARAMETERS_END;
    SEND(parameters_from_load, table);
    placed_t message;
    message.what = BLOCK_ENDS;
    SEND(words_from_load, message);
}

__attribute__((max_global_work_dim(0))) kernel void load(ulong commands_address, int command_count,
                                                         global ulong *restrict counters, READ_BUFFERS) {
    source_t sources[MAX_SOURCES];
    uint64_t address = commands_address;
    int counted = 0;
commands:
    for (int i = 0; i < command_count; ++i) {
        if (i > 0) {
            bool finished;
            RECEIVE(finished, finished_by_store);  // the memory of the pass before is complete
            mem_fence(CLK_GLOBAL_MEM_FENCE | CLK_CHANNEL_MEM_FENCE);
        }
        count_t count = ZERO;
        const command_t c = fetch_command(PASS_READ, address);
        address += COMMAND_WORDS * 4;
        SEND(commands_for_feed, c);
        SEND(commands_for_array, c);
        SEND(commands_for_accumulate, c);
        SEND(commands_for_post, c);
        SEND(commands_for_store, c);
        fetch_sources(PASS_READ, &c, sources);
        send_values(PASS_READ, &c);
        if (c.flags & FLAG_LOOKUP) send_table(PASS_READ, c.lookup_address, 256, PUT_LOOKUP);
        if (c.flags & FLAG_LEAKY) send_table(PASS_READ, c.slopes_address, c.slope_count * 4, PUT_SLOPES);
    blocks:
        for (int index = 0; index < c.blocks; ++index) load_block(PASS_READ, &c, sources, index, &count);
    counters_of_ports:
        UNROLLED
        for (int port = 0; port < PORTS; ++port) counters[counted + port] = count.port_bytes[port];
        counted += PORTS;
    }
}
