// Placer, feed and array between two records (see core_bench.sv). Blocks to place, their words and
// blocks to compute wait in queues until they are taken.
module feed_bench
  import feed_pkg::block_t;
  import load_pkg::load_t;
#(
    parameter int unsigned Rows = 16,
    parameter int unsigned Columns = 8,
    parameter int unsigned GroupRows = 8,
    parameter int unsigned OperandBits = 8,
    parameter int unsigned FactorBits = 27,
    parameter int unsigned HighBits = array_pkg::pair_shift(FactorBits),
    parameter int unsigned WordUnits = 4,
    parameter int unsigned InputBanks = 8,
    parameter int unsigned InputDepth = 512,
    parameter int unsigned WeightBanks = 8,
    parameter int unsigned WeightDepth = 512,
    parameter int unsigned AccumulatorRows = 512,
    localparam int unsigned RowBits = $clog2(AccumulatorRows),
    localparam int unsigned UnitBits = $clog2(WeightBanks) + $clog2(WeightDepth),
    localparam int unsigned InputRowBits = $clog2(InputDepth),
    localparam int unsigned WordBits = 128 * WordUnits,
    localparam int unsigned InBits = 9 + 2 * WordBits + UnitBits + RowBits + $bits(load_t) +
                                     $bits(block_t),
    localparam int unsigned OutBits = 12 + RowBits + 81 * Columns + OperandBits * Rows +
                                      InputBanks * (129 + InputRowBits)
) (
    input logic clk_i,
    input logic [InBits-1:0] in_i,
    output logic [OutBits-1:0] out_o
);

  logic rst, push_load, push_word, stall, weight_write, push_block, read, read_half, late_block;
  logic [WordUnits-1:0][127:0] pushed_word, weight_word, word;
  logic [UnitBits-1:0] weight_unit;
  logic [RowBits-1:0] read_row, add_row;
  logic [1:0] add_whole;
  load_t pushed_load, load;
  block_t pushed_block, block;
  logic load_valid, load_ready, word_valid, word_ready, block_valid, block_ready, placed, done;
  logic outputs_stay, paired, take, load_tag, load_last, first, last, add, add_first, add_half;
  logic [InputBanks-1:0] write;
  logic [InputBanks-1:0][InputRowBits-1:0] write_row;
  logic [InputBanks-1:0][127:0] write_unit;
  logic [Rows-1:0][OperandBits-1:0] operand;
  logic [Columns-1:0][15:0] top_word;
  logic [Columns-1:0] valid;
  logic [Columns-1:0][31:0] low, high;

  assign {pushed_block, pushed_load, read_row, weight_unit, weight_word, pushed_word, late_block,
          read_half, read, push_block, weight_write, stall, push_word, push_load, rst} = in_i;
  assign out_o = {write_unit, write_row, write, top_word, operand, high, low, valid, add_row,
                  add_half, add_first, add, take, load_last, load_tag, paired,
                  block_valid && block_ready, done, word_valid && word_ready,
                  load_valid && load_ready, placed};

  queue #(
      .Bits($bits(load_t)),
      .Depth(32)
  ) u_loads (
      .clk_i,
      .rst_i(rst),
      .push_i(push_load),
      .data_i(pushed_load),
      .stall_i(1'b0),
      .valid_o(load_valid),
      .take_i(load_ready),
      .data_o(load)
  );

  queue #(
      .Bits(WordBits)
  ) u_words (
      .clk_i,
      .rst_i(rst),
      .push_i(push_word),
      .data_i(pushed_word),
      .stall_i(stall),
      .valid_o(word_valid),
      .take_i(word_ready),
      .data_o(word)
  );

  queue #(
      .Bits($bits(block_t)),
      .Depth(32)
  ) u_blocks (
      .clk_i,
      .rst_i(rst),
      .push_i(push_block),
      .data_i(pushed_block),
      .stall_i(late_block),
      .valid_o(block_valid),
      .take_i(block_ready),
      .data_o(block)
  );

  placer #(
      .WordUnits(WordUnits),
      .Banks(InputBanks),
      .Depth(InputDepth)
  ) u_placer (
      .clk_i,
      .rst_i(rst),
      .start_i(load_valid),
      .ready_o(load_ready),
      .load_i(load),
      .valid_i(word_valid),
      .ready_word_o(word_ready),
      .word_i(word),
      .done_o(placed),
      .write_o(write),
      .write_row_o(write_row),
      .write_unit_o(write_unit)
  );

  feed #(
      .Rows(Rows),
      .Columns(Columns),
      .GroupRows(GroupRows),
      .OperandBits(OperandBits),
      .WordUnits(WordUnits),
      .InputBanks(InputBanks),
      .InputDepth(InputDepth),
      .WeightBanks(WeightBanks),
      .WeightDepth(WeightDepth),
      .AccumulatorRows(AccumulatorRows)
  ) u_feed (
      .clk_i,
      .rst_i(rst),
      .start_i(block_valid),
      .ready_o(block_ready),
      .block_i(block),
      .done_o(done),
      .write_i(write),
      .write_row_i(write_row),
      .write_unit_i(write_unit),
      .weights_all_i(1'b1),
      .weights_arrived_i('0),
      .weight_write_i(weight_write),
      .weight_unit_i(weight_unit),
      .weight_word_i(weight_word),
      .outputs_stay_o(outputs_stay),
      .paired_o(paired),
      .take_o(take),
      .load_o(load_tag),
      .load_last_o(load_last),
      .first_o(first),
      .last_o(last),
      .operand_o(operand),
      .word_o(top_word),
      .add_o(add),
      .add_first_o(add_first),
      .add_half_o(add_half),
      .add_row_o(add_row),
      .add_whole_o(add_whole)
  );

  systolic_array_loops #(
      .Rows(Rows),
      .Columns(Columns),
      .GroupRows(GroupRows),
      .FactorBits(FactorBits),
      .OperandBits(OperandBits),
      .HighBits(HighBits),
      .AccumulatorRows(AccumulatorRows)
  ) u_array (
      .clk_i,
      .rst_i(rst),
      .outputs_stay_i(outputs_stay),
      .paired_i(paired),
      .take_i(take),
      .load_i(load_tag),
      .load_last_i(load_last),
      .first_i(first),
      .last_i(last),
      .operand_i(operand),
      .word_i(top_word),
      .add_i(add),
      .add_first_i(add_first),
      .add_half_i(add_half),
      .add_row_i(add_row),
      .add_whole_i(add_whole),
      .read_i(read),
      .read_half_i(read_half),
      .read_row_i(read_row),
      .valid_o(valid),
      .low_o(low),
      .high_o(high)
  );

endmodule
