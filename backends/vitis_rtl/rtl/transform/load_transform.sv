// LOAD's transform for Winograd: pixels of a block, placed in a buffer of their own, become transformed tiles in the
// banks of the input buffer. A pixel of `Planes` planes is read in each cycle, and as many positions are written: a
// block takes
//
//   tiles x rounds x ceil(planes / Planes) x positions cycles
//
// between the start and the end, whose cycles are constant (feeding/transforming.py).
module load_transform
  import feed_pkg::*, transform_pkg::transform_t, winograd_pkg::*;
#(
    parameter int unsigned Planes = 2,
    parameter int unsigned Banks = 8,  // of both buffers
    parameter int unsigned PixelDepth = 512,  // units of a bank, both halves
    parameter int unsigned Depth = 512,  // of the input buffer
    parameter bit Ultra = 1'b0,  // the buffer of pixels
    localparam int unsigned BankBits = $clog2(Banks),
    localparam int unsigned PixelRowBits = $clog2(PixelDepth),
    localparam int unsigned RowBits = $clog2(Depth),
    localparam int unsigned BufferCycles = 3 + (BankBits + 1) / 2,
    localparam int unsigned TurnCycles = (BankBits + 1) / 2
) (
    input logic clk_i,
    input logic rst_i,
    input logic start_i,  // a block, its pixels in their buffer; not while busy
    input transform_t block_i,  // stays until the block is done
    output logic busy_o,
    output logic done_o,  // the block's last unit can be read in the next cycle
    // The buffer of pixels, from the placer.
    input logic [Banks-1:0] pixel_write_i,
    input logic [Banks-1:0][PixelRowBits-1:0] pixel_row_i,
    input logic [Banks-1:0][127:0] pixel_unit_i,
    // The input buffer.
    output logic [Banks-1:0] write_o,
    output logic [Banks-1:0][RowBits-1:0] write_row_o,
    output logic [Banks-1:0][127:0] write_unit_o
);

  localparam int unsigned Lanes = 16 * Planes;
  localparam int unsigned PlanesBits = $clog2(Planes + 1);
  localparam int unsigned Pieces = 16;  // more than are under way

  typedef struct packed {
    units_t unit;
    logic [PlanesBits-1:0] planes;
    logic last;
  } piece_t;

  logic piece_valid, piece_take, piece_last, pixel_valid, pixel_pad, walking;
  logic [PlanesBits-1:0] piece_planes;
  place_t piece_place;
  units_t piece_plane, piece_unit;
  /* verilator lint_off UNUSEDSIGNAL */  // the buffer is smaller
  units_t pixel_unit;
  /* verilator lint_on UNUSEDSIGNAL */

  piece_walker #(
      .Planes(Planes)
  ) u_pieces (
      .clk_i,
      .rst_i,
      .start_i,
      .block_i,
      .valid_o(piece_valid),
      .take_i (piece_take),
      .place_o(piece_place),
      .plane_o(piece_plane),
      .unit_o (piece_unit),
      .planes_o(piece_planes),
      .last_o (piece_last)
  );

  pixel_walker u_pixels (
      .clk_i,
      .rst_i,
      .block_i,
      .valid_i(piece_valid),
      .take_o (piece_take),
      .place_i(piece_place),
      .plane_i(piece_plane),
      .valid_o(pixel_valid),
      .unit_o (pixel_unit),
      .pad_o  (pixel_pad),
      .busy_o (walking)
  );

  // ---- pixels out of their buffer, and pads
  logic [Planes-1:0][127:0] read;
  logic [Lanes-1:0][7:0] pixel_q;
  logic read_valid, read_pad, valid_q;

  banked_buffer #(
      .Banks(Banks),
      .Depth(PixelDepth),
      .Kept (Planes),
      .Ultra(Ultra)
  ) u_buffer (
      .clk_i,
      .read_unit_i(pixel_unit[BankBits+PixelRowBits-1:0]),
      .read_data_o(read),
      .write_i(pixel_write_i),
      .write_row_i(pixel_row_i),
      .write_unit_i(pixel_unit_i)
  );

  delay_line #(
      .Bits  (2),
      .Cycles(BufferCycles)
  ) u_read (
      .clk_i,
      .data_i({pixel_valid & !rst_i, pixel_pad}),
      .data_o({read_valid, read_pad})
  );

  always_ff @(posedge clk_i) begin
    valid_q <= read_valid & !rst_i;
    pixel_q <= read_pad ? {Lanes{block_i.pad_value}} : read;
  end

  // ---- transformed
  form_e first_q, second_q;
  element_t element;
  logic result_valid, first_result, last_result;
  index_t line, result;
  logic [Lanes-1:0][15:0] values;

  always_ff @(posedge clk_i) begin
    first_q  <= first_of(block_i.rows);
    second_q <= second_of(block_i.rows, block_i.columns);
  end

  transform_order #(
      .Outputs(1'b0)
  ) u_order (
      .clk_i,
      .rst_i,
      .first_i(first_q),
      .second_i(second_q),
      .valid_i(valid_q),
      .element_o(element),
      /* verilator lint_off PINCONNECTEMPTY */
      .line_o(),
      /* verilator lint_on PINCONNECTEMPTY */
      .valid_o(result_valid),
      .out_line_o(line),
      .result_o(result)
  );

  plane_transform #(
      .Lanes(Lanes)
  ) u_transform (
      .clk_i,
      .first_i(first_q),
      .second_i(second_q),
      .element_i(element),
      .data_i(pixel_q),
      .result_o(values)
  );

  // ---- and where they go
  piece_t taken, piece;
  logic write_q, end_q, ended, busy_q;
  logic [PlanesBits-1:0] planes_q;
  units_t unit_q;
  logic [2*Planes-1:0][127:0] values_q;

  assign taken = '{unit: piece_unit, planes: piece_planes, last: piece_last};

  axi_fifo #(
      .Bits ($bits(piece_t)),
      .Depth(Pieces)
  ) u_under_way (
      .clk_i,
      .rst_i,
      .push_i (piece_take),
      .data_i (taken),
      .pop_i  (result_valid & last_result),
      .data_o (piece),
      /* verilator lint_off PINCONNECTEMPTY */
      .valid_o(),
      .full_o ()
      /* verilator lint_on PINCONNECTEMPTY */
  );

  assign first_result = line == '0 && result == '0;
  assign last_result  = line == last_datum(first_q) && result == last_datum(second_q);

  always_ff @(posedge clk_i) begin
    write_q <= result_valid & !rst_i;
    planes_q <= piece.planes;
    end_q <= result_valid & last_result & piece.last & !rst_i;
    values_q <= values;
    if (result_valid) unit_q <= first_result ? piece.unit : unit_q + block_i.position_units;
  end

  transformed_writer #(
      .Units(2 * Planes),
      .Banks(Banks),
      .Depth(Depth)
  ) u_writer (
      .clk_i,
      .valid_i(write_q),
      .pairs_i(planes_q),
      .unit_i (unit_q),
      .data_i (values_q),
      .write_o,
      .write_row_o,
      .write_unit_o
  );

  delay_line #(
      .Bits  (1),
      .Cycles(TurnCycles)
  ) u_done (
      .clk_i,
      .data_i(end_q & !rst_i),
      .data_o(ended)
  );

  always_ff @(posedge clk_i) begin
    if (rst_i) busy_q <= 1'b0;
    else busy_q <= start_i | (busy_q & !ended);
  end

  assign done_o = ended;
  assign busy_o = busy_q;

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    assert (rst_i || !(start_i && (busy_q || walking)))
    else $error("A block was given to a transform that has another.");
  end
`endif

endmodule
