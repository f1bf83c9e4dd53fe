// A bank of a buffer: one unit read and one written per cycle. The second register is the block
// memory's own. What is written in the cycle of a read is not what is read: nobody asks for both.
module buffer_bank #(
    parameter int unsigned Bits  = 128,
    parameter int unsigned Depth = 512,
    parameter bit Ultra = 1'b0,
    localparam int unsigned RowBits = $clog2(Depth)
) (
    input logic clk_i,
    input logic [RowBits-1:0] read_row_i,
    output logic [Bits-1:0] read_data_o,  // two cycles later
    input logic write_i,
    input logic [RowBits-1:0] write_row_i,
    input logic [Bits-1:0] write_data_i
);

  /* verilator lint_off UNUSEDPARAM */  // for the attribute
  localparam string Style = Ultra ? "ultra" : "block";
  /* verilator lint_on UNUSEDPARAM */

  (* ram_style = Style *)
  logic [Bits-1:0] memory[Depth];
  logic [Bits-1:0] fetched_q;

  always_ff @(posedge clk_i) begin
    fetched_q <= memory[read_row_i];
    if (write_i) memory[write_row_i] <= write_data_i;
  end

  always_ff @(posedge clk_i) read_data_o <= fetched_q;

endmodule
