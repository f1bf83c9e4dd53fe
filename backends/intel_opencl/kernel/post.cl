// POST: sums become int8 values (docs/overlay.md, section 6), R lanes per cycle, and products of the vector unit are made
// and finished as its slots come. It owns the parameters of the output channels and the tables of the command.
//
// A block is a loop whose iteration is one clock cycle: it takes in one message of LOAD, if there is one, and lanes of the
// array or of the vector unit, which all are finished in one place.

// What belongs to an output channel lies in bank channel % PARAMETER_BANKS.
typedef parameter_t parameters_t[PARAMETER_ROWS][PARAMETER_BANKS];

// What a command refers to beside weights (docs/program.md, section 4).
typedef struct {
    int8_t lookup[256];
    int32_t slopes[SLOPE_ROWS][PARAMETER_BANKS];
} tables_t;

// Takes in one message of LOAD; `idle`: there is nothing else to do, so it waits.
INLINE void take_parameters(int *arrived, bool idle, parameters_t parameters, tables_t *tables) {
    bool valid = true;
    tabled_t m;
    if (idle)
        RECEIVE(m, parameters_from_load);
    else
        m = read_channel_nb_intel(parameters_from_load, &valid);
    if (!valid) return;
    if (m.what == PUT_PARAMETERS) {
    channels_of_word:
        UNROLLED
        for (int k = 0; k < WORD_UNITS; ++k) {
            const int oc = m.first + k;
            if (oc < PARAMETER_CHANNELS)
                parameters[oc / PARAMETER_BANKS][oc % PARAMETER_BANKS] =
                    decode_parameter(&m.word.byte[k * PARAMETER_BYTES]);
        }
    } else if (m.what == PUT_LOOKUP) {
    bytes_of_lookup:
        UNROLLED
        for (int i = 0; i < WORD_BYTES; ++i)
            if (m.first + i < 256) tables->lookup[m.first + i] = (int8_t)m.word.byte[i];
    } else if (m.what == PUT_SLOPES) {
    slopes_of_word:
        UNROLLED
        for (int i = 0; i < WORD_BYTES / 4; ++i) {
            const int oc = m.first / 4 + i;
            if (oc < SLOPES)
                tables->slopes[oc / PARAMETER_BANKS][oc % PARAMETER_BANKS] = (int32_t)word_of(&m.word.byte[4 * i]);
        }
    } else {
        ++*arrived;
    }
}

// The parameters of `count` output channels from `first` on, one for each lane, or of one for all of them. Each bank is
// read once, and a rotation sorts them.
INLINE void read_parameters(parameters_t parameters, int first, int count, parameter_t of_lane[LANES]) {
    parameter_t bank[PARAMETER_BANKS];
banks_of_parameters:
    UNROLLED
    for (int k = 0; k < PARAMETER_BANKS; ++k) {
        const int own = (k - first) & (PARAMETER_BANKS - 1);
        const int known = first + (own < count ? own : 0);
        bank[k] = parameters[known / PARAMETER_BANKS][k];
    }
lanes_of_parameters:
    UNROLLED
    for (int lane = 0; lane < LANES; ++lane) of_lane[lane] = bank[(first + lane) & (PARAMETER_BANKS - 1)];
}

INLINE void read_slopes(const tables_t *tables, int first, int count, int32_t of_lane[LANES]) {
    int32_t bank[PARAMETER_BANKS];
banks_of_slopes:
    UNROLLED
    for (int k = 0; k < PARAMETER_BANKS; ++k) {
        const int own = (k - first) & (PARAMETER_BANKS - 1);
        const int known = first + (own < count ? own : 0);
        bank[k] = tables->slopes[known / PARAMETER_BANKS][k];
    }
lanes_of_slopes:
    UNROLLED
    for (int lane = 0; lane < LANES; ++lane) of_lane[lane] = bank[(first + lane) & (PARAMETER_BANKS - 1)];
}

// Lanes that are to be finished, and where they belong: a byte of the block's half of the output buffer, -1 if nowhere.
typedef struct {
    wide_t value[LANES];
    parameter_t own[LANES];
    int place[LANES];
} unfinished_t;

