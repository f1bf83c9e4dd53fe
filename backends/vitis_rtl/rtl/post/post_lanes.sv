// The lanes of POST, two per column of a group of columns: one for each of the two products. Pair j serves
// column j of every group, of which one answers at a time. Columns answer one cycle after the other, and
// so work the lanes: loads of parameters move right with the sums, a pair per cycle, and the parameters
// of pair j are on the bus j cycles behind those of pair 0. Where a row is a channel, its parameters move right too,
// from pair to pair, stage by stage. Only bytes are delayed until all are there.
//
// From the answer of a group's first column to its row of bytes: OutputStage + Pairs - 1 cycles.
module post_lanes
  import post_pkg::*;
#(
    parameter int unsigned Columns = 16,
    parameter int unsigned Pairs = 8,
    parameter int unsigned AccumulatorBits = 32,
    parameter int unsigned ValueBits = 36
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
    input logic [ByteBits-1:0] zero_point_i,
    input logic look_up_i,
    input logic table_write_i,
    input logic [ByteBits-1:0] table_index_i,
    input logic [ByteBits-1:0] table_data_i,
    output logic valid_o,
    output logic [2*Pairs-1:0][ByteBits-1:0] bytes_o
);

  localparam int unsigned Groups = (Columns + Pairs - 1) / Pairs;
  localparam int unsigned Stages = 4;  // that take parameters
  localparam int unsigned ChoiceBits = 2 * (MultiplierBits + ShiftBits);

  // The fields as their stages need them.
  logic [Stages-1:0] load;
  parameters_t [1:0] parameters;
  logic [1:0] used;
  logic [1:0][ChoiceBits-1:0] choice;
  logic [1:0][2*ByteBits-1:0] limits;

  assign load[0] = load_i & !rst_i;

  delay_line #(
      .Bits  (1 + 2 * ChoiceBits),
      .Cycles(ChooseStage)
  ) u_choice (
      .clk_i,
      .data_i({
        load[0],
        parameters_i[1][BiasBits+:ChoiceBits],
        parameters_i[0][BiasBits+:ChoiceBits]
      }),
      .data_o({load[1], choice})
  );

  delay_line #(
      .Bits  (1 + 4 * ByteBits),
      .Cycles(ClampStage)
  ) u_limits (
      .clk_i,
      .data_i({
        load[0],
        parameters_i[1][BiasBits+ChoiceBits+:2*ByteBits],
        parameters_i[0][BiasBits+ChoiceBits+:2*ByteBits]
      }),
      .data_o({load[2], limits})
  );

  delay_line #(
      .Bits  (3),
      .Cycles(OutputStage)
  ) u_used (
      .clk_i,
      .data_i({load[0], used_i}),
      .data_o({load[3], used})
  );

  for (genvar k = 0; k < 2; k++) begin : gen_fields
    assign parameters[k] = {limits[k], choice[k], parameters_i[k].bias};
  end

  // Loads move right.
  logic [Pairs-1:0][Stages-1:0] load_at;
  /* verilator lint_off UNUSEDSIGNAL */  // those of the last pair move nowhere
  parameters_t [Pairs-1:0][1:0] parameters_at;  // in the stages of a pair's lanes
  logic [Pairs-1:0][1:0] used_at;
  /* verilator lint_on UNUSEDSIGNAL */
  assign load_at[0] = load;
  for (genvar j = 1; j < Pairs; j++) begin : gen_move
    always_ff @(posedge clk_i) load_at[j] <= load_at[j-1];
  end

  for (genvar j = 0; j < Pairs; j++) begin : gen_pair
    logic [1:0][AccumulatorBits-1:0] sum;
    logic [1:0][ByteBits-1:0] bytes;
    parameters_t [1:0] lane_parameters;
    logic [1:0] lane_used;

    if (j == 0) begin : gen_first
      assign lane_parameters = parameters;
      assign lane_used = used;
    end else begin : gen_further
      assign lane_parameters = by_channel_i ? parameters_at[j-1] : parameters;
      assign lane_used = by_channel_i ? used_at[j-1] : used;
    end

    always_comb begin
      sum = '0;
      for (int unsigned g = 0; g < Groups; g++) begin
        if (g * Pairs + j < Columns) begin
          if (valid_i[g*Pairs+j]) sum |= {high_i[g*Pairs+j], low_i[g*Pairs+j]};
        end
      end
    end

    for (genvar k = 0; k < 2; k++) begin : gen_lane
      post_lane #(
          .AccumulatorBits(AccumulatorBits),
          .ValueBits(ValueBits)
      ) u_lane (
          .clk_i,
          .load_i(load_at[j][0]),
          .load_choice_i(load_at[j][1]),
          .load_clamp_i(load_at[j][2]),
          .load_used_i(load_at[j][3]),
          .parameters_i(lane_parameters[k]),
          .parameters_o(parameters_at[j][k]),
          .used_i(lane_used[k]),
          .used_o(used_at[j][k]),
          .sum_i(sum[k]),
          .zero_point_i,
          .look_up_i,
          .table_write_i,
          .table_index_i,
          .table_data_i,
          .byte_o(bytes[k])
      );
    end

    delay_line #(
        .Bits  (2 * ByteBits),
        .Cycles(Pairs - 1 - j)
    ) u_together (
        .clk_i,
        .data_i(bytes),
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
      .Cycles(OutputStage + Pairs - 1)
  ) u_valid (
      .clk_i,
      .data_i(first_valid & !rst_i),
      .data_o(valid_o)
  );

endmodule
