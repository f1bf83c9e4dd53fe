// A slice in the modes of lane_slice.sv, register by register: BREG=1, MREG=1, PREG=1; the lower one AREG=0, DREG=1,
// ADREG=1, CREG=1, what is multiplied A or D, Z nothing or C; the upper one AREG=2, A or nothing, Z PCIN shifted right
// by 17. For simulation.
module lane_slice_model
  import lanes_pkg::*;
#(
    parameter int unsigned FactorBits = 27,
    parameter bit Upper = 1'b0
) (
    input logic clk_i,
    input logic joins_i,
    input logic [FactorBits-1:0] a_i,
    /* verilator lint_off UNUSEDSIGNAL */  // of one of the slices each
    input logic [FactorBits-1:0] d_i,
    input logic [SumBits-1:0] c_i,
    input logic signed [SumBits-1:0] sum_i,
    /* verilator lint_on UNUSEDSIGNAL */
    input logic [PortBBits-1:0] b_i,
    output logic [PortBBits-1:0] b_o,
    output logic [SumBits-1:0] sum_o
);

  localparam int unsigned ProductBits = FactorBits + PortBBits;

  logic [FactorBits-1:0] first_q;  // A or D
  logic signed [FactorBits-1:0] second_q, factor;
  logic signed [PortBBits-1:0] b2_q;
  logic signed [ProductBits-1:0] product_q;

  logic signed [SumBits-1:0] carried;

  if (Upper) begin : gen_upper
    always_ff @(posedge clk_i) begin
      first_q  <= a_i;
      second_q <= first_q;
    end
    assign factor  = joins_i ? '0 : second_q;
    assign carried = sum_i >>> CascadeShift;
  end else begin : gen_lower
    logic joins_q;
    logic [SumBits-1:0] c_q;
    always_ff @(posedge clk_i) begin
      first_q <= d_i;
      second_q <= joins_i ? first_q : a_i;
      joins_q <= joins_i;
      c_q <= c_i;
    end
    assign factor  = second_q;
    assign carried = joins_q ? c_q : '0;
  end

  always_ff @(posedge clk_i) begin
    b2_q <= b_i;
    product_q <= ProductBits'(factor) * ProductBits'(b2_q);
    sum_o <= SumBits'(product_q) + carried;
  end

  assign b_o = b2_q;

endmodule
