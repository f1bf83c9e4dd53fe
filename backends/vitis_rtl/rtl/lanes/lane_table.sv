// The look-up table of a lane: one write and one read per cycle, TableCycles from an index to its entry.
module lane_table
  import lanes_pkg::*;
(
    input logic clk_i,
    input logic write_i,
    input logic [ByteBits-1:0] write_index_i,
    input logic [ByteBits-1:0] write_data_i,
    input logic [ByteBits-1:0] index_i,
    output logic [ByteBits-1:0] entry_o
);

  (* ram_style = "block" *)
  logic [ByteBits-1:0] memory[2**ByteBits];
  logic [ByteBits-1:0] fetched_q;

  always_ff @(posedge clk_i) begin
    fetched_q <= memory[index_i];
    entry_o <= fetched_q;
    if (write_i) memory[write_index_i] <= write_data_i;
  end

endmodule
