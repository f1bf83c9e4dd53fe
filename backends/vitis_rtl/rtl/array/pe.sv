// A processing element: one multiplier, and the registers that pass the moving operand and its tag
// to the right. Nothing of it but these registers is fabric.
module pe
  import array_pkg::*;
#(
    parameter int unsigned FactorBits = 27,
    parameter int unsigned OperandBits = 8,
    parameter bit Top = 1'b0,
    parameter bit TakesOffset = 1'b0
) (
    input logic clk_i,
    input logic [OperandBits-1:0] operand_i,
    output logic [OperandBits-1:0] operand_o,
    input pe_tag_t tag_i,
    output pe_tag_t tag_o,
    input logic [FactorBits-1:0] stationary_i,
    input logic [PortABits-1:0] cascade_i,
    output logic [PortABits-1:0] cascade_o,
    input logic [SumBits-1:0] offset_i,  // read where TakesOffset is 1
    input logic [SumBits-1:0] sum_cascade_i,
    output logic [SumBits-1:0] sum_cascade_o,
    output logic [SumBits-1:0] sum_o
);

  logic [OperandBits-1:0] operand_q;
  pe_tag_t tag_q;

  always_ff @(posedge clk_i) begin
    operand_q <= operand_i;
    tag_q <= tag_i;
  end

  assign operand_o = operand_q;
  assign tag_o = tag_q;

  dsp_slice #(
      .FactorBits(FactorBits),
      .Top(Top),
      .TakesOffset(TakesOffset)
  ) u_slice (
      .clk_i,
      .stationary_i,
      .cascade_i,
      .cascade_o,
      .operand_i(PortBBits'(signed'(operand_q))),
      .load_i(tag_q.load),
      .take_i(tag_q.take),
      .addend_i(tag_q.addend),
      .offset_i,
      .sum_cascade_i,
      .sum_cascade_o,
      .sum_o
  );

endmodule
