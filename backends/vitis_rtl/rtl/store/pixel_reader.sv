// Reads a block from the output buffer into the words of an hwc tensor: a pixel in each step, of one that is longer
// than a word a word's bytes, which are put behind those of the step before. A step makes at most one word. Rows end at
// multiples of 64 bytes, zeros behind their pixels: a step each makes the words that these zeros end, and the last one.
// Between steps, all of it stands still while a word is not taken.
//
//   step   0        1         3       4       6       7
//          counted  address   units   turned  bytes   a word, or kept for the next step
module pixel_reader
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
    output logic [Units-1:0][WordBits-1:0] read_address_o,
    input logic [Units-1:0][UnitBits-1:0] read_data_i,
    output logic data_valid_o,
    input logic data_ready_i,
    output logic [Units-1:0][UnitBits-1:0] data_o
);

  localparam int unsigned Bytes = Units * UnitBytes;
  localparam int unsigned RowBytes = 64;  // rows end at multiples of it
  localparam int unsigned PlaceBits = $clog2(Bytes);
  localparam int unsigned PhaseBits = Units < 2 ? 1 : $clog2(Units);
  localparam int unsigned HalfDepth = Depth / 2;
  localparam int unsigned Stages = 6;  // behind the one that counts, and before the words

  typedef logic [PlaceBits:0] place_t;  // up to two words

  typedef struct packed {
    logic valid;
    logic emit;  // it ends a word
    logic last;  // of the block
    logic [PhaseBits-1:0] turn;  // from the bank of unit 0 to where the bytes begin
    logic [PlaceBits-1:0] place;  // of its first byte in the word
    place_t behind;  // its last one
  } step_t;

  function automatic place_t at_most_a_word(logic [CountBits-1:0] bytes);
    return bytes > CountBits'(Bytes) ? place_t'(Bytes) : place_t'(bytes);
  endfunction

  logic advance, step;
  step_t stage_q[Stages+1];
  assign advance   = !data_valid_o | data_ready_i;
  assign advance_o = advance;

  // ---- what is read in a step: bytes of a pixel, or none where a row is filled up
  logic busy_q, filling_q, last_bytes_q, last_column_q, last_row_q;
  logic [PlaceBits-1:0] place_q, next_place;
  place_t taken_q, behind;
  logic [CountBits-1:0] bytes_q, columns_q, rows_q;  // left
  logic emit, row_end, row_over, moves, next_row;

  assign step = busy_q & advance;
  assign behind = {1'b0, place_q} + taken_q;
  assign emit = filling_q | behind[PlaceBits];
  assign row_end = !filling_q & last_bytes_q & last_column_q;
  // What begins or goes on: a row where there is none, or the one before is over.
  assign moves = start_i | step;
  assign next_row = start_i | row_over;

  if (Bytes <= RowBytes) begin : gen_whole_words
    // The words that are left of a row.
    logic [CountBits-1:0] words_q;
    logic last_word_q;

    assign row_over = emit & last_word_q;
    assign next_place = '0;

    always_ff @(posedge clk_i) begin
      if (moves & next_row) begin
        words_q <= block_i.pixel_row_words;
        last_word_q <= block_i.pixel_row_words == 1;
      end else if (step & emit) begin
        words_q <= words_q - 1'b1;
        last_word_q <= words_q == 2;
      end
    end
  end else begin : gen_parts
    // A row ends inside of a word, and the next one begins there, but that its zeros may end the word.
    logic [PlaceBits-1:0] after;
    logic whole;  // its bytes end with a word
    assign after = PlaceBits'(behind + place_t'(RowBytes - 1)) & ~PlaceBits'(RowBytes - 1);
    assign whole = behind[PlaceBits-1:0] == '0;
    assign row_over = filling_q |
                      (row_end & (whole | ((after != '0) & !last_row_q)));
    assign next_place = filling_q ? '0 : after;
  end

  always_ff @(posedge clk_i) begin
    if (moves) begin
      if (next_row) begin
        filling_q <= 1'b0;
        place_q <= start_i ? '0 : next_place;
        columns_q <= block_i.columns;
        last_column_q <= block_i.columns == 1;
      end else begin
        filling_q <= filling_q | row_end;
        if (!filling_q) place_q <= behind[PlaceBits-1:0];
        if (last_bytes_q) begin
          columns_q <= columns_q - 1'b1;
          last_column_q <= columns_q == 2;
        end
      end
      if (next_row | last_bytes_q) begin
        bytes_q <= block_i.pixel_bytes;
        taken_q <= at_most_a_word(block_i.pixel_bytes);
        last_bytes_q <= block_i.pixel_bytes <= CountBits'(Bytes);
      end else begin
        bytes_q <= bytes_q - CountBits'(Bytes);
        taken_q <= at_most_a_word(bytes_q - CountBits'(Bytes));
        last_bytes_q <= bytes_q <= CountBits'(2 * Bytes);
      end
    end
    if (start_i) begin
      rows_q <= block_i.rows;
      last_row_q <= block_i.rows == 1;
    end else if (step & row_over) begin
      rows_q <= rows_q - 1'b1;
      last_row_q <= rows_q == 2;
    end
    if (rst_i) busy_q <= 1'b0;
    else busy_q <= start_i | (busy_q & !(step & row_over & last_row_q));
  end

  // ---- where it lies: unit i of plane q in bank (i + q) modulo Units, planes whole words apart
  typedef logic [WordBits+$clog2(Units)-1:0] address_t;  // of a unit

  logic [Units:0][WordBits-1:0] planes_q;  // so many of them
  address_t row_q, pixel_q, after_row, after_pixel;
  logic [WordBits-1:0] chunk_q, plane_words;
  logic [PhaseBits-1:0] phase;
  logic [Units-1:0][PhaseBits-1:0] plane_at, bank_at;  // of a bank, and of a place in the word

  // Where Units is 1 there is one bank.
  assign phase = Units == 1 ? '0 : PhaseBits'(pixel_q);
  for (genvar u = 0; u < Units; u++) begin : gen_turn
    assign plane_at[u] = Units == 1 ? PhaseBits'(0) : PhaseBits'(u) - phase;
    assign bank_at[u]  = Units == 1 ? PhaseBits'(0) : PhaseBits'(u) + stage_q[3].turn;
  end

  // Rows in the buffer are whole quads.
  assign after_row = start_i ? (block_i.half ? address_t'(HalfDepth * Units) : '0) :
                     row_q + (address_t'(block_i.columns + CountBits'(3)) & ~address_t'(3));
  assign after_pixel = pixel_q + 1'b1;
  assign plane_words = WordBits'(block_i.plane_units / UnitsBits'(Units));

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      for (int unsigned k = 0; k <= Units; k++) begin
        planes_q[k] <= WordBits'(multiple(k, 32'(plane_words)));
      end
    end
    if (moves) begin
      if (next_row) begin
        row_q   <= after_row;
        pixel_q <= after_row;
        chunk_q <= WordBits'(after_row / address_t'(Units));
      end else if (last_bytes_q) begin
        pixel_q <= after_pixel;
        chunk_q <= WordBits'(after_pixel / address_t'(Units));
      end else begin
        chunk_q <= chunk_q + planes_q[Units];
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (advance) begin
      for (int unsigned b = 0; b < Units; b++) read_address_o[b] <= chunk_q + planes_q[plane_at[b]];
    end
  end

  // ---- the steps on their way
  step_t counted;
  logic under_way;

  always_comb begin
    counted = '{
        valid: busy_q,
        emit: emit,
        last: row_over & last_row_q,
        turn: phase,
        place: place_q,
        behind: filling_q ? {1'b0, place_q} : behind
    };
    if (Units > 1) counted.turn = phase - PhaseBits'(place_q >> 4);
    under_way = 1'b0;
    for (int unsigned s = 1; s <= Stages; s++) under_way |= stage_q[s].valid;
  end

  always_comb stage_q[0] = counted;

  for (genvar s = 1; s <= Stages; s++) begin : gen_stage
    always_ff @(posedge clk_i) begin
      if (advance) stage_q[s] <= stage_q[s-1];
      if (rst_i) stage_q[s].valid <= 1'b0;
    end
  end

  assign busy_o = busy_q | under_way | data_valid_o;

  // ---- its bytes to their place in the word: units, then bytes
  logic [Bytes-1:0][7:0] turned_q, coarse_q, fine_q, kept_q, present;
  logic [Bytes-1:0] here_q, next_q, first;
  logic [2*Bytes-1:0] reached;

  // Bytes of the step in this word and in the next one: from its first one on, and not those behind it.
  assign first   = {Bytes{1'b1}} << stage_q[5].place;
  assign reached = ~({2 * Bytes{1'b1}} << stage_q[5].behind);

  always_ff @(posedge clk_i) begin
    if (advance) begin
      here_q <= first & reached[Bytes-1:0];
      next_q <= reached[2*Bytes-1:Bytes];
    end
  end

  for (genvar u = 0; u < Units; u++) begin : gen_unit
    always_ff @(posedge clk_i) begin
      if (advance) begin
        turned_q[16*u+:16] <= read_data_i[bank_at[u]];
      end
    end
  end

  for (genvar j = 0; j < Bytes; j++) begin : gen_byte
    always_ff @(posedge clk_i) begin
      if (advance) begin
        case (stage_q[4].place[3:2])
          2'd0: coarse_q[j] <= turned_q[j];
          2'd1: coarse_q[j] <= turned_q[(j+Bytes-4)%Bytes];
          2'd2: coarse_q[j] <= turned_q[(j+Bytes-8)%Bytes];
          default: coarse_q[j] <= turned_q[(j+Bytes-12)%Bytes];
        endcase
        case (stage_q[5].place[1:0])
          2'd0: fine_q[j] <= coarse_q[j];
          2'd1: fine_q[j] <= coarse_q[(j+Bytes-1)%Bytes];
          2'd2: fine_q[j] <= coarse_q[(j+Bytes-2)%Bytes];
          default: fine_q[j] <= coarse_q[(j+Bytes-3)%Bytes];
        endcase
      end
    end
    assign present[j] = here_q[j] ? fine_q[j] : kept_q[j];
  end

  // ---- words; what is kept is zero where no byte has come yet
  logic last_q;

  assign done_o = data_valid_o & data_ready_i & last_q;

  always_ff @(posedge clk_i) begin
    if (start_i) kept_q <= '0;
    else if (advance & stage_q[Stages].valid) begin
      for (int unsigned j = 0; j < Bytes; j++) begin
        if (!stage_q[Stages].emit) kept_q[j] <= present[j];
        else kept_q[j] <= next_q[j] ? fine_q[j] : '0;
      end
    end
    if (advance) begin
      data_o <= present;
      last_q <= stage_q[Stages].last;
    end
    if (rst_i) data_valid_o <= 1'b0;
    else if (advance) data_valid_o <= stage_q[Stages].valid & stage_q[Stages].emit;
  end

endmodule
