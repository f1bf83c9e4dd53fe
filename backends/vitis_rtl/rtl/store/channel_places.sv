// Where inputs stay, what comes of a chunk is plane by plane 16 sets of Planes positions each; this is where a set
// belongs in the output buffer. Rows are counted in whole sets, so that no set has positions of two. The next chunk
// goes on behind the positions of the one before.
module channel_places
  import store_pkg::*, post_pkg::chunk_t;
#(
    parameter int unsigned Planes = 1,  // positions of a set
    parameter int unsigned WordBits = 10,
    parameter int unsigned PhaseBits = 2,
    parameter int unsigned HalfDepth = 512
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
    output logic used_o,  // it has positions
    output logic [CountBits-1:0] unit_o,  // of the first one, within its plane
    output logic [WordBits-1:0] base_o,  // the first word of the plane
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
  logic [WordBits-1:0] base_q;
  logic [2:0] row_step_q;  // from the last set of a row to the next row
  logic [1:0] pad;
  logic row_end, last_set;

  assign first = '{unit: '0, columns_left: next_i.columns, rows_left: next_i.rows};
  // Units behind the sets of a row, which end at a multiple of four.
  assign pad = -next_i.columns[1:0];
  assign row_end = at_q.columns_left <= CountBits'(Planes);
  assign last_set = set_q == SetBits'(Sets - 1);
  assign used_o = {1'b0, set_q} < sets_q && at_q.rows_left != 0;
  assign end_o = last_set & last_plane_q;
  assign unit_o = at_q.unit;
  assign base_o = base_q;
  assign turn_o = PhaseBits'(plane_q);

  always_comb begin
    at.unit = at_q.unit + (row_end ? CountBits'(row_step_q) : CountBits'(Planes));
    at.columns_left = row_end ? block_i.columns : at_q.columns_left - CountBits'(Planes);
    at.rows_left = at_q.rows_left - CountBits'(row_end);
    if (!used_o) at = at_q;
  end

  always_ff @(posedge clk_i) begin
    sets_q <= (SetBits + 1)'(chunk_i.spans * CountBits'(UnitSets));
    last_plane_q <= plane_q + 1'b1 == chunk_i.planes;
    if (start_i) begin
      at_q <= first;
      begin_q <= first;
      row_step_q <= 3'(Planes + 32'(pad) / Planes * Planes);
      set_q <= '0;
      plane_q <= '0;
      base_q <= next_i.half ? WordBits'(HalfDepth) : '0;
    end else if (valid_i) begin
      at_q  <= at;
      set_q <= set_q + 1'b1;
      if (last_set && !last_plane_q) begin
        at_q <= begin_q;
        plane_q <= plane_q + 1'b1;
        base_q <= base_q + WordBits'(block_i.plane_words);
      end else if (last_set) begin
        begin_q <= at;
        plane_q <= '0;
        base_q  <= block_i.half ? WordBits'(HalfDepth) : '0;
      end
    end
  end

endmodule
