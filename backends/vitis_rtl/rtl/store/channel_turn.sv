// Rows of the lanes become units of 16 channels. Where a row is a position, it is Planes units as it comes. Where it is
// a channel at positions (inputs stay), 16 rows are turned: those of a plane come one behind the other, and go out as
// 16 sets of Planes positions that follow each other, each TurnCycles behind the row of its number.
module channel_turn
  import lanes_pkg::*;
#(
    parameter int unsigned Planes = 1,
    localparam int unsigned Turn = 2  // corner_turn.sv, of 16
) (
    input logic clk_i,
    input logic rst_i,
    input logic by_channel_i,  // stands still while rows are under way
    input logic valid_i,
    input logic [Planes*UnitBytes-1:0][ByteBits-1:0] bytes_i,
    output logic valid_o,
    output logic [Planes-1:0][UnitBits-1:0] units_o
);

  // The last row of a plane is behind the first one, written, and then the first set can be asked for.
  localparam int unsigned AskCycles = UnitBytes - 1 + Turn + 1;
  localparam int unsigned PlaceBits = $clog2(UnitBytes);

  logic row, ask, turned;
  logic [PlaceBits-1:0] row_q, set_q;

  assign row = valid_i & by_channel_i & !rst_i;

  always_ff @(posedge clk_i) begin
    if (rst_i) {row_q, set_q} <= '0;
    else begin
      row_q <= row_q + PlaceBits'(row);
      set_q <= set_q + PlaceBits'(ask);
    end
  end

  delay_line #(
      .Bits  (1),
      .Cycles(AskCycles)
  ) u_ask (
      .clk_i,
      .data_i(row),
      .data_o(ask)
  );

  delay_line #(
      .Bits  (1),
      .Cycles(Turn + 1)
  ) u_turned (
      .clk_i,
      .data_i(ask),
      .data_o(turned)
  );

  for (genvar k = 0; k < Planes; k++) begin : gen_set
    logic [UnitBytes-1:0][ByteBits-1:0] positions, channels;

    for (genvar i = 0; i < UnitBytes; i++) begin : gen_position
      assign positions[i] = bytes_i[Planes*i+k];
    end

    corner_turn #(
        .Windows(UnitBytes),
        .Values (UnitBytes),
        .Bits   (ByteBits)
    ) u_corner (
        .clk_i,
        .rst_i,
        .valid_i(row),
        .take_i(row_q == 0),
        .window_i(positions),
        .ask_i(ask),
        .enter_i(set_q == 0),
        .value_i(set_q),
        .values_o(channels)
    );

    assign units_o[k] = by_channel_i ? channels : bytes_i[UnitBytes*k+:UnitBytes];
  end

  assign valid_o = by_channel_i ? turned : valid_i;

endmodule
