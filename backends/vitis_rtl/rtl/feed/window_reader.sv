// From a window's place to the operands of the array: bank reads, units turned into their places, pads,
// bytes shifted, and zeros behind the tile's last value. Its tags come out with it.
//
//   cycle   0           1               1 + Buffer           + 1     + 0 or 2         + 1
//           here        unit asked for  units in places      pads    bytes in places  out
module window_reader
  import feed_pkg::*;
#(
    parameter int unsigned Rows = 16,
    parameter int unsigned OperandBits = 8,  // 8, or 16 where tiles may be wide
    parameter int unsigned Banks = 8,
    parameter int unsigned Depth = 512,
    localparam int unsigned BankBits = $clog2(Banks),
    localparam int unsigned AddressBits = BankBits + $clog2(Depth),
    // A window that begins inside a unit, as one may where Rows is no multiple of 16, has one more.
    localparam bit Shifted = Rows % 16 != 0,
    localparam int unsigned Bytes = Rows * OperandBits / 8,
    localparam int unsigned Units = Shifted ? (Bytes + 30) / 16 : Bytes / 16,
    localparam int unsigned BufferCycles = 3 + (BankBits + 1) / 2,
    localparam int unsigned ShiftCycles = Shifted ? 2 : 0
) (
    input logic clk_i,
    input window_t window_i,
    /* verilator lint_off UNUSEDSIGNAL */  // the buffer is smaller
    input units_t unit_i,
    /* verilator lint_on UNUSEDSIGNAL */
    input units_t column_i,
    input units_t room_i,
    input logic outside_i,
    output logic [AddressBits-1:0] read_unit_o,
    input logic [Units-1:0][127:0] read_data_i,  // BufferCycles later
    output window_t window_o,  // with its operands
    output logic [Rows-1:0][OperandBits-1:0] operand_o
);

  if (Units > Banks) begin : gen_check_banks
    $error("Banks: at least the units of a window.");
  end

  if (OperandBits != 8 && OperandBits != 16) begin : gen_check_operand
    $error("OperandBits: 8, or 16 with Winograd.");
  end

  localparam int unsigned PlaceBits = $clog2(Units + 1);

  typedef logic [PlaceBits-1:0] place_t;

  // How many of a window's units are before the row's first pixel, and how many of them before its end.
  function automatic place_t clip(units_t count);
    if (count[UnitBits-1]) return '0;
    return count > UnitBits'(Units) ? PlaceBits'(Units) : count[PlaceBits-1:0];
  endfunction

  /* verilator lint_off UNUSEDSIGNAL */  // not all of a window's tags are looked at on the way
  window_t at_pads, at_shift, at_end;
  /* verilator lint_on UNUSEDSIGNAL */
  units_t before_q, room_q;
  logic outside_q, outside;
  place_t first, behind;
  logic [Units-1:0] pad_q;
  logic [Units-1:0][127:0] padded_q;
  logic [Bytes-1:0][7:0] bytes;

  assign read_unit_o = unit_i[AddressBits-1:0];

  always_ff @(posedge clk_i) begin
    before_q <= -column_i;
    room_q <= room_i;
    outside_q <= outside_i;
  end

  delay_line #(
      .Bits(2 * PlaceBits + 1),
      .Cycles(BufferCycles - 2)
  ) u_borders (
      .clk_i,
      .data_i({outside_q, clip(before_q), clip(room_q)}),
      .data_o({outside, first, behind})
  );

  delay_line #(
      .Bits($bits(window_t)),
      .Cycles(BufferCycles)
  ) u_to_pads (
      .clk_i,
      .data_i(window_i),
      .data_o(at_pads)
  );

  for (genvar u = 0; u < Units; u++) begin : gen_unit
    always_ff @(posedge clk_i) begin
      pad_q[u] <= outside || PlaceBits'(u) < first || PlaceBits'(u) >= behind;
      padded_q[u] <= pad_q[u] ? {16{at_pads.pad_value}} : read_data_i[u];
    end
  end

  always_ff @(posedge clk_i) at_shift <= at_pads;

  delay_line #(
      .Bits($bits(window_t)),
      .Cycles(ShiftCycles)
  ) u_to_end (
      .clk_i,
      .data_i(at_shift),
      .data_o(at_end)
  );

  if (Shifted) begin : gen_shift
    byte_shift #(
        .Units(Units),
        .Bytes(Bytes)
    ) u_shift (
        .clk_i,
        .shift_i(at_shift.shift),
        .byte_i(padded_q),
        .byte_o(bytes)
    );
  end else begin : gen_straight
    assign bytes = padded_q;
  end

  for (genvar r = 0; r < Rows; r++) begin : gen_row
    logic [OperandBits-1:0] value;
    if (OperandBits == 8) begin : gen_byte
      assign value = bytes[r];
    end else begin : gen_pair
      assign value = at_end.wide ? bytes[2*r+:2] : OperandBits'(signed'(bytes[r]));
    end
    always_ff @(posedge clk_i) begin
      if (CountBits'(r) < at_end.values) operand_o[r] <= value;
      else operand_o[r] <= '0;
    end
  end

  always_ff @(posedge clk_i) window_o <= at_end;

endmodule
