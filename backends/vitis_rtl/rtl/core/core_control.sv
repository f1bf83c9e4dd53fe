// Starts the engines of a convolution, block after block of a pass. A block is computed when its input is
// placed, its weights are there where they stream, and block i - 2 was read from its half of the accumulators. The
// weights of block 0 arrive while it is computed: its tiles wait for them one by one.
module core_control
  import core_pkg::*, drain_pkg::drain_pass_t, feed_pkg::block_t, feed_pkg::units_t,
         feed_pkg::count_t, store_pkg::runs_t, store_pkg::AddressBits, store_pkg::CountBits,
         store_pkg::RunBits;
(
    input logic clk_i,
    input logic rst_i,
    input logic start_i,  // of a pass; not while busy
    /* verilator lint_off UNUSEDSIGNAL */  // each part takes what it needs of a pass
    input core_pass_t pass_i,  // stays until it is done
    /* verilator lint_on UNUSEDSIGNAL */
    // reads
    input logic asking_i,
    output logic read_o,
    output runs_t read_runs_o,
    output transfer_t transfer_o,
    input logic placed_i,
    input logic weights_i,
    // computing
    output logic feed_start_o,
    input logic feed_ready_i,
    output block_t feed_block_o,
    input logic fed_i,  // a block's last window is at the array
    // draining
    output logic drain_start_o,
    output drain_pass_t drain_pass_o,
    input logic computed_i,  // the sums of one more block can be read
    input logic posted_i,
    input logic filled_i,
    output logic store_o,
    output logic reading_o,  // not all operands are there
    output logic busy_o  // a block is not computed
);

  localparam int unsigned Few = 3;

  logic resident, load, load_last, input_read, weight_read, load_half_q;
  logic begin_q;  // the registers of the first block are counted from

  assign drain_start_o = start_i & !pass_i.keep;
  assign drain_pass_o = pass_i.drained;

  always_ff @(posedge clk_i) begin_q <= start_i & !rst_i;

  memory_sequence u_sequence (
      .clk_i,
      .rst_i,
      .start_i(begin_q),
      .resident_first_i(pass_i.stream_weights),
      .keep_i(pass_i.keep),
      .blocks_i(pass_i.drained.blocks),
      .resident_cycles_i(pass_i.stream_weights ? pass_i.last.input_cycles :
                         pass_i.last.weight_cycles),
      .load_cycles_i(pass_i.stream_weights ?
                     {pass_i.last.weight_cycles, pass_i.whole.weight_cycles} :
                     {pass_i.last.input_cycles, pass_i.whole.input_cycles}),
      .store_cycles_i({pass_i.last.store_cycles, pass_i.whole.store_cycles}),
      .computed_i(fed_i),
      .filled_i,
      .free_i(!asking_i),
      .resident_o(resident),
      .load_o(load),
      .load_last_o(load_last),
      .store_o
  );

  assign input_read  = pass_i.stream_weights ? resident : load;
  assign weight_read = pass_i.stream_weights ? load : resident;

  // ---- reads: registered, so that what a transfer is lies before its start
  /* verilator lint_off UNUSEDSIGNAL */  // half of a block is for its read, half for its computing
  core_block_t read_block, compute_block;
  /* verilator lint_on UNUSEDSIGNAL */
  logic [AddressBits-1:0] read_bytes, weight_address_q;
  logic [CountBits-1:0] parameter_word_q;

  // The resident operand is the last block's as well as any other's.
  assign read_block = load_last ? pass_i.last : pass_i.whole;

  // The place of the next load: inputs are asked for three cycles behind each other or more. That of the first
  // block is of the whole ones, which the last one is like where it is the only one.
  input_place #(
      .Bits(AddressBits)
  ) u_read_place (
      .clk_i,
      .start_i,
      .first_i(pass_i.first_bytes),
      .step_i(pass_i.step_bytes),
      .last_i(read_block.last_bytes),
      .next_i(input_read),
      .read_o(read_bytes),
      /* verilator lint_off PINCONNECTEMPTY */
      .outside_o()
      /* verilator lint_on PINCONNECTEMPTY */
  );

  always_ff @(posedge clk_i) begin
    read_o <= (resident | load) & !rst_i;
    if (weight_read) begin
      read_runs_o <= '{
          address: weight_address_q,
          pitch: '0,
          runs: CountBits'(1),
          run_beats: read_block.weight_beats
      };
    end else begin
      read_runs_o <= '{
          address: pass_i.input_address + read_bytes,
          pitch: pass_i.input_pitch,
          runs: read_block.input_runs,
          run_beats: read_block.input_run_beats
      };
    end
    transfer_o.weights <= weight_read;
    transfer_o.runs <= weight_read ? CountBits'(1) : read_block.input_runs;
    transfer_o.load <= read_block.load;
    if (load_half_q) transfer_o.load.base <= read_block.load.base + pass_i.load_half_units;
    transfer_o.unit <= load & load_half_q ? pass_i.weight_half_units : '0;
    transfer_o.parameter_words <= read_block.parameter_words;
    transfer_o.parameter_word <= parameter_word_q;
    if (start_i) begin
      load_half_q <= 1'b0;
      weight_address_q <= pass_i.weight_address;
      parameter_word_q <= pass_i.drained.parameters;
    end else begin
      load_half_q <= load_half_q ^ load;
      if (weight_read) begin
        weight_address_q <= weight_address_q + pass_i.weight_step;
        parameter_word_q <= parameter_word_q + pass_i.drained.parameters_step;
      end
    end
  end

  // ---- operands that have not come: the resident one, and one for each block
  logic [CountBits:0] reads_q;

  assign reading_o = reads_q != 0;

  always_ff @(posedge clk_i) begin
    if (rst_i) reads_q <= '0;
    else if (start_i) reads_q <= {1'b0, pass_i.drained.blocks} + 1'b1;
    else reads_q <= reads_q - (CountBits + 1)'(placed_i) - (CountBits + 1)'(weights_i);
  end

  // ---- blocks to compute
  logic [Few-1:0] inputs_q, weights_q, free_q;
  logic [CountBits-1:0] left_q, computed_left_q, sum_row_q;
  logic offer_q, taken, taken_q, half_q;
  logic more_q, last_q;  // of the blocks left: whether there is one, and whether it is the last
  logic later_weights_q;  // those of block 0 are there
  units_t outside_units;
  count_t outside_rows;

  assign compute_block = last_q ? pass_i.last : pass_i.whole;
  assign taken = feed_start_o & feed_ready_i;

  input_place #(
      .Bits($bits(units_t))
  ) u_units_place (
      .clk_i,
      .start_i,
      .first_i(pass_i.first_units),
      .step_i(pass_i.step_units),
      .last_i(compute_block.last_units),
      .next_i(taken),
      /* verilator lint_off PINCONNECTEMPTY */
      .read_o(),
      /* verilator lint_on PINCONNECTEMPTY */
      .outside_o(outside_units)
  );

  input_place #(
      .Bits($bits(count_t))
  ) u_rows_place (
      .clk_i,
      .start_i,
      .first_i(pass_i.first_row),
      .step_i(pass_i.step_rows),
      .last_i(compute_block.last_row),
      .next_i(taken),
      /* verilator lint_off PINCONNECTEMPTY */
      .read_o(),
      /* verilator lint_on PINCONNECTEMPTY */
      .outside_o(outside_rows)
  );

  // What a block is, is known three cycles after the one before it was taken.
  always_ff @(posedge clk_i) begin
    feed_block_o <= compute_block.block;
    feed_block_o.windows.half <= half_q;
    feed_block_o.place.row <= outside_rows;
    feed_block_o.accumulator_row <= compute_block.block.accumulator_row + sum_row_q;
    feed_block_o.place.base <= compute_block.block.place.base + outside_units +
        (half_q & !pass_i.stream_weights ? pass_i.half_units : '0);
    feed_block_o.weights <= compute_block.block.weights +
        (half_q & pass_i.stream_weights ? {pass_i.weight_half_units, 4'd0} : '0);
    taken_q <= taken;
    offer_q <= !(begin_q | taken | taken_q);
  end

  assign feed_start_o = offer_q && more_q && inputs_q != 0 && free_q != 0 &&
                        (weights_q != 0 || !pass_i.stream_weights);

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      left_q <= pass_i.drained.blocks;
      more_q <= pass_i.drained.blocks != 0;
      last_q <= pass_i.drained.blocks == 1;
      half_q <= 1'b0;
      sum_row_q <= '0;
      inputs_q <= '0;
      weights_q <= Few'(1);  // of block 0, which is not counted when they are there
      later_weights_q <= 1'b0;
      free_q <= Few'(2);
    end else begin
      if (taken) begin
        left_q <= left_q - 1'b1;
        more_q <= !last_q;
        last_q <= left_q == 2;
      end
      half_q <= half_q ^ taken;
      if (taken & half_q) sum_row_q <= sum_row_q + pass_i.drained.sum_step;
      inputs_q <= inputs_q + Few'(placed_i) - Few'(taken & !pass_i.stream_weights);
      weights_q <= weights_q + Few'(weights_i & later_weights_q) -
          Few'(taken & pass_i.stream_weights);
      later_weights_q <= later_weights_q | weights_i;
      // Sums that are kept lie beside each other: none waits for another's place.
      free_q <= free_q + Few'(posted_i) - Few'(taken & !pass_i.keep);
    end
    if (rst_i) more_q <= 1'b0;
    if (start_i) computed_left_q <= pass_i.drained.blocks;
    else computed_left_q <= computed_left_q - CountBits'(computed_i);
    if (rst_i) busy_o <= 1'b0;
    else busy_o <= start_i | (busy_o & !(computed_i && computed_left_q == 1));
  end

endmodule
