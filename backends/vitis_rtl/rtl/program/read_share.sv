// The reading ports for two masters that never have reads under way at the same time (record_runner.sv): nothing is
// queued and no cycle lost.
module read_share
  import axi_pkg::LengthBits, axi_pkg::AddressBits;
#(
    parameter int unsigned Ports = 1
) (
    input logic clk_i,
    input logic rst_i,
    input logic second_i,  // the port is the second one's
    input logic [1:0][Ports-1:0] arvalid_i,
    output logic [1:0][Ports-1:0] arready_o,
    input logic [1:0][Ports-1:0][AddressBits-1:0] araddr_i,
    input logic [1:0][Ports-1:0][LengthBits-1:0] arlen_i,
    output logic [1:0][Ports-1:0] rvalid_o,
    input logic [1:0][Ports-1:0] rready_i,
    output logic [Ports-1:0] arvalid_o,
    input logic [Ports-1:0] arready_i,
    output logic [Ports-1:0][AddressBits-1:0] araddr_o,
    output logic [Ports-1:0][LengthBits-1:0] arlen_o,
    input logic [Ports-1:0] rvalid_i,
    output logic [Ports-1:0] rready_o
);

  assign arvalid_o = arvalid_i[second_i];
  assign araddr_o  = araddr_i[second_i];
  assign arlen_o   = arlen_i[second_i];
  assign arready_o = {arready_i & {Ports{second_i}}, arready_i & {Ports{!second_i}}};
  assign rvalid_o  = {rvalid_i & {Ports{second_i}}, rvalid_i & {Ports{!second_i}}};
  assign rready_o  = rready_i[second_i];

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    assert (rst_i || arvalid_i[!second_i] == '0)
    else $error("Two masters ask for reads at the same time.");
  end
`endif

endmodule
