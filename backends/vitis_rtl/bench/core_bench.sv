// The array without accumulators between two records: what goes in and what comes out in a cycle,
// the first field in the lowest bits.
module core_bench
  import array_pkg::*;
#(
    parameter int unsigned Rows = 16,
    parameter int unsigned Columns = 16,
    parameter int unsigned GroupRows = 8,
    parameter int unsigned FactorBits = 27,
    parameter int unsigned OperandBits = 8,
    localparam int unsigned PairShift = pair_shift(FactorBits),
    parameter int unsigned HighBits = PairShift,
    localparam int unsigned Groups = (Rows + GroupRows - 1) / GroupRows,
    localparam int unsigned LowSumBits = PairShift + $clog2(Groups),
    localparam int unsigned HighSumBits = HighBits + $clog2(Groups),
    localparam int unsigned InBits = 8 + Rows * OperandBits + Columns * WordBits,
    localparam int unsigned OutBits = Columns * (LowSumBits + HighSumBits + 1)
) (
    input logic clk_i,
    input logic [InBits-1:0] in_i,
    output logic [OutBits-1:0] out_o
);

  logic rst, outputs_stay, paired, take, load, load_last, first, last;
  logic [Rows-1:0][OperandBits-1:0] operand;
  logic [Columns-1:0][WordBits-1:0] word;
  logic [Columns-1:0][LowSumBits-1:0] low;
  logic [Columns-1:0][HighSumBits-1:0] high;
  logic [Columns-1:0] carry;

  assign {word, operand, last, first, load_last, load, take, paired, outputs_stay, rst} = in_i;
  assign out_o = {carry, high, low};

  array_core #(
      .Rows(Rows),
      .Columns(Columns),
      .GroupRows(GroupRows),
      .FactorBits(FactorBits),
      .OperandBits(OperandBits),
      .HighBits(HighBits)
  ) u_core (
      .clk_i,
      .rst_i(rst),
      .outputs_stay_i(outputs_stay),
      .paired_i(paired),
      .take_i(take),
      .load_i(load),
      .load_last_i(load_last),
      .first_i(first),
      .last_i(last),
      .operand_i(operand),
      .word_i(word),
      .low_o(low),
      .high_o(high),
      .carry_o(carry)
  );

endmodule
