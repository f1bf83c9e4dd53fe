// The vector unit's input buffer: unit u lies in row u / Banks of bank u mod Banks. In any cycle it gives Planes units that
// follow each other, with Normalises one more on either side; and where an addition joins two tensors as many of another
// one, which lies Planes units and so many rows of all banks further on: in the banks behind those of the first.
//
//   cycle   0            1              3        3 + ceil(log2(Banks) / 2)
//           unit here    banks' rows    data     turned, out
module joined_buffer #(
    parameter int unsigned Planes = 2,
    parameter int unsigned Banks = 4,
    parameter int unsigned Depth = 512,  // units of a bank
    parameter bit Normalises = 1'b1,
    parameter bit Ultra = 1'b0,
    localparam int unsigned BankBits = $clog2(Banks),
    localparam int unsigned RowBits = $clog2(Depth),
    localparam int unsigned First = Normalises ? 1 : 0,  // of the units is the planes' first one
    localparam int unsigned Kept = Planes + 2 * First
) (
    input logic clk_i,
    input logic joins_i,  // stays
    input logic [RowBits-1:0] join_rows_i,
    input logic [RowBits+BankBits-1:0] read_unit_i,
    output logic [Kept-1:0][127:0] read_data_o,
    output logic [Planes-1:0][127:0] second_data_o,
    input logic [Banks-1:0] write_i,
    input logic [Banks-1:0][RowBits-1:0] write_row_i,
    input logic [Banks-1:0][127:0] write_unit_i
);

  localparam int unsigned Needed = First + 2 * Planes;
  localparam int unsigned Turned = Needed < Banks ? Needed : Banks;

  if (Banks < 2 * Planes || Banks < Kept || 2 ** BankBits != Banks) begin : gen_check_banks
    $error("Banks: a power of two, at least 2 Planes, and Planes + 2 where Normalises is 1.");
  end

  logic [RowBits-1:0] row, next_row, joined_row, next_joined_row, next_rows_q;
  logic [BankBits-1:0] first;
  logic [BankBits:0] wrapped;
  logic [Banks-1:0][RowBits-1:0] read_row;
  logic [Turned-1:0][127:0] turned;

  assign row = read_unit_i[BankBits+:RowBits];
  assign first = read_unit_i[BankBits-1:0];
  assign wrapped = {1'b0, first};
  assign next_row = row + 1'b1;
  assign joined_row = row + join_rows_i;
  assign next_joined_row = row + next_rows_q;

  always_ff @(posedge clk_i) next_rows_q <= join_rows_i + 1'b1;

  for (genvar b = 0; b < Banks; b++) begin : gen_row
    logic [BankBits-1:0] place, joined_place;
    logic joined, next;

    // The bank's place in the turn, and in that of the second tensor. Banks before the one of the first unit have units
    // of the next row; and so has that one itself, where the last unit of the second tensor has gone round to it.
    assign place = BankBits'(b) - first;
    assign joined_place = place - BankBits'(First + Planes);
    assign joined = joins_i && joined_place < BankBits'(Planes);
    assign next = {1'b0, BankBits'(b)} < wrapped || (joined && place == 0);

    always_comb begin
      case ({
        joined, next
      })
        2'b00:   read_row[b] = row;
        2'b01:   read_row[b] = next_row;
        2'b10:   read_row[b] = joined_row;
        default: read_row[b] = next_joined_row;
      endcase
    end
  end

  turned_banks #(
      .Banks(Banks),
      .Depth(Depth),
      .Kept (Turned),
      .Ultra(Ultra)
  ) u_banks (
      .clk_i,
      .read_row_i(read_row),
      .first_i(first),
      .read_data_o(turned),
      .write_i,
      .write_row_i,
      .write_unit_i
  );

  assign read_data_o = turned[Kept-1:0];
  for (genvar p = 0; p < Planes; p++) begin : gen_second
    assign second_data_o[p] = turned[(First+Planes+p)%Banks];
  end

endmodule
