// The resident operand of a pass of the vector unit: memory words as they come, read in units of 16 bytes that follow
// each other, from any unit on.
module resident_buffer #(
    parameter int unsigned WordUnits = 4,
    parameter int unsigned Banks = 4,
    parameter int unsigned Depth = 512,  // units of a bank
    parameter int unsigned Kept = 2,
    localparam int unsigned BankBits = $clog2(Banks),
    localparam int unsigned RowBits = $clog2(Depth),
    localparam int unsigned AddressBits = BankBits + RowBits
) (
    input logic clk_i,
    input logic write_i,
    input logic [AddressBits-1:0] write_unit_i,  // a multiple of a word
    input logic [WordUnits-1:0][127:0] word_i,
    input logic [AddressBits-1:0] read_unit_i,
    output logic [Kept-1:0][127:0] read_data_o  // as banked_buffer.sv has it
);

  localparam int unsigned Words = Banks / WordUnits;  // in a row of the banks

  if (Banks < WordUnits || Banks % WordUnits != 0) begin : gen_check
    $error("Banks: whole memory words.");
  end

  logic [Banks-1:0] write;
  logic [Banks-1:0][127:0] data;

  for (genvar b = 0; b < Banks; b++) begin : gen_bank
    localparam int unsigned Word = b / WordUnits;
    assign write[b] = write_i && (Words == 1 ||
                                  write_unit_i[BankBits-1:0] == BankBits'(Word * WordUnits));
    assign data[b] = word_i[b%WordUnits];
  end

  banked_buffer #(
      .Banks(Banks),
      .Depth(Depth),
      .Kept (Kept)
  ) u_buffer (
      .clk_i,
      .read_unit_i,
      .read_data_o,
      .write_i(write),
      .write_row_i({Banks{write_unit_i[BankBits+:RowBits]}}),
      .write_unit_i(data)
  );

endmodule
