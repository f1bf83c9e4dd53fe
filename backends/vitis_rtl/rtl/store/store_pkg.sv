// What the parts of STORE agree on: a block in the output buffer, and where it goes.
package store_pkg;

  localparam int unsigned ByteBits = 8;
  localparam int unsigned UnitBytes = 16;
  localparam int unsigned UnitBits = UnitBytes * ByteBits;
  localparam int unsigned CountBits = 16;
  localparam int unsigned AddressBits = 64;
  localparam int unsigned RunBits = 24;  // beats of a port in a run
  localparam int unsigned UnitsBits = 24;  // of a plane
  localparam int unsigned QuadUnits = 4;  // rows of a plane are whole quads

  // A block of rows of pixels in planes of 16 channels, also where memory has them in hwc. Rows end at multiples of
  // 64 bytes, and so do planes, which follow each other in the buffer.
  typedef struct packed {
    logic half;  // of the output buffer
    logic by_channel;  // filled plane by plane, some positions of each (channel_places.sv)
    logic [CountBits-1:0] columns;  // pixels of a row
    logic [CountBits-1:0] rows;
    // From a plane to the next: its rows, of columns up to a multiple of four. hwc: up to whole words.
    logic [UnitsBits-1:0] plane_units;
    logic [CountBits-1:0] planes;
    logic one_run;  // planes follow each other in memory too
    // hwc: bytes of a pixel, and words of a row in memory; c16: 0.
    logic [CountBits-1:0] pixel_bytes;
    logic [CountBits-1:0] pixel_row_words;  // in whole words: of words up to 64 bytes
  } store_block_t;

  // Its runs in memory: the planes of the block, or one run of all of them where they follow each other.
  typedef struct packed {
    logic [AddressBits-1:0] address;
    logic [AddressBits-1:0] pitch;  // from a run to the next
    logic [CountBits-1:0] runs;
    logic [RunBits-1:0] run_beats;
  } runs_t;

  // Planes lie in the banks of a word turned: the units of a plane whose number is q in each group of D banks by q
  // div (Units / D), where D is the greatest power of two, at most Units, of which plane_units is a multiple. So
  // neither do the planes of a pixel meet in a bank (as many as a word has units), nor do the units of a word of
  // planes that follow each other: each group has units of one plane. `mask` has ones below D.
  function automatic logic [UnitsBits-1:0] below_group(logic [UnitsBits-1:0] plane_units);
    return ~plane_units & (plane_units - 1'b1);
  endfunction

  // The logarithm of Units / D.
  function automatic logic [2:0] groups_shift(logic [UnitsBits-1:0] plane_units,
                                              logic [UnitsBits-1:0] word_units);
    groups_shift = '0;
    for (int unsigned b = 1; b <= 5; b++) begin
      if (word_units >> b != 0 && plane_units % UnitsBits'(2 ** b) != 0) begin
        groups_shift += 1'b1;
      end
    end
  endfunction

  // So many times a number, a constant: a sum of shifts.
  function automatic logic [31:0] multiple(int unsigned count, logic [31:0] number);
    multiple = '0;
    for (int unsigned place = 0; place < 6; place++) begin
      if (((count >> place) & 1) != 0) multiple += number << place;
    end
  endfunction

endpackage
