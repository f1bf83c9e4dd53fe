// Writes a stream of beats through an AXI4 port to runs of memory, in the order of the requests.
//
// A burst's data does not wait until its address is taken, as AXI4 asks for. At most Outstanding bursts
// are without a response at a time; `done_o` tells that all of a run is in memory. A response that says
// that it failed ends it: its burst's address is kept, no more is asked for, and the bursts under way are
// filled up with beats that write nothing, of data that is there or not. A reset when they are over
// (`busy_o`) begins anew.
module axi_write
  import axi_pkg::*;
#(
    parameter int unsigned DataBytes = 64,
    parameter int unsigned Outstanding = 32
) (
    input logic clk_i,
    input logic rst_i,
    input logic stop_i,  // ends as a failure does, for one elsewhere; stays until the reset
    input logic [AddressBits-1:0] base_i,  // of the buffer that addresses count from
    input logic request_valid_i,
    output logic request_ready_o,
    input logic [AddressBits-1:0] request_address_i,  // a multiple of DataBytes
    input logic [BeatsBits-1:0] request_beats_i,  // at least one
    input logic data_valid_i,
    output logic data_ready_o,
    input logic [8*DataBytes-1:0] data_i,
    output logic done_o,  // a run is in memory
    output logic busy_o,  // a burst is under way
    output logic failed_o,
    output response_e failed_response_o,
    output logic [AddressBits-1:0] failed_address_o,  // of the burst
    // the write channels of AXI4
    output logic awvalid_o,
    input logic awready_i,
    output logic [AddressBits-1:0] awaddr_o,
    output logic [LengthBits-1:0] awlen_o,
    output logic wvalid_o,
    input logic wready_i,
    output logic [8*DataBytes-1:0] wdata_o,
    output logic [DataBytes-1:0] wstrb_o,
    output logic wlast_o,
    input logic bvalid_i,
    output logic bready_o,
    input response_e bresp_i
);

  logic halted, form, full, failing;
  burst_t formed, present;
  logic [OffsetBits-1:0] formed_length, length;
  logic filling, free, send, last;
  logic [OffsetBits-1:0] sent_q;  // beats of the present burst
  logic strobe_q;

  assign halted = failed_o | stop_i;

  axi_bursts #(
      .DataBytes(DataBytes)
  ) u_bursts (
      .clk_i,
      .rst_i,
      .stop_i(halted),
      .base_i,
      .request_valid_i,
      .request_ready_o,
      .request_address_i,
      .request_beats_i,
      .room_i(!full),
      .form_o(form),
      .burst_o(formed),
      .length_o(formed_length),
      .axi_valid_o(awvalid_o),
      .axi_ready_i(awready_i),
      .axi_address_o(awaddr_o),
      .axi_length_o(awlen_o)
  );

  // Lengths leave with the last beat, addresses with the response: never more of those than of these.
  axi_fifo #(
      .Bits (OffsetBits),
      .Depth(Outstanding)
  ) u_lengths (
      .clk_i,
      .rst_i,
      .push_i (form),
      .data_i (formed_length),
      .pop_i  (send & last),
      .data_o (length),
      .valid_o(filling),
      /* verilator lint_off PINCONNECTEMPTY */
      .full_o ()
      /* verilator lint_on PINCONNECTEMPTY */
  );

  axi_fifo #(
      .Bits ($bits(burst_t)),
      .Depth(Outstanding)
  ) u_under_way (
      .clk_i,
      .rst_i,
      .push_i (form),
      .data_i (formed),
      .pop_i  (bvalid_i),
      .data_o (present),
      .valid_o(busy_o),
      .full_o (full)
  );

  assign free = !wvalid_o | wready_i;
  assign send = free & filling & (data_valid_i | halted);
  assign last = sent_q == length;
  assign data_ready_o = free & filling;
  assign wstrb_o = {DataBytes{strobe_q}};

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      wvalid_o <= 1'b0;
      sent_q <= '0;
    end else begin
      if (free) wvalid_o <= send;
      if (send) sent_q <= last ? '0 : sent_q + 1'b1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (send) begin
      wdata_o <= data_i;
      wlast_o <= last;
      strobe_q <= !halted;
    end
  end

  assign bready_o = 1'b1;
  assign failing = bvalid_i & bresp_i[1];

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      done_o <= 1'b0;
      failed_o <= 1'b0;
    end else begin
      done_o <= bvalid_i & present.last & !failing & !halted;
      failed_o <= failed_o | failing;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!failed_o) begin
      failed_response_o <= bresp_i;
      failed_address_o <= present.address;
    end
  end

endmodule
