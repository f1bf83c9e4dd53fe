// POST: the sums of a block become rows of bytes, Pairs * 2 channels of a position per cycle, or as many
// positions of a channel. Requests of
// accumulator rows go to systolic_array.sv, which answers four cycles later.
//
// From `start_i` to the first row of bytes: FirstCycles. The block is read, and its half of the accumulators
// free for sums that come Pairs + 1 cycles later, when `busy_o` falls.
module post
  import post_pkg::*;
#(
    parameter int unsigned Columns = 16,
    parameter int unsigned Pairs = 8,
    parameter int unsigned AccumulatorBits = 32,
    parameter int unsigned ValueBits = 36,
    parameter int unsigned RowBits = 9,
    parameter int unsigned Units = 4,
    parameter int unsigned ParameterDepth = 512,
    localparam int unsigned ParameterBits = $clog2(ParameterDepth),
    localparam int unsigned Groups = (Columns + Pairs - 1) / Pairs
) (
    input logic clk_i,
    input logic rst_i,  // for OutputStage + Pairs cycles
    input logic start_i,
    input post_block_t block_i,
    output logic busy_o,
    // of the layer
    input logic [ByteBits-1:0] zero_point_i,
    input logic look_up_i,
    input logic table_write_i,
    input logic [ByteBits-1:0] table_index_i,
    input logic [ByteBits-1:0] table_data_i,
    // parameters, as they come from memory
    input logic parameters_write_i,
    input logic [ParameterBits-1:0] parameters_word_i,
    input logic [Units-1:0][UnitBits-1:0] parameters_data_i,
    // accumulators
    output logic [Groups-1:0] read_o,
    output logic read_half_o,
    output logic [RowBits-1:0] read_row_o,
    input logic [Columns-1:0] valid_i,
    input logic [Columns-1:0][AccumulatorBits-1:0] low_i,
    input logic [Columns-1:0][AccumulatorBits-1:0] high_i,
    // bytes
    output logic chunk_o,
    output chunk_t chunk_data_o,
    output logic valid_o,
    output logic [2*Pairs-1:0][ByteBits-1:0] bytes_o
);

  localparam int unsigned FetchCycles = 3;  // a column answers after four, a load stands before

  logic fetch_first, fetch_odd, load, odd;
  logic [CountBits-1:0] fetch_pair;
  logic [1:0] fetch_used, used;
  parameters_t [1:0] fetched, parameters;

  post_requests #(
      .Columns(Columns),
      .Pairs  (Pairs),
      .RowBits(RowBits)
  ) u_requests (
      .clk_i,
      .rst_i,
      .start_i,
      .block_i,
      .busy_o,
      .read_o,
      .read_half_o,
      .read_row_o,
      .fetch_first_o(fetch_first),
      .fetch_pair_o (fetch_pair),
      .fetch_odd_o  (fetch_odd),
      .fetch_used_o (fetch_used),
      .chunk_o,
      .chunk_data_o
  );

  parameter_memory #(
      .Units(Units),
      .Depth(ParameterDepth)
  ) u_parameters (
      .clk_i,
      .write_i(parameters_write_i),
      .write_word_i(parameters_word_i),
      .write_data_i(parameters_data_i),
      .read_word_i(block_i.parameters),
      .read_pair_i(fetch_pair),
      .read_data_o(fetched)
  );

  delay_line #(
      .Bits  (4),
      .Cycles(FetchCycles)
  ) u_fetch_delay (
      .clk_i,
      .data_i({fetch_first, fetch_odd, fetch_used}),
      .data_o({load, odd, used})
  );

  // Both lanes of a column have the same channel where inputs stay.
  assign parameters = block_i.by_channel ? {2{odd ? fetched[1] : fetched[0]}} : fetched;

  post_lanes #(
      .Columns(Columns),
      .Pairs(Pairs),
      .AccumulatorBits(AccumulatorBits),
      .ValueBits(ValueBits)
  ) u_lanes (
      .clk_i,
      .rst_i,
      .by_channel_i(block_i.by_channel),
      .load_i(load),
      .parameters_i(parameters),
      .used_i(used),
      .valid_i,
      .low_i,
      .high_i,
      .zero_point_i,
      .look_up_i,
      .table_write_i,
      .table_index_i,
      .table_data_i,
      .valid_o,
      .bytes_o
  );

endmodule
