// The draining half of the core between accumulators that are filled with any sums and a memory, between two
// records (see core_bench.sv).
module drain_bench
  import drain_pkg::drain_pass_t, lanes_pkg::*, axi_pkg::response_e,
         axi_pkg::LengthBits, axi_pkg::Okay, axi_pkg::Incrementing;
#(
    parameter int unsigned Columns = 16,
    parameter int unsigned Pairs = 8,
    parameter int unsigned AccumulatorBits = 32,
    parameter int unsigned AccumulatorRows = 512,
    parameter int unsigned Units = 4,
    parameter int unsigned ParameterDepth = 64,
    parameter int unsigned OutputDepth = 1024,
    parameter bit Winograd = 1'b0,
    parameter int unsigned Outstanding = 32,
    parameter int unsigned MemoryDepth = 4096,  // words
    localparam int unsigned Groups = (Columns + Pairs - 1) / Pairs,
    localparam int unsigned RowBits = $clog2(AccumulatorRows),
    localparam int unsigned ParameterBits = $clog2(ParameterDepth),
    localparam int unsigned IndexBits = $clog2(MemoryDepth),
    localparam int unsigned DataBytes = Units * UnitBytes,
    localparam int unsigned DataBits = 8 * DataBytes,
    localparam int unsigned Ports = axi_pkg::ports_of(DataBytes),
    localparam int unsigned PassBits = $bits(drain_pass_t),
    localparam int unsigned ControlBits = 31 + 3 * ByteBits + RowBits + ParameterBits + IndexBits,
    localparam int unsigned AddedBits = AccumulatorBits - 1,
    localparam int unsigned SumsBits = 2 * Columns * AddedBits,
    localparam int unsigned InBits = ControlBits + SumsBits + DataBits + PassBits,
    localparam int unsigned OutBits = 7 + DataBits
) (
    input logic clk_i,
    input logic [InBits-1:0] in_i,
    output logic [OutBits-1:0] out_o
);

  logic rst, start, computed, turn, look_up, table_write, parameters_write, add, add_half, poke;
  logic address_waits, by_channel;
  logic [4:0] stall;
  logic [3:0] gap;
  logic [9:0] write_latency;
  logic [ByteBits-1:0] zero_point, table_index, table_data;
  logic [RowBits-1:0] add_row, read_row;
  logic [ParameterBits-1:0] parameters_word;
  logic [IndexBits-1:0] index;
  logic [Columns-1:0][AddedBits-1:0] add_low, add_high;
  logic [Columns-1:0][AccumulatorBits-1:0] low, high;
  logic [Columns-1:0] valid;
  logic [DataBits-1:0] word;
  drain_pass_t pass;
  logic [Groups-1:0] read;
  logic read_half;

  assign {pass, word, add_high, add_low, index, parameters_word, add_row, table_data, table_index,
          zero_point, write_latency, gap, stall, by_channel, address_waits, poke, add_half, add,
          parameters_write, table_write, look_up, turn, computed, start, rst} = in_i;

  accumulator_columns #(
      .Columns(Columns),
      .LowSumBits(AddedBits),
      .HighSumBits(AddedBits),
      .AccumulatorBits(AccumulatorBits),
      .Depth(AccumulatorRows),
      .ReadColumns(Pairs)
  ) u_accumulators (
      .clk_i,
      .rst_i(rst),
      .add_i(add),
      .add_first_i(1'b1),
      .add_half_i(add_half),
      .add_row_i(add_row),
      .add_whole_i('0),
      .low_i(add_low),
      .high_i(add_high),
      .carry_i('0),
      .read_i(read),
      .read_half_i(read_half),
      .read_row_i(read_row),
      .valid_o(valid),
      .low_o(low),
      .high_o(high)
  );

  logic request_valid, request_ready, data_valid, data_ready, done;
  logic [63:0] request_address;
  logic [23:0] request_beats;
  logic [DataBits-1:0] data;
  logic posted, filled, emptied, stored, busy;

  post_lanes_t lanes_said;
  logic [2*Pairs-1:0][LeastValueBits-1:0] lane_sums;
  logic [2*Pairs-1:0][ByteBits-1:0] lane_bytes;

  lanes_of_post #(
      .Pairs(Pairs)
  ) u_lanes (
      .clk_i,
      .post_i(lanes_said),
      .sum_i(lane_sums),
      .zero_point_i(zero_point),
      .look_up_i(look_up),
      .table_write_i(table_write),
      .table_index_i(table_index),
      .table_data_i(table_data),
      .bytes_o(lane_bytes)
  );

  drain #(
      .Columns(Columns),
      .Pairs(Pairs),
      .AccumulatorBits(AccumulatorBits),
      .RowBits(RowBits),
      .Units(Units),
      .ParameterDepth(ParameterDepth),
      .OutputDepth(OutputDepth),
      .Winograd(Winograd)
  ) u_drain (
      .clk_i,
      .rst_i(rst),
      .start_i(start),
      .pass_i(pass),
      .busy_o(busy),
      .computed_i(computed),
      .posted_o(posted),
      .filled_o(filled),
      .store_i(turn),
      .emptied_o(emptied),
      .stored_o(stored),
      .by_channel_i(by_channel),
      .lanes_o(lanes_said),
      .lane_sums_o(lane_sums),
      .lane_bytes_i(lane_bytes),
      .parameters_write_i(parameters_write),
      .parameters_word_i(parameters_word),
      .parameters_data_i(word),
      .read_o(read),
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
      .done_i(done)
  );

  logic [Ports-1:0] awvalid, awready, wvalid, wready, wlast, bvalid, bready;
  logic [Ports-1:0][63:0] awaddr;
  logic [Ports-1:0][LengthBits-1:0] awlen;
  logic [Ports-1:0][DataBits/Ports-1:0] wdata;
  logic [Ports-1:0][DataBytes/Ports-1:0] wstrb;
  response_e [Ports-1:0] bresp;
  logic [DataBits-1:0] peeked;
  logic [Ports-1:0][4:0] port_stall;

  // Each port stalls by other bits.
  for (genvar p = 0; p < Ports; p++) begin : gen_stall
    assign port_stall[p] = 5'({stall, stall} >> p % 5);
  end

  /* verilator lint_off PINCONNECTEMPTY */
  memory_write #(
      .Ports(Ports),
      .DataBytes(DataBytes / Ports),
      .Outstanding(Outstanding)
  ) u_write (
      .clk_i,
      .rst_i(rst),
      .stop_i(1'b0),
      .bases_i('0),
      .request_valid_i(request_valid),
      .request_ready_o(request_ready),
      .request_address_i(request_address),
      .request_beats_i(request_beats),
      .data_valid_i(data_valid),
      .data_ready_o(data_ready),
      .data_i(data),
      .done_o(done),
      .busy_o(),
      .failed_o(),
      .failed_response_o(),
      .failed_address_o(),
      .awvalid_o(awvalid),
      .awready_i(awready),
      .awaddr_o(awaddr),
      .awlen_o(awlen),
      .wvalid_o(wvalid),
      .wready_i(wready),
      .wdata_o(wdata),
      .wstrb_o(wstrb),
      .wlast_o(wlast),
      .bvalid_i(bvalid),
      .bready_o(bready),
      .bresp_i(bresp)
  );

  port_memories #(
      .Ports(Ports),
      .DataBytes(DataBytes / Ports),
      .Outstanding(Outstanding),
      .Depth(MemoryDepth)
  ) u_memories (
      .clk_i,
      .rst_i(rst),
      .stall_i(port_stall),
      .address_waits_i(address_waits),
      .gap_i(gap),
      .read_latency_i('0),
      .write_latency_i(write_latency),
      .failing_i('0),
      .failure_i(Okay),
      .failing_address_i('0),
      .poke_i({Ports{poke}}),
      .index_i(index),
      .poke_data_i(word),
      .peek_data_o(peeked),
      .arsize_i({Ports{3'($clog2(DataBytes / Ports))}}),
      .arburst_i({Ports{Incrementing}}),
      .awsize_i({Ports{3'($clog2(DataBytes / Ports))}}),
      .awburst_i({Ports{Incrementing}}),
      .arvalid_i('0),
      .arready_o(),
      .araddr_i('0),
      .arlen_i('0),
      .rvalid_o(),
      .rready_i('0),
      .rdata_o(),
      .rresp_o(),
      .rlast_o(),
      .awvalid_i(awvalid),
      .awready_o(awready),
      .awaddr_i(awaddr),
      .awlen_i(awlen),
      .wvalid_i(wvalid),
      .wready_o(wready),
      .wdata_i(wdata),
      .wstrb_i(wstrb),
      .wlast_i(wlast),
      .bvalid_o(bvalid),
      .bready_i(bready),
      .bresp_o(bresp)
  );
  /* verilator lint_on PINCONNECTEMPTY */

  assign out_o = {peeked, |(wvalid & wready), busy, stored, emptied, filled, posted, |read};

endmodule
