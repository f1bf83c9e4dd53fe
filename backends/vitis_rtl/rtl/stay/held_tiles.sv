// Where inputs stay (IS): the order of windows, of the rows of values that are loaded, and of the weights that stream.
// A tile is up to two windows per column, of up to Rows values. Its windows are turned (corner_turn.sv), its values go
// to the top edge, a row per cycle, the last one first, and then the weights of one output channel per cycle stream:
// three tiles are under way. From the first weights of a tile to those of the next one:
//
//   max(output channels, values of the next tile, windows of the one behind it, 4)
module held_tiles
  import feed_pkg::*;
(
    input logic clk_i,
    input logic rst_i,
    input logic valid_i,
    output logic take_o,  // and its windows start
    /* verilator lint_off UNUSEDSIGNAL */  // where its windows lie is for others
    input tile_t tile_i,
    /* verilator lint_on UNUSEDSIGNAL */
    input logic free_i,  // windows may start
    output logic busy_o,
    output held_row_t row_o,
    output held_vector_t vector_o
);

  localparam count_t LeastCycles = CountBits'(4);  // an accumulator row may come again

  typedef struct packed {
    count_t values;
    count_t vectors;
    bytes_t weights;
    logic first;
    logic half;
    count_t row;
    logic last;
  } held_t;

  /* verilator lint_off UNUSEDSIGNAL */  // what only its begin needs
  held_t turned_q, loaded_q, streamed_q;
  /* verilator lint_on UNUSEDSIGNAL */
  logic turning_q, turning_over_q, turned, load;
  count_t turning_left_q;
  logic held_q, loading_q, entering_q, final_row, loaded, pass;
  count_t rows_left_q;
  logic streaming_q, take_q, final_vector, free_q;
  count_t vectors_left_q, add_row_q;
  logic [1:0] least_q;
  bytes_t weights_q;

  // Windows are turned.
  assign turned = turning_q && turning_over_q;
  assign load   = turned && (!held_q || pass);
  assign take_o = valid_i && free_i && (!turning_q || load);

  always_ff @(posedge clk_i) begin
    if (take_o) begin
      turning_left_q <= tile_i.count < LeastCycles ? LeastCycles - 1'b1 : tile_i.count - 1'b1;
      turning_over_q <= 1'b0;
      turned_q <= '{
          values: tile_i.values,
          vectors: tile_i.vectors,
          weights: tile_i.weights_begin,
          first: tile_i.first,
          half: tile_i.windows.half,
          row: tile_i.accumulator_row,
          last: tile_i.last
      };
    end else begin
      if (!turning_over_q) turning_left_q <= turning_left_q - 1'b1;
      turning_over_q <= turning_over_q || turning_left_q == 1;
    end
    turning_q <= !rst_i & (take_o | (turning_q & !load));
  end

  // Their values are loaded.
  assign loaded = held_q && (!loading_q || final_row);
  assign pass = loaded && free_q;

  always_ff @(posedge clk_i) begin
    if (load) begin
      loaded_q <= turned_q;
      rows_left_q <= turned_q.values;
      final_row <= turned_q.values == 1;
    end else begin
      final_row <= rows_left_q == 2;
      rows_left_q <= rows_left_q - 1'b1;
    end
    entering_q <= load;
    held_q <= !rst_i & (load | (held_q & !pass));
    loading_q <= !rst_i & (load | (loading_q & !final_row));
  end

  // Weights stream. Others may from the last ones of a tile on, known a cycle before.
  always_ff @(posedge clk_i) begin
    if (pass) begin
      streamed_q <= loaded_q;
      vectors_left_q <= loaded_q.vectors;
      final_vector <= loaded_q.vectors == 1;
      add_row_q <= loaded_q.row;
      weights_q <= loaded_q.weights;
      least_q <= LeastCycles[1:0] - 1'b1;
    end else begin
      vectors_left_q <= vectors_left_q - 1'b1;
      final_vector <= vectors_left_q == 2;
      add_row_q <= add_row_q + 1'b1;
      weights_q <= weights_q + ByteBits'(streamed_q.values);
      if (least_q != 0) least_q <= least_q - 1'b1;
    end
    take_q <= pass;
    free_q <= rst_i | (!pass & !least_q[1] & (!streaming_q | final_vector | vectors_left_q == 2));
    if (rst_i) least_q <= '0;
    streaming_q <= !rst_i & (pass | (streaming_q & !final_vector));
  end

  assign busy_o = turning_q | held_q | streaming_q;

  always_comb begin
    row_o = '{
        valid: loading_q,
        enters: entering_q,
        last: loading_q & final_row,
        value: rows_left_q - 1'b1
    };
    vector_o = '{
        valid: streaming_q,
        take: streaming_q & take_q,
        values: streamed_q.values,
        weights: weights_q,
        add_first: streamed_q.first,
        add_half: streamed_q.half,
        add_row: add_row_q,
        last: streaming_q & final_vector & streamed_q.last
    };
  end

endmodule
