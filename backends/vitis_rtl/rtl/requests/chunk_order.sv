// The chunks of a block one after the other: the units of columns that one group has, group by group of a tile of columns,
// tile by tile. Rows of a tile are consecutive, and tiles follow each other.
//
// The next chunk is known two cycles behind the one before, or behind the start of a block.
module chunk_order
  import post_pkg::*;
#(
    parameter int unsigned TileUnits = 2,  // of a tile of columns
    parameter int unsigned GroupUnits = 1,
    parameter int unsigned Groups = 2,
    parameter int unsigned RowBits = 9,
    localparam int unsigned UnitsBits = $clog2(TileUnits + 1) + 1
) (
    input logic clk_i,
    input logic start_i,  // a block, which stays until it is done
    input logic [RowBits-1:0] row_i,  // its first one
    input logic [CountBits-1:0] units_i,  // of columns that it has
    input logic [RowBits-1:0] tile_rows_i,
    input logic busy_i,  // with a chunk
    input logic take_i,  // the next one is this from now on
    output logic more_o,  // there is a next one
    output logic [RowBits-1:0] next_row_o,
    output logic [UnitsBits-1:0] next_units_o,
    output logic [Groups-1:0] group_o,
    output logic [UnitsBits-1:0] units_o,
    output logic last_o
);

  // What stands before a chunk: its group, its tile's first row, and the units that are left.
  typedef struct packed {
    logic [Groups-1:0] group;
    logic [RowBits-1:0] row;
    logic [UnitsBits-1:0] tile_left;
    logic [CountBits-1:0] left;
  } place_t;

  place_t place_q, next_q, following;
  logic [UnitsBits-1:0] units_q, next_units_q, fitting;

  always_comb begin
    following = place_q;
    following.left = place_q.left - CountBits'(units_q);
    if (place_q.tile_left == units_q) begin
      following.group = Groups'(1);
      following.row = place_q.row + tile_rows_i;
      following.tile_left = UnitsBits'(TileUnits);
    end else begin
      following.group = Groups'({place_q.group, 1'b0});
      following.tile_left = place_q.tile_left - units_q;
    end
  end

  always_comb begin
    fitting = UnitsBits'(GroupUnits);
    if (next_q.tile_left < UnitsBits'(GroupUnits)) fitting = next_q.tile_left;
    if (next_q.left < CountBits'(fitting)) fitting = UnitsBits'(next_q.left);
  end

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      next_q <= '{
          group: Groups'(1),
          row: row_i,
          tile_left: UnitsBits'(TileUnits),
          left: units_i
      };
    end else if (busy_i) next_q <= following;
    next_units_q <= fitting;
    if (take_i) begin
      place_q <= next_q;
      units_q <= next_units_q;
    end
  end

  assign more_o = next_q.left != 0;
  assign next_row_o = next_q.row;
  assign next_units_o = next_units_q;
  assign group_o = place_q.group;
  assign units_o = units_q;
  assign last_o = place_q.left == CountBits'(units_q);

endmodule
