// Where sums stay (NS): what is asked of the corner and of the weights, the tags of the array, and where its rows go.
// From a product of stay_products.sv to itself at the array: ProductCycles.
module stay_sums
  import feed_pkg::*;
#(
    parameter int unsigned Rows = 16,
    parameter int unsigned GroupRows = 8,
    parameter int unsigned ArrayCycles = 7,  // from a window or a row of weights to the array
    parameter int unsigned Turn = 2,  // corner_turn.sv
    localparam int unsigned ProductCycles = ArrayCycles + 2 * Turn + 2,
    localparam int unsigned ValueBits = $clog2(Rows)
) (
    input logic clk_i,
    input logic rst_i,
    input logic valid_i,
    output logic take_o,  // and its windows start
    input tile_t tile_i,
    input logic free_i,  // windows may start
    output logic settled_o,  // all rows have left their groups: then multipliers may be loaded
    // the corner
    output logic ask_o,
    output logic enter_o,
    output logic [ValueBits-1:0] value_o,
    // the row of weights, of whose two channels the second is wanted with it at the array
    output bytes_t weights_o,
    output logic odd_o,
    // the array
    output logic first_o,
    output logic last_o,
    output logic add_o,
    output logic add_first_o,
    output logic add_half_o,
    output count_t add_row_o,
    output logic [1:0] add_whole_o,
    output logic done_o
);

  localparam int unsigned ValuedCycles = ArrayCycles + Turn + 1;
  localparam int unsigned WeighedCycles = 2 * Turn + 1;
  localparam int unsigned SettleCycles = ProductCycles + Rows + GroupRows + 1;
  localparam int unsigned SettleBits = $clog2(SettleCycles + 1);

  /* verilator lint_off UNUSEDSIGNAL */  // each gets what it needs
  product_t product, valued, weighed;
  /* verilator lint_on UNUSEDSIGNAL */
  leave_t leave, leaving;
  logic busy;
  logic [SettleBits-1:0] settle_q;

  stay_products #(
      .Rows(Rows),
      .GroupRows(GroupRows)
  ) u_products (
      .clk_i,
      .rst_i,
      .valid_i,
      .take_o,
      .tile_i,
      .free_i,
      .busy_o(busy),
      .product_o(product),
      .leave_o(leave)
  );

  delay_line #(
      .Bits  ($bits(product_t)),
      .Cycles(ValuedCycles)
  ) u_valued (
      .clk_i,
      .data_i(product),
      .data_o(valued)
  );

  assign ask_o = valued.valid;
  assign enter_o = valued.enters;
  assign value_o = valued.value[ValueBits-1:0];

  delay_line #(
      .Bits  ($bits(product_t)),
      .Cycles(WeighedCycles)
  ) u_weighed (
      .clk_i,
      .data_i(product),
      .data_o(weighed)
  );

  assign weights_o = weighed.weights;

  delay_line #(
      .Bits  (1),
      .Cycles(ArrayCycles)
  ) u_odd (
      .clk_i,
      .data_i(weighed.odd),
      .data_o(odd_o)
  );

  delay_line #(
      .Bits  (1),
      .Cycles(ProductCycles)
  ) u_first (
      .clk_i,
      .data_i(product.first & product.valid),
      .data_o(first_o)
  );

  delay_line #(
      .Bits  ($bits(leave_t)),
      .Cycles(ProductCycles - 1)
  ) u_leaving (
      .clk_i,
      .data_i(leave),
      .data_o(leaving)
  );

  always_ff @(posedge clk_i) last_o <= leaving.valid;

  stay_leave #(
      .Rows(Rows),
      .GroupRows(GroupRows)
  ) u_leave (
      .clk_i,
      .rst_i,
      .leave_i(leaving),
      .add_o,
      .add_first_o,
      .add_half_o,
      .add_row_o,
      .add_whole_o,
      .done_o
  );

  always_ff @(posedge clk_i) begin
    if (rst_i) settle_q <= '0;
    else if (busy) settle_q <= SettleBits'(SettleCycles);
    else if (settle_q != 0) settle_q <= settle_q - 1'b1;
    settled_o <= settle_q == 0 && !busy;
  end

endmodule
