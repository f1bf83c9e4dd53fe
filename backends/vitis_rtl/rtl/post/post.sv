// POST: the sums of a block become rows of bytes, Pairs * 2 channels of a position per cycle, or as many
// positions of a channel. Requests of
// accumulator rows go to systolic_array.sv, which answers four cycles later.
//
// From `start_i` to the first row of bytes: FirstCycles. The block is read, and its half of the accumulators
// free for sums that come Pairs + 1 cycles later, when `busy_o` falls.
module post
  import lanes_pkg::*, post_pkg::*, winograd_pkg::form_e, winograd_pkg::Alone;
#(
    parameter int unsigned Columns = 16,
    parameter int unsigned Pairs = 8,
    parameter int unsigned AccumulatorBits = 32,
    parameter int unsigned PartBits = 18,  // of the lower part of a sum that comes in two
    parameter int unsigned ValueBits = LeastValueBits,
    parameter int unsigned RowBits = 9,
    parameter int unsigned Units = 4,
    parameter int unsigned ParameterDepth = 512,
    parameter bit Winograd = 1'b0,
    localparam int unsigned ParameterBits = $clog2(ParameterDepth),
    localparam int unsigned Groups = (Columns + Pairs - 1) / Pairs
) (
    input logic clk_i,
    input logic rst_i,  // for OutputStage + Pairs cycles
    /* verilator lint_off UNUSEDSIGNAL */  // of use with Winograd
    input form_e tile_rows_i,  // both Alone: no Winograd; they stay until the pass is done
    input form_e tile_columns_i,
    /* verilator lint_on UNUSEDSIGNAL */
    input logic start_i,
    input post_block_t block_i,
    output logic busy_o,
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
    // lanes.sv, its first 2 Pairs lanes
    output post_lanes_t lanes_o,
    output logic [2*Pairs-1:0][ValueBits-1:0] lane_sums_o,
    input logic [2*Pairs-1:0][ByteBits-1:0] lane_bytes_i,
    // bytes
    output logic chunk_o,
    output chunk_t chunk_data_o,
    output logic valid_o,
    output logic [2*Pairs-1:0][ByteBits-1:0] bytes_o
);

  localparam int unsigned FetchCycles = 3;  // a column answers after four, a load stands before

  logic fetch_first, load, fetch_odd, odd;
  logic [CountBits-1:0] fetch_word, fetch_pair;
  logic [1:0] fetch_used, used;
  parameters_t [1:0] fetched, parameters;

  // What post_requests.sv says, and beside it what the positions of Winograd do.
  logic direct_busy, direct_fetch_first, direct_fetch_odd, direct_chunk;
  logic [Groups-1:0] direct_read;
  logic [RowBits-1:0] direct_row;
  logic [CountBits-1:0] direct_pair;
  logic [1:0] direct_used;
  chunk_t direct_chunk_data;
  logic winograd;
  logic [Columns-1:0] valid;
  logic [Columns-1:0][AccumulatorBits-1:0] low, high;

  post_requests #(
      .Columns(Columns),
      .Pairs  (Pairs),
      .RowBits(RowBits)
  ) u_requests (
      .clk_i,
      .rst_i,
      .start_i(start_i & !winograd),
      .block_i,
      .busy_o(direct_busy),
      .read_o(direct_read),
      .read_half_o,
      .read_row_o(direct_row),
      .fetch_first_o(direct_fetch_first),
      .fetch_pair_o(direct_pair),
      .fetch_odd_o(direct_fetch_odd),
      .fetch_used_o(direct_used),
      .chunk_o(direct_chunk),
      .chunk_data_o(direct_chunk_data)
  );

  if (Winograd) begin : gen_winograd
    logic tiles_busy, tiles_chunk, tile, tiles_fetch_first, tiles_used;
    logic [Groups-1:0] tiles_read;
    logic [RowBits-1:0] tiles_row;
    logic [CountBits-1:0] tiles_channel, tiles_word, tiles_fetch;
    chunk_t tiles_chunk_data;

    assign winograd = tile_rows_i != Alone || tile_columns_i != Alone;

    position_requests #(
        .Columns(Columns),
        .Pairs  (Pairs),
        .RowBits(RowBits)
    ) u_positions (
        .clk_i,
        .rst_i,
        .rows_i(tile_rows_i),
        .columns_i(tile_columns_i),
        .start_i(start_i & winograd),
        .block_i,
        .busy_o(tiles_busy),
        .read_o(tiles_read),
        .read_row_o(tiles_row),
        .chunk_o(tiles_chunk),
        .chunk_data_o(tiles_chunk_data),
        .channel_o(tiles_channel)
    );

    sums_transform #(
        .Columns(Columns),
        .Pairs(Pairs),
        .AccumulatorBits(AccumulatorBits),
        .PartBits(PartBits)
    ) u_sums (
        .clk_i,
        .rst_i,
        .rows_i(tile_rows_i),
        .columns_i(tile_columns_i),
        .valid_i,
        .low_i,
        .high_i,
        .valid_o(valid),
        .low_o(low),
        .high_o(high),
        .tile_o(tile)
    );

    tile_parameters u_fetches (
        .clk_i,
        .rst_i,
        .chunk_i(tiles_chunk),
        .block_i,
        .channel_i(tiles_channel),
        .tile_i(tile),
        .fetch_first_o(tiles_fetch_first),
        .fetch_word_o(tiles_word),
        .fetch_channel_o(tiles_fetch),
        .fetch_used_o(tiles_used)
    );

    // One channel of a column, in the first of its lanes.
    assign busy_o = direct_busy | tiles_busy;
    assign read_o = direct_read | tiles_read;
    assign read_row_o = winograd ? tiles_row : direct_row;
    assign chunk_o = direct_chunk | tiles_chunk;
    assign chunk_data_o = winograd ? tiles_chunk_data : direct_chunk_data;
    assign fetch_first = winograd ? tiles_fetch_first : direct_fetch_first;
    assign fetch_word = winograd ? tiles_word : block_i.parameters;
    assign fetch_pair = winograd ? tiles_fetch / CountBits'(2) : direct_pair;
    assign fetch_odd = winograd ? tiles_fetch[0] : direct_fetch_odd;
    assign fetch_used = winograd ? {1'b0, tiles_used} : direct_used;
  end else begin : gen_direct
    assign winograd = 1'b0;
    assign busy_o = direct_busy;
    assign read_o = direct_read;
    assign read_row_o = direct_row;
    assign chunk_o = direct_chunk;
    assign chunk_data_o = direct_chunk_data;
    assign fetch_first = direct_fetch_first;
    assign fetch_word = block_i.parameters;
    assign fetch_pair = direct_pair;
    assign fetch_odd = direct_fetch_odd;
    assign fetch_used = direct_used;
    assign valid = valid_i;
    assign low = low_i;
    assign high = high_i;
  end

  parameter_memory #(
      .Units(Units),
      .Depth(ParameterDepth)
  ) u_parameters (
      .clk_i,
      .write_i(parameters_write_i),
      .write_word_i(parameters_word_i),
      .write_data_i(parameters_data_i),
      .read_word_i(fetch_word),
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

  // Both lanes of a column have the same channel where inputs stay, and in Winograd the first has the only one.
  assign parameters = block_i.by_channel | winograd ? {2{odd ? fetched[1] : fetched[0]}} : fetched;

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
      .valid_i(valid),
      .low_i(low),
      .high_i(high),
      .lanes_o,
      .lane_sums_o,
      .lane_bytes_i,
      .valid_o,
      .bytes_o
  );

endmodule
