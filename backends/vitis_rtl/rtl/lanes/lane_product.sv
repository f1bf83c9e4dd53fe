// A value of up to 17 + FactorBits bits times a multiplier of 18, both signed, in two slices: the value's low 17 bits
// in one, the rest in the other, which adds what the first has above them. ProductCycles later.
//
// Where they join: the value, plus a second one times the multiplier, in the first slice; the other one hands on what is
// above its low 17 bits. A cycle earlier, since the value is only added; the second one comes two cycles before it.
module lane_product
  import lanes_pkg::*;
#(
    parameter int unsigned ValueBits = LeastValueBits,
    parameter int unsigned FactorBits = 27
) (
    input logic clk_i,
    input logic joins_i,  // stays
    input logic [ByteBits-1:0] second_i,
    input logic [ValueBits-1:0] value_i,
    input logic [MultiplierBits-1:0] multiplier_i,
    output logic [ValueBits+MultiplierBits-1:0] product_o
);

  if (ValueBits <= CascadeShift || ValueBits > CascadeShift + FactorBits) begin : gen_check
    $error("ValueBits: 18 to 44, of a DSP48E1 to 42, what the ports of two slices take.");
  end

  logic [PortBBits-1:0] multiplier_cascade;
  logic [SumBits-1:0] sum_cascade;
  logic [CascadeShift-1:0] lower_q;
  /* verilator lint_off UNUSEDSIGNAL */  // of the lower sum the cascade takes the rest
  logic [SumBits-1:0] lower, upper;
  /* verilator lint_on UNUSEDSIGNAL */

  lane_slice #(
      .FactorBits(FactorBits),
      .Upper(1'b0)
  ) u_lower (
      .clk_i,
      .joins_i,
      .a_i(FactorBits'(value_i[CascadeShift-1:0])),
      .d_i(FactorBits'(signed'(second_i))),
      .c_i(SumBits'(signed'(value_i))),
      .b_i(multiplier_i),
      .b_cascade_i('0),
      .b_cascade_o(multiplier_cascade),
      .sum_cascade_i('0),
      .sum_cascade_o(sum_cascade),
      .sum_o(lower)
  );

  lane_slice #(
      .FactorBits(FactorBits),
      .Upper(1'b1)
  ) u_upper (
      .clk_i,
      .joins_i,
      .a_i(FactorBits'(signed'(value_i[ValueBits-1:CascadeShift]))),
      .d_i('0),
      .c_i('0),
      .b_i('0),
      .b_cascade_i(multiplier_cascade),
      /* verilator lint_off PINCONNECTEMPTY */
      .b_cascade_o(),
      .sum_cascade_i(sum_cascade),
      .sum_cascade_o(),
      /* verilator lint_on PINCONNECTEMPTY */
      .sum_o(upper)
  );

  always_ff @(posedge clk_i) lower_q <= lower[CascadeShift-1:0];

  assign product_o = {upper[ValueBits+MultiplierBits-CascadeShift-1:0], lower_q};

endmodule
