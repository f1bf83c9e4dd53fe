// The engines that records start, the convolution core and the vector unit, at the same memory ports. Only one is busy
// at a time.
module engines
  import program_pkg::pass_t, program_pkg::ConvolutionBits, program_pkg::VectorBits,
         lanes_pkg::*, axi_pkg::response_e, axi_pkg::LengthBits, axi_pkg::AddressBits;
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
    parameter int unsigned VectorLanes = 32,
    parameter int unsigned VectorBanks = 4,
    parameter int unsigned VectorInputDepth = 512,
    parameter int unsigned ResidentDepth = 512,
    parameter int unsigned VectorOutputDepth = 1024,
    parameter bit Normalises = 1'b1,
    parameter int unsigned PoolDepth = 512,
    parameter int unsigned Outstanding = 32,
    parameter buffers_pkg::ultra_t Ultra = '0,
    parameter bit Loops = 1'b0,
    localparam int unsigned PostLanes = 2 * Pairs,
    localparam int unsigned Planes = VectorLanes / UnitBytes,
    localparam int unsigned Lanes = PostLanes > VectorLanes ? PostLanes : VectorLanes,
    localparam int unsigned DataBytes = 16 * WordUnits,
    localparam int unsigned DataBits = 8 * DataBytes,
    localparam int unsigned Ports = axi_pkg::ports_of(DataBytes)
) (
    input logic clk_i,
    input logic rst_i,  // for 100 cycles: delayed tags have no other
    input logic stop_i,  // an access failed elsewhere
    input logic vector_i,  // the vector unit is meant, else the core; stays until it is done
    input logic start_i,  // of a pass; not while busy
    input pass_t pass_i,  // stays until it is done
    output logic busy_o,
    output logic reading_o,  // not all operands are there: behind that, others may read
    input logic [Ports-1:0][AddressBits-1:0] bases_i,  // of the buffer's parts, one a port
    // of the core's layer
    input logic [ByteBits-1:0] zero_point_i,
    input logic look_up_i,
    // of either
    input logic table_write_i,
    input logic [ByteBits-1:0] table_index_i,
    input logic [ByteBits-1:0] table_data_i,
    output logic failed_o,  // an access; nothing goes on until the reset
    output response_e failed_response_o,
    output logic [AddressBits-1:0] failed_address_o,
    // memory, AXI4
    output logic [Ports-1:0] arvalid_o,
    input logic [Ports-1:0] arready_i,
    output logic [Ports-1:0][AddressBits-1:0] araddr_o,
    output logic [Ports-1:0][LengthBits-1:0] arlen_o,
    input logic [Ports-1:0] rvalid_i,
    output logic [Ports-1:0] rready_o,
    input logic [Ports-1:0][DataBits/Ports-1:0] rdata_i,
    input response_e [Ports-1:0] rresp_i,
    input logic [Ports-1:0] rlast_i,
    output logic [Ports-1:0] awvalid_o,
    input logic [Ports-1:0] awready_i,
    output logic [Ports-1:0][AddressBits-1:0] awaddr_o,
    output logic [Ports-1:0][LengthBits-1:0] awlen_o,
    output logic [Ports-1:0] wvalid_o,
    input logic [Ports-1:0] wready_i,
    output logic [Ports-1:0][DataBits/Ports-1:0] wdata_o,
    output logic [Ports-1:0][DataBytes/Ports-1:0] wstrb_o,
    output logic [Ports-1:0] wlast_o,
    input logic [Ports-1:0] bvalid_i,
    output logic [Ports-1:0] bready_o,
    input response_e [Ports-1:0] bresp_i
);

  logic [1:0] busy, reading, failed;
  response_e [1:0] response;
  logic [1:0][AddressBits-1:0] address;

  assign busy_o = busy[vector_i];
  assign reading_o = reading[vector_i];
  assign failed_o = failed[1] | failed[0];
  assign failed_response_o = response[failed[1]];
  assign failed_address_o = address[failed[1]];

  // What failed elsewhere stops an engine a cycle later: registered, for it enters every request.
  logic stop_q;

  always_ff @(posedge clk_i) stop_q <= !rst_i & (stop_i | failed_o);

  // ---- the ports: [1] of the vector unit
  logic [1:0][Ports-1:0] arvalid, arready, rvalid, rready, awvalid, awready, wvalid, wready, wlast;
  logic [1:0][Ports-1:0] bvalid, bready;
  logic [1:0][Ports-1:0][AddressBits-1:0] araddr, awaddr;
  logic [1:0][Ports-1:0][LengthBits-1:0] arlen, awlen;
  logic [1:0][Ports-1:0][DataBits/Ports-1:0] wdata;
  logic [1:0][Ports-1:0][DataBytes/Ports-1:0] wstrb;

  read_share #(
      .Ports(Ports)
  ) u_reads (
      .clk_i,
      .rst_i,
      .second_i(vector_i),
      .arvalid_i(arvalid),
      .arready_o(arready),
      .araddr_i(araddr),
      .arlen_i(arlen),
      .rvalid_o(rvalid),
      .rready_i(rready),
      .arvalid_o,
      .arready_i,
      .araddr_o,
      .arlen_o,
      .rvalid_i,
      .rready_o
  );

  write_share #(
      .Ports(Ports),
      .DataBytes(DataBytes / Ports)
  ) u_writes (
      .clk_i,
      .rst_i,
      .second_i(vector_i),
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
      .awvalid_o,
      .awready_i,
      .awaddr_o,
      .awlen_o,
      .wvalid_o,
      .wready_i,
      .wdata_o,
      .wstrb_o,
      .wlast_o,
      .bvalid_i,
      .bready_o
  );

  // ---- the lanes that make bytes of the sums of either
  post_lanes_t post_lanes;
  vector_lanes_t vector_lanes;
  logic [PostLanes-1:0][LeastValueBits-1:0] post_sums;
  parameters_t [Planes-1:0] vector_parameters;
  vector_value_t [VectorLanes-1:0] vector_values;
  logic [Lanes-1:0][ByteBits-1:0] lane_bytes;

  lanes #(
      .Pairs(Pairs),
      .Planes(Planes),
      .FactorBits(FactorBits)
  ) u_lanes (
      .clk_i,
      .vector_i,
      .post_i(post_lanes),
      .post_sum_i(post_sums),
      .vector_said_i(vector_lanes),
      .vector_parameters_i(vector_parameters),
      .vector_value_i(vector_values),
      .zero_point_i,
      .look_up_i,
      .table_write_i,
      .table_index_i,
      .table_data_i,
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
      .Ultra(Ultra),
      .Loops(Loops)
  ) u_core (
      .clk_i,
      .rst_i,
      .start_i(start_i & !vector_i),
      .pass_i(pass_i[ConvolutionBits-1:0]),
      .busy_o(busy[0]),
      .reading_o(reading[0]),
      .stop_i(stop_q),
      .bases_i,
      .lanes_o(post_lanes),
      .lane_sums_o(post_sums),
      .lane_bytes_i(lane_bytes[PostLanes-1:0]),
      /* verilator lint_off PINCONNECTEMPTY */
      .placed_o(),
      .weights_o(),
      .fed_o(),
      .posted_o(),
      .filled_o(),
      .emptied_o(),
      .stored_o(),
      /* verilator lint_on PINCONNECTEMPTY */
      .failed_o(failed[0]),
      .failed_response_o(response[0]),
      .failed_address_o(address[0]),
      .arvalid_o(arvalid[0]),
      .arready_i(arready[0]),
      .araddr_o(araddr[0]),
      .arlen_o(arlen[0]),
      .rvalid_i(rvalid[0]),
      .rready_o(rready[0]),
      .rdata_i,
      .rresp_i,
      .rlast_i,
      .awvalid_o(awvalid[0]),
      .awready_i(awready[0]),
      .awaddr_o(awaddr[0]),
      .awlen_o(awlen[0]),
      .wvalid_o(wvalid[0]),
      .wready_i(wready[0]),
      .wdata_o(wdata[0]),
      .wstrb_o(wstrb[0]),
      .wlast_o(wlast[0]),
      .bvalid_i(bvalid[0]),
      .bready_o(bready[0]),
      .bresp_i
  );

  vector_unit #(
      .Lanes(VectorLanes),
      .WordUnits(WordUnits),
      .Banks(VectorBanks),
      .InputDepth(VectorInputDepth),
      .ResidentDepth(ResidentDepth),
      .OutputDepth(VectorOutputDepth),
      .Outstanding(Outstanding),
      .FactorBits(FactorBits),
      .Normalises(Normalises),
      .PoolDepth(PoolDepth),
      .UltraInputs(Ultra.vector_inputs),
      .UltraOutputs(Ultra.vector_outputs)
  ) u_vector (
      .clk_i,
      .rst_i,
      .start_i(start_i & vector_i),
      .pass_i(pass_i[VectorBits-1:0]),
      .busy_o(busy[1]),
      .reading_o(reading[1]),
      .stop_i(stop_q),
      .bases_i,
      .lanes_o(vector_lanes),
      .lane_parameters_o(vector_parameters),
      .lane_values_o(vector_values),
      .lane_bytes_i(lane_bytes[VectorLanes-1:0]),
      /* verilator lint_off PINCONNECTEMPTY */
      .placed_o(),
      .resident_o(),
      .walked_o(),
      .filled_o(),
      .emptied_o(),
      .stored_o(),
      /* verilator lint_on PINCONNECTEMPTY */
      .failed_o(failed[1]),
      .failed_response_o(response[1]),
      .failed_address_o(address[1]),
      .arvalid_o(arvalid[1]),
      .arready_i(arready[1]),
      .araddr_o(araddr[1]),
      .arlen_o(arlen[1]),
      .rvalid_i(rvalid[1]),
      .rready_o(rready[1]),
      .rdata_i,
      .rresp_i,
      .rlast_i,
      .awvalid_o(awvalid[1]),
      .awready_i(awready[1]),
      .awaddr_o(awaddr[1]),
      .awlen_o(awlen[1]),
      .wvalid_o(wvalid[1]),
      .wready_i(wready[1]),
      .wdata_o(wdata[1]),
      .wstrb_o(wstrb[1]),
      .wlast_o(wlast[1]),
      .bvalid_i(bvalid[1]),
      .bready_o(bready[1]),
      .bresp_i
  );

endmodule
