// The rows of one column whose sums run down one cascade. Stationary values pass through from the
// group above to the one below; sums start here, at zero or at the offset, and leave at the last row. The offset moves
// right a cycle behind the operand of the first row.
module pe_group
  import array_pkg::*;
#(
    parameter int unsigned Rows = 8,
    parameter int unsigned FactorBits = 27,
    parameter int unsigned OperandBits = 8,
    parameter int unsigned OffsetBits = 12,
    parameter bit Top = 1'b0  // 1: the first group of the column
) (
    input logic clk_i,
    input logic [Rows-1:0][OperandBits-1:0] operand_i,
    output logic [Rows-1:0][OperandBits-1:0] operand_o,
    input pe_tag_t [Rows-1:0] tag_i,
    output pe_tag_t [Rows-1:0] tag_o,
    input logic [OffsetBits-1:0] offset_i,
    output logic [OffsetBits-1:0] offset_o,
    input logic [FactorBits-1:0] stationary_i,
    input logic [PortABits-1:0] cascade_i,
    output logic [PortABits-1:0] cascade_o,
    output logic [SumBits-1:0] sum_o
);

  logic [PortABits-1:0] cascade[Rows+1];
  logic [SumBits-1:0] sum_cascade[Rows+1];
  logic [SumBits-1:0] sum[Rows];

  logic [OffsetBits-1:0] offset;

  if (lifts(FactorBits)) begin : gen_offset
    always_ff @(posedge clk_i) offset <= offset_i;
  end else begin : gen_no_offset
    assign offset = offset_i;
  end

  assign offset_o = offset;
  assign cascade[0] = cascade_i;
  assign sum_cascade[0] = '0;

  for (genvar r = 0; r < Rows; r++) begin : gen_row
    pe #(
        .FactorBits(FactorBits),
        .OperandBits(OperandBits),
        .Top(Top && r == 0),
        .TakesOffset(lifts(FactorBits) && r == 0)
    ) u_pe (
        .clk_i,
        .operand_i(operand_i[r]),
        .operand_o(operand_o[r]),
        .tag_i(tag_i[r]),
        .tag_o(tag_o[r]),
        .stationary_i,
        .cascade_i(cascade[r]),
        .cascade_o(cascade[r+1]),
        .offset_i({SumBits'(signed'(offset)) << LiftBits}),
        .sum_cascade_i(sum_cascade[r]),
        .sum_cascade_o(sum_cascade[r+1]),
        .sum_o(sum[r])
    );
  end

  assign cascade_o = cascade[Rows];
  assign sum_o = sum[Rows-1];

endmodule
