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

  localparam int unsigned Steps = OctaveBits;
  localparam logic [OctaveBits-1:0] Highest = OctaveBits'(SumBits - 1);

  logic [SumBits-1:0] moved_q[Steps];
  logic [OctaveBits-1:0] left_q[Steps];

  for (genvar s = 0; s < Steps; s++) begin : gen_step
    localparam int unsigned By = 2 ** (Steps - 1 - s);
    logic [SumBits-1:0] value;
    logic [OctaveBits-1:0] left;
    logic by;

    if (s == 0) begin : gen_first
      assign value = {sum_i[SumBits-1:1], sum_i[0] | sum_i == 0};
      assign left  = '0;
    end else begin : gen_next
      assign value = moved_q[s-1];
      assign left  = left_q[s-1];
    end
    // Whether there is nothing in front.
    assign by = value[SumBits-1:SumBits-By] == 0;

    always_ff @(posedge clk_i) begin
      moved_q[s] <= by ? value << By : value;
      left_q[s]  <= left | (by ? OctaveBits'(By) : '0);
    end
  end

  assign octave_o = Highest - left_q[Steps-1];
  assign {step_o, fraction_o} = moved_q[Steps-1][SumBits-2:0];

endmodule
