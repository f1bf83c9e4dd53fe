// Both masters of a memory port before a memory that keeps the plan or does not, between two records
// (see core_bench.sv). Requests and the data to write are put into queues first; the bits `request`,
// `data_ready` and `data_valid` say in which cycles the masters get on with them.
//
// `spoil` breaks a rule of AXI on the wires between them, to see that it is found.
module memory_bench
  import axi_pkg::*;
#(
    parameter int unsigned DataBytes = 64,
    parameter int unsigned Outstanding = 32,
    parameter int unsigned Depth = 1024,  // beats of the memory and of the data to write
    localparam int unsigned IndexBits = $clog2(Depth),
    localparam int unsigned DataBits = 8 * DataBytes,
    localparam int unsigned InBits = 46 + 2 * AddressBits + BeatsBits + IndexBits + DataBits,
    localparam int unsigned OutBits = 14 + 2 * LengthBits + 4 * AddressBits + DataBits
) (
    input logic clk_i,
    input logic [InBits-1:0] in_i,
    output logic [OutBits-1:0] out_o
);

  localparam int unsigned Requests = 64;

  typedef struct packed {
    logic [AddressBits-1:0] address;
    logic [BeatsBits-1:0] beats;
  } request_t;

  typedef enum logic [3:0] {
    Nothing,
    ReadAcrossPage,
    WriteAcrossPage,
    AddressFalls,
    AddressChanges,
    DataFalls,
    LastTooEarly,
    ResponseTooEarly,
    ReadDataTooEarly,
    LongBurst,
    UnevenAddress
  } spoil_e;

  logic rst, stop, request, data_ready, data_valid, address_waits, failing, push_read, push_write;
  logic poke_memory, poke_source;
  logic [4:0] stall;
  logic [3:0] gap;
  logic [9:0] read_latency, write_latency;
  response_e failure;
  logic [AddressBits-1:0] failing_address;
  spoil_e spoil;
  request_t pushed;
  logic [IndexBits-1:0] index;
  logic [DataBits-1:0] poked, peeked;

  assign {poked, index, pushed.beats, pushed.address, failing_address, spoil, failure,
          write_latency, read_latency, gap, stall, poke_source, poke_memory, push_write, push_read,
          failing, address_waits, data_valid, data_ready, request, stop, rst} = in_i;

  // ---- what the masters are given
  logic read_known, read_ready, write_known, write_ready;
  request_t read_request, write_request;
  logic stream_valid, stream_last, source_ready, done;
  logic [DataBits-1:0] stream, source;
  logic [DataBits-1:0] sources[Depth];
  logic [IndexBits-1:0] source_q;

  axi_fifo #(
      .Bits ($bits(request_t)),
      .Depth(Requests)
  ) u_read_requests (
      .clk_i,
      .rst_i(rst),
      .push_i(push_read),
      .data_i(pushed),
      .pop_i(read_known & request & read_ready),
      .data_o(read_request),
      .valid_o(read_known),
      /* verilator lint_off PINCONNECTEMPTY */
      .full_o()
      /* verilator lint_on PINCONNECTEMPTY */
  );

  axi_fifo #(
      .Bits ($bits(request_t)),
      .Depth(Requests)
  ) u_write_requests (
      .clk_i,
      .rst_i(rst),
      .push_i(push_write),
      .data_i(pushed),
      .pop_i(write_known & request & write_ready),
      .data_o(write_request),
      .valid_o(write_known),
      /* verilator lint_off PINCONNECTEMPTY */
      .full_o()
      /* verilator lint_on PINCONNECTEMPTY */
  );

  assign source = sources[source_q];

  always_ff @(posedge clk_i) begin
    if (poke_source) sources[index] <= poked;
    if (rst) source_q <= '0;
    else if (data_valid & source_ready) source_q <= source_q + 1'b1;
  end

  // ---- the port: of the masters, and as the memory and the checks see it
  logic busy_read, busy_write, read_failed, write_failed;
  response_e read_response, write_response;
  logic [AddressBits-1:0] read_failed_address, write_failed_address;

  logic arvalid, arready, rvalid, rready, rlast, awvalid, awready, wvalid, wready, wlast;
  logic bvalid, bready;
  logic [AddressBits-1:0] araddr, awaddr;
  logic [LengthBits-1:0] arlen, awlen;
  logic [2:0] arsize, awsize;
  logic [1:0] arburst, awburst;
  logic [DataBits-1:0] rdata, wdata;
  logic [DataBytes-1:0] wstrb;
  response_e rresp, bresp;

  logic seen_arvalid, seen_wvalid, seen_wlast, seen_bvalid, seen_rvalid;
  logic [AddressBits-1:0] seen_araddr, seen_awaddr;
  logic [LengthBits-1:0] seen_arlen;
  logic refused_q;  // an address or data was offered and not taken

  always_ff @(posedge clk_i) refused_q <= (arvalid & !arready) | (wvalid & !wready);

  assign seen_arvalid = arvalid & !(spoil == AddressFalls && refused_q);
  assign seen_wvalid = wvalid & !(spoil == DataFalls && refused_q);
  assign seen_wlast = wlast ^ (spoil == LastTooEarly);
  assign seen_bvalid = bvalid | (spoil == ResponseTooEarly && wvalid);
  assign seen_rvalid = rvalid | spoil == ReadDataTooEarly;
  assign seen_arlen = arlen | (spoil == LongBurst ? LengthBits'(BurstBeats) : '0);

  always_comb begin
    seen_araddr = araddr;
    seen_awaddr = awaddr;
    case (spoil)
      // The last beat of a page, for bursts of two beats or more.
      ReadAcrossPage: seen_araddr[11:0] = 12'(4096 - DataBytes);
      WriteAcrossPage: seen_awaddr[11:0] = 12'(4096 - DataBytes);
      AddressChanges: seen_araddr[AddressBits-1] = refused_q;
      UnevenAddress: seen_araddr[0] = 1'b1;
      default: ;
    endcase
  end

  axi_read #(
      .DataBytes(DataBytes),
      .Outstanding(Outstanding)
  ) u_read (
      .clk_i,
      .rst_i(rst),
      .stop_i(stop),
      .request_valid_i(read_known & request),
      .request_ready_o(read_ready),
      .request_address_i(read_request.address),
      .request_beats_i(read_request.beats),
      .data_valid_o(stream_valid),
      .data_ready_i(data_ready),
      .data_o(stream),
      .data_last_o(stream_last),
      .busy_o(busy_read),
      .failed_o(read_failed),
      .failed_response_o(read_response),
      .failed_address_o(read_failed_address),
      .arvalid_o(arvalid),
      .arready_i(arready),
      .araddr_o(araddr),
      .arlen_o(arlen),
      .arsize_o(arsize),
      .arburst_o(arburst),
      .rvalid_i(rvalid),
      .rready_o(rready),
      .rdata_i(rdata),
      .rresp_i(rresp),
      .rlast_i(rlast)
  );

  axi_write #(
      .DataBytes(DataBytes),
      .Outstanding(Outstanding)
  ) u_write (
      .clk_i,
      .rst_i(rst),
      .stop_i(stop),
      .request_valid_i(write_known & request),
      .request_ready_o(write_ready),
      .request_address_i(write_request.address),
      .request_beats_i(write_request.beats),
      .data_valid_i(data_valid),
      .data_ready_o(source_ready),
      .data_i(source),
      .done_o(done),
      .busy_o(busy_write),
      .failed_o(write_failed),
      .failed_response_o(write_response),
      .failed_address_o(write_failed_address),
      .awvalid_o(awvalid),
      .awready_i(awready),
      .awaddr_o(awaddr),
      .awlen_o(awlen),
      .awsize_o(awsize),
      .awburst_o(awburst),
      .wvalid_o(wvalid),
      .wready_i(wready),
      .wdata_o(wdata),
      .wstrb_o(wstrb),
      .wlast_o(wlast),
      .bvalid_i(bvalid),
      .bready_o(bready),
      .bresp_i(bresp)
  );

  axi_checks #(
      .DataBytes(DataBytes),
      .Outstanding(Outstanding)
  ) u_checks (
      .clk_i,
      .rst_i(rst),
      .arvalid_i(seen_arvalid),
      .arready_i(arready),
      .araddr_i(seen_araddr),
      .arlen_i(seen_arlen),
      .arsize_i(arsize),
      .arburst_i(arburst),
      .rvalid_i(seen_rvalid),
      .rready_i(rready),
      .rdata_i(rdata),
      .rresp_i(rresp),
      .rlast_i(rlast),
      .awvalid_i(awvalid),
      .awready_i(awready),
      .awaddr_i(seen_awaddr),
      .awlen_i(awlen),
      .awsize_i(awsize),
      .awburst_i(awburst),
      .wvalid_i(seen_wvalid),
      .wready_i(wready),
      .wdata_i(wdata),
      .wstrb_i(wstrb),
      .wlast_i(seen_wlast),
      .bvalid_i(seen_bvalid),
      .bready_i(bready),
      .bresp_i(bresp)
  );

  memory_model #(
      .DataBytes(DataBytes),
      .Depth(Depth)
  ) u_memory (
      .clk_i,
      .rst_i(rst),
      .stall_i(stall),
      .address_waits_i(address_waits),
      .gap_i(gap),
      .read_latency_i(read_latency),
      .write_latency_i(write_latency),
      .failing_i(failing),
      .failure_i(failure),
      .failing_address_i(failing_address),
      .poke_i(poke_memory),
      .index_i(index),
      .poke_data_i(poked),
      .peek_data_o(peeked),
      .arvalid_i(arvalid),
      .arready_o(arready),
      .araddr_i(araddr),
      .arlen_i(arlen),
      .rvalid_o(rvalid),
      .rready_i(rready),
      .rdata_o(rdata),
      .rresp_o(rresp),
      .rlast_o(rlast),
      .awvalid_i(awvalid),
      .awready_o(awready),
      .awaddr_i(awaddr),
      .wvalid_i(wvalid),
      .wready_o(wready),
      .wdata_i(wdata),
      .wstrb_i(wstrb),
      .wlast_i(wlast),
      .bvalid_o(bvalid),
      .bready_i(bready),
      .bresp_o(bresp)
  );

  // The data is the stream's in cycles in which it is taken, else the memory's at `index`.
  logic taken;
  assign taken = stream_valid & data_ready;
  assign out_o = {
    taken ? stream : peeked,
    {write_failed_address, read_failed_address, awaddr, araddr, awlen, arlen},
    {write_response, read_response, write_failed, read_failed, busy_write, busy_read, done},
    {wvalid & wready, awvalid & awready, arvalid & arready, taken & stream_last, taken}
  };

endmodule
