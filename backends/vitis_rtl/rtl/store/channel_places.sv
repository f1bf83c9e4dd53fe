// Where inputs stay, what comes of a chunk is plane by plane 16 sets of Planes positions each; this is where a set
// belongs in the output buffer. Rows are counted in whole sets, so that no set has positions of two. The next chunk
// goes on behind the positions of the one before.
module channel_places
  import store_pkg::*, post_pkg::chunk_t;
#(
    parameter int unsigned Planes = 1,  // positions of a set
    parameter int unsigned PlaceBits = 12,
    parameter int unsigned PhaseBits = 2,
    parameter int unsigned HalfUnits = 2048
) (
    input logic clk_i,
    input logic start_i,  // of a block
    /* verilator lint_off UNUSEDSIGNAL */  // each part takes what it needs of a block
    input store_block_t next_i,  // with the start
    input store_block_t block_i,  // from then on
    input chunk_t chunk_i,
    /* verilator lint_on UNUSEDSIGNAL */
    input logic valid_i,  // a set
    output logic end_o,  // it is the last one of its chunk
    output logic [Planes-1:0] used_o,  // its positions that are some
    output logic [CountBits-1:0] unit_o,  // of the first one, within its plane
    output logic [PlaceBits-1:0] base_o,  // the first unit of the plane
    output logic [PhaseBits-1:0] turn_o  // by its number
);

  localparam int unsigned Sets = UnitBytes;
  localparam int unsigned SetBits = $clog2(Sets);
  localparam int unsigned UnitSets = Sets / Planes;  // of 16 positions

  typedef struct packed {
    logic [CountBits-1:0] unit;
    logic [CountBits-1:0] columns_left;
    logic [CountBits-1:0] rows_left;
  } place_t;

  place_t first, begin_q, at_q, at;  // of the block, of the chunk, of this set, and behind it
  logic [SetBits-1:0] set_q;
  // Of the chunk and the plane, a cycle behind: a plane's first set has positions, and is not its last one.
  logic [SetBits:0] sets_q;
  logic last_plane_q;
  logic [CountBits-1:0] plane_q;
  logic [PlaceBits-1:0] base_q;
  logic [CountBits-1:0] row_step_q;  // from the last set of a row to the next row
  logic [CountBits-1:0] last_step;
  logic row_end, last_set, used;

  assign first = '{unit: '0, columns_left: next_i.columns, rows_left: next_i.rows};
  // The units of a row, which end at a multiple of four, from its last set on.
  assign last_step = (next_i.columns + CountBits'(3)) / CountBits'(4) * CountBits'(4) -
                     (next_i.columns - 1'b1) / CountBits'(Planes) * CountBits'(Planes);
  assign row_end = at_q.columns_left <= CountBits'(Planes);
  assign last_set = set_q == SetBits'(Sets - 1);
  assign used = {1'b0, set_q} < sets_q && at_q.rows_left != 0;
  for (genvar k = 0; k < Planes; k++) begin : gen_used
    assign used_o[k] = used && at_q.columns_left > CountBits'(k);
  end
  assign end_o = last_set & last_plane_q;
  assign unit_o = at_q.unit;
  assign base_o = base_q;
  assign turn_o = PhaseBits'(plane_q);

  always_comb begin
    at.unit = at_q.unit + (row_end ? row_step_q : CountBits'(Planes));
    at.columns_left = row_end ? block_i.columns : at_q.columns_left - CountBits'(Planes);
    at.rows_left = at_q.rows_left - CountBits'(row_end);
    if (!used) at = at_q;
  end

  always_ff @(posedge clk_i) begin
    sets_q <= (SetBits + 1)'(chunk_i.spans * CountBits'(UnitSets));
    last_plane_q <= plane_q + 1'b1 == chunk_i.planes;
    if (start_i) begin
      at_q <= first;
      begin_q <= first;
      row_step_q <= last_step;
      set_q <= '0;
      plane_q <= '0;
      base_q <= next_i.half ? PlaceBits'(HalfUnits) : '0;
    end else if (valid_i) begin
      at_q  <= at;
      set_q <= set_q + 1'b1;
      if (last_set && !last_plane_q) begin
        at_q <= begin_q;
        plane_q <= plane_q + 1'b1;
        base_q <= base_q + PlaceBits'(block_i.plane_units);
      end else if (last_set) begin
        begin_q <= at;
        plane_q <= '0;
        base_q  <= block_i.half ? PlaceBits'(HalfUnits) : '0;
      end
    end
  end

endmodule
