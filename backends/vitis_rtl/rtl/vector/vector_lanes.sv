// The lanes of the vector unit, 16 for each of Planes planes, as far as they are its own, and what they and those that
// make bytes (lanes.sv) are told in each of their cycles.
module vector_lanes
  import lanes_pkg::*, vector_pkg::*;
#(
    parameter int unsigned Planes = 2,
    parameter int unsigned FactorBits = 27,
    parameter bit Normalises = 1'b1,
    parameter int unsigned PoolDepth = 512,
    // A unit before those of the planes, and one behind them, where neighbours count.
    localparam int unsigned Kept = Planes + (Normalises ? 2 : 0),
    localparam int unsigned Lanes = UnitBytes * Planes
) (
    input logic clk_i,
    /* verilator lint_off UNUSEDSIGNAL */  // each part takes what it needs of a pass
    input vector_pass_t pass_i,  // stays
    /* verilator lint_on UNUSEDSIGNAL */
    input logic busy_i,  // with a pass
    input slot_t slot_i,  // two cycles before its data
    input logic [Kept-1:0][UnitBits-1:0] input_i,
    input logic [Planes-1:0][UnitBits-1:0] second_i,  // of the last source, where a pass joins
    input logic [Planes-1:0][UnitBits-1:0] resident_i,
    output vector_lanes_t lanes_o,
    output parameters_t [Planes-1:0] parameters_o,
    output vector_value_t [Lanes-1:0] values_o,  // their sums are 0 where the unit is not busy
    output logic valid_o  // a position's bytes, LaneCycles later than its last data; joined, less
);

  localparam int unsigned BiasCycle = 5;
  localparam int unsigned ChoiceCycle = 6;
  localparam int unsigned ClampCycle = ChoiceCycle + ClampStage - ChooseStage;
  localparam int unsigned LaneCycles = ChoiceCycle + OutputStage - ChooseStage;
  // Of parameters, all but the clamps.
  localparam int unsigned BeginBits = BiasBits + 2 * (MultiplierBits + ShiftBits);
  localparam int unsigned Loads = UnitBytes;  // slots that load the parameters of all lanes
  localparam int unsigned TurnBits = $clog2(UnitBytes);
  localparam int unsigned First = Normalises ? 1 : 0;  // unit of the planes'

  // ---- cycles -1 and 0
  /* verilator lint_off UNUSEDSIGNAL */  // some of it is known a cycle before
  slot_t slot_early_q, slot_q;
  /* verilator lint_on UNUSEDSIGNAL */
  logic first_1_q;
  /* verilator lint_off UNUSEDSIGNAL */  // what is read of it is for others
  vector_source_t source_q;
  /* verilator lint_on UNUSEDSIGNAL */
  logic [ByteBits-1:0] zero_q;
  logic [MultiplierBits-1:0] factor_q, factor_1_q;
  logic [Planes-1:0] hold_q;
  logic [TurnBits-1:0] turn_q;
  logic [Planes-1:0][UnitBytes-1:0] keep_q;
  logic add_2_q, add_3_q, sweep;

  // Factors that are loaded are a second source's.
  always_ff @(posedge clk_i) begin
    source_q <=
        pass_i.source[slot_i.load&&pass_i.load==Factors ? SourceBits'(1) : slot_i.source];
    slot_early_q <= slot_i;
    slot_q <= slot_early_q;
    zero_q <= source_q.zero_point;
    turn_q <= pass_i.merge ? source_q.first_channel[TurnBits-1:0] : '0;
    factor_q <= source_q.factor;
    first_1_q <= slot_q.first;
    factor_1_q <= factor_q;
    for (int unsigned p = 0; p < Planes; p++) begin
      hold_q[p] <= slot_q.load ? pass_i.load == Factors && slot_q.number == lrn_pkg::IndexBits'(p)
                               : slot_q.hold && pass_i.hold_first;
    end
    // The product of the first tap starts the sum; so does every one that is no sum's.
    add_2_q <= !first_1_q && !pass_i.largest && !pass_i.hold_first && !pass_i.normalise &&
               !pass_i.merge && !pass_i.sweep;
    add_3_q <= add_2_q;
  end

  // ---- merging: a source's channels turned to where they belong, and which of them a tap is
  logic [Planes-1:0][UnitBits-1:0] turned;
  // Where a plane is: behind the source's first channel or with it, before its end or with that.
  logic [Planes-1:0] from_q, at_first_q, to_q, at_end_q;
  logic [TurnBits-1:0] end_q;

  always_ff @(posedge clk_i) begin
    end_q <= source_q.end_channel[TurnBits-1:0];
    for (int unsigned p = 0; p < Planes; p++) begin
      from_q[p] <= slot_early_q.plane + count_t'(p) > source_q.first_channel >> TurnBits;
      at_first_q[p] <= slot_early_q.plane + count_t'(p) == source_q.first_channel >> TurnBits;
      to_q[p] <= slot_early_q.plane + count_t'(p) < source_q.end_channel >> TurnBits;
      at_end_q[p] <= slot_early_q.plane + count_t'(p) == source_q.end_channel >> TurnBits;
    end
    for (int unsigned p = 0; p < Planes; p++) begin
      for (int unsigned c = 0; c < UnitBytes; c++) begin
        keep_q[p][c] <= pass_i.merge && !(
            (from_q[p] || (at_first_q[p] && TurnBits'(c) >= turn_q)) &&
            (to_q[p] || (at_end_q[p] && TurnBits'(c) < end_q)) &&
            (slot_q.second == (TurnBits'(c) >= turn_q))
        );
      end
    end
  end

  // The first of two taps is the unit whose last channels come first.
  for (genvar p = 0; p < Planes; p++) begin : gen_turn
    merge_turn u_turn (
        .unit_i(input_i[First+p]),
        .turn_i(turn_q),
        .unit_o(turned[p])
    );
  end

  // ---- parameters: those of a slot go to Planes lanes, field by field as they take them
  logic [Planes-1:0][UnitBits-1:0] resident_q;
  parameters_t [Planes-1:0] loaded, early;
  logic [Loads-1:0] loads_q, loads_bias, loads_soon, loads_later;

  always_ff @(posedge clk_i) begin
    resident_q <= resident_i;
    for (int unsigned l = 0; l < Loads; l++) begin
      loads_q[l] <= slot_q.load &&
                    (pass_i.load != Channels || slot_q.number == lrn_pkg::IndexBits'(l));
    end
  end

  for (genvar p = 0; p < Planes; p++) begin : gen_parameters
    assign loaded[p] = pass_i.load == Channels ? unpacked(resident_q[p]) : pass_i.parameters;

    delay_line #(
        .Bits  (BeginBits),
        .Cycles(BiasCycle - 1)
    ) u_begin (
        .clk_i,
        .data_i(loaded[p][BeginBits-1:0]),
        .data_o(early[p][BeginBits-1:0])
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
      .Cycles(ClampCycle - BiasCycle - JoinCycles)
  ) u_loads_soon (
      .clk_i,
      .data_i(loads_bias),
      .data_o(loads_soon)
  );

  delay_line #(
      .Bits  (Loads),
      .Cycles(JoinCycles)
  ) u_loads_later (
      .clk_i,
      .data_i(loads_soon),
      .data_o(loads_later)
  );

  // ---- multiplier and shift of a position
  /* verilator lint_off UNUSEDSIGNAL */  // some bits of an entry say nothing
  logic [31:0] entry_q;
  /* verilator lint_on UNUSEDSIGNAL */
  logic [MultiplierBits-1:0] early_multiplier, swept_multiplier, own_multiplier;
  logic [ShiftBits-1:0] early_shift, swept_shift, own_shift;

  always_ff @(posedge clk_i) entry_q <= resident_i[0][32*slot_q.entry+:32];

  delay_line #(
      .Bits  (MultiplierBits + ShiftBits),
      .Cycles(ChoiceCycle - 1)
  ) u_own (
      .clk_i,
      .data_i({entry_q[MultiplierBits+:ShiftBits], entry_q[MultiplierBits-1:0]}),
      .data_o({early_shift, early_multiplier})
  );

  // ---- what a value's neighbours make of it: squares of the channels that are some
  /* verilator lint_off UNUSEDSIGNAL */  // where Normalises is 0
  logic [Lanes-1:0][pool_pkg::CentredBits-1:0] centred;
  /* verilator lint_on UNUSEDSIGNAL */
  lrn_pkg::step_t [Lanes-1:0] step;
  logic [Lanes-1:0][lrn_pkg::FractionBits-1:0] fraction;

  if (Normalises) begin : gen_normalise
    localparam int unsigned Reach = lrn_pkg::Reach;
    localparam int unsigned EntryBits = 64;

    logic [Reach-1:0][ByteBits:0] before_q, behind_q;
    logic [Reach-1:0] before_used_q, behind_used_q;
    logic [Lanes-1:0] own_used_q;
    /* verilator lint_off UNUSEDSIGNAL */  // some bits of an entry say nothing
    logic [EntryBits-1:0] entry_data_q;
    /* verilator lint_on UNUSEDSIGNAL */
    logic entry_write_q;
    logic [lrn_pkg::IndexBits-1:0] entry_index_q;

    always_ff @(posedge clk_i) begin
      for (int unsigned k = 0; k < Reach; k++) begin
        before_q[k] <= (ByteBits + 1)'($signed(
            input_i[0][(UnitBytes-Reach+k)*ByteBits+:ByteBits]
        )) - (ByteBits + 1)'($signed(
            zero_q
        ));
        behind_q[k] <= (ByteBits + 1)'($signed(input_i[Kept-1][k*ByteBits+:ByteBits])) -
                       (ByteBits + 1)'($signed(zero_q));
        before_used_q[k] <= !slot_q.first_chunk;
        behind_used_q[k] <= !slot_q.final_chunk &&
                            (!slot_q.plane_behind || pass_i.last_channels[k]);
      end
      for (int unsigned l = 0; l < Lanes; l++) begin
        own_used_q[l] <= !slot_q.final_chunk || 4'(l / UnitBytes) < slot_q.planes ||
                         (4'(l / UnitBytes) == slot_q.planes && pass_i.last_channels[l%UnitBytes]);
      end
      entry_data_q  <= resident_i[0][EntryBits*slot_q.number[0]+:EntryBits];
      entry_write_q <= slot_q.table_entry;
      entry_index_q <= slot_q.number;
    end

    lrn #(
        .Lanes(Lanes)
    ) u_lrn (
        .clk_i,
        .value_i({behind_q, centred, before_q}),
        .used_i({behind_used_q, own_used_q, before_used_q}),
        .before_i(pass_i.channels_before),
        .behind_i(pass_i.channels_behind),
        .table_write_i(entry_write_q),
        .table_index_i(entry_index_q),
        .table_data_i(entry_data_q[$bits(lrn_pkg::step_t)-1:0]),
        .step_o(step),
        .fraction_o(fraction)
    );
  end else begin : gen_plain
    assign step = '0;
    assign fraction = '0;
  end

  // ---- the end
  logic [3:0] end_planes, soon_planes, early_planes, swept_planes, late_planes;
  logic end_chunk, soon_chunk, early_chunk, swept_chunk, late_chunk;
  logic soon_valid, early_valid, swept_valid, late_valid;

  delay_line #(
      .Bits  (5),
      .Cycles(LaneCycles - JoinCycles - 1)
  ) u_end (
      .clk_i,
      .data_i({slot_q.final_chunk, slot_q.planes}),
      .data_o({soon_chunk, soon_planes})
  );

  delay_line #(
      .Bits  (1),
      .Cycles(LaneCycles - JoinCycles)
  ) u_valid (
      .clk_i,
      .data_i(slot_q.tap && slot_q.last),
      .data_o(soon_valid)
  );

  delay_line #(
      .Bits  (6),
      .Cycles(JoinCycles)
  ) u_early (
      .clk_i,
      .data_i({soon_valid, soon_chunk, soon_planes}),
      .data_o({early_valid, early_chunk, early_planes})
  );

  // ---- the windows that end at pixels
  logic [Lanes-1:0][pool_pkg::WindowBits-1:0] window;

  if (PoolDepth != 0) begin : gen_pool
    pool #(
        .Planes(Planes),
        .Depth (PoolDepth)
    ) u_pool (
        .clk_i,
        .largest_i(pass_i.largest),
        .rows_i(pass_i.window_rows),
        .columns_i(pass_i.window_columns),
        .valid_i(slot_early_q.tap),
        .row_first_i(slot_early_q.row_first),
        .column_i(slot_early_q.column),
        .value_i(centred),
        .window_o(window)
    );

    delay_line #(
        .Bits  (6 + MultiplierBits + ShiftBits),
        .Cycles(pool_pkg::LaterCycles)
    ) u_later (
        .clk_i,
        .data_i({early_valid, early_chunk, early_planes, early_shift, early_multiplier}),
        .data_o({swept_valid, swept_chunk, swept_planes, swept_shift, swept_multiplier})
    );
  end else begin : gen_no_pool
    assign window = '0;
    assign {swept_valid, swept_chunk, swept_planes, swept_shift, swept_multiplier} = '0;
  end

  if (Normalises) begin : gen_later
    delay_line #(
        .Bits  (6),
        .Cycles(lrn_pkg::LaterCycles)
    ) u_later (
        .clk_i,
        .data_i({early_valid, early_chunk, early_planes}),
        .data_o({late_valid, late_chunk, late_planes})
    );
  end else begin : gen_never
    assign {late_valid, late_chunk, late_planes} = '0;
  end

  assign sweep = PoolDepth != 0 && pass_i.sweep;
  assign {own_shift, own_multiplier} = sweep ? {swept_shift, swept_multiplier} :
                                       {early_shift, early_multiplier};

  always_comb begin
    {valid_o, end_chunk, end_planes} = {early_valid, early_chunk, early_planes};
    if (pass_i.joins) {valid_o, end_chunk, end_planes} = {soon_valid, soon_chunk, soon_planes};
    if (sweep) {valid_o, end_chunk, end_planes} = {swept_valid, swept_chunk, swept_planes};
    if (pass_i.normalise) {valid_o, end_chunk, end_planes} = {late_valid, late_chunk, late_planes};
  end

  // ---- the lanes
  logic plain_q, shifted_q;

  always_ff @(posedge clk_i) begin
    plain_q   <= busy_i && !pass_i.bend && !pass_i.normalise;
    shifted_q <= busy_i && pass_i.normalise;
  end

  assign lanes_o = '{
          bend: pass_i.bend,
          joins: pass_i.joins,
          own: pass_i.walk.entries || pass_i.normalise,
          own_addend: pass_i.normalise,
          look_up: pass_i.look_up,
          zero_point: pass_i.zero_point,
          load: loads_bias,
          load_limits: pass_i.joins ? loads_soon : loads_later
      };
  assign parameters_o = early;

  for (genvar l = 0; l < Lanes; l++) begin : gen_lane
    localparam int unsigned Plane = l / UnitBytes;
    localparam int unsigned Channel = l % UnitBytes;
    logic used;

    assign used = !end_chunk || end_planes != 4'(Plane) || pass_i.last_channels[Channel];

    vector_lane #(
        .FactorBits(FactorBits),
        .Normalises(Normalises)
    ) u_lane (
        .clk_i,
        .byte_i(turned[Plane][Channel*ByteBits+:ByteBits]),
        .second_i(second_i[Plane][Channel*ByteBits+:ByteBits]),
        .resident_i(resident_i[Plane][Channel*ByteBits+:ByteBits]),
        .take_resident_i(slot_q.load),
        .inside_i(slot_q.in_image),
        .pad_value_i(pass_i.pad_value),
        .input_zero_i(zero_q),
        .keep_i(keep_q[Plane][Channel]),
        .restart_i(first_1_q || !pass_i.largest),
        .hold_i(hold_q[Plane]),
        .operand_i(pass_i.operand),
        .factor_i(factor_1_q),
        .add_i(add_3_q),
        .sweep_i(sweep),
        .window_i(window[l]),
        .normalise_i(pass_i.normalise),
        .step_i(step[l]),
        .fraction_i(fraction[l]),
        .centred_o(centred[l]),
        .plain_i(plain_q),
        .shifted_i(shifted_q),
        .own_i(pass_i.walk.entries),
        .own_multiplier_i(own_multiplier),
        .own_shift_i(own_shift),
        .used_i(used),
        .value_o(values_o[l])
    );
  end

endmodule
