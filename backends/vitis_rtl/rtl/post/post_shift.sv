// A product divided by 2^shift, rounded to nearest, halves to even, plus a zero point; by 16s, by 4s, by
// ones. Each stage drops the bits above those that can still reach the result, and remembers whether
// one of them differs from the sign (then the result is beyond any clamp), and below whether one is set.
// ShiftCycles + 1 later.
module post_shift
  import post_pkg::*;
#(
    parameter int unsigned ProductBits = 54
) (
    input logic clk_i,
    input logic [ProductBits-1:0] product_i,
    input logic [ShiftBits-1:0] shift_i,  // with the product
    input logic [ByteBits-1:0] zero_point_i,
    output logic [ByteBits+2:0] value_o,  // where not `beyond_o`
    output logic beyond_o,
    output logic negative_o
);

  // The quotient needs two bits more than a byte: one beyond +-256, it is clamped whatever the zero point
  // is. Below it stands the bit of 1/2.
  localparam int unsigned QuotientBits = ByteBits + 2;
  localparam int unsigned FineBits = QuotientBits + 1;
  localparam int unsigned MiddleBits = FineBits + 3;
  localparam int unsigned CoarseBits = FineBits + 15;
  localparam int unsigned LeastBits = ProductBits > CoarseBits ? ProductBits : CoarseBits;
  localparam int unsigned WideBits = LeastBits + 2;

  logic [WideBits-1:0] wide, coarse;
  logic [CoarseBits-1:0] coarse_q, middle;
  logic [MiddleBits-1:0] middle_q, fine;
  logic [FineBits-1:0] fine_q;
  logic coarse_rest, middle_rest, fine_rest;
  logic coarse_beyond, middle_beyond, fine_beyond;
  logic [2:0] rest_q, beyond_q, negative_q;
  logic [1:0] middle_shift, fine_shift;
  logic up;

  delay_line #(
      .Bits  (2),
      .Cycles(1)
  ) u_middle_shift (
      .clk_i,
      .data_i(shift_i[3:2]),
      .data_o(middle_shift)
  );

  delay_line #(
      .Bits  (2),
      .Cycles(2)
  ) u_fine_shift (
      .clk_i,
      .data_i(shift_i[1:0]),
      .data_o(fine_shift)
  );

  assign wide = {{(WideBits - ProductBits - 1) {product_i[ProductBits-1]}}, product_i, 1'b0};

  always_comb begin
    case (shift_i[5:4])
      2'd0: begin
        coarse = wide;
        coarse_rest = 1'b0;
      end
      2'd1: begin
        coarse = $signed(wide) >>> 16;
        coarse_rest = |wide[15:0];
      end
      2'd2: begin
        coarse = $signed(wide) >>> 32;
        coarse_rest = |wide[WideBits>32?31:WideBits-1:0];
      end
      default: begin
        coarse = $signed(wide) >>> 48;
        coarse_rest = |wide[WideBits>48?47:WideBits-1:0];
      end
    endcase
    case (middle_shift)
      2'd0: begin
        middle = coarse_q;
        middle_rest = 1'b0;
      end
      2'd1: begin
        middle = $signed(coarse_q) >>> 4;
        middle_rest = |coarse_q[3:0];
      end
      2'd2: begin
        middle = $signed(coarse_q) >>> 8;
        middle_rest = |coarse_q[7:0];
      end
      default: begin
        middle = $signed(coarse_q) >>> 12;
        middle_rest = |coarse_q[11:0];
      end
    endcase
    case (fine_shift)
      2'd0: begin
        fine = middle_q;
        fine_rest = 1'b0;
      end
      2'd1: begin
        fine = $signed(middle_q) >>> 1;
        fine_rest = middle_q[0];
      end
      2'd2: begin
        fine = $signed(middle_q) >>> 2;
        fine_rest = |middle_q[1:0];
      end
      default: begin
        fine = $signed(middle_q) >>> 3;
        fine_rest = |middle_q[2:0];
      end
    endcase
  end

  // All of these are the sign where nothing was lost.
  assign coarse_beyond = !(&coarse[WideBits-1:CoarseBits-1] | ~|coarse[WideBits-1:CoarseBits-1]);
  assign middle_beyond = !(&middle[CoarseBits-1:MiddleBits-1] |
                           ~|middle[CoarseBits-1:MiddleBits-1]);
  assign fine_beyond = !(&fine[MiddleBits-1:FineBits-1] | ~|fine[MiddleBits-1:FineBits-1]);

  // Rounds up where more than a half is left, or a half and the quotient is odd.
  assign up = fine_q[0] & (rest_q[2] | fine_q[1]);

  always_ff @(posedge clk_i) begin
    coarse_q <= coarse[CoarseBits-1:0];
    middle_q <= middle[MiddleBits-1:0];
    fine_q <= fine[FineBits-1:0];
    rest_q <= {rest_q[1] | fine_rest, rest_q[0] | middle_rest, coarse_rest};
    beyond_q <= {beyond_q[1] | fine_beyond, beyond_q[0] | middle_beyond, coarse_beyond};
    negative_q <= {negative_q[1:0], wide[WideBits-1]};
    value_o <= (ByteBits + 3)'($signed(fine_q[FineBits-1:1])) +
               (ByteBits + 3)'($signed(zero_point_i)) + (ByteBits + 3)'(up);
    beyond_o <= beyond_q[2];
    negative_o <= negative_q[2];
  end

endmodule
