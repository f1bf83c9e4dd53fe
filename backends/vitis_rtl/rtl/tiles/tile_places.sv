// Where the bytes of Winograd's pixels go in the output buffer: a pixel of some pieces of 8 channels per cycle, tile by
// tile, in each column by column. A plane of 16 channels may come in two: the first brings zeros for the second.
// Pixels of a tile beyond the block are dropped.
module tile_places
  import store_pkg::*, post_pkg::chunk_t, winograd_pkg::*;
#(
    parameter int unsigned Planes = 1,  // at most so many pieces
    parameter int unsigned Units = 4,
    parameter int unsigned PlaceBits = 12,
    parameter int unsigned HalfUnits = 2048,
    localparam int unsigned PhaseBits = Units < 2 ? 1 : $clog2(Units)
) (
    input logic clk_i,
    input form_e rows_i,
    input form_e columns_i,
    input logic start_i,  // of a block
    /* verilator lint_off UNUSEDSIGNAL */  // each part takes what it needs
    input store_block_t next_i,  // with the start
    input store_block_t block_i,  // behind it
    input chunk_t chunk_i,  // in pieces
    /* verilator lint_on UNUSEDSIGNAL */
    input logic valid_i,
    input logic [Planes-1:0][UnitBits-1:0] data_i,  // two bytes for each pair of lanes
    output logic end_o,  // of the chunk, if valid
    output logic [CountBits-1:0] unit_o,  // of the pixel, in its plane
    output logic [PlaceBits-1:0] base_o,  // where the first plane begins
    output logic [PhaseBits-1:0] turn_o,
    output logic [Planes-1:0][1:0] write_o,  // halves of each plane
    output logic [Planes-1:0][UnitBits-1:0] data_o
);

  localparam int unsigned PieceBits = UnitBits / 2;
  localparam int unsigned PiecesBits = $clog2(2 * Planes + 1);
  localparam int unsigned Lanes = UnitBytes * Planes;

  typedef logic [CountBits-1:0] count_t;

  // ---- the pixel: its tile's row and tile, its column; and what is left from each on
  count_t tile_row_unit_q, tile_unit_q, column_unit_q, unit_q;
  count_t rows_left_q, columns_left_q;  // of the block, from the tile on
  index_t row_q, column_q;  // in the tile
  logic last_row, last_column, last_tile_q, last_tile_row_q, is_pixel;
  index_t last_row_q, last_column_q;
  count_t row_units, tile_rows_units_q, tile_height_q, tile_width_q;

  assign row_units = (block_i.columns + count_t'(3)) / count_t'(4) * count_t'(4);

  // What stays for a block, and what stays for a tile, which has two pixels or more.
  always_ff @(posedge clk_i) begin
    last_row_q <= last_output(rows_i);
    last_column_q <= last_output(columns_i);
    tile_height_q <= count_t'(last_output(rows_i)) + 1'b1;
    tile_width_q <= count_t'(last_output(columns_i)) + 1'b1;
    case (rows_i)
      F54: tile_rows_units_q <= (row_units << 2) + row_units;
      F43: tile_rows_units_q <= row_units << 2;
      F23: tile_rows_units_q <= row_units << 1;
      default: tile_rows_units_q <= row_units;
    endcase
    last_tile_q <= columns_left_q <= tile_width_q;
    last_tile_row_q <= rows_left_q <= tile_height_q;
  end

  assign last_row = row_q == last_row_q;
  assign last_column = column_q == last_column_q;
  assign end_o = last_row && last_column && last_tile_q && last_tile_row_q;
  assign is_pixel = count_t'(row_q) < rows_left_q && count_t'(column_q) < columns_left_q;
  assign unit_o = unit_q;

  always_ff @(posedge clk_i) begin
    if (start_i || (valid_i && end_o)) begin
      {tile_row_unit_q, tile_unit_q, column_unit_q, unit_q} <= '0;
      {row_q, column_q} <= '0;
      rows_left_q <= start_i ? next_i.rows : block_i.rows;
      columns_left_q <= start_i ? next_i.columns : block_i.columns;
    end else if (valid_i) begin
      row_q  <= row_q + 1'b1;
      unit_q <= unit_q + row_units;
      if (last_row) begin
        row_q <= '0;
        column_q <= column_q + 1'b1;
        column_unit_q <= column_unit_q + 1'b1;
        unit_q <= column_unit_q + 1'b1;
        if (last_column) begin
          column_q <= '0;
          columns_left_q <= columns_left_q - tile_width_q;
          tile_unit_q <= tile_unit_q + tile_width_q;
          column_unit_q <= tile_unit_q + tile_width_q;
          unit_q <= tile_unit_q + tile_width_q;
          if (last_tile_q) begin
            columns_left_q <= block_i.columns;
            rows_left_q <= rows_left_q - tile_height_q;
            tile_row_unit_q <= tile_row_unit_q + tile_rows_units_q;
            tile_unit_q <= tile_row_unit_q + tile_rows_units_q;
            column_unit_q <= tile_row_unit_q + tile_rows_units_q;
            unit_q <= tile_row_unit_q + tile_rows_units_q;
          end
        end
      end
    end
  end

  // ---- the planes
  logic upper_q;  // the first plane has its first piece
  logic [PiecesBits-1:0] pieces, behind;  // from the begin of the first plane on
  logic [PlaceBits-1:0] base_q, planes_units;
  logic [PhaseBits-1:0] turn_q, planes_turn;

  assign pieces = PiecesBits'(chunk_i.planes);
  assign behind = pieces + PiecesBits'(upper_q);

  always_comb begin
    planes_units = '0;
    planes_turn  = '0;
    for (int unsigned k = 1; k <= Planes; k++) begin
      if (PiecesBits'(2 * k) <= behind) begin
        planes_units += PlaceBits'(block_i.plane_units);
        planes_turn += 1'b1;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      base_q <= next_i.half ? PlaceBits'(HalfUnits) : '0;
      turn_q <= '0;
      upper_q <= 1'b0;
    end else if (valid_i && end_o) begin
      base_q <= base_q + planes_units;
      turn_q <= turn_q + planes_turn;
      upper_q <= behind[0];
    end
  end

  assign base_o = base_q;
  assign turn_o = turn_q;

  // ---- their bytes: those of the first lane of each pair, without what belongs to no piece
  /* verilator lint_off UNUSEDSIGNAL */  // a column has one channel
  logic [Lanes-1:0][ByteBits-1:0] lane;
  /* verilator lint_on UNUSEDSIGNAL */
  logic [Planes:0][PieceBits-1:0] piece;
  logic [2*Planes-1:0][PieceBits-1:0] shifted;

  assign lane = data_i;

  for (genvar k = 0; k < Planes; k++) begin : gen_piece
    for (genvar j = 0; j < 8; j++) begin : gen_byte
      assign piece[k][8*j+:8] = PiecesBits'(k) < pieces ? lane[16*k+2*j] : '0;
    end
  end
  assign piece[Planes] = '0;

  for (genvar k = 0; k < 2 * Planes; k++) begin : gen_shift
    if (k == 0) begin : gen_first
      assign shifted[k] = upper_q ? '0 : piece[0];
    end else if (k <= Planes) begin : gen_some
      assign shifted[k] = upper_q ? piece[k-1] : piece[k];
    end else begin : gen_none
      assign shifted[k] = '0;
    end
  end

  for (genvar k = 0; k < Planes; k++) begin : gen_plane
    logic used;
    assign used = is_pixel && PiecesBits'(2 * k) < behind;
    assign data_o[k] = {shifted[2*k+1], shifted[2*k]};
    assign write_o[k] = {used, used && !(upper_q && k == 0)};
  end

endmodule
