// Where the window of a block's first output row begins, in bytes, units or rows, block after block, and
// how much of it lies outside what is read: the first row that is read is in the image, and not so late that
// the rows of a block would end behind it.
module input_place #(
    parameter int unsigned Bits = 24
) (
    input logic clk_i,
    input logic start_i,
    input logic [Bits-1:0] first_i,  // negative in a pad
    input logic [Bits-1:0] step_i,
    input logic [Bits-1:0] last_i,  // the last place at which a read may begin, of this block
    input logic next_i,
    // Two cycles after a start or a next one.
    output logic [Bits-1:0] read_o,  // begins here
    output logic [Bits-1:0] outside_o  // the window's place less that: negative in a pad
);

  logic [Bits-1:0] place_q, late;

  always_ff @(posedge clk_i) begin
    if (start_i) place_q <= first_i;
    else if (next_i) place_q <= place_q + step_i;
  end

  assign late = place_q - last_i;

  // Registered, so that no comparison stands before the sums that are made of them.
  always_ff @(posedge clk_i) begin
    if (place_q[Bits-1]) begin
      read_o <= '0;
      outside_o <= place_q;
    end else if (late[Bits-1]) begin
      read_o <= place_q;
      outside_o <= '0;
    end else begin
      read_o <= last_i;
      outside_o <= late;
    end
  end

endmodule
