// Starts the reads and the blocks of a pass of the vector unit. Transfers take memory in the order of
// memory_sequence.sv, each of them source by source. A block is worked off when all its sources are placed, the
// resident operand is there, and a half of the output buffer is free.
module vector_control
  import vector_pkg::*, core_pkg::transfer_t, store_pkg::runs_t, store_pkg::AddressBits,
         store_pkg::CountBits, store_pkg::RunBits;
(
    input logic clk_i,
    input logic rst_i,
    input logic start_i,  // of a pass; not while busy
    /* verilator lint_off UNUSEDSIGNAL */  // each part takes what it needs of a pass
    input vector_pass_t pass_i,  // stays until it is done
    /* verilator lint_on UNUSEDSIGNAL */
    output logic reading_o,  // not all operands are there
    // reads (core_reads.sv)
    input logic asking_i,
    output logic read_o,
    output runs_t read_runs_o,
    output transfer_t transfer_o,
    input logic placed_i,
    input logic resident_i,  // is there
    // the walker
    output logic walk_o,  // a block starts
    output vector_place_t place_o,
    input logic walking_i,
    input logic walked_i,
    // the output buffer
    input logic room_i,
    input logic filled_i,
    output logic store_o
);

  localparam int unsigned Few = 3;
  // Under way are the sources of two blocks and the resident operand at most; deliver.sv keeps more.
  localparam int unsigned FlyingBits = 5;

  // ---- whose turn it is
  logic started_q, begin_q, resident, load, load_last, idle_q;

  // The step to a second block is known two cycles behind the start (vector_repeat.sv).
  always_ff @(posedge clk_i) begin
    started_q <= start_i & !rst_i;
    begin_q   <= started_q & !rst_i;
  end

  memory_sequence u_sequence (
      .clk_i,
      .rst_i,
      .start_i(begin_q),
      .resident_first_i(1'b0),
      .keep_i(1'b0),
      .blocks_i(pass_i.blocks),
      // The turn of a pass that has none is over in a cycle.
      .resident_cycles_i(pass_i.resident ? pass_i.resident_cycles : RunBits'(1)),
      .load_cycles_i({pass_i.last.input_cycles, pass_i.whole.input_cycles}),
      .store_cycles_i({pass_i.last.store_cycles, pass_i.whole.store_cycles}),
      .computed_i(walked_i),
      .filled_i,
      .free_i(idle_q),
      .resident_o(resident),
      .load_o(load),
      .load_last_o(load_last),
      .store_o
  );

  // ---- reads, transfer after transfer of a turn
  logic pending_q, resident_q, last_q, half_q, issue, last_source;
  logic [SourceBits:0] number_q;
  logic [FlyingBits-1:0] flying_q;
  logic [AddressBits-1:0] bytes_q, bytes, step_bytes;
  /* verilator lint_off UNUSEDSIGNAL */  // each part takes what it needs of them
  vector_source_t source;
  vector_block_t block;
  /* verilator lint_on UNUSEDSIGNAL */
  logic [RunBits-1:0] beats;

  assign issue = pending_q & !asking_i & !read_o;
  assign source = pass_i.source[number_q[SourceBits-1:0]];
  assign last_source = resident_q || number_q + 1'b1 == pass_i.sources;
  assign block = last_q ? pass_i.last : pass_i.whole;
  assign beats = last_q ? source.last_beats : source.whole_beats;

  vector_repeat u_read_repeat (
      .clk_i,
      .start_i,
      .next_i (load),
      .pass_i,
      /* verilator lint_off PINCONNECTEMPTY */
      .offset_o(),
      .left_o(),
      .units_o(),
      .rows_o(),
      /* verilator lint_on PINCONNECTEMPTY */
      .bytes_o(step_bytes)
  );

  input_place #(
      .Bits(AddressBits)
  ) u_read_place (
      .clk_i,
      .start_i,
      .first_i(pass_i.first_bytes),
      .step_i(step_bytes),
      .last_i(load_last ? pass_i.last.last_bytes : pass_i.whole.last_bytes),
      .next_i(load),
      .read_o(bytes),
      /* verilator lint_off PINCONNECTEMPTY */
      .outside_o()
      /* verilator lint_on PINCONNECTEMPTY */
  );

  always_ff @(posedge clk_i) begin
    if (load | resident) begin
      resident_q <= resident;
      last_q <= load_last;
      bytes_q <= bytes;
      number_q <= '0;
    end else if (issue) begin
      number_q <= number_q + 1'b1;
    end
    if (start_i) half_q <= 1'b1;  // of the block before the first one
    else if (load) half_q <= !half_q;
    read_o <= issue & !rst_i;
    idle_q <= !asking_i & !read_o & !pending_q & !load & !(resident & pass_i.resident);
    if (rst_i) begin
      pending_q <= 1'b0;
      flying_q  <= '0;
    end else begin
      pending_q <= load | (resident & pass_i.resident) | (pending_q & !(issue & last_source));
      flying_q  <= flying_q + FlyingBits'(issue) - FlyingBits'(placed_i) - FlyingBits'(resident_i);
    end
  end

  always_ff @(posedge clk_i) begin
    transfer_o <= '0;
    transfer_o.weights <= resident_q;
    transfer_o.runs <= resident_q || block.contiguous ? CountBits'(1) : source.planes;
    transfer_o.load.base <= source.base + (half_q ? pass_i.half_units : '0);
    transfer_o.load.pitch <= pass_i.pixel_pitch;
    // Rows of pixels stand for planes.
    transfer_o.load.planes <= pass_i.pixels ? block.input_rows : source.planes;
    transfer_o.load.plane_units <= block.plane_units;
    // Planes of one run begin inside of words; of a wide one, the place is counted modulo a word.
    if (block.contiguous) transfer_o.load.offset_step <= 8'(block.plane_units);
    transfer_o.load.pixels <= pass_i.pixels;
    transfer_o.load.row_pixels <= pass_i.row_pixels;
    transfer_o.load.pixel_bytes <= source.pixel_bytes;
    transfer_o.load.contiguous <= block.contiguous;
    if (resident_q) begin
      read_runs_o <= '{
          address: pass_i.resident_address,
          pitch: '0,
          runs: CountBits'(1),
          run_beats: pass_i.resident_beats
      };
    end else begin
      read_runs_o <= '{
          address: source.address + bytes_q,
          pitch: pass_i.input_pitch,
          runs: block.contiguous ? CountBits'(1) : source.planes,
          run_beats: block.contiguous ? beats : RunBits'(block.input_plane_beats)
      };
    end
  end

  // ---- operands that are not there
  count_t loads_q;
  logic awaited_q;  // the resident operand

  assign reading_o = loads_q != 0 || pending_q || flying_q != 0 || (pass_i.resident && awaited_q);

  always_ff @(posedge clk_i) begin
    if (rst_i) loads_q <= '0;
    else if (start_i) loads_q <= pass_i.blocks;
    else if (load) loads_q <= loads_q - 1'b1;
    if (rst_i) awaited_q <= 1'b0;
    else if (start_i) awaited_q <= 1'b1;
    else if (resident_i) awaited_q <= 1'b0;
  end

  // ---- blocks to work off
  logic [Few-1:0] inputs_q;
  logic [SourceBits:0] placed_q;
  logic block_placed, may_q, walk_half_q, walk_more_q, walk_last_q;
  count_t left_q, output_row_q, outside_rows, step_rows, repeats;
  units_t outside_units, begin_units_q, offset, step_units;

  assign block_placed = placed_i && placed_q + 1'b1 == pass_i.sources;
  assign walk_o = may_q && room_i && !walking_i;

  vector_repeat u_walk_repeat (
      .clk_i,
      .start_i,
      .next_i (walk_o),
      .pass_i,
      .offset_o(offset),
      .left_o(repeats),
      /* verilator lint_off PINCONNECTEMPTY */
      .bytes_o(),
      /* verilator lint_on PINCONNECTEMPTY */
      .units_o(step_units),
      .rows_o (step_rows)
  );

  input_place #(
      .Bits($bits(units_t))
  ) u_units_place (
      .clk_i,
      .start_i,
      .first_i(pass_i.first_units),
      .step_i(step_units),
      .last_i(walk_last_q ? pass_i.last.last_units : pass_i.whole.last_units),
      .next_i(walk_o),
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
      .step_i(step_rows),
      .last_i(walk_last_q ? pass_i.last.last_row : pass_i.whole.last_row),
      .next_i(walk_o),
      /* verilator lint_off PINCONNECTEMPTY */
      .read_o(),
      /* verilator lint_on PINCONNECTEMPTY */
      .outside_o(outside_rows)
  );

  // What a block is, is known three cycles after the one before it was taken: no block is done sooner.
  always_ff @(posedge clk_i) begin
    begin_units_q <= offset + pass_i.walk.first_column_units +
                     (walk_half_q ? pass_i.half_units : '0);
    place_o <= '{
        base: outside_units + begin_units_q,
        row: outside_rows,
        input_rows: walk_last_q ? pass_i.last.input_rows : pass_i.whole.input_rows,
        rows: walk_last_q ? pass_i.last.walked_rows : pass_i.whole.walked_rows,
        repeats: repeats,
        output_row: output_row_q
    };
    // Known a cycle before: there is one more, and all that it reads.
    may_q <= !rst_i && !walk_o && !start_i && walk_more_q && (inputs_q != 0 || block_placed) &&
             !(pass_i.resident && awaited_q && !resident_i);
    if (start_i) begin
      left_q <= pass_i.blocks;
      walk_more_q <= pass_i.blocks != 0;
      walk_last_q <= pass_i.blocks == 1;
      walk_half_q <= 1'b0;
      output_row_q <= '0;
      inputs_q <= '0;
      placed_q <= '0;
    end else begin
      if (walk_o) begin
        left_q <= left_q - 1'b1;
        walk_more_q <= !walk_last_q;
        walk_last_q <= left_q == 2;
      end
      walk_half_q <= walk_half_q ^ walk_o;
      if (walk_o) output_row_q <= output_row_q + pass_i.whole.rows;
      inputs_q <= inputs_q + Few'(block_placed) - Few'(walk_o);
      if (placed_i) placed_q <= block_placed ? '0 : placed_q + 1'b1;
    end
    if (rst_i) walk_more_q <= 1'b0;
  end

endmodule
