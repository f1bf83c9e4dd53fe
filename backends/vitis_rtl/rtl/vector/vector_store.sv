// What becomes of the lanes' bytes: block after block into the output buffer, and from there to memory. Halves of the
// buffer alternate.
module vector_store
  import vector_pkg::*, post_pkg::chunk_t, lanes_pkg::UnitBits, store_pkg::store_block_t,
         store_pkg::AddressBits, store_pkg::CountBits, store_pkg::RunBits, winograd_pkg::Alone;
#(
    parameter int unsigned Planes = 2,
    parameter int unsigned WordUnits = 4,
    parameter int unsigned Depth = 1024,  // words of the output buffer, both halves
    parameter bit Ultra = 1'b0
) (
    input logic clk_i,
    input logic rst_i,
    input logic start_i,  // of a pass; not while busy
    /* verilator lint_off UNUSEDSIGNAL */  // each part takes what it needs of a pass
    input vector_pass_t pass_i,  // stays until it is done
    /* verilator lint_on UNUSEDSIGNAL */
    output logic busy_o,
    output logic room_o,  // for one more block
    input logic walk_i,  // a block comes
    output logic filled_o,  // it is in the output buffer
    input logic store_i,  // one more block may be stored
    output logic emptied_o,  // it has left the output buffer
    output logic stored_o,  // it is in memory
    // the lanes
    input logic chunk_i,
    input chunk_t chunk_data_i,
    input logic valid_i,
    input logic [Planes-1:0][UnitBits-1:0] bytes_i,
    // memory (memory_write.sv)
    output logic request_valid_o,
    input logic request_ready_i,
    output logic [AddressBits-1:0] request_address_o,
    output logic [RunBits-1:0] request_beats_o,
    output logic data_valid_o,
    input logic data_ready_i,
    output logic [WordUnits-1:0][UnitBits-1:0] data_o,
    input logic done_i
);

  // Blocks that are in the output buffer or on their way there, that wait there, and whose turn has come.
  localparam int unsigned Few = 4;
  logic [Few-1:0] ahead_q, filled_q, turns_q;
  logic [CountBits-1:0] fill_left_q, store_left_q;
  // Of these, whether the next one is the last, and whether there is one more.
  logic fill_last_q, store_last_q, store_more_q;
  logic [AddressBits-1:0] address_q, storing_address_q;
  logic store, asking, emptying, storing, fill_half_q, store_half_q, fill_q, store_q;
  /* verilator lint_off UNUSEDSIGNAL */  // the input's part of it is for others
  vector_block_t filling_q, storing_q;
  /* verilator lint_on UNUSEDSIGNAL */
  logic filling_half_q, storing_half_q;

  assign store = store_more_q && filled_q != 0 && turns_q != 0 && !asking && !emptying &&
                 !store_q;
  assign busy_o = store_more_q || storing || store_q;
  assign room_o = ahead_q < 2;

  always_ff @(posedge clk_i) begin
    if (start_i) address_q <= pass_i.output_address;
    else if (store) address_q <= address_q + pass_i.output_step;
    if (walk_i) begin
      filling_q <= fill_last_q ? pass_i.last : pass_i.whole;
      filling_half_q <= fill_half_q;
    end
    if (store) begin
      storing_q <= store_last_q ? pass_i.last : pass_i.whole;
      storing_half_q <= store_half_q;
      storing_address_q <= address_q;
    end
    if (rst_i) begin
      {fill_q, store_q} <= '0;
      {fill_half_q, store_half_q} <= '0;
      {ahead_q, filled_q, turns_q} <= '0;
      store_more_q <= 1'b0;
    end else begin
      fill_q <= walk_i;
      store_q <= store;
      fill_half_q <= !start_i & (fill_half_q ^ walk_i);
      store_half_q <= !start_i & (store_half_q ^ store);
      ahead_q <= ahead_q + Few'(walk_i) - Few'(emptied_o);
      filled_q <= filled_q + Few'(filled_o) - Few'(store);
      turns_q <= turns_q + Few'(store_i) - Few'(store);
      store_more_q <= start_i ? pass_i.blocks != 0 : store_more_q & !(store & store_last_q);
    end
    if (start_i) begin
      {fill_left_q, store_left_q} <= {2{pass_i.blocks}};
      {fill_last_q, store_last_q} <= {2{pass_i.blocks == 1}};
    end else begin
      if (walk_i) begin
        fill_left_q <= fill_left_q - 1'b1;
        fill_last_q <= fill_left_q == 2;
      end
      if (store) begin
        store_left_q <= store_left_q - 1'b1;
        store_last_q <= store_left_q == 2;
      end
    end
  end

  /* verilator lint_off UNUSEDSIGNAL */  // the input's part of it is for others
  function automatic store_block_t stored(vector_block_t block, logic half);
    /* verilator lint_on UNUSEDSIGNAL */
    return '{
        half: half,
        by_channel: 1'b0,
        columns: pass_i.walk.columns,
        rows: block.rows,
        plane_units: block.output_plane_units,
        planes: pass_i.walk.planes,
        one_run: block.runs == 1,
        pixel_bytes: pass_i.output_pixel_bytes,
        pixel_row_words: pass_i.output_row_words
    };
  endfunction

  output_buffer #(
      .Planes(Planes),
      .ByChannel(1'b0),
      .Units(WordUnits),
      .Depth(Depth),
      .Ultra(Ultra)
  ) u_buffer (
      .clk_i,
      .rst_i,
      .tile_rows_i(Alone),
      .tile_columns_i(Alone),
      .fill_i(fill_q),
      .fill_block_i(stored(filling_q, filling_half_q)),
      .chunk_i,
      .chunk_data_i,
      .valid_i,
      .data_i(bytes_i),
      .filled_o,
      .empty_i(store_q),
      .empty_block_i(stored(storing_q, storing_half_q)),
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
          pitch: pass_i.output_pitch,
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
