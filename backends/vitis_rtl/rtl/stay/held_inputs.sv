// Where inputs stay (IS): what is asked of the corner and of the weights, and the tags of the array. From a row or a
// vector of held_tiles.sv to itself at the array: as long as a product of stay_sums.sv.
module held_inputs
  import feed_pkg::*;
#(
    parameter int unsigned Rows = 16,
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
    output logic settled_o,  // nothing is under way
    // the corner
    output logic ask_o,
    output logic enter_o,
    output logic [ValueBits-1:0] value_o,
    // the weights of a channel
    output bytes_t weights_o,
    // the array
    output logic load_o,
    output logic load_last_o,
    output held_vector_t vector_o,
    output logic [Rows-1:0] used_o  // by its vector; zeros go to the others
);

  localparam int unsigned ValuedCycles = ArrayCycles + Turn + 1;
  localparam int unsigned WeighedCycles = ProductCycles - ArrayCycles;
  localparam int unsigned SettleBits = $clog2(ProductCycles + 1);
  localparam int unsigned UsedBits = $clog2(Rows + 1);

  held_row_t row;
  held_vector_t vector;
  logic busy;
  logic [UsedBits-1:0] used;
  logic [SettleBits-1:0] settle_q;

  held_tiles u_tiles (
      .clk_i,
      .rst_i,
      .valid_i,
      .take_o,
      .tile_i,
      .free_i,
      .busy_o(busy),
      .row_o(row),
      .vector_o(vector)
  );

  delay_line #(
      .Bits  (2 + ValueBits),
      .Cycles(ValuedCycles)
  ) u_valued (
      .clk_i,
      .data_i({row.valid, row.enters, row.value[ValueBits-1:0]}),
      .data_o({ask_o, enter_o, value_o})
  );

  delay_line #(
      .Bits  (2),
      .Cycles(ProductCycles)
  ) u_row (
      .clk_i,
      .data_i({row.valid, row.last}),
      .data_o({load_o, load_last_o})
  );

  delay_line #(
      .Bits  (ByteBits),
      .Cycles(WeighedCycles)
  ) u_weighed (
      .clk_i,
      .data_i(vector.weights),
      .data_o(weights_o)
  );

  delay_line #(
      .Bits  ($bits(held_vector_t)),
      .Cycles(ProductCycles)
  ) u_vector (
      .clk_i,
      .data_i(vector),
      .data_o(vector_o)
  );

  delay_line #(
      .Bits  (UsedBits),
      .Cycles(ProductCycles - 1)
  ) u_used (
      .clk_i,
      .data_i(vector.values[UsedBits-1:0]),
      .data_o(used)
  );

  always_ff @(posedge clk_i) begin
    for (int unsigned r = 0; r < Rows; r++) used_o[r] <= UsedBits'(r) < used;
    if (rst_i) settle_q <= '0;
    else if (busy) settle_q <= SettleBits'(ProductCycles);
    else if (settle_q != 0) settle_q <= settle_q - 1'b1;
    settled_o <= settle_q == 0 && !busy;
  end

endmodule
