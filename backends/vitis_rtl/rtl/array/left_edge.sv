// The left edge: skews the rows of a vector, and makes each row's tags from what the sequencer says
// of row 0. All inputs but `outputs_stay_i` come with the vector that they belong to.
//
// Sums run down (WS, IS, Winograd): row r follows row 0 by stream_skew(r), so that all groups finish
// together. Sums stay (NS): row r follows row 0 by r cycles, as the stationary side does on its way
// down; behind the last product of a tile the group's sums leave through its cascade, group by group.
module left_edge
  import array_pkg::*;
#(
    parameter int unsigned Rows = 16,
    parameter int unsigned GroupRows = 8,
    parameter int unsigned FactorBits = 27,
    parameter int unsigned OperandBits = 8,
    localparam int unsigned OffsetBits = offset_bits(GroupRows),
    localparam int unsigned Groups = (Rows + GroupRows - 1) / GroupRows
) (
    input logic clk_i,
    input logic rst_i,
    input logic outputs_stay_i,  // NS; stands still while a tile is in the array
    /* verilator lint_off UNUSEDSIGNAL */  // of no use where nothing is lifted
    input logic paired_i,  // the word that comes in is a pair
    /* verilator lint_on UNUSEDSIGNAL */
    input logic take_i,  // the first vector of a tile: what was loaded becomes stationary
    input logic load_i,  // a word for row 0 comes in: Rows cycles in a row, last row's word first
    input logic load_last_i,  // the last of them
    input logic first_i,  // NS: the first product of a tile
    input logic last_i,  // NS: the last one; zero operands follow until the next tile
    input logic [Rows-1:0][OperandBits-1:0] operand_i,
    output logic [Rows-1:0][OperandBits-1:0] operand_o,
    output pe_tag_t [Rows-1:0] tag_o,
    output logic [Groups-1:0] group_take_o,
    // a cycle behind the operand of the group's first row
    output logic [Groups-1:0][OffsetBits-1:0] offset_o
);

  localparam addend_e Begin = lifts(FactorBits) ? AddOffset : AddNothing;  // of a group's sum
  localparam int unsigned Drain = Groups * GroupRows;

  // Bit k: what was said k cycles ago (of the registers: k + 1).
  logic [Rows-1:0] load, first_q;
  logic [Rows-2:0] load_q;
  logic [GroupRows-1:0] take;
  logic [GroupRows-2:0] take_q;
  logic [Drain-1:0] last_q;
  logic [Rows-1:0] leave_q;  // the row takes over the sum of the row above it
  logic [Groups-1:0] leaving_q;  // a sum of the group is at its last row

  assign load = {load_q, load_i};
  assign take = {take_q, take_i};

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      load_q <= '0;
      first_q <= '0;
      take_q <= '0;
      last_q <= '0;
      group_take_o <= '0;
    end else begin
      // Row r begins r cycles after row 0, when its predecessor's value is below it; all end at once.
      load_q <= load_last_i ? '0 : load[Rows-2:0];
      take_q <= take[GroupRows-2:0];
      first_q <= {first_q[Rows-2:0], first_i};
      last_q <= {last_q[Drain-2:0], last_i};
      group_take_o <= outputs_stay_i ? leaving_q : '1;
    end
  end

  for (genvar g = 0; g < Groups; g++) begin : gen_group
    localparam int unsigned Bottom = g * GroupRows + rows_of_group(g, GroupRows, Rows) - 1;
    always_ff @(posedge clk_i) begin
      leaving_q[g] <= !rst_i & (last_q[(g+1)*GroupRows-1] | leave_q[Bottom]);
    end
  end

  // The offset of each group, where pairs stay: with the vector that takes them, or behind it.
  if (lifts(FactorBits)) begin : gen_offset
    logic loaded_pairs_q, pairs_q, pairs;

    assign pairs = take_i ? loaded_pairs_q : pairs_q;

    always_ff @(posedge clk_i) begin
      if (load_i) loaded_pairs_q <= paired_i;
      pairs_q <= pairs;
    end

    for (genvar g = 0; g < Groups; g++) begin : gen_sum
      localparam int unsigned First = g * GroupRows;
      localparam int unsigned Size = rows_of_group(g, GroupRows, Rows);

      logic [OffsetBits-1:0] offset, offset_q;

      always_comb begin
        offset = '0;
        for (int unsigned k = 0; k < Size; k++) begin
          offset -= OffsetBits'(signed'(operand_i[First+k][7:0]));
        end
      end

      always_ff @(posedge clk_i) offset_q <= pairs ? offset : '0;

      delay_line #(
          .Bits(OffsetBits),
          .Cycles(GroupRows - Size)
      ) u_late (
          .clk_i,
          .data_i(offset_q),
          .data_o(offset_o[g])
      );
    end
  end else begin : gen_no_offset
    assign offset_o = '0;
  end

  for (genvar r = 0; r < Rows; r++) begin : gen_row
    localparam int unsigned Skew = stream_skew(r, GroupRows, Rows);

    logic [OperandBits-1:0] streamed;

    // Row k of a group hands on k sums, those of the rows above it.
    if (r % GroupRows == 0) begin : gen_head
      assign leave_q[r] = 1'b0;
    end else begin : gen_below
      always_ff @(posedge clk_i) begin
        leave_q[r] <= !rst_i & (last_q[(r/GroupRows+1)*GroupRows-1] | leave_q[r-1]);
      end
    end

    always_comb begin
      tag_o[r].load = outputs_stay_i | load[r];
      tag_o[r].take = outputs_stay_i | take[Skew];
      if (outputs_stay_i) begin
        tag_o[r].addend = leave_q[r] ? AddCascade : first_q[r] ? AddNothing : AddOwn;
      end else begin
        tag_o[r].addend = r % GroupRows != 0 ? AddCascade : Begin;
      end
    end

    delay_line #(
        .Bits(OperandBits),
        .Cycles(Skew)
    ) u_stream_skew (
        .clk_i,
        .data_i(operand_i[r]),
        .data_o(streamed)
    );

    if (r == Skew) begin : gen_same
      assign operand_o[r] = streamed;
    end else begin : gen_more
      logic [OperandBits-1:0] late;
      delay_line #(
          .Bits(OperandBits),
          .Cycles(r - Skew)
      ) u_stay_skew (
          .clk_i,
          .data_i(streamed),
          .data_o(late)
      );
      assign operand_o[r] = outputs_stay_i ? late : streamed;
    end
  end

endmodule
