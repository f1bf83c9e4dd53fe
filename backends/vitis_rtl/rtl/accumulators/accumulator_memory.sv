// Half of a column's accumulator: one read and one write per cycle, read old data where both meet.
// The block memory's output register is the second one, and `clear_i` is the reset of each half of a row.
module accumulator_memory #(
    parameter int unsigned Bits = 64,
    parameter int unsigned Depth = 512,
    parameter bit Ultra = 1'b0,
    localparam int unsigned AddressBits = $clog2(Depth)
) (
    input logic clk_i,
    input logic [AddressBits-1:0] read_row_i,
    input logic [1:0] clear_i,  // each half of the row asked for a cycle before: zero instead
    output logic [Bits-1:0] read_data_o,
    input logic write_i,
    input logic [AddressBits-1:0] write_row_i,
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

  always_ff @(posedge clk_i) begin
    for (int unsigned k = 0; k < 2; k++) begin
      if (clear_i[k]) read_data_o[k*Bits/2+:Bits/2] <= '0;
      else read_data_o[k*Bits/2+:Bits/2] <= fetched_q[k*Bits/2+:Bits/2];
    end
  end

endmodule
