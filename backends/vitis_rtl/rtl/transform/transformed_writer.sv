// Transformed pieces into the banks of the input buffer: of each position so many units side by side, one position per
// cycle. Unit u lies in row u / Banks of bank u mod Banks.
module transformed_writer
  import feed_pkg::units_t;
#(
    parameter int unsigned Units = 4,
    parameter int unsigned Banks = 8,
    parameter int unsigned Depth = 512,
    localparam int unsigned PairBits = $clog2(Units / 2 + 1),
    localparam int unsigned BankBits = $clog2(Banks),
    localparam int unsigned RowBits = $clog2(Depth),
    localparam int unsigned TurnCycles = (BankBits + 1) / 2
) (
    input logic clk_i,
    input logic valid_i,
    input logic [PairBits-1:0] pairs_i,  // of units that are written
    /* verilator lint_off UNUSEDSIGNAL */  // the buffer is smaller
    input units_t unit_i,
    /* verilator lint_on UNUSEDSIGNAL */
    input logic [Units-1:0][127:0] data_i,
    // TurnCycles later
    output logic [Banks-1:0] write_o,
    output logic [Banks-1:0][RowBits-1:0] write_row_o,
    output logic [Banks-1:0][127:0] write_unit_o
);

  if (Units > Banks) begin : gen_check
    $error("Banks: at least the units of a transformed position.");
  end

  logic [Banks-1:0][128:0] lane, bank;
  logic [RowBits-1:0] row;
  logic [BankBits-1:0] first;

  for (genvar b = 0; b < Banks; b++) begin : gen_lane
    if (b < Units) begin : gen_unit
      assign lane[b] = {valid_i & (PairBits'(b / 2) < pairs_i), data_i[b]};
    end else begin : gen_none
      assign lane[b] = '0;
    end
    assign {write_o[b], write_unit_o[b]} = bank[b];
  end

  unit_rotator #(
      .Places(Banks),
      .Bits  (129)
  ) u_turn (
      .clk_i,
      .turn_i(-unit_i[BankBits-1:0]),
      .data_i(lane),
      .data_o(bank)
  );

  delay_line #(
      .Bits  (RowBits + BankBits),
      .Cycles(TurnCycles - 1)
  ) u_place (
      .clk_i,
      .data_i(unit_i[RowBits+BankBits-1:0]),
      .data_o({row, first})
  );

  // Banks before the first unit's have theirs in the next row.
  for (genvar b = 0; b < Banks; b++) begin : gen_row
    always_ff @(posedge clk_i) begin
      write_row_o[b] <= {1'b0, BankBits'(b)} < {1'b0, first} ? row + 1'b1 : row;
    end
  end

endmodule
