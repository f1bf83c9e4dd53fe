// A lane: a sum becomes a byte OutputStage cycles later (docs/arithmetic.md, section 2). The
// parameters of a channel are kept in a register per stage that takes them, and come one after the other
// as the lane needs them: the bias in the cycle before the channel's first sum, then stage
// by stage the rest. So channels follow each other without a pause.
//
//   stage   of a sum
//   0       plus its bias
//   1       multiplier and shift by its sign
//   2 - 4   product
//   5 - 8   shifted, rounded, zero point added
//   9       clamped
//   10, 11  looked up
//   12      the byte
module lane
  import lanes_pkg::*;
#(
    parameter int unsigned ValueBits = LeastValueBits,
    parameter int unsigned FactorBits = 27
) (
    input logic clk_i,
    input load_t load_i,
    input parameters_t parameters_i,  // each field in the cycle of its own load
    output parameters_t parameters_o,  // as its stages have them
    input logic used_i,
    output logic used_o,
    // stage 0
    input logic [ValueBits-1:0] sum_i,
    input logic own_addend_i,  // in place of the bias
    input logic [BiasBits-1:0] addend_i,
    // The sum is 0, the multiplier comes, and its sign chooses the value among the parameters.
    input logic bend_i,
    input logic as_multiplier_i,  // it is positive
    // The sum is added to the product of this value, which comes a cycle before it, and the
    // multiplier: the byte is a cycle earlier.
    input logic joins_i,
    input logic [ByteBits-1:0] second_i,
    // stage 1
    input logic own_i,  // multiplier and shift in place of those by the sign
    input logic [MultiplierBits-1:0] multiplier_i,
    input logic [ShiftBits-1:0] shift_i,
    // of the layer
    input logic [ByteBits-1:0] zero_point_i,
    input logic look_up_i,
    input logic table_write_i,
    input logic [ByteBits-1:0] table_index_i,
    input logic [ByteBits-1:0] table_data_i,
    output logic [ByteBits-1:0] byte_o
);

  if (ValueBits < LeastValueBits) begin : gen_check
    $error("ValueBits: at least LeastValueBits, those of the vector unit.");
  end

  logic [BiasBits-1:0] bias_q;
  logic [MultiplierBits-1:0] multiplier_q, negative_multiplier_q;
  logic [ShiftBits-1:0] shift_q, negative_shift_q;
  logic [ByteBits-1:0] low_q, high_q;
  logic used_q;

  always_ff @(posedge clk_i) begin
    if (load_i.bias) bias_q <= parameters_i.bias;
    if (load_i.choice) begin
      multiplier_q <= parameters_i.multiplier;
      negative_multiplier_q <= parameters_i.negative_multiplier;
      shift_q <= parameters_i.shift;
      negative_shift_q <= parameters_i.negative_shift;
    end
    if (load_i.limits) begin
      low_q  <= parameters_i.low;
      high_q <= parameters_i.high;
    end
    if (load_i.used) used_q <= used_i;
  end

  assign parameters_o = '{
          bias: bias_q,
          multiplier: multiplier_q,
          negative_multiplier: negative_multiplier_q,
          shift: shift_q,
          negative_shift: negative_shift_q,
          low: low_q,
          high: high_q
      };
  assign used_o = used_q;

  // Stage 0. Behind the bias are further bits where it is the negative multiplier of a bent product.
  localparam int unsigned FurtherBits = LeastValueBits - BiasBits;
  logic [ValueBits-1:0] value_q, addend;
  logic [FurtherBits-1:0] further;

  always_comb begin
    further = {FurtherBits{bias_q[BiasBits-1]}};
    if (bend_i) further = negative_multiplier_q[FurtherBits-1:0];
    addend = {
      {(ValueBits - LeastValueBits + 1) {further[FurtherBits-1]}}, further[FurtherBits-2:0], bias_q
    };
    if (as_multiplier_i) addend = ValueBits'(multiplier_q);
    if (own_addend_i) addend = ValueBits'($signed(addend_i));
  end

  always_ff @(posedge clk_i) value_q <= sum_i + addend;

  // Stages 1 to 8.
  logic negative;
  logic [MultiplierBits-1:0] multiplier;
  logic [ShiftBits-1:0] shift, shift_later;
  logic [ValueBits+MultiplierBits-1:0] product;
  logic [ByteBits+2:0] value;
  logic beyond, below;

  always_comb begin
    negative = bend_i ? multiplier_i[MultiplierBits-1] : value_q[ValueBits-1];
    multiplier = negative ? negative_multiplier_q : multiplier_q;
    shift = negative ? negative_shift_q : shift_q;
    if (bend_i || own_i) multiplier = multiplier_i;
    if (own_i) shift = shift_i;
  end

  lane_product #(
      .ValueBits (ValueBits),
      .FactorBits(FactorBits)
  ) u_product (
      .clk_i,
      .joins_i,
      .second_i,
      .value_i(value_q),
      .multiplier_i(multiplier),
      .product_o(product)
  );

  delay_line #(
      .Bits  (ShiftBits),
      .Cycles(ProductCycles)
  ) u_shift_delay (
      .clk_i,
      .data_i(shift),
      .data_o(shift_later)
  );

  lane_shift #(
      .ProductBits(ValueBits + MultiplierBits)
  ) u_shift (
      .clk_i,
      .product_i(product),
      .shift_i(shift_later),
      .zero_point_i,
      .value_o(value),
      .beyond_o(beyond),
      .negative_o(below)
  );

  // Stage 9.
  logic under, over;
  logic [ByteBits-1:0] byte_q;

  assign under = beyond ? below : $signed(value) < (ByteBits + 3)'($signed(low_q));
  assign over  = beyond ? !below : $signed(value) > (ByteBits + 3)'($signed(high_q));

  always_ff @(posedge clk_i) begin
    if (over) byte_q <= high_q;
    else if (under) byte_q <= low_q;
    else byte_q <= value[ByteBits-1:0];
  end

  // Stages 10 to 12. Entry 0 is that of -128.
  logic [ByteBits-1:0] entry, plain;

  lane_table u_table (
      .clk_i,
      .write_i(table_write_i),
      .write_index_i(table_index_i),
      .write_data_i(table_data_i),
      .index_i({!byte_q[ByteBits-1], byte_q[ByteBits-2:0]}),
      .entry_o(entry)
  );

  delay_line #(
      .Bits  (ByteBits),
      .Cycles(TableCycles)
  ) u_plain_delay (
      .clk_i,
      .data_i(byte_q),
      .data_o(plain)
  );

  assign byte_o = !used_q ? '0 : look_up_i ? entry : plain;

endmodule
