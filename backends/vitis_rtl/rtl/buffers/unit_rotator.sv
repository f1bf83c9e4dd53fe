// Turns a ring of places by `turn_i`: out[l] = in[(l + turn) mod Places], of which the first Kept are
// wanted. Two bits of the turn per stage, a LUT and a register per bit.
module unit_rotator #(
    parameter int unsigned Places = 8,
    parameter int unsigned Kept = Places,
    parameter int unsigned Bits = 128,
    localparam int unsigned TurnBits = $clog2(Places),
    localparam int unsigned Cycles = (TurnBits + 1) / 2
) (
    input logic clk_i,
    input logic [TurnBits-1:0] turn_i,
    input logic [Places-1:0][Bits-1:0] data_i,
    output logic [Kept-1:0][Bits-1:0] data_o  // `Cycles` later
);

  if (Places < 2 || 2 ** TurnBits != Places) begin : gen_check_places
    $error("Places: a power of two, at least 2.");
  end
  if (Kept < 1 || Kept > Places) begin : gen_check_kept
    $error("Kept: 1 to all places.");
  end

  // The coarse turns first: later stages then need only the places in front.
  logic [Places-1:0][Bits-1:0] stage[Cycles+1];
  logic [2*Cycles-1:0] turn[Cycles+1];

  assign stage[0] = data_i;
  assign turn[0][TurnBits-1:0] = turn_i;
  assign data_o = stage[Cycles][Kept-1:0];

  if (2 * Cycles > TurnBits) begin : gen_odd
    assign turn[0][2*Cycles-1] = 1'b0;
  end

  for (genvar s = 0; s < Cycles; s++) begin : gen_stage
    localparam int unsigned Low = 2 * (Cycles - 1 - s);
    localparam int unsigned Step = 2 ** Low;
    logic [1:0] digit;
    assign digit = turn[s][Low+:2];
    for (genvar l = 0; l < Places; l++) begin : gen_place
      always_ff @(posedge clk_i) begin
        case (digit)
          2'd0: stage[s+1][l] <= stage[s][l];
          2'd1: stage[s+1][l] <= stage[s][(l+Step)%Places];
          2'd2: stage[s+1][l] <= stage[s][(l+2*Step)%Places];
          default: stage[s+1][l] <= stage[s][(l+3*Step)%Places];
        endcase
      end
    end
    always_ff @(posedge clk_i) turn[s+1] <= turn[s];
  end

endmodule
