// The output transform's results less their scale: 1, 2, 4, 24, 360 or 576 times a sum, which has `SumBits` bits. A
// power of two is a shift. Where 1, 3 or 9 is left, nine times, three times or once the number is nine times the sum;
// where 45 is left, three times the number is taken. Modulo 2^32
//
//   1 / 9  = (1 - 2^3) (1 + 2^6) (1 + 2^12) (1 + 2^24)        for 9 times these is 1 - 2^48
//   1 / 45 = (3 (1 - 2^5) + 2)   (1 + 2^12) (1 + 2^24)        for 45 times 91 is 2^12 - 1
//
// Each step is a sum. Six cycles.
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

  logic [2:0] twos_q;  // in the scale
  logic [1:0] threes_q;
  logic long_q;  // F(5,4)
  sum_t shifted_q, once_q, twice_q, ninefold_q, by3_q, by6_q, by12_q;

  // 24 is 8 times 3, and 360 is 8 times 45, of which three times is taken.
  function automatic logic [2:0] twos_of(form_e form);
    return form == F23 ? 3'd1 : form == Alone ? 3'd0 : 3'd3;
  endfunction

  function automatic logic [1:0] threes_of(form_e form);
    return form == F43 || form == F54 ? 2'd1 : 2'd0;
  endfunction

  always_ff @(posedge clk_i) begin
    twos_q   <= twos_of(first_i) + twos_of(second_i);
    threes_q <= threes_of(first_i) + threes_of(second_i);
    long_q   <= first_i == F54 || second_i == F54;
  end

  always_ff @(posedge clk_i) begin
    case (twos_q)
      3'd0: shifted_q <= product_i[SumBits-1:0];
      3'd1: shifted_q <= product_i[1+:SumBits];
      3'd2: shifted_q <= product_i[2+:SumBits];
      3'd3: shifted_q <= product_i[3+:SumBits];
      default: shifted_q <= product_i[6+:SumBits];
    endcase
    case (threes_q)
      2'd0: ninefold_q <= shifted_q + (shifted_q << 3);
      2'd1: ninefold_q <= shifted_q + (shifted_q << 1);
      default: ninefold_q <= shifted_q;
    endcase
    once_q  <= shifted_q;
    twice_q <= once_q << 1;
    by3_q  <= ninefold_q - (long_q ? ninefold_q << 5 : ninefold_q << 3);
    by6_q  <= by3_q + (long_q ? twice_q : by3_q << 6);
    by12_q <= by6_q + (by6_q << 12);
    sum_o  <= by12_q + (by12_q << 24);
  end

endmodule
