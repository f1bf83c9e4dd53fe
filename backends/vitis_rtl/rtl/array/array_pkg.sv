// What every part of the systolic array must agree on: the widths of a multiplier slice, the tag
// that travels with a moving operand, and how rows are skewed.
package array_pkg;

  localparam int unsigned PortABits = 30;  // the A port and its cascade
  localparam int unsigned PortBBits = 18;  // the moving operand's port
  localparam int unsigned SumBits = 48;  // P and its cascade

  // FactorBits, a parameter of all of the array: how many bits of the A port reach the multiplier, 27 in a DSP48E2, 25
  // in a DSP48E1. Two products share a multiplier: it multiplies (w1 * 2^pair_shift + w0) by x. 27 bits have 9 for w1
  // and what w0 borrows from it. 25 have 8: there w0 is lifted by 128, so that it never borrows, and each sum of a group
  // begins with what that adds to it, taken away: the offset -128 (x of row 0 + x of row 1 + ...).
  localparam int unsigned LiftBits = 7;

  function automatic bit lifts(int unsigned factor_bits);
    return factor_bits < 27;
  endfunction

  function automatic int unsigned pair_shift(int unsigned factor_bits);
    return factor_bits - (lifts(factor_bits) ? 8 : 9);
  endfunction

  // Rows of the largest group: its sum of the lower products, each at most 127 * 128, stays below 2^(pair_shift - 1).
  function automatic int unsigned most_group_rows(int unsigned factor_bits);
    return (2 ** (pair_shift(factor_bits) - 1) - 1) / (127 * 128);
  endfunction

  // Of a group's offset, less its LiftBits zeros: the negative sum of so many operands of 8 bits.
  function automatic int unsigned offset_bits(int unsigned group_rows);
    return 9 + $clog2(group_rows);
  endfunction

  // A word of the top edge: a pair of 8-bit values {w1, w0}, or one 16-bit value.
  localparam int unsigned WordBits = 16;

  // What a slice adds to its product: the Z multiplexer of the slice.
  typedef enum logic [1:0] {
    AddNothing = 2'b00,
    AddCascade = 2'b01,  // the sum of the row above
    AddOwn = 2'b10,  // its own sum
    AddOffset = 2'b11  // C
  } addend_e;

  // Travels to the right with the operand of its row. The first two belong to the operand's own
  // cycle, the addend to the one after it (its product is made a cycle later).
  typedef struct packed {
    logic load;  // the next stationary value is taken from above
    logic take;  // the next stationary value becomes the present one
    addend_e addend;
  } pe_tag_t;

  // Rows of group `group`: `group_rows`, or what is left for the last one.
  function automatic int unsigned rows_of_group(int unsigned group, int unsigned group_rows,
                                                int unsigned rows);
    int unsigned left = rows - group * group_rows;
    return left < group_rows ? left : group_rows;
  endfunction

  // Cycles by which the operand of row `row` follows that of row 0 while sums run down a group.
  // All groups finish together: the rows of a short group start later.
  function automatic int unsigned stream_skew(int unsigned row, int unsigned group_rows,
                                              int unsigned rows);
    int unsigned missing = group_rows - rows_of_group(row / group_rows, group_rows, rows);
    return row % group_rows + missing;
  endfunction

endpackage
