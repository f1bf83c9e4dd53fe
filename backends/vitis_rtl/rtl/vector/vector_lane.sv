// What one lane of the vector unit has in front of the lane that makes its bytes (lane.sv): values of a channel, one per
// cycle, become a product, or a sum of products, or the largest of them times a factor (docs/rtl/vector.md).
//
//   cycle   of a value
//   0       pad or value, less its zero point
//   1       the largest so far; what it is multiplied by
//   2 - 4   product, and sum of products
//   5       stage 0 of lane.sv
module vector_lane
  import lanes_pkg::*, vector_pkg::operand_e, vector_pkg::Factor, vector_pkg::Weight,
         vector_pkg::JoinCycles;
#(
    parameter int unsigned FactorBits = 27,
    parameter bit Normalises = 1'b1  // lrn.sv is there
) (
    input logic clk_i,
    // cycle 0
    input logic [ByteBits-1:0] byte_i,
    input logic [ByteBits-1:0] second_i,
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
    // cycle 5: what of the product begins a value, neither where it is bent (vector_pkg.sv)
    input logic plain_i,
    input logic shifted_i,  // a normalisation's
    // cycle 6: in place of multiplier and shift
    input logic own_i,
    input logic [MultiplierBits-1:0] own_multiplier_i,
    input logic [ShiftBits-1:0] own_shift_i,
    // cycle 16
    input logic used_i,
    output vector_value_t value_o
);

  localparam int unsigned CentredBits = ByteBits + 1;
  localparam int unsigned SliceCycles = 3;
  localparam int unsigned SecondCycle = 2 + SliceCycles - JoinCycles;

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
  logic signed [SumBits-1:0] sum;

  vector_slice #(
      .FactorBits(FactorBits)
  ) u_slice (
      .clk_i,
      .a_i(first_factor),
      .b_i(second_factor),
      .add_i,
      .sum_o(sum)
  );

  // ---- a second value, for the slices of lane.sv
  logic [ByteBits-1:0] second;

  delay_line #(
      .Bits  (ByteBits),
      .Cycles(SecondCycle)
  ) u_second (
      .clk_i,
      .data_i(second_i),
      .data_o(second)
  );

  // ---- cycles 5 and 6
  logic [LeastValueBits-1:0] begun;
  logic [MultiplierBits-1:0] product_q, multiplier;
  logic [ShiftBits-1:0] shift;

  // The product of two values has so few bits that it is the multiplier, where its multiplier is the value.
  always_ff @(posedge clk_i) product_q <= sum[MultiplierBits-1:0];

  always_comb begin
    begun = '0;
    if (plain_i) begun = LeastValueBits'(sum);
    if (Normalises && shifted_i) begun = LeastValueBits'(sum >>> lrn_pkg::FractionBits);
  end

  always_comb begin
    multiplier = own_i ? own_multiplier_i : product_q;
    shift = own_shift_i;
    if (Normalises && normalise_i) begin
      multiplier = value_multiplier;
      shift = value_shift;
    end
  end

  assign value_o = '{
          used: used_i,
          shift: shift,
          multiplier: multiplier,
          as_multiplier: !sum[MultiplierBits-1],
          addend: BiasBits'(step_factor),
          sum: begun,
          second: second
      };

endmodule
