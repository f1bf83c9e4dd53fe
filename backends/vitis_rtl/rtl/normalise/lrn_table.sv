// The steps of all octaves of a lane: one write and one read per cycle.
module lrn_table
  import lrn_pkg::*;
(
    input logic clk_i,
    input logic write_i,
    input logic [IndexBits-1:0] write_index_i,
    input step_t write_data_i,
    input logic [IndexBits-1:0] index_i,
    output step_t step_o  // TableCycles later
);

  (* ram_style = "block" *)
  logic [$bits(step_t)-1:0] memory[2**IndexBits];
  logic [$bits(step_t)-1:0] fetched_q, step_q;

  always_ff @(posedge clk_i) begin
    fetched_q <= memory[index_i];
    step_q <= fetched_q;
    if (write_i) memory[write_index_i] <= write_data_i;
  end

  assign step_o = step_q;

endmodule
