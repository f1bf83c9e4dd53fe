// Asks for the accumulator rows of a block and for the parameters of its channels, in chunks: the units of
// 16 channels that one group of columns has, at all positions. A chunk takes a cycle per position, and at
// least one per pair of lanes, for parameters come a pair per cycle. Chunks follow each other without a
// pause; the first one begins StartCycles after `start_i`.
//
// Where inputs stay, a row is a channel, and its parameters come with it; a chunk is what one group of columns has of
// all channels, in whole planes, and takes a cycle for each, at least one per pair of lanes.
module post_requests
  import lanes_pkg::*, post_pkg::*;
#(
    parameter int unsigned Columns = 16,  // two channels each
    parameter int unsigned Pairs = 8,  // columns of a group
    parameter int unsigned RowBits = 9,
    localparam int unsigned Groups = (Columns + Pairs - 1) / Pairs
) (
    input logic clk_i,
    input logic rst_i,
    input logic start_i,  // not while busy
    /* verilator lint_off UNUSEDSIGNAL */  // each part takes what it needs of a block
    input post_block_t block_i,  // stays until the block is done
    /* verilator lint_on UNUSEDSIGNAL */
    output logic busy_o,
    output logic [Groups-1:0] read_o,
    output logic read_half_o,
    output logic [RowBits-1:0] read_row_o,
    // Two channels of a chunk, and in the next cycles the others; or one channel.
    output logic fetch_first_o,
    output logic [CountBits-1:0] fetch_pair_o,  // within the block
    output logic fetch_odd_o,  // that one channel is the pair's second
    output logic [1:0] fetch_used_o,
    output logic chunk_o,  // begins
    output chunk_t chunk_data_o
);

  localparam int unsigned UnitPairs = UnitBytes / 2;
  localparam int unsigned GroupUnits = Pairs / UnitPairs;
  localparam int unsigned TileUnits = Columns / UnitPairs;
  localparam int unsigned UnitsBits = $clog2(TileUnits + 1) + 1;
  localparam int unsigned FetchBits = $clog2(Pairs + 1);

  if (Columns % UnitPairs != 0 || Pairs % UnitPairs != 0 || Pairs == 0) begin : gen_check
    $error("Columns, Pairs: multiples of 8, so that no unit of 16 channels is in two groups.");
  end
  if (RowBits > CountBits) begin : gen_check_rows
    $error("RowBits: at most 16.");
  end

  logic [1:0] begin_q;
  logic busy_q, take, last, more, last_chunk;
  logic [Groups-1:0] group;
  logic [UnitsBits-1:0] planes, next_planes;
  logic [CountBits-1:0] reads_q, number_q;  // of a pair in the block, or of a channel
  logic [FetchBits-1:0] fetches_q;
  logic [CountBits-1:0] rows, spans;  // of a chunk; of 16 channels or positions
  logic [RowBits-1:0] tile_rows, next_row, row_q;
  logic first_q, fetching;

  always_comb begin
    rows = block_i.positions;
    tile_rows = RowBits'(block_i.positions);
    spans = block_i.planes;
    if (block_i.by_channel) begin
      rows = {block_i.planes[CountBits-5:0], 4'd0};
      tile_rows = RowBits'(block_i.channels);
      spans = (block_i.positions + CountBits'(UnitBytes - 1)) / CountBits'(UnitBytes);
    end
  end

  chunk_order #(
      .TileUnits(TileUnits),
      .GroupUnits(GroupUnits),
      .Groups(Groups),
      .RowBits(RowBits)
  ) u_order (
      .clk_i,
      .start_i,
      .row_i(RowBits'(block_i.row)),
      .units_i(spans),
      .tile_rows_i(tile_rows),
      .busy_i(busy_q),
      .take_i(take),
      .more_o(more),
      .next_row_o(next_row),
      .next_units_o(next_planes),
      .group_o(group),
      .units_o(planes),
      .last_o(last_chunk)
  );

  assign last = reads_q <= CountBits'(1) && fetches_q <= FetchBits'(1);
  assign take = begin_q[1] | (busy_q & last & more);

  always_ff @(posedge clk_i) begin
    if (take) begin
      reads_q <= rows;
      fetches_q <= FetchBits'(next_planes) * FetchBits'(UnitPairs);
      if (block_i.by_channel) fetches_q <= FetchBits'(Pairs);
      row_q <= next_row;
      first_q <= 1'b1;
    end else begin
      if (reads_q != 0) reads_q <= reads_q - 1'b1;
      if (fetches_q != 0) fetches_q <= fetches_q - 1'b1;
      row_q <= row_q + 1'b1;
      first_q <= 1'b0;
    end
    if (start_i | (take & block_i.by_channel)) number_q <= '0;
    else if (fetching) number_q <= number_q + 1'b1;
    if (rst_i) begin
      begin_q <= '0;
      busy_q  <= 1'b0;
    end else begin
      begin_q <= {begin_q[0], start_i};
      busy_q  <= take | (busy_q & !last);
    end
  end

  assign busy_o = busy_q | (|begin_q);
  assign read_o = busy_q && reads_q != 0 ? group : '0;
  assign read_half_o = block_i.half;
  assign read_row_o = row_q;
  assign fetching = busy_q && (block_i.by_channel ? reads_q != 0 : fetches_q != 0);
  assign chunk_o = busy_q & first_q;

  always_comb begin
    // Channels 2 pair and 2 pair + 1.
    fetch_first_o = busy_q & first_q;
    fetch_pair_o = number_q;
    fetch_odd_o = number_q[0];
    fetch_used_o[0] = {number_q, 1'b0} < (CountBits + 1)'(block_i.channels);
    fetch_used_o[1] = {number_q, 1'b1} < (CountBits + 1)'(block_i.channels);
    chunk_data_o = '{
        planes: CountBits'(planes),
        spans: CountBits'(planes),
        last: last_chunk
    };
    if (block_i.by_channel) begin
      fetch_first_o = fetching;
      fetch_pair_o = number_q / CountBits'(2);
      fetch_used_o = {2{number_q < block_i.channels}};
      chunk_data_o.planes = block_i.planes;
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (!rst_i && start_i) begin
      assert (!busy_o)
      else $error("A block was started in POST before the one ahead of it had been read.");
      assert (block_i.positions != 0 && block_i.planes != 0)
      else $error("A block of nothing was started in POST.");
      assert (32'(block_i.planes) == (32'(block_i.channels) + UnitBytes - 1) / UnitBytes)
      else $error("A block in POST does not have the planes of its channels.");
    end
  end
`endif

endmodule
