// The windows of a tile, one per cycle: where each begins in the buffer, how far it is from the borders
// of the image, and where its sums go. Where inputs stay, the windows of a tile may go on behind those of the one
// before. A tile takes four cycles or more, the distance at which an
// accumulator row may come again.
module window_walker
  import feed_pkg::*;
(
    input logic clk_i,
    input logic rst_i,
    input logic start_i,  // with the last window of the tile before, or later
    output logic free_o,  // a tile may start
    /* verilator lint_off UNUSEDSIGNAL */  // a tile's weights are another's
    input tile_t tile_i,
    /* verilator lint_on UNUSEDSIGNAL */
    output window_t window_o,
    output units_t unit_o,  // the first one of the window
    output units_t column_o,  // the same from the begin of its image row on, negative in a pad
    output units_t room_o,  // units from there to the end of the row
    output logic outside_o  // the image row is none
);

  localparam logic [1:0] LeastCycles = 2'd3;  // and one more

  /* verilator lint_off UNUSEDSIGNAL */  // windows are counted down
  windows_t windows_q;
  /* verilator lint_on UNUSEDSIGNAL */
  place_t place_q, place;  // and behind this cycle's window
  count_t columns;
  units_t first_column_q;
  count_t count_q, columns_q;  // left
  logic busy_q, first_q, take_q, last_q, final_window, moving;
  logic [3:0] shift_q;
  count_t values_q, add_row_q;
  logic [1:0] least_q;

  always_ff @(posedge clk_i) begin
    // Known a cycle before: with the last window of a tile, or later.
    free_o <= rst_i | (!start_i & !least_q[1] & (!busy_q | final_window | count_q == 2));
    if (rst_i) begin
      busy_q <= 1'b0;
      least_q <= '0;
    end else if (start_i) begin
      busy_q <= 1'b1;
      least_q <= LeastCycles;
    end else begin
      if (final_window) busy_q <= 1'b0;
      if (least_q != 0) least_q <= least_q - 1'b1;
    end
  end

  always_comb begin
    place   = place_q;
    columns = columns_q;
    if (busy_q && columns_q != 1) begin
      columns = columns_q - 1'b1;
      place.column = place_q.column + windows_q.column_step;
    end else if (busy_q) begin
      columns = windows_q.columns;
      place.column = first_column_q;
      place.base = place_q.base + windows_q.row_step;
      place.row = place_q.row + windows_q.row_rows;
    end
  end

  always_ff @(posedge clk_i) begin
    place_q   <= start_i && !tile_i.continues ? tile_i.place : place;
    columns_q <= start_i && !tile_i.continues ? tile_i.columns_left : columns;
    if (start_i) begin
      windows_q <= tile_i.windows;
      first_column_q <= tile_i.first_column;
      count_q <= tile_i.count;
      final_window <= tile_i.count == 1;
      shift_q <= tile_i.shift;
      values_q <= tile_i.values;
      first_q <= tile_i.first;
      add_row_q <= tile_i.accumulator_row;
      take_q <= 1'b1;
      last_q <= tile_i.last;
    end else if (busy_q) begin
      take_q <= 1'b0;
      add_row_q <= add_row_q + 1'b1;
      count_q <= count_q - 1'b1;
      final_window <= count_q == 2;
    end
  end

  assign moving = busy_q && !rst_i;

  always_ff @(posedge clk_i) begin
    window_o.valid <= moving;
    window_o.take <= moving && take_q;
    window_o.wide <= windows_q.wide;
    window_o.shift <= shift_q;
    window_o.values <= values_q;
    window_o.pad_value <= windows_q.pad_value;
    window_o.add_first <= first_q;
    window_o.add_half <= windows_q.half;
    window_o.add_row <= add_row_q;
    window_o.last <= moving && last_q && final_window;
    unit_o <= place_q.base + place_q.column;
    column_o <= place_q.column;
    room_o <= windows_q.width_units - place_q.column;
    // A negative row is beyond every height.
    outside_o <= place_q.row >= windows_q.height;
  end

endmodule
