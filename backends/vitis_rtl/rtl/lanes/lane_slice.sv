// A multiplier of a requantisation: one slice with static settings, its behavioural twin (lane_slice_model.sv) for
// simulation. Lower: P = A B. Upper: P = A B + (PCIN >> 17), where A has one register more, B is that of the lower
// slice, and PCIN its P. Where they join: P = D B + C, and above PCIN >> 17 alone; D has two registers, A and C one.
module lane_slice
  import lanes_pkg::*;
#(
    parameter int unsigned FactorBits = 27,
    parameter bit Upper = 1'b0
) (
    input logic clk_i,
    input logic joins_i,  // stays
    input logic [FactorBits-1:0] a_i,
    // read where Upper is 0
    input logic [FactorBits-1:0] d_i,
    input logic [SumBits-1:0] c_i,
    input logic [PortBBits-1:0] b_i,  // read where Upper is 0
    input logic [PortBBits-1:0] b_cascade_i,  // read where Upper is 1
    output logic [PortBBits-1:0] b_cascade_o,
    input logic [SumBits-1:0] sum_cascade_i,
    output logic [SumBits-1:0] sum_cascade_o,
    output logic [SumBits-1:0] sum_o
);

`ifdef SYNTHESIS
  vendor_slice #(
      .FactorBits(FactorBits),
      .CascadesB(Upper),
      .RegistersA(Upper ? 2 : 0),
      .TakesC(!Upper),
      .TakesD(!Upper)
  ) u_slice (
      .clk_i,
      .without_a_i(joins_i),
      .d_i,
      .a_i,
      .a_cascade_i('0),
      .a_cascade_o(),
      .a1_i(Upper),
      .a2_i(1'b1),
      .b_i,
      .b_cascade_i,
      .b_cascade_o,
      .c_i,
      .addend_i(Upper ? 3'b101 : {1'b0, {2{joins_i}}}),
      .sum_cascade_i(Upper ? sum_cascade_i : '0),
      .sum_cascade_o,
      .sum_o
  );
`else
  lane_slice_model #(
      .FactorBits(FactorBits),
      .Upper(Upper)
  ) u_model (
      .clk_i,
      .joins_i,
      .a_i,
      .d_i,
      .c_i,
      .b_i(Upper ? b_cascade_i : b_i),
      .sum_i(sum_cascade_i),
      .b_o(b_cascade_o),
      .sum_o
  );
  assign sum_cascade_o = sum_o;
`endif

endmodule
