// The array alone: an iteration of its loop is one clock cycle, in which every register moves and every element makes a
// product. It owns no memory but its delay lines, which are rings.
__attribute__((max_global_work_dim(0))) kernel void array(int command_count) {
    array_t elements = ZERO;
    lines_t lines = ZERO;
    int now = 0;
commands:
    for (int i = 0; i < command_count; ++i) {
        command_t c;
        RECEIVE(c, commands_for_array);
        const usage_t usage = usage_of(&c);
        const int blocks = c.op == OP_CONV ? c.blocks : 0;
    blocks:
        for (int index = 0; index < blocks; ++index) {
            const block_t block = block_of(c, index);
            const int length = moving_cycles(&c, &block);
            clear_array(&elements, &lines);
        cycles:  // every register moves; a delay line is a ring, written and read once
            for (int t = 0; t < length; ++t) {
                cycle_t cycle;
                RECEIVE(cycle, cycles_from_feed);
                leaving_t leaving;
                array_cycle(&elements, &lines, usage, &cycle, now, &leaving);
                SEND(sums_from_array, leaving);
                ++now;
            }
        }
    }
}
