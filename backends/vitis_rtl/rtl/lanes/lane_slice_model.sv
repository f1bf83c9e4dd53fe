// A slice in the modes of lane_slice.sv, register by register: AREG=1 or, in the upper slice, 2,
// BREG=1, MREG=1, PREG=1; X and Y the product, Z nothing or PCIN shifted right by 17. For simulation.
module lane_slice_model
  import lanes_pkg::*;
#(
    parameter int unsigned FactorBits = 27,
    parameter bit Upper = 1'b0
) (
    input logic clk_i,
    input logic [FactorBits-1:0] a_i,
    input logic [PortBBits-1:0] b_i,
    /* verilator lint_off UNUSEDSIGNAL */  // of the upper slice alone
    input logic signed [SumBits-1:0] sum_i,
    /* verilator lint_on UNUSEDSIGNAL */
    output logic [PortBBits-1:0] b_o,
    output logic [SumBits-1:0] sum_o
);

  localparam int unsigned ProductBits = FactorBits + PortBBits;

  logic [FactorBits-1:0] a1_q;
  logic signed [FactorBits-1:0] a2_q;
  logic signed [PortBBits-1:0] b2_q;
  logic signed [ProductBits-1:0] product_q;

  logic signed [SumBits-1:0] carried;

  if (Upper) begin : gen_upper
    assign carried = sum_i >>> CascadeShift;
  end else begin : gen_lower
    assign carried = '0;
  end

  always_ff @(posedge clk_i) begin
    a1_q <= a_i;
    a2_q <= Upper ? a1_q : a_i;
    b2_q <= b_i;
    product_q <= ProductBits'(a2_q) * ProductBits'(b2_q);
    sum_o <= SumBits'(product_q) + carried;
  end

  assign b_o = b2_q;

endmodule
