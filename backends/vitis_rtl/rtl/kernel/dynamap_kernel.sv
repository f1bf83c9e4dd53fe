// The kernel as Vitis and Vivado know it: the names of its ports, and the sizes of params.svh.
`include "port_names.svh"

module dynamap_kernel
  import params_pkg::*;
#(
    parameter bit LOOPS = 1'b0,  // the array's style; loops are for simulations
    localparam int unsigned ControlBits = $clog2(RECORDS) + 5
) (
    input logic ap_clk,
    input logic ap_rst_n,
    output logic interrupt,
    input logic s_axi_control_awvalid,
    output logic s_axi_control_awready,
    input logic [ControlBits-1:0] s_axi_control_awaddr,
    input logic s_axi_control_wvalid,
    output logic s_axi_control_wready,
    input logic [31:0] s_axi_control_wdata,
    input logic [3:0] s_axi_control_wstrb,
    output logic s_axi_control_bvalid,
    input logic s_axi_control_bready,
    output logic [1:0] s_axi_control_bresp,
    input logic s_axi_control_arvalid,
    output logic s_axi_control_arready,
    input logic [ControlBits-1:0] s_axi_control_araddr,
    output logic s_axi_control_rvalid,
    input logic s_axi_control_rready,
    output logic [31:0] s_axi_control_rdata,
    output logic [1:0] s_axi_control_rresp,
    `ALL_MASTER_PORTS
);

  // Bufferable and modifiable: the interconnect may cut and join bursts.
  localparam logic [3:0] Bufferable = 4'b0011;

  localparam buffers_pkg::ultra_t Ultra = '{
      inputs: INPUT_ULTRA != 0,
      pixels: PIXEL_ULTRA != 0,
      weights: WEIGHT_ULTRA != 0,
      accumulators: ACCUMULATOR_ULTRA != 0,
      outputs: OUTPUT_ULTRA != 0,
      vector_inputs: VECTOR_INPUT_ULTRA != 0,
      vector_outputs: VECTOR_OUTPUT_ULTRA != 0
  };

  localparam int unsigned Ports = axi_pkg::ports_of(WORD_BYTES);
  localparam logic [2:0] BeatSize = 3'($clog2(PORT_BYTES));

  if (PORTS != Ports || WORD_BYTES != PORTS * PORT_BYTES) begin : gen_check_ports
    $error("PORTS, PORT_BYTES: one port whose beat is the memory word, or several of 64 bytes.");
  end
  if (PACKING != 2) begin : gen_check_packing
    $error("PACKING: the array makes two int8 products per multiplier.");
  end
  if (INPUT_BANKS * INPUT_DEPTH * UNIT_BYTES < INPUT_BYTES) begin : gen_check_inputs
    $error("INPUT_BANKS, INPUT_DEPTH: the banks hold the input buffer that the plan counts on.");
  end
  if (WEIGHT_BANKS * WEIGHT_DEPTH * UNIT_BYTES < WEIGHT_BYTES) begin : gen_check_weights
    $error("WEIGHT_BANKS, WEIGHT_DEPTH: the banks hold the weight buffer that the plan counts on.");
  end
  if (OUTPUT_DEPTH * WORD_BYTES < OUTPUT_BYTES) begin : gen_check_outputs
    $error("OUTPUT_DEPTH: its words hold the output buffer that the plan counts on.");
  end
  if (2 * LANE_PAIRS > LANES && LANE_PAIRS != 8) begin : gen_check_lanes
    $error("LANE_PAIRS: no more lanes than the plan counts on.");
  end
  if (VECTOR_LANES > LANES) begin : gen_check_vector_lanes
    $error("VECTOR_LANES: no more lanes than the plan counts on.");
  end
  if (PARAMETER_DEPTH * WORD_BYTES < PARAMETER_BYTES * PARAMETER_CHANNELS) begin : gen_check_runs
    $error("PARAMETER_DEPTH: its words hold the parameters of all channels of a block.");
  end

  logic [Ports-1:0] arvalid, arready, rvalid, rready, rlast;
  logic [Ports-1:0] awvalid, awready, wvalid, wready, wlast, bvalid, bready;
  logic [Ports-1:0][63:0] araddr, awaddr;
  logic [Ports-1:0][7:0] arlen, awlen;
  logic [Ports-1:0][8*PORT_BYTES-1:0] rdata, wdata;
  logic [Ports-1:0][PORT_BYTES-1:0] wstrb;
  axi_pkg::response_e [Ports-1:0] rresp, bresp;

  `ALL_MASTERS_DRIVEN

  overlay #(
      .Rows(ARRAY_ROWS),
      .Columns(ARRAY_COLUMNS),
      .GroupRows(GROUP_ROWS),
      .FactorBits(FACTOR_BITS),
      .Pairs(LANE_PAIRS),
      .WordUnits(WORD_BYTES / UNIT_BYTES),
      .InputBanks(INPUT_BANKS),
      .InputDepth(INPUT_DEPTH),
      .WeightBanks(WEIGHT_BANKS),
      .WeightDepth(WEIGHT_DEPTH),
      .AccumulatorRows(ACCUMULATOR_ROWS),
      .ParameterDepth(PARAMETER_DEPTH),
      .OutputDepth(OUTPUT_DEPTH),
      .Winograd(WINOGRAD != 0),
      .PixelDepth(PIXEL_DEPTH),
      .VectorLanes(VECTOR_LANES),
      .VectorBanks(VECTOR_BANKS),
      .VectorInputDepth(VECTOR_INPUT_DEPTH),
      .ResidentDepth(VECTOR_RESIDENT_DEPTH),
      .VectorOutputDepth(VECTOR_OUTPUT_DEPTH),
      .Normalises(VECTOR_NORMALISES != 0),
      .PoolDepth(VECTOR_POOL_DEPTH),
      .Outstanding(OUTSTANDING),
      .Records(RECORDS),
      .Ultra(Ultra),
      .Loops(LOOPS)
  ) u_overlay (
      .clk_i(ap_clk),
      .rst_i(!ap_rst_n),
      .control_awvalid_i(s_axi_control_awvalid),
      .control_awready_o(s_axi_control_awready),
      .control_awaddr_i(s_axi_control_awaddr),
      .control_wvalid_i(s_axi_control_wvalid),
      .control_wready_o(s_axi_control_wready),
      .control_wdata_i(s_axi_control_wdata),
      .control_wstrb_i(s_axi_control_wstrb),
      .control_bvalid_o(s_axi_control_bvalid),
      .control_bready_i(s_axi_control_bready),
      .control_bresp_o(s_axi_control_bresp),
      .control_arvalid_i(s_axi_control_arvalid),
      .control_arready_o(s_axi_control_arready),
      .control_araddr_i(s_axi_control_araddr),
      .control_rvalid_o(s_axi_control_rvalid),
      .control_rready_i(s_axi_control_rready),
      .control_rdata_o(s_axi_control_rdata),
      .control_rresp_o(s_axi_control_rresp),
      .interrupt_o(interrupt),
      /* verilator lint_off PINCONNECTEMPTY */
      .record_done_o(),
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

endmodule
