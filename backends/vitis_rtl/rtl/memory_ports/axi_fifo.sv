// A few values in the order in which they came, in LUT memory: the oldest is seen in the cycle after
// it was pushed, or after the one before it was popped.
module axi_fifo #(
    parameter int unsigned Bits = 8,
    parameter int unsigned Depth = 32,
    localparam int unsigned AddressBits = $clog2(Depth)
) (
    input logic clk_i,
    input logic rst_i,
    input logic push_i,  // not while full
    input logic [Bits-1:0] data_i,
    input logic pop_i,  // not while empty
    output logic [Bits-1:0] data_o,
    output logic valid_o,
    output logic full_o
);

  if (Depth < 2 || Depth != 2 ** AddressBits) begin : gen_check_depth
    $error("Depth: a power of two, at least 2.");
  end

  (* ram_style = "distributed" *)
  logic [Bits-1:0] memory[Depth];
  logic [AddressBits-1:0] head_q, tail_q;
  logic [AddressBits:0] count_q;

  assign data_o = memory[tail_q];

  always_ff @(posedge clk_i) begin
    if (push_i) memory[head_q] <= data_i;
  end

  // Registers say whether it is empty or full, so that no comparison stands before who waits for that.
  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      head_q <= '0;
      tail_q <= '0;
      count_q <= '0;
      valid_o <= 1'b0;
      full_o <= 1'b0;
    end else begin
      if (push_i) head_q <= head_q + 1'b1;
      if (pop_i) tail_q <= tail_q + 1'b1;
      if (push_i != pop_i) begin
        count_q <= push_i ? count_q + 1'b1 : count_q - 1'b1;
        valid_o <= push_i || count_q != (AddressBits + 1)'(1);
        full_o <= push_i && count_q == (AddressBits + 1)'(Depth - 1);
      end
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    assert (rst_i || !(push_i && full_o))
    else $error("A value was pushed into a full queue.");
    assert (rst_i || !(pop_i && !valid_o))
    else $error("A value was popped from an empty queue.");
  end
`endif

endmodule
