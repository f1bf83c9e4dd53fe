// A pass as the draining half of the core sees it.
package drain_pkg;

  import post_pkg::CountBits;
  import store_pkg::AddressBits;
  import store_pkg::RunBits;
  import store_pkg::UnitsBits;

  // What differs between the blocks of a pass and its last one.
  typedef struct packed {
    // Rows times columns; where rows are channels, of whole sets; Winograd: tiles, and rows from a position of
    // theirs to the next.
    logic [CountBits-1:0] positions;
    logic [CountBits-1:0] position_rows;
    logic [CountBits-1:0] rows;
    logic [CountBits-1:0] channels;
    logic [CountBits-1:0] planes;  // of 16 channels
    logic [UnitsBits-1:0] plane_units;  // from a plane to the next in the output buffer
    logic [CountBits-1:0] runs;
    logic [RunBits-1:0] run_beats;
  } drain_block_t;

  typedef struct packed {
    logic [3:0] tile_rows;  // Winograd's forms (winograd_pkg.sv); both Alone where it is none
    logic [3:0] tile_columns;
    logic [AddressBits-1:0] address;  // of the first block's first run
    logic [AddressBits-1:0] step;  // to the next block's
    logic [AddressBits-1:0] pitch;  // to the next run of a block
    logic [CountBits-1:0] columns;
    logic [CountBits-1:0] pixel_bytes;  // hwc: channels, and words of a row in memory; c16: 0
    logic [CountBits-1:0] pixel_row_words;
    // Accumulator rows from a block to the next one in its half; 0: sums begin at row 0.
    logic [CountBits-1:0] sum_step;
    logic [CountBits-1:0] parameters;  // of the first block: a word of their memory
    logic [CountBits-1:0] parameters_step;  // to those of the next block; 0: the same for all
    logic [CountBits-1:0] blocks;
    drain_block_t whole;
    drain_block_t last;
  } drain_pass_t;

endpackage
