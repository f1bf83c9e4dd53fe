// The channels of a unit, moved by some: channel c is that of c - turn, the last ones come first.
module merge_turn
  import lanes_pkg::*;
#(
    localparam int unsigned TurnBits = $clog2(UnitBytes)
) (
    input logic [UnitBytes-1:0][ByteBits-1:0] unit_i,
    input logic [TurnBits-1:0] turn_i,
    output logic [UnitBytes-1:0][ByteBits-1:0] unit_o
);

  logic [UnitBytes-1:0][ByteBits-1:0] coarse;

  for (genvar c = 0; c < UnitBytes; c++) begin : gen_channel
    always_comb begin
      case (turn_i[3:2])
        2'd0: coarse[c] = unit_i[c];
        2'd1: coarse[c] = unit_i[(c+12)%16];
        2'd2: coarse[c] = unit_i[(c+8)%16];
        default: coarse[c] = unit_i[(c+4)%16];
      endcase
    end
    always_comb begin
      case (turn_i[1:0])
        2'd0: unit_o[c] = coarse[c];
        2'd1: unit_o[c] = coarse[(c+15)%16];
        2'd2: unit_o[c] = coarse[(c+14)%16];
        default: unit_o[c] = coarse[(c+13)%16];
      endcase
    end
  end

endmodule
