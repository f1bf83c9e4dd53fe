// A transform along one dimension: the data of a line come one after the other, and are added to all of its sums,
// each times its factor; the sums leave one after the other while the next line comes.
//
//   cycle   0       1                    2           of the last datum
//           here    its multiples, and   first sum
//                   factors; added       out
module transform_line
  import winograd_pkg::*;
#(
    parameter int unsigned Lanes = 16,  // lines side by side
    parameter int unsigned DataBits = 8,
    parameter int unsigned SumBits = 12,
    parameter bit Outputs = 1'b0,  // of sums into outputs (A), else of data (B)
    localparam int unsigned Sums = Outputs ? 4 : 6  // at most
) (
    input logic clk_i,
    input form_e form_i,
    input logic valid_i,
    input index_t datum_i,  // its number in the line
    input logic [Lanes-1:0][DataBits-1:0] data_i,
    output logic [Lanes-1:0][SumBits-1:0] sum_o
);

  typedef logic signed [SumBits-1:0] sum_t;

  logic valid_q, first_q, last_q;
  factor_t [Sums-1:0] factor_q;

  always_ff @(posedge clk_i) begin
    valid_q <= valid_i;
    first_q <= datum_i == '0;
    last_q  <= valid_i && datum_i == last_datum(form_i);
    for (int unsigned s = 0; s < Sums; s++) begin
      factor_q[s] <= Outputs ? output_factor(form_i, s, datum_i) : data_factor(form_i, s, datum_i);
    end
  end

  for (genvar l = 0; l < Lanes; l++) begin : gen_lane
    sum_t datum, datum_q, more_q;
    sum_t [Sums-1:0] sum_q, next, out_q;

    assign datum = sum_t'(signed'(data_i[l]));

    always_ff @(posedge clk_i) begin
      datum_q <= datum;
      more_q  <= Outputs ? (datum <<< 2) + (datum <<< 1) : (datum <<< 2) + datum;
    end

    for (genvar s = 0; s < Sums; s++) begin : gen_sum
      sum_t term;
      /* verilator lint_off UNUSEDSIGNAL */  // the carry's place
      logic [SumBits:0] added;
      /* verilator lint_on UNUSEDSIGNAL */

      always_comb begin
        term = '0;
        if (factor_q[s].by1) term |= datum_q;
        if (factor_q[s].by2) term |= datum_q <<< 1;
        if (factor_q[s].by4) term |= datum_q <<< 2;
        if (factor_q[s].by8) term |= datum_q <<< 3;
        if (factor_q[s].more1) term |= more_q;
        if (factor_q[s].more4) term |= more_q <<< 2;
      end

      // A negative term is its complement, and one more: the adder's carry.
      assign added = {sum_q[s], 1'b1} +
                     {term ^ {SumBits{factor_q[s].negative}}, factor_q[s].negative};
      assign next[s] = added[SumBits:1];
    end

    // Sums are zero before a line begins.
    always_ff @(posedge clk_i) begin
      if (last_q || (first_q && !valid_q)) sum_q <= '0;
      else if (valid_q) sum_q <= next;
      if (last_q) out_q <= next;
      else out_q <= {sum_t'(0), out_q[Sums-1:1]};
    end

    assign sum_o[l] = out_q[0];
  end

endmodule
