// The rows of one column whose sums run down one cascade. Stationary values pass through from the
// group above to the one below; sums start at zero here and leave at the last row.
module pe_group
  import array_pkg::*;
#(
    parameter int unsigned Rows = 8,
    parameter int unsigned OperandBits = 8,
    parameter bit Top = 1'b0  // 1: the first group of the column
) (
    input logic clk_i,
    input logic [Rows-1:0][OperandBits-1:0] operand_i,
    output logic [Rows-1:0][OperandBits-1:0] operand_o,
    input pe_tag_t [Rows-1:0] tag_i,
    output pe_tag_t [Rows-1:0] tag_o,
    input logic [StationaryBits-1:0] stationary_i,
    input logic [PortABits-1:0] cascade_i,
    output logic [PortABits-1:0] cascade_o,
    output logic [SumBits-1:0] sum_o
);

  logic [PortABits-1:0] cascade[Rows+1];
  logic [SumBits-1:0] sum_cascade[Rows+1];
  logic [SumBits-1:0] sum[Rows];

  assign cascade[0] = cascade_i;
  assign sum_cascade[0] = '0;

  for (genvar r = 0; r < Rows; r++) begin : gen_row
    pe #(
        .OperandBits(OperandBits),
        .Top(Top && r == 0)
    ) u_pe (
        .clk_i,
        .operand_i(operand_i[r]),
        .operand_o(operand_o[r]),
        .tag_i(tag_i[r]),
        .tag_o(tag_o[r]),
        .stationary_i,
        .cascade_i(cascade[r]),
        .cascade_o(cascade[r+1]),
        .sum_cascade_i(sum_cascade[r]),
        .sum_cascade_o(sum_cascade[r+1]),
        .sum_o(sum[r])
    );
  end

  assign cascade_o = cascade[Rows];
  assign sum_o = sum[Rows-1];

endmodule
