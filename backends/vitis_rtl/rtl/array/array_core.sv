// The array without its accumulators: edges and columns. Sums leave column c
//
//   GroupRows + 4 + clog2(groups) + c
//
// cycles after the vector that they belong to; those of outputs that stay (NS) as if the i-th row to
// leave belonged to a vector i cycles after the tile's last one.
module array_core
  import array_pkg::*;
#(
    parameter int unsigned Rows = 16,
    parameter int unsigned Columns = 16,
    parameter int unsigned GroupRows = 8,
    parameter int unsigned FactorBits = 27,
    parameter int unsigned OperandBits = 8,
    localparam int unsigned PairShift = pair_shift(FactorBits),
    parameter int unsigned HighBits = PairShift,  // of a group's sum, above the low PairShift
    localparam int unsigned Groups = (Rows + GroupRows - 1) / GroupRows,
    localparam int unsigned LowSumBits = PairShift + $clog2(Groups),
    localparam int unsigned HighSumBits = HighBits + $clog2(Groups)
) (
    input logic clk_i,
    input logic rst_i,
    input logic outputs_stay_i,
    input logic paired_i,
    input logic take_i,
    input logic load_i,
    input logic load_last_i,
    input logic first_i,
    input logic last_i,
    input logic [Rows-1:0][OperandBits-1:0] operand_i,
    input logic [Columns-1:0][WordBits-1:0] word_i,
    output logic [Columns-1:0][LowSumBits-1:0] low_o,
    output logic [Columns-1:0][HighSumBits-1:0] high_o,
    output logic [Columns-1:0] carry_o
);

  if (FactorBits != 25 && FactorBits != 27) begin : gen_check_factor
    $error("FactorBits: 27, of a DSP48E2, or 25, of a DSP48E1.");
  end
  if (GroupRows < 2 || GroupRows > most_group_rows(FactorBits)) begin : gen_check_group
    $error("GroupRows: 2 to 8, or 4: no more products of 127 x 128 stay below another sum.");
  end
  if (Rows < GroupRows) begin : gen_check_rows
    $error("Rows: at least those of one group, GroupRows.");
  end
  if (Columns < 1) begin : gen_check_columns
    $error("Columns: at least one.");
  end
  if (OperandBits < 8 || OperandBits > PortBBits) begin : gen_check_operand
    $error("OperandBits: 8 for 8-bit integers, at most 18, the port of a multiplier.");
  end
  if (HighBits < OperandBits + WordBits + $clog2(GroupRows) - PairShift) begin : gen_check_high
    $error("HighBits: too few for the sum of a group of WordBits x OperandBits products.");
  end
  if (HighBits < PairShift || HighBits > SumBits - PairShift) begin : gen_check_split
    $error("HighBits: 18 for the upper one of two products, or 17, at most all that a sum has.");
  end

  localparam int unsigned OffsetBits = offset_bits(GroupRows);

  logic [Rows-1:0][OperandBits-1:0] operand[Columns+1];
  pe_tag_t [Rows-1:0] tag[Columns+1];
  logic [Groups-1:0] group_take[Columns+1];
  logic [Groups-1:0][OffsetBits-1:0] offset[Columns+1];
  logic [Columns-1:0][FactorBits-1:0] stationary;

  left_edge #(
      .Rows(Rows),
      .GroupRows(GroupRows),
      .FactorBits(FactorBits),
      .OperandBits(OperandBits)
  ) u_left_edge (
      .clk_i,
      .rst_i,
      .outputs_stay_i,
      .paired_i,
      .take_i,
      .load_i,
      .load_last_i,
      .first_i,
      .last_i,
      .operand_i,
      .operand_o(operand[0]),
      .tag_o(tag[0]),
      .group_take_o(group_take[0]),
      .offset_o(offset[0])
  );

  top_edge #(
      .Columns(Columns),
      .FactorBits(FactorBits)
  ) u_top_edge (
      .clk_i,
      .paired_i,
      .word_i,
      .stationary_o(stationary)
  );

  for (genvar c = 0; c < Columns; c++) begin : gen_column
    array_column #(
        .Rows(Rows),
        .GroupRows(GroupRows),
        .FactorBits(FactorBits),
        .OperandBits(OperandBits),
        .HighBits(HighBits)
    ) u_column (
        .clk_i,
        .operand_i(operand[c]),
        .operand_o(operand[c+1]),
        .tag_i(tag[c]),
        .tag_o(tag[c+1]),
        .group_take_i(group_take[c]),
        .group_take_o(group_take[c+1]),
        .offset_i(offset[c]),
        .offset_o(offset[c+1]),
        .stationary_i(stationary[c]),
        .low_o(low_o[c]),
        .high_o(high_o[c]),
        .carry_o(carry_o[c])
    );
  end

endmodule
