// The banks of a buffer of units of 16 bytes, each with a row of its own to read, and their units turned so that the first
// one that is wanted is in front; each bank writes a unit of its own.
//
//   cycle   0                        1              3        3 + ceil(log2(Banks) / 2)
//           rows and first bank here banks' rows    data     turned, out
module turned_banks #(
    parameter int unsigned Banks = 8,
    parameter int unsigned Depth = 512,  // units of a bank
    parameter int unsigned Kept = Banks,
    parameter bit Ultra = 1'b0,
    localparam int unsigned BankBits = $clog2(Banks),
    localparam int unsigned RowBits = $clog2(Depth)
) (
    input logic clk_i,
    input logic [Banks-1:0][RowBits-1:0] read_row_i,
    input logic [BankBits-1:0] first_i,  // the bank of the unit that is to be in front
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

  logic [Banks-1:0][RowBits-1:0] read_row_q;
  logic [BankBits-1:0] turn;
  logic [Banks-1:0][127:0] data;

  always_ff @(posedge clk_i) read_row_q <= read_row_i;

  for (genvar b = 0; b < Banks; b++) begin : gen_bank
    buffer_bank #(
        .Depth(Depth),
        .Ultra(Ultra)
    ) u_memory (
        .clk_i,
        .read_row_i(read_row_q[b]),
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
      .data_i(first_i),
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
