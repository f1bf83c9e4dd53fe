// What every part of the systolic array must agree on: the widths of a DSP48E2, the tag that
// travels with a moving operand, and how rows are skewed.
package array_pkg;

  localparam int unsigned PortABits = 30;  // the A port and its cascade
  localparam int unsigned StationaryBits = 27;  // of these reach the multiplier
  localparam int unsigned PortBBits = 18;  // the moving operand's port
  localparam int unsigned SumBits = 48;  // P and its cascade

  // Two products share a multiplier: it multiplies (w1 * 2^PairShift + w0) by x.
  localparam int unsigned PairShift = 18;
  // A word of the top edge: a pair of 8-bit values {w1, w0}, or one 16-bit value.
  localparam int unsigned WordBits = 16;

  // What a slice adds to its product: the Z multiplexer of the DSP48E2.
  typedef enum logic [1:0] {
    AddNothing = 2'b00,
    AddCascade = 2'b01,  // the sum of the row above
    AddOwn = 2'b10  // its own sum
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
