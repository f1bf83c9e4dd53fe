// The pixels of an hwc tensor out of its memory words, for the placer's network: rows of pixels of
// `pixel_bytes` bytes, each row from a multiple of 64 on. A cycle takes a pixel, or a word's bytes of one
// that is longer; its units follow each other in the buffer. Two words are held, so that what a cycle
// takes may begin anywhere in one and end in the next. Words that are ahead are taken too: behind a
// block's last one there must be none until its units are written.
//
//   cycle   0              ceil(log2(2 WordUnits) / 2)   + 2
//           bytes chosen   units in places               bytes in places, out
module pixel_lanes
  import load_pkg::*;
#(
    parameter int unsigned WordUnits = 4,
    parameter int unsigned AddressBits = 16,
    localparam int unsigned WordBits = $clog2(16 * WordUnits)
) (
    input logic clk_i,
    input logic rst_i,
    input logic start_i,
    /* verilator lint_off UNUSEDSIGNAL */  // as wide as the widest buffer needs; planes have more
    input load_t load_i,  // stays until the block is done
    /* verilator lint_on UNUSEDSIGNAL */
    output logic busy_o,  // units are still to come
    input logic valid_i,
    output logic ready_o,
    input logic [WordUnits-1:0][127:0] word_i,
    output logic [WordUnits-1:0] valid_o,  // of each lane
    output logic last_o,
    output logic [AddressBits-1:0] unit_o,  // of the first lane
    output logic [WordUnits-1:0][127:0] lane_o
);

  localparam int unsigned WordBytes = 16 * WordUnits;
  localparam int unsigned RowBytes = 64;  // rows begin at multiples of it
  localparam int unsigned LateCycles = (WordBits - 4 + 2) / 2 + 2;

  typedef logic [WordBits:0] place_t;  // up to two words
  typedef logic [AddressBits-1:0] address_t;

  // The words held, and what is taken next of them.
  logic [1:0][WordUnits-1:0][127:0] held_q;
  logic [1:0] count_q, pops, pops_q;
  logic busy_q, known_q, over_q, last_q, take, push;
  logic [WordBits-1:0] place_q;  // of its first byte in the first word
  address_t unit_q;
  logic [WordUnits-1:0] wanted_q;

  assign take = known_q && (count_q == 2 || (count_q == 1 && !over_q));
  assign pops = take ? pops_q : 2'd0;
  assign ready_o = busy_q && count_q - pops < 2;
  assign push = valid_i && ready_o;

  always_ff @(posedge clk_i) begin
    if (rst_i) busy_q <= 1'b0;
    else if (start_i) busy_q <= 1'b1;
    else if (take && last_q) busy_q <= 1'b0;
    if (start_i) begin
      count_q <= '0;
    end else begin
      count_q <= count_q - pops + 2'(push);
      if (pops == 1) held_q[0] <= held_q[1];
      if (push) held_q[count_q-pops!=0] <= word_i;
    end
  end

  // What is taken behind that: counted a step ahead, so that no sum lies before a word's register.
  logic [PixelBits-1:0] bytes_q, pixels_q;  // left of the pixel, pixels left of the row
  logic [PlaneBits-1:0] rows_q;  // left
  logic [WordBits-1:0] next_place_q;
  logic more_q, last_bytes_q, last_pixel_q, last_of_row, last, count;
  place_t taken_q, behind, next;
  address_t row_q, pixel_q, next_unit_q;

  function automatic place_t at_most_a_word(logic [PixelBits-1:0] bytes);
    return bytes > PixelBits'(WordBytes) ? place_t'(WordBytes) : place_t'(bytes);
  endfunction

  assign count = more_q && (!known_q || take);
  assign last_of_row = last_bytes_q && last_pixel_q;
  assign last = last_of_row && rows_q == 1;
  assign behind = {1'b0, next_place_q} + taken_q;
  // A row ends with what fills it up.
  assign next = last_of_row ? (behind + place_t'(RowBytes - 1)) & ~place_t'(RowBytes - 1) : behind;

  always_ff @(posedge clk_i) begin
    if (rst_i) known_q <= 1'b0;
    else if (start_i) known_q <= 1'b0;
    else if (count) known_q <= 1'b1;
    else if (take) known_q <= 1'b0;
    if (count) begin
      place_q <= next_place_q;
      over_q <= behind > place_t'(WordBytes);
      // Two words only at the end of a row, where 2 WordBytes are 0 in a place's bits.
      pops_q <= behind > place_t'(2 * WordBytes - RowBytes) && last_of_row ? 2'd2 :
                2'(next[WordBits]);
      last_q <= last;
      unit_q <= next_unit_q;
    end
  end

  // Of a pixel's last bytes, the units that have some.
  for (genvar i = 0; i < WordUnits; i++) begin : gen_wanted
    always_ff @(posedge clk_i) if (count) wanted_q[i] <= taken_q > place_t'(16 * i);
  end

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      more_q <= 1'b1;
      next_place_q <= WordBits'({load_i.offset, 4'd0});
      bytes_q <= load_i.pixel_bytes;
      taken_q <= at_most_a_word(load_i.pixel_bytes);
      last_bytes_q <= load_i.pixel_bytes <= PixelBits'(WordBytes);
      pixels_q <= load_i.row_pixels;
      last_pixel_q <= load_i.row_pixels == 1;
      rows_q <= load_i.planes;
      row_q <= load_i.base[AddressBits-1:0];
      pixel_q <= load_i.base[AddressBits-1:0];
      next_unit_q <= load_i.base[AddressBits-1:0];
    end else if (count) begin
      more_q <= !last;
      next_place_q <= next[WordBits-1:0];
      if (!last_bytes_q) begin
        bytes_q <= bytes_q - PixelBits'(WordBytes);
        taken_q <= at_most_a_word(bytes_q - PixelBits'(WordBytes));
        last_bytes_q <= bytes_q <= PixelBits'(2 * WordBytes);
        next_unit_q <= next_unit_q + address_t'(WordUnits);
      end else begin
        bytes_q <= load_i.pixel_bytes;
        taken_q <= at_most_a_word(load_i.pixel_bytes);
        last_bytes_q <= load_i.pixel_bytes <= PixelBits'(WordBytes);
        if (!last_pixel_q) begin
          pixels_q <= pixels_q - 1'b1;
          last_pixel_q <= pixels_q == 2;
          pixel_q <= pixel_q + load_i.pitch[AddressBits-1:0];
          next_unit_q <= pixel_q + load_i.pitch[AddressBits-1:0];
        end else begin
          pixels_q <= load_i.row_pixels;
          last_pixel_q <= load_i.row_pixels == 1;
          rows_q <= rows_q - 1'b1;
          row_q <= row_q + load_i.plane_units[AddressBits-1:0];
          pixel_q <= row_q + load_i.plane_units[AddressBits-1:0];
          next_unit_q <= row_q + load_i.plane_units[AddressBits-1:0];
        end
      end
    end
  end

  // Through the network of units and the shift of bytes.
  logic [WordUnits:0][127:0] turned;
  logic [3:0] shift;

  unit_rotator #(
      .Places(2 * WordUnits),
      .Kept  (WordUnits + 1)
  ) u_units (
      .clk_i,
      .turn_i({1'b0, place_q[WordBits-1:4]}),
      .data_i(held_q),
      .data_o(turned)
  );

  delay_line #(
      .Bits(4),
      .Cycles(LateCycles - 2)
  ) u_shift_late (
      .clk_i,
      .data_i(place_q[3:0]),
      .data_o(shift)
  );

  byte_shift #(
      .Units(WordUnits + 1),
      .Bytes(WordBytes)
  ) u_bytes (
      .clk_i,
      .shift_i(shift),
      .byte_i (turned),
      .byte_o (lane_o)
  );

  delay_line #(
      .Bits(1 + WordUnits + AddressBits),
      .Cycles(LateCycles)
  ) u_late (
      .clk_i,
      .data_i({take && !rst_i ? wanted_q : '0, take && last_q && !rst_i, unit_q}),
      .data_o({valid_o, last_o, unit_o})
  );

  logic [LateCycles-1:0] under_way_q;
  always_ff @(posedge clk_i) begin
    if (rst_i) under_way_q <= '0;
    else under_way_q <= {under_way_q[LateCycles-2:0], take};
  end
  assign busy_o = busy_q || under_way_q != '0;

endmodule
