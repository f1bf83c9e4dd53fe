// The vector unit before a memory, between two records (see core_bench.sv). The registers of a pass are
// written 8 bytes at a time.
module vector_bench
  import vector_pkg::vector_pass_t, lanes_pkg::*, axi_pkg::response_e, axi_pkg::LengthBits,
         axi_pkg::Okay, axi_pkg::Incrementing;
#(
    parameter int unsigned Lanes = 32,
    parameter int unsigned WordUnits = 4,
    parameter int unsigned Banks = 4,
    parameter int unsigned InputDepth = 512,
    parameter int unsigned ResidentDepth = 512,
    parameter int unsigned OutputDepth = 1024,
    parameter int unsigned Outstanding = 32,
    parameter int unsigned FactorBits = 27,
    parameter bit Normalises = 1'b1,
    parameter int unsigned PoolDepth = 512,
    parameter int unsigned MemoryDepth = 4096,  // words
    localparam int unsigned Planes = Lanes / UnitBytes,
    localparam int unsigned IndexBits = $clog2(MemoryDepth),
    localparam int unsigned DataBytes = 16 * WordUnits,
    localparam int unsigned DataBits = 8 * DataBytes,
    localparam int unsigned Ports = axi_pkg::ports_of(DataBytes),
    localparam int unsigned PassWords = ($bits(vector_pass_t) + 63) / 64,
    localparam int unsigned InBits = 107 + 2 * ByteBits + IndexBits + DataBits,
    localparam int unsigned OutBits = 10 + DataBits
) (
    input logic clk_i,
    input logic [InBits-1:0] in_i,
    output logic [OutBits-1:0] out_o
);

  logic rst, start, table_write, pass_write, poke, address_waits;
  logic [4:0] stall;
  logic [3:0] gap;
  logic [9:0] read_latency, write_latency;
  logic [ByteBits-1:0] table_index, table_data;
  logic [7:0] pass_index;
  logic [63:0] pass_data;
  logic [IndexBits-1:0] index;
  logic [DataBits-1:0] word, peeked;

  assign {word, index, pass_data, pass_index, table_data, table_index, write_latency, read_latency,
          gap, stall, address_waits, poke, pass_write, table_write, start, rst} = in_i;

  /* verilator lint_off UNUSEDSIGNAL */  // up to a multiple of 64 bits
  logic [PassWords-1:0][63:0] pass_q;
  logic [64*PassWords-1:0] pass;
  /* verilator lint_on UNUSEDSIGNAL */

  always_ff @(posedge clk_i) if (pass_write) pass_q[pass_index] <= pass_data;
  assign pass = pass_q;

  logic busy, reading, placed, resident, walked, filled, emptied, stored;
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

  vector_lanes_t lanes_said;
  parameters_t [Planes-1:0] lane_parameters;
  vector_value_t [Lanes-1:0] lane_values;
  logic [Lanes-1:0][ByteBits-1:0] lane_bytes;

  // No core beside it.
  lanes #(
      .Planes(Planes),
      .FactorBits(FactorBits)
  ) u_lanes (
      .clk_i,
      .vector_i(1'b1),
      .post_i('0),
      .post_sum_i('0),
      .vector_said_i(lanes_said),
      .vector_parameters_i(lane_parameters),
      .vector_value_i(lane_values),
      .zero_point_i('0),
      .look_up_i(1'b0),
      .table_write_i(table_write),
      .table_index_i(table_index),
      .table_data_i(table_data),
      .bytes_o(lane_bytes)
  );

  vector_unit #(
      .Lanes(Lanes),
      .WordUnits(WordUnits),
      .Banks(Banks),
      .InputDepth(InputDepth),
      .ResidentDepth(ResidentDepth),
      .OutputDepth(OutputDepth),
      .Outstanding(Outstanding),
      .FactorBits(FactorBits),
      .Normalises(Normalises),
      .PoolDepth(PoolDepth)
  ) u_unit (
      .clk_i,
      .rst_i(rst),
      .start_i(start),
      .pass_i(pass[$bits(vector_pass_t)-1:0]),
      .busy_o(busy),
      .reading_o(reading),
      .stop_i(1'b0),
      .bases_i('0),
      .lanes_o(lanes_said),
      .lane_parameters_o(lane_parameters),
      .lane_values_o(lane_values),
      .lane_bytes_i(lane_bytes),
      .placed_o(placed),
      .resident_o(resident),
      .walked_o(walked),
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
    {|(wvalid & wready), |(rvalid & rready), reading, busy},
    {stored, emptied, filled, walked, resident, placed}
  };

endmodule
