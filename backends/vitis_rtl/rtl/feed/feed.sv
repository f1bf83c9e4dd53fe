// The feeding half of the convolution core: it has the input and the weight buffer, and brings block
// after block of a convolution to the ports of the array.
//
// Where weights stay (WS), the weights of the next tile are loaded while the windows of the present one go through. From a tile's
// first window to the next one's, of this block or the next:
//
//   max(windows of the tile, values of the next tile, 4)
//
// and from the start of a block to its first window at the array, where nothing is under way:
// values of its first tile + 5 + ArrayCycles. Where sums stay (NS), see stay_products.sv, where inputs do (IS),
// held_tiles.sv.
module feed
  import feed_pkg::*, buffers_pkg::ultra_t;
#(
    parameter int unsigned Rows = 16,
    parameter int unsigned Columns = 8,
    parameter int unsigned GroupRows = 8,
    parameter int unsigned OperandBits = 8,  // 16 with Winograd
    parameter bit Stays = 1'b1,  // sums that stay (NS) too
    parameter bit Holds = 1'b1,  // and inputs that stay (IS)
    parameter int unsigned WordUnits = 4,
    parameter int unsigned InputBanks = 8,
    parameter int unsigned InputDepth = 512,  // units of a bank, both halves
    parameter int unsigned WeightBanks = 8,
    parameter int unsigned WeightDepth = 512,
    parameter int unsigned AccumulatorRows = 512,
    parameter ultra_t Ultra = '0,
    localparam int unsigned InputRowBits = $clog2(InputDepth),
    localparam int unsigned WeightUnitBits = $clog2(WeightBanks) + $clog2(WeightDepth),
    localparam int unsigned AccumulatorBits = $clog2(AccumulatorRows),
    localparam int unsigned WindowBytes = Rows * OperandBits / 8,
    localparam int unsigned WindowUnits = (WindowBytes + (Rows % 16 == 0 ? 0 : 30)) / 16,
    localparam int unsigned WeightBytes = Holds && Rows > 2 * Columns ? Rows : 2 * Columns,
    localparam int unsigned WeightUnits = (WeightBytes + 30) / 16,
    localparam int unsigned CornerWindows = Holds && 2 * Columns > Rows ? 2 * Columns : Rows,
    localparam int unsigned Turn = ($clog2(CornerWindows) + 1) / 2,
    localparam int unsigned WindowCycles = 5 + ($clog2(InputBanks) + 1) / 2 +
                                           (Rows % 16 == 0 ? 0 : 2),
    localparam int unsigned WeightCycles = 5 + ($clog2(WeightBanks) + 1) / 2,
    // From a window or a row of weights, just asked for, to the ports of the array.
    localparam bit WindowsLonger = WindowCycles > WeightCycles,
    localparam int unsigned ArrayCycles = WindowsLonger ? WindowCycles : WeightCycles
) (
    input logic clk_i,
    input logic rst_i,  // for as long as the array's
    // A block, its data in the buffers; one of the same dataflow may come while the one before it is under way.
    input logic start_i,
    output logic ready_o,
    input block_t block_i,
    output logic done_o,  // with its last window at the array
    // The input buffer, from the placer.
    input logic [InputBanks-1:0] write_i,
    input logic [InputBanks-1:0][InputRowBits-1:0] write_row_i,
    input logic [InputBanks-1:0][127:0] write_unit_i,
    // The weight buffer: memory words as they come, at any multiple of a word.
    input logic weights_all_i,  // of the blocks that are started
    input units_t weights_arrived_i,  // else so many of them
    input logic weight_write_i,
    input logic [WeightUnitBits-1:0] weight_unit_i,
    input logic [WordUnits-1:0][127:0] weight_word_i,
    // The array.
    output logic outputs_stay_o,
    output logic paired_o,
    output logic take_o,
    output logic load_o,
    output logic load_last_o,
    output logic first_o,
    output logic last_o,
    output logic [Rows-1:0][OperandBits-1:0] operand_o,
    output logic [Columns-1:0][15:0] word_o,
    output logic add_o,
    output logic add_first_o,
    output logic add_half_o,
    output logic [AccumulatorBits-1:0] add_row_o,
    output logic [1:0] add_whole_o
);

  if (WeightUnits > WeightBanks || WordUnits > WeightBanks) begin : gen_check_weights
    $error("WeightBanks: at least the units of a word, and of a row of weights at any byte.");
  end
  if (WordUnits > InputBanks) begin : gen_check_inputs
    $error("InputBanks: at least the units of a word.");
  end

  tile_t walked, loading;
  part_t part;
  logic part_start, part_ready, parts_ready, block_start, may_start;
  logic stay_q, hold_q;  // the present block's sums, or its inputs
  logic stay_settled, hold_settled, settled;  // and they have left
  logic walked_valid, walked_take, loader_take, loaded, free, pass, turn;
  /* verilator lint_off UNUSEDSIGNAL */  // only what the array and the buffers need
  window_t asked, ready, late;
  units_t unit, column, room;
  bytes_t weight_byte;
  /* verilator lint_on UNUSEDSIGNAL */
  logic outside, load, load_last, paired;
  bytes_t loader_byte;
  logic [$clog2(InputBanks)+InputRowBits-1:0] read_unit;
  logic [WindowUnits-1:0][127:0] window_data;
  logic [Rows-1:0][OperandBits-1:0] operand, window;
  logic [WeightBytes-1:0][7:0] weight_bytes;
  logic stay_take, stay_ask, stay_enter, leave_add, leave_first, leave_half, leave_done, odd;
  logic hold_take, hold_ask, hold_enter, hold_load, hold_load_last;
  logic weight_load, weight_load_last, weight_paired;
  logic [$clog2(Rows)-1:0] stay_value, hold_value;
  logic [Rows-1:0] used;
  /* verilator lint_off UNUSEDSIGNAL */  // as many as there are at most
  count_t leave_row;
  held_vector_t vector;
  bytes_t stay_weights, hold_weights;
  logic [CornerWindows-1:0][OperandBits-1:0] values;
  /* verilator lint_on UNUSEDSIGNAL */
  logic [1:0] leave_whole;

  assign pass = loaded && free;
  assign may_start = block_i.stay || (block_i.inputs_stay && hold_q) || settled;
  assign ready_o = parts_ready && may_start;
  assign block_start = start_i && may_start;

  always_ff @(posedge clk_i) begin
    if (rst_i) {stay_q, hold_q} <= '0;
    else if (block_start && parts_ready) begin
      stay_q <= Stays & block_i.stay;
      hold_q <= Holds & block_i.inputs_stay;
    end
  end

  part_walker #(
      .Rows(Rows)
  ) u_parts (
      .clk_i,
      .rst_i,
      .start_i(block_start),
      .ready_o(parts_ready),
      .block_i,
      .start_o(part_start),
      .ready_i(part_ready),
      .part_o(part),
      .taken_i(stay_take & walked.ends),
      .weights_end_i(walked.weights_end)
  );

  tile_walker #(
      .Rows(Rows)
  ) u_tiles (
      .clk_i,
      .rst_i,
      .start_i(part_start),
      .ready_o(part_ready),
      .part_i (part),
      .all_arrived_i(weights_all_i),
      .arrived_i({weights_arrived_i, 4'd0}),
      .valid_o(walked_valid),
      .take_i (walked_take),
      .tile_o (walked)
  );

  weight_loader u_loader (
      .clk_i,
      .rst_i,
      .valid_i(walked_valid & !stay_q & !hold_q),
      .take_o(loader_take),
      .tile_i(walked),
      .loaded_o(loaded),
      .pass_i(pass),
      .tile_o(loading),
      .load_o(load),
      .load_last_o(load_last),
      .paired_o(paired),
      .byte_o(loader_byte)
  );

  window_walker u_windows (
      .clk_i,
      .rst_i,
      .start_i(pass | turn),
      .free_o(free),
      .tile_i(stay_q | hold_q ? walked : loading),
      .window_o(asked),
      .unit_o(unit),
      .column_o(column),
      .room_o(room),
      .outside_o(outside)
  );

  window_reader #(
      .Rows(Rows),
      .OperandBits(OperandBits),
      .Banks(InputBanks),
      .Depth(InputDepth)
  ) u_reader (
      .clk_i,
      .window_i(asked),
      .unit_i(unit),
      .column_i(column),
      .room_i(room),
      .outside_i(outside),
      .read_unit_o(read_unit),
      .read_data_i(window_data),
      .window_o(ready),
      .operand_o(operand)
  );

  banked_buffer #(
      .Banks(InputBanks),
      .Depth(InputDepth),
      .Kept (WindowUnits),
      .Ultra(Ultra.inputs)
  ) u_inputs (
      .clk_i,
      .read_unit_i(read_unit),
      .read_data_o(window_data),
      .write_i,
      .write_row_i,
      .write_unit_i
  );

  delay_line #(
      .Bits($bits(window_t) + OperandBits * Rows),
      .Cycles(ArrayCycles - WindowCycles)
  ) u_windows_late (
      .clk_i,
      .data_i({ready, operand}),
      .data_o({late, window})
  );

  weight_reader #(
      .Bytes(WeightBytes),
      .WordUnits(WordUnits),
      .Banks(WeightBanks),
      .Depth(WeightDepth),
      .Ultra(Ultra.weights),
      .Cycles(ArrayCycles)
  ) u_weights (
      .clk_i,
      .load_i(load),
      .load_last_i(load_last),
      .paired_i(paired),
      .byte_i(weight_byte[WeightUnitBits+3:0]),
      .load_o(weight_load),
      .load_last_o(weight_load_last),
      .paired_o(weight_paired),
      .bytes_o(weight_bytes),
      .write_i(weight_write_i),
      .write_unit_i(weight_unit_i),
      .write_word_i(weight_word_i)
  );

  // ---- operands that are turned: sums or inputs that stay
  if (Stays) begin : gen_stay
    stay_sums #(
        .Rows(Rows),
        .GroupRows(GroupRows),
        .ArrayCycles(ArrayCycles),
        .Turn(Turn)
    ) u_sums (
        .clk_i,
        .rst_i,
        .valid_i(walked_valid & stay_q),
        .take_o(stay_take),
        .tile_i(walked),
        .free_i(free),
        .settled_o(stay_settled),
        .ask_o(stay_ask),
        .enter_o(stay_enter),
        .value_o(stay_value),
        .weights_o(stay_weights),
        .odd_o(odd),
        .first_o,
        .last_o,
        .add_o(leave_add),
        .add_first_o(leave_first),
        .add_half_o(leave_half),
        .add_row_o(leave_row),
        .add_whole_o(leave_whole),
        .done_o(leave_done)
    );
  end else begin : gen_no_stay
    assign {stay_take, stay_ask, stay_enter, odd, first_o, last_o} = '0;
    assign {leave_add, leave_first, leave_half, leave_done} = '0;
    assign stay_settled = 1'b1;
    assign stay_value = '0;
    assign stay_weights = '0;
    assign leave_row = '0;
    assign leave_whole = '0;
  end

  if (Holds) begin : gen_hold
    held_inputs #(
        .Rows(Rows),
        .ArrayCycles(ArrayCycles),
        .Turn(Turn)
    ) u_held (
        .clk_i,
        .rst_i,
        .valid_i(walked_valid & hold_q),
        .take_o(hold_take),
        .tile_i(walked),
        .free_i(free),
        .settled_o(hold_settled),
        .ask_o(hold_ask),
        .enter_o(hold_enter),
        .value_o(hold_value),
        .weights_o(hold_weights),
        .load_o(hold_load),
        .load_last_o(hold_load_last),
        .vector_o(vector),
        .used_o(used)
    );
  end else begin : gen_no_hold
    assign {hold_take, hold_ask, hold_enter, hold_load, hold_load_last} = '0;
    assign hold_settled = 1'b1;
    assign hold_value = '0;
    assign hold_weights = '0;
    assign vector = '0;
    assign used = '0;
  end

  if (Stays || Holds) begin : gen_corner
    corner_turn #(
        .Windows(CornerWindows),
        .Values (Rows),
        .Bits   (OperandBits)
    ) u_corner (
        .clk_i,
        .rst_i,
        .valid_i(late.valid & (stay_q | hold_q)),
        .take_i(late.take),
        .window_i(window),
        .ask_i(hold_q ? hold_ask : stay_ask & stay_q),
        .enter_i(hold_q ? hold_enter : stay_enter),
        .value_i(hold_q ? hold_value : stay_value),
        .values_o(values)
    );
  end else begin : gen_no_corner
    assign values = '0;
  end

  assign settled = stay_settled & hold_settled;
  assign turn = stay_take | hold_take;
  assign walked_take = loader_take | turn;

  always_comb begin
    weight_byte = loader_byte;
    if (stay_q) weight_byte = stay_weights;
    if (hold_q) weight_byte = hold_weights;
  end

  array_operands #(
      .Rows(Rows),
      .Columns(Columns),
      .OperandBits(OperandBits),
      .CornerWindows(CornerWindows),
      .WeightBytes(WeightBytes),
      .Holds(Holds)
  ) u_operands (
      .stay_i(stay_q),
      .hold_i(hold_q),
      .window_i(window),
      .values_i(values),
      .weights_i(weight_bytes),
      .odd_i(odd),
      .used_i(used),
      .operand_o,
      .word_o
  );

  assign outputs_stay_o = stay_q;
  assign load_o = hold_q ? hold_load : weight_load;
  assign load_last_o = hold_q ? hold_load_last : weight_load_last;
  assign paired_o = hold_q | (weight_paired & !stay_q);
  assign add_whole_o = stay_q ? leave_whole : '0;

  always_comb begin
    take_o = late.take & !stay_q;
    add_o = late.valid;
    add_first_o = late.add_first;
    add_half_o = late.add_half;
    add_row_o = late.add_row[AccumulatorBits-1:0];
    done_o = late.last;
    if (stay_q) begin
      add_o = leave_add;
      add_first_o = leave_first;
      add_half_o = leave_half;
      add_row_o = leave_row[AccumulatorBits-1:0];
      done_o = leave_done;
    end
    if (hold_q) begin
      take_o = vector.take;
      add_o = vector.valid;
      add_first_o = vector.add_first;
      add_half_o = vector.add_half;
      add_row_o = vector.add_row[AccumulatorBits-1:0];
      done_o = vector.last;
    end
  end

endmodule
