// One lane of the vector unit: values of a channel, one per cycle, become a product, or a sum of products, or the
// largest of them times a factor; then a byte (docs/rtl/vector.md).
//
//   cycle   of a value
//   0       pad or value, less its zero point
//   1       the largest so far; what it is multiplied by
//   2 - 4   product, and sum of products
//   5       plus a bias
//   6 - 9   product with multiplier and shift by the sign
//   10 - 13 shifted, rounded, zero point added
//   14      clamped
//   15, 16  looked up
//   17      the byte
module vector_lane
  import post_pkg::*, vector_pkg::operand_e, vector_pkg::Factor, vector_pkg::Weight;
#(
    parameter int unsigned ValueBits = 36,
    parameter bit Normalises = 1'b1  // lrn.sv is there
) (
    input logic clk_i,
    // cycle 0
    input logic [ByteBits-1:0] byte_i,
    input logic [ByteBits-1:0] resident_i,
    input logic take_resident_i,
    input logic inside_i,
    input logic [ByteBits-1:0] pad_value_i,
    input logic [ByteBits-1:0] input_zero_i,
    // cycle 1
    input logic keep_i,  // the value before
    input logic restart_i,  // it is not compared with that
    input logic hold_i,
    input operand_e operand_i,
    input logic [MultiplierBits-1:0] factor_i,
    // cycle 3
    input logic add_i,
    // parameters, each field in the cycle of its own load
    input logic load_begin_i,  // all but the clamps
    input logic load_clamp_i,
    input parameters_t parameters_i,
    // pool_pkg::LaterCycles behind cycle 2: the window in place of the value
    input logic sweep_i,
    input logic [pool_pkg::WindowBits-1:0] window_i,
    // lrn_pkg::LaterCycles behind the cycles above: a step of the table in place of the first product's factors
    input logic normalise_i,
    /* verilator lint_off UNUSEDSIGNAL */  // where Normalises is 0
    input lrn_pkg::step_t step_i,
    input logic [lrn_pkg::FractionBits-1:0] fraction_i,
    /* verilator lint_on UNUSEDSIGNAL */
    output logic [ByteBits:0] centred_o,  // cycle 1
    // cycle 6: in place of multiplier and shift
    input logic bend_i,  // as vector_pkg.sv has it
    input logic own_i,
    input logic [MultiplierBits-1:0] own_multiplier_i,
    input logic [ShiftBits-1:0] own_shift_i,
    // of the layer
    input logic [ByteBits-1:0] zero_point_i,
    input logic look_up_i,
    input logic table_write_i,
    input logic [ByteBits-1:0] table_index_i,
    input logic [ByteBits-1:0] table_data_i,
    // cycle 17
    input logic used_i,
    output logic [ByteBits-1:0] byte_o
);

  localparam int unsigned CentredBits = ByteBits + 1;
  localparam int unsigned SliceCycles = 3;

  // ---- cycles 0 and 1
  logic [ByteBits-1:0] chosen, weight_q;
  logic signed [CentredBits-1:0] centred_q, largest_q, held_q;
  logic [MultiplierBits-1:0] operand_q;

  assign chosen = take_resident_i ? resident_i : inside_i ? byte_i : pad_value_i;

  always_ff @(posedge clk_i) begin
    centred_q <= CentredBits'($signed(chosen)) - CentredBits'($signed(input_zero_i));
    weight_q <= resident_i;
    if (!keep_i && (restart_i || centred_q > largest_q)) largest_q <= centred_q;
    if (hold_i) held_q <= centred_q;
    case (operand_i)
      Factor: operand_q <= factor_i;
      Weight: operand_q <= MultiplierBits'($signed(weight_q));
      default: operand_q <= MultiplierBits'(held_q);
    endcase
  end

  assign centred_o = centred_q;

  // ---- the factor of a sum of squares: that of its step, and a part of the way to the next one's
  logic signed [pool_pkg::WindowBits-1:0] taken;
  logic [FactorBits-1:0] first_factor;
  logic [MultiplierBits-1:0] second_factor, value_multiplier;
  logic [ShiftBits-1:0] value_shift;
  logic [CentredBits-1:0] value_centred;
  logic [lrn_pkg::FactorBits-1:0] step_factor;

  assign taken = sweep_i ? window_i : pool_pkg::WindowBits'(largest_q);

  if (Normalises) begin : gen_normalise
    assign first_factor = normalise_i ? FactorBits'($signed(step_i.difference)) :
                          FactorBits'(taken);
    assign second_factor = normalise_i ? MultiplierBits'(fraction_i) : operand_q;

    delay_line #(
        .Bits  (lrn_pkg::FactorBits),
        .Cycles(SliceCycles)
    ) u_step_factor (
        .clk_i,
        .data_i(step_i.factor),
        .data_o(step_factor)
    );

    delay_line #(
        .Bits  (ShiftBits),
        .Cycles(SliceCycles + 1)
    ) u_step_shift (
        .clk_i,
        .data_i(step_i.shift),
        .data_o(value_shift)
    );

    delay_line #(
        .Bits  (CentredBits),
        .Cycles(lrn_pkg::NormaliseCycles + SliceCycles + 1)
    ) u_value (
        .clk_i,
        .data_i(centred_q),
        .data_o(value_centred)
    );
  end else begin : gen_plain
    assign first_factor = FactorBits'(taken);
    assign second_factor = operand_q;
    assign step_factor = '0;
    assign value_shift = '0;
    assign value_centred = '0;
  end

  assign value_multiplier = MultiplierBits'($signed(value_centred));

  // ---- cycles 2 to 4
  /* verilator lint_off UNUSEDSIGNAL */  // no sum is longer than a value
  logic [SumBits-1:0] sum;
  /* verilator lint_on UNUSEDSIGNAL */

  vector_slice u_slice (
      .clk_i,
      .a_i(first_factor),
      .b_i(second_factor),
      .add_i,
      .sum_o(sum)
  );

  // ---- parameters
  logic [BiasBits-1:0] bias_q;
  logic [MultiplierBits-1:0] multiplier_q, negative_multiplier_q, multiplier;
  logic [ShiftBits-1:0] shift_q, negative_shift_q, shift, shift_later;
  logic [ByteBits-1:0] low_q, high_q;

  always_ff @(posedge clk_i) begin
    if (load_begin_i) begin
      bias_q <= parameters_i.bias;
      multiplier_q <= parameters_i.multiplier;
      negative_multiplier_q <= parameters_i.negative_multiplier;
      shift_q <= parameters_i.shift;
      negative_shift_q <= parameters_i.negative_shift;
    end
    if (load_clamp_i) begin
      low_q  <= parameters_i.low;
      high_q <= parameters_i.high;
    end
  end

  // ---- cycles 5 to 13
  logic [ValueBits-1:0] value_q, begun, addend;
  logic [MultiplierBits-1:0] product_q;
  logic negative;
  logic [ValueBits+MultiplierBits-1:0] product;
  logic [ByteBits+2:0] value;
  logic beyond, below;

  always_ff @(posedge clk_i) begin
    value_q   <= begun + addend;
    product_q <= sum[MultiplierBits-1:0];
  end

  always_comb begin
    begun = sum[ValueBits-1:0];
    addend = ValueBits'($signed(bias_q));
    if (bend_i) begin
      begun = sum[MultiplierBits-1] ? {negative_multiplier_q[ValueBits-BiasBits-1:0], bias_q} :
              ValueBits'(multiplier_q);
      addend = '0;
    end
    if (Normalises && normalise_i) begin
      begun = ValueBits'($signed(sum) >>> lrn_pkg::FractionBits);
      addend = ValueBits'(step_factor);
    end
  end

  always_comb begin
    negative = bend_i ? product_q[MultiplierBits-1] : value_q[ValueBits-1];
    multiplier = negative ? negative_multiplier_q : multiplier_q;
    shift = negative ? negative_shift_q : shift_q;
    // The product of two values has so few bits that it is the multiplier, and its multiplier the value.
    if (bend_i) multiplier = product_q;
    if (own_i) begin
      multiplier = own_multiplier_i;
      shift = own_shift_i;
    end
    if (normalise_i) begin
      multiplier = value_multiplier;
      shift = value_shift;
    end
  end

  post_product #(
      .ValueBits(ValueBits)
  ) u_product (
      .clk_i,
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

  post_shift #(
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

  // ---- cycle 14
  logic under, over;
  logic [ByteBits-1:0] byte_q;

  assign under = beyond ? below : $signed(value) < (ByteBits + 3)'($signed(low_q));
  assign over  = beyond ? !below : $signed(value) > (ByteBits + 3)'($signed(high_q));

  always_ff @(posedge clk_i) begin
    if (over) byte_q <= high_q;
    else if (under) byte_q <= low_q;
    else byte_q <= value[ByteBits-1:0];
  end

  // ---- cycles 15 to 17. Entry 0 is that of -128.
  logic [ByteBits-1:0] entry, plain;

  post_table u_table (
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

  assign byte_o = !used_i ? '0 : look_up_i ? entry : plain;

endmodule
