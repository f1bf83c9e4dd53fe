// What the feed must know of one block of a convolution: the registers of a command, multiplied out.
// Addresses in the input buffer are units of 16 bytes, in the weight buffer bytes; both may be negative
// on the way and are meant modulo the buffer.
package feed_pkg;

  localparam int unsigned UnitBits = 24;
  localparam int unsigned ByteBits = 28;
  localparam int unsigned CountBits = 16;

  typedef logic [UnitBits-1:0] units_t;
  typedef logic [ByteBits-1:0] bytes_t;
  typedef logic [CountBits-1:0] count_t;

  // A tap's first window: its image row, where pixel 0 of that row lies, and its column from there on;
  // row and column are negative in a pad.
  typedef struct packed {
    units_t base;
    units_t column;
    count_t row;
  } place_t;

  // The windows of a tile: one per output position, row by row.
  typedef struct packed {
    count_t rows;
    count_t columns;
    units_t column_step;  // from an output column to the next
    units_t row_step;  // from an output row to the next
    count_t row_rows;  // the same in image rows
    units_t width_units;  // of an image row; what is outside reads as a pad
    count_t height;  // image rows in the buffer
    logic [7:0] pad_value;
    logic half;  // of the accumulators
    logic wide;  // values of 16 bits (Winograd), else of 8
  } windows_t;

  typedef struct packed {
    windows_t windows;
    // Products of their own, each with sums of its own: positions of Winograd, else 1.
    count_t repeats;
    units_t repeat_step;
    // Segments: rows of the kernel, and its columns where each is a segment of its own, else 1.
    count_t tap_rows;
    count_t tap_columns;
    place_t place;  // of the first one
    units_t tap_column_step;
    units_t tap_row_step;
    count_t tap_row_rows;
    bytes_t segment_bytes;  // cut into row tiles of Rows values
    // Column tiles, and the weights: tile after tile, of each a row of `bytes` per value.
    count_t column_tiles;
    logic paired;  // int8, two channels per column; else 16 bits, one per column
    logic stay;  // the sums, in the multipliers (NS); weights move, column tile after column tile
    // Inputs stay (IS): a column tile is two windows per column, a row of it a value of each, and what streams past
    // it are `positions` output channels.
    logic inputs_stay;
    bytes_t weights;  // the first byte
    count_t full_bytes;
    count_t last_bytes;  // of the last column tile
    logic [1:0][1:0][ByteBits-1:0] tile_bytes;  // [last row tile of a segment][last column tile]
    // Accumulators: row = accumulator_row + (repeat x column tiles + column tile) x positions + position.
    logic accumulate;  // the block's first sums are added too
    count_t accumulator_row;
    count_t positions;
  } block_t;

  // Output positions, from the first of their block on: where their windows begin behind those of that one, and the
  // columns that are left in their row.
  typedef struct packed {
    units_t base;
    units_t column;
    count_t row;
    count_t columns_left;
  } position_t;

  // What is walked of a block: see part_walker.sv.
  typedef struct packed {
    block_t block;
    position_t position;
    count_t windows;
    logic odd;  // NS: the second of a column's two channels
    logic last;  // of the block
  } part_t;

  // One stationary tile, or in NS as many values of the windows of a tile of sums.
  typedef struct packed {
    windows_t windows;
    count_t count;  // of windows
    place_t place;  // of the first one
    logic continues;  // IS: behind those of the tile before
    units_t first_column;  // of a row's first one
    count_t columns_left;  // in the first row
    logic [3:0] shift;  // bytes of its first unit before the window
    count_t values;  // rows of the array that it uses
    logic paired;
    bytes_t weights_begin;
    bytes_t weights_end;
    count_t row_bytes;
    count_t vectors;  // IS: output channels that stream
    logic first;  // of its sums: what the accumulators have is dropped
    count_t accumulator_row;  // of position 0
    logic last;  // of the block
    // NS: the first one and the last one of the tile of sums, and of which channel.
    logic begins;
    logic ends;
    logic odd;
    logic accumulate;
  } tile_t;

  // NS: one of the values that all windows of a tile of sums have, and its weights.
  typedef struct packed {
    logic valid;
    logic enters;  // the first of those that were turned together
    logic first;  // of the tile of sums
    logic odd;
    count_t value;
    bytes_t weights;
  } product_t;

  // NS: what becomes of a tile of sums, with its last product.
  typedef struct packed {
    logic valid;
    logic last;  // of the block
    logic first;  // what the accumulators have is dropped
    logic odd;
    logic half;
    count_t count;  // rows
    count_t row;  // of the first
  } leave_t;

  // IS: a row of values on its way to the top edge, and the weights of an output channel on their way to the left one.
  typedef struct packed {
    logic valid;
    logic enters;  // the first of its tile
    logic last;
    count_t value;
  } held_row_t;

  typedef struct packed {
    logic valid;
    logic take;
    count_t values;
    bytes_t weights;
    logic add_first;
    logic add_half;
    count_t add_row;
    logic last;  // of the block
  } held_vector_t;

  // One window on its way to the array.
  typedef struct packed {
    logic valid;
    logic take;
    logic wide;
    logic [3:0] shift;
    count_t values;
    logic [7:0] pad_value;
    logic add_first;
    logic add_half;
    count_t add_row;
    logic last;  // of the block
  } window_t;

endpackage
