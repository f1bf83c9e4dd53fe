// Reads a block from the output buffer into a stream of words of more than four units, as output_reader.sv does for
// others: rows of a plane follow each other inside of words, and so do planes that are one run. A word begins with each
// run. It is quads of four units; of each quad, its row and its plane are counted.
module packed_reader
  import store_pkg::*;
#(
    parameter int unsigned Units = 16,
    parameter int unsigned Depth = 1024,
    localparam int unsigned WordBits = $clog2(Depth)
) (
    input logic clk_i,
    input logic rst_i,
    input logic start_i,  // not while busy
    /* verilator lint_off UNUSEDSIGNAL */  // each part takes what it needs of a block
    input store_block_t block_i,  // stays as long
    /* verilator lint_on UNUSEDSIGNAL */
    output logic busy_o,  // the last word was not taken
    output logic done_o,  // the last word is taken
    output logic advance_o,
    output logic [Units-1:0][WordBits-1:0] read_address_o,
    input logic [Units-1:0][UnitBits-1:0] read_data_i,
    output logic data_valid_o,
    input logic data_ready_i,
    output logic [Units-1:0][UnitBits-1:0] data_o
);

  localparam int unsigned PhaseBits = $clog2(Units);
  localparam int unsigned HalfUnits = Depth / 2 * Units;
  localparam int unsigned PlaceBits = WordBits + PhaseBits;  // of a unit
  localparam int unsigned Quads = Units / QuadUnits;

  if (Units <= QuadUnits || 2 ** PhaseBits != Units) begin : gen_check
    $error("Units: a power of two, more than four.");
  end

  typedef logic [PlaceBits-1:0] address_t;
  typedef logic [PhaseBits-1:0] phase_t;
  typedef logic [CountBits-1:0] count_t;
  typedef logic [UnitsBits-3:0] quads_t;

  // A place in something that repeats, and how often it has.
  typedef struct packed {
    quads_t place;
    count_t number;
  } turn_t;

  // `steps` of a few quads in something of so many, by comparisons.
  function automatic turn_t few_steps(int unsigned steps, quads_t length);
    few_steps = '{place: quads_t'(steps), number: '0};
    for (int unsigned l = 1; l <= Quads; l++) begin
      if (length == quads_t'(l)) begin
        few_steps = '{place: quads_t'(steps % l), number: count_t'(steps / l)};
      end
    end
  endfunction

  function automatic turn_t stepped(turn_t from, turn_t by, quads_t length);
    quads_t behind;
    logic over;
    behind = from.place + by.place;
    over = behind >= length;
    return '{place: over ? behind - length : behind,
             number: from.number + by.number + count_t'(over)};
  endfunction

  // ---- where the word is
  logic busy_q, advance, step, run_end, last;
  quads_t row_quads, plane_quads, row_quads_q, plane_quads_q;
  turn_t row_step_q, plane_step_q;
  /* verilator lint_off UNUSEDSIGNAL */  // its plane alone
  turn_t next_first;
  /* verilator lint_on UNUSEDSIGNAL */
  turn_t [Quads-1:0] row_q, plane_q;  // of each quad
  count_t number_q;  // of the plane where each is a run
  address_t begin_q;  // of the run
  logic [WordBits-1:0] word_q;  // from there
  phase_t group_q;
  logic [2:0] shift_q;

  assign advance = !data_valid_o | data_ready_i;
  assign advance_o = advance;
  assign step = busy_q & advance;
  assign row_quads = (quads_t'(block_i.columns) + quads_t'(QuadUnits - 1)) / quads_t'(QuadUnits);
  assign plane_quads = quads_t'(block_i.plane_units / UnitsBits'(QuadUnits));
  assign next_first = stepped(plane_q[0], plane_step_q, plane_quads_q);
  // Planes are gone through, or the plane.
  assign run_end = block_i.one_run ? next_first.number >= block_i.planes : next_first.number != '0;
  assign last = run_end && (block_i.one_run || number_q + 1'b1 == block_i.planes);

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      row_quads_q <= row_quads;
      plane_quads_q <= plane_quads;
      row_step_q <= few_steps(Quads, row_quads);
      plane_step_q <= few_steps(Quads, plane_quads);
      group_q <= phase_t'(below_group(block_i.plane_units));
      shift_q <= groups_shift(block_i.plane_units, UnitsBits'(Units));
      number_q <= '0;
      begin_q <= block_i.half ? address_t'(HalfUnits) : '0;
    end else if (step & run_end) begin
      number_q <= number_q + 1'b1;
      begin_q  <= begin_q + address_t'(block_i.plane_units);
    end
    if (start_i | (step & run_end)) word_q <= '0;
    else if (step) word_q <= word_q + 1'b1;
    for (int unsigned v = 0; v < Quads; v++) begin
      if (start_i | (step & run_end)) begin
        row_q[v]   <= few_steps(v, start_i ? row_quads : row_quads_q);
        plane_q[v] <= few_steps(v, start_i ? plane_quads : plane_quads_q);
      end else if (step) begin
        row_q[v]   <= stepped(row_q[v], row_step_q, row_quads_q);
        plane_q[v] <= stepped(plane_q[v], plane_step_q, plane_quads_q);
      end
    end
    if (rst_i) busy_q <= 1'b0;
    else busy_q <= start_i | (busy_q & !(advance & last));
  end

  // ---- banks: those of groups in front of the run's first one have its next word
  phase_t first;
  logic [Units-1:0] early;
  assign first = phase_t'(begin_q);
  assign early = ~({Units{1'b1}} << first);

  for (genvar b = 0; b < Units; b++) begin : gen_bank
    assign read_address_o[b] = WordBits'(begin_q / address_t'(Units)) + word_q +
                               WordBits'(early[b]);
  end

  // ---- the word on its way
  typedef struct packed {
    logic valid;
    logic last;
    phase_t first;
    phase_t [Quads-1:0] turn;  // of its plane
    logic [Units-1:0] pixels;  // the units that are some
  } word_t;

  word_t word, fetched_q;
  logic valid_q, last_read_q, last_q;
  logic [Units-1:0] pixels_q;
  phase_t [Units-1:0] bank_q;  // of each unit

  always_comb begin
    word.valid = busy_q;
    word.last  = last;
    word.first = first;
    for (int unsigned v = 0; v < Quads; v++) begin
      word.turn[v] = phase_t'(block_i.one_run ? plane_q[v].number : number_q) >> shift_q;
      for (int unsigned u = 0; u < QuadUnits; u++) begin
        word.pixels[QuadUnits*v+u] = row_q[v].place + 1'b1 != row_quads_q || u == 0 ||
            block_i.columns[1:0] == 0 || 2'(u) < block_i.columns[1:0];
      end
    end
  end

  for (genvar u = 0; u < Units; u++) begin : gen_unit
    phase_t low, turned;
    assign low = phase_t'(u) + fetched_q.first;
    assign turned = low + fetched_q.turn[u/QuadUnits];

    always_ff @(posedge clk_i) begin
      if (advance) begin
        bank_q[u] <= (low & ~group_q) | (turned & group_q);
        data_o[u] <= pixels_q[u] ? read_data_i[bank_q[u]] : '0;
      end
    end
  end

  assign done_o = data_valid_o & data_ready_i & last_q;
  assign busy_o = busy_q | fetched_q.valid | valid_q | data_valid_o;

  always_ff @(posedge clk_i) begin
    if (advance) begin
      fetched_q <= word;
      pixels_q <= fetched_q.pixels;
      last_read_q <= fetched_q.last;
      last_q <= last_read_q;
    end
    if (rst_i) begin
      fetched_q.valid <= 1'b0;
      valid_q <= 1'b0;
      data_valid_o <= 1'b0;
    end else if (advance) begin
      valid_q <= fetched_q.valid;
      data_valid_o <= valid_q;
    end
  end

endmodule
