// Asks a memory port for runs of a length and a pitch, one after the other; the first one a cycle behind
// `start_i`.
module run_requests
  import store_pkg::*;
(
    input logic clk_i,
    input logic rst_i,
    input logic start_i,  // not while busy
    input runs_t runs_i,  // taken with the start
    output logic busy_o,
    output logic request_valid_o,
    input logic request_ready_i,
    output logic [AddressBits-1:0] request_address_o,
    output logic [RunBits-1:0] request_beats_o
);

  logic taken;
  logic [CountBits-1:0] left_q;
  logic [AddressBits-1:0] pitch_q;

  assign request_valid_o = busy_o;
  assign taken = request_valid_o & request_ready_i;

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      request_address_o <= runs_i.address;
      request_beats_o <= runs_i.run_beats;
      pitch_q <= runs_i.pitch;
    end else if (taken) begin
      request_address_o <= request_address_o + pitch_q;
    end
    if (start_i) left_q <= runs_i.runs;
    else if (taken) left_q <= left_q - 1'b1;
    if (rst_i) busy_o <= 1'b0;
    else if (start_i) busy_o <= runs_i.runs != 0;
    else if (taken & left_q == 1) busy_o <= 1'b0;
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    assert (rst_i || !(start_i && busy_o))
    else $error("Runs were asked for before all those ahead of them had been.");
  end
`endif

endmodule
