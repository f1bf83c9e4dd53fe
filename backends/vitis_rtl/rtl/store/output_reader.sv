// Reads a block from the output buffer into a stream of words, in the order of memory: plane by plane, row
// by row. Units behind the pixels of a row are zero. Of words of up to four units, of which rows are whole ones.
module output_reader
  import store_pkg::*;
#(
    parameter int unsigned Units = 4,
    parameter int unsigned Depth = 1024,
    localparam int unsigned WordBits = $clog2(Depth)
) (
    input logic clk_i,
    input logic rst_i,
    input logic start_i,  // not while busy
    /* verilator lint_off UNUSEDSIGNAL */  // each part takes what it needs of a block
    input store_block_t block_i,  // stays as long
    /* verilator lint_on UNUSEDSIGNAL */
    output logic busy_o,  // the last word was not taken
    output logic done_o,  // the last word is taken
    output logic advance_o,
    output logic [WordBits-1:0] read_address_o,
    input logic [Units-1:0][UnitBits-1:0] read_data_i,
    output logic data_valid_o,
    input logic data_ready_i,
    output logic [Units-1:0][UnitBits-1:0] data_o
);

  localparam int unsigned PhaseBits = Units < 2 ? 1 : $clog2(Units);
  localparam int unsigned HalfDepth = Depth / 2;

  if (Units > QuadUnits) begin : gen_check
    $error("Units: at most 4; of wider words rows are no whole ones.");
  end

  typedef struct packed {
    logic valid;
    logic last;
    logic [PhaseBits-1:0] turn;  // of the plane
    logic [Units-1:0] pixels;  // the units that are some
  } word_t;

  logic busy_q, advance, row_end, plane_end, last_q;
  logic [WordBits-1:0] address_q;
  logic [CountBits-1:0] columns_left_q, words_left_q, planes_left_q;
  logic [PhaseBits-1:0] turn_q;
  word_t word, fetched_q, read_q;
  logic [Units-1:0][PhaseBits-1:0] bank_at;  // of a unit; where there is one bank, that

  for (genvar u = 0; u < Units; u++) begin : gen_turn
    assign bank_at[u] = Units == 1 ? PhaseBits'(0) : PhaseBits'(u) + read_q.turn;
  end

  assign advance = !data_valid_o | data_ready_i;
  assign done_o = data_valid_o & data_ready_i & last_q;
  assign busy_o = busy_q | fetched_q.valid | read_q.valid | data_valid_o;
  assign advance_o = advance;
  assign read_address_o = address_q;
  assign row_end = columns_left_q <= CountBits'(Units);
  assign plane_end = words_left_q == 1;

  // Words of 16 or 32 bytes may have no pixel at all: the row's end is that of the words.
  logic [CountBits-1:0] row_words_left_q, row_words;
  logic row_words_end;
  assign row_words_end = row_words_left_q == 1;
  assign row_words = (block_i.columns + CountBits'(QuadUnits - 1)) / CountBits'(QuadUnits) *
                     CountBits'(QuadUnits / Units);

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      address_q <= block_i.half ? WordBits'(HalfDepth) : '0;
      planes_left_q <= block_i.planes;
      turn_q <= '0;
    end else if (busy_q & advance) begin
      address_q <= address_q + 1'b1;
      if (plane_end) begin
        planes_left_q <= planes_left_q - 1'b1;
        turn_q <= turn_q + 1'b1;
      end
    end
    if (start_i | (busy_q & advance & plane_end)) begin
      words_left_q <= CountBits'(block_i.plane_units / UnitsBits'(Units));
    end else if (busy_q & advance) words_left_q <= words_left_q - 1'b1;
    if (start_i | (busy_q & advance & row_words_end)) begin
      columns_left_q <= block_i.columns;
      row_words_left_q <= row_words;
    end else if (busy_q & advance) begin
      columns_left_q <= row_end ? '0 : columns_left_q - CountBits'(Units);
      row_words_left_q <= row_words_left_q - 1'b1;
    end
    if (rst_i) busy_q <= 1'b0;
    else busy_q <= start_i | (busy_q & !(advance & word.last));
  end

  always_comb begin
    word.valid = busy_q;
    word.last  = plane_end && planes_left_q == 1;
    word.turn  = turn_q;
    for (int unsigned u = 0; u < Units; u++) word.pixels[u] = columns_left_q > CountBits'(u);
  end

  always_ff @(posedge clk_i) begin
    if (advance) begin
      fetched_q <= word;
      read_q <= fetched_q;
      last_q <= read_q.last;
      // Unit u lies in bank u + turn.
      for (int unsigned u = 0; u < Units; u++) begin
        data_o[u] <= read_q.pixels[u] ? read_data_i[bank_at[u]] : '0;
      end
    end
    if (rst_i) begin
      fetched_q.valid <= 1'b0;
      read_q.valid <= 1'b0;
      data_valid_o <= 1'b0;
    end else if (advance) data_valid_o <= read_q.valid;
  end

endmodule
