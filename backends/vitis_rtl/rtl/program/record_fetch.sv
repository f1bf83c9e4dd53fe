// Reads records of the program ahead of time, at most `Ahead` of them, while the reading port is free for it.
// Their words wait in a queue that holds so many records.
module record_fetch
  import program_pkg::*, axi_pkg::response_e, axi_pkg::LengthBits, axi_pkg::BeatsBits,
         axi_pkg::AddressBits;
#(
    parameter int unsigned DataBytes = 64,
    parameter int unsigned Ahead = 2,
    localparam int unsigned DataBits = 8 * DataBytes,
    localparam int unsigned Ports = axi_pkg::ports_of(DataBytes)
) (
    input logic clk_i,
    input logic rst_i,
    input logic stop_i,  // an access failed elsewhere
    input logic [Ports-1:0][AddressBits-1:0] bases_i,  // of the buffer's parts, one a port
    input logic start_i,
    input logic [AddressBits-1:0] address_i,  // of the first record, a multiple of its size
    input logic [CountBits-1:0] records_i,
    input logic free_i,  // nobody else asks for reads, or waits for one
    input logic taken_i,  // one record has left the queue
    output logic busy_o,  // records are under way: the port is not the engines'
    output logic word_valid_o,
    input logic word_ready_i,
    output logic [DataBits-1:0] word_o,
    // memory_read.sv
    output logic failed_o,
    output response_e failed_response_o,
    output logic [AddressBits-1:0] failed_address_o,
    output logic [Ports-1:0] arvalid_o,
    input logic [Ports-1:0] arready_i,
    output logic [Ports-1:0][AddressBits-1:0] araddr_o,
    output logic [Ports-1:0][LengthBits-1:0] arlen_o,
    input logic [Ports-1:0] rvalid_i,
    output logic [Ports-1:0] rready_o,
    input logic [Ports-1:0][DataBits/Ports-1:0] rdata_i,
    input response_e [Ports-1:0] rresp_i,
    input logic [Ports-1:0] rlast_i
);

  localparam int unsigned RecordBeats = RecordBytes / DataBytes;  // words
  localparam int unsigned Waiting = 2 ** $clog2(Ahead * RecordBeats);
  localparam int unsigned FewBits = $clog2(Ahead + 1);

  logic [CountBits-1:0] left_q;  // records that were not asked for
  logic any_q;  // there are some
  logic [AddressBits-1:0] address_q;
  logic [FewBits-1:0] ahead_q, coming_q;  // asked for: not taken; not all there
  logic request, accepted, ready, beat_valid, beat_last;
  logic [DataBits-1:0] beat;

  assign request  = any_q && ahead_q != FewBits'(Ahead) && free_i;
  assign accepted = request & ready;
  assign busy_o   = coming_q != 0;

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      left_q   <= '0;
      any_q    <= 1'b0;
      ahead_q  <= '0;
      coming_q <= '0;
    end else begin
      if (start_i) begin
        left_q <= records_i;
        any_q  <= records_i != 0;
      end else if (accepted) begin
        left_q <= left_q - 1'b1;
        any_q  <= left_q != 1;
      end
      ahead_q  <= ahead_q + FewBits'(accepted) - FewBits'(taken_i);
      coming_q <= coming_q + FewBits'(accepted) - FewBits'(beat_valid & beat_last);
    end
    if (start_i) address_q <= address_i;
    else if (accepted) address_q <= address_q + AddressBits'(RecordBytes);
  end

  memory_read #(
      .Ports(Ports),
      .DataBytes(DataBytes / Ports),
      .Outstanding(2 * Ahead)  // a record may lie in two bursts
  ) u_read (
      .clk_i,
      .rst_i,
      .stop_i,
      .bases_i,
      .request_valid_i(request),
      .request_ready_o(ready),
      .request_address_i(address_q),
      .request_beats_i(BeatsBits'(RecordBeats * Ports)),
      .data_valid_o(beat_valid),
      .data_ready_i(1'b1),
      .data_o(beat),
      .data_last_o(beat_last),
      /* verilator lint_off PINCONNECTEMPTY */
      .busy_o(),
      /* verilator lint_on PINCONNECTEMPTY */
      .failed_o,
      .failed_response_o,
      .failed_address_o,
      .arvalid_o,
      .arready_i,
      .araddr_o,
      .arlen_o,
      .rvalid_i,
      .rready_o,
      .rdata_i,
      .rresp_i,
      .rlast_i
  );

  // A record has room here before it is asked for.
  axi_fifo #(
      .Bits (DataBits),
      .Depth(Waiting)
  ) u_waiting (
      .clk_i,
      .rst_i,
      .push_i (beat_valid),
      .data_i (beat),
      .pop_i  (word_valid_o & word_ready_i),
      .data_o (word_o),
      .valid_o(word_valid_o),
      /* verilator lint_off PINCONNECTEMPTY */
      .full_o ()
      /* verilator lint_on PINCONNECTEMPTY */
  );

endmodule
