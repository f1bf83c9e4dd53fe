// The square of a value of 9 bits, from -255 to 255: 16 a + b of four bits each make 256 a^2 + b^2 + 32 a b. No
// multiplier: squares of four bits are a LUT each bit, and the last product is a sum of four. SquareCycles later.
module lrn_square
  import lrn_pkg::*;
(
    input logic clk_i,
    input logic [CentredBits-1:0] value_i,
    input logic used_i,  // else 0
    output logic [SquareBits-1:0] square_o
);

  // Of 15 down to 0.
  localparam logic [15:0][7:0] Squares = {
    8'd225, 8'd196, 8'd169, 8'd144, 8'd121, 8'd100, 8'd81, 8'd64,
    8'd49, 8'd36, 8'd25, 8'd16, 8'd9, 8'd4, 8'd1, 8'd0
  };

  logic [7:0] magnitude_q, both_q, high_q, low_q;
  logic used_q;

  always_ff @(posedge clk_i) begin
    used_q <= used_i;
    magnitude_q <= value_i[CentredBits-1] ? -value_i[7:0] : value_i[7:0];
    if (!used_q) {high_q, low_q, both_q} <= '0;
    else begin
      high_q <= Squares[magnitude_q[7:4]];
      low_q  <= Squares[magnitude_q[3:0]];
      both_q <= ((magnitude_q[0] ? 8'(magnitude_q[7:4]) : '0) +
                 (magnitude_q[1] ? 8'(magnitude_q[7:4]) << 1 : '0)) +
                ((magnitude_q[2] ? 8'(magnitude_q[7:4]) << 2 : '0) +
                 (magnitude_q[3] ? 8'(magnitude_q[7:4]) << 3 : '0));
    end
    square_o <= {high_q, low_q} + {3'd0, both_q, 5'd0};
  end

endmodule
