// The feeding half of the convolution core: it has the input and the weight buffer, and brings block
// after block of a convolution whose weights stay (WS) to the ports of the array.
//
// The weights of the next tile are loaded while the windows of the present one go through. From a tile's
// first window to the next one's, of this block or the next:
//
//   max(windows of the tile, values of the next tile, 4)
//
// and from the start of a block to its first window at the array, where nothing is under way:
// values of its first tile + 5 + ArrayCycles.
module feed
  import feed_pkg::*;
#(
    parameter int unsigned Rows = 16,
    parameter int unsigned Columns = 8,
    parameter int unsigned OperandBits = 8,  // 16 with Winograd
    parameter int unsigned WordUnits = 4,
    parameter int unsigned InputBanks = 8,
    parameter int unsigned InputDepth = 512,  // units of a bank, both halves
    parameter int unsigned WeightBanks = 8,
    parameter int unsigned WeightDepth = 512,
    parameter int unsigned AccumulatorRows = 512,
    localparam int unsigned InputRowBits = $clog2(InputDepth),
    localparam int unsigned WeightUnitBits = $clog2(WeightBanks) + $clog2(WeightDepth),
    localparam int unsigned AccumulatorBits = $clog2(AccumulatorRows),
    localparam int unsigned WindowBytes = Rows * OperandBits / 8,
    localparam int unsigned WindowUnits = (WindowBytes + (Rows % 16 == 0 ? 0 : 30)) / 16,
    localparam int unsigned WeightUnits = (2 * Columns + 30) / 16,
    localparam int unsigned WindowCycles = 5 + ($clog2(InputBanks) + 1) / 2 +
                                           (Rows % 16 == 0 ? 0 : 2),
    localparam int unsigned WeightCycles = 5 + ($clog2(WeightBanks) + 1) / 2,
    // From a window or a row of weights, just asked for, to the ports of the array.
    localparam bit WindowsLonger = WindowCycles > WeightCycles,
    localparam int unsigned ArrayCycles = WindowsLonger ? WindowCycles : WeightCycles
) (
    input logic clk_i,
    input logic rst_i,  // for as long as the array's
    // A block, its data in the buffers; may come while the one before it is under way.
    input logic start_i,
    output logic ready_o,
    input block_t block_i,
    output logic done_o,  // with its last window at the array
    // The input buffer, from the placer.
    input logic [InputBanks-1:0] write_i,
    input logic [InputBanks-1:0][InputRowBits-1:0] write_row_i,
    input logic [InputBanks-1:0][127:0] write_unit_i,
    // The weight buffer: memory words as they come, at any multiple of a word.
    input logic weight_write_i,
    input logic [WeightUnitBits-1:0] weight_unit_i,
    input logic [WordUnits-1:0][127:0] weight_word_i,
    // The array.
    output logic outputs_stay_o,
    output logic paired_o,
    output logic take_o,
    output logic load_o,
    output logic load_last_o,
    output logic first_o,
    output logic last_o,
    output logic [Rows-1:0][OperandBits-1:0] operand_o,
    output logic [Columns-1:0][15:0] word_o,
    output logic add_o,
    output logic add_first_o,
    output logic add_half_o,
    output logic [AccumulatorBits-1:0] add_row_o
);

  if (WeightUnits > WeightBanks || WordUnits > WeightBanks) begin : gen_check_weights
    $error("WeightBanks: at least the units of a word, and of a row of weights at any byte.");
  end
  if (WordUnits > InputBanks) begin : gen_check_inputs
    $error("InputBanks: at least the units of a word.");
  end

  tile_t walked, held;
  logic walked_valid, walked_take, loaded, free, pass;
  /* verilator lint_off UNUSEDSIGNAL */  // only what the array and the buffers need
  window_t asked, ready, late;
  units_t unit, column, room;
  bytes_t weight_byte;
  /* verilator lint_on UNUSEDSIGNAL */
  logic outside, load, load_last, paired;
  logic [$clog2(InputBanks)+InputRowBits-1:0] read_unit;
  logic [WindowUnits-1:0][127:0] window_data;
  logic [Rows-1:0][OperandBits-1:0] operand;

  assign pass = loaded && free;

  tile_walker #(
      .Rows(Rows)
  ) u_tiles (
      .clk_i,
      .rst_i,
      .start_i,
      .ready_o,
      .block_i,
      .valid_o(walked_valid),
      .take_i (walked_take),
      .tile_o (walked)
  );

  weight_loader u_loader (
      .clk_i,
      .rst_i,
      .valid_i(walked_valid),
      .take_o(walked_take),
      .tile_i(walked),
      .loaded_o(loaded),
      .pass_i(pass),
      .tile_o(held),
      .load_o(load),
      .load_last_o(load_last),
      .paired_o(paired),
      .byte_o(weight_byte)
  );

  window_walker u_windows (
      .clk_i,
      .rst_i,
      .start_i(pass),
      .free_o(free),
      .tile_i(held),
      .window_o(asked),
      .unit_o(unit),
      .column_o(column),
      .room_o(room),
      .outside_o(outside)
  );

  window_reader #(
      .Rows(Rows),
      .OperandBits(OperandBits),
      .Banks(InputBanks),
      .Depth(InputDepth)
  ) u_reader (
      .clk_i,
      .window_i(asked),
      .unit_i(unit),
      .column_i(column),
      .room_i(room),
      .outside_i(outside),
      .read_unit_o(read_unit),
      .read_data_i(window_data),
      .window_o(ready),
      .operand_o(operand)
  );

  banked_buffer #(
      .Banks(InputBanks),
      .Depth(InputDepth),
      .Kept (WindowUnits)
  ) u_inputs (
      .clk_i,
      .read_unit_i(read_unit),
      .read_data_o(window_data),
      .write_i,
      .write_row_i,
      .write_unit_i
  );

  delay_line #(
      .Bits($bits(window_t) + OperandBits * Rows),
      .Cycles(ArrayCycles - WindowCycles)
  ) u_windows_late (
      .clk_i,
      .data_i({ready, operand}),
      .data_o({late, operand_o})
  );

  weight_reader #(
      .Columns(Columns),
      .WordUnits(WordUnits),
      .Banks(WeightBanks),
      .Depth(WeightDepth),
      .Cycles(ArrayCycles)
  ) u_weights (
      .clk_i,
      .load_i(load),
      .load_last_i(load_last),
      .paired_i(paired),
      .byte_i(weight_byte[WeightUnitBits+3:0]),
      .load_o,
      .load_last_o,
      .paired_o,
      .word_o,
      .write_i(weight_write_i),
      .write_unit_i(weight_unit_i),
      .write_word_i(weight_word_i)
  );

  assign outputs_stay_o = 1'b0;
  assign first_o = 1'b0;
  assign last_o = 1'b0;
  assign take_o = late.take;
  assign add_o = late.valid;
  assign add_first_o = late.add_first;
  assign add_half_o = late.add_half;
  assign add_row_o = late.add_row[AccumulatorBits-1:0];
  assign done_o = late.last;

endmodule
