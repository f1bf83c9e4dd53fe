// What the masters of the memory ports agree on: the widths of AXI4, and how runs are cut into bursts.
package axi_pkg;

  localparam int unsigned AddressBits = 64;
  localparam int unsigned LengthBits = 8;  // of AXI4: beats of a burst less one
  localparam int unsigned BeatsBits = 24;  // of a run

  // Bursts end at multiples of so many beats. With ports of at most 64 bytes that is at most 4 KiB,
  // and a power of two, so no burst crosses a multiple of 4 KiB.
  localparam int unsigned BurstBeats = 64;
  localparam int unsigned OffsetBits = $clog2(BurstBeats);
  localparam int unsigned WidestPort = 4096 / BurstBeats;

  // A memory word is a beat of one port, or one of each of several of the widest.
  function automatic int unsigned ports_of(int unsigned word_bytes);
    return word_bytes > WidestPort ? word_bytes / WidestPort : 1;
  endfunction

  localparam logic [1:0] Incrementing = 2'b01;  // AxBURST

  // A response says in its upper bit that the access failed, and in the lower one how.
  typedef enum logic [1:0] {
    Okay = 2'b00,
    ExclusiveOkay = 2'b01,
    SlaveError = 2'b10,
    DecodeError = 2'b11
  } response_e;

  // What is kept of a burst until it is answered.
  typedef struct packed {
    logic [AddressBits-1:0] address;
    logic last;  // of its run
  } burst_t;

endpackage
