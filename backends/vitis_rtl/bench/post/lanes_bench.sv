// The lanes of POST between two records (see core_bench.sv).
module lanes_bench
  import lanes_pkg::*;
#(
    parameter int unsigned Columns = 16,
    parameter int unsigned Pairs = 8,
    parameter int unsigned AccumulatorBits = 32,
    parameter int unsigned ValueBits = 36,
    parameter int unsigned FactorBits = 27,
    localparam int unsigned ColumnBits = 1 + 2 * AccumulatorBits,
    localparam int unsigned InBits = 7 + 3 * ByteBits + 2 * UnitBits + Columns * ColumnBits,
    localparam int unsigned OutBits = 1 + 2 * Pairs * ByteBits
) (
    input logic clk_i,
    input logic [InBits-1:0] in_i,
    output logic [OutBits-1:0] out_o
);

  logic rst, load, look_up, table_write, by_channel;
  logic [1:0] used;
  logic [ByteBits-1:0] zero_point, table_index, table_data;
  logic [1:0][UnitBits-1:0] channels;
  logic [Columns-1:0] valid;
  logic [Columns-1:0][AccumulatorBits-1:0] low, high;

  assign {high, low, valid, channels, table_data, table_index, zero_point, used, by_channel,
          table_write, look_up, load, rst} = in_i;

  post_lanes_t lanes_said;
  logic [2*Pairs-1:0][ValueBits-1:0] lane_sums;
  logic [2*Pairs-1:0][ByteBits-1:0] lane_bytes;

  lanes_of_post #(
      .Pairs(Pairs),
      .ValueBits(ValueBits),
      .FactorBits(FactorBits)
  ) u_lanes (
      .clk_i,
      .post_i(lanes_said),
      .sum_i(lane_sums),
      .zero_point_i(zero_point),
      .look_up_i(look_up),
      .table_write_i(table_write),
      .table_index_i(table_index),
      .table_data_i(table_data),
      .bytes_o(lane_bytes)
  );

  post_lanes #(
      .Columns(Columns),
      .Pairs(Pairs),
      .AccumulatorBits(AccumulatorBits),
      .ValueBits(ValueBits)
  ) u_post (
      .clk_i,
      .rst_i(rst),
      .by_channel_i(by_channel),
      .load_i(load),
      .parameters_i({unpacked(channels[1]), unpacked(channels[0])}),
      .used_i(used),
      .valid_i(valid),
      .low_i(low),
      .high_i(high),
      .lanes_o(lanes_said),
      .lane_sums_o(lane_sums),
      .lane_bytes_i(lane_bytes),
      .valid_o(out_o[0]),
      .bytes_o(out_o[OutBits-1:1])
  );

endmodule
