// Which of several ports an access failed at first, and what was said of it; the lowest of those that fail in the same
// cycle. Its burst is told by where it begins in the buffer.
module first_failure
  import axi_pkg::*;
#(
    parameter int unsigned Ports = 4,
    parameter int unsigned DataBytes = 64
) (
    input logic clk_i,
    input logic rst_i,
    input logic [Ports-1:0] failed_i,  // each stays until the reset
    input response_e [Ports-1:0] response_i,
    /* verilator lint_off UNUSEDSIGNAL */  // whole beats, of buffers that are not as long
    input logic [Ports-1:0][AddressBits-1:0] address_i,  // in the buffer's part behind the port
    /* verilator lint_on UNUSEDSIGNAL */
    output logic failed_o,
    output response_e response_o,
    output logic [AddressBits-1:0] address_o
);

  localparam int unsigned PortBits = $clog2(Ports);
  localparam int unsigned BeatShift = $clog2(DataBytes);

  logic known_q;
  logic [PortBits-1:0] lowest, first, first_q;

  always_comb begin
    lowest = '0;
    for (int p = Ports - 1; p >= 0; p--) if (failed_i[p]) lowest = PortBits'(unsigned'(p));
  end

  assign failed_o = |failed_i;
  assign first = known_q ? first_q : lowest;
  assign response_o = response_i[first];
  assign address_o = {
    address_i[first][AddressBits-PortBits-1:BeatShift], first, BeatShift'(0)
  };

  always_ff @(posedge clk_i) begin
    known_q <= failed_o & !rst_i;
    first_q <= first;
  end

endmodule
