// The runs of blocks, one after the other, as requests to a memory port. The port says when each run is in
// memory, and `done_o` when a block is. The next block may start before that.
module store_requests
  import store_pkg::*;
(
    input logic clk_i,
    input logic rst_i,
    input logic start_i,  // not while asking, nor while three blocks are on their way
    input runs_t runs_i,  // taken with the start
    output logic asking_o,
    output logic busy_o,  // a block is not in memory
    output logic done_o,
    output logic request_valid_o,
    input logic request_ready_i,
    output logic [AddressBits-1:0] request_address_o,
    output logic [RunBits-1:0] request_beats_o,
    input logic done_i
);

  localparam int unsigned Blocks = 4;

  logic [CountBits-1:0] last_run, answered_q;

  run_requests u_requests (
      .clk_i,
      .rst_i,
      .start_i,
      .runs_i,
      .busy_o(asking_o),
      .request_valid_o,
      .request_ready_i,
      .request_address_o,
      .request_beats_o
  );

  axi_fifo #(
      .Bits (CountBits),
      .Depth(Blocks)
  ) u_blocks (
      .clk_i,
      .rst_i,
      .push_i (start_i),
      .data_i (runs_i.runs - 1'b1),
      .pop_i  (done_o),
      .data_o (last_run),
      .valid_o(busy_o),
      /* verilator lint_off PINCONNECTEMPTY */
      .full_o ()
      /* verilator lint_on PINCONNECTEMPTY */
  );

  assign done_o = done_i && answered_q == last_run;

  always_ff @(posedge clk_i) begin
    if (rst_i) answered_q <= '0;
    else if (done_i) answered_q <= done_o ? '0 : answered_q + 1'b1;
  end

endmodule
