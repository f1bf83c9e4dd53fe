// The larger of two values, or their sum, or the first one alone; a cycle later.
module pool_pair #(
    parameter int unsigned Bits = 9
) (
    input logic clk_i,
    input logic largest_i,  // else the sum
    input logic both_i,
    input logic [Bits-1:0] one_i,
    input logic [Bits-1:0] other_i,
    output logic [Bits:0] pair_o
);

  logic [Bits:0] one, other;
  logic [Bits+1:0] reckoned;  // their sum or difference, above a bit for the carry

  assign one = {one_i[Bits-1], one_i};
  assign other = {other_i[Bits-1], other_i};
  assign reckoned = {one, 1'b1} + {largest_i ? ~other : other, largest_i};

  always_ff @(posedge clk_i) begin
    if (!both_i) pair_o <= one;
    else if (!largest_i) pair_o <= reckoned[Bits+1:1];
    else pair_o <= reckoned[Bits+1] ? other : one;
  end

endmodule
