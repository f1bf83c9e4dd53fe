// The accumulators of all columns. What is added moves right from the first column to the last; a row is
// asked for from a group of columns, and its request moves right within the group.
module accumulator_columns #(
    parameter int unsigned Columns = 16,
    parameter int unsigned LowSumBits = 19,
    parameter int unsigned HighSumBits = 19,
    parameter int unsigned PartBits = 18,  // of the lower part of a sum that comes in two
    parameter int unsigned AccumulatorBits = 32,
    parameter int unsigned Depth = 512,  // rows of each half
    parameter int unsigned ReadColumns = Columns,
    parameter bit Ultra = 1'b0,
    localparam int unsigned ReadGroups = (Columns + ReadColumns - 1) / ReadColumns,
    localparam int unsigned RowBits = $clog2(Depth)
) (
    input logic clk_i,
    input logic rst_i,
    // to the first column, two cycles ahead of its sum
    input logic add_i,
    input logic add_first_i,
    input logic add_half_i,
    input logic [RowBits-1:0] add_row_i,
    input logic [1:0] add_whole_i,
    input logic [Columns-1:0][LowSumBits-1:0] low_i,
    input logic [Columns-1:0][HighSumBits-1:0] high_i,
    input logic [Columns-1:0] carry_i,
    input logic [ReadGroups-1:0] read_i,
    input logic read_half_i,
    input logic [RowBits-1:0] read_row_i,
    output logic [Columns-1:0] valid_o,
    output logic [Columns-1:0][AccumulatorBits-1:0] low_o,
    output logic [Columns-1:0][AccumulatorBits-1:0] high_o
);

  logic add[Columns+1], add_first[Columns+1], add_half[Columns+1];
  logic [RowBits-1:0] add_row[Columns+1];
  logic [1:0] add_whole[Columns+1];
  logic read[Columns], read_half[Columns], next_read[Columns], next_read_half[Columns];
  logic [RowBits-1:0] read_row[Columns], next_read_row[Columns];

  assign add[0] = add_i;
  assign add_first[0] = add_first_i;
  assign add_half[0] = add_half_i;
  assign add_row[0] = add_row_i;
  assign add_whole[0] = add_whole_i;

  for (genvar c = 0; c < Columns; c++) begin : gen_column
    if (c % ReadColumns == 0) begin : gen_first
      assign read[c] = read_i[c/ReadColumns];
      assign read_half[c] = read_half_i;
      assign read_row[c] = read_row_i;
    end else begin : gen_further
      assign read[c] = next_read[c-1];
      assign read_half[c] = next_read_half[c-1];
      assign read_row[c] = next_read_row[c-1];
    end

    accumulator #(
        .LowSumBits(LowSumBits),
        .HighSumBits(HighSumBits),
        .PartBits(PartBits),
        .AccumulatorBits(AccumulatorBits),
        .Depth(Depth),
        .Ultra(Ultra)
    ) u_accumulator (
        .clk_i,
        .rst_i,
        .add_i(add[c]),
        .add_first_i(add_first[c]),
        .add_half_i(add_half[c]),
        .add_row_i(add_row[c]),
        .add_whole_i(add_whole[c]),
        .add_o(add[c+1]),
        .add_first_o(add_first[c+1]),
        .add_half_o(add_half[c+1]),
        .add_row_o(add_row[c+1]),
        .add_whole_o(add_whole[c+1]),
        .low_i(low_i[c]),
        .high_i(high_i[c]),
        .carry_i(carry_i[c]),
        .read_i(read[c]),
        .read_half_i(read_half[c]),
        .read_row_i(read_row[c]),
        .read_o(next_read[c]),
        .read_half_o(next_read_half[c]),
        .read_row_o(next_read_row[c]),
        .valid_o(valid_o[c]),
        .low_o(low_o[c]),
        .high_o(high_o[c])
    );
  end

endmodule
