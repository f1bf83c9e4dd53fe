// A product divided by 2^shift, rounded to nearest, halves to even, plus a zero point; by 16s, by 4s, by
// ones. Each stage drops the bits above those that can still reach the result, and remembers whether
// one of them differs from the sign (then the result is beyond any clamp), and below whether one is set.
// ShiftCycles + 1 later.
module lane_shift
  import lanes_pkg::*;
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

  logic [WideBits-1:0] wide;
  logic [CoarseBits-1:0] coarse, coarse_q;
  logic [MiddleBits-1:0] middle, middle_q;
  logic [FineBits-1:0] fine, fine_q;
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
        coarse = wide[CoarseBits-1:0];
        coarse_rest = 1'b0;
      end
      2'd1: begin
        coarse = CoarseBits'($signed(wide) >>> 16);
        coarse_rest = |wide[15:0];
      end
      2'd2: begin
        coarse = CoarseBits'($signed(wide) >>> 32);
        coarse_rest = |wide[WideBits>32?31:WideBits-1:0];
      end
      default: begin
        coarse = CoarseBits'($signed(wide) >>> 48);
        coarse_rest = |wide[WideBits>48?47:WideBits-1:0];
      end
    endcase
    case (middle_shift)
      2'd0: begin
        middle = coarse_q[MiddleBits-1:0];
        middle_rest = 1'b0;
      end
      2'd1: begin
        middle = MiddleBits'($signed(coarse_q) >>> 4);
        middle_rest = |coarse_q[3:0];
      end
      2'd2: begin
        middle = MiddleBits'($signed(coarse_q) >>> 8);
        middle_rest = |coarse_q[7:0];
      end
      default: begin
        middle = MiddleBits'($signed(coarse_q) >>> 12);
        middle_rest = |coarse_q[11:0];
      end
    endcase
    case (fine_shift)
      2'd0: begin
        fine = middle_q[FineBits-1:0];
        fine_rest = 1'b0;
      end
      2'd1: begin
        fine = FineBits'($signed(middle_q) >>> 1);
        fine_rest = middle_q[0];
      end
      2'd2: begin
        fine = FineBits'($signed(middle_q) >>> 2);
        fine_rest = |middle_q[1:0];
      end
      default: begin
        fine = FineBits'($signed(middle_q) >>> 3);
        fine_rest = |middle_q[2:0];
      end
    endcase
  end

  // A stage goes beyond what it keeps if a bit above that differs from the sign. Each step that it shifts by keeps as
  // many more of the lowest of these bits.
  always_comb begin
    {coarse_beyond, middle_beyond, fine_beyond} = '0;
    for (int unsigned b = CoarseBits - 1; b < WideBits - 1; b++) begin
      if (32'(shift_i[5:4]) <= (b - CoarseBits + 1) / 16) begin
        coarse_beyond |= wide[b] ^ wide[WideBits-1];
      end
    end
    for (int unsigned b = MiddleBits - 1; b < CoarseBits - 1; b++) begin
      if (32'(middle_shift) <= (b - MiddleBits + 1) / 4) begin
        middle_beyond |= coarse_q[b] ^ coarse_q[CoarseBits-1];
      end
    end
    for (int unsigned b = FineBits - 1; b < MiddleBits - 1; b++) begin
      if (32'(fine_shift) <= b - FineBits + 1) begin
        fine_beyond |= middle_q[b] ^ middle_q[MiddleBits-1];
      end
    end
  end

  // Rounds up where more than a half is left, or a half and the quotient is odd.
  assign up = fine_q[0] & (rest_q[2] | fine_q[1]);

  always_ff @(posedge clk_i) begin
    coarse_q <= coarse;
    middle_q <= middle;
    fine_q <= fine;
    rest_q <= {rest_q[1] | fine_rest, rest_q[0] | middle_rest, coarse_rest};
    beyond_q <= {beyond_q[1] | fine_beyond, beyond_q[0] | middle_beyond, coarse_beyond};
    negative_q <= {negative_q[1:0], wide[WideBits-1]};
    value_o <= (ByteBits + 3)'($signed(fine_q[FineBits-1:1])) +
               (ByteBits + 3)'($signed(zero_point_i)) + (ByteBits + 3)'(up);
    beyond_o <= beyond_q[2];
    negative_o <= negative_q[2];
  end

endmodule
