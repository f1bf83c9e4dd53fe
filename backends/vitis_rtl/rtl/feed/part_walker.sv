// The parts of a block that tile_walker.sv works off one after the other. Where weights stay (WS) a block is one
// part, handed on as it comes. Where sums stay (NS) a part is a tile of sums: Rows output positions of one of the
// two channels that a column has of a column tile. Parts come in this order: positions, column tiles, channels.
module part_walker
  import feed_pkg::*;
#(
    parameter int unsigned Rows = 16
) (
    input logic clk_i,
    input logic rst_i,
    input logic start_i,
    output logic ready_o,
    input block_t block_i,
    output logic start_o,
    input logic ready_i,
    output part_t part_o,
    input logic taken_i,  // the part's last tile, whose weights end here
    input bytes_t weights_end_i
);

  typedef enum logic [1:0] {
    Idle,
    Offer,
    Taken  // its tiles are being taken
  } state_e;

  state_e state_q;
  block_t block_q;
  // Of the present positions, and of the next ones, Rows steps further.
  position_t first, position_q, next_q;
  count_t steps_q;  // left to these
  count_t positions_q;  // left, from the present ones on
  count_t column_tiles_q;  // left
  count_t position_row_q, tile_row_q;  // accumulator rows
  logic odd_q;
  bytes_t weights_q;
  logic last_column_tile, last_positions, begins, ends;

  assign first = '{base: '0, column: '0, row: '0, columns_left: block_i.windows.columns};
  assign last_column_tile = column_tiles_q == 1;
  assign last_positions = positions_q <= CountBits'(Rows);
  assign ready_o = state_q == Idle && (block_i.stay || ready_i);
  assign start_o = block_i.stay || state_q != Idle ? state_q == Offer && ready_i : start_i;

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      state_q <= Idle;
    end else begin
      case (state_q)
        Idle: if (start_i && block_i.stay) state_q <= Offer;
        Offer: if (ready_i) state_q <= Taken;
        default: if (taken_i) state_q <= part_o.last ? Idle : Offer;
      endcase
    end
  end

  assign begins = state_q == Idle;
  assign ends   = state_q == Taken && taken_i && odd_q;

  // What is late only enables a register: what it becomes is known before.
  always_ff @(posedge clk_i) begin
    if (begins) block_q <= block_i;
    if (begins) odd_q <= 1'b0;
    else if (state_q == Taken && taken_i) odd_q <= !odd_q;
    if (begins | ends) begin
      weights_q <= begins ? block_i.weights : last_column_tile ? block_q.weights : weights_end_i;
      column_tiles_q <= begins ? block_i.column_tiles :
                        last_column_tile ? block_q.column_tiles : column_tiles_q - 1'b1;
      tile_row_q <= begins ? block_i.accumulator_row :
                    last_column_tile ? position_row_q + CountBits'(Rows) :
                    tile_row_q + block_q.positions;
    end
    if (begins | (ends & last_column_tile)) begin
      position_row_q <= begins ? block_i.accumulator_row : position_row_q + CountBits'(Rows);
      positions_q <= begins ? block_i.positions : positions_q - CountBits'(Rows);
      position_q <= begins ? first : next_q;
    end
  end

  // The next positions are counted while the first part of the present ones is worked off: it takes as many cycles.
  always_ff @(posedge clk_i) begin
    if (state_q == Offer && !odd_q && column_tiles_q == block_q.column_tiles) begin
      next_q  <= position_q;
      steps_q <= CountBits'(Rows);
    end else if (steps_q != 0) begin
      steps_q <= steps_q - 1'b1;
      if (next_q.columns_left != 1) begin
        next_q.column <= next_q.column + block_q.windows.column_step;
        next_q.columns_left <= next_q.columns_left - 1'b1;
      end else begin
        next_q <= '{
            base: next_q.base + block_q.windows.row_step,
            column: '0,
            row: next_q.row + block_q.windows.row_rows,
            columns_left: block_q.windows.columns
        };
      end
    end
  end

  always_comb begin
    part_o = '{
        block: block_i,
        position: first,
        windows: block_i.positions,
        odd: 1'b0,
        last: 1'b1
    };
    if (state_q != Idle) begin
      part_o.block = block_q;
      part_o.block.column_tiles = CountBits'(1);
      if (last_column_tile) part_o.block.tile_bytes = {
        {2{block_q.tile_bytes[1][1]}}, {2{block_q.tile_bytes[0][1]}}
      };
      else part_o.block.tile_bytes = {
        {2{block_q.tile_bytes[1][0]}}, {2{block_q.tile_bytes[0][0]}}
      };
      part_o.block.last_bytes = last_column_tile ? block_q.last_bytes : block_q.full_bytes;
      part_o.block.weights = weights_q;
      part_o.block.accumulator_row = tile_row_q;
      part_o.position = position_q;
      part_o.windows = last_positions ? positions_q : CountBits'(Rows);
      part_o.odd = odd_q;
      part_o.last = odd_q && last_column_tile && last_positions;
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (!rst_i && state_q == Taken && taken_i && odd_q && last_column_tile && !last_positions) begin
      assert (steps_q == 0)
      else $error("A part was worked off before the positions of the next one were known.");
    end
  end
`endif

endmodule
