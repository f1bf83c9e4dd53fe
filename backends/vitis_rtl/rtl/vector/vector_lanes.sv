// The lanes of the vector unit, 16 for each of Planes planes, and what they are told in each of their cycles.
module vector_lanes
  import post_pkg::*, vector_pkg::*;
#(
    parameter int unsigned Planes = 2,
    parameter int unsigned ValueBits = 36,
    localparam int unsigned Lanes = UnitBytes * Planes
) (
    input logic clk_i,
    /* verilator lint_off UNUSEDSIGNAL */  // each part takes what it needs of a pass
    input vector_pass_t pass_i,  // stays
    /* verilator lint_on UNUSEDSIGNAL */
    input slot_t slot_i,  // a cycle before its data
    input logic [Planes-1:0][UnitBits-1:0] input_i,
    input logic [Planes-1:0][UnitBits-1:0] resident_i,
    input logic table_write_i,
    input logic [ByteBits-1:0] table_index_i,
    input logic [ByteBits-1:0] table_data_i,
    output logic valid_o,  // a position's bytes, LaneCycles later than its last data
    output logic [Planes-1:0][UnitBits-1:0] bytes_o
);

  localparam int unsigned BiasCycle = 5;
  localparam int unsigned ChoiceCycle = 6;
  localparam int unsigned ClampCycle = ChoiceCycle + ClampStage - ChooseStage;
  localparam int unsigned LaneCycles = ChoiceCycle + OutputStage - ChooseStage;
  localparam int unsigned Loads = UnitBytes;  // slots that load the parameters of all lanes
  localparam int unsigned UnitLanes = Lanes / Loads;  // channels of such a slot

  // ---- cycle 0
  /* verilator lint_off UNUSEDSIGNAL */  // its source is known a cycle before
  slot_t slot_q;
  /* verilator lint_on UNUSEDSIGNAL */
  logic first_1_q;
  /* verilator lint_off UNUSEDSIGNAL */  // what is read of it is for others
  vector_source_t source;
  /* verilator lint_on UNUSEDSIGNAL */
  logic [ByteBits-1:0] zero_q;
  logic [MultiplierBits-1:0] factor_q, factor_1_q;
  logic [Planes-1:0] hold_q;
  logic add_2_q, add_3_q;

  assign source = pass_i.source[slot_i.source];

  always_ff @(posedge clk_i) begin
    slot_q <= slot_i;
    zero_q <= source.zero_point;
    factor_q <= source.factor;
    first_1_q <= slot_q.first;
    factor_1_q <= factor_q;
    for (int unsigned p = 0; p < Planes; p++) begin
      hold_q[p] <= slot_q.load ? pass_i.load == Factors && slot_q.load_number == 8'(p)
                               : slot_q.hold && pass_i.hold_first;
    end
    // The product of the first tap starts the sum; so does every one that is no sum's.
    add_2_q <= !first_1_q && !pass_i.largest && !pass_i.hold_first;
    add_3_q <= add_2_q;
  end

  // ---- parameters: those of a slot go to Planes lanes, field by field as they take them
  logic [Planes-1:0][UnitBits-1:0] resident_q;
  parameters_t [Planes-1:0] loaded, early;
  logic [Loads-1:0] loads_q, loads_bias, loads_choice, loads_clamp;

  always_ff @(posedge clk_i) begin
    resident_q <= resident_i;
    for (int unsigned l = 0; l < Loads; l++) begin
      loads_q[l] <= slot_q.load && (pass_i.load != Channels || slot_q.load_number == 8'(l));
    end
  end

  for (genvar p = 0; p < Planes; p++) begin : gen_parameters
    assign loaded[p] = pass_i.load == Channels ? unpacked(resident_q[p]) : pass_i.parameters;

    delay_line #(
        .Bits  (BiasBits),
        .Cycles(BiasCycle - 1)
    ) u_bias (
        .clk_i,
        .data_i(loaded[p].bias),
        .data_o(early[p].bias)
    );

    delay_line #(
        .Bits  (2 * MultiplierBits + 2 * ShiftBits),
        .Cycles(ChoiceCycle - 1)
    ) u_choice (
        .clk_i,
        .data_i({
          loaded[p].multiplier,
          loaded[p].negative_multiplier,
          loaded[p].shift,
          loaded[p].negative_shift
        }),
        .data_o({
          early[p].multiplier,
          early[p].negative_multiplier,
          early[p].shift,
          early[p].negative_shift
        })
    );

    delay_line #(
        .Bits  (2 * ByteBits),
        .Cycles(ClampCycle - 1)
    ) u_clamp (
        .clk_i,
        .data_i({loaded[p].high, loaded[p].low}),
        .data_o({early[p].high, early[p].low})
    );
  end

  delay_line #(
      .Bits  (Loads),
      .Cycles(BiasCycle - 1)
  ) u_loads_bias (
      .clk_i,
      .data_i(loads_q),
      .data_o(loads_bias)
  );

  delay_line #(
      .Bits  (Loads),
      .Cycles(ChoiceCycle - BiasCycle)
  ) u_loads_choice (
      .clk_i,
      .data_i(loads_bias),
      .data_o(loads_choice)
  );

  delay_line #(
      .Bits  (Loads),
      .Cycles(ClampCycle - ChoiceCycle)
  ) u_loads_clamp (
      .clk_i,
      .data_i(loads_choice),
      .data_o(loads_clamp)
  );

  // ---- multiplier and shift of a position
  /* verilator lint_off UNUSEDSIGNAL */  // some bits of an entry say nothing
  logic [31:0] entry_q;
  /* verilator lint_on UNUSEDSIGNAL */
  logic [MultiplierBits-1:0] own_multiplier;
  logic [ShiftBits-1:0] own_shift;

  always_ff @(posedge clk_i) entry_q <= resident_i[0][32*slot_q.entry+:32];

  delay_line #(
      .Bits  (MultiplierBits + ShiftBits),
      .Cycles(ChoiceCycle - 1)
  ) u_own (
      .clk_i,
      .data_i({entry_q[MultiplierBits+:ShiftBits], entry_q[MultiplierBits-1:0]}),
      .data_o({own_shift, own_multiplier})
  );

  // ---- the end
  logic [3:0] end_planes;
  logic end_chunk;
  logic [Lanes-1:0] used_q;

  delay_line #(
      .Bits  (5),
      .Cycles(LaneCycles - 1)
  ) u_end (
      .clk_i,
      .data_i({slot_q.final_chunk, slot_q.planes}),
      .data_o({end_chunk, end_planes})
  );

  delay_line #(
      .Bits  (1),
      .Cycles(LaneCycles)
  ) u_valid (
      .clk_i,
      .data_i(slot_q.tap && slot_q.last),
      .data_o(valid_o)
  );

  for (genvar l = 0; l < Lanes; l++) begin : gen_lane
    localparam int unsigned Plane = l / UnitBytes;
    localparam int unsigned Channel = l % UnitBytes;

    always_ff @(posedge clk_i) begin
      used_q[l] <= !end_chunk || end_planes != 4'(Plane) || pass_i.last_channels[Channel];
    end

    vector_lane #(
        .ValueBits(ValueBits)
    ) u_lane (
        .clk_i,
        .byte_i(input_i[Plane][Channel*ByteBits+:ByteBits]),
        .resident_i(resident_i[Plane][Channel*ByteBits+:ByteBits]),
        .take_resident_i(slot_q.load),
        .inside_i(slot_q.in_image),
        .pad_value_i(pass_i.pad_value),
        .input_zero_i(zero_q),
        .restart_i(first_1_q || !pass_i.largest),
        .hold_i(hold_q[Plane]),
        .operand_i(pass_i.operand),
        .factor_i(factor_1_q),
        .add_i(add_3_q),
        .load_bias_i(loads_bias[l/UnitLanes]),
        .load_choice_i(loads_choice[l/UnitLanes]),
        .load_clamp_i(loads_clamp[l/UnitLanes]),
        .parameters_i(early[l%UnitLanes]),
        .own_i(pass_i.walk.entries),
        .own_multiplier_i(own_multiplier),
        .own_shift_i(own_shift),
        .zero_point_i(pass_i.zero_point),
        .look_up_i(pass_i.look_up),
        .table_write_i,
        .table_index_i,
        .table_data_i,
        .used_i(used_q[l]),
        .byte_o(bytes_o[Plane][Channel*ByteBits+:ByteBits])
    );
  end

endmodule