// A block on its way through POST.
typedef struct {
    int pitch;  // of the output buffer
    // Convolutions
    post_order_t order;
    parameter_t held[LANES];  // of the output channels of the lanes
    form_t form;              // Winograd
    half_results_t part;
    tile_at_t tile;
    bool leaves;  // outputs of the tile `made` are still to come, next (y, x)
    int y, x;
    post_order_t made;
    tile_at_t made_tile;
    // Vector layers
    product_order_t group;
    lanes_t products;
} posted_t;

INLINE void begin_post(const command_t *c, const block_t *b, posted_t *p) {
    const tile_at_t first = {0, 0, 0};
    p->pitch = output_pitch(c, b);
    p->order = post_order_of(c, b);
    p->made = p->order;
    p->form = form_of(c, b->rows);
    p->tile = first;
    p->made_tile = first;
    p->leaves = false;
    p->y = 0;
    p->x = 0;
    p->group = product_order_of(c, b);
}

// Where the results of the lanes of a row belong: consecutive channels of pixel `pixel`, or (IS) consecutive pixels from
// there on of one channel.
INLINE void place_lanes(const post_order_t *o, int pitch, int pixel, bool inside, int place[LANES]) {
    const int oc = channel_of_lane(o, 0);
    const int offset = oc % UNIT_BYTES;
    const int unit = times(pitch, oc / UNIT_BYTES) + pixel;
    const int count = inside ? lanes_of(o) : 0;
places_of_lanes:
    UNROLLED
    for (int lane = 0; lane < LANES; ++lane) {
        const int byte = o->by_channel ? offset : offset + lane;
        const int own = unit + times(pitch, byte / UNIT_BYTES) + (o->by_channel ? lane : 0);
        place[lane] = lane < count ? own * UNIT_BYTES + byte % UNIT_BYTES : -1;
    }
}

// Winograd: an output of the tile that is made.
INLINE void take_output(const command_t *c, const block_t *b, posted_t *p, unfinished_t *u) {
    const int row = p->made_tile.row + p->y;
    const int column = p->made_tile.column + p->x;
    place_lanes(&p->made, p->pitch, times(c->out_width, row) + column, row < b->rows && column < c->out_width,
                u->place);
lanes_of_outputs:
    UNROLLED
    for (int lane = 0; lane < LANES; ++lane) {
        u->value[lane] = sum_of_tile(&p->form, p->part, p->y, p->x, lane);
        u->own[lane] = p->held[lane];
    }
    ++p->x;
    if (p->x == p->form.m2) {
        p->x = 0;
        ++p->y;
    }
    p->leaves = p->y < p->form.m1;
}

// A row of sums of a convolution; false: none has come, or it was gathered for a tile.
INLINE bool take_sums(const command_t *c, const block_t *b, posted_t *p, bool idle, parameters_t parameters,
                      unfinished_t *u) {
    bool valid = true;
    row_of_sums_t row;
    if (idle)
        RECEIVE(row, rows_of_sums);
    else
        row = read_channel_nb_intel(rows_of_sums, &valid);
    if (!valid) {
        GIVE_WAY();
        return false;
    }
    const post_order_t o = p->order;
    if (o.position == 0)
        read_parameters(parameters, b->parameter + channel_of_lane(&o, 0), o.by_channel ? 1 : lanes_of(&o), p->held);
    next_post(&p->order);
    if (c->algorithm == WINOGRAD) {
        gather_sums(&p->form, o.i, o.j, row.sum, p->part);
        if (o.position + 1 < o.positions) return false;
        p->leaves = true;
        p->y = 0;
        p->x = 0;
        p->made = o;
        p->made_tile = p->tile;
        next_output_tile(&p->order, p->form.across, p->form.m1, p->form.m2, &p->tile);
        return false;
    }
    place_lanes(&o, p->pitch, number_of_lane(&o, 0), true, u->place);
lanes_of_sums:
    UNROLLED
    for (int lane = 0; lane < LANES; ++lane) {
        u->value[lane] = row.sum[lane];
        u->own[lane] = p->held[o.by_channel ? 0 : lane];
    }
    return true;
}

