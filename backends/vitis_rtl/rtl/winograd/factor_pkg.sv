// A number of B or A as hardware multiplies by it: a sign, and an odd number times a power of two.
package factor_pkg;

  import winograd_pkg::number_t;

  localparam int unsigned OddBits = 5;

  typedef logic [OddBits-1:0] odd_t;

  // 3: 8 times, or 16 where a row has that; none has both 8 and 16 times 1.
  typedef logic [1:0] twos_t;

  function automatic odd_t odd_of(number_t number);
    case (number)
      1, -1, 2, -2, 4, -4, 8, -8, 16: return 5'd1;
      6, 24: return 5'd3;
      5, -5, 10, -10, 20, -20: return 5'd5;
      17, -17: return 5'd17;
      21, -21: return 5'd21;
      default: return 5'd0;
    endcase
  endfunction

  function automatic twos_t twos_of(number_t number);
    case (number)
      2, -2, 6, 10, -10: return 2'd1;
      4, -4, 20, -20: return 2'd2;
      8, -8, 16, 24: return 2'd3;
      default: return 2'd0;
    endcase
  endfunction

endpackage
