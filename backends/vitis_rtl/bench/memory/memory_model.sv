// A memory behind an AXI4 port. As planned, it takes every address at once, answers a burst `latency`
// cycles later or when the one before it has ended, and lies idle for `gap` cycles behind each burst:
// reads from the address to the first beat, writes from the last beat to the response. A stall bit
// holds its channel back in this cycle, and latencies may change from burst to burst; they are 2 or more.
// The beat at `failing_address_i` is answered with a failure, and not written.
module memory_model
  import axi_pkg::*;
#(
    parameter int unsigned DataBytes = 64,
    parameter int unsigned Depth = 1024,  // beats; addresses beyond repeat them
    parameter int unsigned Waiting = 64,  // bursts that it takes before it has answered them
    localparam int unsigned IndexBits = $clog2(Depth)
) (
    input logic clk_i,
    input logic rst_i,
    input logic [4:0] stall_i,  // B, W, AW, R, AR
    input logic address_waits_i,  // a write's address is taken only once there is data
    input logic [3:0] gap_i,
    input logic [9:0] read_latency_i,
    input logic [9:0] write_latency_i,
    input logic failing_i,
    input response_e failure_i,
    input logic [AddressBits-1:0] failing_address_i,
    // a way in and out beside the port
    input logic poke_i,
    input logic [IndexBits-1:0] index_i,
    input logic [8*DataBytes-1:0] poke_data_i,
    output logic [8*DataBytes-1:0] peek_data_o,
    input logic arvalid_i,
    output logic arready_o,
    input logic [AddressBits-1:0] araddr_i,
    input logic [LengthBits-1:0] arlen_i,
    output logic rvalid_o,
    input logic rready_i,
    output logic [8*DataBytes-1:0] rdata_o,
    output response_e rresp_o,
    output logic rlast_o,
    input logic awvalid_i,
    output logic awready_o,
    input logic [AddressBits-1:0] awaddr_i,
    input logic wvalid_i,
    output logic wready_o,
    input logic [8*DataBytes-1:0] wdata_i,
    input logic [DataBytes-1:0] wstrb_i,
    input logic wlast_i,
    output logic bvalid_o,
    input logic bready_i,
    output response_e bresp_o
);

  localparam int unsigned BeatShift = $clog2(DataBytes);

  typedef struct packed {
    logic [AddressBits-1:0] address;
    logic [LengthBits-1:0] length;
    logic [31:0] due;
  } read_t;

  typedef struct packed {
    response_e response;
    logic [31:0] due;
  } answer_t;

  logic [8*DataBytes-1:0] memory[Depth];
  logic [31:0] now_q;

  always_ff @(posedge clk_i) now_q <= rst_i ? '0 : now_q + 1;

  assign peek_data_o = memory[index_i];

  // ---- reads
  logic read_known, read_full, read_next, read_last;
  read_t read;
  logic [LengthBits-1:0] read_beat_q;
  logic [3:0] read_gap_q;
  logic [AddressBits-1:0] read_address;

  axi_fifo #(
      .Bits ($bits(read_t)),
      .Depth(Waiting)
  ) u_reads (
      .clk_i,
      .rst_i,
      .push_i (arvalid_i & arready_o),
      .data_i ({araddr_i, arlen_i, now_q + 32'(read_latency_i)}),
      .pop_i  (read_next & read_last),
      .data_o (read),
      .valid_o(read_known),
      .full_o (read_full)
  );

  // A beat is on the channel in the cycle after it was chosen.
  assign arready_o = !read_full & !stall_i[0];
  assign read_next = (!rvalid_o | rready_i) & read_known & read.due <= now_q + 1 & read_gap_q == 0 &
                     !stall_i[1];
  assign read_last = read_beat_q == read.length;
  assign read_address = read.address + (AddressBits'(read_beat_q) << BeatShift);

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      rvalid_o <= 1'b0;
      read_beat_q <= '0;
      read_gap_q <= '0;
    end else begin
      if (!rvalid_o | rready_i) begin
        rvalid_o <= read_next;
        if (read_gap_q != 0) read_gap_q <= read_gap_q - 1;
      end
      if (read_next) begin
        read_beat_q <= read_last ? '0 : read_beat_q + 1;
        if (read_last) read_gap_q <= gap_i;
      end
    end
    if (read_next) begin
      rdata_o <= memory[IndexBits'(read_address>>BeatShift)];
      rlast_o <= read_last;
      rresp_o <= failing_i && read_address == failing_address_i ? failure_i : Okay;
    end
  end

  // ---- writes
  logic write_known, write_full, write_beat, answer_known, answer_full, answer_next;
  logic [AddressBits-1:0] write_start, write_address;
  logic [LengthBits-1:0] write_beat_q;
  logic [3:0] write_gap_q;
  logic beat_fails, write_failed_q;
  response_e write_response;
  answer_t answer;

  axi_fifo #(
      .Bits (AddressBits),
      .Depth(Waiting)
  ) u_writes (
      .clk_i,
      .rst_i,
      .push_i (awvalid_i & awready_o),
      .data_i (awaddr_i),
      .pop_i  (write_beat & wlast_i),
      .data_o (write_start),
      .valid_o(write_known),
      .full_o (write_full)
  );

  axi_fifo #(
      .Bits ($bits(answer_t)),
      .Depth(Waiting)
  ) u_answers (
      .clk_i,
      .rst_i,
      .push_i (write_beat & wlast_i),
      .data_i ({write_response, now_q + 32'(write_latency_i)}),
      .pop_i  (answer_next),
      .data_o (answer),
      .valid_o(answer_known),
      .full_o (answer_full)
  );

  assign awready_o = !write_full & !stall_i[2] & (!address_waits_i | wvalid_i);
  assign wready_o = write_known & !answer_full & write_gap_q == 0 & !stall_i[3];
  assign write_beat = wvalid_i & wready_o;
  assign write_address = write_start + (AddressBits'(write_beat_q) << BeatShift);
  assign beat_fails = failing_i && write_address == failing_address_i;
  assign write_response = write_failed_q | beat_fails ? failure_i : Okay;
  assign answer_next = (!bvalid_o | bready_i) & answer_known & answer.due <= now_q + 1 &
                       !stall_i[4];

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      bvalid_o <= 1'b0;
      write_beat_q <= '0;
      write_gap_q <= '0;
      write_failed_q <= 1'b0;
    end else begin
      if (!bvalid_o | bready_i) bvalid_o <= answer_next;
      if (write_gap_q != 0) write_gap_q <= write_gap_q - 1;
      if (write_beat) begin
        write_beat_q <= wlast_i ? '0 : write_beat_q + 1;
        write_failed_q <= !wlast_i & (write_failed_q | beat_fails);
        if (wlast_i) write_gap_q <= gap_i;
      end
    end
    if (answer_next) bresp_o <= answer.response;
    if (poke_i) memory[index_i] <= poke_data_i;
    else if (write_beat && !beat_fails) begin
      for (int unsigned b = 0; b < DataBytes; b++) begin
        if (wstrb_i[b]) memory[IndexBits'(write_address>>BeatShift)][8*b+:8] <= wdata_i[8*b+:8];
      end
    end
  end

endmodule
