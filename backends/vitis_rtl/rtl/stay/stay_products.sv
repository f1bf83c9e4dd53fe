// Where sums stay (NS): the order of windows and products. A tile of tile_walker.sv is a number of windows and as many
// values of each; its windows are turned (corner_turn.sv), then its values go to the array, one of all windows in a
// cycle, and meanwhile the next tile's windows are turned. From a tile's first value to the next one's:
//
//   max(its values, windows of the next tile, 4)
//
// and for the last tile of a tile of sums max(its values + GroupRows - 1, Rows, ...): its sums must have left their
// groups before the next ones come.
module stay_products
  import feed_pkg::*;
#(
    parameter int unsigned Rows = 16,
    parameter int unsigned GroupRows = 8
) (
    input logic clk_i,
    input logic rst_i,
    input logic valid_i,
    output logic take_o,  // and its windows start
    /* verilator lint_off UNUSEDSIGNAL */  // where its windows lie is for others
    input tile_t tile_i,
    /* verilator lint_on UNUSEDSIGNAL */
    input logic free_i,  // windows may start
    output logic busy_o,  // with windows or values
    output product_t product_o,
    output leave_t leave_o  // with the last product
);

  localparam int unsigned LeastCycles = 4;

  typedef struct packed {
    count_t values;
    count_t cycles;  // less one
    logic single;  // it takes one
    count_t row_bytes;
    bytes_t weights;
    logic begins;
    logic ends;
    logic odd;
    leave_t leave;
  } turned_t;

  // The tile whose windows are turned, and the one whose values go.
  /* verilator lint_off UNUSEDSIGNAL */  // what only its begin needs
  logic turning_q, turning_over_q, going_over_q, turned, go;
  count_t turning_left_q, going_left_q, cycles;
  turned_t turned_q, going_q;
  /* verilator lint_on UNUSEDSIGNAL */
  logic going;
  count_t values_left_q, value_q;
  bytes_t weights_q;
  logic enters_q;

  assign turned = turning_q && turning_over_q;
  assign go = turned && going_over_q;
  assign take_o = valid_i && free_i && (!turning_q || go);

  // Values of the last tile are at most Rows.
  always_comb begin
    cycles = tile_i.values - 1'b1;
    if (tile_i.ends) begin
      cycles = tile_i.values + CountBits'(GroupRows - 2);
      if (cycles < CountBits'(Rows - 1)) cycles = CountBits'(Rows - 1);
    end
  end

  always_ff @(posedge clk_i) begin
    if (take_o) begin
      turning_left_q <= tile_i.count < CountBits'(LeastCycles) ? CountBits'(LeastCycles - 1) :
                        tile_i.count - 1'b1;
      turning_over_q <= 1'b0;
      turned_q <= '{
          values: tile_i.values,
          cycles: cycles,
          single: tile_i.values == 1 && !tile_i.ends,
          row_bytes: tile_i.row_bytes,
          weights: tile_i.weights_begin,
          begins: tile_i.begins,
          ends: tile_i.ends,
          odd: tile_i.odd,
          leave: '{
              valid: tile_i.ends,
              last: tile_i.last,
              first: !tile_i.accumulate,
              odd: tile_i.odd,
              half: tile_i.windows.half,
              count: tile_i.count,
              row: tile_i.accumulator_row
          }
      };
    end else begin
      if (!turning_over_q) turning_left_q <= turning_left_q - 1'b1;
      turning_over_q <= turning_over_q || turning_left_q == 1;
    end
    if (go) begin
      going_q <= turned_q;
      going_left_q <= turned_q.cycles;
      going_over_q <= turned_q.single;
      values_left_q <= turned_q.values;
      value_q <= '0;
      weights_q <= turned_q.weights;
      enters_q <= 1'b1;
    end else begin
      if (!going_over_q) going_left_q <= going_left_q - 1'b1;
      going_over_q <= going_over_q || going_left_q == 1;
      if (values_left_q != 0) values_left_q <= values_left_q - 1'b1;
      value_q <= value_q + 1'b1;
      weights_q <= weights_q + ByteBits'(going_q.row_bytes);
      enters_q <= 1'b0;
    end
    if (rst_i) begin
      turning_q <= 1'b0;
      going_over_q <= 1'b1;
      values_left_q <= '0;
    end else begin
      turning_q <= take_o | (turning_q & !go);
    end
  end

  assign going = values_left_q != 0;
  assign busy_o = turning_q | going;

  always_comb begin
    product_o = '{
        valid: going,
        enters: enters_q,
        first: enters_q & going_q.begins,
        odd: going_q.odd,
        value: value_q,
        weights: weights_q
    };
    leave_o = going_q.leave;
    leave_o.valid = going_q.leave.valid && values_left_q == 1;
  end

endmodule
