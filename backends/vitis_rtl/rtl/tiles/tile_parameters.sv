// When the parameters of a chunk's channels are fetched: as its first tile leaves the output transform. Chunks wait
// here meanwhile.
module tile_parameters
  import post_pkg::*;
(
    input logic clk_i,
    input logic rst_i,
    input logic chunk_i,  // begins to be read
    /* verilator lint_off UNUSEDSIGNAL */  // more is said of a block than is needed here
    input post_block_t block_i,
    /* verilator lint_on UNUSEDSIGNAL */
    input logic [CountBits-1:0] channel_i,  // its first one
    input logic tile_i,  // the first result of a tile
    // Two cycles later, and in the next ones the chunk's other channels.
    output logic fetch_first_o,
    output logic [CountBits-1:0] fetch_word_o,
    output logic [CountBits-1:0] fetch_channel_o,
    output logic fetch_used_o
);

  localparam int unsigned Chunks = 16;  // more than are under way

  typedef struct packed {
    logic [CountBits-1:0] tiles;
    logic [CountBits-1:0] word;  // of the block's parameters
    logic [CountBits-1:0] channel;
    logic [CountBits-1:0] channels;  // of the block
  } waiting_t;

  waiting_t pushed, next;
  logic pop, first_q;
  logic [CountBits-1:0] tiles_q, word_q, channel_q, channels_q;

  assign pushed = '{
          tiles: block_i.positions,
          word: block_i.parameters,
          channel: channel_i,
          channels: block_i.channels
      };

  axi_fifo #(
      .Bits ($bits(waiting_t)),
      .Depth(Chunks)
  ) u_chunks (
      .clk_i,
      .rst_i,
      .push_i (chunk_i),
      .data_i (pushed),
      .pop_i  (pop),
      .data_o (next),
      /* verilator lint_off PINCONNECTEMPTY */
      .valid_o(),
      .full_o ()
      /* verilator lint_on PINCONNECTEMPTY */
  );

  assign pop = tile_i && tiles_q == 0;

  always_ff @(posedge clk_i) begin
    if (rst_i) tiles_q <= '0;
    else if (pop) tiles_q <= next.tiles - 1'b1;
    else if (tile_i) tiles_q <= tiles_q - 1'b1;
    first_q <= pop & !rst_i;
    if (pop) begin
      word_q <= next.word;
      channel_q <= next.channel;
      channels_q <= next.channels;
    end else channel_q <= channel_q + 1'b1;
    fetch_first_o <= first_q & !rst_i;
    fetch_word_o <= word_q;
    fetch_channel_o <= channel_q;
    fetch_used_o <= channel_q < channels_q;
  end

endmodule
