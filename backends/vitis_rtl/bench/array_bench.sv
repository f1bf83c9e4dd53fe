// The whole array between two records (see core_bench.sv), in the style for synthesis, in loops, or in
// both, with a bit that says whether they differ in anything in this cycle.
module array_bench
  import array_pkg::*;
#(
    parameter int unsigned Rows = 16,
    parameter int unsigned Columns = 16,
    parameter int unsigned GroupRows = 8,
    parameter int unsigned FactorBits = 27,
    parameter int unsigned OperandBits = 8,
    parameter int unsigned HighBits = pair_shift(FactorBits),
    parameter int unsigned AccumulatorBits = 32,
    parameter int unsigned AccumulatorRows = 512,
    parameter int unsigned ReadColumns = Columns,
    parameter bit Instances = 1'b1,
    parameter bit Loops = 1'b1,
    localparam int unsigned RowBits = $clog2(AccumulatorRows),
    localparam int unsigned ReadGroups = (Columns + ReadColumns - 1) / ReadColumns,
    localparam int unsigned MovingBits = Rows * OperandBits + Columns * WordBits,
    localparam int unsigned InBits = 14 + ReadGroups + 2 * RowBits + MovingBits,
    localparam int unsigned OutBits = 1 + Columns * (1 + 2 * AccumulatorBits)
) (
    input logic clk_i,
    input logic [InBits-1:0] in_i,
    output logic [OutBits-1:0] out_o
);

  if (!Instances && !Loops) begin : gen_check_style
    $error("Instances, Loops: at least one of the styles.");
  end

  logic rst, outputs_stay, paired, take, load, load_last, first, last;
  logic add, add_first, add_half, read_half;
  logic [ReadGroups-1:0] read;
  logic [RowBits-1:0] add_row, read_row;
  logic [1:0] add_whole;
  logic [Rows-1:0][OperandBits-1:0] operand;
  logic [Columns-1:0][WordBits-1:0] word;
  logic [1:0][OutBits-2:0] seen;

  assign {word, operand, read_row, read_half, read, add_whole, add_row, add_half, add_first, add,
          last, first, load_last, load, take, paired, outputs_stay, rst} = in_i;
  assign out_o = {Instances ? seen[0] : seen[1], Instances && Loops && seen[0] != seen[1]};

  if (Instances) begin : gen_instances
    systolic_array #(
        .Rows(Rows),
        .Columns(Columns),
        .GroupRows(GroupRows),
        .FactorBits(FactorBits),
        .OperandBits(OperandBits),
        .HighBits(HighBits),
        .AccumulatorBits(AccumulatorBits),
        .AccumulatorRows(AccumulatorRows),
        .ReadColumns(ReadColumns)
    ) u_array (
        .clk_i,
        .rst_i(rst),
        .outputs_stay_i(outputs_stay),
        .paired_i(paired),
        .take_i(take),
        .load_i(load),
        .load_last_i(load_last),
        .first_i(first),
        .last_i(last),
        .operand_i(operand),
        .word_i(word),
        .add_i(add),
        .add_first_i(add_first),
        .add_half_i(add_half),
        .add_row_i(add_row),
        .add_whole_i(add_whole),
        .read_i(read),
        .read_half_i(read_half),
        .read_row_i(read_row),
        .valid_o(seen[0][0+:Columns]),
        .low_o(seen[0][Columns+:Columns*AccumulatorBits]),
        .high_o(seen[0][Columns*(1+AccumulatorBits)+:Columns*AccumulatorBits])
    );
  end else begin : gen_no_instances
    assign seen[0] = '0;
  end

  if (Loops) begin : gen_loops
    systolic_array_loops #(
        .Rows(Rows),
        .Columns(Columns),
        .GroupRows(GroupRows),
        .FactorBits(FactorBits),
        .OperandBits(OperandBits),
        .HighBits(HighBits),
        .AccumulatorBits(AccumulatorBits),
        .AccumulatorRows(AccumulatorRows),
        .ReadColumns(ReadColumns)
    ) u_loops (
        .clk_i,
        .rst_i(rst),
        .outputs_stay_i(outputs_stay),
        .paired_i(paired),
        .take_i(take),
        .load_i(load),
        .load_last_i(load_last),
        .first_i(first),
        .last_i(last),
        .operand_i(operand),
        .word_i(word),
        .add_i(add),
        .add_first_i(add_first),
        .add_half_i(add_half),
        .add_row_i(add_row),
        .add_whole_i(add_whole),
        .read_i(read),
        .read_half_i(read_half),
        .read_row_i(read_row),
        .valid_o(seen[1][0+:Columns]),
        .low_o(seen[1][Columns+:Columns*AccumulatorBits]),
        .high_o(seen[1][Columns*(1+AccumulatorBits)+:Columns*AccumulatorBits])
    );
  end else begin : gen_no_loops
    assign seen[1] = '0;
  end

endmodule
