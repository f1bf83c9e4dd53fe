// What LOAD does with the words of an input: they are placed, in the input buffer, or for Winograd in that of pixels,
// which are transformed into the input buffer when a block has all of its own. Halves of both buffers alternate.
module load_inputs
  import feed_pkg::*, load_pkg::load_t, transform_pkg::*;
#(
    parameter int unsigned WordUnits = 4,
    parameter int unsigned Banks = 8,
    parameter int unsigned Depth = 512,  // units of a bank
    parameter bit Winograd = 1'b0,
    parameter int unsigned PixelDepth = 512,
    parameter bit Ultra = 1'b0,  // Winograd's buffer of pixels
    localparam int unsigned RowBits = $clog2(Depth)
) (
    input logic clk_i,
    input logic rst_i,
    /* verilator lint_off UNUSEDSIGNAL */  // of use with Winograd
    input logic pass_start_i,
    input transform_pass_t pass_i,  // stays until it is done
    input count_t blocks_i,  // that are loaded
    input units_t half_units_i,  // from half 0 of the input buffer to half 1
    /* verilator lint_on UNUSEDSIGNAL */
    // placer.sv
    input logic start_i,
    output logic ready_o,
    input load_t load_i,
    input logic valid_i,
    output logic ready_word_o,
    input logic [WordUnits-1:0][127:0] word_i,
    output logic done_o,  // the block's last unit can be read in the next cycle
    output logic [Banks-1:0] write_o,
    output logic [Banks-1:0][RowBits-1:0] write_row_o,
    output logic [Banks-1:0][127:0] write_unit_o
);

  if (!Winograd) begin : gen_pixels
    placer #(
        .WordUnits(WordUnits),
        .Banks(Banks),
        .Depth(Depth)
    ) u_placer (
        .clk_i,
        .rst_i,
        .start_i,
        .ready_o,
        .load_i,
        .valid_i,
        .ready_word_o,
        .word_i,
        .done_o,
        .write_o,
        .write_row_o,
        .write_unit_o
    );
  end else begin : gen_tiles
    localparam int unsigned Deepest = PixelDepth > Depth ? PixelDepth : Depth;
    localparam int unsigned PlacedBits = $clog2(Deepest);
    localparam int unsigned PixelRowBits = $clog2(PixelDepth);
    localparam int unsigned Few = 2;

    logic placed, transformed, go, busy, start_q, half_q, last;
    logic [Banks-1:0] placed_write, tile_write;
    /* verilator lint_off UNUSEDSIGNAL */  // one of the buffers is less deep
    logic [Banks-1:0][PlacedBits-1:0] placed_row;
    /* verilator lint_on UNUSEDSIGNAL */
    logic [Banks-1:0][PixelRowBits-1:0] pixel_row;
    logic [Banks-1:0][RowBits-1:0] tile_row;
    logic [Banks-1:0][127:0] placed_unit, tile_unit;
    logic [Few-1:0] pixels_q;  // blocks of them that are not transformed
    count_t left_q;
    units_t outside_units;
    count_t outside_rows;
    transform_block_t block;
    transform_t block_q;

    placer #(
        .WordUnits(WordUnits),
        .Banks(Banks),
        .Depth(Deepest)
    ) u_placer (
        .clk_i,
        .rst_i,
        .start_i,
        .ready_o,
        .load_i,
        .valid_i,
        .ready_word_o,
        .word_i,
        .done_o(placed),
        .write_o(placed_write),
        .write_row_o(placed_row),
        .write_unit_o(placed_unit)
    );

    assign last = left_q == 1;
    assign block = last ? pass_i.last : pass_i.whole;
    assign go = pixels_q != 0 && !busy && !start_q;

    input_place #(
        .Bits($bits(units_t))
    ) u_units_place (
        .clk_i,
        .start_i(pass_start_i),
        .first_i(pass_i.first.place.base),
        .step_i(pass_i.step_units),
        .last_i(block.last_units),
        .next_i(go),
        /* verilator lint_off PINCONNECTEMPTY */
        .read_o(),
        /* verilator lint_on PINCONNECTEMPTY */
        .outside_o(outside_units)
    );

    input_place #(
        .Bits($bits(count_t))
    ) u_rows_place (
        .clk_i,
        .start_i(pass_start_i),
        .first_i(pass_i.first.place.row),
        .step_i(pass_i.step_rows),
        .last_i(block.last_row),
        .next_i(go),
        /* verilator lint_off PINCONNECTEMPTY */
        .read_o(),
        /* verilator lint_on PINCONNECTEMPTY */
        .outside_o(outside_rows)
    );

    always_ff @(posedge clk_i) begin
      if (rst_i) pixels_q <= '0;
      else pixels_q <= pixels_q + Few'(placed & pass_i.winograd) - Few'(go);
      start_q <= go & !rst_i;
      if (pass_start_i) begin
        left_q <= blocks_i;
        half_q <= 1'b0;
      end else if (go) begin
        left_q <= left_q - 1'b1;
        half_q <= !half_q;
      end
      if (go) begin
        block_q <= pass_i.first;
        block_q.tile_rows <= block.tile_rows;
        block_q.height <= block.height;
        block_q.position_units <= block.position_units;
        block_q.place.base <= outside_units + (half_q ? UnitBits'(Banks * PixelDepth / 2) : '0);
        block_q.place.row <= outside_rows;
        block_q.base <= pass_i.first.base + (half_q ? half_units_i : '0);
      end
    end

    for (genvar b = 0; b < Banks; b++) begin : gen_row
      assign pixel_row[b] = placed_row[b][PixelRowBits-1:0];
      assign write_row_o[b] = pass_i.winograd ? tile_row[b] : placed_row[b][RowBits-1:0];
    end

    load_transform #(
        .Planes(WordUnits < 2 ? 1 : WordUnits / 2),
        .Banks(Banks),
        .PixelDepth(PixelDepth),
        .Depth(Depth),
        .Ultra(Ultra)
    ) u_transform (
        .clk_i,
        .rst_i,
        .start_i(start_q),
        .block_i(block_q),
        .busy_o(busy),
        .done_o(transformed),
        .pixel_write_i(pass_i.winograd ? placed_write : '0),
        .pixel_row_i(pixel_row),
        .pixel_unit_i(placed_unit),
        .write_o(tile_write),
        .write_row_o(tile_row),
        .write_unit_o(tile_unit)
    );

    assign done_o = pass_i.winograd ? transformed : placed;
    assign write_o = pass_i.winograd ? tile_write : placed_write;
    assign write_unit_o = pass_i.winograd ? tile_unit : placed_unit;
  end

endmodule
