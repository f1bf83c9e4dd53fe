// Runs records one after the other: takes the words of one, adds where the program's buffer lies to its addresses,
// starts its engine and waits until that is done. A table is written byte by byte, as its words come, a cycle behind.
//
// A pass ends no sooner than planned: cycles are counted from the end of the pass before, or from the first word of a
// run's first record on, and tables that are written in front of a pass are in its time.
//
// The reading port is an engine's from the first word of its record until all of its reads are delivered.
module record_runner
  import program_pkg::*;
#(
    parameter int unsigned DataBytes = 64,
    localparam int unsigned DataBits = 8 * DataBytes
) (
    input logic clk_i,
    input logic rst_i,
    input logic failed_i,  // an access: stays until the reset, and nothing goes on
    input logic start_i,
    input logic [CountBits-1:0] records_i,
    output logic done_o,
    output logic unknown_o,  // a record was for no engine; stays until the reset
    // records
    input logic fetching_i,
    output logic port_free_o,
    input logic word_valid_i,
    output logic word_ready_o,
    input logic [DataBits-1:0] word_i,
    output logic taken_o,
    output logic record_done_o,
    output logic begun_o,  // the first record of the run is there
    output logic waiting_o,  // the engine is done, its time is not over
    output head_t head_o,  // of the record that runs, or ran last
    // engines
    output logic vector_o,  // the record that runs, or ran last, is the vector unit's
    output logic start_o,
    output pass_t pass_o,
    input logic busy_i,
    input logic reading_i,  // not all operands are there
    output logic table_write_o,
    output logic [7:0] table_index_o,
    output logic [7:0] table_data_o
);

  localparam int unsigned Beats = RecordBytes / DataBytes;
  localparam int unsigned BeatBits = Beats == 1 ? 1 : $clog2(Beats);
  localparam int unsigned ByteBits = $clog2(RecordBytes);
  localparam int unsigned PlaceBits = $clog2(DataBytes);
  localparam bit HeadIsWord = HeadBytes == DataBytes;  // else it shares one with what follows

  if (DataBytes < HeadBytes || RecordBytes % DataBytes != 0) begin : gen_check
    $error("DataBytes: at least those of a record's head, and a record is whole words.");
  end

  typedef enum logic [2:0] {
    Idle,
    Take,
    Table,
    Flush,
    Place,
    Start,
    Run
  } state_e;

  state_e state_q;
  logic [CountBits-1:0] left_q;
  logic none_q;
  logic [BeatBits-1:0] beat_q;
  logic [ByteBits-1:0] byte_q;
  logic [Beats-1:0][DataBits-1:0] record_q;
  /* verilator lint_off UNUSEDSIGNAL */  // the end of the last word
  logic [RecordBits-1:0] record;
  /* verilator lint_on UNUSEDSIGNAL */
  head_t head;
  logic last_beat, pop, is_table, table_end, known, stop;
  logic pass_end, waits_q, due_q;
  logic [CountBits-1:0] next_q;  // the next cycle's number

  assign head = word_i[HeadBits-1:0];
  assign last_beat = beat_q == BeatBits'(Beats - 1);
  assign is_table = beat_q == 0 && head.op == OpTable;
  assign table_end = byte_q == ByteBits'(HeadBytes + TableEntries - 1);
  assign known = head_o.op == OpConvolution || vector_o;
  assign stop = failed_i | unknown_o;

  always_comb begin
    case (state_q)
      Take: word_ready_o = !is_table | HeadIsWord;
      Table: word_ready_o = &byte_q[PlaceBits-1:0];
      Flush: word_ready_o = 1'b1;
      default: word_ready_o = 1'b0;
    endcase
  end
  assign pop = word_valid_i & word_ready_o;
  assign taken_o = pop & last_beat;

  always_ff @(posedge clk_i) begin
    table_write_o <= state_q == Table && word_valid_i && !rst_i;
    table_index_o <= 8'(byte_q - ByteBits'(HeadBytes));
    table_data_o  <= word_i[8*byte_q[PlaceBits-1:0]+:8];
  end

  assign record = record_q;
  assign pass_o = record[HeadBits+:PassBits];
  assign start_o = state_q == Start && !fetching_i && !stop;

  assign pass_end = state_q == Run && !busy_i && due_q;
  assign waiting_o = state_q == Run && !busy_i && !due_q;
  assign record_done_o = !stop && (pass_end || state_q == Flush && word_valid_i && last_beat);
  assign begun_o = state_q != Idle && (!waits_q || word_valid_i);

  always_ff @(posedge clk_i) begin
    for (int unsigned b = 0; b < Beats; b++) begin
      if (state_q == Take && pop && beat_q == BeatBits'(b)) record_q[b] <= word_i;
    end
    if (state_q == Take && word_valid_i && beat_q == 0) begin
      head_o   <= head;
      vector_o <= head.op == OpVector;
    end
  end

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      state_q <= Idle;
      done_o <= 1'b0;
      unknown_o <= 1'b0;
    end else begin
      done_o <= 1'b0;
      unknown_o <= unknown_o | (state_q == Place & !known);
      case (state_q)
        Idle:
        if (start_i) begin
          if (stop || none_q) done_o <= 1'b1;
          else state_q <= Take;
        end
        Take: begin
          if (word_valid_i & is_table) state_q <= Table;
          else if (word_valid_i & last_beat) state_q <= Place;
        end
        Table: if (word_valid_i & table_end) state_q <= Flush;
        Place: state_q <= Start;
        Start: if (!fetching_i) state_q <= Run;
        default: ;
      endcase
      if (record_done_o) begin
        state_q <= left_q == 1 ? Idle : Take;
        done_o <= left_q == 1;
      end
      if (state_q != Idle && stop) begin
        state_q <= Idle;
        done_o <= 1'b1;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    none_q <= records_i == 0;  // written before the start
    if (start_i) left_q <= records_i;
    else if (record_done_o) left_q <= left_q - 1'b1;
    if (start_i) beat_q <= '0;
    else if (pop) beat_q <= last_beat ? '0 : beat_q + 1'b1;
    if (state_q != Table) byte_q <= ByteBits'(HeadBytes);
    else if (word_valid_i) byte_q <= byte_q + 1'b1;
  end

  // ---- the time of a pass
  always_ff @(posedge clk_i) begin
    if (start_i) waits_q <= 1'b1;
    else if (word_valid_i) waits_q <= 1'b0;
    next_q <= pass_end | !begun_o ? 32'd2 : next_q + 1'b1;
    due_q  <= next_q >= head_o.cycles;
  end

  // ---- whose port it is
  always_ff @(posedge clk_i) begin
    if (start_i) port_free_o <= 1'b1;
    else if (state_q == Take && word_valid_i) port_free_o <= 1'b0;
    else if (state_q == Run && !reading_i) port_free_o <= 1'b1;
  end

endmodule
