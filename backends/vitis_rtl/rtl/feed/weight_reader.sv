// The weight buffer and the way of its bytes to the array: Bytes of them from any byte on, in each cycle, out `Cycles`
// later. Memory words are written as they come.
module weight_reader #(
    parameter int unsigned Bytes = 16,  // of a row of weights, or of a channel's where inputs stay
    parameter int unsigned WordUnits = 4,
    parameter int unsigned Banks = 8,
    parameter int unsigned Depth = 512,
    parameter bit Ultra = 1'b0,
    parameter int unsigned Cycles = 7,
    localparam int unsigned BankBits = $clog2(Banks),
    localparam int unsigned RowBits = $clog2(Depth),
    localparam int unsigned UnitBits = BankBits + RowBits,
    localparam int unsigned Units = (Bytes + 30) / 16,
    localparam int unsigned BufferCycles = 3 + (BankBits + 1) / 2,
    localparam int unsigned Least = BufferCycles + 2
) (
    input logic clk_i,
    input logic load_i,
    input logic load_last_i,
    input logic paired_i,
    input logic [UnitBits+3:0] byte_i,
    output logic load_o,
    output logic load_last_o,
    output logic paired_o,
    output logic [Bytes-1:0][7:0] bytes_o,
    input logic write_i,
    /* verilator lint_off UNUSEDSIGNAL */  // a word's first unit
    input logic [UnitBits-1:0] write_unit_i,
    /* verilator lint_on UNUSEDSIGNAL */
    input logic [WordUnits-1:0][127:0] write_word_i
);

  if (Cycles < Least) begin : gen_check_cycles
    $error("Cycles: at least those of the buffer and 2.");
  end

  localparam int unsigned WordBits = $clog2(WordUnits);

  logic [UnitBits+3:0] byte_late;
  logic [Units-1:0][127:0] data;
  logic [3:0] shift;
  logic [Banks-1:0] write;
  logic [Banks-1:0][RowBits-1:0] write_row;
  logic [Banks-1:0][127:0] write_unit;

  // A word's units lie side by side in WordUnits banks.
  for (genvar b = 0; b < Banks; b++) begin : gen_write
    if (Banks == WordUnits) begin : gen_all
      assign write[b] = write_i;
    end else begin : gen_some
      assign write[b] = write_i &&
                        write_unit_i[BankBits-1:WordBits] == (BankBits - WordBits)'(b / WordUnits);
    end
    assign write_row[b] = write_unit_i[BankBits+:RowBits];
    assign write_unit[b] = write_word_i[b%WordUnits];
  end

  delay_line #(
      .Bits(UnitBits + 4),
      .Cycles(Cycles - Least)
  ) u_byte (
      .clk_i,
      .data_i(byte_i),
      .data_o(byte_late)
  );

  delay_line #(
      .Bits(3),
      .Cycles(Cycles)
  ) u_tags (
      .clk_i,
      .data_i({load_i, load_last_i, paired_i}),
      .data_o({load_o, load_last_o, paired_o})
  );

  delay_line #(
      .Bits(4),
      .Cycles(BufferCycles)
  ) u_shift_late (
      .clk_i,
      .data_i(byte_late[3:0]),
      .data_o(shift)
  );

  banked_buffer #(
      .Banks(Banks),
      .Depth(Depth),
      .Kept (Units),
      .Ultra(Ultra)
  ) u_buffer (
      .clk_i,
      .read_unit_i(byte_late[4+:UnitBits]),
      .read_data_o(data),
      .write_i(write),
      .write_row_i(write_row),
      .write_unit_i(write_unit)
  );

  byte_shift #(
      .Units(Units),
      .Bytes(Bytes)
  ) u_shift (
      .clk_i,
      .shift_i(shift),
      .byte_i(data),
      .byte_o(bytes_o)
  );

endmodule
