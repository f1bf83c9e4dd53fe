// The operands of the array, by what stays in it: weights (WS), sums (NS) or inputs (IS).
module array_operands #(
    parameter int unsigned Rows = 16,
    parameter int unsigned Columns = 8,
    parameter int unsigned OperandBits = 8,
    parameter int unsigned CornerWindows = 16,  // columns of the corner
    parameter int unsigned WeightBytes = 16,
    parameter bit Holds = 1'b1
) (
    input logic stay_i,  // sums
    input logic hold_i,  // inputs
    input logic [Rows-1:0][OperandBits-1:0] window_i,
    /* verilator lint_off UNUSEDSIGNAL */  // as many as the larger side has
    input logic [CornerWindows-1:0][OperandBits-1:0] values_i,  // of windows that were turned
    input logic [WeightBytes-1:0][7:0] weights_i,
    /* verilator lint_on UNUSEDSIGNAL */
    input logic odd_i,  // NS: the second of a column's two channels
    input logic [Rows-1:0] used_i,  // IS: rows that have weights
    output logic [Rows-1:0][OperandBits-1:0] operand_o,
    output logic [Columns-1:0][15:0] word_o
);

  // A column has two channels: where sums stay, one after the other; where inputs stay, two windows.
  for (genvar c = 0; c < Columns; c++) begin : gen_word
    logic [15:0] word, turned;
    assign word = weights_i[2*c+:2];
    if (Holds) begin : gen_turned
      assign turned = {values_i[2*c+1][7:0], values_i[2*c][7:0]};
    end else begin : gen_none
      assign turned = '0;
    end
    always_comb begin
      word_o[c] = word;
      if (stay_i) word_o[c] = 16'(signed'(odd_i ? word[15:8] : word[7:0]));
      if (hold_i) word_o[c] = turned;
    end
  end

  for (genvar r = 0; r < Rows; r++) begin : gen_operand
    logic [OperandBits-1:0] weight;
    if (Holds) begin : gen_weight
      assign weight = used_i[r] ? {{(OperandBits - 7) {weights_i[r][7]}}, weights_i[r][6:0]} : '0;
    end else begin : gen_none
      assign weight = '0;
    end
    always_comb begin
      operand_o[r] = window_i[r];
      if (stay_i) operand_o[r] = values_i[r];
      if (hold_i) operand_o[r] = weight;
    end
  end

endmodule
