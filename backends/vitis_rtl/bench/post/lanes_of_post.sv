// The lanes that both engines share, where POST has them alone: no vector unit is beside it.
module lanes_of_post
  import lanes_pkg::*;
#(
    parameter int unsigned Pairs = 8,
    parameter int unsigned ValueBits = LeastValueBits,
    parameter int unsigned FactorBits = 27,
    localparam int unsigned PostLanes = 2 * Pairs,
    localparam int unsigned Lanes = PostLanes > UnitBytes ? PostLanes : UnitBytes
) (
    input logic clk_i,
    input post_lanes_t post_i,
    input logic [PostLanes-1:0][ValueBits-1:0] sum_i,
    input logic [ByteBits-1:0] zero_point_i,
    input logic look_up_i,
    input logic table_write_i,
    input logic [ByteBits-1:0] table_index_i,
    input logic [ByteBits-1:0] table_data_i,
    output logic [PostLanes-1:0][ByteBits-1:0] bytes_o
);

  /* verilator lint_off UNUSEDSIGNAL */  // there are 16 at least
  logic [Lanes-1:0][ByteBits-1:0] bytes;
  /* verilator lint_on UNUSEDSIGNAL */
  assign bytes_o = bytes[PostLanes-1:0];

  lanes #(
      .Pairs(Pairs),
      .Planes(1),
      .ValueBits(ValueBits),
      .FactorBits(FactorBits)
  ) u_lanes (
      .clk_i,
      .vector_i(1'b0),
      .post_i,
      .post_sum_i(sum_i),
      .vector_said_i('0),
      .vector_parameters_i('0),
      .vector_value_i('0),
      .zero_point_i,
      .look_up_i,
      .table_write_i,
      .table_index_i,
      .table_data_i,
      .bytes_o(bytes)
  );

endmodule
