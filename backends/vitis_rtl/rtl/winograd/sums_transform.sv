// The answers of the accumulators on their way to the lanes of POST: as they are, or the sums of Winograd's positions
// made into those of pixels. A group of columns answers at a time, one column after the other; so its sums are
// transformed, and the results stand where the first group's would.
module sums_transform
  import winograd_pkg::*;
#(
    parameter int unsigned Columns = 16,
    parameter int unsigned Pairs = 8,
    parameter int unsigned AccumulatorBits = 32,
    parameter int unsigned PartBits = 18,  // of the lower part of a sum that comes in two
    localparam int unsigned Groups = (Columns + Pairs - 1) / Pairs
) (
    input logic clk_i,
    input logic rst_i,
    input form_e rows_i,  // both Alone: no Winograd
    input form_e columns_i,
    input logic [Columns-1:0] valid_i,
    input logic [Columns-1:0][AccumulatorBits-1:0] low_i,
    input logic [Columns-1:0][AccumulatorBits-1:0] high_i,
    output logic [Columns-1:0] valid_o,
    output logic [Columns-1:0][AccumulatorBits-1:0] low_o,
    output logic [Columns-1:0][AccumulatorBits-1:0] high_o,
    output logic tile_o  // QuotientCycles before the first result of a tile
);

  localparam int unsigned QuotientCycles = 6;
  localparam int unsigned Transforms = Pairs < Columns ? Pairs : Columns;

  logic winograd, first_valid, valid_q, result_valid, result;
  index_t line, number;
  element_t element;
  element_t element_at[Transforms];
  logic [Transforms-1:0] result_at;

  form_e first_q, second_q;

  assign winograd = rows_i != Alone || columns_i != Alone;

  always_ff @(posedge clk_i) begin
    first_q  <= first_of(columns_i);
    second_q <= second_of(columns_i, rows_i);
  end

  always_comb begin
    first_valid = 1'b0;
    for (int unsigned g = 0; g < Groups; g++) first_valid |= valid_i[g*Pairs];
  end

  always_ff @(posedge clk_i) valid_q <= first_valid & winograd & !rst_i;

  transform_order #(
      .Outputs(1'b1)
  ) u_order (
      .clk_i,
      .rst_i,
      .first_i(first_q),
      .second_i(second_q),
      .valid_i(valid_q),
      .element_o(element),
      /* verilator lint_off PINCONNECTEMPTY */
      .line_o(),
      /* verilator lint_on PINCONNECTEMPTY */
      .valid_o(result_valid),
      .out_line_o(line),
      .result_o(number)
  );

  assign tile_o = result_valid && line == '0 && number == '0;

  delay_line #(
      .Bits  (1),
      .Cycles(QuotientCycles)
  ) u_result (
      .clk_i,
      .data_i(result_valid & !rst_i),
      .data_o(result)
  );

  // What happens moves right with the sums.
  assign element_at[0] = element;
  assign result_at[0]  = result;
  for (genvar j = 1; j < Transforms; j++) begin : gen_move
    always_ff @(posedge clk_i) begin
      element_at[j] <= element_at[j-1];
      result_at[j]  <= result_at[j-1];
    end
  end

  for (genvar j = 0; j < Transforms; j++) begin : gen_column
    logic [AccumulatorBits-1:0] low, high, sum;

    always_comb begin
      low  = '0;
      high = '0;
      for (int unsigned g = 0; g < Groups; g++) begin
        if (g * Pairs + j < Columns) begin
          if (valid_i[g*Pairs+j]) begin
            low  |= low_i[g*Pairs+j];
            high |= high_i[g*Pairs+j];
          end
        end
      end
    end

    output_transform #(
        .AccumulatorBits(AccumulatorBits),
        .PartBits(PartBits)
    ) u_transform (
        .clk_i,
        .first_i(first_q),
        .second_i(second_q),
        .element_i(element_at[j]),
        .low_i(low),
        .high_i(high),
        .sum_o(sum)
    );

    assign valid_o[j] = winograd ? result_at[j] : valid_i[j];
    assign low_o[j] = winograd ? sum : low_i[j];
    assign high_o[j] = high_i[j];
  end

  for (genvar c = Pairs; c < Columns; c++) begin : gen_further
    assign valid_o[c] = valid_i[c] & !winograd;
    assign low_o[c] = low_i[c];
    assign high_o[c] = high_i[c];
  end

endmodule
