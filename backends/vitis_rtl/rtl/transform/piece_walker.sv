// The pieces of a block that are transformed one after the other: some planes of 16 channels of what one tile has in
// one round. Tiles come row by row, in each its rounds, in each of these its planes. Transformed pieces follow each
// other in the buffer.
module piece_walker
  import feed_pkg::*, transform_pkg::transform_t;
#(
    parameter int unsigned Planes = 2,  // of a piece
    localparam int unsigned PlanesBits = $clog2(Planes + 1)
) (
    input logic clk_i,
    input logic rst_i,
    input logic start_i,  // not while busy
    /* verilator lint_off UNUSEDSIGNAL */  // what a tile is, is another's
    input transform_t block_i,  // stays until the block is done
    /* verilator lint_on UNUSEDSIGNAL */
    output logic valid_o,  // three cycles behind a start, or the piece before
    input logic take_i,
    output place_t place_o,  // of its first pixel
    output units_t plane_o,  // units from a pixel's first to the piece's
    output units_t unit_o,  // where it goes
    output logic [PlanesBits-1:0] planes_o,  // that it has
    output logic last_o
);

  typedef enum logic [1:0] {
    Idle,
    Look,  // which counters are at their ends
    Valid,
    Step
  } state_e;

  state_e state_q;
  count_t tile_rows_q, tile_columns_q, round_rows_q, round_columns_q, planes_q;  // left
  logic last_tile_row_q, last_tile_column_q, last_round_row_q, last_round_column_q;
  logic last_planes_q, whole_q, last;
  place_t place_q;  // of the piece
  units_t tile_row_base_q, tile_column_q;  // of the first tile of the row; of the tile
  count_t tile_row_q;
  units_t plane_q, unit_q;

  assign last = last_tile_row_q & last_tile_column_q & last_round_row_q & last_round_column_q &
                last_planes_q;

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      state_q <= Idle;
    end else begin
      case (state_q)
        Idle: if (start_i) state_q <= Look;
        Look: state_q <= Valid;
        Valid: if (take_i) state_q <= last ? Idle : Step;
        default: state_q <= Look;
      endcase
    end
  end

  always_ff @(posedge clk_i) begin
    last_tile_row_q <= tile_rows_q == 1;
    last_tile_column_q <= tile_columns_q == 1;
    last_round_row_q <= round_rows_q == 1;
    last_round_column_q <= round_columns_q == 1;
    last_planes_q <= planes_q <= CountBits'(Planes);
    whole_q <= planes_q >= CountBits'(Planes);
  end

  // A place is that of its tile, and further by its round.
  always_ff @(posedge clk_i) begin
    if (state_q == Idle) begin
      tile_rows_q <= block_i.tile_rows;
      tile_columns_q <= block_i.tile_columns;
      round_rows_q <= block_i.round_rows;
      round_columns_q <= block_i.round_columns;
      planes_q <= block_i.planes;
      plane_q <= '0;
      unit_q <= block_i.base;
      tile_row_base_q <= block_i.place.base;
      tile_row_q <= block_i.place.row;
      tile_column_q <= block_i.place.column;
      place_q <= block_i.place;
    end else if (state_q == Step) begin
      unit_q <= unit_q + (whole_q ? UnitBits'(2 * Planes) : UnitBits'({planes_q, 1'b0}));
      planes_q <= planes_q - CountBits'(Planes);
      plane_q <= plane_q + UnitBits'(Planes);
      if (last_planes_q) begin
        planes_q <= block_i.planes;
        plane_q <= '0;
        round_columns_q <= round_columns_q - 1'b1;
        place_q.column <= place_q.column + block_i.round_column_units;
        if (last_round_column_q) begin
          round_columns_q <= block_i.round_columns;
          round_rows_q <= round_rows_q - 1'b1;
          place_q.column <= tile_column_q;
          place_q.base <= place_q.base + block_i.round_row_units;
          place_q.row <= place_q.row + block_i.round_row_rows;
          if (last_round_row_q) begin
            round_rows_q <= block_i.round_rows;
            tile_columns_q <= tile_columns_q - 1'b1;
            tile_column_q <= tile_column_q + block_i.tile_column_units;
            place_q <= '{
                base: tile_row_base_q,
                column: tile_column_q + block_i.tile_column_units,
                row: tile_row_q
            };
            if (last_tile_column_q) begin
              tile_columns_q <= block_i.tile_columns;
              tile_rows_q <= tile_rows_q - 1'b1;
              tile_column_q <= block_i.place.column;
              tile_row_base_q <= tile_row_base_q + block_i.tile_row_units;
              tile_row_q <= tile_row_q + block_i.tile_row_rows;
              place_q <= '{
                  base: tile_row_base_q + block_i.tile_row_units,
                  column: block_i.place.column,
                  row: tile_row_q + block_i.tile_row_rows
              };
            end
          end
        end
      end
    end
  end

  assign valid_o = state_q == Valid;
  assign place_o = place_q;
  assign plane_o = plane_q;
  assign unit_o = unit_q;
  assign planes_o = whole_q ? PlanesBits'(Planes) : PlanesBits'(planes_q);
  assign last_o = last;

endmodule
