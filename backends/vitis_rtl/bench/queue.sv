// What a record pushes waits here until it is taken; `stall_i` hides it for a cycle.
module queue #(
    parameter int unsigned Bits  = 8,
    parameter int unsigned Depth = 1024
) (
    input logic clk_i,
    input logic rst_i,
    input logic push_i,
    input logic [Bits-1:0] data_i,
    input logic stall_i,
    output logic valid_o,
    input logic take_i,
    output logic [Bits-1:0] data_o
);

  localparam int unsigned PlaceBits = $clog2(Depth);

  logic [Bits-1:0] memory[Depth];
  logic [PlaceBits:0] in_q, out_q;

  assign valid_o = in_q != out_q && !stall_i;
  assign data_o  = memory[out_q[PlaceBits-1:0]];

  always_ff @(posedge clk_i) begin
    if (push_i) memory[in_q[PlaceBits-1:0]] <= data_i;
    if (rst_i) begin
      in_q  <= '0;
      out_q <= '0;
    end else begin
      in_q  <= in_q + (PlaceBits + 1)'(push_i);
      out_q <= out_q + (PlaceBits + 1)'(take_i && valid_o);
      assert (32'(in_q - out_q) <= Depth)
      else $error("A queue of the bench is too short.");
    end
  end

endmodule
