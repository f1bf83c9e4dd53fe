// Asks for the accumulator rows of a block of Winograd, chunk by chunk as post_requests.sv does: of the columns that one
// group has, 8 channels a piece, all tiles one after the other, of each its positions. A chunk takes a cycle for each of
// these, and one for each of its channels, whose parameters come one per cycle, if that is longer.
//
// The rows of a position are `position_rows` behind those of the one before; in each, tiles follow each other.
module position_requests
  import post_pkg::*, winograd_pkg::*;
#(
    parameter int unsigned Columns = 16,
    parameter int unsigned Pairs = 8,  // columns of a group
    parameter int unsigned RowBits = 9,
    localparam int unsigned Groups = (Columns + Pairs - 1) / Pairs
) (
    input logic clk_i,
    input logic rst_i,
    input form_e rows_i,  // stay until the pass is done
    input form_e columns_i,
    input logic start_i,  // not while busy
    /* verilator lint_off UNUSEDSIGNAL */  // each part takes what it needs of a block
    input post_block_t block_i,  // stays until the block is done; its positions are tiles
    /* verilator lint_on UNUSEDSIGNAL */
    output logic busy_o,
    output logic [Groups-1:0] read_o,
    output logic [RowBits-1:0] read_row_o,
    output logic chunk_o,  // begins
    output chunk_t chunk_data_o,  // in pieces
    output logic [CountBits-1:0] channel_o  // its first one, within the block
);

  localparam int unsigned PieceChannels = 8;
  localparam int unsigned GroupPieces = Pairs / PieceChannels;
  localparam int unsigned TilePieces = Columns / PieceChannels;
  localparam int unsigned UnitsBits = $clog2(TilePieces + 1) + 1;
  localparam int unsigned ChannelBits = $clog2(Pairs + 1);

  logic [UnitsBits-1:0] pieces, next_pieces;
  logic [Groups-1:0] group;
  logic [1:0] begin_q;
  logic busy_q, take, last, more, last_chunk, first_q, reading_q;
  logic [CountBits-1:0] tiles_q, channel_q, next_channel_q;
  logic [ChannelBits-1:0] channels_q;  // left, whose parameters take a cycle each
  logic [RowBits-1:0] next_row, row_q, tile_row_q;
  index_t datum_q, line_q;
  logic last_datum_here, last_of_tile, last_read;

  chunk_order #(
      .TileUnits(TilePieces),
      .GroupUnits(GroupPieces),
      .Groups(Groups),
      .RowBits(RowBits)
  ) u_order (
      .clk_i,
      .start_i,
      .row_i(RowBits'(block_i.row)),
      .units_i((block_i.channels + CountBits'(PieceChannels - 1)) / CountBits'(PieceChannels)),
      .tile_rows_i(RowBits'(block_i.positions)),
      .busy_i(busy_q),
      .take_i(take),
      .more_o(more),
      .next_row_o(next_row),
      .next_units_o(next_pieces),
      .group_o(group),
      .units_o(pieces),
      .last_o(last_chunk)
  );

  assign last_datum_here = datum_q == last_datum(columns_i);
  assign last_of_tile = last_datum_here && line_q == last_datum(rows_i);
  assign last_read = last_of_tile && tiles_q == 1;
  assign last = (last_read | !reading_q) && channels_q <= ChannelBits'(1);
  assign take = begin_q[1] | (busy_q & last & more);

  always_ff @(posedge clk_i) begin
    if (start_i) next_channel_q <= '0;
    if (take) begin
      channel_q <= next_channel_q;
      next_channel_q <= next_channel_q + CountBits'(next_pieces) * CountBits'(PieceChannels);
      channels_q <= ChannelBits'(next_pieces) * ChannelBits'(PieceChannels);
      tiles_q <= block_i.positions;
      row_q <= next_row;
      tile_row_q <= next_row;
      datum_q <= '0;
      line_q <= '0;
      first_q <= 1'b1;
    end else begin
      if (channels_q != 0) channels_q <= channels_q - 1'b1;
      first_q <= 1'b0;
      datum_q <= last_datum_here ? '0 : datum_q + 1'b1;
      if (last_datum_here) line_q <= last_of_tile ? '0 : line_q + 1'b1;
      if (last_of_tile) begin
        tiles_q <= tiles_q - 1'b1;
        tile_row_q <= tile_row_q + 1'b1;
        row_q <= tile_row_q + 1'b1;
      end else row_q <= row_q + RowBits'(block_i.position_rows);
    end
    if (rst_i) begin
      begin_q <= '0;
      {busy_q, reading_q} <= '0;
    end else begin
      begin_q <= {begin_q[0], start_i};
      busy_q <= take | (busy_q & !last);
      reading_q <= take | (reading_q & !last_read);
    end
  end

  assign busy_o = busy_q | (|begin_q);
  assign read_o = reading_q ? group : '0;
  assign read_row_o = row_q;
  assign chunk_o = busy_q & first_q;
  assign chunk_data_o = '{
          planes: CountBits'(pieces),
          spans: '0,
          last: last_chunk
      };
  assign channel_o = channel_q;

endmodule
