// Reads runs of memory through an AXI4 port into a stream of beats, in the order of the requests.
//
// Bursts are asked for before the data of the ones ahead has come, at most Outstanding at a time, so that
// data follows data without a bubble where these cover the memory's latency (docs/rtl/memory-ports.md has
// the cycle of each beat). An answer that says that it failed ends it: its burst's address is kept, nothing
// more is asked for or handed on, and what is still under way is taken and dropped. A reset when that is
// over (`busy_o`) begins anew.
module axi_read
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
    output logic data_valid_o,
    input logic data_ready_i,
    output logic [8*DataBytes-1:0] data_o,
    output logic data_last_o,  // of the run
    output logic busy_o,  // a burst is under way
    output logic failed_o,
    output response_e failed_response_o,
    output logic [AddressBits-1:0] failed_address_o,  // of the burst
    // the read channels of AXI4
    output logic arvalid_o,
    input logic arready_i,
    output logic [AddressBits-1:0] araddr_o,
    output logic [LengthBits-1:0] arlen_o,
    input logic rvalid_i,
    output logic rready_o,
    input logic [8*DataBytes-1:0] rdata_i,
    input response_e rresp_i,
    input logic rlast_i
);

  logic halted, form, full, taken, failing;
  burst_t formed, present;

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
      /* verilator lint_off PINCONNECTEMPTY */
      .length_o(),  // the memory says which beat is the last one
      /* verilator lint_on PINCONNECTEMPTY */
      .axi_valid_o(arvalid_o),
      .axi_ready_i(arready_i),
      .axi_address_o(araddr_o),
      .axi_length_o(arlen_o)
  );

  axi_fifo #(
      .Bits ($bits(burst_t)),
      .Depth(Outstanding)
  ) u_under_way (
      .clk_i,
      .rst_i,
      .push_i (form),
      .data_i (formed),
      .pop_i  (taken & rlast_i),
      .data_o (present),
      .valid_o(busy_o),
      .full_o (full)
  );

  assign rready_o = halted | !data_valid_o | data_ready_i;
  assign taken = rvalid_i & rready_o;
  assign failing = taken & rresp_i[1];

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      data_valid_o <= 1'b0;
      failed_o <= 1'b0;
    end else begin
      if (!data_valid_o | data_ready_i) data_valid_o <= rvalid_i & !halted & !failing;
      failed_o <= failed_o | failing;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!data_valid_o | data_ready_i) begin
      data_o <= rdata_i;
      data_last_o <= rlast_i & present.last;
    end
    if (!failed_o) begin
      failed_response_o <= rresp_i;
      failed_address_o <= present.address;
    end
  end

endmodule
