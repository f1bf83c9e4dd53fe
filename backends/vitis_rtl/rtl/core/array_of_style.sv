// The systolic array: in instances for synthesis, in loops for the simulation of a large
// one, cycle by cycle the same.
module array_of_style #(
    parameter int unsigned Rows = 16,
    parameter int unsigned Columns = 8,
    parameter int unsigned GroupRows = 8,
    parameter int unsigned FactorBits = 27,
    parameter int unsigned OperandBits = 8,
    parameter int unsigned AccumulatorBits = 32,
    parameter int unsigned AccumulatorRows = 512,
    parameter int unsigned ReadColumns = Columns,
    parameter bit Ultra = 1'b0,  // the accumulators' memories
    parameter bit Loops = 1'b0,
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
    input logic [Columns-1:0][15:0] word_i,
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

`ifdef SYNTHESIS
  if (Loops) begin : gen_check
    $error("Loops: not for a synthesis.");
  end
`else
  if (Loops) begin : gen_loops
    systolic_array_loops #(
        .Rows(Rows),
        .Columns(Columns),
        .GroupRows(GroupRows),
        .FactorBits(FactorBits),
        .OperandBits(OperandBits),
        .AccumulatorBits(AccumulatorBits),
        .AccumulatorRows(AccumulatorRows),
        .ReadColumns(ReadColumns)
    ) u_array (
        .*
    );
  end
`endif

  if (!Loops) begin : gen_instances
    systolic_array #(
        .Rows(Rows),
        .Columns(Columns),
        .GroupRows(GroupRows),
        .FactorBits(FactorBits),
        .OperandBits(OperandBits),
        .AccumulatorBits(AccumulatorBits),
        .AccumulatorRows(AccumulatorRows),
        .ReadColumns(ReadColumns),
        .Ultra(Ultra)
    ) u_array (
        .*
    );
  end

endmodule
