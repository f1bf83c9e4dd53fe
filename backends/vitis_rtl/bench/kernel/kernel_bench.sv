// The kernel before a memory, for kernel_sim.cpp: the host's registers are ports of the bench, and so is a way into
// the memory beside the kernel's.
module kernel_bench
  import params_pkg::*, axi_pkg::response_e, axi_pkg::Okay, axi_pkg::SlaveError;
#(
    parameter bit LOOPS = 1'b1,
    parameter int unsigned MEMORY_WORDS = 4096,  // a power of two
    localparam int unsigned ControlBits = $clog2(RECORDS) + 5,
    localparam int unsigned IndexBits = $clog2(MEMORY_WORDS),
    localparam int unsigned DataBits = 8 * PORT_BYTES
) (
    input logic clk_i,
    input logic rst_ni,
    input logic awvalid_i,
    output logic awready_o,
    input logic [ControlBits-1:0] awaddr_i,
    input logic [31:0] wdata_i,
    output logic bvalid_o,
    input logic arvalid_i,
    output logic arready_o,
    input logic [ControlBits-1:0] araddr_i,
    output logic rvalid_o,
    output logic [31:0] rdata_o,
    output logic record_done_o,
    output logic done_o,
    // the memory
    input logic [4:0] stall_i,
    input logic address_waits_i,
    input logic [3:0] gap_i,
    input logic [9:0] read_latency_i,
    input logic [9:0] write_latency_i,
    input logic failing_i,
    input logic [63:0] failing_address_i,
    input logic poke_i,
    /* verilator lint_off UNUSEDSIGNAL */  // the same in every bench
    input logic [31:0] index_i,
    /* verilator lint_on UNUSEDSIGNAL */
    input logic [DataBits-1:0] word_i,
    output logic [DataBits-1:0] word_o
);

  logic interrupt;
  logic [1:0] control_bresp, control_rresp;
  logic arvalid, arready, rvalid, rready, rlast, awvalid, awready, wvalid, wready, wlast;
  logic bvalid, bready;
  logic [63:0] araddr, awaddr;
  logic [7:0] arlen, awlen;
  logic [2:0] arsize, awsize;
  logic [1:0] arburst, awburst;
  logic [DataBits-1:0] rdata, wdata;
  logic [PORT_BYTES-1:0] wstrb;
  response_e rresp, bresp;

  dynamap_kernel #(
      .LOOPS(LOOPS)
  ) u_kernel (
      .ap_clk(clk_i),
      .ap_rst_n(rst_ni),
      .interrupt(interrupt),
      .s_axi_control_awvalid(awvalid_i),
      .s_axi_control_awready(awready_o),
      .s_axi_control_awaddr(awaddr_i),
      .s_axi_control_wvalid(awvalid_i),
      /* verilator lint_off PINCONNECTEMPTY */
      .s_axi_control_wready(),  // with the address
      /* verilator lint_on PINCONNECTEMPTY */
      .s_axi_control_wdata(wdata_i),
      .s_axi_control_wstrb(4'b1111),
      .s_axi_control_bvalid(bvalid_o),
      .s_axi_control_bready(1'b1),
      .s_axi_control_bresp(control_bresp),
      .s_axi_control_arvalid(arvalid_i),
      .s_axi_control_arready(arready_o),
      .s_axi_control_araddr(araddr_i),
      .s_axi_control_rvalid(rvalid_o),
      .s_axi_control_rready(1'b1),
      .s_axi_control_rdata(rdata_o),
      .s_axi_control_rresp(control_rresp),
      .m_axi_gmem_arvalid(arvalid),
      .m_axi_gmem_arready(arready),
      .m_axi_gmem_araddr(araddr),
      .m_axi_gmem_arlen(arlen),
      .m_axi_gmem_arsize(arsize),
      .m_axi_gmem_arburst(arburst),
      /* verilator lint_off PINCONNECTEMPTY */
      .m_axi_gmem_arcache(),  // of the interconnect
      .m_axi_gmem_arprot(),
      .m_axi_gmem_awcache(),
      .m_axi_gmem_awprot(),
      /* verilator lint_on PINCONNECTEMPTY */
      .m_axi_gmem_rvalid(rvalid),
      .m_axi_gmem_rready(rready),
      .m_axi_gmem_rdata(rdata),
      .m_axi_gmem_rresp(rresp),
      .m_axi_gmem_rlast(rlast),
      .m_axi_gmem_awvalid(awvalid),
      .m_axi_gmem_awready(awready),
      .m_axi_gmem_awaddr(awaddr),
      .m_axi_gmem_awlen(awlen),
      .m_axi_gmem_awsize(awsize),
      .m_axi_gmem_awburst(awburst),
      .m_axi_gmem_wvalid(wvalid),
      .m_axi_gmem_wready(wready),
      .m_axi_gmem_wdata(wdata),
      .m_axi_gmem_wstrb(wstrb),
      .m_axi_gmem_wlast(wlast),
      .m_axi_gmem_bvalid(bvalid),
      .m_axi_gmem_bready(bready),
      .m_axi_gmem_bresp(bresp)
  );

  assign record_done_o = u_kernel.u_overlay.record_done_o;
  assign done_o = u_kernel.u_overlay.done;

  always_ff @(posedge clk_i) begin
    assert (!rst_ni || !interrupt && control_bresp == '0 && control_rresp == '0)
    else $error("The registers answer wrongly, or raise an interrupt that nobody enabled.");
  end

  axi_checks #(
      .DataBytes  (PORT_BYTES),
      .Outstanding(OUTSTANDING)
  ) u_checks (
      .clk_i,
      .rst_i(!rst_ni),
      .arvalid_i(arvalid),
      .arready_i(arready),
      .araddr_i(araddr),
      .arlen_i(arlen),
      .arsize_i(arsize),
      .arburst_i(arburst),
      .rvalid_i(rvalid),
      .rready_i(rready),
      .rdata_i(rdata),
      .rresp_i(rresp),
      .rlast_i(rlast),
      .awvalid_i(awvalid),
      .awready_i(awready),
      .awaddr_i(awaddr),
      .awlen_i(awlen),
      .awsize_i(awsize),
      .awburst_i(awburst),
      .wvalid_i(wvalid),
      .wready_i(wready),
      .wdata_i(wdata),
      .wstrb_i(wstrb),
      .wlast_i(wlast),
      .bvalid_i(bvalid),
      .bready_i(bready),
      .bresp_i(bresp)
  );

  memory_model #(
      .DataBytes(PORT_BYTES),
      .Depth(MEMORY_WORDS)
  ) u_memory (
      .clk_i,
      .rst_i(!rst_ni),
      .stall_i,
      .address_waits_i,
      .gap_i,
      .read_latency_i,
      .write_latency_i,
      .failing_i,
      .failure_i(failing_i ? SlaveError : Okay),
      .failing_address_i,
      .poke_i,
      .index_i(index_i[IndexBits-1:0]),
      .poke_data_i(word_i),
      .peek_data_o(word_o),
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

endmodule
