// Cuts runs into bursts and shows them on an address channel, a burst per cycle. A run of `beats` from
// a beat whose number is `offset` modulo BurstBeats takes ceil((offset + beats) / BurstBeats) bursts.
//
// A burst is formed in the cycle before it is on the channel, for who counts it (docs/rtl/memory-ports.md).
// The first of a run is formed in the cycle in which the run is taken, so that runs of one burst follow
// each other.
module axi_bursts
  import axi_pkg::*;
#(
    parameter int unsigned DataBytes = 64
) (
    input logic clk_i,
    input logic rst_i,
    input logic stop_i,  // no further burst is formed, until the reset
    input logic [AddressBits-1:0] base_i,  // of the buffer, a multiple of 4096
    input logic request_valid_i,
    output logic request_ready_o,
    input logic [AddressBits-1:0] request_address_i,  // a multiple of DataBytes
    input logic [BeatsBits-1:0] request_beats_i,  // at least one
    input logic room_i,  // one more burst may be under way
    output logic form_o,  // a burst is formed in this cycle:
    output burst_t burst_o,
    output logic [OffsetBits-1:0] length_o,  // beats less one
    output logic axi_valid_o,
    input logic axi_ready_i,
    output logic [AddressBits-1:0] axi_address_o,
    output logic [LengthBits-1:0] axi_length_o
);

  localparam int unsigned BeatShift = $clog2(DataBytes);
  localparam int unsigned BlockShift = BeatShift + OffsetBits;
  localparam int unsigned PageBits = 12;

  if (DataBytes < 8 || DataBytes > WidestPort || DataBytes != 2 ** BeatShift) begin : gen_check
    $error("DataBytes: 8, 16, 32 or 64; a burst of a wider port would cross 4 KiB.");
  end

  // What is left of a run starts at a multiple of BurstBeats.
  logic rest_q;
  logic [AddressBits-1:BlockShift] rest_block_q;
  logic [BeatsBits-1:0] rest_beats_q;

  logic free, whole;
  logic [AddressBits-1:0] address;
  logic [BeatsBits-1:0] beats;
  logic [OffsetBits:0] fitting;  // beats up to the next multiple of BurstBeats
  logic [OffsetBits:0] count;

  assign free = !axi_valid_o | axi_ready_i;
  assign request_ready_o = !rest_q & free & room_i & !stop_i;
  assign form_o = (rest_q | request_valid_i) & free & room_i & !stop_i;

  assign address = rest_q ? {rest_block_q, BlockShift'(0)} : request_address_i;
  assign beats = rest_q ? rest_beats_q : request_beats_i;
  assign fitting = (OffsetBits + 1)'(BurstBeats) - {1'b0, address[BeatShift+:OffsetBits]};
  assign whole = beats <= BeatsBits'(fitting);
  assign count = whole ? beats[OffsetBits:0] : fitting;

  assign burst_o = '{address: address, last: whole};
  assign length_o = OffsetBits'(count - 1'b1);

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      rest_q <= 1'b0;
      axi_valid_o <= 1'b0;
    end else begin
      if (form_o) rest_q <= !whole;
      if (free) axi_valid_o <= form_o;
    end
  end

  always_ff @(posedge clk_i) begin
    if (form_o) begin
      rest_block_q <= address[AddressBits-1:BlockShift] + 1'b1;
      rest_beats_q <= beats - BeatsBits'(count);
      axi_address_o <= address + {base_i[AddressBits-1:PageBits], PageBits'(0)};
      axi_length_o <= LengthBits'(length_o);
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (!rst_i && request_valid_i && request_ready_o) begin
      assert (request_beats_i != 0)
      else $error("A run of no beats was asked for at %h.", request_address_i);
      assert (request_address_i[BeatShift-1:0] == 0)
      else $error("A run was asked for at %h, no multiple of %0d.", request_address_i, DataBytes);
      assert (base_i[PageBits-1:0] == 0)
      else $error("A buffer begins at %h, no multiple of 4096.", base_i);
    end
  end
`endif

endmodule
