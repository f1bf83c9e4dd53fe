// The kernel before its memories, one behind each port, for kernel_sim.cpp: the host's registers are ports of the bench,
// and so is a way into the memories beside the kernel's.
`include "port_names.svh"

module kernel_bench
  import params_pkg::*, axi_pkg::response_e, axi_pkg::Okay, axi_pkg::SlaveError;
#(
    parameter bit LOOPS = 1'b1,
    parameter int unsigned MEMORY_WORDS = 4096,  // beats behind each port, a power of two
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
    // the memories; stalls of each, what fails, who is written beside the kernel
    input logic [PORTS-1:0][4:0] stall_i,
    input logic address_waits_i,
    input logic [3:0] gap_i,
    input logic [9:0] read_latency_i,
    input logic [9:0] write_latency_i,
    input logic [PORTS-1:0] failing_i,
    input logic [63:0] failing_address_i,
    input logic [PORTS-1:0] poke_i,
    /* verilator lint_off UNUSEDSIGNAL */  // the same in every bench
    input logic [31:0] index_i,
    /* verilator lint_on UNUSEDSIGNAL */
    input logic [DataBits-1:0] word_i,
    input logic [7:0] peek_i,  // the port whose memory is looked into
    output logic [DataBits-1:0] word_o
);

  logic interrupt;
  logic [1:0] control_bresp, control_rresp;
  logic [PORTS-1:0] arvalid, arready, rvalid, rready, rlast;
  logic [PORTS-1:0] awvalid, awready, wvalid, wready, wlast, bvalid, bready;
  logic [PORTS-1:0][63:0] araddr, awaddr;
  logic [PORTS-1:0][7:0] arlen, awlen;
  logic [PORTS-1:0][2:0] arsize, awsize;
  logic [PORTS-1:0][1:0] arburst, awburst;
  logic [PORTS-1:0][DataBits-1:0] rdata, wdata, peeked;
  logic [PORTS-1:0][PORT_BYTES-1:0] wstrb;
  response_e [PORTS-1:0] rresp, bresp;

  dynamap_kernel #(
      .LOOPS(LOOPS)
  ) u_kernel (
      .ap_clk(clk_i),  // verilog_lint: waive module-port
      .ap_rst_n(rst_ni),
      .interrupt(interrupt),
      .s_axi_control_awvalid(awvalid_i),
      .s_axi_control_awready(awready_o),
      .s_axi_control_awaddr(awaddr_i),
      .s_axi_control_wvalid(awvalid_i),
      /* verilator lint_off PINCONNECTEMPTY */
      .s_axi_control_wready(),  // with the address
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
      `ALL_MASTERS_JOINED
      /* verilator lint_on PINCONNECTEMPTY */
  );

  assign record_done_o = u_kernel.u_overlay.record_done_o;
  assign done_o = u_kernel.u_overlay.done;

  always_ff @(posedge clk_i) begin
    assert (!rst_ni || !interrupt && control_bresp == '0 && control_rresp == '0)
    else $error("The registers answer wrongly, or raise an interrupt that nobody enabled.");
  end

  assign word_o = peeked[peek_i];

  port_memories #(
      .Ports(PORTS),
      .DataBytes(PORT_BYTES),
      .Outstanding(OUTSTANDING),
      .Depth(MEMORY_WORDS)
  ) u_memories (
      .clk_i,
      .rst_i(!rst_ni),
      .stall_i,
      .address_waits_i,
      .gap_i,
      .read_latency_i,
      .write_latency_i,
      .failing_i,
      .failure_i(failing_i != '0 ? SlaveError : Okay),
      .failing_address_i,
      .poke_i,
      .index_i(index_i[IndexBits-1:0]),
      .poke_data_i({PORTS{word_i}}),
      .peek_data_o(peeked),
      .arsize_i(arsize),
      .arburst_i(arburst),
      .awsize_i(awsize),
      .awburst_i(awburst),
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

endmodule
