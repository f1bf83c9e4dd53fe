// Hands the words of the reading port to who they are for, transfer after transfer: inputs to the placer,
// weights to their buffer, and the parameters in front of these to their memory too.
module deliver
  import core_pkg::*, load_pkg::load_t, feed_pkg::units_t, store_pkg::CountBits;
#(
    parameter int unsigned Units = 4  // of a word
) (
    input logic clk_i,
    input logic rst_i,
    input logic push_i,  // at most `Transfers` more than have been delivered
    input transfer_t transfer_i,
    // words
    input logic valid_i,
    input logic last_i,  // of a run
    output logic ready_o,
    // the placer
    output logic load_start_o,
    input logic load_ready_i,
    output load_t load_o,
    output logic input_valid_o,
    input logic input_ready_i,
    // the weight buffer and the memory of parameters; the word is the port's
    output logic weight_write_o,
    output units_t weight_unit_o,
    output logic weights_done_o,
    output logic parameters_write_o,
    output logic [CountBits-1:0] parameters_word_o
);

  // A pass of the vector unit has those of two blocks under way, eight sources each, and its resident operand.
  localparam int unsigned Transfers = 32;

  logic known, take, busy_q, last;
  transfer_t next;
  logic weights_q, last_run_q;
  logic [CountBits-1:0] runs_q;
  logic [CountBits-1:0] parameters_left_q;

  axi_fifo #(
      .Bits ($bits(transfer_t)),
      .Depth(Transfers)
  ) u_transfers (
      .clk_i,
      .rst_i,
      .push_i,
      .data_i (transfer_i),
      .pop_i  (take),
      .data_o (next),
      .valid_o(known),
      /* verilator lint_off PINCONNECTEMPTY */
      .full_o ()
      /* verilator lint_on PINCONNECTEMPTY */
  );

  // A transfer is taken when the one before it has all its words, an input when the placer is ready too.
  assign take = known & !busy_q & (next.weights | load_ready_i);
  assign load_start_o = take & !next.weights;
  assign load_o = next.load;

  assign input_valid_o = busy_q & !weights_q & valid_i;
  assign ready_o = busy_q & (weights_q | input_ready_i);
  assign last = valid_i & ready_o & last_i & last_run_q;
  assign weight_write_o = busy_q & weights_q & valid_i;
  assign weights_done_o = weight_write_o & last_i & last_run_q;
  assign parameters_write_o = weight_write_o && parameters_left_q != 0;

  always_ff @(posedge clk_i) begin
    if (take) begin
      weights_q <= next.weights;
      runs_q <= next.runs;
      last_run_q <= next.runs == 1;
      weight_unit_o <= next.unit;
      parameters_left_q <= next.parameter_words;
      parameters_word_o <= next.parameter_word;
    end else if (valid_i & ready_o) begin
      if (last_i) begin
        runs_q <= runs_q - 1'b1;
        last_run_q <= runs_q == 2;
      end
      weight_unit_o <= weight_unit_o + units_t'(Units);
      parameters_word_o <= parameters_word_o + 1'b1;
      if (parameters_left_q != 0) parameters_left_q <= parameters_left_q - 1'b1;
    end
    if (rst_i) busy_q <= 1'b0;
    else busy_q <= take | (busy_q & !last);
  end

endmodule
