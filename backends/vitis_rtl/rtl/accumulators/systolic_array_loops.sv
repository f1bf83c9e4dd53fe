// The same machine as systolic_array.sv, to the register and cycle, for the simulation of large arrays:
// a simulator makes few instructions of loops over arrays, but a copy per PE of instances. It is never
// synthesised.
//
// All registers are written in one block by blocking assignments. A register is written only after
// every one that reads its old value: from the outputs back to the inputs, rows from the bottom up,
// columns from right to left. What others read is written as any register is.
module systolic_array_loops
  import array_pkg::*;
#(
    parameter int unsigned Rows = 16,
    parameter int unsigned Columns = 16,
    parameter int unsigned GroupRows = 8,
    parameter int unsigned FactorBits = 27,
    parameter int unsigned OperandBits = 8,
    localparam int unsigned PairShift = pair_shift(FactorBits),
    parameter int unsigned HighBits = PairShift,
    parameter int unsigned AccumulatorBits = 32,
    parameter int unsigned AccumulatorRows = 512,
    parameter int unsigned ReadColumns = Columns,
    localparam int unsigned Groups = (Rows + GroupRows - 1) / GroupRows,
    localparam int unsigned ReadGroups = (Columns + ReadColumns - 1) / ReadColumns,
    localparam int unsigned RowBits = $clog2(AccumulatorRows)
) (
    input logic clk_i,
    input logic rst_i,
    input logic outputs_stay_i,
    input logic paired_i,
    input logic take_i,
    input logic load_i,
    input logic load_last_i,
    input logic first_i,
    input logic last_i,
    input logic [Rows-1:0][OperandBits-1:0] operand_i,
    input logic [Columns-1:0][WordBits-1:0] word_i,
    input logic add_i,
    input logic add_first_i,
    input logic add_half_i,
    input logic [RowBits-1:0] add_row_i,
    input logic [1:0] add_whole_i,
    input logic [ReadGroups-1:0] read_i,
    input logic read_half_i,
    input logic [RowBits-1:0] read_row_i,
    output logic [Columns-1:0] valid_o,
    output logic [Columns-1:0][AccumulatorBits-1:0] low_o,
    output logic [Columns-1:0][AccumulatorBits-1:0] high_o
);

  localparam int unsigned Levels = $clog2(Groups);
  localparam int unsigned Drain = Groups * GroupRows;
  localparam int unsigned TagCycles = GroupRows + 1 + Levels;
  localparam int unsigned HalfBits = WordBits / 2;
  localparam bit Lifted = lifts(FactorBits);
  localparam int unsigned SplitBits = PairShift + HighBits;

  typedef struct packed {
    logic valid;
    logic first;
    logic half;
    logic [RowBits-1:0] row;
    logic [1:0] whole;
  } add_t;

  typedef struct packed {
    logic [ReadGroups-1:0] valid;
    logic half;
    logic [RowBits-1:0] row;
  } read_t;

  // Tags that move right are the same in every column, a cycle later in each: [k] came k + 1 cycles ago.
  // Those of reads begin anew in each group of columns.
  add_t add_q[TagCycles + Columns + 3];
  read_t read_q[ReadColumns + 2];
  logic [Groups-1:0] group_take_q[Columns];

  // Accumulators.
  logic [AccumulatorBits-1:0] memory_low[2][Columns][AccumulatorRows];
  logic [AccumulatorBits-1:0] memory_high[2][Columns][AccumulatorRows];
  logic [AccumulatorBits-1:0] fetched_low[2][Columns], fetched_high[2][Columns];
  logic [AccumulatorBits-1:0] row_low[2][Columns], row_high[2][Columns];
  logic [AccumulatorBits-1:0] sum_low[Columns], sum_high[Columns];
  logic [AccumulatorBits-1:0] asked_low[2], asked_high[2];

  // Splits (level 0) and trees.
  longint low[Columns][Levels+1][Groups];
  longint high[Columns][Levels+1][Groups];
  logic carry[Columns][Levels+1][Groups];

  // PEs. A product is of 45 bits, and of a sum only the low 48 are ever read: 64 hold both.
  longint sum[Rows][Columns];
  longint product[Rows][Columns];
  longint b2[Rows][Columns];
  longint a2[Rows][Columns];
  longint a1[Rows][Columns];
  logic [OperandBits-1:0] operand[Rows][Columns];
  pe_tag_t tag[Rows][Columns];
  addend_e addend[Rows][Columns];
  longint offset[Groups][Columns];  // in the slice of a group's first row
  longint offset_moving[Groups][Columns];

  // Edges. What was given k + 1 cycles ago stands at (newest + k) mod length.
  logic [Rows-1:0][OperandBits-1:0] operand_past[Rows];
  logic [Columns-1:0][WordBits-1:0] word_past[Columns];
  logic paired_q[Columns];
  int unsigned newest_operand, newest_word;
  longint stationary[Columns];
  logic load_q[Rows], first_q[Rows], leave_q[Rows];
  logic take_q[GroupRows];
  logic loaded_pairs_q, pairs_q;
  longint offset_q[Groups][GroupRows];
  logic last_q[Drain];
  logic leaving_q[Groups];
  logic [Groups-1:0] group_take;

  function automatic logic [OperandBits-1:0] operand_before(int unsigned r, int unsigned cycles);
    int unsigned at = newest_operand + cycles - 1;
    if (cycles == 0) return operand_i[r];
    return operand_past[at>=Rows?at-Rows : at][r];
  endfunction

  function automatic logic [WordBits-1:0] word_before(int unsigned c, int unsigned cycles);
    int unsigned at = newest_word + cycles - 1;
    if (cycles == 0) return word_i[c];
    return word_past[at>=Columns?at-Columns : at][c];
  endfunction

  // What the left edge says to row `r` in this cycle.
  function automatic pe_tag_t edge_tag(int unsigned r);
    int unsigned skew = stream_skew(r, GroupRows, Rows);
    if (outputs_stay_i) begin
      return '{
          load: 1'b1,
          take: 1'b1,
          addend: leave_q[r] ? AddCascade : first_q[r] ? AddNothing : AddOwn
      };
    end
    return '{
        load: r == 0 ? load_i : load_q[r-1],
        take: skew == 0 ? take_i : take_q[skew-1],
        addend: r % GroupRows != 0 ? AddCascade : Lifted ? AddOffset : AddNothing
    };
  endfunction

  /* verilator lint_off BLKSEQ */  // the order of the assignments is the point of this file
  /* verilator lint_off UNUSEDSIGNAL */  // no stage of a tag needs all of it
  always @(posedge clk_i) begin
    // Accumulators (accumulator.sv): stage s of column c holds what was asked c + s cycles before.
    for (int unsigned c = 0; c < Columns; c++) begin
      automatic add_t asked = add_q[TagCycles+c];
      automatic add_t cleared = add_q[TagCycles+c+1];
      automatic add_t added = add_q[TagCycles+c+2];
      automatic add_t written = add_q[TagCycles+c+3];
      automatic read_t answered = read_q[c%ReadColumns+2];
      valid_o[c] <= answered.valid[c/ReadColumns];
      low_o[c] <= row_low[answered.half][c];
      high_o[c] <= row_high[answered.half][c];
      for (int unsigned h = 0; h < 2; h++) begin
        automatic logic [RowBits-1:0] at = read_q[c%ReadColumns].row;
        if (asked.valid && 32'(asked.half) == h) at = asked.row;
        asked_low[h] = memory_low[h][c][at];
        asked_high[h] = memory_high[h][c][at];
      end
      if (written.valid) begin
        memory_low[written.half][c][written.row] = sum_low[c];
        memory_high[written.half][c][written.row] = sum_high[c];
      end
      sum_low[c] = row_low[added.half][c];
      sum_high[c] = row_high[added.half][c];
      if (added.whole == 0) begin
        sum_low[c] += AccumulatorBits'(low[c][Levels][0]);
        sum_high[c] += AccumulatorBits'(high[c][Levels][0]) + AccumulatorBits'(carry[c][Levels][0]);
      end else begin
        automatic longint upper = high[c][Levels][0] + 64'(carry[c][Levels][0]);
        automatic longint whole = low[c][Levels][0] + (upper <<< PairShift);
        if (added.whole[1]) sum_high[c] += AccumulatorBits'(whole);
        else sum_low[c] += AccumulatorBits'(whole);
      end
      for (int unsigned h = 0; h < 2; h++) begin
        row_low[h][c] = fetched_low[h][c];
        row_high[h][c] = fetched_high[h][c];
        fetched_low[h][c] = asked_low[h];
        fetched_high[h][c] = asked_high[h];
      end
      if (cleared.valid && cleared.first) begin
        if (!cleared.whole[1]) row_low[cleared.half][c] = '0;
        if (!cleared.whole[0]) row_high[cleared.half][c] = '0;
      end
    end
    for (int unsigned k = TagCycles + Columns + 2; k > 0; k--) add_q[k] = add_q[k-1];
    for (int unsigned k = ReadColumns + 1; k > 0; k--) read_q[k] = read_q[k-1];
    add_q[0] = '{valid: add_i & !rst_i, first: add_first_i, half: add_half_i, row: add_row_i,
                 whole: add_whole_i};
    read_q[0] = '{valid: read_i, half: read_half_i, row: read_row_i};
    if (rst_i) begin
      for (int unsigned k = 0; k < Columns + 3; k++) add_q[TagCycles+k].valid = 1'b0;
      for (int unsigned k = 0; k < ReadColumns + 2; k++) read_q[k].valid = '0;
    end

    // Trees (sum_tree.sv) and splits (group_split.sv).
    for (int unsigned c = 0; c < Columns; c++) begin
      for (int unsigned l = Levels; l > 0; l--) begin
        automatic int unsigned summands = (Groups + 2 ** (l - 1) - 1) / 2 ** (l - 1);
        for (int unsigned i = 0; i < summands; i += 2) begin
          low[c][l][i/2] = low[c][l-1][i];
          high[c][l][i/2] = high[c][l-1][i];
          carry[c][l][i/2] = carry[c][l-1][i];
          if (i + 1 < summands) begin
            low[c][l][i/2] += low[c][l-1][i+1];
            high[c][l][i/2] += high[c][l-1][i+1] + 64'(carry[c][l-1][i+1]);
          end
        end
      end
      for (int unsigned g = 0; g < Groups; g++) begin
        automatic int unsigned bottom = g * GroupRows + rows_of_group(g, GroupRows, Rows) - 1;
        automatic logic [SplitBits-1:0] cut = SplitBits'(sum[bottom][c]);
        if (!group_take_q[c][g]) cut = '0;
        low[c][0][g] = 64'(signed'(cut[PairShift-1:0]));
        high[c][0][g] = 64'(signed'(cut[SplitBits-1:PairShift]));
        carry[c][0][g] = cut[PairShift-1];
      end
    end
    for (int unsigned c = Columns - 1; c > 0; c--) group_take_q[c] = group_take_q[c-1];
    group_take_q[0] = group_take;

    // PEs (pe.sv, dsp_slice_model.sv).
    for (int unsigned up = 0; up < Rows; up++) begin
      automatic int unsigned r = Rows - 1 - up;
      automatic pe_tag_t new_tag = edge_tag(r);
      automatic logic [OperandBits-1:0] new_operand = operand_before(
          r, outputs_stay_i ? r : stream_skew(r, GroupRows, Rows)
      );
      for (int unsigned left = 0; left < Columns; left++) begin
        automatic int unsigned c = Columns - 1 - left;
        if (addend[r][c] == AddOwn) sum[r][c] += product[r][c];
        else if (addend[r][c] == AddCascade && r % GroupRows != 0) begin
          sum[r][c] = product[r][c] + sum[r-1][c];
        end else if (addend[r][c] == AddOffset) begin
          sum[r][c] = product[r][c] + offset[r/GroupRows][c];
        end else sum[r][c] = product[r][c];
        product[r][c] = a2[r][c] * b2[r][c];
        addend[r][c] = tag[r][c].addend;
        b2[r][c] = 64'(signed'(operand[r][c]));
        if (tag[r][c].take) a2[r][c] = a1[r][c];
        if (tag[r][c].load) a1[r][c] = r == 0 ? stationary[c] : a1[r-1][c];
        operand[r][c] = c == 0 ? new_operand : operand[r][c-1];
        tag[r][c] = c == 0 ? new_tag : tag[r][c-1];
      end
    end

    for (int unsigned g = 0; g < Groups; g++) begin
      automatic int unsigned missing = GroupRows - rows_of_group(g, GroupRows, Rows);
      for (int unsigned left = 0; left < Columns; left++) begin
        automatic int unsigned c = Columns - 1 - left;
        offset[g][c] = offset_moving[g][c];
        offset_moving[g][c] = c == 0 ? offset_q[g][missing] : offset_moving[g][c-1];
      end
    end

    // Top edge (top_edge.sv).
    for (int unsigned c = 0; c < Columns; c++) begin
      automatic logic [WordBits-1:0] word = word_before(c, c);
      if (c == 0 ? paired_i : paired_q[c-1]) begin
        stationary[c] = 64'(signed'(word[WordBits-1:HalfBits])) * 64'sd2 ** PairShift +
                        64'(signed'(word[HalfBits-1:0])) + (Lifted ? 64'sd2 ** LiftBits : 64'sd0);
      end else stationary[c] = 64'(signed'(word));
    end
    for (int unsigned k = Columns - 1; k > 0; k--) paired_q[k] = paired_q[k-1];
    paired_q[0] = paired_i;
    newest_word = newest_word == 0 ? Columns - 1 : newest_word - 1;
    word_past[newest_word] = word_i;

    // Left edge (left_edge.sv).
    if (take_i) pairs_q = loaded_pairs_q;
    if (load_i) loaded_pairs_q = paired_i;
    for (int unsigned g = 0; g < Groups; g++) begin
      for (int unsigned k = GroupRows - 1; k > 0; k--) offset_q[g][k] = offset_q[g][k-1];
      offset_q[g][0] = 0;
      for (int unsigned k = 0; k < rows_of_group(g, GroupRows, Rows); k++) begin
        if (pairs_q) offset_q[g][0] -= 64'(signed'(operand_i[g*GroupRows+k][7:0])) <<< LiftBits;
      end
    end
    for (int unsigned g = 0; g < Groups; g++) begin
      automatic int unsigned bottom = g * GroupRows + rows_of_group(g, GroupRows, Rows) - 1;
      group_take[g] = !rst_i & (leaving_q[g] | !outputs_stay_i);
      leaving_q[g] = !rst_i & (last_q[(g+1)*GroupRows-1] | leave_q[bottom]);
    end
    for (int unsigned up = 0; up < Rows; up++) begin
      automatic int unsigned r = Rows - 1 - up;
      leave_q[r] = !rst_i & r % GroupRows != 0 &
                   (last_q[(r/GroupRows+1)*GroupRows-1] | leave_q[r==0?0:r-1]);
      load_q[r] = !rst_i & !load_last_i & (r == 0 ? load_i : load_q[r-1]);
      first_q[r] = !rst_i & (r == 0 ? first_i : first_q[r-1]);
    end
    for (int unsigned k = Drain - 1; k > 0; k--) last_q[k] = !rst_i & last_q[k-1];
    for (int unsigned k = GroupRows - 1; k > 0; k--) take_q[k] = !rst_i & take_q[k-1];
    last_q[0] = !rst_i & last_i;
    take_q[0] = !rst_i & take_i;
    newest_operand = newest_operand == 0 ? Rows - 1 : newest_operand - 1;
    operand_past[newest_operand] = operand_i;
  end
  /* verilator lint_on UNUSEDSIGNAL */
  /* verilator lint_on BLKSEQ */

endmodule
