// The convolution core: a pass of blocks from memory to memory. Its parts, and what starts them.
module core
  import core_pkg::*, axi_pkg::response_e, axi_pkg::LengthBits, store_pkg::runs_t,
         store_pkg::AddressBits, store_pkg::CountBits, store_pkg::RunBits, lanes_pkg::*;
#(
    parameter int unsigned Rows = 16,
    parameter int unsigned Columns = 8,
    parameter int unsigned GroupRows = 8,
    parameter int unsigned FactorBits = 27,
    parameter int unsigned Pairs = 8,
    parameter int unsigned WordUnits = 4,
    parameter int unsigned InputBanks = 4,
    parameter int unsigned InputDepth = 512,
    parameter int unsigned WeightBanks = 4,
    parameter int unsigned WeightDepth = 512,
    parameter int unsigned AccumulatorRows = 512,
    parameter int unsigned ParameterDepth = 512,
    parameter int unsigned OutputDepth = 1024,
    parameter bit Winograd = 1'b0,
    parameter int unsigned PixelDepth = 512,  // of Winograd's buffer of pixels
    parameter int unsigned Outstanding = 32,
    parameter buffers_pkg::ultra_t Ultra = '0,
    parameter bit Loops = 1'b0,  // the array's style; loops are for simulations
    localparam int unsigned DataBytes = 16 * WordUnits,
    localparam int unsigned DataBits = 8 * DataBytes,
    localparam int unsigned Ports = axi_pkg::ports_of(DataBytes)
) (
    input logic clk_i,
    input logic rst_i,  // for 100 cycles: delayed tags have no other
    input logic start_i,  // of a pass; not while busy
    input core_pass_t pass_i,  // stays until it is done
    output logic busy_o,
    output logic reading_o,  // not all of its operands are there: behind that, others may read
    input logic stop_i,  // an access failed elsewhere
    input logic [Ports-1:0][AddressBits-1:0] bases_i,  // of the buffer's parts, one a port
    // lanes.sv, its first 2 Pairs lanes
    output post_lanes_t lanes_o,
    output logic [2*Pairs-1:0][LeastValueBits-1:0] lane_sums_o,
    input logic [2*Pairs-1:0][ByteBits-1:0] lane_bytes_i,
    // what has happened, for who counts it
    output logic placed_o,
    output logic weights_o,
    output logic fed_o,
    output logic posted_o,
    output logic filled_o,
    output logic emptied_o,
    output logic stored_o,
    output logic failed_o,  // an access; nothing goes on until the reset
    output response_e failed_response_o,
    output logic [AddressBits-1:0] failed_address_o,
    // AXI4
    output logic [Ports-1:0] arvalid_o,
    input logic [Ports-1:0] arready_i,
    output logic [Ports-1:0][AddressBits-1:0] araddr_o,
    output logic [Ports-1:0][LengthBits-1:0] arlen_o,
    input logic [Ports-1:0] rvalid_i,
    output logic [Ports-1:0] rready_o,
    input logic [Ports-1:0][DataBits/Ports-1:0] rdata_i,
    input response_e [Ports-1:0] rresp_i,
    input logic [Ports-1:0] rlast_i,
    output logic [Ports-1:0] awvalid_o,
    input logic [Ports-1:0] awready_i,
    output logic [Ports-1:0][AddressBits-1:0] awaddr_o,
    output logic [Ports-1:0][LengthBits-1:0] awlen_o,
    output logic [Ports-1:0] wvalid_o,
    input logic [Ports-1:0] wready_i,
    output logic [Ports-1:0][DataBits/Ports-1:0] wdata_o,
    output logic [Ports-1:0][DataBytes/Ports-1:0] wstrb_o,
    output logic [Ports-1:0] wlast_o,
    input logic [Ports-1:0] bvalid_i,
    output logic [Ports-1:0] bready_o,
    input response_e [Ports-1:0] bresp_i
);

  localparam int unsigned RowGroups = (Rows + GroupRows - 1) / GroupRows;
  localparam int unsigned ReadGroups = (Columns + Pairs - 1) / Pairs;
  localparam int unsigned RowBits = $clog2(AccumulatorRows);
  localparam int unsigned AccumulatorBits = 32;
  localparam int unsigned OperandBits = Winograd ? 16 : 8;
  localparam int unsigned WeightUnitBits = $clog2(WeightBanks * WeightDepth);
  localparam int unsigned ParameterBits = $clog2(ParameterDepth);
  // From the last window at the array to the word that the block's sums can be read START_CYCLES later.
  localparam int unsigned ComputedCycles = GroupRows + $clog2(RowGroups);

  // ---- control
  logic asking, read_start, feed_start, feed_ready, drain_start, store_turn, computed;
  logic computing, draining;
  runs_t read_runs;
  transfer_t transfer;
  feed_pkg::block_t block;
  drain_pkg::drain_pass_t drained;
  assign busy_o = computing | draining;

  core_control u_control (
      .clk_i,
      .rst_i,
      .start_i,
      .pass_i,
      .asking_i(asking | read_start),
      .read_o(read_start),
      .read_runs_o(read_runs),
      .transfer_o(transfer),
      .placed_i(placed_o),
      .weights_i(weights_o),
      .feed_start_o(feed_start),
      .feed_ready_i(feed_ready),
      .feed_block_o(block),
      .fed_i(fed_o),
      .drain_start_o(drain_start),
      .drain_pass_o(drained),
      .computed_i(computed),
      .posted_i(posted_o),
      .filled_i(filled_o),
      .store_o(store_turn),
      .reading_o,
      .busy_o(computing)
  );

  // ---- reads
  logic read_failed, write_failed;
  response_e read_response, write_response;
  logic [AddressBits-1:0] read_failed_address, write_failed_address;
  logic load_start, load_ready, input_valid, input_ready, weight_write, parameters_write;
  load_pkg::load_t load;
  /* verilator lint_off UNUSEDSIGNAL */  // as wide as the widest buffers need
  feed_pkg::units_t weight_unit;
  logic [CountBits-1:0] parameters_word;
  /* verilator lint_on UNUSEDSIGNAL */
  logic [DataBits-1:0] word;

  assign failed_o = read_failed | write_failed;
  assign failed_response_o = read_failed ? read_response : write_response;
  assign failed_address_o = read_failed ? read_failed_address : write_failed_address;

  core_reads #(
      .WordUnits  (WordUnits),
      .Outstanding(Outstanding)
  ) u_reads (
      .clk_i,
      .rst_i,
      .stop_i(write_failed | stop_i),
      .bases_i,
      .start_i(read_start),
      .runs_i(read_runs),
      .transfer_i(transfer),
      .asking_o(asking),
      .load_start_o(load_start),
      .load_ready_i(load_ready),
      .load_o(load),
      .input_valid_o(input_valid),
      .input_ready_i(input_ready),
      .weight_write_o(weight_write),
      .weight_unit_o(weight_unit),
      .weights_done_o(weights_o),
      .parameters_write_o(parameters_write),
      .parameters_word_o(parameters_word),
      .word_o(word),
      .failed_o(read_failed),
      .failed_response_o(read_response),
      .failed_address_o(read_failed_address),
      .arvalid_o,
      .arready_i,
      .araddr_o,
      .arlen_o,
      .rvalid_i,
      .rready_o,
      .rdata_i,
      .rresp_i,
      .rlast_i
  );

  logic [InputBanks-1:0] write;
  logic [InputBanks-1:0][$clog2(InputDepth)-1:0] write_row;
  logic [InputBanks-1:0][127:0] write_unit;

  load_inputs #(
      .WordUnits(WordUnits),
      .Banks(InputBanks),
      .Depth(InputDepth),
      .Winograd(Winograd),
      .PixelDepth(PixelDepth),
      .Ultra(Ultra.pixels)
  ) u_inputs (
      .clk_i,
      .rst_i,
      .pass_start_i(start_i),
      .pass_i(pass_i.transform),
      .blocks_i(pass_i.stream_weights ? CountBits'(1) : pass_i.drained.blocks),
      .half_units_i(pass_i.half_units),
      .start_i(load_start),
      .ready_o(load_ready),
      .load_i(load),
      .valid_i(input_valid),
      .ready_word_o(input_ready),
      .word_i(word),
      .done_o(placed_o),
      .write_o(write),
      .write_row_o(write_row),
      .write_unit_o(write_unit)
  );

  // ---- feed and array; block 0 runs while its weights arrive
  logic all_weights_q;
  feed_pkg::units_t weights_arrived_q;

  always_ff @(posedge clk_i) begin
    if (start_i) weights_arrived_q <= '0;
    else if (weight_write) weights_arrived_q <= weight_unit + feed_pkg::units_t'(WordUnits);
    if (start_i) all_weights_q <= 1'b0;
    else if (weights_o) all_weights_q <= 1'b1;
  end

  logic outputs_stay, paired, take, load_tag, load_last, first, last;
  logic add, add_first, add_half, read_half;
  logic [Rows-1:0][OperandBits-1:0] operand;
  logic [Columns-1:0][15:0] top_word;
  logic [RowBits-1:0] add_row, read_row;
  logic [ReadGroups-1:0] row_read;
  logic [1:0] add_whole;
  logic [Columns-1:0] valid;
  logic [Columns-1:0][AccumulatorBits-1:0] low, high;

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
      .AccumulatorRows(AccumulatorRows),
      .Ultra(Ultra)
  ) u_feed (
      .clk_i,
      .rst_i,
      .start_i(feed_start),
      .ready_o(feed_ready),
      .block_i(block),
      .done_o(fed_o),
      .write_i(write),
      .write_row_i(write_row),
      .write_unit_i(write_unit),
      .weights_all_i(all_weights_q),
      .weights_arrived_i(weights_arrived_q),
      .weight_write_i(weight_write),
      .weight_unit_i(weight_unit[WeightUnitBits-1:0]),
      .weight_word_i(word),
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

  array_of_style #(
      .Rows(Rows),
      .Columns(Columns),
      .GroupRows(GroupRows),
      .FactorBits(FactorBits),
      .OperandBits(OperandBits),
      .AccumulatorBits(AccumulatorBits),
      .AccumulatorRows(AccumulatorRows),
      .ReadColumns(Pairs),
      .Ultra(Ultra.accumulators),
      .Loops(Loops)
  ) u_array (
      .clk_i,
      .rst_i,
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
      .read_i(row_read),
      .read_half_i(read_half),
      .read_row_i(read_row),
      .valid_o(valid),
      .low_o(low),
      .high_o(high)
  );

  // ---- drain
  logic request_valid, request_ready, data_valid, data_ready, run_done;
  logic [AddressBits-1:0] request_address;
  logic [RunBits-1:0] request_beats;
  logic [DataBits-1:0] data;

  delay_line #(
      .Bits  (1),
      .Cycles(ComputedCycles)
  ) u_computed (
      .clk_i,
      .data_i(fed_o & !rst_i),
      .data_o(computed)
  );

  drain #(
      .Columns(Columns),
      .Pairs(Pairs),
      .AccumulatorBits(AccumulatorBits),
      .PartBits(array_pkg::pair_shift(FactorBits)),
      .RowBits(RowBits),
      .Units(WordUnits),
      .ParameterDepth(ParameterDepth),
      .OutputDepth(OutputDepth),
      .Winograd(Winograd),
      .Ultra(Ultra.outputs)
  ) u_drain (
      .clk_i,
      .rst_i,
      .start_i(drain_start),
      .pass_i(drained),
      .busy_o(draining),
      .computed_i(computed & !pass_i.keep),
      .posted_o,
      .filled_o,
      .store_i(store_turn),
      .emptied_o,
      .stored_o,
      .by_channel_i(pass_i.whole.block.inputs_stay),
      .lanes_o,
      .lane_sums_o,
      .lane_bytes_i,
      .parameters_write_i(parameters_write),
      .parameters_word_i(parameters_word[ParameterBits-1:0]),
      .parameters_data_i(word),
      .read_o(row_read),
      .read_half_o(read_half),
      .read_row_o(read_row),
      .valid_i(valid),
      .low_i(low),
      .high_i(high),
      .request_valid_o(request_valid),
      .request_ready_i(request_ready),
      .request_address_o(request_address),
      .request_beats_o(request_beats),
      .data_valid_o(data_valid),
      .data_ready_i(data_ready),
      .data_o(data),
      .done_i(run_done)
  );

  memory_write #(
      .Ports(Ports),
      .DataBytes(DataBytes / Ports),
      .Outstanding(Outstanding)
  ) u_write (
      .clk_i,
      .rst_i,
      .stop_i(read_failed | stop_i),
      .bases_i,
      .request_valid_i(request_valid),
      .request_ready_o(request_ready),
      .request_address_i(request_address),
      .request_beats_i(request_beats),
      .data_valid_i(data_valid),
      .data_ready_o(data_ready),
      .data_i(data),
      .done_o(run_done),
      /* verilator lint_off PINCONNECTEMPTY */
      .busy_o(),
      /* verilator lint_on PINCONNECTEMPTY */
      .failed_o(write_failed),
      .failed_response_o(write_response),
      .failed_address_o(write_failed_address),
      .awvalid_o,
      .awready_i,
      .awaddr_o,
      .awlen_o,
      .wvalid_o,
      .wready_i,
      .wdata_o,
      .wstrb_o,
      .wlast_o,
      .bvalid_i,
      .bready_o,
      .bresp_i
  );

endmodule
