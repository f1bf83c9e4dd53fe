// One column: its groups, the split of each group's sum and the tree that adds them. What moves
// right leaves for the next column a cycle after it came.
module array_column
  import array_pkg::*;
#(
    parameter int unsigned Rows = 16,
    parameter int unsigned GroupRows = 8,
    parameter int unsigned FactorBits = 27,
    parameter int unsigned OperandBits = 8,
    localparam int unsigned PairShift = pair_shift(FactorBits),
    parameter int unsigned HighBits = PairShift,
    localparam int unsigned OffsetBits = offset_bits(GroupRows),
    localparam int unsigned Groups = (Rows + GroupRows - 1) / GroupRows,
    localparam int unsigned LowSumBits = PairShift + $clog2(Groups),
    localparam int unsigned HighSumBits = HighBits + $clog2(Groups)
) (
    input logic clk_i,
    input logic [Rows-1:0][OperandBits-1:0] operand_i,
    output logic [Rows-1:0][OperandBits-1:0] operand_o,
    input pe_tag_t [Rows-1:0] tag_i,
    output pe_tag_t [Rows-1:0] tag_o,
    input logic [Groups-1:0] group_take_i,  // whose sum counts
    output logic [Groups-1:0] group_take_o,
    input logic [Groups-1:0][OffsetBits-1:0] offset_i,
    output logic [Groups-1:0][OffsetBits-1:0] offset_o,
    input logic [FactorBits-1:0] stationary_i,
    output logic [LowSumBits-1:0] low_o,
    output logic [HighSumBits-1:0] high_o,
    output logic carry_o
);

  localparam int unsigned SplitBits = PairShift + HighBits;

  logic [PortABits-1:0] cascade[Groups+1];
  logic [Groups-1:0] group_take_q;
  logic [Groups-1:0][PairShift-1:0] low;
  logic [Groups-1:0][HighBits-1:0] high;
  logic [Groups-1:0] carry;

  assign cascade[0] = '0;
  assign group_take_o = group_take_q;

  always_ff @(posedge clk_i) group_take_q <= group_take_i;

  for (genvar g = 0; g < Groups; g++) begin : gen_group
    localparam int unsigned First = g * GroupRows;
    localparam int unsigned Size = rows_of_group(g, GroupRows, Rows);

    /* verilator lint_off UNUSEDSIGNAL */  // sums are shorter than what a slice can hold
    logic [SumBits-1:0] sum;
    /* verilator lint_on UNUSEDSIGNAL */

    pe_group #(
        .Rows(Size),
        .FactorBits(FactorBits),
        .OperandBits(OperandBits),
        .OffsetBits(OffsetBits),
        .Top(g == 0)
    ) u_group (
        .clk_i,
        .operand_i(operand_i[First+:Size]),
        .operand_o(operand_o[First+:Size]),
        .tag_i(tag_i[First+:Size]),
        .tag_o(tag_o[First+:Size]),
        .offset_i(offset_i[g]),
        .offset_o(offset_o[g]),
        .stationary_i,
        .cascade_i(cascade[g]),
        .cascade_o(cascade[g+1]),
        .sum_o(sum)
    );

    group_split #(
        .PairShift(PairShift),
        .HighBits(HighBits)
    ) u_split (
        .clk_i,
        .take_i(group_take_q[g]),
        .sum_i(sum[SplitBits-1:0]),
        .low_o(low[g]),
        .high_o(high[g]),
        .carry_o(carry[g])
    );
  end

  sum_tree #(
      .Groups(Groups),
      .PairShift(PairShift),
      .HighBits(HighBits)
  ) u_tree (
      .clk_i,
      .low_i(low),
      .high_i(high),
      .carry_i(carry),
      .low_o,
      .high_o,
      .carry_o
  );

endmodule
