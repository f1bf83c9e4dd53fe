// The output transform's results less their scale: 1, 2, 4, 24 or 576 times a sum, which has `SumBits` bits. A power
// of two is a shift. What is left is 1, 3 or 9: nine times, three times or once the number is nine times the sum, and
// modulo 2^32
//
//   1 / 9 = (1 - 2^3) (1 + 2^6) (1 + 2^12) (1 + 2^24)        for 9 times these is 1 - 2^48
//
// A product by each is a sum. Six cycles.
module exact_quotient
  import winograd_pkg::*;
#(
    parameter int unsigned Bits = 38,
    parameter int unsigned SumBits = 32
) (
    input logic clk_i,
    input form_e first_i,  // of both transforms
    input form_e second_i,
    /* verilator lint_off UNUSEDSIGNAL */  // modulo 2^(SumBits + the shift)
    input logic [Bits-1:0] product_i,
    /* verilator lint_on UNUSEDSIGNAL */
    output logic [SumBits-1:0] sum_o
);

  if (Bits < SumBits + 6 || SumBits > 32) begin : gen_check
    $error("Bits: those of a sum, of 32 at most, and 6 of the scale.");
  end

  typedef logic [SumBits-1:0] sum_t;

  logic [1:0] twos_q, threes_q;  // of F(2,3) and F(4,3) each dimension has one
  sum_t shifted_q, ninefold_q, by3_q, by6_q, by12_q;

  always_ff @(posedge clk_i) begin
    twos_q   <= 2'(first_i == F23) + 2'(second_i == F23);
    threes_q <= 2'(first_i == F43) + 2'(second_i == F43);
  end

  always_ff @(posedge clk_i) begin
    // 24 is 8 times 3.
    case ({threes_q, twos_q})
      {2'd0, 2'd0} : shifted_q <= product_i[SumBits-1:0];
      {2'd0, 2'd1} : shifted_q <= product_i[1+:SumBits];
      {2'd0, 2'd2} : shifted_q <= product_i[2+:SumBits];
      {2'd1, 2'd0} : shifted_q <= product_i[3+:SumBits];
      default: shifted_q <= product_i[6+:SumBits];
    endcase
    case (threes_q)
      2'd0: ninefold_q <= shifted_q + (shifted_q << 3);
      2'd1: ninefold_q <= shifted_q + (shifted_q << 1);
      default: ninefold_q <= shifted_q;
    endcase
    by3_q  <= ninefold_q - (ninefold_q << 3);
    by6_q  <= by3_q + (by3_q << 6);
    by12_q <= by6_q + (by6_q << 12);
    sum_o  <= by12_q + (by12_q << 24);
  end

endmodule
