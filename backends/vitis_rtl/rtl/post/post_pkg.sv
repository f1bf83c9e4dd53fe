// What the parts of POST, and those behind it, agree on: a block, and the chunks in which its rows come.
package post_pkg;

  localparam int unsigned CountBits = 16;  // of positions, channels and units of a block

  // What POST does of a block: the rows of each tile of columns, the tiles one after the other. A row is a position at
  // the tile's channels, or, where inputs stay, a channel at the tile's positions.
  typedef struct packed {
    logic by_channel;
    logic half;  // of the accumulators, and of the output buffer
    logic [CountBits-1:0] row;  // the first one
    logic [CountBits-1:0] positions;
    logic [CountBits-1:0] channels;
    logic [CountBits-1:0] planes;  // of 16 channels, the last may have fewer
    logic [CountBits-1:0] parameters;  // the first word of the parameters in their memory
    // Winograd: positions are tiles; rows from one of their positions to the next.
    logic [CountBits-1:0] position_rows;
  } post_block_t;

  // Some planes at the same positions, which pass the lanes side by side; or some spans of 16 positions, of which all
  // planes pass one after the other.
  typedef struct packed {
    logic [CountBits-1:0] planes;
    logic [CountBits-1:0] spans;
    logic last;  // of the block
  } chunk_t;

endpackage
