// A multiplier of a requantisation: one slice with static settings, its behavioural twin (lane_slice_model.sv) for
// simulation. Lower: P = A B. Upper: P = A B + (PCIN >> 17), where A has one register more, B is that of the lower
// slice, and PCIN its P.
module lane_slice
  import lanes_pkg::*;
#(
    parameter int unsigned FactorBits = 27,
    parameter bit Upper = 1'b0
) (
    input logic clk_i,
    input logic [FactorBits-1:0] a_i,
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
      .RegistersA(Upper ? 2 : 1)
  ) u_slice (
      .clk_i,
      .a_i,
      .a_cascade_i('0),
      .a_cascade_o(),
      .a1_i(Upper),
      .a2_i(1'b1),
      .b_i,
      .b_cascade_i,
      .b_cascade_o,
      .c_i('0),
      .addend_i(Upper ? 3'b101 : 3'b000),
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
      .a_i,
      .b_i(Upper ? b_cascade_i : b_i),
      .sum_i(sum_cascade_i),
      .b_o(b_cascade_o),
      .sum_o
  );
  assign sum_cascade_o = sum_o;
`endif

endmodule
