// A slice in the modes that the array uses, register by register: AREG=2, ACASCREG=1, BREG=1, CREG=1, MREG=1, PREG=1,
// OPMODEREG=1, X and Y always the product, Z as the addend says. For simulation.
module dsp_slice_model
  import array_pkg::*;
#(
    parameter int unsigned FactorBits = 27,
    parameter bit TakesOffset = 1'b0
) (
    input logic clk_i,
    input logic [PortABits-1:0] a_i,  // the A port, or the cascade from above
    input logic [PortBBits-1:0] b_i,
    input logic load_i,  // CEA1
    input logic take_i,  // CEA2
    input addend_e addend_i,  // OPMODE[5:4]
    /* verilator lint_off UNUSEDSIGNAL */  // where TakesOffset is 0
    input logic [SumBits-1:0] offset_i,  // C
    /* verilator lint_on UNUSEDSIGNAL */
    input logic [SumBits-1:0] sum_i,  // PCIN
    output logic [PortABits-1:0] a_o,  // ACOUT
    output logic [SumBits-1:0] sum_o  // P and PCOUT
);

  localparam int unsigned ProductBits = FactorBits + PortBBits;

  logic [PortABits-1:0] a1_q;
  logic signed [FactorBits-1:0] a2_q;
  logic signed [PortBBits-1:0] b2_q;
  logic signed [ProductBits-1:0] product_q;
  addend_e addend_q;
  logic [SumBits-1:0] offset_q, sum_q;

  logic [SumBits-1:0] addend;

  always_comb begin
    case (addend_q)
      AddCascade: addend = sum_i;
      AddOwn: addend = sum_q;
      AddOffset: addend = offset_q;
      default: addend = '0;
    endcase
  end

  if (TakesOffset) begin : gen_offset
    always_ff @(posedge clk_i) offset_q <= offset_i;
  end else begin : gen_no_offset
    assign offset_q = '0;  // CEC=0: zero since power-up
  end

  always_ff @(posedge clk_i) begin
    if (load_i) a1_q <= a_i;
    if (take_i) a2_q <= a1_q[FactorBits-1:0];
    b2_q <= b_i;
    product_q <= ProductBits'(a2_q) * ProductBits'(b2_q);
    addend_q <= addend_i;
    sum_q <= SumBits'(product_q) + addend;
  end

  assign a_o = a1_q;
  assign sum_o = sum_q;

endmodule
