// What POST says to its lanes (lanes.sv), two per column of a group of columns: one for each of the two products. Pair j
// serves column j of every group, of which one answers at a time. Columns answer one cycle after the other, and
// so work the lanes: the parameters of pair j are j cycles behind those of pair 0. Only bytes are delayed until all are
// there.
//
// From the answer of a group's first column to its row of bytes: OutputStage + Pairs - 1 cycles, or Columns for Pairs
// where these are fewer.
module post_lanes
  import lanes_pkg::*;
#(
    parameter int unsigned Columns = 16,
    parameter int unsigned Pairs = 8,
    parameter int unsigned AccumulatorBits = 32,
    parameter int unsigned ValueBits = LeastValueBits
) (
    input logic clk_i,
    input logic rst_i,
    input logic by_channel_i,  // a row is a channel, and its parameters move right with it
    input logic load_i,  // in the cycle before the first answer; the next one Pairs cycles later
    input parameters_t [1:0] parameters_i,  // of pair 0, and of pair j j cycles later
    input logic [1:0] used_i,  // 0: no channel, its bytes are zero
    input logic [Columns-1:0] valid_i,
    input logic [Columns-1:0][AccumulatorBits-1:0] low_i,
    input logic [Columns-1:0][AccumulatorBits-1:0] high_i,
    // lanes.sv, its first 2 Pairs lanes
    output post_lanes_t lanes_o,
    output logic [2*Pairs-1:0][ValueBits-1:0] lane_sums_o,
    input logic [2*Pairs-1:0][ByteBits-1:0] lane_bytes_i,
    output logic valid_o,
    output logic [2*Pairs-1:0][ByteBits-1:0] bytes_o
);

  localparam int unsigned Groups = (Columns + Pairs - 1) / Pairs;
  localparam int unsigned Together = Pairs < Columns ? Pairs : Columns;  // pairs that have a column
  localparam int unsigned ChoiceBits = 2 * (MultiplierBits + ShiftBits);

  if (ValueBits <= AccumulatorBits || ValueBits <= BiasBits) begin : gen_check
    $error("ValueBits: more than those of a sum and of a bias.");
  end

  // The fields as their stages need them.
  load_t load;
  parameters_t [1:0] parameters;
  logic [1:0] used;
  logic [1:0][ChoiceBits-1:0] choice;
  logic [1:0][2*ByteBits-1:0] limits;

  assign load.bias = load_i & !rst_i;

  delay_line #(
      .Bits  (1 + 2 * ChoiceBits),
      .Cycles(ChooseStage)
  ) u_choice (
      .clk_i,
      .data_i({
        load.bias,
        parameters_i[1][BiasBits+:ChoiceBits],
        parameters_i[0][BiasBits+:ChoiceBits]
      }),
      .data_o({load.choice, choice})
  );

  delay_line #(
      .Bits  (1 + 4 * ByteBits),
      .Cycles(ClampStage)
  ) u_limits (
      .clk_i,
      .data_i({
        load.bias,
        parameters_i[1][BiasBits+ChoiceBits+:2*ByteBits],
        parameters_i[0][BiasBits+ChoiceBits+:2*ByteBits]
      }),
      .data_o({load.limits, limits})
  );

  delay_line #(
      .Bits  (3),
      .Cycles(OutputStage)
  ) u_used (
      .clk_i,
      .data_i({load.bias, used_i}),
      .data_o({load.used, used})
  );

  for (genvar k = 0; k < 2; k++) begin : gen_fields
    assign parameters[k] = {limits[k], choice[k], parameters_i[k].bias};
  end

  assign lanes_o = '{by_channel: by_channel_i, load: load, used: used, parameters: parameters};

  for (genvar j = 0; j < Pairs; j++) begin : gen_pair
    logic [1:0][AccumulatorBits-1:0] sum;

    always_comb begin
      sum = '0;
      for (int unsigned g = 0; g < Groups; g++) begin
        if (g * Pairs + j < Columns) begin
          if (valid_i[g*Pairs+j]) sum |= {high_i[g*Pairs+j], low_i[g*Pairs+j]};
        end
      end
    end

    for (genvar k = 0; k < 2; k++) begin : gen_lane
      assign lane_sums_o[2*j+k] = ValueBits'($signed(sum[k]));
    end

    delay_line #(
        .Bits  (2 * ByteBits),
        .Cycles(j < Together ? Together - 1 - j : 0)
    ) u_together (
        .clk_i,
        .data_i(lane_bytes_i[2*j+:2]),
        .data_o(bytes_o[2*j+:2])
    );
  end

  logic first_valid;

  always_comb begin
    first_valid = 1'b0;
    for (int unsigned g = 0; g < Groups; g++) first_valid |= valid_i[g*Pairs];
  end

  delay_line #(
      .Bits  (1),
      .Cycles(OutputStage + Together - 1)
  ) u_valid (
      .clk_i,
      .data_i(first_valid & !rst_i),
      .data_o(valid_o)
  );

endmodule
