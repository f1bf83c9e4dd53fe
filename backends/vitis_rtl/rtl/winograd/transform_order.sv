// The order of things in two transforms with a turn between them. Tiles come line by line, datum by datum, with
// pauses or without. Data, so many of a line and so many lines, are transformed along the lines and then across:
//
//   first transform    lines of the data                   each `results` results
//   second transform   a line of each result of these      over all lines
//
// From the last datum of a tile to its first result: 5 cycles, one for each result of a line of the first transform,
// and one for each datum of a line of the second. The lines of the second one follow each other, each as many cycles
// behind the one before as it has data.
module transform_order
  import winograd_pkg::*;
#(
    parameter bit Outputs = 1'b0
) (
    input logic clk_i,
    input logic rst_i,
    input form_e first_i,  // stay while a tile is under way
    input form_e second_i,
    input logic valid_i,  // a datum
    output element_t element_o,  // where each step is
    output logic line_o,  // the second transform's last datum of a line is here
    output logic valid_o,  // a result
    output index_t out_line_o,
    output index_t result_o
);

  function automatic index_t last_result(form_e form);
    return Outputs ? last_output(form) : last_datum(form);
  endfunction

  index_t datum_q, line_q;
  logic end_of_line, end_q, emit_q, half_q, tile_q, read_q, read_half_q, turned_q;
  index_t end_line_q, emit_line_q, emit_result_q;
  index_t read_line_q, read_result_q, turned_datum_q, turned_result_q;
  logic last_emit, last_read_line, last_read, out_end_q;
  index_t out_line_q, out_end_line_q;

  // ---- data
  assign end_of_line = valid_i && datum_q == last_datum(first_i);

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      datum_q <= '0;
      line_q  <= '0;
    end else if (valid_i) begin
      datum_q <= end_of_line ? '0 : datum_q + 1'b1;
      if (end_of_line) line_q <= line_q == last_datum(second_i) ? '0 : line_q + 1'b1;
    end
  end

  // ---- results of the first transform, into the turn
  assign last_emit = emit_result_q == last_result(first_i);

  always_ff @(posedge clk_i) begin
    end_q <= end_of_line & !rst_i;
    end_line_q <= line_q;
    if (end_q) begin
      emit_q <= !rst_i;
      emit_line_q <= end_line_q;
      emit_result_q <= '0;
    end else begin
      emit_q <= emit_q & !last_emit & !rst_i;
      emit_result_q <= emit_result_q + 1'b1;
    end
    tile_q <= emit_q & last_emit & emit_line_q == last_datum(second_i) & !rst_i;
    if (rst_i) half_q <= 1'b0;
    else half_q <= half_q ^ (emit_q & last_emit & emit_line_q == last_datum(second_i));
  end

  // ---- out of the turn; a tile takes no longer than it takes the next one to come
  assign last_read_line = read_line_q == last_datum(second_i);
  assign last_read = last_read_line && read_result_q == last_result(first_i);

  always_ff @(posedge clk_i) begin
    if (tile_q) begin
      read_q <= !rst_i;
      read_line_q <= '0;
      read_result_q <= '0;
    end else begin
      read_q <= read_q & !last_read & !rst_i;
      read_line_q <= last_read_line ? '0 : read_line_q + 1'b1;
      if (last_read_line) read_result_q <= read_result_q + 1'b1;
    end
    if (rst_i) read_half_q <= 1'b1;
    else read_half_q <= read_half_q ^ tile_q;
    turned_q <= read_q & !rst_i;
    turned_datum_q <= read_line_q;
    turned_result_q <= read_result_q;
  end

  // ---- results of the second one
  assign line_o = turned_q && turned_datum_q == last_datum(second_i);

  always_ff @(posedge clk_i) begin
    out_end_q <= line_o & !rst_i;
    out_end_line_q <= turned_result_q;
    if (out_end_q) begin
      valid_o <= !rst_i;
      out_line_q <= out_end_line_q;
      result_o <= '0;
    end else begin
      valid_o <= valid_o & result_o != last_result(second_i) & !rst_i;
      result_o <= result_o + 1'b1;
    end
  end

  assign out_line_o = out_line_q;
  assign element_o = '{
          valid: valid_i,
          datum: datum_q,
          write: emit_q,
          half: half_q,
          write_line: emit_line_q,
          write_result: emit_result_q,
          read_half: read_half_q,
          read_line: read_line_q,
          read_result: read_result_q,
          turned: turned_q,
          turned_datum: turned_datum_q
      };

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    assert (rst_i || !(tile_q && read_q && !last_read))
    else $error("A tile of a transform came before the one ahead of it had left.");
  end
`endif

endmodule
