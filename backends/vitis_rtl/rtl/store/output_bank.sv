// A bank of the output buffer: one write and one read per cycle. The two registers of a read stand still
// where `advance_i` is 0.
module output_bank #(
    parameter int unsigned Bits = 128,
    parameter int unsigned Depth = 1024,
    parameter bit Ultra = 1'b0,
    localparam int unsigned AddressBits = $clog2(Depth)
) (
    input logic clk_i,
    input logic write_i,
    input logic [AddressBits-1:0] write_address_i,
    input logic [Bits-1:0] write_data_i,
    input logic advance_i,
    input logic [AddressBits-1:0] read_address_i,
    output logic [Bits-1:0] read_data_o
);

  /* verilator lint_off UNUSEDPARAM */  // for the attribute
  localparam string Style = Ultra ? "ultra" : "block";
  /* verilator lint_on UNUSEDPARAM */

  (* ram_style = Style *)
  logic [Bits-1:0] memory[Depth];
  logic [Bits-1:0] fetched_q;

  always_ff @(posedge clk_i) begin
    if (advance_i) begin
      fetched_q   <= memory[read_address_i];
      read_data_o <= fetched_q;
    end
    if (write_i) memory[write_address_i] <= write_data_i;
  end

endmodule
