// Both masters of the memory ports before memories that keep the plan or do not, one behind each port, between two
// records (see core_bench.sv). Requests and the data to write are put into queues first; the bits `request`,
// `data_ready` and `data_valid` say in which cycles the masters get on with them.
//
// `spoil` breaks a rule of AXI on the wires of port 0, to see that it is found.
module memory_bench
  import axi_pkg::*;
#(
    parameter int unsigned Ports = 1,
    parameter int unsigned DataBytes = 64,
    parameter int unsigned Outstanding = 32,
    parameter int unsigned Depth = 1024,  // words of the memory and of the data to write
    localparam int unsigned IndexBits = $clog2(Depth),
    localparam int unsigned BeatBits = 8 * DataBytes,
    localparam int unsigned DataBits = Ports * BeatBits,
    localparam int unsigned SizeBits = 2 * AddressBits + BeatsBits + IndexBits,
    localparam int unsigned InBits = 41 + 5 * Ports + SizeBits + DataBits,
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
  logic [Ports-1:0][4:0] stall;
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

  // ---- the ports: of the masters, and as the memories and the checks see them
  logic busy_read, busy_write, read_failed, write_failed;
  response_e read_response, write_response;
  logic [AddressBits-1:0] read_failed_address, write_failed_address;

  logic [Ports-1:0] arvalid, arready, rvalid, rready, rlast, awvalid, awready;
  logic [Ports-1:0] wvalid, wready, wlast, bvalid, bready, refused_q;
  logic [Ports-1:0][AddressBits-1:0] araddr, awaddr, bases;
  logic [Ports-1:0][LengthBits-1:0] arlen, awlen;
  logic [Ports-1:0][BeatBits-1:0] rdata, wdata, port_peeked;
  logic [Ports-1:0][DataBytes-1:0] wstrb;
  response_e [Ports-1:0] rresp, bresp;

  // Of each port, an address or data was offered and not taken.
  always_ff @(posedge clk_i) refused_q <= (arvalid & ~arready) | (wvalid & ~wready);

  // A request counts from where the buffer begins; with several ports each has its part of it elsewhere.
  for (genvar p = 0; p < Ports; p++) begin : gen_base
    assign bases[p] = AddressBits'(p) << 40;
  end

  memory_read #(
      .Ports(Ports),
      .DataBytes(DataBytes),
      .Outstanding(Outstanding)
  ) u_read (
      .clk_i,
      .rst_i(rst),
      .stop_i(stop),
      .bases_i(bases),
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
      .rvalid_i(rvalid),
      .rready_o(rready),
      .rdata_i(rdata),
      .rresp_i(rresp),
      .rlast_i(rlast)
  );

  memory_write #(
      .Ports(Ports),
      .DataBytes(DataBytes),
      .Outstanding(Outstanding)
  ) u_write (
      .clk_i,
      .rst_i(rst),
      .stop_i(stop),
      .bases_i(bases),
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
      .wvalid_o(wvalid),
      .wready_i(wready),
      .wdata_o(wdata),
      .wstrb_o(wstrb),
      .wlast_o(wlast),
      .bvalid_i(bvalid),
      .bready_o(bready),
      .bresp_i(bresp)
  );

  for (genvar p = 0; p < Ports; p++) begin : gen_port
    spoil_e spoilt;
    logic seen_arvalid, seen_wvalid, seen_wlast, seen_bvalid, seen_rvalid, fails;
    logic [AddressBits-1:0] seen_araddr, seen_awaddr, failing_beat, failing_part;
    logic [LengthBits-1:0] seen_arlen;

    assign spoilt = p == 0 ? spoil : Nothing;
    assign seen_arvalid = arvalid[p] & !(spoilt == AddressFalls && refused_q[p]);
    assign seen_wvalid = wvalid[p] & !(spoilt == DataFalls && refused_q[p]);
    assign seen_wlast = wlast[p] ^ (spoilt == LastTooEarly);
    assign seen_bvalid = bvalid[p] | (spoilt == ResponseTooEarly && wvalid[p]);
    assign seen_rvalid = rvalid[p] | spoilt == ReadDataTooEarly;
    assign seen_arlen = arlen[p] | (spoilt == LongBurst ? LengthBits'(BurstBeats) : '0);

    always_comb begin
      seen_araddr = araddr[p];
      seen_awaddr = awaddr[p];
      case (spoilt)
        // The last beat of a page, for bursts of two beats or more.
        ReadAcrossPage: seen_araddr[11:0] = 12'(4096 - DataBytes);
        WriteAcrossPage: seen_awaddr[11:0] = 12'(4096 - DataBytes);
        AddressChanges: seen_araddr[AddressBits-1] = refused_q[p];
        UnevenAddress: seen_araddr[0] = 1'b1;
        default: ;
      endcase
    end

    // What fails is told by its place in the buffer.
    assign failing_beat = failing_address / AddressBits'(DataBytes);
    assign fails = failing && failing_beat % AddressBits'(Ports) == AddressBits'(p);
    assign failing_part = bases[p] + failing_beat / AddressBits'(Ports) * AddressBits'(DataBytes);

    axi_checks #(
        .DataBytes(DataBytes),
        .Outstanding(Outstanding)
    ) u_checks (
        .clk_i,
        .rst_i(rst),
        .arvalid_i(seen_arvalid),
        .arready_i(arready[p]),
        .araddr_i(seen_araddr),
        .arlen_i(seen_arlen),
        .arsize_i(3'($clog2(DataBytes))),
        .arburst_i(Incrementing),
        .rvalid_i(seen_rvalid),
        .rready_i(rready[p]),
        .rdata_i(rdata[p]),
        .rresp_i(rresp[p]),
        .rlast_i(rlast[p]),
        .awvalid_i(awvalid[p]),
        .awready_i(awready[p]),
        .awaddr_i(seen_awaddr),
        .awlen_i(awlen[p]),
        .awsize_i(3'($clog2(DataBytes))),
        .awburst_i(Incrementing),
        .wvalid_i(seen_wvalid),
        .wready_i(wready[p]),
        .wdata_i(wdata[p]),
        .wstrb_i(wstrb[p]),
        .wlast_i(seen_wlast),
        .bvalid_i(seen_bvalid),
        .bready_i(bready[p]),
        .bresp_i(bresp[p])
    );

    memory_model #(
        .DataBytes(DataBytes),
        .Depth(Depth)
    ) u_memory (
        .clk_i,
        .rst_i(rst),
        .stall_i(stall[p]),
        .address_waits_i(address_waits),
        .gap_i(gap),
        .read_latency_i(read_latency),
        .write_latency_i(write_latency),
        .failing_i(fails),
        .failure_i(failure),
        .failing_address_i(failing_part),
        .poke_i(poke_memory),
        .index_i(index),
        .poke_data_i(poked[p*BeatBits+:BeatBits]),
        .peek_data_o(port_peeked[p]),
        .arvalid_i(arvalid[p]),
        .arready_o(arready[p]),
        .araddr_i(araddr[p]),
        .arlen_i(arlen[p]),
        .rvalid_o(rvalid[p]),
        .rready_i(rready[p]),
        .rdata_o(rdata[p]),
        .rresp_o(rresp[p]),
        .rlast_o(rlast[p]),
        .awvalid_i(awvalid[p]),
        .awready_o(awready[p]),
        .awaddr_i(awaddr[p]),
        .wvalid_i(wvalid[p]),
        .wready_o(wready[p]),
        .wdata_i(wdata[p]),
        .wstrb_i(wstrb[p]),
        .wlast_i(wlast[p]),
        .bvalid_o(bvalid[p]),
        .bready_i(bready[p]),
        .bresp_o(bresp[p])
    );
  end

  assign peeked = port_peeked;

  // The data is the stream's in cycles in which it is taken, else the memory's at `index`. Of addresses, port 0's are
  // seen; of beats that are written, that there is one.
  logic taken;
  assign taken = stream_valid & data_ready;
  assign out_o = {
    taken ? stream : peeked,
    {write_failed_address, read_failed_address, awaddr[0], araddr[0], awlen[0], arlen[0]},
    {write_response, read_response, write_failed, read_failed, busy_write, busy_read, done},
    {
      |(wvalid & wready),
      awvalid[0] & awready[0],
      arvalid[0] & arready[0],
      taken & stream_last,
      taken
    }
  };

endmodule
