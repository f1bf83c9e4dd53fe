// The memories behind the ports of a bench, each with the checks of AXI4 at its port. From beside the ports, a word is
// a beat of each.
module port_memories
  import axi_pkg::*;
#(
    parameter int unsigned Ports = 1,
    parameter int unsigned DataBytes = 64,  // of a port
    parameter int unsigned Outstanding = 32,
    parameter int unsigned Depth = 1024,  // words
    localparam int unsigned IndexBits = $clog2(Depth),
    localparam int unsigned DataBits = 8 * DataBytes
) (
    input logic clk_i,
    input logic rst_i,
    input logic [Ports-1:0][4:0] stall_i,  // as memory_model.sv has it
    input logic address_waits_i,
    input logic [3:0] gap_i,
    input logic [9:0] read_latency_i,
    input logic [9:0] write_latency_i,
    input logic [Ports-1:0] failing_i,
    input response_e failure_i,
    input logic [AddressBits-1:0] failing_address_i,  // behind its port
    input logic [Ports-1:0] poke_i,
    input logic [IndexBits-1:0] index_i,
    input logic [Ports-1:0][DataBits-1:0] poke_data_i,
    output logic [Ports-1:0][DataBits-1:0] peek_data_o,
    input logic [Ports-1:0][2:0] arsize_i,
    input logic [Ports-1:0][1:0] arburst_i,
    input logic [Ports-1:0][2:0] awsize_i,
    input logic [Ports-1:0][1:0] awburst_i,
    input logic [Ports-1:0] arvalid_i,
    output logic [Ports-1:0] arready_o,
    input logic [Ports-1:0][AddressBits-1:0] araddr_i,
    input logic [Ports-1:0][LengthBits-1:0] arlen_i,
    output logic [Ports-1:0] rvalid_o,
    input logic [Ports-1:0] rready_i,
    output logic [Ports-1:0][DataBits-1:0] rdata_o,
    output response_e [Ports-1:0] rresp_o,
    output logic [Ports-1:0] rlast_o,
    input logic [Ports-1:0] awvalid_i,
    output logic [Ports-1:0] awready_o,
    input logic [Ports-1:0][AddressBits-1:0] awaddr_i,
    input logic [Ports-1:0][LengthBits-1:0] awlen_i,
    input logic [Ports-1:0] wvalid_i,
    output logic [Ports-1:0] wready_o,
    input logic [Ports-1:0][DataBits-1:0] wdata_i,
    input logic [Ports-1:0][DataBytes-1:0] wstrb_i,
    input logic [Ports-1:0] wlast_i,
    output logic [Ports-1:0] bvalid_o,
    input logic [Ports-1:0] bready_i,
    output response_e [Ports-1:0] bresp_o
);

  for (genvar p = 0; p < Ports; p++) begin : gen_port
    axi_checks #(
        .DataBytes(DataBytes),
        .Outstanding(Outstanding)
    ) u_checks (
        .clk_i,
        .rst_i,
        .arvalid_i(arvalid_i[p]),
        .arready_i(arready_o[p]),
        .araddr_i(araddr_i[p]),
        .arlen_i(arlen_i[p]),
        .arsize_i(arsize_i[p]),
        .arburst_i(arburst_i[p]),
        .rvalid_i(rvalid_o[p]),
        .rready_i(rready_i[p]),
        .rdata_i(rdata_o[p]),
        .rresp_i(rresp_o[p]),
        .rlast_i(rlast_o[p]),
        .awvalid_i(awvalid_i[p]),
        .awready_i(awready_o[p]),
        .awaddr_i(awaddr_i[p]),
        .awlen_i(awlen_i[p]),
        .awsize_i(awsize_i[p]),
        .awburst_i(awburst_i[p]),
        .wvalid_i(wvalid_i[p]),
        .wready_i(wready_o[p]),
        .wdata_i(wdata_i[p]),
        .wstrb_i(wstrb_i[p]),
        .wlast_i(wlast_i[p]),
        .bvalid_i(bvalid_o[p]),
        .bready_i(bready_i[p]),
        .bresp_i(bresp_o[p])
    );

    memory_model #(
        .DataBytes(DataBytes),
        .Depth(Depth)
    ) u_memory (
        .clk_i,
        .rst_i,
        .stall_i(stall_i[p]),
        .address_waits_i,
        .gap_i,
        .read_latency_i,
        .write_latency_i,
        .failing_i(failing_i[p]),
        .failure_i,
        .failing_address_i,
        .poke_i(poke_i[p]),
        .index_i,
        .poke_data_i(poke_data_i[p]),
        .peek_data_o(peek_data_o[p]),
        .arvalid_i(arvalid_i[p]),
        .arready_o(arready_o[p]),
        .araddr_i(araddr_i[p]),
        .arlen_i(arlen_i[p]),
        .rvalid_o(rvalid_o[p]),
        .rready_i(rready_i[p]),
        .rdata_o(rdata_o[p]),
        .rresp_o(rresp_o[p]),
        .rlast_o(rlast_o[p]),
        .awvalid_i(awvalid_i[p]),
        .awready_o(awready_o[p]),
        .awaddr_i(awaddr_i[p]),
        .wvalid_i(wvalid_i[p]),
        .wready_o(wready_o[p]),
        .wdata_i(wdata_i[p]),
        .wstrb_i(wstrb_i[p]),
        .wlast_i(wlast_i[p]),
        .bvalid_o(bvalid_o[p]),
        .bready_i(bready_i[p]),
        .bresp_o(bresp_o[p])
    );
  end

endmodule
