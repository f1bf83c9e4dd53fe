// Puts units into the output buffer: a position of some planes per cycle, or some positions of a plane. Units of a word
// are turned as store_pkg.sv has it, so that neither the planes of a pixel nor the pixels of a word meet in a bank.
// Written WriteCycles after they came.
module output_writer
  import store_pkg::*, post_pkg::chunk_t, winograd_pkg::form_e, winograd_pkg::Alone;
#(
    parameter  int unsigned Planes = 1,  // that come side by side
    parameter  bit ByChannel = 1'b1,  // positions side by side too
    parameter  int unsigned Units = 4,  // of a word: banks
    parameter  int unsigned Depth = 1024,  // words of both halves
    parameter  bit Winograd = 1'b0,  // tile by tile too
    localparam int unsigned WordBits = $clog2(Depth)
) (
    input logic clk_i,
    input logic rst_i,
    /* verilator lint_off UNUSEDSIGNAL */  // of use with Winograd
    input form_e tile_rows_i,  // both Alone: no Winograd; they stay until the pass is done
    input form_e tile_columns_i,
    /* verilator lint_on UNUSEDSIGNAL */
    input logic block_push_i,  // a block will come: not while it waits for the one ahead of it
    input store_block_t block_i,
    input logic chunk_i,
    input chunk_t chunk_data_i,
    input logic valid_i,
    input logic [Planes-1:0][UnitBits-1:0] data_i,
    output logic done_o,  // all of the block is in the buffer
    output logic [Units-1:0][1:0] write_o,  // halves of a unit
    output logic [Units-1:0][WordBits-1:0] write_address_o,
    output logic [Units-1:0][UnitBits-1:0] write_data_o
);

  localparam int unsigned PhaseBits = Units < 2 ? 1 : $clog2(Units);
  localparam int unsigned PlanesBits = $clog2(Planes + 1);
  localparam int unsigned Chunks = 16;  // more than are on their way through POST
  localparam int unsigned HalfUnits = Depth / 2 * Units;
  localparam int unsigned PlaceBits = $clog2(Depth * Units);  // of a unit

  typedef logic [PlaceBits-1:0] address_t;
  typedef logic [PhaseBits-1:0] phase_t;

  if (Units == 0 || (Units & (Units - 1)) != 0) begin : gen_check_units
    $error("Units: a power of two.");
  end
  if (Planes > Units) begin : gen_check_planes
    $error("Planes: at most Units, so that no two of a pixel meet in a bank.");
  end

  if (ByChannel && UnitBytes % Planes != 0) begin : gen_check_sets
    $error("Planes: a divisor of 16, so that positions side by side are whole sets.");
  end

  logic chunk_known, pop;
  /* verilator lint_off UNUSEDSIGNAL */  // no more units than planes
  chunk_t chunk;
  /* verilator lint_on UNUSEDSIGNAL */

  axi_fifo #(
      .Bits ($bits(chunk_t)),
      .Depth(Chunks)
  ) u_chunks (
      .clk_i,
      .rst_i,
      .push_i (chunk_i),
      .data_i (chunk_data_i),
      .pop_i  (pop),
      .data_o (chunk),
      .valid_o(chunk_known),
      /* verilator lint_off PINCONNECTEMPTY */
      .full_o ()
      /* verilator lint_on PINCONNECTEMPTY */
  );

  // The block. Between the last bytes of one and the first of the next are three cycles or more.
  logic block_known, take, active_q;
  /* verilator lint_off UNUSEDSIGNAL */  // each part takes what it needs of a block
  store_block_t next, block_q;
  /* verilator lint_on UNUSEDSIGNAL */

  axi_fifo #(
      .Bits ($bits(store_block_t)),
      .Depth(2)
  ) u_blocks (
      .clk_i,
      .rst_i,
      .push_i (block_push_i),
      .data_i (block_i),
      .pop_i  (take),
      .data_o (next),
      .valid_o(block_known),
      /* verilator lint_off PINCONNECTEMPTY */
      .full_o ()
      /* verilator lint_on PINCONNECTEMPTY */
  );

  assign take = block_known & !active_q;

  always_ff @(posedge clk_i) begin
    if (take) block_q <= next;
    if (rst_i) active_q <= 1'b0;
    else active_q <= take | (active_q & !(pop & chunk.last));
  end

  // The pixel of this cycle: its unit within a plane, and what is left behind it of its row and the block; of no use
  // where positions come otherwise.
  logic [CountBits-1:0] unit_q, columns_left_q, rows_left_q;
  logic row_end, chunk_end, by_channel, set_end, tiled, tile_end;
  logic [Planes-1:0] set_used;
  // The first of the chunk's planes: its units begin at base_q, its number modulo Units is turn_q.
  address_t base_q;
  phase_t turn_q;
  logic [1:0] pad;  // units behind the pixels of a row

  assign pad = -block_q.columns[1:0];
  assign row_end = columns_left_q == 1;
  assign chunk_end = row_end && rows_left_q == 1;
  assign by_channel = ByChannel & block_q.by_channel;
  assign pop = valid_i & (tiled ? tile_end : by_channel ? set_end : chunk_end);

  // Of a block, from the second cycle on: so many planes; a group of banks that are turned, less one, and by how much of
  // a plane's number.
  address_t [Planes:0] planes_q;
  phase_t group_q;
  logic [2:0] shift_q;

  always_ff @(posedge clk_i) begin
    for (int unsigned k = 0; k <= Planes; k++) begin
      planes_q[k] <= address_t'(multiple(k, 32'(block_q.plane_units)));
    end
    group_q <= phase_t'(below_group(block_q.plane_units)) & phase_t'(Units - 1);
    shift_q <= groups_shift(block_q.plane_units, UnitsBits'(Units));
  end

  always_ff @(posedge clk_i) begin
    if (take) begin
      base_q <= next.half ? address_t'(HalfUnits) : '0;
      turn_q <= '0;
    end else if (pop) begin
      base_q <= base_q + planes_q[PlanesBits'(chunk.planes)];
      turn_q <= turn_q + PhaseBits'(chunk.planes);
    end
    if (take | (valid_i & chunk_end)) begin
      unit_q <= '0;
      columns_left_q <= take ? next.columns : block_q.columns;
      rows_left_q <= take ? next.rows : block_q.rows;
    end else if (valid_i) begin
      unit_q <= unit_q + 1'b1 + (row_end ? CountBits'(pad) : '0);
      columns_left_q <= row_end ? block_q.columns : columns_left_q - 1'b1;
      if (row_end) rows_left_q <= rows_left_q - 1'b1;
    end
  end

  // The same where positions come side by side.
  logic [CountBits-1:0] set_unit;
  address_t unit;
  phase_t set_turn, turn;
  address_t set_base, base;

  if (ByChannel) begin : gen_channels
    channel_places #(
        .Planes(Planes),
        .PlaceBits(PlaceBits),
        .PhaseBits(PhaseBits),
        .HalfUnits(HalfUnits)
    ) u_places (
        .clk_i,
        .start_i(take),
        .next_i(next),
        .block_i(block_q),
        .chunk_i(chunk),
        .valid_i(valid_i & block_q.by_channel),
        .end_o(set_end),
        .used_o(set_used),
        .unit_o(set_unit),
        .base_o(set_base),
        .turn_o(set_turn)
    );
  end else begin : gen_no_channels
    assign set_end  = 1'b0;
    assign set_used = '0;
    assign set_unit = '0;
    assign set_turn = '0;
    assign set_base = '0;
  end

  // The same of Winograd's pixels.
  logic [CountBits-1:0] tile_unit;
  address_t tile_base;
  phase_t tile_turn;
  logic [Planes-1:0][1:0] tile_write;
  logic [Planes-1:0][UnitBits-1:0] tile_data;

  if (Winograd) begin : gen_tiles
    assign tiled = tile_rows_i != Alone || tile_columns_i != Alone;
    tile_places #(
        .Planes(Planes),
        .Units(Units),
        .PlaceBits(PlaceBits),
        .HalfUnits(HalfUnits)
    ) u_tiles (
        .clk_i,
        .rows_i(tile_rows_i),
        .columns_i(tile_columns_i),
        .start_i(take),
        .next_i(next),
        .block_i(block_q),
        .chunk_i(chunk),
        .valid_i,
        .data_i,
        .end_o(tile_end),
        .unit_o(tile_unit),
        .base_o(tile_base),
        .turn_o(tile_turn),
        .write_o(tile_write),
        .data_o(tile_data)
    );
  end else begin : gen_rows
    assign {tiled, tile_end} = '0;
    assign tile_unit = '0;
    assign tile_base = '0;
    assign tile_turn = '0;
    assign tile_write = '0;
    assign tile_data = '0;
  end

  assign unit = address_t'(tiled ? 32'(tile_unit) : by_channel ? 32'(set_unit) : 32'(unit_q));
  assign base = tiled ? tile_base : by_channel ? set_base : base_q;
  assign turn = tiled ? tile_turn : by_channel ? set_turn : turn_q;

  // Where each of its units goes.
  logic valid_q, done_q;
  logic [Planes-1:0][1:0] used_q;
  logic [Planes-1:0][WordBits-1:0] word_q;
  phase_t [Planes-1:0] bank_q;
  logic [Planes-1:0][UnitBits-1:0] data_q;

  for (genvar k = 0; k < Planes; k++) begin : gen_place
    address_t address;
    phase_t low, plane, turned;
    assign address = base + unit + (by_channel ? address_t'(k) : planes_q[k]);
    // Where there is one bank, that.
    assign low = Units == 1 ? '0 : phase_t'(address);
    assign plane = turn + (by_channel ? '0 : phase_t'(k));
    assign turned = low + (plane >> shift_q);

    always_ff @(posedge clk_i) begin
      word_q[k] <= WordBits'(address / address_t'(Units));
      bank_q[k] <= (low & ~group_q) | (turned & group_q);
      used_q[k] <= tiled ? tile_write[k] :
                   {2{by_channel ? set_used[k] : PlanesBits'(k) < PlanesBits'(chunk.planes)}};
    end
  end

  always_ff @(posedge clk_i) begin
    valid_q <= valid_i & !rst_i;
    done_q  <= pop & chunk.last & !rst_i;
    data_q  <= tiled ? tile_data : data_i;
  end

  always_ff @(posedge clk_i) begin
    done_o <= done_q & !rst_i;
    for (int unsigned b = 0; b < Units; b++) begin
      write_o[b] <= '0;
      write_address_o[b] <= '0;
      write_data_o[b] <= '0;
      for (int unsigned k = 0; k < Planes; k++) begin
        if (bank_q[k] == phase_t'(b)) begin
          if (valid_q && !rst_i && used_q[k] != '0) write_o[b] <= used_q[k];
          write_address_o[b] <= word_q[k];
          write_data_o[b] <= data_q[k];
        end
      end
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (!rst_i && valid_i) begin
      assert (chunk_known && active_q)
      else $error("Bytes came out of POST that belong to no chunk.");
    end
    if (!rst_i && block_push_i) begin
      assert (32'(block_i.plane_units) >= 32'(block_i.rows) * ((32'(block_i.columns)+3)/4*4) &&
              32'(block_i.plane_units) % QuadUnits == 0)
      else $error("A block's planes are not as long as its rows.");
      assert (32'(block_i.plane_units) * 32'(block_i.planes) <= HalfUnits)
      else $error("A block is larger than half of the output buffer.");
    end
  end
`endif

endmodule
