// A pass of the vector unit: the registers of a command, multiplied out, and what its parts tell each other.
// Addresses in buffers are units of 16 bytes; on the way they may be negative and are meant modulo the buffer.
package vector_pkg;

  import lanes_pkg::ByteBits;
  import lanes_pkg::MultiplierBits;
  import lanes_pkg::UnitBytes;
  import lanes_pkg::parameters_t;
  import store_pkg::AddressBits;
  import store_pkg::CountBits;
  import store_pkg::RunBits;

  localparam int unsigned BufferBits = 24;
  localparam int unsigned Sources = 8;  // tensors that a pass reads at most
  localparam int unsigned SourceBits = $clog2(Sources);

  typedef logic [BufferBits-1:0] units_t;
  typedef logic [CountBits-1:0] count_t;
  typedef logic [1:0] few_t;  // rows or columns of a window, or of a stride

  // Where a source joins the sum: from its value to the sum, and by so many the byte is earlier than others.
  localparam int unsigned JoinCycles = 1;

  // What a value is multiplied by.
  typedef enum logic [1:0] {
    Factor,  // its source's factor
    Weight,  // its tap's and channel's, from the resident buffer
    Held  // the value that was held last
  } operand_e;

  // What each chunk of channels loads from the resident buffer before its positions.
  typedef enum logic [1:0] {
    Constant,  // the same parameters for all channels: those of the pass
    Channels,  // 16 bytes per channel
    Factors  // a value per channel, to be held
  } load_e;

  // A tensor that a pass reads.
  typedef struct packed {
    logic [AddressBits-1:0] address;  // of its row 0
    count_t planes;
    count_t pixel_bytes;  // hwc: channels
    logic [RunBits-1:0] whole_beats;  // of a block, all planes
    logic [RunBits-1:0] last_beats;  // of the last block
    units_t base;  // from where a block begins in the input buffer
    count_t first_channel;  // of the output, where it is merged into that
    count_t end_channel;
    logic [ByteBits-1:0] zero_point;
    logic [MultiplierBits-1:0] factor;
  } vector_source_t;

  // Of the blocks of a pass, or of its last one.
  typedef struct packed {
    logic [RunBits-1:0] input_cycles;  // memory is taken by all sources
    count_t input_plane_beats;
    units_t plane_units;
    logic contiguous;  // the planes are one run: the block has all rows, or pixels are hwc
    // The last first row that is read: what is beyond begins there.
    logic [AddressBits-1:0] last_bytes;
    units_t last_units;
    count_t last_row;
    count_t input_rows;
    count_t rows;
    count_t walked_rows;
    units_t output_plane_units;  // from a plane to the next in the output buffer
    count_t runs;
    logic [RunBits-1:0] run_beats;
    logic [RunBits-1:0] store_cycles;
  } vector_block_t;

  // The order of taps and positions, and where each is.
  typedef struct packed {
    count_t planes;  // of the output
    count_t columns;
    // What is walked: positions; or pixels, each of which may end the window of a position.
    count_t walked_columns;
    few_t rows_before;  // the first row of pixels that ends windows, and between two of them
    few_t rows_between;
    few_t columns_before;
    few_t columns_between;
    count_t tap_rows;
    count_t tap_columns;  // or the sources, one behind the other
    logic by_source;  // a tap column is a source
    logic by_row;  // a tap row is a source
    units_t row_step;
    units_t column_step;
    units_t tap_row_step;
    units_t tap_column_step;
    // The same in rows and columns of the image.
    count_t row_rows;
    count_t tap_row_rows;
    count_t column_columns;
    count_t tap_column_columns;
    count_t first_column;  // negative in a pad
    units_t first_column_units;
    count_t width;
    count_t tables;  // entries that are loaded before the first block
    // The resident buffer: loads before the positions, weights of taps, entries of positions.
    count_t loads;
    count_t load_step;
    units_t load_chunk;
    units_t weights;
    count_t weight_step;
    logic entries;  // multiplier and shift of each position
    count_t entry_row;  // units of a row of them
    count_t entry_head;  // between this row and the tail, all rows have the same entries
    count_t entry_tail;
    // Repeats of rows and columns, and the channels of each.
    count_t row_repeats;
    count_t column_repeats;
    units_t row_repeat_step;
    units_t column_repeat_step;
    units_t block_units;  // those repeats are apart from those of the block before
    units_t round_units;  // the same where they have gone round
    count_t block_repeats;  // by which a block's first row is behind that of the block before
  } vector_walk_t;

  typedef struct packed {
    vector_walk_t walk;
    logic joins;  // the last source comes with the tap of the one before it (joined_buffer.sv)
    operand_e operand;
    load_e load;
    logic largest;  // of the taps, else their sum
    logic sweep;  // pixels are walked: values are the windows that end at them (pool.sv)
    logic [pool_pkg::Others-1:0] window_rows;  // that count beside a pixel's own
    logic [pool_pkg::Others-1:0] window_columns;
    logic merge;  // a tap is some channels of a source: what the others are stays
    logic bend;  // a product meets a multiplier of 36 bits, by its sign
    logic hold_first;  // the first tap of a position is held
    logic normalise;  // the factor follows from the squares beside a value (lrn.sv)
    logic [lrn_pkg::Reach-1:0] channels_before;  // those whose squares are summed too
    logic [lrn_pkg::Reach-1:0] channels_behind;
    logic [ByteBits-1:0] pad_value;
    parameters_t parameters;  // where they are constant
    logic [ByteBits-1:0] zero_point;  // of the output
    logic look_up;
    logic [UnitBytes-1:0] last_channels;  // those of the last plane that are some
    // Inputs.
    logic [SourceBits:0] sources;
    vector_source_t [Sources-1:0] source;
    logic pixels;  // hwc, rows of so many pixels; else c16
    count_t row_pixels;
    logic [AddressBits-1:0] input_pitch;  // from a plane to the next
    units_t pixel_pitch;  // in the buffer, odd
    // Where the first output row's window begins, negative in a pad, and from a block to the next.
    logic [AddressBits-1:0] first_bytes;
    logic [AddressBits-1:0] step_bytes;
    units_t first_units;
    units_t step_units;
    count_t first_row;
    count_t step_rows;
    // The same of one row, for blocks whose first row is a repeat more.
    logic [AddressBits-1:0] row_bytes;
    units_t row_units;
    units_t half_units;  // from half 0 of the input buffer to half 1
    logic resident;
    logic [AddressBits-1:0] resident_address;
    logic [RunBits-1:0] resident_beats;
    logic [RunBits-1:0] resident_cycles;
    // Output.
    logic [AddressBits-1:0] output_address;
    logic [AddressBits-1:0] output_step;
    logic [AddressBits-1:0] output_pitch;
    count_t output_pixel_bytes;  // hwc: channels, and words of a row in memory; c16: 0
    count_t output_row_words;
    count_t blocks;
    vector_block_t whole;
    vector_block_t last;
  } vector_pass_t;

  // A block for the walker.
  typedef struct packed {
    units_t base;  // of the window of its first output row, from image column 0 on
    count_t row;  // the image row of it, from the first one in the buffer on
    count_t input_rows;
    count_t rows;  // that are walked
    count_t repeats;  // of its first input row, that are left
    count_t output_row;
  } vector_place_t;

  // What a cycle of the walker is to the lanes.
  typedef struct packed {
    logic load;
    logic table_entry;
    logic tap;
    logic hold;
    logic first;  // of its position
    logic last;  // of a position: its byte follows
    logic row_first;
    logic [pool_pkg::ColumnBits-1:0] column;  // of its row, each once
    logic in_image;
    logic [SourceBits-1:0] source;
    logic [lrn_pkg::IndexBits-1:0] number;  // of a load, or of an entry of the table
    logic [1:0] entry;  // of a unit
    logic first_chunk;
    logic final_chunk;
    logic plane_behind;  // the plane behind the chunk is the last one
    logic second;  // tap of its row
    count_t plane;  // the first one of the chunk
    logic [3:0] planes;  // of the chunk, less one
  } slot_t;

endpackage
