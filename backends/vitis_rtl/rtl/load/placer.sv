// LOAD's placing: memory words into the banks of the input buffer, one word per cycle.
//
// Unit q of plane j goes to unit base + j + q pitch, and unit u lies in bank u mod Banks: with an odd
// pitch the units of a word go to different banks. A block is planes of plane_units units, each from
// `offset` units within a word on. A word with the end of a plane and the begin of the next one is
// taken twice; so placing takes, behind two cycles that set it up,
//
//   sum over planes j of ceil((offset_j + plane_units) / WordUnits) cycles.
//
// Windows of a Toeplitz input are one plane with a pitch of 1. The pixels of an hwc tensor come from
// pixel_lanes.sv, one per cycle.
module placer
  import load_pkg::*;
#(
    parameter int unsigned WordUnits = 4,
    parameter int unsigned Banks = 8,
    parameter int unsigned Depth = 1024,  // units of a bank
    parameter bit Pixels = 1'b1,  // hwc tensors too
    localparam int unsigned BankBits = $clog2(Banks),
    localparam int unsigned RowBits = $clog2(Depth),
    localparam int unsigned AddressBits = BankBits + RowBits,
    localparam int unsigned OffsetBits = $clog2(WordUnits)
) (
    input logic clk_i,
    input logic rst_i,
    // A block, when the one before it has all its words.
    input logic start_i,
    output logic ready_o,
    input load_t load_i,
    // The words of its planes.
    input logic valid_i,
    output logic ready_word_o,
    input logic [WordUnits-1:0][127:0] word_i,
    output logic done_o,  // the block's last unit can be read in the next cycle
    output logic [Banks-1:0] write_o,
    output logic [Banks-1:0][RowBits-1:0] write_row_o,
    output logic [Banks-1:0][127:0] write_unit_o
);

  if (WordUnits < 2 || 2 ** OffsetBits != WordUnits) begin : gen_check_word
    $error("WordUnits: a power of two, at least 2.");
  end
  if (Banks < WordUnits) begin : gen_check_banks
    $error("Banks: at least the units of a memory word.");
  end
  if (AddressBits >= UnitBits || OffsetBits > 8) begin : gen_check_address
    $error("Banks, Depth: addresses of units have less than UnitBits bits.");
  end

  localparam int unsigned LaneBits = 1 + RowBits + 128;
  localparam int unsigned DoneCycles = 1 + (BankBits + 1) / 2;

  typedef logic [AddressBits-1:0] address_t;

  // Lane i of a word is i pitches behind lane 0.
  function automatic address_t multiple(address_t pitch, int unsigned times);
    address_t sum = '0;
    for (int unsigned b = 0; b < 8; b++) begin
      if (times[b]) sum += pitch << b;
    end
    return sum;
  endfunction

  /* verilator lint_off UNUSEDSIGNAL */  // as wide as the widest buffer needs
  load_t load_q;
  /* verilator lint_on UNUSEDSIGNAL */
  logic busy_q, settle_q, first_word_q;
  logic [PlaneBits-1:0] planes_q;  // left
  logic [UnitBits-1:0] left_q;  // units of the plane, from lane 0 of the word on
  logic [OffsetBits-1:0] offset_q;  // of the plane
  address_t plane_q;  // where the plane begins
  address_t lane_q;  // where lane 0 goes
  address_t lane_multiple_q[WordUnits];
  logic last_of_plane, last_plane, shared, take;
  logic start_pixels_q, pixels_under_way, pixels_busy, pixels_ready, pixels_last;
  logic [WordUnits-1:0] pixels_valid;
  address_t pixel_unit;
  logic [WordUnits-1:0][127:0] pixel_lane;

  assign pixels_busy = start_pixels_q || pixels_under_way;

  if (Pixels) begin : gen_pixels
    pixel_lanes #(
        .WordUnits  (WordUnits),
        .AddressBits(AddressBits)
    ) u_pixels (
        .clk_i,
        .rst_i,
        .start_i(start_pixels_q),
        .load_i (load_q),
        .busy_o (pixels_under_way),
        .valid_i,
        .ready_o(pixels_ready),
        .word_i,
        .valid_o(pixels_valid),
        .last_o (pixels_last),
        .unit_o (pixel_unit),
        .lane_o (pixel_lane)
    );
  end else begin : gen_no_pixels
    assign pixels_under_way = 1'b0;
    assign pixels_ready = 1'b0;
    assign pixels_valid = '0;
    assign pixels_last = 1'b0;
    assign pixel_unit = '0;
    assign pixel_lane = '0;
