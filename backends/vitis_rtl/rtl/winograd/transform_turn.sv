// Results of one transform, line by line, become data of the next one: those of the same number of all lines.
// Two squares of them: one is written while the other is read.
module transform_turn
  import winograd_pkg::*;
#(
    parameter int unsigned Bits = 12,
    parameter int unsigned ResultBits = IndexBits,  // of a result's number in its line
    localparam int unsigned AddressBits = 1 + IndexBits + ResultBits
) (
    input logic clk_i,
    /* verilator lint_off UNUSEDSIGNAL */  // each part takes what it needs of an element
    input element_t element_i,
    /* verilator lint_on UNUSEDSIGNAL */
    input logic [Bits-1:0] data_i,
    output logic [Bits-1:0] data_o  // in the cycle behind its reading
);

  (* ram_style = "distributed" *)
  logic [Bits-1:0] memory[2**AddressBits];
  logic [AddressBits-1:0] write_at, read_at;

  assign write_at = {
    element_i.half, element_i.write_line, element_i.write_result[ResultBits-1:0]
  };
  assign read_at = {
    element_i.read_half, element_i.read_line, element_i.read_result[ResultBits-1:0]
  };

  always_ff @(posedge clk_i) begin
    if (element_i.write) memory[write_at] <= data_i;
    data_o <= memory[read_at];
  end

endmodule
