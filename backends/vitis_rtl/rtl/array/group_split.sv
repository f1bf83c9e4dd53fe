// Cuts the sum of a group into its two products: the low PairShift bits are a signed number, so
// where it is negative the upper part is one too small. That carry is the sign bit itself and is
// added further down, where an adder's carry input is free. low + (high + carry) * 2^PairShift is
// the sum, whatever it is.
module group_split #(
    parameter int unsigned PairShift = 18,
    parameter int unsigned HighBits = PairShift
) (
    input logic clk_i,
    input logic take_i,  // 0: another group's turn (NS); counts as zero
    input logic [PairShift+HighBits-1:0] sum_i,
    output logic [PairShift-1:0] low_o,
    output logic [HighBits-1:0] high_o,
    output logic carry_o
);

  always_ff @(posedge clk_i) begin
    if (take_i) {high_o, low_o} <= sum_i;
    else {high_o, low_o} <= '0;
  end

  assign carry_o = low_o[PairShift-1];

endmodule
