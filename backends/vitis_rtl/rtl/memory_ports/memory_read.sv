// Reads runs of memory through one port, or through several that beats of the buffer alternate between, into a stream
// of words: of each run the first word begins with its first beat, and the last one has the beats that are left in front.
//
// Ports take a run in the same cycle, and each cuts its bursts at its own multiples of BurstBeats. A word is there when
// each of its beats is, in the registers of the ports (axi_read.sv): what one port has of gaps a word before another
// costs no cycle more (docs/rtl/memory-ports.md).
module memory_read
  import axi_pkg::*;
#(
    parameter int unsigned Ports = 1,
    parameter int unsigned DataBytes = 64,  // of a port
    parameter int unsigned Outstanding = 32,  // of a port
    localparam int unsigned DataBits = 8 * DataBytes
) (
    input logic clk_i,
    input logic rst_i,
    input logic stop_i,  // as axi_read.sv has it
    input logic [Ports-1:0][AddressBits-1:0] bases_i,  // of the buffer's parts, one a port
    input logic request_valid_i,
    output logic request_ready_o,
    input logic [AddressBits-1:0] request_address_i,  // in the buffer, a multiple of DataBytes
    input logic [BeatsBits-1:0] request_beats_i,  // of a port, at least one
    output logic data_valid_o,
    input logic data_ready_i,
    output logic [Ports-1:0][DataBits-1:0] data_o,
    output logic data_last_o,  // of the run
    output logic failed_o,
    output response_e failed_response_o,
    output logic [AddressBits-1:0] failed_address_o,  // of the burst, in the buffer
    output logic busy_o,  // a burst is under way
    // the read channels of AXI4
    output logic [Ports-1:0] arvalid_o,
    input logic [Ports-1:0] arready_i,
    output logic [Ports-1:0][AddressBits-1:0] araddr_o,
    output logic [Ports-1:0][LengthBits-1:0] arlen_o,
    input logic [Ports-1:0] rvalid_i,
    output logic [Ports-1:0] rready_o,
    input logic [Ports-1:0][DataBits-1:0] rdata_i,
    input response_e [Ports-1:0] rresp_i,
    input logic [Ports-1:0] rlast_i
);

  if (Ports == 1) begin : gen_one
    axi_read #(
        .DataBytes(DataBytes),
        .Outstanding(Outstanding)
    ) u_read (
        .clk_i,
        .rst_i,
        .stop_i,
        .base_i(bases_i[0]),
        .request_valid_i,
        .request_ready_o,
        .request_address_i,
        .request_beats_i,
        .data_valid_o,
        .data_ready_i,
        .data_o(data_o[0]),
        .data_last_o,
        .busy_o,
        .failed_o,
        .failed_response_o,
        .failed_address_o,
        .arvalid_o(arvalid_o[0]),
        .arready_i(arready_i[0]),
        .araddr_o(araddr_o[0]),
        .arlen_o(arlen_o[0]),
        .rvalid_i(rvalid_i[0]),
        .rready_o(rready_o[0]),
        .rdata_i(rdata_i[0]),
        .rresp_i(rresp_i[0]),
        .rlast_i(rlast_i[0])
    );
  end else begin : gen_several
    localparam int unsigned PortBits = $clog2(Ports);
    localparam int unsigned Runs = 2 * Outstanding;  // under way

    typedef struct packed {
      logic [PortBits-1:0] first;  // the port of its first beat
      logic [Ports-1:0] rest;  // those that have beats of its last word
    } run_t;

    run_t asked, present;
    logic taken, run_known, runs_full, word_taken;
    logic [Ports-1:0] used, ready, valid, last, needed, busy, failed;
    logic [Ports-1:0][AddressBits-1:0] address, failed_address;
    logic [Ports-1:0][BeatsBits-1:0] beats;
    logic [Ports-1:0][DataBits-1:0] data;
    response_e [Ports-1:0] failed_response;

    port_shares #(
        .Ports(Ports),
        .DataBytes(DataBytes)
    ) u_shares (
        .address_i(request_address_i),
        .beats_i(request_beats_i),
        .first_o(asked.first),
        .rest_o(asked.rest),
        /* verilator lint_off PINCONNECTEMPTY */
        .words_o(),  // the port of the first beat says which word is the last
        /* verilator lint_on PINCONNECTEMPTY */
        .used_o(used),
        .address_o(address),
        .beats_o(beats)
    );

    assign request_ready_o = &(ready | ~used) & !runs_full;
    assign taken = request_valid_i & request_ready_o;

    axi_fifo #(
        .Bits ($bits(run_t)),
        .Depth(Runs)
    ) u_runs (
        .clk_i,
        .rst_i,
        .push_i (taken),
        .data_i (asked),
        .pop_i  (word_taken & data_last_o),
        .data_o (present),
        .valid_o(run_known),
        .full_o (runs_full)
    );

    for (genvar p = 0; p < Ports; p++) begin : gen_port
      axi_read #(
          .DataBytes(DataBytes),
          .Outstanding(Outstanding)
      ) u_read (
          .clk_i,
          .rst_i,
          .stop_i(stop_i | failed_o),
          .base_i(bases_i[p]),
          .request_valid_i(taken & used[p]),
          .request_ready_o(ready[p]),
          .request_address_i(address[p]),
          .request_beats_i(beats[p]),
          .data_valid_o(valid[p]),
          .data_ready_i(word_taken & needed[p]),
          .data_o(data[p]),
          .data_last_o(last[p]),
          .busy_o(busy[p]),
          .failed_o(failed[p]),
          .failed_response_o(failed_response[p]),
          .failed_address_o(failed_address[p]),
          .arvalid_o(arvalid_o[p]),
          .arready_i(arready_i[p]),
          .araddr_o(araddr_o[p]),
          .arlen_o(arlen_o[p]),
          .rvalid_i(rvalid_i[p]),
          .rready_o(rready_o[p]),
          .rdata_i(rdata_i[p]),
          .rresp_i(rresp_i[p]),
          .rlast_i(rlast_i[p])
      );

      // The word from the port of the run's first beat on.
      assign data_o[p] = data[PortBits'(p)+present.first];
    end

    assign data_last_o = last[present.first];
    assign needed = present.rest | {Ports{!data_last_o}};
    assign data_valid_o = run_known & valid[present.first] & (&(valid | ~needed)) & !failed_o;
    assign word_taken = data_valid_o & data_ready_i;
    assign busy_o = |busy;

    first_failure #(
        .Ports(Ports),
        .DataBytes(DataBytes)
    ) u_failure (
        .clk_i,
        .rst_i,
        .failed_i(failed),
        .response_i(failed_response),
        .address_i(failed_address),
        .failed_o,
        .response_o(failed_response_o),
        .address_o(failed_address_o)
    );
  end

endmodule
