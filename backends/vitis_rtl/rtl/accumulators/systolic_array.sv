// The systolic array: core and accumulators. This is the style for synthesis and for small sizes;
// systolic_array_loops.sv is the same machine for the simulation of large ones.
module systolic_array
  import array_pkg::*;
#(
    parameter int unsigned Rows = 16,
    parameter int unsigned Columns = 16,
    parameter int unsigned GroupRows = 8,
    parameter int unsigned FactorBits = 27,
    parameter int unsigned OperandBits = 8,
    localparam int unsigned PairShift = pair_shift(FactorBits),
    parameter int unsigned HighBits = PairShift,
    parameter int unsigned AccumulatorBits = 32,
    parameter int unsigned AccumulatorRows = 512,  // of each half
    parameter bit Ultra = 1'b0,
    parameter int unsigned ReadColumns = Columns,  // of a group that is asked at a time
    localparam int unsigned Groups = (Rows + GroupRows - 1) / GroupRows,
    localparam int unsigned LowSumBits = PairShift + $clog2(Groups),
    localparam int unsigned HighSumBits = HighBits + $clog2(Groups),
    localparam int unsigned ReadGroups = (Columns + ReadColumns - 1) / ReadColumns,
    localparam int unsigned RowBits = $clog2(AccumulatorRows)
) (
    input logic clk_i,
    input logic rst_i,  // for GroupRows + clog2(groups) + 2 cycles: delayed tags have no other
    // The moving and the stationary side: see left_edge.sv and top_edge.sv.
    input logic outputs_stay_i,
    input logic paired_i,
    input logic take_i,
    input logic load_i,
    input logic load_last_i,
    input logic first_i,
    input logic last_i,
    input logic [Rows-1:0][OperandBits-1:0] operand_i,
    input logic [Columns-1:0][WordBits-1:0] word_i,
    // Where the sums of this vector go.
    input logic add_i,
    input logic add_first_i,
    input logic add_half_i,
    input logic [RowBits-1:0] add_row_i,
    input logic [1:0] add_whole_i,
    // A row of a group of columns to read: its column c answers c + 4 cycles later.
    input logic [ReadGroups-1:0] read_i,
    input logic read_half_i,
    input logic [RowBits-1:0] read_row_i,
    output logic [Columns-1:0] valid_o,
    output logic [Columns-1:0][AccumulatorBits-1:0] low_o,
    output logic [Columns-1:0][AccumulatorBits-1:0] high_o
);

  if (AccumulatorBits < LowSumBits || AccumulatorBits < HighSumBits) begin : gen_check_bits
    $error("AccumulatorBits: at least those of the column's sums.");
  end
  if (AccumulatorRows < 4) begin : gen_check_depth
    $error("AccumulatorRows: at least 4, the distance at which a row may come again.");
  end
  if (ReadColumns == 0) begin : gen_check_groups
    $error("ReadColumns: at least one.");
  end

  // The tag of a sum is at column 0 two cycles before the sum; its own register is one of these.
  localparam int unsigned TagCycles = GroupRows + 1 + $clog2(Groups);

  logic [Columns-1:0][LowSumBits-1:0] low;
  logic [Columns-1:0][HighSumBits-1:0] high;
  logic [Columns-1:0] carry;

  array_core #(
      .Rows(Rows),
      .Columns(Columns),
      .GroupRows(GroupRows),
      .FactorBits(FactorBits),
      .OperandBits(OperandBits),
      .HighBits(HighBits)
  ) u_core (
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
      .word_i,
      .low_o(low),
      .high_o(high),
      .carry_o(carry)
  );

  logic add, add_first, add_half;
  logic [RowBits-1:0] add_row;
  logic [1:0] add_whole;

  delay_line #(
      .Bits(RowBits + 5),
      .Cycles(TagCycles)
  ) u_add_delay (
      .clk_i,
      .data_i({add_i & !rst_i, add_first_i, add_half_i, add_row_i, add_whole_i}),
      .data_o({add, add_first, add_half, add_row, add_whole})
  );

  accumulator_columns #(
      .Columns(Columns),
      .LowSumBits(LowSumBits),
      .HighSumBits(HighSumBits),
      .PartBits(PairShift),
      .AccumulatorBits(AccumulatorBits),
      .Depth(AccumulatorRows),
      .ReadColumns(ReadColumns),
      .Ultra(Ultra)
  ) u_accumulators (
      .clk_i,
      .rst_i,
      .add_i(add),
      .add_first_i(add_first),
      .add_half_i(add_half),
      .add_row_i(add_row),
      .add_whole_i(add_whole),
      .low_i(low),
      .high_i(high),
      .carry_i(carry),
      .read_i,
      .read_half_i,
      .read_row_i,
      .valid_o,
      .low_o,
      .high_o
  );

endmodule
