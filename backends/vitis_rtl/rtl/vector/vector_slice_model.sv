// A slice in the modes of vector_slice.sv, register by register: AREG=1, BREG=1, MREG=1, PREG=1,
// OPMODEREG=1; X and Y the product, Z nothing or P. For simulation.
module vector_slice_model
  import lanes_pkg::*;
#(
    parameter int unsigned FactorBits = 27
) (
    input logic clk_i,
    input logic [FactorBits-1:0] a_i,
    input logic [PortBBits-1:0] b_i,
    input logic add_i,
    output logic [SumBits-1:0] sum_o
);

  localparam int unsigned ProductBits = FactorBits + PortBBits;

  logic signed [FactorBits-1:0] a_q;
  logic signed [PortBBits-1:0] b_q;
  logic signed [ProductBits-1:0] product_q;
  logic add_q;

  always_ff @(posedge clk_i) begin
    a_q <= a_i;
    b_q <= b_i;
    product_q <= ProductBits'(a_q) * ProductBits'(b_q);
    add_q <= add_i;
    sum_o <= SumBits'(product_q) + (add_q ? sum_o : '0);
  end

endmodule
