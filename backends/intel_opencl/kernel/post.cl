// POST: sums become int8 values (docs/overlay.md, section 6), R lanes per cycle, and products of the vector unit are
// finished as they come. It owns the parameters of the output channels and the tables of the command.

// What a command refers to beside weights (docs/program.md, section 4).
typedef struct {
    int8_t lookup[256];
    int32_t slopes[SLOPES];
} tables_t;

// Takes in one message of LOAD; `idle`: there is nothing else to do, so it waits. Parameters of a channel lie in bank
// channel % LANES.
INLINE void take_parameters(int *arrived, bool idle, parameter_t parameters[PARAMETER_CHANNELS / LANES + 1][LANES],
                            tables_t *tables) {
    bool valid = true;
    tabled_t m;
    if (idle)
        m = read_channel_intel(parameters_from_load);
    else
        m = read_channel_nb_intel(parameters_from_load, &valid);
    if (!valid) return;
    if (m.what == PUT_PARAMETERS) {
    channels_of_word:
        UNROLLED
        for (int k = 0; k < WORD_UNITS; ++k) {
            const int oc = m.first + k;
            if (oc < PARAMETER_CHANNELS)
                parameters[oc / LANES][oc % LANES] = decode_parameter(&m.word.byte[k * PARAMETER_BYTES]);
        }
    } else if (m.what == PUT_LOOKUP) {
    bytes_of_lookup:
        UNROLLED
        for (int i = 0; i < WORD_BYTES; ++i)
            if (m.first + i < 256) tables->lookup[m.first + i] = (int8_t)m.word.byte[i];
    } else if (m.what == PUT_SLOPES) {
    slopes_of_word:
        UNROLLED
        for (int i = 0; i < WORD_BYTES / 4; ++i)
            if (m.first / 4 + i < SLOPES) tables->slopes[m.first / 4 + i] = (int32_t)word_of(&m.word.byte[4 * i]);
    } else {
        ++*arrived;
    }
}

// A block of a convolution on its way through POST.
typedef struct {
    post_order_t order;
    tile_at_t tile;  // Winograd
    form_t form;
    parameter_t held[LANES];  // of the output channels of the lanes
    half_results_t part;      // Winograd
    bool leaves;              // Winograd: outputs of the tile `made` are still to come, next (y, x)
    int y, x;
    post_order_t made;
    tile_at_t made_tile;
} posted_t;

// The parameters of the lanes: those of consecutive output channels from `first` on (NS, WS), or of one (IS). Each
// bank is read once, and a rotation sorts them.
INLINE void hold_parameters(const block_t *b, posted_t *p,
                            parameter_t parameters[PARAMETER_CHANNELS / LANES + 1][LANES]) {
    const int first = b->parameter + channel_of_lane(&p->order, 0);
    const int shift = first % LANES;
    parameter_t row[LANES];
banks_of_parameters:
    UNROLLED
    for (int k = 0; k < LANES; ++k) row[k] = parameters[first / LANES + (k < shift ? 1 : 0)][k];
lanes_of_parameters:
    UNROLLED
    for (int lane = 0; lane < LANES; ++lane) p->held[lane] = row[p->order.by_channel ? shift : (shift + lane) % LANES];
}

// Where a lane's result belongs, -1 for a lane that has none: of a direct convolution, and output (y, x) of a Winograd
// tile.
INLINE int place_of_sum(const command_t *c, const block_t *b, const post_order_t *o, int lane) {
    if (lane >= lanes_of(o)) return -1;
    return byte_of_output(c, b, number_of_lane(o, lane), channel_of_lane(o, lane));
}

INLINE int place_in_tile(const command_t *c, const block_t *b, const posted_t *p, int lane) {
    const post_order_t *o = &p->made;
    const int row = p->made_tile.down * p->form.m1 + p->y;
    const int column = p->made_tile.right * p->form.m2 + p->x;
    if (lane >= lanes_of(o) || row >= b->rows || column >= c->out_width) return -1;
    return byte_of_output(c, b, row * c->out_width + column, channel_of_lane(o, lane));
}

// Direct convolutions: a row of sums.
INLINE void post_sums(const command_t *c, const block_t *b, const posted_t *p, const lanes_t *sums,
                      const tables_t *tables, results_t *r) {
lanes_of_sums:
    UNROLLED
    for (int lane = 0; lane < LANES; ++lane) {
        r->value[lane] = looked_up(c, requantise(c, sums->product[lane], &p->held[lane]), tables->lookup);
        r->place[lane] = place_of_sum(c, b, &p->order, lane);
    }
}

// Winograd: an output of the tile.
INLINE void post_tile(const command_t *c, const block_t *b, const posted_t *p, const tables_t *tables, results_t *r) {
lanes_of_outputs:
    UNROLLED
    for (int lane = 0; lane < LANES; ++lane) {
        const int8_t value = requantise(c, sum_of_tile(&p->form, p->part, p->y, p->x, lane), &p->held[lane]);
        r->value[lane] = looked_up(c, value, tables->lookup);
        r->place[lane] = place_in_tile(c, b, p, lane);
    }
}

