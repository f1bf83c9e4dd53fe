// What LOAD reads: the runs of a transfer from memory, their words to the placer or to the weights.
module core_reads
  import core_pkg::transfer_t, axi_pkg::response_e, axi_pkg::LengthBits, load_pkg::load_t,
         feed_pkg::units_t, store_pkg::runs_t, store_pkg::AddressBits, store_pkg::CountBits,
         store_pkg::RunBits;
#(
    parameter int unsigned WordUnits = 4,
    parameter int unsigned Outstanding = 32,
    localparam int unsigned DataBits = 128 * WordUnits,
    localparam int unsigned Ports = axi_pkg::ports_of(16 * WordUnits)
) (
    input logic clk_i,
    input logic rst_i,
    input logic stop_i,
    input logic [Ports-1:0][AddressBits-1:0] bases_i,  // of the buffer's parts, one a port
    input logic start_i,  // of a transfer; not while asking
    input runs_t runs_i,
    input transfer_t transfer_i,
    output logic asking_o,
    // deliver.sv
    output logic load_start_o,
    input logic load_ready_i,
    output load_t load_o,
    output logic input_valid_o,
    input logic input_ready_i,
    output logic weight_write_o,
    output units_t weight_unit_o,
    output logic weights_done_o,
    output logic parameters_write_o,
    output logic [CountBits-1:0] parameters_word_o,
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

  localparam int unsigned WaitingWords = 32;

  logic request_valid, request_ready, beat_valid, beat_last, waiting_full;
  logic word_valid, word_last, word_ready;
  logic [AddressBits-1:0] request_address;
  logic [RunBits-1:0] request_beats;
  logic [DataBits-1:0] beat;

  run_requests u_requests (
      .clk_i,
      .rst_i,
      .start_i,
      .runs_i,
      .busy_o(asking_o),
      .request_valid_o(request_valid),
      .request_ready_i(request_ready),
      .request_address_o(request_address),
      .request_beats_o(request_beats)
  );

  memory_read #(
      .Ports(Ports),
      .DataBytes(16 * WordUnits / Ports),
      .Outstanding(Outstanding)
  ) u_read (
      .clk_i,
      .rst_i,
      .stop_i,
      .bases_i,
      .request_valid_i(request_valid),
      .request_ready_o(request_ready),
      .request_address_i(request_address),
      .request_beats_i(request_beats),
      .data_valid_o(beat_valid),
      .data_ready_i(!waiting_full),
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

  // The placer stands still between blocks, and where two planes share a word; memory does not.
  axi_fifo #(
      .Bits (1 + DataBits),
      .Depth(WaitingWords)
  ) u_waiting (
      .clk_i,
      .rst_i,
      .push_i (beat_valid & !waiting_full),
      .data_i ({beat_last, beat}),
      .pop_i  (word_valid & word_ready),
      .data_o ({word_last, word_o}),
      .valid_o(word_valid),
      .full_o (waiting_full)
  );

  deliver #(
      .Units(WordUnits)
  ) u_deliver (
      .clk_i,
      .rst_i,
      .push_i(start_i),
      .transfer_i,
      .valid_i(word_valid),
      .last_i(word_last),
      .ready_o(word_ready),
      .load_start_o,
      .load_ready_i,
      .load_o,
      .input_valid_o,
      .input_ready_i,
      .weight_write_o,
      .weight_unit_o,
      .weights_done_o,
      .parameters_write_o,
      .parameters_word_o
  );

endmodule
