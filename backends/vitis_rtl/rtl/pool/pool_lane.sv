// The window that ends at a pixel, of one channel: a pixel and those above it become a column, and columns a window.
//
//   cycle   of a pixel
//   1       with the pixel above
//   2       with the one above that: a column
//   3       with the two columns before
//   4       the window
module pool_lane
  import pool_pkg::*;
(
    input logic clk_i,
    input logic largest_i,  // of the pixels, else their sum
    input logic [Others-1:0] rows_i,  // [k]: the row k + 1 above counts
    input logic [Others-1:0] columns_i,  // [k]: the column k + 1 before counts; cycle 3
    input logic [CentredBits-1:0] value_i,  // cycle 1
    input logic [CentredBits-1:0] above_i,  // cycle 1
    input logic [CentredBits-1:0] two_above_i,  // cycle 2
    output logic [WindowBits-1:0] window_o
);

  localparam int unsigned PairBits = CentredBits + 1;
  localparam int unsigned ColumnSumBits = CentredBits + 2;
  localparam int unsigned TwoColumnBits = CentredBits + 3;

  logic [PairBits-1:0] pair;
  logic [ColumnSumBits-1:0] column, column_before_q;
  logic [TwoColumnBits-1:0] two_before;  // columns

  pool_pair #(
      .Bits(CentredBits)
  ) u_pair (
      .clk_i,
      .largest_i,
      .both_i (rows_i[0]),
      .one_i  (value_i),
      .other_i(above_i),
      .pair_o (pair)
  );

  pool_pair #(
      .Bits(PairBits)
  ) u_column (
      .clk_i,
      .largest_i,
      .both_i (rows_i[1]),
      .one_i  (pair),
      .other_i(PairBits'($signed(two_above_i))),
      .pair_o (column)
  );

  always_ff @(posedge clk_i) column_before_q <= column;

  // Of this column and the one before: what the next column finds before it.
  pool_pair #(
      .Bits(ColumnSumBits)
  ) u_two_columns (
      .clk_i,
      .largest_i,
      .both_i (columns_i[1]),
      .one_i  (column),
      .other_i(column_before_q),
      .pair_o (two_before)
  );

  pool_pair #(
      .Bits(TwoColumnBits)
  ) u_window (
      .clk_i,
      .largest_i,
      .both_i (columns_i[0]),
      .one_i  (TwoColumnBits'($signed(column))),
      .other_i(two_before),
      .pair_o (window_o)
  );

endmodule
