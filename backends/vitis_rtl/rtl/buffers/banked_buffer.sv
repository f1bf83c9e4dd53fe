// A buffer of units of 16 bytes: unit u lies in row u / Banks of bank u mod Banks. A read takes Kept
// units that follow each other from any unit on, in any cycle; each bank writes a unit of its own.
//
//   cycle   0            1              3        3 + ceil(log2(Banks) / 2)
//           unit here    banks' rows    data     turned, out
module banked_buffer #(
    parameter int unsigned Banks = 8,
    parameter int unsigned Depth = 512,  // units of a bank
    parameter int unsigned Kept = Banks,
    parameter bit Ultra = 1'b0,
    localparam int unsigned BankBits = $clog2(Banks),
    localparam int unsigned RowBits = $clog2(Depth)
) (
    input logic clk_i,
    input logic [RowBits+BankBits-1:0] read_unit_i,
    output logic [Kept-1:0][127:0] read_data_o,
    input logic [Banks-1:0] write_i,
    input logic [Banks-1:0][RowBits-1:0] write_row_i,
    input logic [Banks-1:0][127:0] write_unit_i
);

  logic [RowBits-1:0] row, next_row;
  logic [BankBits:0] wrapped;
  logic [Banks-1:0][RowBits-1:0] read_row;

  assign row = read_unit_i[BankBits+:RowBits];
  assign wrapped = {1'b0, read_unit_i[BankBits-1:0]};
  assign next_row = row + 1'b1;

  // Banks before the one of the first unit have units of the next row.
  for (genvar b = 0; b < Banks; b++) begin : gen_row
    assign read_row[b] = {1'b0, BankBits'(b)} < wrapped ? next_row : row;
  end

  turned_banks #(
      .Banks(Banks),
      .Depth(Depth),
      .Kept (Kept),
      .Ultra(Ultra)
  ) u_banks (
      .clk_i,
      .read_row_i(read_row),
      .first_i(read_unit_i[BankBits-1:0]),
      .read_data_o,
      .write_i,
      .write_row_i,
      .write_unit_i
  );

endmodule
