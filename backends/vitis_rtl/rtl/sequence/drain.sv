// The draining half of the core: sums of a block in the accumulators become bytes in memory. Blocks come in
// their order, and halves of accumulators and output buffer alternate:
//
//   block i is posted  when its sums are there (`computed_i`), block i - 1 was read, and i - 2 has left
//   block i is stored  when it is in the output buffer, block i - 1 has left it, and its turn has come
module drain
  import lanes_pkg::*, post_pkg::*, store_pkg::store_block_t, store_pkg::runs_t,
         store_pkg::AddressBits, store_pkg::RunBits, winograd_pkg::form_e, drain_pkg::*;
#(
    parameter int unsigned Columns = 16,
    parameter int unsigned Pairs = 8,
    parameter int unsigned AccumulatorBits = 32,
    parameter int unsigned PartBits = 18,  // of the lower part of a sum that comes in two
    parameter int unsigned ValueBits = LeastValueBits,
    parameter int unsigned RowBits = 9,
    parameter int unsigned Units = 4,  // of 16 bytes in a word
    parameter int unsigned ParameterDepth = 512,
    parameter int unsigned OutputDepth = 1024,
    parameter bit Winograd = 1'b0,
    parameter bit Ultra = 1'b0,  // the output buffer
    localparam int unsigned ParameterBits = $clog2(ParameterDepth),
    localparam int unsigned Planes = 2 * Pairs / UnitBytes,  // that come of the lanes side by side
    localparam int unsigned Groups = (Columns + Pairs - 1) / Pairs
) (
    input logic clk_i,
    input logic rst_i,
    input logic start_i,  // of a pass; not while busy
    /* verilator lint_off UNUSEDSIGNAL */  // forms have half a byte each
    input drain_pass_t pass_i,  // stays until it is done
    /* verilator lint_on UNUSEDSIGNAL */
    output logic busy_o,
    input logic computed_i,  // the sums of one more block can be read
    output logic posted_o,  // one more block was read
    output logic filled_o,  // one more block waits to be stored
    input logic store_i,  // one more block may be stored
    output logic emptied_o,  // one more block has left the output buffer
    output logic stored_o,  // one more block is in memory
    input logic by_channel_i,  // a row of the accumulators is a channel (IS), else a position
    // parameters, as they come from memory
    input logic parameters_write_i,
    input logic [ParameterBits-1:0] parameters_word_i,
    input logic [Units-1:0][UnitBits-1:0] parameters_data_i,
    // accumulators
    output logic [Groups-1:0] read_o,
    output logic read_half_o,
    output logic [RowBits-1:0] read_row_o,
    input logic [Columns-1:0] valid_i,
    input logic [Columns-1:0][AccumulatorBits-1:0] low_i,
    input logic [Columns-1:0][AccumulatorBits-1:0] high_i,
    // lanes.sv, its first 2 Pairs lanes
    output post_lanes_t lanes_o,
    output logic [2*Pairs-1:0][ValueBits-1:0] lane_sums_o,
    input logic [2*Pairs-1:0][ByteBits-1:0] lane_bytes_i,
    // memory (memory_write.sv)
    output logic request_valid_o,
    input logic request_ready_i,
    output logic [AddressBits-1:0] request_address_o,
    output logic [RunBits-1:0] request_beats_o,
    output logic data_valid_o,
    input logic data_ready_i,
    output logic [Units-1:0][UnitBits-1:0] data_o,
    input logic done_i
);

  // Blocks that may be posted, that are in the output buffer or on their way there, that wait there,
  // and whose turn has come.
  localparam int unsigned Few = 4;
  logic [Few-1:0] to_post_q, ahead_q, filled_q, turns_q;
  logic [CountBits-1:0] post_left_q, store_left_q, parameters_q, row_q;
  // Of these, whether there is one more, and whether it is the last.
  logic begun_q, post_more_q, post_last_q, store_more_q, store_last_q;
  logic [AddressBits-1:0] address_q;
  logic post, store, post_busy, post_busy_q, asking, emptying, storing, post_half_q, store_half_q;
  logic chunk, bytes_valid, turned_valid;
  chunk_t chunk_data;
  logic [2*Pairs-1:0][ByteBits-1:0] bytes;
  logic [Planes-1:0][UnitBits-1:0] turned;
  drain_block_t post_shape, store_shape;
  store_block_t fill_block, empty_block;

  // A start, and the shape of its block, are registered: a shape is kept until the next start.
  logic post_q, store_q;
  /* verilator lint_off UNUSEDSIGNAL */  // each part takes what it needs of a block
  drain_block_t posting_q, storing_q;
  /* verilator lint_on UNUSEDSIGNAL */
  logic posting_half_q, storing_half_q;
  logic [CountBits-1:0] posting_parameters_q, posting_row_q;
  logic [AddressBits-1:0] storing_address_q;

  form_e tile_rows, tile_columns;
  assign tile_rows = form_e'(pass_i.tile_rows[1:0]);
  assign tile_columns = form_e'(pass_i.tile_columns[1:0]);

  assign post_shape = post_last_q ? pass_i.last : pass_i.whole;
  assign store_shape = store_last_q ? pass_i.last : pass_i.whole;
  assign post = post_more_q && to_post_q != 0 && ahead_q < 2 && !post_busy && !post_q;
  assign store = store_more_q && filled_q != 0 && turns_q != 0 && !asking && !emptying && !store_q;
  assign busy_o = store_more_q || storing || store_q;
  assign posted_o = post_busy_q & !post_busy;

  always_ff @(posedge clk_i) begin
    post_busy_q <= post_busy & !rst_i;
    if (start_i) begin
      address_q <= pass_i.address;
      parameters_q <= pass_i.parameters;
      row_q <= '0;
    end else begin
      if (store) address_q <= address_q + pass_i.step;
      if (post) parameters_q <= parameters_q + pass_i.parameters_step;
      if (post & post_half_q) row_q <= row_q + pass_i.sum_step;
    end
    begun_q <= start_i;
    if (start_i) begin
      post_left_q <= pass_i.blocks;
      store_left_q <= pass_i.blocks;
    end else begin
      if (post) begin
        post_left_q <= post_left_q - 1'b1;
        post_last_q <= post_left_q == 2;
      end
      if (store) begin
        store_left_q <= store_left_q - 1'b1;
        store_last_q <= store_left_q == 2;
      end
      // No block has been computed yet.
      if (begun_q) {post_last_q, store_last_q} <= {2{post_left_q == 1}};
    end
    if (post) begin
      posting_q <= post_shape;
      posting_half_q <= post_half_q;
      posting_parameters_q <= parameters_q;
      posting_row_q <= row_q;
    end
    if (store) begin
      storing_q <= store_shape;
      storing_half_q <= store_half_q;
      storing_address_q <= address_q;
    end
    if (rst_i) begin
      {post_q, store_q} <= '0;
      {post_half_q, store_half_q} <= '0;
      {to_post_q, ahead_q, filled_q, turns_q} <= '0;
      {post_more_q, store_more_q} <= '0;
    end else begin
      post_q <= post;
      store_q <= store;
      post_half_q <= !start_i & (post_half_q ^ post);
      store_half_q <= !start_i & (store_half_q ^ store);
      to_post_q <= to_post_q + Few'(computed_i) - Few'(post);
      ahead_q <= ahead_q + Few'(post) - Few'(emptied_o);
      filled_q <= filled_q + Few'(filled_o) - Few'(store);
      turns_q <= turns_q + Few'(store_i) - Few'(store);
      post_more_q <= start_i ? pass_i.blocks != 0 : post_more_q & !(post & post_last_q);
      store_more_q <= start_i ? pass_i.blocks != 0 : store_more_q & !(store & store_last_q);
    end
  end

  post #(
      .Columns(Columns),
      .Pairs(Pairs),
      .AccumulatorBits(AccumulatorBits),
      .PartBits(PartBits),
      .ValueBits(ValueBits),
      .RowBits(RowBits),
      .Units(Units),
      .ParameterDepth(ParameterDepth),
      .Winograd(Winograd)
  ) u_post (
      .clk_i,
      .rst_i,
      .tile_rows_i(tile_rows),
      .tile_columns_i(tile_columns),
      .start_i(post_q),
      .block_i('{
          by_channel: by_channel_i,
          half: posting_half_q,
          row: posting_row_q,
          positions: posting_q.positions,
          channels: posting_q.channels,
          planes: posting_q.planes,
          parameters: posting_parameters_q,
          position_rows: posting_q.position_rows
      }),
      .busy_o(post_busy),
      .lanes_o,
      .lane_sums_o,
      .lane_bytes_i,
      .parameters_write_i,
      .parameters_word_i,
      .parameters_data_i,
      .read_o,
      .read_half_o,
      .read_row_o,
      .valid_i,
      .low_i,
      .high_i,
      .chunk_o(chunk),
      .chunk_data_o(chunk_data),
      .valid_o(bytes_valid),
      .bytes_o(bytes)
  );

  assign fill_block = '{
          half: posting_half_q,
          by_channel: by_channel_i,
          columns: pass_i.columns,
          rows: posting_q.rows,
          plane_units: posting_q.plane_units,
          planes: posting_q.planes,
          one_run: posting_q.runs == 1,
          pixel_bytes: pass_i.pixel_bytes,
          pixel_row_words: pass_i.pixel_row_words
      };
  assign empty_block = '{
          half: storing_half_q,
          by_channel: by_channel_i,
          columns: pass_i.columns,
          rows: storing_q.rows,
          plane_units: storing_q.plane_units,
          planes: storing_q.planes,
          one_run: storing_q.runs == 1,
          pixel_bytes: pass_i.pixel_bytes,
          pixel_row_words: pass_i.pixel_row_words
      };

  channel_turn #(
      .Planes(Planes)
  ) u_turn (
      .clk_i,
      .rst_i,
      .by_channel_i(by_channel_i),
      .valid_i(bytes_valid),
      .bytes_i(bytes),
      .valid_o(turned_valid),
      .units_o(turned)
  );

  output_buffer #(
      .Planes(Planes),
      .Units (Units),
      .Depth (OutputDepth),
      .Winograd(Winograd),
      .Ultra(Ultra)
  ) u_buffer (
      .clk_i,
      .rst_i,
      .tile_rows_i(tile_rows),
      .tile_columns_i(tile_columns),
      .fill_i(post_q),
      .fill_block_i(fill_block),
      .chunk_i(chunk),
      .chunk_data_i(chunk_data),
      .valid_i(turned_valid),
      .data_i(turned),
      .filled_o,
      .empty_i(store_q),
      .empty_block_i(empty_block),
      .emptying_o(emptying),
      .emptied_o,
      .data_valid_o,
      .data_ready_i,
      .data_o
  );

  store_requests u_requests (
      .clk_i,
      .rst_i,
      .start_i(store_q),
      .runs_i('{
          address: storing_address_q,
          pitch: pass_i.pitch,
          runs: storing_q.runs,
          run_beats: storing_q.run_beats
      }),
      .asking_o(asking),
      .busy_o(storing),
      .done_o(stored_o),
      .request_valid_o,
      .request_ready_i,
      .request_address_o,
      .request_beats_o,
      .done_i
  );

endmodule
