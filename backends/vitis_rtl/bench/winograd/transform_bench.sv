// Winograd's transforms between two records (see core_bench.sv): a tile's data into transformed ones, and its sums
// into outputs.
module transform_bench
  import winograd_pkg::*;
#(
    parameter int unsigned Lanes = 16,
    parameter int unsigned AccumulatorBits = 32,
    localparam int unsigned InBits = 6 + 8 * Lanes + 2 * AccumulatorBits,
    localparam int unsigned OutBits = 2 + 4 * IndexBits + 16 * Lanes + AccumulatorBits
) (
    input logic clk_i,
    input logic [InBits-1:0] in_i,
    output logic [OutBits-1:0] out_o
);

  logic rst, valid, data_valid, output_valid;
  logic [1:0] rows, columns;
  logic [Lanes-1:0][7:0] data;
  logic [AccumulatorBits-1:0] low, high, sum;
  logic [Lanes-1:0][15:0] result;
  index_t data_line, data_result, output_line, output_result;
  form_e row_form, column_form, data_first, data_second, output_first, output_second;
  element_t data_element, output_element;

  assign {high, low, data, columns, rows, valid, rst} = in_i;
  assign row_form = form_e'(rows);
  assign column_form = form_e'(columns);
  assign data_first = first_of(row_form);
  assign data_second = second_of(row_form, column_form);
  assign output_first = first_of(column_form);
  assign output_second = second_of(column_form, row_form);

  transform_order #(
      .Outputs(1'b0)
  ) u_data_order (
      .clk_i,
      .rst_i(rst),
      .first_i(data_first),
      .second_i(data_second),
      .valid_i(valid),
      .element_o(data_element),
      /* verilator lint_off PINCONNECTEMPTY */
      .line_o(),
      /* verilator lint_on PINCONNECTEMPTY */
      .valid_o(data_valid),
      .out_line_o(data_line),
      .result_o(data_result)
  );

  plane_transform #(
      .Lanes(Lanes)
  ) u_data (
      .clk_i,
      .first_i(data_first),
      .second_i(data_second),
      .element_i(data_element),
      .data_i(data),
      .result_o(result)
  );

  logic valid_q;
  always_ff @(posedge clk_i) valid_q <= valid;

  transform_order #(
      .Outputs(1'b1)
  ) u_output_order (
      .clk_i,
      .rst_i(rst),
      .first_i(output_first),
      .second_i(output_second),
      .valid_i(valid_q),
      .element_o(output_element),
      /* verilator lint_off PINCONNECTEMPTY */
      .line_o(),
      /* verilator lint_on PINCONNECTEMPTY */
      .valid_o(output_valid),
      .out_line_o(output_line),
      .result_o(output_result)
  );

  output_transform #(
      .AccumulatorBits(AccumulatorBits)
  ) u_output (
      .clk_i,
      .first_i(output_first),
      .second_i(output_second),
      .element_i(output_element),
      .low_i(low),
      .high_i(high),
      .sum_o(sum)
  );

  assign out_o = {
    sum, result, output_result, output_line, data_result, data_line, output_valid, data_valid
  };

endmodule
