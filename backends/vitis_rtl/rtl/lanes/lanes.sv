// The lanes of both engines, of which one runs at a time: POST's take the first 2 Pairs of them, the vector unit 16 for
// each of its planes. What an engine says is registered where it stays for a pass; sums and loads of the one that does not
// run are 0, so that those of both are only joined.
//
// POST's pairs work one behind the other, a cycle each: loads move right with the sums. Where a row is a channel, its
// parameters move right too, from pair to pair, stage by stage. The vector unit's lanes all work in the same cycle.
module lanes
  import lanes_pkg::*;
#(
    parameter int unsigned Pairs = 8,
    parameter int unsigned Planes = 2,
    parameter int unsigned ValueBits = LeastValueBits,
    parameter int unsigned FactorBits = 27,
    localparam int unsigned PostLanes = 2 * Pairs,
    localparam int unsigned VectorLanes = UnitBytes * Planes,
    localparam int unsigned Lanes = PostLanes > VectorLanes ? PostLanes : VectorLanes
) (
    input logic clk_i,
    input logic vector_i,  // the vector unit runs, else POST; stays until it is done
    input post_lanes_t post_i,
    input logic [PostLanes-1:0][ValueBits-1:0] post_sum_i,
    input vector_lanes_t vector_said_i,
    input parameters_t [Planes-1:0] vector_parameters_i,  // of lane l those of l mod Planes
    input vector_value_t [VectorLanes-1:0] vector_value_i,
    // of POST's layer
    input logic [ByteBits-1:0] zero_point_i,
    input logic look_up_i,
    // of either
    input logic table_write_i,
    input logic [ByteBits-1:0] table_index_i,
    input logic [ByteBits-1:0] table_data_i,
    output logic [Lanes-1:0][ByteBits-1:0] bytes_o
);

  // Parameters of so many neighbouring lanes are chosen once.
  localparam int unsigned Buses = Planes % 2 == 0 ? Planes : 2 * Planes;

  // ---- what stays for a pass
  logic vector_q, by_channel_q, bend_q, joins_q, own_q, own_addend_q, look_up_q;
  logic [ByteBits-1:0] zero_point_q;

  always_ff @(posedge clk_i) begin
    vector_q <= vector_i;
    by_channel_q <= !vector_i & post_i.by_channel;
    bend_q <= vector_i & vector_said_i.bend;
    joins_q <= vector_i & vector_said_i.joins;
    own_q <= vector_i & vector_said_i.own;
    own_addend_q <= vector_i & vector_said_i.own_addend;
    look_up_q <= vector_i ? vector_said_i.look_up : look_up_i;
    zero_point_q <= vector_i ? vector_said_i.zero_point : zero_point_i;
  end

  // ---- parameters on their way to all lanes
  parameters_t [Buses-1:0] bus;

  for (genvar b = 0; b < Buses; b++) begin : gen_bus
    assign bus[b] = vector_q ? vector_parameters_i[b%Planes] : post_i.parameters[b%2];
  end

  // ---- POST's loads move right
  load_t [Pairs-1:0] load_at;

  assign load_at[0] = post_i.load;
  for (genvar j = 1; j < Pairs; j++) begin : gen_move
    always_ff @(posedge clk_i) load_at[j] <= load_at[j-1];
  end

  /* verilator lint_off UNUSEDSIGNAL */  // those of the last lanes move nowhere
  parameters_t [Lanes-1:0] parameters_at;  // in the stages of each lane
  logic [Lanes-1:0] used_at;
  /* verilator lint_on UNUSEDSIGNAL */

  for (genvar l = 0; l < Lanes; l++) begin : gen_lane
    load_t post_load, vector_load, load;
    logic post_used, used, as_multiplier;
    logic [LeastValueBits-1:0] vector_sum;
    logic [ValueBits-1:0] post_sum, sum;
    vector_value_t value;
    parameters_t parameters;

    if (l < PostLanes) begin : gen_post
      assign post_load = load_at[l/2];
      assign post_sum  = post_sum_i[l];
      if (l < 2) begin : gen_first
        assign parameters = bus[l%Buses];
        assign post_used  = post_i.used[l%2];
      end else begin : gen_further
        assign parameters = by_channel_q ? parameters_at[l-2] : bus[l%Buses];
        assign post_used  = by_channel_q ? used_at[l-2] : post_i.used[l%2];
      end
    end else begin : gen_no_post
      assign post_load  = '0;
      assign post_sum   = '0;
      assign parameters = bus[l%Buses];
      assign post_used  = 1'b0;
    end

    if (l < VectorLanes) begin : gen_vector
      assign value = vector_value_i[l];
      assign vector_load = '{
              bias: vector_said_i.load[l/Planes],
              choice: vector_said_i.load[l/Planes],
              limits: vector_said_i.load_limits[l/Planes],
              used: vector_q
          };
    end else begin : gen_no_vector
      assign value = '0;
      assign vector_load = '0;
    end

    assign load = post_load | vector_load;
    assign vector_sum = value.sum;
    assign sum = post_sum | {
      {(ValueBits - LeastValueBits + 1) {vector_sum[LeastValueBits-1]}},
      vector_sum[LeastValueBits-2:0]
    };
    assign used = vector_q ? value.used : post_used;
    assign as_multiplier = bend_q & value.as_multiplier;

    lane #(
        .ValueBits (ValueBits),
        .FactorBits(FactorBits)
    ) u_lane (
        .clk_i,
        .load_i(load),
        .parameters_i(parameters),
        .parameters_o(parameters_at[l]),
        .used_i(used),
        .used_o(used_at[l]),
        .sum_i(sum),
        .own_addend_i(own_addend_q),
        .addend_i(value.addend),
        .bend_i(bend_q),
        .as_multiplier_i(as_multiplier),
        .joins_i(joins_q),
        .second_i(value.second),
        .own_i(own_q),
        .multiplier_i(value.multiplier),
        .shift_i(value.shift),
        .zero_point_i(zero_point_q),
        .look_up_i(look_up_q),
        .table_write_i,
        .table_index_i,
        .table_data_i,
        .byte_o(bytes_o[l])
    );
  end

endmodule
