// A convolution core before a memory, between two records (see core_bench.sv). The registers of a pass are
// written 8 bytes at a time.
module layer_bench
  import core_pkg::core_pass_t, lanes_pkg::*, axi_pkg::response_e, axi_pkg::LengthBits,
         axi_pkg::Okay, axi_pkg::Incrementing;
#(
    parameter int unsigned Rows = 16,
    parameter int unsigned Columns = 8,
    parameter int unsigned GroupRows = 8,
    parameter int unsigned FactorBits = 27,
    parameter int unsigned Pairs = 8,
    parameter int unsigned WordUnits = 4,
    parameter int unsigned InputBanks = 4,
    parameter int unsigned InputDepth = 512,
    parameter int unsigned WeightBanks = 4,
    parameter int unsigned WeightDepth = 512,
    parameter int unsigned AccumulatorRows = 512,
    parameter int unsigned ParameterDepth = 512,
    parameter int unsigned OutputDepth = 1024,
    parameter bit Winograd = 1'b0,
    parameter int unsigned PixelDepth = 512,
    parameter int unsigned Outstanding = 32,
    parameter bit Loops = 1'b1,
    parameter int unsigned MemoryDepth = 4096,  // words
    localparam int unsigned IndexBits = $clog2(MemoryDepth),
    localparam int unsigned DataBytes = 16 * WordUnits,
    localparam int unsigned DataBits = 8 * DataBytes,
    localparam int unsigned Ports = axi_pkg::ports_of(DataBytes),
    localparam int unsigned PassWords = ($bits(core_pass_t) + 63) / 64,
    localparam int unsigned InBits = 108 + 3 * ByteBits + IndexBits + DataBits,
    localparam int unsigned OutBits = 10 + DataBits
) (
    input logic clk_i,
    input logic [InBits-1:0] in_i,
    output logic [OutBits-1:0] out_o
);

  logic rst, start, look_up, table_write, pass_write, poke, address_waits;
  logic [4:0] stall;
  logic [3:0] gap;
  logic [9:0] read_latency, write_latency;
  logic [ByteBits-1:0] zero_point, table_index, table_data;
  logic [7:0] pass_index;
  logic [63:0] pass_data;
  logic [IndexBits-1:0] index;
  logic [DataBits-1:0] word, peeked;

  assign {word, index, pass_data, pass_index, table_data, table_index, zero_point,
          write_latency, read_latency, gap, stall, address_waits, poke, pass_write, table_write,
          look_up, start, rst} = in_i;

  /* verilator lint_off UNUSEDSIGNAL */  // up to a multiple of 64 bits
  logic [PassWords-1:0][63:0] pass_q;
  logic [64*PassWords-1:0] pass;
  /* verilator lint_on UNUSEDSIGNAL */

  always_ff @(posedge clk_i) if (pass_write) pass_q[pass_index] <= pass_data;
  assign pass = pass_q;

  logic busy, placed, weights, fed, posted, filled, emptied, stored;
  logic [Ports-1:0] arvalid, arready, rvalid, rready, rlast;
  logic [Ports-1:0] awvalid, awready, wvalid, wready, wlast, bvalid, bready;
  logic [Ports-1:0][63:0] araddr, awaddr;
  logic [Ports-1:0][LengthBits-1:0] arlen, awlen;
  logic [Ports-1:0][DataBits/Ports-1:0] rdata, wdata;
  logic [Ports-1:0][DataBytes/Ports-1:0] wstrb;
  response_e [Ports-1:0] rresp, bresp;
  logic [Ports-1:0][4:0] port_stall;

  // Each port stalls by other bits.
  for (genvar p = 0; p < Ports; p++) begin : gen_stall
    assign port_stall[p] = 5'({stall, stall} >> p % 5);
  end

  post_lanes_t lanes_said;
  logic [2*Pairs-1:0][LeastValueBits-1:0] lane_sums;
  logic [2*Pairs-1:0][ByteBits-1:0] lane_bytes;

  lanes_of_post #(
      .Pairs(Pairs),
      .FactorBits(FactorBits)
  ) u_lanes (
      .clk_i,
      .post_i(lanes_said),
      .sum_i(lane_sums),
      .zero_point_i(zero_point),
      .look_up_i(look_up),
      .table_write_i(table_write),
      .table_index_i(table_index),
      .table_data_i(table_data),
      .bytes_o(lane_bytes)
  );

  core #(
      .Rows(Rows),
      .Columns(Columns),
      .GroupRows(GroupRows),
      .FactorBits(FactorBits),
      .Pairs(Pairs),
      .WordUnits(WordUnits),
      .InputBanks(InputBanks),
      .InputDepth(InputDepth),
      .WeightBanks(WeightBanks),
      .WeightDepth(WeightDepth),
      .AccumulatorRows(AccumulatorRows),
      .ParameterDepth(ParameterDepth),
      .OutputDepth(OutputDepth),
      .Winograd(Winograd),
      .PixelDepth(PixelDepth),
      .Outstanding(Outstanding),
      .Loops(Loops)
  ) u_core (
      .clk_i,
      .rst_i(rst),
      .start_i(start),
      .pass_i(pass[$bits(core_pass_t)-1:0]),
      .busy_o(busy),
      /* verilator lint_off PINCONNECTEMPTY */
      .reading_o(),
      /* verilator lint_on PINCONNECTEMPTY */
      .stop_i(1'b0),
      .bases_i('0),
      .lanes_o(lanes_said),
      .lane_sums_o(lane_sums),
      .lane_bytes_i(lane_bytes),
      .placed_o(placed),
      .weights_o(weights),
      .fed_o(fed),
      .posted_o(posted),
      .filled_o(filled),
      .emptied_o(emptied),
      .stored_o(stored),
      /* verilator lint_off PINCONNECTEMPTY */
      .failed_o(),
      .failed_response_o(),
      .failed_address_o(),
      /* verilator lint_on PINCONNECTEMPTY */
      .arvalid_o(arvalid),
      .arready_i(arready),
      .araddr_o(araddr),
      .arlen_o(arlen),
      .rvalid_i(rvalid),
      .rready_o(rready),
      .rdata_i(rdata),
      .rresp_i(rresp),
      .rlast_i(rlast),
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

  port_memories #(
      .Ports(Ports),
      .DataBytes(DataBytes / Ports),
      .Outstanding(Outstanding),
      .Depth(MemoryDepth)
  ) u_memories (
      .clk_i,
      .rst_i(rst),
      .stall_i(port_stall),
      .address_waits_i(address_waits),
      .gap_i(gap),
      .read_latency_i(read_latency),
      .write_latency_i(write_latency),
      .failing_i('0),
      .failure_i(Okay),
      .failing_address_i('0),
      .poke_i({Ports{poke}}),
      .index_i(index),
      .poke_data_i(word),
      .peek_data_o(peeked),
      .arsize_i({Ports{3'($clog2(DataBytes / Ports))}}),
      .arburst_i({Ports{Incrementing}}),
      .awsize_i({Ports{3'($clog2(DataBytes / Ports))}}),
      .awburst_i({Ports{Incrementing}}),
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
      .awlen_i(awlen),
      .wvalid_i(wvalid),
      .wready_o(wready),
      .wdata_i(wdata),
      .wstrb_i(wstrb),
      .wlast_i(wlast),
      .bvalid_o(bvalid),
      .bready_i(bready),
      .bresp_o(bresp)
  );

  assign out_o = {
    peeked,
    {|(wvalid & wready), |(rvalid & rready), busy},
    {stored, emptied, filled, posted, fed, weights, placed}
  };

endmodule
