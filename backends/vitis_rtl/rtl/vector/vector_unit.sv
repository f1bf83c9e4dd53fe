// The vector unit: a pass of a layer without products of channels, from memory to memory (docs/rtl/vector.md).
// Reading port, placer, buffers, walker, lanes, output buffer and writing port, and what starts them.
module vector_unit
  import vector_pkg::*, core_pkg::transfer_t, axi_pkg::response_e, axi_pkg::LengthBits,
         store_pkg::runs_t, store_pkg::AddressBits, store_pkg::CountBits, store_pkg::RunBits,
         lanes_pkg::*, post_pkg::chunk_t;
#(
    parameter int unsigned Lanes = 32,
    parameter int unsigned WordUnits = 4,
    parameter int unsigned Banks = 4,  // of the input buffer, and of the resident one
    parameter int unsigned InputDepth = 512,  // units of a bank, both halves
    parameter int unsigned ResidentDepth = 512,
    parameter int unsigned OutputDepth = 1024,  // words, both halves
    parameter int unsigned Outstanding = 32,
    parameter int unsigned FactorBits = 27,
    parameter bit Normalises = 1'b1,  // local response normalisation too
    parameter int unsigned PoolDepth = 512,  // pixels of a row whose windows run; 0: none do
    parameter bit UltraInputs = 1'b0,
    parameter bit UltraOutputs = 1'b0,
    localparam int unsigned Planes = Lanes / UnitBytes,
    localparam int unsigned DataBytes = UnitBytes * WordUnits,
    localparam int unsigned DataBits = 8 * DataBytes,
    localparam int unsigned Ports = axi_pkg::ports_of(DataBytes)
) (
    input logic clk_i,
    input logic rst_i,  // for 100 cycles: delayed tags have no other
    input logic start_i,  // of a pass; not while busy
    input vector_pass_t pass_i,  // stays until it is done
    output logic busy_o,
    output logic reading_o,  // not all of its operands are there: behind that, others may read
    input logic stop_i,  // an access failed elsewhere
    input logic [Ports-1:0][AddressBits-1:0] bases_i,  // of the buffer's parts, one a port
    // lanes.sv, its first `Lanes` lanes
    output vector_lanes_t lanes_o,
    output parameters_t [Planes-1:0] lane_parameters_o,
    output vector_value_t [Lanes-1:0] lane_values_o,
    input logic [Lanes-1:0][ByteBits-1:0] lane_bytes_i,
    // what has happened, for who counts it
    output logic placed_o,  // a source of a block
    output logic resident_o,
    output logic walked_o,
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

  // A unit before those of the planes, and one behind them, where neighbours count.
  localparam int unsigned Kept = Planes + (Normalises ? 2 : 0);
  localparam int unsigned InputRowBits = $clog2(InputDepth);
  localparam int unsigned InputBits = $clog2(Banks) + InputRowBits;
  localparam int unsigned ResidentBits = $clog2(Banks) + $clog2(ResidentDepth);
  // From a unit's address to its data (banked_buffer.sv), and from there to the chunk that the bytes belong to.
  localparam int unsigned ReadCycles = 3 + ($clog2(Banks) + 1) / 2;
  localparam int unsigned ChunkCycles = ReadCycles + 10;

  if (Lanes < UnitBytes || Lanes % UnitBytes != 0) begin : gen_check_lanes
    $error("Lanes: a multiple of 16, the channels of a unit.");
  end
  if (Planes > WordUnits) begin : gen_check_planes
    $error("Lanes: at most the bytes of a memory word.");
  end
  if (Banks < WordUnits) begin : gen_check_banks
    $error("Banks: at least the units of a memory word.");
  end

  // ---- control
  logic asking, read_start, walk, walking, room, store_turn;
  runs_t read_runs;
  transfer_t transfer;
  vector_place_t place;

  vector_control u_control (
      .clk_i,
      .rst_i,
      .start_i,
      .pass_i,
      .reading_o,
      .asking_i(asking),
      .read_o(read_start),
      .read_runs_o(read_runs),
      .transfer_o(transfer),
      .placed_i(placed_o),
      .resident_i(resident_o),
      .walk_o(walk),
      .place_o(place),
      .walking_i(walking),
      .walked_i(walked_o),
      .room_i(room),
      .filled_i(filled_o),
      .store_o(store_turn)
  );

  // ---- reads
  logic read_failed, write_failed;
  response_e read_response, write_response;
  logic [AddressBits-1:0] read_failed_address, write_failed_address;
  logic load_start, load_ready, input_valid, input_ready, resident_write;
  load_pkg::load_t load;
  /* verilator lint_off UNUSEDSIGNAL */  // as wide as the widest buffers need
  feed_pkg::units_t resident_unit;
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
      .weight_write_o(resident_write),
      .weight_unit_o(resident_unit),
      .weights_done_o(resident_o),
      /* verilator lint_off PINCONNECTEMPTY */
      .parameters_write_o(),
      .parameters_word_o(),
      /* verilator lint_on PINCONNECTEMPTY */
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

  logic [Banks-1:0] write;
  logic [Banks-1:0][InputRowBits-1:0] write_row;
  logic [Banks-1:0][UnitBits-1:0] write_unit;

  placer #(
      .WordUnits(WordUnits),
      .Banks(Banks),
      .Depth(InputDepth)
  ) u_placer (
      .clk_i,
      .rst_i,
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

  // ---- slots, and what they read
  /* verilator lint_off UNUSEDSIGNAL */  // modulo the buffers
  units_t input_read, resident_read;
  /* verilator lint_on UNUSEDSIGNAL */
  slot_t slot, slot_early;
  logic chunk, chunk_later;
  chunk_t chunk_data, chunk_data_later;
  logic [Kept-1:0][UnitBits-1:0] input_data;
  logic [Planes-1:0][UnitBits-1:0] second_data, resident_data;
  logic bytes_valid;

  vector_walker #(
      .Planes(Planes)
  ) u_walker (
      .clk_i,
      .rst_i,
      .begin_i(start_i),
      .walk_i(pass_i.walk),
      .start_i(walk),
      .place_i(place),
      .busy_o(walking),
      .done_o(walked_o),
      .chunk_o(chunk),
      .chunk_data_o(chunk_data),
      .input_unit_o(input_read),
      .resident_unit_o(resident_read),
      .slot_o(slot)
  );

  joined_buffer #(
      .Planes(Planes),
      .Banks(Banks),
      .Depth(InputDepth),
      .Normalises(Normalises),
      .Ultra(UltraInputs)
  ) u_inputs (
      .clk_i,
      .joins_i(pass_i.joins),
      .join_rows_i(pass_i.walk.tap_column_step[InputBits-1-:InputRowBits]),
      .read_unit_i(input_read[InputBits-1:0]),
      .read_data_o(input_data),
      .second_data_o(second_data),
      .write_i(write),
      .write_row_i(write_row),
      .write_unit_i(write_unit)
  );

  resident_buffer #(
      .WordUnits(WordUnits),
      .Banks(Banks),
      .Depth(ResidentDepth),
      .Kept(Planes)
  ) u_resident (
      .clk_i,
      .write_i(resident_write),
      .write_unit_i(resident_unit[ResidentBits-1:0]),
      .word_i(word),
      .read_unit_i(resident_read[ResidentBits-1:0]),
      .read_data_o(resident_data)
  );

  delay_line #(
      .Bits  ($bits(slot_t)),
      .Cycles(ReadCycles - 3)
  ) u_slot (
      .clk_i,
      .data_i(slot),
      .data_o(slot_early)
  );

  delay_line #(
      .Bits  (1 + $bits(chunk_t)),
      .Cycles(ChunkCycles)
  ) u_chunk (
      .clk_i,
      .data_i({chunk && !rst_i, chunk_data}),
      .data_o({chunk_later, chunk_data_later})
  );

  vector_lanes #(
      .Planes(Planes),
      .FactorBits(FactorBits),
      .Normalises(Normalises),
      .PoolDepth(PoolDepth)
  ) u_lanes (
      .clk_i,
      .pass_i,
      .busy_i(busy_o),
      .slot_i(slot_early),
      .input_i(input_data),
      .second_i(second_data),
      .resident_i(resident_data),
      .lanes_o,
      .parameters_o(lane_parameters_o),
      .values_o(lane_values_o),
      .valid_o(bytes_valid)
  );

  // ---- stores
  logic request_valid, request_ready, data_valid, data_ready, run_done;
  logic [AddressBits-1:0] request_address;
  logic [RunBits-1:0] request_beats;
  logic [DataBits-1:0] data;

  vector_store #(
      .Planes(Planes),
      .WordUnits(WordUnits),
      .Depth(OutputDepth),
      .Ultra(UltraOutputs)
  ) u_store (
      .clk_i,
      .rst_i,
      .start_i,
      .pass_i,
      .busy_o,
      .room_o(room),
      .walk_i(walk),
      .filled_o,
      .store_i(store_turn),
      .emptied_o,
      .stored_o,
      .chunk_i(chunk_later),
      .chunk_data_i(chunk_data_later),
      .valid_i(bytes_valid),
      .bytes_i(lane_bytes_i),
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
