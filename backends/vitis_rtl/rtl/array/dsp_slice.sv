// One multiplier slice with static settings: the vendor's primitive for synthesis, its behavioural twin
// (dsp_slice_model.sv) for simulation.
module dsp_slice
  import array_pkg::*;
#(
    parameter int unsigned FactorBits = 27,
    parameter bit Top = 1'b0,  // 1: the stationary value comes through the A port, 0: from above
    parameter bit TakesOffset = 1'b0  // 1: some of its sums begin with it
) (
    input logic clk_i,
    input logic [FactorBits-1:0] stationary_i,  // read where Top is 1
    input logic [PortABits-1:0] cascade_i,  // read where Top is 0
    output logic [PortABits-1:0] cascade_o,
    input logic [PortBBits-1:0] operand_i,
    input logic load_i,
    input logic take_i,
    input addend_e addend_i,
    input logic [SumBits-1:0] offset_i,  // read where TakesOffset is 1
    input logic [SumBits-1:0] sum_cascade_i,
    output logic [SumBits-1:0] sum_cascade_o,  // only for the slice below
    output logic [SumBits-1:0] sum_o
);

`ifdef SYNTHESIS
  vendor_slice #(
      .FactorBits(FactorBits),
      .CascadesA(!Top),
      .RegistersA(2),
      .TakesC(TakesOffset)
  ) u_slice (
      .clk_i,
      .without_a_i(1'b0),
      .d_i('0),
      .a_i(stationary_i),
      .a_cascade_i(cascade_i),
      .a_cascade_o(cascade_o),
      .a1_i(load_i),
      .a2_i(take_i),
      .b_i(operand_i),
      .b_cascade_i('0),
      .b_cascade_o(),
      .c_i(offset_i),
      .addend_i({1'b0, addend_i}),
      .sum_cascade_i,
      .sum_cascade_o,
      .sum_o
  );
`else
  dsp_slice_model #(
      .FactorBits (FactorBits),
      .TakesOffset(TakesOffset)
  ) u_model (
      .clk_i,
      .a_i(Top ? PortABits'(signed'(stationary_i)) : cascade_i),
      .b_i(operand_i),
      .load_i,
      .take_i,
      .addend_i,
      .offset_i,
      .sum_i(sum_cascade_i),
      .a_o(cascade_o),
      .sum_o
  );
  assign sum_cascade_o = sum_o;
`endif

endmodule
