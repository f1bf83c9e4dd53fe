// What LOAD must know of one block's input to place it: planes (or one run of windows) of units of 16
// bytes, in the order in which memory has them.
package load_pkg;

  localparam int unsigned UnitBits = 24;  // of an address in the input buffer, in units
  localparam int unsigned PlaneBits = 16;  // of a number of planes, or of rows
  localparam int unsigned PixelBits = 16;  // of a number of pixels, or of a pixel's bytes

  typedef struct packed {
    logic [UnitBits-1:0] base;  // where unit 0 of plane 0 goes; plane j begins j further on
    logic [UnitBits-1:0] pitch;  // from a pixel to the next, odd; 1 for windows of a Toeplitz input
    logic [PlaneBits-1:0] planes;
    logic [UnitBits-1:0] plane_units;  // of each plane, pixels up to a multiple of 4 in each row
    logic [7:0] offset;  // units of the first word before the first plane
    logic [7:0] offset_step;  // from a plane to the next in memory, in units, modulo a word
    // An hwc tensor has rows for planes: `planes` rows of pixels, plane_units apart in the buffer.
    logic pixels;
    logic [PixelBits-1:0] row_pixels;
    logic [PixelBits-1:0] pixel_bytes;
    logic contiguous;  // one run: a word may have the end of a plane and the next one's begin
  } load_t;

endpackage