// A slot of the vector unit: the product of each lane; false: none has come, or its position has more taps.
INLINE bool take_slot(const command_t *c, const block_t *b, posted_t *p, bool idle, parameters_t parameters,
                      const tables_t *tables, unfinished_t *u) {
    bool valid = true;
    operands_t slot;
    if (idle)
        RECEIVE(slot, slots_from_feed);
    else
        slot = read_channel_nb_intel(slots_from_feed, &valid);
    if (!valid) {
        GIVE_WAY();
        return false;
    }
    multiply_lanes(&slot, &p->products);
    if (!slot.leaves) return false;
    const int first = first_unit_of_group(&p->group) * UNIT_BYTES;
    const int known = smaller(LANES, c->out_channels - first);
    parameter_t parameter_of[LANES];
    int32_t slope_of[LANES];
    read_parameters(parameters, b->parameter + (c->op == OP_DEPTHWISE ? first : 0), known, parameter_of);
    read_slopes(tables, c->slope_count > 1 ? first : 0, c->slope_count > 1 ? known : 1, slope_of);
units_of_lanes:
    UNROLLED
    for (int k = 0; k < EACH; ++k) {
        const finished_t f = unit_of_group(&p->group, k);
    lanes_of_unit:
        UNROLLED
        for (int i = 0; i < UNIT_BYTES; ++i) {
            const int lane = k * UNIT_BYTES + i;
            const int32_t slope = slope_of[c->slope_count > 1 ? lane : 0];
            u->value[lane] = p->products.product[lane];
            u->own[lane] =
                c->op == OP_DEPTHWISE ? parameter_of[lane] : parameter_of_product(c, &p->products, lane, slope);
            u->place[lane] = f.unit >= 0 && f.oc + i < c->out_channels ? f.unit * UNIT_BYTES + i : -1;
        }
    }
    next_group(c, b, &p->group);
    return true;
}

// Sums and products alike: each lane has one multiplication.
INLINE void finish_lanes(const command_t *c, const unfinished_t *u, const tables_t *tables) {
    results_t r;
    r.ends = false;
finished_lanes:
    UNROLLED
    for (int lane = 0; lane < LANES; ++lane) {
        const int8_t value = requantise(c, u->value[lane], &u->own[lane]);
        r.value[lane] = looked_up(c, value, tables->lookup);
        r.place[lane] = u->place[lane];
    }
    SEND(results_from_post, r);
}

// One cycle of a block; true when it is complete.
INLINE bool post_cycle(const command_t *c, const block_t *b, posted_t *p, bool idle, parameters_t parameters,
                       const tables_t *tables) {
    unfinished_t u;
    bool some = true;
    if (c->op != OP_CONV)
        some = take_slot(c, b, p, idle, parameters, tables, &u);
    else if (p->leaves)  // fewer outputs than positions
        take_output(c, b, p, &u);
    else
        some = take_sums(c, b, p, idle, parameters, &u);
    if (some) finish_lanes(c, &u, tables);
    return c->op == OP_CONV ? p->order.done && !p->leaves : p->group.done;
}

__attribute__((max_global_work_dim(0))) kernel void post(int command_count) {
    parameter_t
        __attribute__((memory, numbanks(PARAMETER_BANKS), bankwidth(16))) parameters[PARAMETER_ROWS][PARAMETER_BANKS];
    tables_t tables;
    posted_t posted;
commands:
    for (int i = 0; i < command_count; ++i) {
        command_t c;
        RECEIVE(c, commands_for_post);
        const bool stores = (c.flags & FLAG_STORE) != 0;
        int arrived = 0;
    blocks:
        for (int index = 0; index < c.blocks; ++index) {
            const block_t block = block_of(c, index);
            begin_post(&c, &block, &posted);
            bool complete = !stores;
        cycles:  // a message of each side; parameters of consecutive channels, one of each bank; a product of each lane
            while (!complete || arrived <= index) {
                const bool full = arrived == c.blocks || arrived == index + 4;
                if (!full) take_parameters(&arrived, arrived <= index, parameters, &tables);
                if (!complete && arrived > index) complete = post_cycle(&c, &block, &posted, full, parameters, &tables);
            }
            if (stores) {
                results_t end;
                end.ends = true;
                SEND(results_from_post, end);
            }
        }
    }
}
