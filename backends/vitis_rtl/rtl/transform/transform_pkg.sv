// What LOAD's transform must know of one block of Winograd: where its tiles lie in the buffer of pixels, and where their
// transformed values go. Units are of 16 bytes; places may be negative on the way and are meant modulo the buffer.
package transform_pkg;

  import winograd_pkg::form_e;
  import feed_pkg::units_t;
  import feed_pkg::count_t;
  import feed_pkg::place_t;

  typedef struct packed {
    form_e rows;
    form_e columns;
    count_t tile_rows;
    count_t tile_columns;
    count_t round_rows;  // pieces of the kernel
    count_t round_columns;
    count_t planes;  // of 16 channels
    place_t place;  // of the first pixel: row and column are negative in a pad
    units_t pixel_units;  // from a pixel to the next of its row
    units_t row_units;  // from a row to the next
    units_t tile_column_units;  // from a tile to the next
    units_t tile_row_units;
    count_t tile_row_rows;
    units_t round_column_units;  // from a piece to the next
    units_t round_row_units;
    count_t round_row_rows;
    units_t width_units;  // of an image row; what is outside reads as a pad
    count_t height;
    logic [7:0] pad_value;
    units_t base;  // of the transformed tiles
    units_t position_units;  // from a position to the next
  } transform_t;

  // What differs between the blocks of a pass and its last one.
  typedef struct packed {
    count_t tile_rows;
    count_t height;
    units_t position_units;
    // The last first row that is read: what is beyond begins there.
    units_t last_units;
    count_t last_row;
  } transform_block_t;

  typedef struct packed {
    logic winograd;  // else pixels go into the input buffer as they are
    units_t step_units;  // from the first row of a block to that of the next
    count_t step_rows;
    transform_t first;  // its place is that of the first block's window, its base that of half 0
    transform_block_t whole;
    transform_block_t last;
  } transform_pass_t;

endpackage
