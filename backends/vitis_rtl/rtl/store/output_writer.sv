// Puts units into the output buffer: a position of some planes per cycle, or some positions of a plane. Unit i of plane q lies in
// bank (i + q) modulo the units of a word, so that neither the planes of a pixel nor the pixels of a word meet in a
// bank. Written WriteCycles after they came.
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
  localparam int unsigned HalfDepth = Depth / 2;

  if (Units != 1 && Units != 2 && Units != 4) begin : gen_check_units
    $error("Units: 1, 2 or 4, so that rows of whole 64 bytes are whole words.");
  end
  if (Planes > Units) begin : gen_check_planes
    $error("Planes: at most Units, so that no two of a pixel meet in a bank.");
  end

  if (Planes == 3) begin : gen_check_sets
    $error("Planes: 1, 2 or 4, so that positions side by side are in one row.");
  end

  function automatic logic [WordBits-1:0] planes_words(logic [PlanesBits-1:0] planes,
                                                          logic [WordBits-1:0] words);
    logic [WordBits-1:0] sum = '0;
    for (int unsigned k = 0; k < Planes; k++) if (PlanesBits'(k) < planes) sum += words;
    return sum;
  endfunction

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

  // The pixel of this cycle: its unit within a plane, and what is left behind it of its row and the block.
  logic [CountBits-1:0] unit_q, columns_left_q, rows_left_q;
  logic row_end, chunk_end, by_channel, set_end, set_used, tiled, tile_end;
  // The first of the chunk's planes: its words begin at base_q, it lies turned by its number.
  logic [WordBits-1:0] base_q, plane_words;
  logic [PhaseBits-1:0] turn_q;
  logic [1:0] pad;  // units behind the pixels of a row

  assign plane_words = WordBits'(block_q.plane_words);
  assign pad = -block_q.columns[1:0];
  assign row_end = columns_left_q == 1;
  assign chunk_end = row_end && rows_left_q == 1;
  assign by_channel = ByChannel & block_q.by_channel;
  assign pop = valid_i & (tiled ? tile_end : by_channel ? set_end : chunk_end);

  always_ff @(posedge clk_i) begin
    if (take) begin
      base_q <= next.half ? WordBits'(HalfDepth) : '0;
      turn_q <= '0;
    end else if (pop) begin
      base_q <= base_q + planes_words(PlanesBits'(chunk.planes), plane_words);
      turn_q <= turn_q + PhaseBits'(chunk.planes);
    end
    if (take | pop) begin
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
  logic [CountBits-1:0] set_unit, unit;
  logic [PhaseBits-1:0] set_turn;
  logic [WordBits-1:0] set_base, base;
  logic [PhaseBits-1:0] turn;

  if (ByChannel) begin : gen_channels
    channel_places #(
        .Planes(Planes),
        .WordBits(WordBits),
        .PhaseBits(PhaseBits),
        .HalfDepth(HalfDepth)
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
    assign {set_end, set_used} = '0;
    assign set_unit = '0;
    assign set_turn = '0;
    assign set_base = '0;
  end

  // The same of Winograd's pixels.
  logic [CountBits-1:0] tile_unit;
  logic [WordBits-1:0] tile_base;
  logic [PhaseBits-1:0] tile_turn;
  logic [Planes-1:0][1:0] tile_write;
  logic [Planes-1:0][UnitBits-1:0] tile_data;

  if (Winograd) begin : gen_tiles
    assign tiled = tile_rows_i != Alone || tile_columns_i != Alone;
    tile_places #(
        .Planes(Planes),
        .Units(Units),
        .WordBits(WordBits),
        .HalfDepth(HalfDepth)
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

  assign unit = tiled ? tile_unit : by_channel ? set_unit : unit_q;
  assign base = tiled ? tile_base : by_channel ? set_base : base_q;
  assign turn = tiled ? tile_turn : by_channel ? set_turn : turn_q;

  // Where each of its units goes.
  logic valid_q, done_q;
  logic [Planes-1:0][1:0] used_q;
  logic [Planes-1:0][WordBits-1:0] address_q;
  logic [Planes-1:0][UnitBits-1:0] data_q;
  logic [PhaseBits-1:0] phase_q;

  always_ff @(posedge clk_i) begin
    valid_q <= valid_i & !rst_i;
    done_q <= pop & chunk.last & !rst_i;
    data_q <= tiled ? tile_data : data_i;
    phase_q <= PhaseBits'(unit) + turn;
    for (int unsigned k = 0; k < Planes; k++) begin
      used_q[k] <= tiled ? tile_write[k] :
                   {2{by_channel ? set_used : PlanesBits'(k) < PlanesBits'(chunk.planes)}};
      address_q[k] <= base + WordBits'(unit / CountBits'(Units)) +
                      (by_channel ? '0 : planes_words(PlanesBits'(k), plane_words));
    end
  end

  // The banks turned by the phase: bank b takes unit b - phase.
  always_ff @(posedge clk_i) begin
    done_o <= done_q & !rst_i;
    for (int unsigned b = 0; b < Units; b++) begin
      write_o[b] <= '0;
      write_address_o[b] <= '0;
      write_data_o[b] <= '0;
      for (int unsigned k = 0; k < Planes; k++) begin
        if (Units == 1 || PhaseBits'(b - k) == phase_q) begin
          write_o[b] <= valid_q && !rst_i ? used_q[k] : '0;
          write_address_o[b] <= address_q[k];
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
      assert (block_i.plane_words == block_i.rows * block_i.row_words &&
              32'(block_i.row_words) * Units == (32'(block_i.columns) + 3) / 4 * 4)
      else $error("A block's rows are not as long as its columns.");
      assert (32'(block_i.plane_words) * 32'(block_i.planes) <= HalfDepth)
      else $error("A block is larger than half of the output buffer.");
    end
  end
`endif

endmodule
