// The writing ports for both engines, of which only one is busy at a time: nothing is queued and no cycle lost.
module write_share
  import axi_pkg::LengthBits, axi_pkg::AddressBits;
#(
    parameter int unsigned Ports = 1,
    parameter int unsigned DataBytes = 64,  // of a port
    localparam int unsigned DataBits = 8 * DataBytes
) (
    input logic clk_i,
    input logic rst_i,
    input logic second_i,  // the port is the second one's
    input logic [1:0][Ports-1:0] awvalid_i,
    output logic [1:0][Ports-1:0] awready_o,
    input logic [1:0][Ports-1:0][AddressBits-1:0] awaddr_i,
    input logic [1:0][Ports-1:0][LengthBits-1:0] awlen_i,
    input logic [1:0][Ports-1:0] wvalid_i,
    output logic [1:0][Ports-1:0] wready_o,
    input logic [1:0][Ports-1:0][DataBits-1:0] wdata_i,
    input logic [1:0][Ports-1:0][DataBytes-1:0] wstrb_i,
    input logic [1:0][Ports-1:0] wlast_i,
    output logic [1:0][Ports-1:0] bvalid_o,
    input logic [1:0][Ports-1:0] bready_i,
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
    output logic [Ports-1:0] bready_o
);

  logic [1:0][Ports-1:0] owner;

  assign owner = {{Ports{second_i}}, {Ports{!second_i}}};
  assign awvalid_o = awvalid_i[second_i];
  assign awaddr_o = awaddr_i[second_i];
  assign awlen_o = awlen_i[second_i];
  assign awready_o = owner & {2{awready_i}};
  assign wvalid_o = wvalid_i[second_i];
  assign wdata_o = wdata_i[second_i];
  assign wstrb_o = wstrb_i[second_i];
  assign wlast_o = wlast_i[second_i];
  assign wready_o = owner & {2{wready_i}};
  assign bvalid_o = owner & {2{bvalid_i}};
  assign bready_o = bready_i[second_i];

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    assert (rst_i || awvalid_i[!second_i] == '0 && wvalid_i[!second_i] == '0)
    else $error("Two masters write at the same time.");
  end
`endif

endmodule
