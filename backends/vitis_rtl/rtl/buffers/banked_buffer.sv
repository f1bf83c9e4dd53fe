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

  if (Banks < 2 || 2 ** BankBits != Banks) begin : gen_check_banks
    $error("Banks: a power of two, at least 2.");
  end
  if (Depth < 2 || 2 ** RowBits != Depth) begin : gen_check_depth
    $error("Depth: a power of two, at least 2.");
  end

  logic [RowBits-1:0] row, next_row;
  logic [BankBits:0] wrapped;
  logic [BankBits-1:0] turn;
  logic [Banks-1:0][127:0] data;

  assign row = read_unit_i[BankBits+:RowBits];
  assign wrapped = {1'b0, read_unit_i[BankBits-1:0]};
  assign next_row = row + 1'b1;

  for (genvar b = 0; b < Banks; b++) begin : gen_bank
    logic [RowBits-1:0] read_row_q;

    // Banks before the one of the first unit have units of the next row.
    always_ff @(posedge clk_i) read_row_q <= {1'b0, BankBits'(b)} < wrapped ? next_row : row;

    buffer_bank #(
        .Depth(Depth),
        .Ultra(Ultra)
    ) u_memory (
        .clk_i,
        .read_row_i(read_row_q),
        .read_data_o(data[b]),
        .write_i(write_i[b]),
        .write_row_i(write_row_i[b]),
        .write_data_i(write_unit_i[b])
    );
  end

  delay_line #(
      .Bits(BankBits),
      .Cycles(3)
  ) u_turn (
      .clk_i,
      .data_i(read_unit_i[BankBits-1:0]),
      .data_o(turn)
  );

  unit_rotator #(
      .Places(Banks),
      .Kept  (Kept)
  ) u_rotator (
      .clk_i,
      .turn_i(turn),
      .data_i(data),
      .data_o(read_data_o)
  );

endmodule
