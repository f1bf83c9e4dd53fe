// The runs of blocks, one after the other, as requests to a memory port; the first one of a block a cycle
// behind `start_i`. The port says when each run is in memory, and `done_o` when a block is. The next block may
// start before that.
module store_requests
  import store_pkg::*;
(
    input logic clk_i,
    input logic rst_i,
    input logic start_i,  // not while asking, nor while three blocks are on their way
    input store_runs_t runs_i,  // taken with the start
    output logic asking_o,
    output logic busy_o,  // a block is not in memory
    output logic done_o,
    output logic request_valid_o,
    input logic request_ready_i,
    output logic [AddressBits-1:0] request_address_o,
    output logic [RunBits-1:0] request_words_o,
    input logic done_i
);

  localparam int unsigned Blocks = 4;

  logic [CountBits-1:0] asking_q, runs, answered_q;
  logic [AddressBits-1:0] pitch_q;

  axi_fifo #(
      .Bits (CountBits),
      .Depth(Blocks)
  ) u_blocks (
      .clk_i,
      .rst_i,
      .push_i (start_i),
      .data_i (runs_i.runs),
      .pop_i  (done_o),
      .data_o (runs),
      .valid_o(busy_o),
      /* verilator lint_off PINCONNECTEMPTY */
      .full_o ()
      /* verilator lint_on PINCONNECTEMPTY */
  );

  assign asking_o = asking_q != 0;
  assign request_valid_o = asking_o;
  assign done_o = done_i && answered_q + 1'b1 == runs;

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      request_address_o <= runs_i.address;
      request_words_o <= runs_i.run_words;
      pitch_q <= runs_i.pitch;
    end else if (request_valid_o & request_ready_i) begin
      request_address_o <= request_address_o + pitch_q;
    end
    if (rst_i) begin
      asking_q   <= '0;
      answered_q <= '0;
    end else begin
      if (start_i) asking_q <= runs_i.runs;
      else if (request_valid_o & request_ready_i) asking_q <= asking_q - 1'b1;
      if (done_i) answered_q <= done_o ? '0 : answered_q + 1'b1;
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    assert (rst_i || !(start_i && asking_o))
    else $error("A block was stored before all of the one ahead of it had been asked for.");
  end
`endif

endmodule
