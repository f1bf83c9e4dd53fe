// A transform along one dimension: the data of a line come one after the other, and are added to all of its sums,
// each times its number there; the sums leave one after the other while the next line comes.
//
//   cycle   0            1                    2           of the last datum
//           here         its multiples, and   first sum
//                        factors; added       out
//
// A datum's multiple by an odd number is made once for all sums that need it: all of A, and in B the first and the last,
// the second and the third, and so on. Those of B are multiplied by the same power of two as well.
module transform_line
  import winograd_pkg::*, factor_pkg::*;
#(
    parameter int unsigned Lanes = 16,  // lines side by side
    parameter int unsigned DataBits = 8,
    parameter int unsigned SumBits = 12,
    parameter bit Outputs = 1'b0,  // of sums into outputs (A), else of data (B)
    parameter bit Long = 1'b0,  // F(5,4) too
    localparam int unsigned Sums = Outputs ? (Long ? 5 : 4) : (Long ? 8 : 6),  // at most
    localparam int unsigned Multiples = Outputs ? 1 : Sums / 2
) (
    input logic clk_i,
    input form_e form_i,
    input logic valid_i,
    input index_t datum_i,  // its number in the line
    input logic [Lanes-1:0][DataBits-1:0] data_i,
    output logic [Lanes-1:0][SumBits-1:0] sum_o
);

  typedef logic signed [SumBits-1:0] sum_t;

  function automatic number_t number(form_e form, int unsigned sum, index_t datum);
    return Outputs ? output_number(form, sum, datum, Long) : data_number(form, sum, datum, Long);
  endfunction

  function automatic int unsigned multiple_of(int unsigned sum);
    return Outputs ? 0 : (sum + 1) % Sums / 2;
  endfunction

  // `far`: the row has 16 times a number.
  function automatic sum_t times(sum_t value, twos_t doubled, bit far);
    case (doubled)
      2'd0: return value;
      2'd1: return value <<< 1;
      2'd2: return value <<< 2;
      default: return far ? value <<< 4 : value <<< 3;
    endcase
  endfunction

  logic valid_q, first_q, last_q;
  number_t [Sums-1:0] number_here;
  number_t [Multiples-1:0] shared;  // any of a multiple's numbers that is not 0
  logic [Sums-1:0] used_q, negative_q;
  twos_t [Sums-1:0] twos_q;
  /* verilator lint_off UNUSEDSIGNAL */  // few bits say which; A's twos are a sum's
  odd_t [Multiples-1:0] odd;
  twos_t [Multiples-1:0] twos;
  /* verilator lint_on UNUSEDSIGNAL */

  always_comb begin
    shared = '0;
    for (int unsigned s = 0; s < Sums; s++) begin
      number_here[s] = number(form_i, s, datum_i);
      if (number_here[s] != 0) shared[multiple_of(s)] = number_here[s];
    end
    for (int unsigned k = 0; k < Multiples; k++) begin
      odd[k]  = odd_of(shared[k]);
      twos[k] = twos_of(shared[k]);
    end
  end

  always_ff @(posedge clk_i) begin
    valid_q <= valid_i;
    first_q <= datum_i == '0;
    last_q  <= valid_i && datum_i == last_datum(form_i);
    for (int unsigned s = 0; s < Sums; s++) begin
      used_q[s] <= number_here[s] != 0;
      negative_q[s] <= number_here[s] < 0;
      twos_q[s] <= twos_of(number_here[s]);
    end
  end

  for (genvar l = 0; l < Lanes; l++) begin : gen_lane
    sum_t datum;
    sum_t [Multiples-1:0] multiple_q;
    sum_t [Sums-1:0] sum_q, next, out_q;

    assign datum = sum_t'(signed'(data_i[l]));

    for (genvar k = 0; k < Multiples; k++) begin : gen_multiple
      sum_t multiple;

      if (Outputs) begin : gen_output
        // 1, 3 or 5.
        assign multiple = datum + (odd[k][1] ? datum <<< 1 : odd[k][2] ? datum <<< 2 : '0);
      end else begin : gen_datum
        // 1 or 5, 16 more, and its power of two.
        sum_t near;
        assign near = datum + (odd[k][2] ? datum <<< 2 : '0);
        assign multiple = times(near + (Long && odd[k][4] ? datum <<< 4 : '0), twos[k], 1'b0);
      end

      always_ff @(posedge clk_i) multiple_q[k] <= multiple;
    end

    for (genvar s = 0; s < Sums; s++) begin : gen_sum
      localparam bit Far = Outputs && Long && (s == 0 || s == 4);
      sum_t multiple, term;
      /* verilator lint_off UNUSEDSIGNAL */  // the carry's place
      logic [SumBits:0] added;
      /* verilator lint_on UNUSEDSIGNAL */

      assign multiple = multiple_q[multiple_of(s)];
      assign term = !used_q[s] ? '0 : Outputs ? times(multiple, twos_q[s], Far) : multiple;

      // A negative term is its complement, and one more: the adder's carry.
      assign added = {sum_q[s], 1'b1} + {term ^ {SumBits{negative_q[s]}}, negative_q[s]};
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
