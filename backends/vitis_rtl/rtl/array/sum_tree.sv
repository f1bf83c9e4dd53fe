// Adds the groups of one column, two by two, a register behind each adder. Every group brings a
// carry: each adder takes that of its second summand, the first summand's goes on, and the last
// one left is taken by the accumulator.
module sum_tree #(
    parameter int unsigned Groups = 2,
    parameter int unsigned PairShift = 18,
    parameter int unsigned HighBits = PairShift,
    localparam int unsigned Levels = $clog2(Groups),
    localparam int unsigned LowSumBits = PairShift + Levels,
    localparam int unsigned HighSumBits = HighBits + Levels
) (
    input logic clk_i,
    input logic [Groups-1:0][PairShift-1:0] low_i,
    input logic [Groups-1:0][HighBits-1:0] high_i,
    input logic [Groups-1:0] carry_i,
    output logic [LowSumBits-1:0] low_o,
    output logic [HighSumBits-1:0] high_o,
    output logic carry_o
);

  logic [LowSumBits-1:0] low[Levels+1][Groups];
  logic [HighSumBits-1:0] high[Levels+1][Groups];
  logic carry[Levels+1][Groups];

  for (genvar g = 0; g < Groups; g++) begin : gen_leaf
    assign low[0][g] = LowSumBits'(signed'(low_i[g]));
    assign high[0][g] = HighSumBits'(signed'(high_i[g]));
    assign carry[0][g] = carry_i[g];
  end

  for (genvar l = 0; l < Levels; l++) begin : gen_level
    localparam int unsigned Summands = (Groups + 2 ** l - 1) / 2 ** l;
    for (genvar i = 0; i < (Summands + 1) / 2; i++) begin : gen_node
      if (2 * i + 1 < Summands) begin : gen_add
        always_ff @(posedge clk_i) begin
          low[l+1][i] <= low[l][2*i] + low[l][2*i+1];
          high[l+1][i] <= high[l][2*i] + high[l][2*i+1] + HighSumBits'(carry[l][2*i+1]);
          carry[l+1][i] <= carry[l][2*i];
        end
      end else begin : gen_pass
        always_ff @(posedge clk_i) begin
          low[l+1][i] <= low[l][2*i];
          high[l+1][i] <= high[l][2*i];
          carry[l+1][i] <= carry[l][2*i];
        end
      end
    end
  end

  assign low_o = low[Levels][0];
  assign high_o = high[Levels][0];
  assign carry_o = carry[Levels][0];

endmodule
