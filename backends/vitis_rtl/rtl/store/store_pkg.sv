// What the parts of STORE agree on: a block in the output buffer, and where it goes.
package store_pkg;

  localparam int unsigned ByteBits = 8;
  localparam int unsigned UnitBytes = 16;
  localparam int unsigned UnitBits = UnitBytes * ByteBits;
  localparam int unsigned CountBits = 16;
  localparam int unsigned AddressBits = 64;
  localparam int unsigned RunBits = 24;  // words of a run

  // A block of rows of pixels in planes of 16 channels, also where memory has them in hwc. Rows end at multiples of
  // 64 bytes, and so do planes: their sizes are whole words.
  typedef struct packed {
    logic half;  // of the output buffer
    logic by_channel;  // filled plane by plane, some positions of each (channel_places.sv)
    logic [CountBits-1:0] columns;  // pixels of a row
    logic [CountBits-1:0] rows;
    logic [CountBits-1:0] row_words;
    logic [CountBits-1:0] plane_words;  // of the block: rows times row_words
    logic [CountBits-1:0] planes;
    // hwc: bytes of a pixel, and words of a row in memory; c16: 0.
    logic [CountBits-1:0] pixel_bytes;
    logic [CountBits-1:0] pixel_row_words;
  } store_block_t;

  // Its runs in memory: the planes of the block, or one run of all of them where they follow each other.
  typedef struct packed {
    logic [AddressBits-1:0] address;
    logic [AddressBits-1:0] pitch;  // from a run to the next
    logic [CountBits-1:0] runs;
    logic [RunBits-1:0] run_words;
  } runs_t;

endpackage
