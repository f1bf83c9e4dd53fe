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
    form_t form;
    parameter_t held[LANES];  // of the output channels of the lanes
    wide_t partial[LARGEST_TILE][LARGEST_TILE][LANES];  // Winograd: A times the sums, m1 x t2
    int output;               // Winograd: next output of the tile; all are out if there is no tile
    int tile_first, tile_line, tile_count;           // lanes of the tile whose outputs are next
} posted_t;

// The parameters of the lanes: those of consecutive output channels from `first` on (NS, WS), or of one (IS). Each
// bank is read once, and a rotation sorts them.
INLINE void hold_parameters(const command_t *c, const block_t *b, posted_t *p,
                            parameter_t parameters[PARAMETER_CHANNELS / LANES + 1][LANES]) {
    const bool one = c->dataflow == IS;
    const int first = b->parameter + (one ? p->order.line : p->order.first);
    const int shift = first % LANES;
    parameter_t row[LANES];
banks_of_parameters:
    UNROLLED
    for (int k = 0; k < LANES; ++k) row[k] = parameters[first / LANES + (k < shift ? 1 : 0)][k];
lanes_of_parameters:
    UNROLLED
    for (int lane = 0; lane < LANES; ++lane) p->held[lane] = row[one ? shift : (shift + lane) % LANES];
}

// Direct convolutions: a row of sums.
INLINE void post_sums(const command_t *c, const block_t *b, const posted_t *p, const lanes_t *sums,
                      const tables_t *tables, results_t *r) {
    const int pixels = b->rows * c->out_width;
    const int count = lanes_of(&p->order);
lanes_of_sums:
    UNROLLED
    for (int lane = 0; lane < LANES; ++lane) {
        const int place = p->order.first + lane;
        const int oc = c->dataflow == IS ? p->order.line : place;
        const int pixel = c->dataflow == IS ? place : p->order.line;
        r->value[lane] = requantise(c, sums->product[lane], &p->held[lane], tables->lookup);
        r->place[lane] =
            lane < count ? (oc / UNIT_BYTES * pixels + pixel) * UNIT_BYTES + oc % UNIT_BYTES : -1;
    }
}

// Winograd: a lane gathers the positions of a tile.
INLINE void gather_sums(const command_t *c, posted_t *p, const lanes_t *sums) {
    const form_t *f = &p->form;
    const int i = p->order.position / f->t2;
    const int j = p->order.position % f->t2;
rows_of_outputs:
    UNROLLED
    for (int y = 0; y < LARGEST_TILE; ++y) {
        if (y >= f->m1) continue;
        const wide_t entry = output_entry(f->m1, y, i);
    lanes_of_tile:
        UNROLLED
        for (int lane = 0; lane < LANES; ++lane) {
            const wide_t before = i == 0 ? 0 : p->partial[y][j][lane];
            p->partial[y][j][lane] = before + entry * sums->product[lane];
        }
    }
}

// Winograd: output (y, x) of the tiles of the lanes.
INLINE void post_tiles(const command_t *c, const block_t *b, const posted_t *p, const tables_t *tables, results_t *r) {
    const form_t *f = &p->form;
    const int pixels = b->rows * c->out_width;
    const int y = p->output / f->m2;
    const int x = p->output % f->m2;
lanes_of_outputs:
    UNROLLED
    for (int lane = 0; lane < LANES; ++lane) {
        const int place = p->tile_first + lane;
        const int oc = c->dataflow == IS ? p->tile_line : place;
        const int tile = c->dataflow == IS ? place : p->tile_line;
        const int row = tile / f->across * f->m1 + y;
        const int column = tile % f->across * f->m2 + x;
        wide_t sum = 0;
    columns_of_outputs:
        UNROLLED
        for (int j = 0; j < LARGEST_TILE; ++j)
            if (j < f->t2) sum += output_entry(f->m2, x, j) * p->partial[y][j][lane];
        r->value[lane] = requantise(c, divide_scale(sum, f->m1, f->m2), &p->held[lane], tables->lookup);
        const bool inside = lane < p->tile_count && row < b->rows && column < c->out_width;
        const int unit = oc / UNIT_BYTES * pixels + row * c->out_width + column;
        r->place[lane] = inside ? unit * UNIT_BYTES + oc % UNIT_BYTES : -1;
    }
}

// A block of a vector layer on its way through POST: where the next group of lanes belongs.
typedef struct {
    pool_t pool;
    order_t order;
    int chunk, tile, row, group;
    unit_cursor_t at;
} finished_t;

INLINE bool is_pooling(const command_t *c) { return c->op == OP_MAX_POOL || c->op == OP_AVERAGE_POOL; }

INLINE void begin_finish(const command_t *c, const block_t *b, finished_t *f) {
    f->pool = pool_of(c, b);
    f->order = order_of(c);
    f->chunk = 0;
    f->tile = 0;
    f->row = 0;
    f->group = 0;
    f->at.column = 0;
    f->at.unit = 0;
}

