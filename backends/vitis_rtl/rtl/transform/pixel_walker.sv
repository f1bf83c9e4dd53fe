// The pixels of a piece, one per cycle, column by column: where each lies, and whether it is a pad. Pieces follow each
// other without a pause.
module pixel_walker
  import feed_pkg::*, transform_pkg::transform_t, winograd_pkg::*;
(
    input logic clk_i,
    input logic rst_i,
    /* verilator lint_off UNUSEDSIGNAL */  // what a block's tiles are, is another's
    input transform_t block_i,
    /* verilator lint_on UNUSEDSIGNAL */
    input logic valid_i,  // a piece
    output logic take_o,
    input place_t place_i,
    input units_t plane_i,
    // A pixel, two cycles behind its piece.
    output logic valid_o,
    output units_t unit_o,
    output logic pad_o,
    output logic busy_o
);

  place_t place_q;
  units_t first_base_q, plane_q;
  count_t first_row_q;
  index_t row_q, column_q;
  logic end_of_column, last;

  assign end_of_column = row_q == last_datum(block_i.rows);
  assign last = end_of_column && column_q == last_datum(block_i.columns);
  assign take_o = valid_i & (!busy_o | last);

  always_ff @(posedge clk_i) begin
    if (rst_i) busy_o <= 1'b0;
    else busy_o <= take_o | (busy_o & !last);
    if (take_o) begin
      place_q <= place_i;
      first_base_q <= place_i.base;
      first_row_q <= place_i.row;
      plane_q <= plane_i;
      row_q <= '0;
      column_q <= '0;
    end else if (!end_of_column) begin
      row_q <= row_q + 1'b1;
      place_q.base <= place_q.base + block_i.row_units;
      place_q.row <= place_q.row + 1'b1;
    end else begin
      row_q <= '0;
      column_q <= column_q + 1'b1;
      place_q <= '{
          base: first_base_q,
          column: place_q.column + block_i.pixel_units,
          row: first_row_q
      };
    end
  end

  // A negative row or column is beyond every end.
  always_ff @(posedge clk_i) begin
    valid_o <= busy_o & !rst_i;
    unit_o  <= place_q.base + place_q.column + plane_q;
    pad_o   <= place_q.row >= block_i.height || place_q.column >= block_i.width_units;
  end

endmodule
