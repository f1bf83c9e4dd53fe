// Writes a stream of words through one port, or through several that beats of the buffer alternate between, to runs of
// memory, as memory_read.sv reads them. What is left of a run's last word behind its beats is not written.
module memory_write
  import axi_pkg::*;
#(
    parameter int unsigned Ports = 1,
    parameter int unsigned DataBytes = 64,  // of a port
    parameter int unsigned Outstanding = 32,  // of a port
    localparam int unsigned DataBits = 8 * DataBytes
) (
    input logic clk_i,
    input logic rst_i,
    input logic stop_i,  // as axi_write.sv has it
    input logic [Ports-1:0][AddressBits-1:0] bases_i,  // of the buffer's parts, one a port
    input logic request_valid_i,
    output logic request_ready_o,
    input logic [AddressBits-1:0] request_address_i,  // in the buffer, a multiple of DataBytes
    input logic [BeatsBits-1:0] request_beats_i,  // of a port, at least one
    input logic data_valid_i,
    output logic data_ready_o,
    input logic [Ports-1:0][DataBits-1:0] data_i,
    output logic done_o,  // a run is in memory
    output logic busy_o,  // a burst is under way
    output logic failed_o,
    output response_e failed_response_o,
    output logic [AddressBits-1:0] failed_address_o,  // of the burst, in the buffer
    // the write channels of AXI4
    output logic [Ports-1:0] awvalid_o,
    input logic [Ports-1:0] awready_i,
    output logic [Ports-1:0][AddressBits-1:0] awaddr_o,
    output logic [Ports-1:0][LengthBits-1:0] awlen_o,
    output logic [Ports-1:0] wvalid_o,
    input logic [Ports-1:0] wready_i,
    output logic [Ports-1:0][DataBits-1:0] wdata_o,
    output logic [Ports-1:0][DataBytes-1:0] wstrb_o,
    output logic [Ports-1:0] wlast_o,
    input logic [Ports-1:0] bvalid_i,
    output logic [Ports-1:0] bready_o,
    input response_e [Ports-1:0] bresp_i
);

  if (Ports == 1) begin : gen_one
    axi_write #(
        .DataBytes(DataBytes),
        .Outstanding(Outstanding)
    ) u_write (
        .clk_i,
        .rst_i,
        .stop_i,
        .base_i(bases_i[0]),
        .request_valid_i,
        .request_ready_o,
        .request_address_i,
        .request_beats_i,
        .data_valid_i,
        .data_ready_o,
        .data_i(data_i[0]),
        .done_o,
        .busy_o,
        .failed_o,
        .failed_response_o,
        .failed_address_o,
        .awvalid_o(awvalid_o[0]),
        .awready_i(awready_i[0]),
        .awaddr_o(awaddr_o[0]),
        .awlen_o(awlen_o[0]),
        .wvalid_o(wvalid_o[0]),
        .wready_i(wready_i[0]),
        .wdata_o(wdata_o[0]),
        .wstrb_o(wstrb_o[0]),
        .wlast_o(wlast_o[0]),
        .bvalid_i(bvalid_i[0]),
        .bready_o(bready_o[0]),
        .bresp_i(bresp_i[0])
    );
  end else begin : gen_several
    localparam int unsigned PortBits = $clog2(Ports);
    localparam int unsigned Runs = 2 * Outstanding;  // under way
    localparam int unsigned FewBits = $clog2(Runs + 1);

    typedef struct packed {
      logic [PortBits-1:0] first;  // the port of its first beat
      logic [Ports-1:0] rest;  // those that have beats of its last word
      logic single;  // it is one word
      logic [BeatsBits-1:0] words;
    } run_t;

    run_t asked, present;
    logic taken, run_known, runs_full, done_known, done_full, word_taken, all_ready, last;
    logic [Ports-1:0] used, ready, room, needed, ended, done_used, busy, failed;
    logic [Ports-1:0][AddressBits-1:0] address, failed_address;
    logic [Ports-1:0][BeatsBits-1:0] beats;
    response_e [Ports-1:0] failed_response;

    port_shares #(
        .Ports(Ports),
        .DataBytes(DataBytes)
    ) u_shares (
        .address_i(request_address_i),
        .beats_i(request_beats_i),
        .first_o(asked.first),
        .rest_o(asked.rest),
        .words_o(asked.words),
        .used_o(used),
        .address_o(address),
        .beats_o(beats)
    );

    assign asked.single = asked.words == BeatsBits'(1);
    assign request_ready_o = &(ready | ~used) & !runs_full & !done_full;
    assign taken = request_valid_i & request_ready_o;

    axi_fifo #(
        .Bits ($bits(run_t)),
        .Depth(Runs)
    ) u_runs (
        .clk_i,
        .rst_i,
        .push_i (taken),
        .data_i (asked),
        .pop_i  (word_taken & last),
        .data_o (present),
        .valid_o(run_known),
        .full_o (runs_full)
    );

    // ---- words: whether one is the last of its run is known before it comes
    logic first_q, last_q;
    logic [BeatsBits-1:0] left_q, left;

    assign left = first_q ? present.words : left_q;
    assign last = first_q ? present.single : last_q;
    assign needed = present.rest | {Ports{!last}};
    assign all_ready = run_known & (&(room | ~needed));
    assign data_ready_o = all_ready & !failed_o;
    assign word_taken = data_valid_i & data_ready_o;

    always_ff @(posedge clk_i) begin
      if (rst_i) first_q <= 1'b1;
      else if (word_taken) first_q <= last;
      if (word_taken) begin
        left_q <= left - 1'b1;
        last_q <= left == BeatsBits'(2);
      end
    end

    for (genvar p = 0; p < Ports; p++) begin : gen_port
      logic done, waits;
      logic [FewBits-1:0] done_q;  // runs that the others have not written

      axi_write #(
          .DataBytes(DataBytes),
          .Outstanding(Outstanding)
      ) u_write (
          .clk_i,
          .rst_i,
          .stop_i(stop_i | failed_o),
          .base_i(bases_i[p]),
          .request_valid_i(taken & used[p]),
          .request_ready_o(ready[p]),
          .request_address_i(address[p]),
          .request_beats_i(beats[p]),
          .data_valid_i(word_taken & needed[p]),
          .data_ready_o(room[p]),
          .data_i(data_i[PortBits'(p)-present.first]),
          .done_o(done),
          .busy_o(busy[p]),
          .failed_o(failed[p]),
          .failed_response_o(failed_response[p]),
          .failed_address_o(failed_address[p]),
          .awvalid_o(awvalid_o[p]),
          .awready_i(awready_i[p]),
          .awaddr_o(awaddr_o[p]),
          .awlen_o(awlen_o[p]),
          .wvalid_o(wvalid_o[p]),
          .wready_i(wready_i[p]),
          .wdata_o(wdata_o[p]),
          .wstrb_o(wstrb_o[p]),
          .wlast_o(wlast_o[p]),
          .bvalid_i(bvalid_i[p]),
          .bready_o(bready_o[p]),
          .bresp_i(bresp_i[p])
      );

      assign waits = done_q != '0;
      assign ended[p] = done | waits;

      always_ff @(posedge clk_i) begin
        if (rst_i) done_q <= '0;
        else done_q <= done_q + FewBits'(done) - FewBits'(done_o & done_used[p]);
      end
    end

    // ---- a run is in memory when it is at each of its ports
    axi_fifo #(
        .Bits (Ports),
        .Depth(Runs)
    ) u_done (
        .clk_i,
        .rst_i,
        .push_i (taken),
        .data_i (used),
        .pop_i  (done_o),
        .data_o (done_used),
        .valid_o(done_known),
        .full_o (done_full)
    );

    assign done_o = done_known & (&(ended | ~done_used)) & !failed_o;
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
