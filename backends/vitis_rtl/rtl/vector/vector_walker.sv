// The order of a block's work, one slot per cycle: chunks of at most Planes planes of 16 channels; of each what it
// loads, then its output positions row by row, of each the taps of its window row by row; or, one tap each, all pixels
// of the block, some of which end the window of a position. All of it are sums: a level of the nest adds its step to
// where it began, and the levels inside begin there.
//
//   a chunk takes   loads + walked rows x walked columns x tap rows x tap columns   cycles
//
// and before the first chunk of a pass, an entry of its table is loaded in each cycle. The first slot of a block is in
// the cycle behind its start.
module vector_walker
  import vector_pkg::*, post_pkg::chunk_t;
#(
    parameter int unsigned Planes = 2  // side by side
) (
    input logic clk_i,
    input logic rst_i,
    input logic begin_i,  // of a pass
    /* verilator lint_off UNUSEDSIGNAL */  // where the blocks' rows begin is for others
    input vector_walk_t walk_i,  // stays
    /* verilator lint_on UNUSEDSIGNAL */
    input logic start_i,  // of a block, not while busy
    input vector_place_t place_i,
    output logic busy_o,
    output logic done_o,  // with its last slot
    output logic chunk_o,  // a chunk begins
    output chunk_t chunk_data_o,
    output units_t input_unit_o,
    output units_t resident_unit_o,
    output slot_t slot_o  // a cycle later
);

  localparam int unsigned Row = 3;
  localparam int unsigned Column = 2;
  localparam int unsigned TapRow = 1;
  localparam int unsigned Tap = 0;
  localparam int unsigned Levels = 4;

  typedef enum logic [1:0] {
    Idle,
    Table,
    Load,
    Walk
  } state_e;

  state_e state_q;
  /* verilator lint_off UNUSEDSIGNAL */  // taken with the start, and not again
  vector_place_t place_q;
  /* verilator lint_on UNUSEDSIGNAL */
  count_t plane_q, planes_q, tables_q, loads_q, rows_q, columns_q, tap_rows_q, taps_q;  // left
  count_t row_repeats_q, column_repeats_q, row_number_q, row_number_next;
  // Whether a count is at its last.
  logic table_end, load_end, row_end, column_end, tap_row_end, tap_end, last_chunk;
  logic row_repeated, column_repeated;
  logic first_q, row_first_q;
  few_t rows_before_q, columns_before_q;  // until windows end
  logic row_ends, column_ends;
  logic [Levels-1:0] step;  // the one that goes on; none of them: the chunk ends
  logic turn, chunk_end, turned_q, first_chunk_q;
  logic [lrn_pkg::IndexBits-1:0] number_q;

  assign row_ends = rows_before_q == 0;
  assign column_ends = columns_before_q == 0;

  assign step[Tap] = state_q == Walk && !tap_end;
  assign step[TapRow] = state_q == Walk && tap_end && !tap_row_end;
  assign step[Column] = state_q == Walk && tap_end && tap_row_end && !column_end;
  assign step[Row] = state_q == Walk && tap_end && tap_row_end && column_end && !row_end;
  assign chunk_end = state_q == Walk && step == 0;
  assign turn = start_i | chunk_end;  // to the next chunk
  assign busy_o = state_q != Idle;
  assign done_o = chunk_end & last_chunk;

  // ---- counts
  always_ff @(posedge clk_i) begin
    if (rst_i) state_q <= Idle;
    else if (start_i & tables_q != 0) state_q <= Table;
    else if (start_i | (state_q == Table & table_end) | (chunk_end & !last_chunk)) state_q <= Load;
    else if (chunk_end) state_q <= Idle;
    else if (state_q == Load && load_end) state_q <= Walk;

    if (start_i) place_q <= place_i;
    if (start_i) planes_q <= walk_i.planes;
    else if (chunk_end) planes_q <= planes_q - count_t'(Planes);
    if (begin_i) tables_q <= walk_i.tables;
    else if (state_q == Table) tables_q <= tables_q - 1'b1;
    if (turn) loads_q <= walk_i.loads;
    else if (state_q == Load) loads_q <= loads_q - 1'b1;

    if (start_i) rows_q <= place_i.rows;
    else if (chunk_end) rows_q <= place_q.rows;
    else if (step[Row]) rows_q <= rows_q - 1'b1;
    if (turn) rows_before_q <= walk_i.rows_before;
    else if (step[Row]) rows_before_q <= row_ends ? walk_i.rows_between : rows_before_q - 1'b1;
    if (turn | step[Row]) columns_q <= walk_i.walked_columns;
    else if (step[Column]) columns_q <= columns_q - 1'b1;
    if (turn | step[Row]) columns_before_q <= walk_i.columns_before;
    else if (step[Column]) begin
      columns_before_q <= column_ends ? walk_i.columns_between : columns_before_q - 1'b1;
    end
    if (turn | step[Row] | step[Column]) tap_rows_q <= walk_i.tap_rows;
    else if (step[TapRow]) tap_rows_q <= tap_rows_q - 1'b1;
    if (turn | (state_q == Walk & !step[Tap])) taps_q <= walk_i.tap_columns;
    else if (step[Tap]) taps_q <= taps_q - 1'b1;
    first_q <= turn | state_q == Table | state_q == Load | step[Row] | step[Column];
    row_first_q <= state_q == Load | step[Row];

    if (start_i) row_repeats_q <= place_i.repeats;
    else if (chunk_end) row_repeats_q <= place_q.repeats;
    else if (step[Row]) row_repeats_q <= row_repeated ? walk_i.row_repeats : row_repeats_q - 1'b1;
    if (turn | step[Row] | (step[Column] & column_repeated)) begin
      column_repeats_q <= walk_i.column_repeats;
    end else if (step[Column]) begin
      column_repeats_q <= column_repeats_q - 1'b1;
    end
    if (turn | (step[Row] & row_ends)) row_number_q <= row_number_next;
  end

  // Ends are registers: each is known with its count, and what goes on follows from them in the same cycle.
  typedef struct packed {
    logic loads;
    logic planes;
    logic rows;
    logic walked_columns;
    logic tap_rows;
    logic tap_columns;
    logic row_repeats;
    logic column_repeats;
    logic first_repeats;
    logic first_moves;
  } single_t;
  single_t single_q;  // counts that begin at their end; entries move behind the first row

  function automatic logic moves_behind(count_t row);
    return row < walk_i.entry_head || row >= walk_i.entry_tail;
  endfunction

  always_ff @(posedge clk_i) begin
    single_q <= '{
        loads: walk_i.loads <= 1,
        planes: walk_i.planes <= count_t'(Planes),
        rows: place_q.rows == 1,
        walked_columns: walk_i.walked_columns == 1,
        tap_rows: walk_i.tap_rows == 1,
        tap_columns: walk_i.tap_columns == 1,
        row_repeats: walk_i.row_repeats == 1,
        column_repeats: walk_i.column_repeats == 1,
        first_repeats: place_q.repeats == 1,
        first_moves: moves_behind(place_q.output_row)
    };
    if (start_i) last_chunk <= single_q.planes;
    else if (chunk_end) last_chunk <= planes_q <= count_t'(2 * Planes);
    if (begin_i) table_end <= walk_i.tables <= 1;
    else if (state_q == Table) table_end <= tables_q <= 2;
    if (turn) load_end <= single_q.loads;
    else if (state_q == Load) load_end <= loads_q <= 2;

    if (start_i) row_end <= place_i.rows == 1;
    else if (chunk_end) row_end <= single_q.rows;
    else if (step[Row]) row_end <= rows_q == 2;
    if (turn | step[Row]) column_end <= single_q.walked_columns;
    else if (step[Column]) column_end <= columns_q == 2;
    if (turn | step[Row] | step[Column]) tap_row_end <= single_q.tap_rows;
    else if (step[TapRow]) tap_row_end <= tap_rows_q == 2;
    if (turn | (state_q == Walk & !step[Tap])) tap_end <= single_q.tap_columns;
    else if (step[Tap]) tap_end <= taps_q == 2;

    if (start_i) row_repeated <= place_i.repeats == 1;
    else if (chunk_end) row_repeated <= single_q.first_repeats;
    else if (step[Row]) begin
      row_repeated <= row_repeated ? single_q.row_repeats : row_repeats_q == 2;
    end
    if (turn | step[Row] | (step[Column] & column_repeated)) begin
      column_repeated <= single_q.column_repeats;
    end else if (step[Column]) begin
      column_repeated <= column_repeats_q == 2;
    end
  end

  // ---- the input buffer
  units_t chunk_q, row_q, column_q, tap_row_q, tap_q, chunk_next, tap_next;
  count_t image_row_q, tap_image_row_q, image_column_q, tap_image_column_q, row_next;

  assign chunk_next = start_i ? place_i.base : chunk_q + units_t'(Planes);

  always_comb begin
    tap_next = chunk_next;
    if (step[Tap]) tap_next = tap_q + walk_i.tap_column_step;
    if (step[TapRow]) tap_next = tap_row_q + walk_i.tap_row_step;
    if (step[Column]) begin
      tap_next = column_q + (column_repeated ? walk_i.column_step : walk_i.column_repeat_step);
    end
    if (step[Row]) tap_next = row_q + (row_repeated ? walk_i.row_step : walk_i.row_repeat_step);
    row_next = start_i ? place_i.row : place_q.row;
    if (step[Row]) row_next = image_row_q + walk_i.row_rows;
  end

  always_ff @(posedge clk_i) begin
    if (turn) chunk_q <= chunk_next;
    if (turn | step[Row]) row_q <= tap_next;
    if (turn | step[Row] | step[Column]) column_q <= tap_next;
    if (turn | (step != 0 & !step[Tap])) tap_row_q <= tap_next;
    if (turn | step != 0) tap_q <= tap_next;

    if (turn | step[Row]) image_row_q <= row_next;
    if (turn | step[Row]) tap_image_row_q <= row_next;
    else if (step[Column]) tap_image_row_q <= image_row_q;
    else if (step[TapRow]) tap_image_row_q <= tap_image_row_q + walk_i.tap_row_rows;

    if (turn | step[Row]) image_column_q <= walk_i.first_column;
    else if (step[Column]) image_column_q <= image_column_q + walk_i.column_columns;
    if (turn | step[Row]) tap_image_column_q <= walk_i.first_column;
    else if (step[Column]) tap_image_column_q <= image_column_q + walk_i.column_columns;
    else if (step[TapRow]) tap_image_column_q <= image_column_q;
    else if (step[Tap]) tap_image_column_q <= tap_image_column_q + walk_i.tap_column_columns;
  end

  assign input_unit_o = tap_q;

  // ---- the resident buffer
  units_t load_chunk_q, load_q, weight_chunk_q, weight_q, load_next, weight_next;
  logic [BufferBits+1:0] entry_block_q, entry_row_q, entry_q, entry_row_next;
  logic entry_moves_q;  // behind the present row

  always_comb begin
    row_number_next = row_number_q + 1'b1;
    if (chunk_end) row_number_next = place_q.output_row;
    if (start_i) row_number_next = place_i.output_row;
  end

  assign load_next = start_i ? '0 : load_chunk_q + walk_i.load_chunk;
  assign weight_next = start_i ? walk_i.weights : weight_chunk_q + units_t'(Planes);
  assign entry_row_next = entry_row_q +
                          {entry_moves_q ? units_t'(walk_i.entry_row) : '0, 2'd0};

  always_ff @(posedge clk_i) begin
    if (turn) load_chunk_q <= load_next;
    if (turn) load_q <= load_next;
    else if (state_q == Load) load_q <= load_q + units_t'(walk_i.load_step);

    if (turn) weight_chunk_q <= weight_next;
    if (turn) weight_q <= weight_next;
    else if (step[Row] | step[Column]) weight_q <= weight_chunk_q;
    else if (step[Tap] | step[TapRow]) weight_q <= weight_q + units_t'(walk_i.weight_step);

    if (start_i) entry_moves_q <= moves_behind(place_i.output_row);
    else if (chunk_end) entry_moves_q <= single_q.first_moves;
    else if (step[Row] & row_ends) entry_moves_q <= moves_behind(row_number_q + 1'b1);
    if (begin_i) entry_block_q <= '0;
    else if (done_o) entry_block_q <= entry_row_next;
    if (turn) entry_row_q <= entry_block_q;
    else if (step[Row] & row_ends) entry_row_q <= entry_row_next;
    if (turn) entry_q <= entry_block_q;
    else if (step[Row]) entry_q <= row_ends ? entry_row_next : entry_row_q;
    else if (step[Column] & column_ends) entry_q <= entry_q + 1'b1;
  end

  always_comb begin
    resident_unit_o = weight_q;
    if (walk_i.entries) resident_unit_o = entry_q[BufferBits+1:2];
    if (state_q == Load) resident_unit_o = load_q;
    if (state_q == Table) resident_unit_o = units_t'(number_q[lrn_pkg::IndexBits-1:1]);
  end

  // ---- what the slot is
  logic [SourceBits-1:0] source_q;

  always_ff @(posedge clk_i) begin
    if (state_q == Load ? load_end : state_q == Table ? table_end : 1'b1) number_q <= '0;
    else number_q <= number_q + 1'b1;
    if (turn) first_chunk_q <= start_i;
    if (step[Tap]) source_q <= source_q + SourceBits'(walk_i.by_source);
    else if (step[TapRow]) source_q <= source_q + SourceBits'(walk_i.by_row);
    else source_q <= '0;
    if (start_i) plane_q <= '0;
    else if (chunk_end) plane_q <= plane_q + count_t'(Planes);
    slot_o <= '{
        load: state_q == Load && !rst_i,
        table_entry: state_q == Table && !rst_i,
        tap: state_q == Walk && !rst_i,
        hold: state_q == Walk && first_q,
        first: first_q,
        last: state_q == Walk && tap_end && tap_row_end && row_ends && column_ends && !rst_i,
        row_first: row_first_q,
        column: columns_q[pool_pkg::ColumnBits-1:0],
        in_image: tap_image_row_q < place_q.input_rows && tap_image_column_q < walk_i.width,
        source: source_q,
        number: number_q,
        entry: entry_q[1:0],
        first_chunk: first_chunk_q,
        final_chunk: last_chunk,
        plane_behind: planes_q == count_t'(Planes + 1),
        second: tap_end,
        plane: plane_q,
        planes: last_chunk ? 4'(planes_q - 1'b1) : 4'(Planes - 1)
    };
  end

  assign chunk_o = state_q != Idle && turned_q;
  assign chunk_data_o = '{
          planes: last_chunk ? planes_q : count_t'(Planes),
          spans: '0,
          last: last_chunk
      };

  always_ff @(posedge clk_i) turned_q <= turn;

  if (Planes < 1 || Planes > 16) begin : gen_check
    $error("Planes: 1 to 16.");
  end

endmodule
