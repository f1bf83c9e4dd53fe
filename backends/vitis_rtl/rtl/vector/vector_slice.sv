// A multiplier that sums its products: one slice with static settings but for the sum's begin, its behavioural twin
// (vector_slice_model.sv) for simulation. P = A B, or A B + P; three cycles from the factors.
module vector_slice
  import lanes_pkg::*;
#(
    parameter int unsigned FactorBits = 27
) (
    input logic clk_i,
    input logic [FactorBits-1:0] a_i,
    input logic [PortBBits-1:0] b_i,
    input logic add_i,  // to the sum so far; a cycle behind the factors
    output logic [SumBits-1:0] sum_o
);

`ifdef SYNTHESIS
  vendor_slice #(
      .FactorBits(FactorBits)
  ) u_slice (
      .clk_i,
      .without_a_i(1'b0),
      .d_i('0),
      .a_i,
      .a_cascade_i('0),
      .a_cascade_o(),
      .a1_i(1'b0),
      .a2_i(1'b1),
      .b_i,
      .b_cascade_i('0),
      .b_cascade_o(),
      .c_i('0),
      .addend_i({1'b0, add_i, 1'b0}),
      .sum_cascade_i('0),
      .sum_cascade_o(),
      .sum_o
  );
`else
  vector_slice_model #(
      .FactorBits(FactorBits)
  ) u_model (
      .clk_i,
      .a_i,
      .b_i,
      .add_i,
      .sum_o
  );
`endif

endmodule
