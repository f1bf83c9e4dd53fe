// Local response normalisation of the channels of Planes planes: the sums of squares over neighbouring channels, and the
// step of the table that each is in. NormaliseCycles from the values to that.
module lrn
  import lrn_pkg::*;
#(
    parameter int unsigned Lanes = 32,
    localparam int unsigned Channels = Lanes + 2 * Reach
) (
    input logic clk_i,
    // Channels from Reach before the first lane's to Reach behind the last one's.
    input logic [Channels-1:0][CentredBits-1:0] value_i,
    input logic [Channels-1:0] used_i,
    input logic [Reach-1:0] before_i,  // [k]: the channel k + 1 before is summed too
    input logic [Reach-1:0] behind_i,
    input logic table_write_i,
    input logic [IndexBits-1:0] table_index_i,
    input step_t table_data_i,
    output step_t [Lanes-1:0] step_o,
    output logic [Lanes-1:0][FractionBits-1:0] fraction_o
);

  logic [Channels-1:0][SquareBits-1:0] square;

  for (genvar c = 0; c < Channels; c++) begin : gen_square
    lrn_square u_square (
        .clk_i,
        .value_i (value_i[c]),
        .used_i  (used_i[c]),
        .square_o(square[c])
    );
  end

  for (genvar l = 0; l < Lanes; l++) begin : gen_lane
    localparam int unsigned Own = l + Reach;
    logic [Reach/2-1:0][SumBits-1:0] before_q, behind_q;
    logic [SumBits-1:0] all_before_q, all_behind_q, both_q, own_q, own_later_q, own_last_q, sum_q;
    logic [OctaveBits-1:0] octave;
    logic [StepBits-1:0] step;
    logic [FractionBits-1:0] fraction;

    always_ff @(posedge clk_i) begin
      for (int unsigned k = 0; k < Reach; k += 2) begin
        before_q[k/2] <= (before_i[k] ? SumBits'(square[Own-1-k]) : '0) +
                         (before_i[k+1] ? SumBits'(square[Own-2-k]) : '0);
        behind_q[k/2] <= (behind_i[k] ? SumBits'(square[Own+1+k]) : '0) +
                         (behind_i[k+1] ? SumBits'(square[Own+2+k]) : '0);
      end
      own_q <= SumBits'(square[Own]);
      all_before_q <= before_q[0] + before_q[1];
      all_behind_q <= behind_q[0] + behind_q[1];
      own_later_q <= own_q;
      both_q <= all_before_q + all_behind_q;
      own_last_q <= own_later_q;
      sum_q <= both_q + own_last_q;
    end

    lrn_octave u_octave (
        .clk_i,
        .sum_i(sum_q),
        .octave_o(octave),
        .step_o(step),
        .fraction_o(fraction)
    );

    lrn_table u_table (
        .clk_i,
        .write_i(table_write_i),
        .write_index_i(table_index_i),
        .write_data_i(table_data_i),
        .index_i({octave, step}),
        .step_o(step_o[l])
    );

    delay_line #(
        .Bits  (FractionBits),
        .Cycles(TableCycles)
    ) u_fraction (
        .clk_i,
        .data_i(fraction),
        .data_o(fraction_o[l])
    );
  end

endmodule
