// The feeding half of the convolution core: it has the input and the weight buffer, and brings block
// after block of a convolution to the ports of the array.
//
// Where weights stay (WS), the weights of the next tile are loaded while the windows of the present one go through. From a tile's
// first window to the next one's, of this block or the next:
//
//   max(windows of the tile, values of the next tile, 4)
//
// and from the start of a block to its first window at the array, where nothing is under way:
// values of its first tile + 5 + ArrayCycles. Where sums stay (NS), see stay_products.sv.
module feed
  import feed_pkg::*;
#(
    parameter int unsigned Rows = 16,
    parameter int unsigned Columns = 8,
    parameter int unsigned GroupRows = 8,
    parameter int unsigned OperandBits = 8,  // 16 with Winograd
    parameter bit Stays = 1'b1,  // sums that stay (NS) too
    parameter int unsigned WordUnits = 4,
    parameter int unsigned InputBanks = 8,
    parameter int unsigned InputDepth = 512,  // units of a bank, both halves
    parameter int unsigned WeightBanks = 8,
    parameter int unsigned WeightDepth = 512,
    parameter int unsigned AccumulatorRows = 512,
    localparam int unsigned InputRowBits = $clog2(InputDepth),
    localparam int unsigned WeightUnitBits = $clog2(WeightBanks) + $clog2(WeightDepth),
    localparam int unsigned AccumulatorBits = $clog2(AccumulatorRows),
    localparam int unsigned WindowBytes = Rows * OperandBits / 8,
    localparam int unsigned WindowUnits = (WindowBytes + (Rows % 16 == 0 ? 0 : 30)) / 16,
    localparam int unsigned WeightUnits = (2 * Columns + 30) / 16,
    localparam int unsigned WindowCycles = 5 + ($clog2(InputBanks) + 1) / 2 +
                                           (Rows % 16 == 0 ? 0 : 2),
    localparam int unsigned WeightCycles = 5 + ($clog2(WeightBanks) + 1) / 2,
    // From a window or a row of weights, just asked for, to the ports of the array.
    localparam bit WindowsLonger = WindowCycles > WeightCycles,
    localparam int unsigned ArrayCycles = WindowsLonger ? WindowCycles : WeightCycles
) (
    input logic clk_i,
    input logic rst_i,  // for as long as the array's
    // A block, its data in the buffers; may come while the one before it is under way.
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

  tile_t walked, held;
  part_t part;
  logic part_start, part_ready, parts_ready, block_start;
  logic stay_q;  // the present block's sums
  logic settled;  // and they have left
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
  logic [Rows-1:0][OperandBits-1:0] operand, window, values;
  logic [Columns-1:0][15:0] word;
  logic first, last, leave_add, leave_first, leave_half, leave_done, odd;
  /* verilator lint_off UNUSEDSIGNAL */  // as many as there are at most
  count_t leave_row;
  /* verilator lint_on UNUSEDSIGNAL */
  logic [1:0] leave_whole;

  assign pass = loaded && free;
  assign ready_o = parts_ready && (block_i.stay || settled);
  assign block_start = start_i && (block_i.stay || settled);

  always_ff @(posedge clk_i) begin
    if (rst_i) stay_q <= 1'b0;
    else if (block_start && parts_ready) stay_q <= Stays & block_i.stay;
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
      .taken_i(walked_take & walked.ends),
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
      .valid_i(walked_valid & !stay_q),
      .take_o(loader_take),
      .tile_i(walked),
      .loaded_o(loaded),
      .pass_i(pass),
      .tile_o(held),
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
      .tile_i(stay_q ? walked : held),
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
      .Kept (WindowUnits)
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
      .Columns(Columns),
      .WordUnits(WordUnits),
      .Banks(WeightBanks),
      .Depth(WeightDepth),
      .Cycles(ArrayCycles)
  ) u_weights (
      .clk_i,
      .load_i(load),
      .load_last_i(load_last),
      .paired_i(paired),
      .byte_i(weight_byte[WeightUnitBits+3:0]),
      .load_o,
      .load_last_o,
      .paired_o,
      .word_o(word),
      .write_i(weight_write_i),
      .write_unit_i(weight_unit_i),
      .write_word_i(weight_word_i)
  );

  // ---- sums that stay
  if (Stays) begin : gen_stay
    localparam int unsigned Turn = ($clog2(Rows) + 1) / 2;
    // From a product to its values at the corner, its weights asked for, and itself at the array.
    localparam int unsigned ValuedCycles = ArrayCycles + Turn + 1;
    localparam int unsigned WeighedCycles = 2 * Turn + 1;
    localparam int unsigned ProductCycles = ArrayCycles + 2 * Turn + 2;
    // From the last product until its rows have left their groups: then multipliers may be loaded (WS).
    localparam int unsigned SettleCycles = ProductCycles + Rows + GroupRows + 1;
    localparam int unsigned SettleBits = $clog2(SettleCycles + 1);

    /* verilator lint_off UNUSEDSIGNAL */  // each gets what it needs
    product_t product, valued, weighed;
    /* verilator lint_on UNUSEDSIGNAL */
    leave_t leave, leaving;
    logic taken, busy;
    logic [SettleBits-1:0] settle_q;

    stay_products #(
        .Rows(Rows),
        .GroupRows(GroupRows)
    ) u_products (
        .clk_i,
        .rst_i,
        .valid_i(walked_valid & stay_q),
        .take_o(taken),
        .tile_i(walked),
        .free_i(free),
        .busy_o(busy),
        .product_o(product),
        .leave_o(leave)
    );

    assign turn = taken;
    assign walked_take = loader_take | taken;

    delay_line #(
        .Bits  ($bits(product_t)),
        .Cycles(ValuedCycles)
    ) u_valued (
        .clk_i,
        .data_i(product),
        .data_o(valued)
    );

    delay_line #(
        .Bits  ($bits(product_t)),
        .Cycles(WeighedCycles)
    ) u_weighed (
        .clk_i,
        .data_i(product),
        .data_o(weighed)
    );

    corner_turn #(
        .Rows(Rows),
        .Bits(OperandBits)
    ) u_corner (
        .clk_i,
        .rst_i,
        .valid_i(late.valid & stay_q),
        .take_i(late.take),
        .window_i(window),
        .ask_i(valued.valid & stay_q),
        .enter_i(valued.enters),
        .value_i(valued.value[$clog2(Rows)-1:0]),
        .values_o(values)
    );

    delay_line #(
        .Bits  (1),
        .Cycles(ArrayCycles)
    ) u_odd (
        .clk_i,
        .data_i(weighed.odd),
        .data_o(odd)
    );

    delay_line #(
        .Bits  (1),
        .Cycles(ProductCycles)
    ) u_first (
        .clk_i,
        .data_i(product.first & product.valid),
        .data_o(first)
    );

    delay_line #(
        .Bits  ($bits(leave_t)),
        .Cycles(ProductCycles - 1)
    ) u_leaving (
        .clk_i,
        .data_i(leave),
        .data_o(leaving)
    );

    always_ff @(posedge clk_i) last <= leaving.valid;

    stay_leave #(
        .Rows(Rows),
        .GroupRows(GroupRows)
    ) u_leave (
        .clk_i,
        .rst_i,
        .leave_i(leaving),
        .add_o(leave_add),
        .add_first_o(leave_first),
        .add_half_o(leave_half),
        .add_row_o(leave_row),
        .add_whole_o(leave_whole),
        .done_o(leave_done)
    );

    always_ff @(posedge clk_i) begin
      if (rst_i) settle_q <= '0;
      else if (busy) settle_q <= SettleBits'(SettleCycles);
      else if (settle_q != 0) settle_q <= settle_q - 1'b1;
      settled <= settle_q == 0 && !busy;
    end
    assign weight_byte = stay_q ? weighed.weights : loader_byte;
  end else begin : gen_streams
    assign walked_take = loader_take;
    assign turn = 1'b0;
    assign {first, last, odd, leave_add, leave_first, leave_half, leave_done} = '0;
    assign leave_row = '0;
    assign leave_whole = '0;
    assign values = '0;
    assign settled = 1'b1;
    assign weight_byte = loader_byte;
  end

  // A column has two channels: where sums stay, one after the other.
  for (genvar c = 0; c < Columns; c++) begin : gen_word
    assign word_o[c] = stay_q ? 16'(signed'(odd ? word[c][15:8] : word[c][7:0])) : word[c];
  end

  assign operand_o = stay_q ? values : window;
  assign outputs_stay_o = stay_q;
  assign first_o = first;
  assign last_o = last;
  assign take_o = late.take & !stay_q;
  assign add_o = stay_q ? leave_add : late.valid;
  assign add_first_o = stay_q ? leave_first : late.add_first;
  assign add_half_o = stay_q ? leave_half : late.add_half;
  assign add_row_o = stay_q ? leave_row[AccumulatorBits-1:0] : late.add_row[AccumulatorBits-1:0];
  assign add_whole_o = stay_q ? leave_whole : '0;
  assign done_o = stay_q ? leave_done : late.last;

endmodule
