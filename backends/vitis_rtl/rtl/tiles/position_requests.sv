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
  localparam int unsigned TileBits = $clog2(TilePieces + 1) + 1;
  localparam int unsigned ChannelBits = $clog2(Pairs + 1);

  // What stands before a chunk: its group, the first row of its column tile, and the pieces that are left.
  typedef struct packed {
    logic [Groups-1:0] group;
    logic [RowBits-1:0] row;
    logic [TileBits-1:0] tile_left;
    logic [CountBits-1:0] left;
  } place_t;

  place_t place_q, next_q, following;
  logic [TileBits-1:0] pieces_q, next_pieces_q, fitting;
  logic [1:0] begin_q;
  logic busy_q, take, last, more, first_q, reading_q;
  logic [CountBits-1:0] tiles_q, channel_q, next_channel_q;
  logic [ChannelBits-1:0] channels_q;  // left, whose parameters take a cycle each
  logic [RowBits-1:0] row_q, tile_row_q;
  index_t datum_q, line_q;
  logic last_datum_here, last_of_tile, last_read;

  always_comb begin
    following = place_q;
    following.left = place_q.left - CountBits'(pieces_q);
    if (place_q.tile_left == pieces_q) begin
      following.group = Groups'(1);
      following.row = place_q.row + RowBits'(block_i.positions);
      following.tile_left = TileBits'(TilePieces);
    end else begin
      following.group = Groups'({place_q.group, 1'b0});
      following.tile_left = place_q.tile_left - pieces_q;
    end
  end

  always_comb begin
    fitting = TileBits'(GroupPieces);
    if (next_q.tile_left < TileBits'(GroupPieces)) fitting = next_q.tile_left;
    if (next_q.left < CountBits'(fitting)) fitting = TileBits'(next_q.left);
  end

  assign last_datum_here = datum_q == last_datum(columns_i);
  assign last_of_tile = last_datum_here && line_q == last_datum(rows_i);
  assign last_read = last_of_tile && tiles_q == 1;
  assign last = (last_read | !reading_q) && channels_q <= ChannelBits'(1);
  assign more = next_q.left != 0;
  assign take = begin_q[1] | (busy_q & last & more);

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      next_q <= '{
          group: Groups'(1),
          row: RowBits'(block_i.row),
          tile_left: TileBits'(TilePieces),
          left: (block_i.channels + CountBits'(PieceChannels - 1)) / CountBits'(PieceChannels)
      };
      next_channel_q <= '0;
    end else if (busy_q) next_q <= following;
    next_pieces_q <= fitting;
    if (take) begin
      place_q <= next_q;
      pieces_q <= next_pieces_q;
      channel_q <= next_channel_q;
      next_channel_q <= next_channel_q + CountBits'(next_pieces_q) * CountBits'(PieceChannels);
      channels_q <= ChannelBits'(next_pieces_q) * ChannelBits'(PieceChannels);
      tiles_q <= block_i.positions;
      row_q <= next_q.row;
      tile_row_q <= next_q.row;
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
  assign read_o = reading_q ? place_q.group : '0;
  assign read_row_o = row_q;
  assign chunk_o = busy_q & first_q;
  assign chunk_data_o = '{
          planes: CountBits'(pieces_q),
          spans: '0,
          last: place_q.left == CountBits'(pieces_q)
      };
  assign channel_o = channel_q;

endmodule
