// ACCUMULATE: owns the accumulators. An iteration of its loop is one clock cycle: what leaves the array is added to one half
// of them, and a row of sums of the block before leaves the other.

// A finished block whose sums go to POST.
typedef struct {
    sums_t sums;
    post_order_t order;
} outlet_t;

INLINE outlet_t outlet_of(const command_t *c, const block_t *b) {
    outlet_t out;
    out.order = post_order_of(c, b);
    out.sums = sums_of(c, b, times(out.order.tiles, out.order.positions));
    return out;
}

// Sends R lanes of a row of accumulators; if the channel is full, the same ones again in the next cycle. The lanes
// are consecutive sums: from some bank of a row on, and from bank 0 of the next row. So each bank is read once, and a
// rotation sorts them.
INLINE void send_sums(outlet_t *out, sums_read_t sums) {
    const post_order_t *o = &out->order;
    const int first_row = out->sums.first + o->row + o->column, first_bank = o->first - o->tile;
    const int count = lanes_of(o);
    sum_t row[ARRAY_COLUMNS];
banks:
    UNROLLED
    for (int j = 0; j < ARRAY_COLUMNS; ++j) {
        const bool below = j < first_bank;
        const int own = first_row + (below ? 1 : 0);
        const int lane = j - first_bank + (below ? ARRAY_COLUMNS : 0);
        row[j] = lane < count ? sums[sum_memory(0, own)][sum_address(own)][j] : 0;
    }
    row_of_sums_t message;
lanes_of_row:
    UNROLLED
    for (int lane = 0; lane < LANES; ++lane) {
        const int bank = first_bank + lane < ARRAY_COLUMNS ? first_bank + lane : first_bank + lane - ARRAY_COLUMNS;
        message.sum[lane] = lane < count ? (wide_t)row[bank] : 0;
    }
    if (write_channel_nb_intel(rows_of_sums, message))
        next_post(&out->order);
    else
        GIVE_WAY();
}

__attribute__((max_global_work_dim(0))) kernel void accumulate(int command_count) {
    // A bank per column of the array: each is added to once per cycle, and read for POST.
    sum_t __attribute__((memory, numbanks(BANK_COLUMNS),
                         bankwidth(8))) sums[SUM_MEMORIES][ACCUMULATOR_ROWS][BANK_COLUMNS];
commands:
    for (int i = 0; i < command_count; ++i) {
        command_t c;
        RECEIVE(c, commands_for_accumulate);
        const bool stores = (c.flags & FLAG_STORE) != 0;
        const int blocks = c.op == OP_CONV ? c.blocks : 0;
        // In turn `index` the sums of block `index` are added, and those of the block before are sent.
        const int turns = blocks + (stores && blocks > 0 ? 1 : 0);
        block_t before = block_of(c, 0);
    blocks:
        for (int index = 0; index < turns; ++index) {
            const block_t block = block_of(c, smaller(index, c.blocks - 1));
            const flow_t flow = flow_of(&c, &block, 0);
            int left = index < blocks ? moving_cycles(&c, &block) : 0;
            const int rows = left > 0 ? rows_to_clear(&c, &flow.g, &flow.sums) : 0;
            outlet_t out = outlet_of(&c, &before);
            out.order.done = !stores || index == 0;
            added_t added;
            nothing_added(&added);
        cleared_rows:  // a row is an address of every bank
            for (int row = 0; row < rows; ++row) clear_row(sums, flow.sums.first + row);
        // An accumulator that was added to is read again LATELY iterations later at the earliest: sooner, its sum comes
        // from registers. What is sent lies in the other half.
        cycles:  // of a bank a sum is read, added to and written in one half, and read for POST in the other
#pragma ivdep array(sums) safelen(4)
            while (left > 0 || !out.order.done) {
                if (left > 0) {
                    bool valid = true;
                    leaving_t leaving;
                    if (out.order.done)
                        RECEIVE(leaving, sums_from_array);
                    else
                        leaving = read_channel_nb_intel(sums_from_array, &valid);
                    if (valid) {
                        accumulate_sums(&leaving, &added, sums);
                        --left;
                    }
                }
                if (!out.order.done) send_sums(&out, sums);
            }
            before = block;
        }
    }
}
