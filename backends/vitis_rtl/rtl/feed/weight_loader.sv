// Loads a tile's weights: a row per cycle, that of the array's last used row first. It holds one tile,
// loading or loaded, until the windows take it over.
module weight_loader
  import feed_pkg::*;
(
    input logic clk_i,
    input logic rst_i,
    // From the tile walker.
    input logic valid_i,
    output logic take_o,
    input tile_t tile_i,
    // To the windows.
    output logic loaded_o,  // after this cycle
    input logic pass_i,  // it is taken over
    output tile_t tile_o,
    // Rows to the top edge.
    output logic load_o,
    output logic load_last_o,
    output logic paired_o,
    output bytes_t byte_o  // of the row's first byte
);

  logic held_q, loading_q, final_q;  // the last row's turn
  count_t left_q;
  bytes_t byte_q;

  assign loaded_o = held_q && (!loading_q || final_q);
  assign take_o = valid_i && (!held_q || pass_i);

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      held_q <= 1'b0;
      loading_q <= 1'b0;
    end else if (take_o) begin
      held_q <= 1'b1;
      loading_q <= 1'b1;
    end else begin
      if (pass_i) held_q <= 1'b0;
      if (final_q) loading_q <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (take_o) begin
      tile_o <= tile_i;
      left_q <= tile_i.values;
      final_q <= tile_i.values == 1;
      byte_q <= tile_i.weights_end - ByteBits'(tile_i.row_bytes);
    end else begin
      left_q <= left_q - 1'b1;
      final_q <= left_q == 2;
      byte_q <= byte_q - ByteBits'(tile_o.row_bytes);
    end
  end

  always_ff @(posedge clk_i) begin
    load_o <= loading_q && !rst_i;
    load_last_o <= loading_q && final_q && !rst_i;
    paired_o <= tile_o.paired;
    byte_o <= byte_q;
  end

endmodule
