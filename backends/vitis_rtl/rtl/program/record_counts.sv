// What was counted of each record of a run, for the host to read: a memory of one entry of 16 bytes per record,
// the word that was asked for a cycle later.
module record_counts
  import program_pkg::*;
#(
    parameter int unsigned Ports = 1,
    parameter int unsigned Records = 512,
    localparam int unsigned IndexBits = $clog2(Records)
) (
    input logic clk_i,
    input logic start_i,  // of a run
    input logic begun_i,  // its first record is there
    input logic record_done_i,
    input logic [Ports-1:0] read_beats_i,  // of each port
    input logic [Ports-1:0] write_beats_i,
    input logic waiting_i,
    input logic read_i,
    input logic [IndexBits+1:0] word_i,  // 0 cycles, 1 beats read, 2 beats written, 3 waited
    output logic [CountBits-1:0] word_o,
    output logic [CountBits-1:0] records_o  // that are done
);

  if (Records != 2 ** IndexBits) begin : gen_check
    $error("Records: a power of two.");
  end

  counts_t memory[Records];
  counts_t counted_q, seen_q, counted;
  logic [1:0] word_q;

  function automatic logic [CountBits-1:0] ones(logic [Ports-1:0] beats);
    ones = '0;
    for (int unsigned p = 0; p < Ports; p++) ones += CountBits'(beats[p]);
  endfunction

  // The present cycle belongs to the record that ends in it.
  assign counted.cycles = counted_q.cycles;
  assign counted.read = counted_q.read + ones(read_beats_i);
  assign counted.written = counted_q.written + ones(write_beats_i);
  assign counted.waited = counted_q.waited + CountBits'(waiting_i);

  always_ff @(posedge clk_i) begin
    counted_q.cycles <= record_done_i | !begun_i ? 32'd1 : counted_q.cycles + 1'b1;
    counted_q.read <= start_i | record_done_i ? '0 : counted.read;
    counted_q.written <= start_i | record_done_i ? '0 : counted.written;
    counted_q.waited <= start_i | record_done_i ? '0 : counted.waited;
    if (start_i) records_o <= '0;
    else if (record_done_i) records_o <= records_o + 1'b1;
  end

  always_ff @(posedge clk_i) begin
    if (record_done_i) memory[IndexBits'(records_o)] <= counted;
    if (read_i) begin
      seen_q <= memory[word_i[IndexBits+1:2]];
      word_q <= word_i[1:0];
    end
  end

  always_comb begin
    case (word_q)
      2'd0: word_o = seen_q.cycles;
      2'd1: word_o = seen_q.read;
      2'd2: word_o = seen_q.written;
      default: word_o = seen_q.waited;
    endcase
  end

endmodule
