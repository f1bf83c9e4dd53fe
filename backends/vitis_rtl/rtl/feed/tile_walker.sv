// The stationary tiles of a block, or of a part of one, in the program's order: repeats, segments, row tiles of a segment,
// column tiles. It is a tile ahead of who takes them: behind a tile that is taken the next one is there four
// cycles later, and behind a block that is started the first one three cycles later; while weights arrive, a cycle
// later, and when its own have come.
module tile_walker
  import feed_pkg::*;
#(
    parameter int unsigned Rows = 16
) (
    input logic clk_i,
    input logic rst_i,
    input logic start_i,
    output logic ready_o,
    input part_t part_i,
    input logic all_arrived_i,  // all weights are there; else
    input bytes_t arrived_i,  // these, from the buffer's first byte on
    output logic valid_o,
    input logic take_i,
    output tile_t tile_o
);

  typedef enum logic [2:0] {
    Idle,
    Look,  // which tiles are the last of their kind
    Sum,  // where its weights end
    Valid,
    Step
  } state_e;

  state_e state_q;
  block_t block_i;
  position_t position_q;
  count_t windows_q;
  logic odd_q, last_part_q, begins_q, ends;
  logic first_column_tile_q;  // of its row tile
  bytes_t weights_begin_q;
  logic valid_q, arrived_q;
  /* verilator lint_off UNUSEDSIGNAL */  // what only the begin of a block needs
  block_t block_q;
  /* verilator lint_on UNUSEDSIGNAL */
  count_t repeats_q, tap_rows_q, tap_columns_q, column_tiles_q;  // left
  bytes_t segment_q;  // left
  units_t repeat_base_q, segment_column_q;
  place_t place_q;
  logic [3:0] shift_q;
  bytes_t weights_end_q;
  count_t repeat_row_q, accumulator_row_q;
  logic first_q, last_row_tile_q, last_column_tile_q;
  logic last_repeat_q, last_tap_row_q, last_tap_column_q;
  bytes_t tile_bytes;  // of a whole row tile
  logic [4:0] next_shift;
  count_t next_row;

  assign block_i = part_i.block;
  assign ready_o = state_q == Idle;
  assign valid_o = valid_q && (all_arrived_i || arrived_q);
  assign tile_bytes = block_q.windows.wide ? ByteBits'(2 * Rows) : ByteBits'(Rows);
  assign next_shift = 5'(shift_q) + 5'(tile_bytes[3:0]);
  assign next_row = accumulator_row_q + block_q.positions;

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      state_q <= Idle;
    end else begin
      case (state_q)
        Idle: if (start_i) state_q <= Look;
        Look: state_q <= Sum;
        Sum: state_q <= Valid;
        Valid: if (take_i) state_q <= ends ? Idle : Step;
        default: state_q <= Look;
      endcase
    end
    // A bit by itself, for much follows from it in the same cycle.
    valid_q <= !rst_i & (state_q == Sum | (valid_q & !take_i));
  end

  always_ff @(posedge clk_i) arrived_q <= state_q == Valid && weights_end_q <= arrived_i;

  // A segment's first tile is at the segment's place, the next one Rows bytes further.
  always_ff @(posedge clk_i) begin
    if (state_q == Idle) begin
      block_q <= block_i;
      position_q <= part_i.position;
      windows_q <= part_i.windows;
      odd_q <= part_i.odd;
      last_part_q <= part_i.last;
      begins_q <= 1'b1;
      first_column_tile_q <= 1'b1;
      repeats_q <= block_i.repeats;
      tap_rows_q <= block_i.tap_rows;
      tap_columns_q <= block_i.tap_columns;
      column_tiles_q <= block_i.column_tiles;
      segment_q <= block_i.segment_bytes;
      repeat_base_q <= block_i.place.base;
      segment_column_q <= block_i.place.column;
      place_q <= block_i.place;
      shift_q <= '0;
      weights_end_q <= block_i.weights;
      repeat_row_q <= block_i.accumulator_row;
      accumulator_row_q <= block_i.accumulator_row;
      first_q <= !block_i.accumulate;
    end else if (state_q == Step && !last_column_tile_q) begin
      begins_q <= 1'b0;
      first_column_tile_q <= 1'b0;
      column_tiles_q <= column_tiles_q - 1'b1;
      accumulator_row_q <= next_row;
    end else if (state_q == Step) begin
      column_tiles_q <= block_q.column_tiles;
      first_column_tile_q <= 1'b1;
      accumulator_row_q <= repeat_row_q;
      first_q <= 1'b0;
      begins_q <= 1'b0;
      if (!last_row_tile_q) begin
        segment_q <= segment_q - tile_bytes;
        shift_q <= next_shift[3:0];
        place_q.column <= place_q.column + UnitBits'(tile_bytes >> 4) + UnitBits'(next_shift[4]);
      end else begin
        segment_q <= block_q.segment_bytes;
        shift_q <= '0;
        if (!last_tap_column_q) begin
          tap_columns_q <= tap_columns_q - 1'b1;
          segment_column_q <= segment_column_q + block_q.tap_column_step;
          place_q.column <= segment_column_q + block_q.tap_column_step;
        end else begin
          tap_columns_q <= block_q.tap_columns;
          segment_column_q <= block_q.place.column;
          place_q.column <= block_q.place.column;
          if (!last_tap_row_q) begin
            tap_rows_q <= tap_rows_q - 1'b1;
            place_q.base <= place_q.base + block_q.tap_row_step;
            place_q.row <= place_q.row + block_q.tap_row_rows;
          end else begin
            repeats_q <= repeats_q - 1'b1;
            tap_rows_q <= block_q.tap_rows;
            repeat_base_q <= repeat_base_q + block_q.repeat_step;
            place_q.base <= repeat_base_q + block_q.repeat_step;
            place_q.row <= block_q.place.row;
            repeat_row_q <= next_row;
            accumulator_row_q <= next_row;
            first_q <= !block_q.accumulate;
          end
        end
      end
    end else if (state_q == Sum && (first_column_tile_q || !block_q.inputs_stay)) begin
      // Where inputs stay, the weights of a row tile pass all its column tiles.
      weights_begin_q <= weights_end_q;
      weights_end_q <= weights_end_q + block_q.tile_bytes[last_row_tile_q][last_column_tile_q];
    end
  end

  always_ff @(posedge clk_i) begin
    last_row_tile_q <= segment_q <= tile_bytes;
    last_column_tile_q <= column_tiles_q == 1;
    last_tap_column_q <= tap_columns_q == 1;
    last_tap_row_q <= tap_rows_q == 1;
    last_repeat_q <= repeats_q == 1;
  end

  assign ends = last_repeat_q && last_tap_row_q && last_tap_column_q && last_row_tile_q &&
                  last_column_tile_q;

  always_comb begin
    tile_o.windows = block_q.windows;
    tile_o.row_bytes = last_column_tile_q ? block_q.last_bytes : block_q.full_bytes;
    tile_o.count = block_q.inputs_stay ? tile_o.row_bytes : windows_q;
    tile_o.continues = block_q.inputs_stay && !first_column_tile_q;
    tile_o.vectors = block_q.positions;
    tile_o.place = '{
        base: place_q.base + position_q.base,
        column: place_q.column + position_q.column,
        row: place_q.row + position_q.row
    };
    tile_o.first_column = place_q.column;
    tile_o.columns_left = position_q.columns_left;
    tile_o.shift = shift_q;
    tile_o.values = CountBits'(Rows);
    if (last_row_tile_q) begin
      tile_o.values = segment_q[CountBits-1:0];
      if (block_q.windows.wide) tile_o.values = segment_q[CountBits:1];
    end
    tile_o.paired = block_q.paired;
    tile_o.weights_begin = weights_begin_q;
    tile_o.weights_end = weights_end_q;
    tile_o.first = first_q;
    tile_o.accumulator_row = accumulator_row_q;
    tile_o.last = ends && last_part_q;
    tile_o.begins = begins_q;
    tile_o.ends = ends;
    tile_o.odd = odd_q;
    tile_o.accumulate = block_q.accumulate;
  end

endmodule