`ifndef SYNTHESIS
    always_ff @(posedge clk_i) begin
      assert (rst_i || !start_pixels_q)
      else $error("A placer without Pixels was given an hwc tensor.");
    end
`endif
  end

  assign ready_o = !busy_q && !settle_q && !pixels_busy;
  assign last_of_plane = left_q <= UnitBits'(WordUnits);
  assign last_plane = planes_q == 1;
  assign shared = last_of_plane && !last_plane && load_q.contiguous &&
                  left_q[OffsetBits-1:0] != '0;
  assign take = busy_q && valid_i;
  assign ready_word_o = (busy_q && !shared) || pixels_ready;

  always_ff @(posedge clk_i) begin
    settle_q <= start_i && ready_o && !load_i.pixels && !rst_i;
    start_pixels_q <= start_i && ready_o && load_i.pixels && !rst_i;
    if (rst_i) begin
      busy_q <= 1'b0;
    end else if (settle_q) begin
      busy_q <= 1'b1;
    end else if (take && last_of_plane && last_plane) begin
      busy_q <= 1'b0;
    end
  end

  logic [OffsetBits-1:0] next_offset;
  assign next_offset = offset_q + load_q.offset_step[OffsetBits-1:0];

  always_ff @(posedge clk_i) begin
    if (start_i && ready_o) begin
      for (int unsigned i = 0; i < WordUnits; i++) begin
        lane_multiple_q[i] <= multiple(load_i.pitch[AddressBits-1:0], i);
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (start_i && ready_o) begin
      load_q <= load_i;
      planes_q <= load_i.planes;
      offset_q <= load_i.offset[OffsetBits-1:0];
      left_q <= load_i.plane_units + UnitBits'(load_i.offset[OffsetBits-1:0]);
      plane_q <= load_i.base[AddressBits-1:0];
    end else if (settle_q) begin
      lane_q <= plane_q - lane_multiple_q[offset_q];
    end else if (take && last_of_plane) begin
      planes_q <= planes_q - 1'b1;
      offset_q <= next_offset;
      left_q <= load_q.plane_units + UnitBits'(next_offset);
      plane_q <= plane_q + 1'b1;
      lane_q <= plane_q + 1'b1 - lane_multiple_q[next_offset];
    end else if (take) begin
      left_q <= left_q - UnitBits'(WordUnits);
      lane_q <= lane_q + (load_q.pitch[AddressBits-1:0] << OffsetBits);
    end
  end

  // Only in the first word of a plane are there lanes before it.
  always_ff @(posedge clk_i) begin
    if (settle_q) first_word_q <= 1'b1;
    else if (take) first_word_q <= last_of_plane;
  end

  // A word with the address of each lane, then through the network.
  logic [WordUnits-1:0] early;
  logic [Banks-1:0][LaneBits-1:0] lane_in_q, bank;
  logic [BankBits-1:0] first_bank_q, stride_q;

  assign early = ~({WordUnits{1'b1}} << offset_q);

  for (genvar i = 0; i < Banks; i++) begin : gen_lane
    if (i < WordUnits) begin : gen_unit
      /* verilator lint_off UNUSEDSIGNAL */  // the bank follows from lane 0's
      address_t address, pixel_address;
      /* verilator lint_on UNUSEDSIGNAL */
      logic wanted;
      assign address = lane_q + lane_multiple_q[i];
      assign wanted = take && UnitBits'(i) < left_q && !(first_word_q && early[i]);
      assign pixel_address = pixel_unit + address_t'(i);
      always_ff @(posedge clk_i) begin
        if (pixels_valid[0]) begin
          lane_in_q[i] <= {pixels_valid[i], pixel_address[AddressBits-1:BankBits], pixel_lane[i]};
        end else begin
          lane_in_q[i] <= {wanted, address[AddressBits-1:BankBits], word_i[i]};
        end
      end
    end else begin : gen_nothing
      assign lane_in_q[i] = '0;
    end
  end

  always_ff @(posedge clk_i) begin
    first_bank_q <= pixels_valid[0] ? pixel_unit[BankBits-1:0] : lane_q[BankBits-1:0];
    stride_q <= pixels_valid[0] ? BankBits'(1) : load_q.pitch[BankBits-1:0];
  end

  stride_network #(
      .Lanes(Banks),
      .Bits (LaneBits)
  ) u_network (
      .clk_i,
      .first_i(first_bank_q),
      .stride_i(stride_q),
      .lane_i(lane_in_q),
      .bank_o(bank)
  );

  for (genvar b = 0; b < Banks; b++) begin : gen_bank
    assign {write_o[b], write_row_o[b], write_unit_o[b]} = bank[b];
  end

  delay_line #(
      .Bits(1),
      .Cycles(DoneCycles)
  ) u_done (
      .clk_i,
      .data_i(((take && last_of_plane && last_plane) || pixels_last) && !rst_i),
      .data_o(done_o)
  );

endmodule
