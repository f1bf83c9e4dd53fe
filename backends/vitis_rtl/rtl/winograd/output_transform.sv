// The sums of Winograd's positions of one output channel into those of its pixels, tile after tile: position by
// position they come, row by row of a tile, and column by column its outputs leave. A sum comes in two parts, as
// multipliers and accumulators have it: low + high 2^PartBits. transform_order.sv says what is where.
module output_transform
  import winograd_pkg::*;
#(
    parameter int unsigned AccumulatorBits = 32,
    parameter int unsigned PartBits = 18,
    localparam int unsigned ProductBits = AccumulatorBits + 6  // 576 takes six bits more
) (
    input logic clk_i,
    input form_e first_i,  // along the rows of a tile
    input form_e second_i,
    input element_t element_i,  // a cycle behind its sum
    input logic [AccumulatorBits-1:0] low_i,
    input logic [AccumulatorBits-1:0] high_i,
    output logic [AccumulatorBits-1:0] sum_o  // 6 cycles behind what transform_order.sv says
);

  typedef logic [ProductBits-1:0] product_t;

  product_t whole_q, product;

  always_ff @(posedge clk_i) begin
    whole_q <= product_t'(signed'(low_i)) + (product_t'(signed'(high_i)) << PartBits);
  end

  plane_transform #(
      .Lanes(1),
      .DataBits(ProductBits),
      .TurnBits(ProductBits),
      .ResultBits(ProductBits),
      .Outputs(1'b1)
  ) u_transform (
      .clk_i,
      .first_i,
      .second_i,
      .element_i,
      .data_i  (whole_q),
      .result_o(product)
  );

  exact_quotient #(
      .Bits(ProductBits),
      .SumBits(AccumulatorBits)
  ) u_quotient (
      .clk_i,
      .first_i,
      .second_i,
      .product_i(product),
      .sum_o
  );

endmodule