// One cycle of a vector layer: products of R lanes; true when the block is complete.
INLINE bool finish_cycle(const command_t *c, const block_t *b, finished_t *f, bool idle,
                         parameter_t parameters[PARAMETER_CHANNELS / LANES + 1][LANES], const tables_t *tables) {
    bool valid = true;
    lanes_t products;
    if (idle)
        products = read_channel_intel(lanes_from_compute);
    else
        products = read_channel_nb_intel(lanes_from_compute, &valid);
    if (!valid) return false;
    const int pixels = b->rows * c->out_width;
    const bool pools = is_pooling(c);
    const pool_tile_t tile = tile_of(c, &f->pool, f->tile);
    results_t r;
    r.ends = false;
units_of_lanes:
    UNROLLED
    for (int k = 0; k < EACH; ++k) {
        const unit_cursor_t at = pools ? place_in_row(&f->pool, &tile, f->chunk, f->group, k) : f->at;
        const bool counts = pools ? at.column < tile.columns : counts_in(c, &f->order, &at);
        const int column = at.column + (pools ? tile.column : 0);
        const int unit = at.unit + (pools ? f->chunk * f->pool.chunk_units : 0);
    lanes_of_unit:
        UNROLLED
        for (int i = 0; i < UNIT_BYTES; ++i) {
            const int lane = k * UNIT_BYTES + i;
            const int oc = unit * UNIT_BYTES + i;
            const int known = smaller(oc, c->out_channels - 1);
            const wide_t product = products.product[lane];
            const int from = b->parameter + known;
            r.value[lane] =
                c->op == OP_DEPTHWISE
                    ? requantise(c, product, &parameters[from / LANES][from % LANES], tables->lookup)
                    : finish(c, product, products.shift[lane], tables->slopes[c->slope_count > 1 ? known : 0],
                             tables->lookup);
            r.place[lane] = counts && oc == known
                                ? (unit * pixels + f->row * c->out_width + column) * UNIT_BYTES + i
                                : -1;
        }
        next_unit(&f->order, &f->at);
    }
    write_channel_intel(results_from_post, r);
    ++f->group;
    if (f->group < (pools ? groups_of_row(&f->pool, &tile, f->chunk) : f->order.groups)) return false;
    f->group = 0;
    f->at.column = 0;
    f->at.unit = 0;
    ++f->row;
    if (f->row < b->rows) return false;
    f->row = 0;
    ++f->tile;
    if (pools && f->tile < f->pool.tiles) return false;
    f->tile = 0;
    ++f->chunk;
    return !pools || f->chunk == f->pool.chunks;
}

INLINE void begin_post(const command_t *c, const block_t *b, posted_t *p) {
    p->order = post_order_of(c, b);
    p->form = form_of(c, b->rows);
    p->output = -1;
}

// One cycle of a convolution; true when the block is complete.
INLINE bool post_cycle(const command_t *c, const block_t *b, posted_t *p, bool idle,
                       parameter_t parameters[PARAMETER_CHANNELS / LANES + 1][LANES], const tables_t *tables) {
    results_t r;
    r.ends = false;
    if (p->output >= 0) {  // fewer outputs than positions
        post_tiles(c, b, p, tables, &r);
        write_channel_intel(results_from_post, r);
        ++p->output;
        if (p->output == p->form.m1 * p->form.m2) p->output = -1;
        return p->output < 0 && p->order.done;
    }
    bool valid = true;
    lanes_t sums;
    if (idle)
        sums = read_channel_intel(lanes_from_compute);
    else
        sums = read_channel_nb_intel(lanes_from_compute, &valid);
    if (!valid) return false;
    if (p->order.position == 0) hold_parameters(c, b, p, parameters);
    if (c->algorithm == WINOGRAD) {
        gather_sums(c, p, &sums);
        if (p->order.position + 1 == p->order.positions) {
            p->output = 0;
            p->tile_first = p->order.first;
            p->tile_line = p->order.line;
            p->tile_count = lanes_of(&p->order);
        }
        next_post(&p->order);
        return false;
    }
    post_sums(c, b, p, &sums, tables, &r);
    write_channel_intel(results_from_post, r);
    next_post(&p->order);
    return p->order.done;
}

__attribute__((max_global_work_dim(0))) kernel void post(int command_count) {
    parameter_t __attribute__((memory, numbanks(LANES), bankwidth(16)))
    parameters[PARAMETER_CHANNELS / LANES + 1][LANES];
    tables_t tables;
    posted_t posted;
    finished_t vector;
commands:
    for (int i = 0; i < command_count; ++i) {
        const command_t c = read_channel_intel(commands_for_post);
        const bool stores = (c.flags & FLAG_STORE) != 0;
        int arrived = 0;
        int done = 0;
        bool busy = false;
        block_t block = block_of(c, 0);
        begin_post(&c, &block, &posted);
        begin_finish(&c, &block, &vector);
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
                    begin_finish(&c, &block, &vector);
            }
            if (!busy) continue;
            const bool idle = arrived == c.blocks;
            const bool complete = c.op == OP_CONV
                                      ? post_cycle(&c, &block, &posted, idle, parameters, &tables)
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
