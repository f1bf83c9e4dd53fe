// All of the kernel but the names of its ports: the host's registers, the program's records, and the engines that they
// start, at the memory ports.
//
//   0x10  where the program's buffer lies, 8 bytes      0x18  byte of it where the first record to run lies, 8 bytes
//   0x20  records to run
//   0x24  bit 0: an access failed; bit 1: a record is for no engine; bits 9:8 the response
//   0x28  command of the record that runs, or ran last  0x2c  byte of the buffer where the failed burst begins, 8 bytes
//   0x34  records that are done                         0x38  bytes of a record
//   0x3c  memory ports
//   0x40  where the buffer's part behind port 1 lies, 8 bytes, then those of the ports behind it
//   upper half: record_counts.sv, 16 bytes per record of the run
//
// A failure ends the run as its end does, and every later one at once, until the reset: what the engines hold
// is worth nothing then.
module overlay
  import program_pkg::*, axi_pkg::response_e, axi_pkg::LengthBits, axi_pkg::AddressBits;
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
    parameter int unsigned PixelDepth = 512,
    parameter int unsigned VectorLanes = 32,
    parameter int unsigned VectorBanks = 4,
    parameter int unsigned VectorInputDepth = 512,
    parameter int unsigned ResidentDepth = 512,
    parameter int unsigned VectorOutputDepth = 1024,
    parameter bit Normalises = 1'b1,
    parameter int unsigned PoolDepth = 512,
    parameter int unsigned Outstanding = 32,
    parameter int unsigned Records = 512,  // of a run that are counted
    parameter buffers_pkg::ultra_t Ultra = '0,
    parameter bit Loops = 1'b0,
    localparam int unsigned ControlBits = $clog2(Records) + 5,
    localparam int unsigned DataBytes = 16 * WordUnits,
    localparam int unsigned DataBits = 8 * DataBytes,
    localparam int unsigned Ports = axi_pkg::ports_of(DataBytes)
) (
    input logic clk_i,
    input logic rst_i,
    // the host's registers, AXI4-Lite
    input logic control_awvalid_i,
    output logic control_awready_o,
    input logic [ControlBits-1:0] control_awaddr_i,
    input logic control_wvalid_i,
    output logic control_wready_o,
    input logic [31:0] control_wdata_i,
    input logic [3:0] control_wstrb_i,
    output logic control_bvalid_o,
    input logic control_bready_i,
    output logic [1:0] control_bresp_o,
    input logic control_arvalid_i,
    output logic control_arready_o,
    input logic [ControlBits-1:0] control_araddr_i,
    output logic control_rvalid_o,
    input logic control_rready_i,
    output logic [31:0] control_rdata_o,
    output logic [1:0] control_rresp_o,
    output logic interrupt_o,
    output logic record_done_o,  // for who watches a simulation
    // memory, AXI4
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

  localparam int unsigned Arguments = 5;
  localparam int unsigned Statuses = 7;
  localparam int unsigned Parts = 2 * (Ports - 1);  // of the buffer, but the first, in 4 bytes
  localparam int unsigned ResetCycles = 127;  // the array's delayed tags have no other reset
  localparam int unsigned WindowBits = ControlBits - 3;

  // ---- reset: a start waits until the engines are through with it
  logic [$clog2(ResetCycles+1)-1:0] reset_left_q;
  logic rst, start_asked, start_waits_q, start;

  assign rst = reset_left_q != 0;
  assign start = (start_asked | start_waits_q) & !rst;

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      reset_left_q  <= '1;
      start_waits_q <= 1'b0;
    end else begin
      if (rst) reset_left_q <= reset_left_q - 1'b1;
      start_waits_q <= (start_asked | start_waits_q) & rst;
    end
  end

  // ---- the host's registers
  logic done, window_read;
  logic [Arguments+Parts-1:0][31:0] arguments;
  logic [Ports-1:0][AddressBits-1:0] bases;
  logic [Statuses-1:0][31:0] statuses;
  logic [WindowBits-1:0] window_word;
  logic [31:0] window_data;

  control_slave #(
      .Arguments  (Arguments),
      .Statuses   (Statuses),
      .Further    (Parts),
      .AddressBits(ControlBits)
  ) u_control (
      .clk_i,
      .rst_i,
      .awvalid_i(control_awvalid_i),
      .awready_o(control_awready_o),
      .awaddr_i(control_awaddr_i),
      .wvalid_i(control_wvalid_i),
      .wready_o(control_wready_o),
      .wdata_i(control_wdata_i),
      .wstrb_i(control_wstrb_i),
      .bvalid_o(control_bvalid_o),
      .bready_i(control_bready_i),
      .bresp_o(control_bresp_o),
      .arvalid_i(control_arvalid_i),
      .arready_o(control_arready_o),
      .araddr_i(control_araddr_i),
      .rvalid_o(control_rvalid_o),
      .rready_i(control_rready_i),
      .rdata_o(control_rdata_o),
      .rresp_o(control_rresp_o),
      .interrupt_o,
      .start_o(start_asked),
      .done_i(done),
      .arguments_o(arguments),
      .statuses_i(statuses),
      .window_read_o(window_read),
      .window_word_o(window_word),
      .window_data_i(window_data)
  );

  assign bases[0] = {arguments[1], arguments[0]};
  for (genvar p = 1; p < Ports; p++) begin : gen_base
    assign bases[p] = arguments[Arguments+2*(p-1)+:2];
  end

  // ---- records
  logic fetching, port_free, word_valid, word_ready, taken, unknown;
  logic fetch_failed, engine_failed, failed;
  response_e fetch_response, engine_response;
  logic [AddressBits-1:0] fetch_address, engine_address, failed_address;
  logic [DataBits-1:0] word;
  /* verilator lint_off UNUSEDSIGNAL */  // reserved fields
  head_t head;
  /* verilator lint_on UNUSEDSIGNAL */
  logic [1:0][Ports-1:0] arvalid, arready, rvalid, rready;
  logic [1:0][Ports-1:0][AddressBits-1:0] araddr;
  logic [1:0][Ports-1:0][LengthBits-1:0] arlen;

  record_fetch #(
      .DataBytes(DataBytes)
  ) u_fetch (
      .clk_i,
      .rst_i(rst),
      .stop_i(engine_failed),
      .bases_i(bases),
      .start_i(start),
      .address_i({arguments[3], arguments[2]}),
      .records_i(arguments[4]),
      .free_i(port_free),
      .taken_i(taken),
      .busy_o(fetching),
      .word_valid_o(word_valid),
      .word_ready_i(word_ready),
      .word_o(word),
      .failed_o(fetch_failed),
      .failed_response_o(fetch_response),
      .failed_address_o(fetch_address),
      .arvalid_o(arvalid[1]),
      .arready_i(arready[1]),
      .araddr_o(araddr[1]),
      .arlen_o(arlen[1]),
      .rvalid_i(rvalid[1]),
      .rready_o(rready[1]),
      .rdata_i,
      .rresp_i,
      .rlast_i
  );

  logic begun, waiting, vector, engine_start, engine_busy, engine_reading, table_write;
  pass_t engine_pass;
  logic [7:0] table_index, table_data;

  record_runner #(
      .DataBytes(DataBytes)
  ) u_runner (
      .clk_i,
      .rst_i(rst),
      .failed_i(failed),
      .start_i(start),
      .records_i(arguments[4]),
      .done_o(done),
      .unknown_o(unknown),
      .fetching_i(fetching),
      .port_free_o(port_free),
      .word_valid_i(word_valid),
      .word_ready_o(word_ready),
      .word_i(word),
      .taken_o(taken),
      .record_done_o,
      .begun_o(begun),
      .waiting_o(waiting),
      .head_o(head),
      .vector_o(vector),
      .start_o(engine_start),
      .pass_o(engine_pass),
      .busy_i(engine_busy),
      .reading_i(engine_reading),
      .table_write_o(table_write),
      .table_index_o(table_index),
      .table_data_o(table_data)
  );

  assign failed = fetch_failed | engine_failed;
  assign failed_address = fetch_failed ? fetch_address : engine_address;
  assign statuses[0] = {
    22'd0, fetch_failed ? fetch_response : engine_response, 6'd0, unknown, failed
  };
  assign statuses[1] = head.command;
  assign statuses[2] = failed_address[31:0];
  assign statuses[3] = failed_address[63:32];
  assign statuses[5] = RecordBytes;
  assign statuses[6] = Ports;

  record_counts #(
      .Ports  (Ports),
      .Records(Records)
  ) u_counts (
      .clk_i,
      .start_i(start),
      .begun_i(begun),
      .record_done_i(record_done_o),
      .read_beats_i(rvalid[0] & rready[0]),
      .write_beats_i(wvalid_o & wready_i),
      .waiting_i(waiting),
      .read_i(window_read),
      .word_i(window_word),
      .word_o(window_data),
      .records_o(statuses[4])
  );

  // ---- the port, and the engines
  read_share #(
      .Ports(Ports)
  ) u_share (
      .clk_i,
      .rst_i(rst),
      .second_i(fetching),
      .arvalid_i(arvalid),
      .arready_o(arready),
      .araddr_i(araddr),
      .arlen_i(arlen),
      .rvalid_o(rvalid),
      .rready_i(rready),
      .arvalid_o,
      .arready_i,
      .araddr_o,
      .arlen_o,
      .rvalid_i,
      .rready_o
  );

  engines #(
      .Rows(Rows),
      .Columns(Columns),
      .GroupRows(GroupRows),
      .FactorBits(FactorBits),
      .Pairs(Pairs),
      .WordUnits(WordUnits),
      .InputBanks(InputBanks),
      .InputDepth(InputDepth),
      .WeightBanks(WeightBanks),
      .WeightDepth(WeightDepth),
      .AccumulatorRows(AccumulatorRows),
      .ParameterDepth(ParameterDepth),
      .OutputDepth(OutputDepth),
      .Winograd(Winograd),
      .PixelDepth(PixelDepth),
      .VectorLanes(VectorLanes),
      .VectorBanks(VectorBanks),
      .VectorInputDepth(VectorInputDepth),
      .ResidentDepth(ResidentDepth),
      .VectorOutputDepth(VectorOutputDepth),
      .Normalises(Normalises),
      .PoolDepth(PoolDepth),
      .Outstanding(Outstanding),
      .Ultra(Ultra),
      .Loops(Loops)
  ) u_engines (
      .clk_i,
      .rst_i(rst),
      .stop_i(fetch_failed),
      .vector_i(vector),
      .start_i(engine_start),
      .pass_i(engine_pass),
      .busy_o(engine_busy),
      .reading_o(engine_reading),
      .bases_i(bases),
      .zero_point_i(head.zero_point),
      .look_up_i(head.look_up[0]),
      .table_write_i(table_write),
      .table_index_i(table_index),
      .table_data_i(table_data),
      .failed_o(engine_failed),
      .failed_response_o(engine_response),
      .failed_address_o(engine_address),
      .arvalid_o(arvalid[0]),
      .arready_i(arready[0]),
      .araddr_o(araddr[0]),
      .arlen_o(arlen[0]),
      .rvalid_i(rvalid[0]),
      .rready_o(rready[0]),
      .rdata_i,
      .rresp_i,
      .rlast_i,
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
