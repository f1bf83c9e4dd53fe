// A sum of squares as an octave, a step of it and what lies behind the step: the sum moved left until its first bit is
// in front, by 16, 8, 4, 2 and 1. A sum of 0 is read as 1. OctaveCycles later.
module lrn_octave
  import lrn_pkg::*;
(
    input logic clk_i,
    input logic [SumBits-1:0] sum_i,
    output logic [OctaveBits-1:0] octave_o,
    output logic [StepBits-1:0] step_o,
    output logic [FractionBits-1:0] fraction_o
);

  localparam logic [OctaveBits-1:0] Highest = OctaveBits'(SumBits - 1);

  function automatic logic [SumBits-1:0] moved(logic [SumBits-1:0] value, logic by, int unsigned bits);
    return by ? value << bits : value;
  endfunction

  logic [SumBits-1:0] one, half, first_q, second, second_q;
  logic by16, by8, by4, by2, by1;
  logic [OctaveBits-1:0] left_q, down_q;

  assign one  = {sum_i[SumBits-1:1], sum_i[0] | sum_i == 0};
  assign by16 = sum_i[SumBits-1:3] == 0;
  assign half = moved(one, by16, 16);
  assign by8  = half[SumBits-1:11] == 0;

  assign by4 = first_q[SumBits-1:15] == 0;
  assign second = moved(first_q, by4, 4);
  assign by2 = second[SumBits-1:17] == 0;

  assign by1 = !second_q[SumBits-1];

  always_ff @(posedge clk_i) begin
    first_q <= moved(half, by8, 8);
    left_q <= {by16, by8, 3'd0};
    second_q <= moved(second, by2, 2);
    down_q <= left_q | {2'd0, by4, by2, 1'b0};
    octave_o <= Highest - (down_q | OctaveBits'(by1));
    {step_o, fraction_o} <= by1 ? {second_q[SumBits-3:0], 1'b0} : second_q[SumBits-2:0];
  end

endmodule
