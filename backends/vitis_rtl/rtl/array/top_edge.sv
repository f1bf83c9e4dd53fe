// The top edge: a word per column and cycle becomes the number that stays in the multipliers.
// Column c gets its word c + 1 cycles later, when the tag of the left edge reaches it.
module top_edge
  import array_pkg::*;
#(
    parameter int unsigned Columns = 16,
    parameter int unsigned FactorBits = 27
) (
    input logic clk_i,
    input logic paired_i,  // this cycle's words are pairs {w1, w0}
    input logic [Columns-1:0][WordBits-1:0] word_i,
    output logic [Columns-1:0][FactorBits-1:0] stationary_o
);

  localparam int unsigned HalfBits = WordBits / 2;
  localparam int unsigned PairShift = pair_shift(FactorBits);
  localparam int unsigned HighBits = FactorBits - PairShift;

  logic [Columns-1:0] paired;  // moves right as the words of later columns wait

  assign paired[0] = paired_i;

  for (genvar c = 0; c < Columns; c++) begin : gen_column
    logic [WordBits-1:0] word;
    logic [HalfBits-1:0] w1;
    logic [HalfBits-1:0] w0;
    logic [FactorBits-1:0] pair;

    delay_line #(
        .Bits(WordBits),
        .Cycles(c)
    ) u_skew (
        .clk_i,
        .data_i(word_i[c]),
        .data_o(word)
    );

    assign {w1, w0} = word;
    if (lifts(FactorBits)) begin : gen_lifted
      // w1 * 2^PairShift + w0 + 128: the sign of w0 turned is the bit of 128.
      assign pair = {w1, PairShift'({!w0[HalfBits-1], w0[HalfBits-2:0]})};
    end else begin : gen_plain
      // w1 * 2^PairShift + w0: a negative w0 borrows one from the upper part.
      assign pair = {
        HighBits'(signed'(w1)) - HighBits'(w0[HalfBits-1]), PairShift'(signed'(w0))
      };
    end

    if (c > 0) begin : gen_paired
      always_ff @(posedge clk_i) paired[c] <= paired[c-1];
    end

    always_ff @(posedge clk_i) begin
      stationary_o[c] <= paired[c] ? pair : FactorBits'(signed'(word));
    end
  end

endmodule