// One cycle of a vector layer: products of R lanes; true when the block is complete.
INLINE bool finish_cycle(const command_t *c, const block_t *b, product_order_t *o, bool idle,
                         parameter_t parameters[PARAMETER_CHANNELS / LANES + 1][LANES], const tables_t *tables) {
    bool valid = true;
    lanes_t products;
    if (idle)
        products = read_channel_intel(lanes_from_compute);
    else
        products = read_channel_nb_intel(lanes_from_compute, &valid);
    if (!valid) return false;
    results_t r;
    r.ends = false;
units_of_lanes:
    UNROLLED
    for (int k = 0; k < EACH; ++k) {
        const finished_t f = unit_of_group(c, b, o, k);
    lanes_of_unit:
        UNROLLED
        for (int i = 0; i < UNIT_BYTES; ++i) {
            const int lane = k * UNIT_BYTES + i;
            const int known = smaller(f.oc + i, c->out_channels - 1);
            const wide_t product = products.product[lane];
            const int from = b->parameter + known;
            const int32_t slope = tables->slopes[c->slope_count > 1 ? known : 0];
            const parameter_t own = c->op == OP_DEPTHWISE ? parameters[from / LANES][from % LANES]
                                                          : parameter_of_product(c, products.shift[lane], slope);
            const int8_t value = requantise(c, product, &own);
            r.value[lane] = looked_up(c, value, tables->lookup);
            r.place[lane] = f.place >= 0 && f.oc + i == known ? f.place + i : -1;
        }
    }
    write_channel_intel(results_from_post, r);
    next_group(c, b, o);
    return o->done;
}

INLINE void begin_post(const command_t *c, const block_t *b, posted_t *p) {
    p->order = post_order_of(c, b);
    p->made = p->order;
    p->form = form_of(c, b->rows);
    const tile_at_t first = {0, 0};
    p->tile = first;
    p->made_tile = first;
    p->leaves = false;
    p->y = 0;
    p->x = 0;
}

// One cycle of a convolution; true when the block is complete.
INLINE bool post_cycle(const command_t *c, const block_t *b, posted_t *p, bool idle,
                       parameter_t parameters[PARAMETER_CHANNELS / LANES + 1][LANES], const tables_t *tables) {
    results_t r;
    r.ends = false;
    if (p->leaves) {  // fewer outputs than positions
        post_tile(c, b, p, tables, &r);
        write_channel_intel(results_from_post, r);
        ++p->x;
        if (p->x == p->form.m2) {
            p->x = 0;
            ++p->y;
        }
        p->leaves = p->y < p->form.m1;
        return !p->leaves && p->order.done;
    }
    bool valid = true;
    lanes_t sums;
    if (idle)
        sums = read_channel_intel(lanes_from_compute);
    else
        sums = read_channel_nb_intel(lanes_from_compute, &valid);
    if (!valid) return false;
    if (p->order.position == 0) hold_parameters(b, p, parameters);
    if (c->algorithm == WINOGRAD) {
        gather_sums(&p->form, p->order.i, p->order.j, sums.product, p->part);
        if (p->order.position + 1 == p->order.positions) {
            p->leaves = true;
            p->y = 0;
            p->x = 0;
            p->made = p->order;
            p->made_tile = p->tile;
        }
        next_post(&p->order);
        if (p->leaves) next_output_tile(&p->order, p->form.across, &p->tile);
        return false;
    }
    post_sums(c, b, p, &sums, tables, &r);
    write_channel_intel(results_from_post, r);
    next_post(&p->order);
    return p->order.done;
}

__attribute__((max_global_work_dim(0))) kernel void post(int command_count) {
    parameter_t
        __attribute__((memory, numbanks(LANES), bankwidth(16))) parameters[PARAMETER_CHANNELS / LANES + 1][LANES];
    tables_t tables;
    posted_t posted;
    product_order_t vector;
commands:
    for (int i = 0; i < command_count; ++i) {
        const command_t c = read_channel_intel(commands_for_post);
        const bool stores = (c.flags & FLAG_STORE) != 0;
        int arrived = 0;
        int done = 0;
        bool busy = false;
        block_t block = block_of(c, 0);
        begin_post(&c, &block, &posted);
        vector = product_order_of(&c, &block);
    cycles:
        while (done < c.blocks) {
            if (arrived < c.blocks && arrived < done + 4)
                take_parameters(&arrived, done == arrived, parameters, &tables);
            if (!stores) {
                done = arrived;
                continue;
            }
            if (!busy && done < arrived) {
                busy = true;
                block = block_of(c, done);
                if (c.op == OP_CONV)
                    begin_post(&c, &block, &posted);
                else
                    vector = product_order_of(&c, &block);
            }
            if (!busy) continue;
            const bool idle = arrived == c.blocks;
            const bool complete = c.op == OP_CONV ? post_cycle(&c, &block, &posted, idle, parameters, &tables)
                                                  : finish_cycle(&c, &block, &vector, idle, parameters, &tables);
            if (complete) {
                results_t end;
                end.ends = true;
                write_channel_intel(results_from_post, end);
                busy = false;
                ++done;
            }
        }
    }
}
