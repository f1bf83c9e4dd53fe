// Where sums stay (NS): the accumulator rows of a tile of sums as they leave, group by group, in each the last row
// first, from the cycle behind that in which the last product is known on. Rows without a position go nowhere.
module stay_leave
  import feed_pkg::*;
#(
    parameter int unsigned Rows = 16,
    parameter int unsigned GroupRows = 8
) (
    input logic clk_i,
    input logic rst_i,
    input leave_t leave_i,  // a cycle ahead of the last product, and Rows cycles or more apart
    output logic add_o,
    output logic add_first_o,
    output logic add_half_o,
    output count_t add_row_o,
    output logic [1:0] add_whole_o,
    output logic done_o  // the last row of a block
);

  localparam count_t FirstEnd = CountBits'(GroupRows - 1);
  localparam count_t Last = CountBits'(Rows - 1);

  /* verilator lint_off UNUSEDSIGNAL */  // of use when it comes
  leave_t leave_q;
  /* verilator lint_on UNUSEDSIGNAL */
  logic busy_q, over;
  count_t row_q, group_q, left_q, next_end;

  assign over = left_q == 0;
  assign next_end = group_q + CountBits'(2 * GroupRows - 1);

  always_ff @(posedge clk_i) begin
    if (leave_i.valid) begin
      leave_q <= leave_i;
      group_q <= '0;
      row_q   <= FirstEnd;
      left_q  <= Last;
    end else begin
      if (row_q == group_q) begin
        group_q <= group_q + CountBits'(GroupRows);
        row_q   <= next_end > Last ? Last : next_end;
      end else row_q <= row_q - 1'b1;
      left_q <= left_q - 1'b1;
    end
    if (rst_i) busy_q <= 1'b0;
    else busy_q <= leave_i.valid | (busy_q & !over);
  end

  assign add_o = busy_q && row_q < leave_q.count;
  assign add_first_o = leave_q.first;
  assign add_half_o = leave_q.half;
  assign add_row_o = leave_q.row + row_q;
  assign add_whole_o = {leave_q.odd, !leave_q.odd};
  assign done_o = busy_q & over & leave_q.last;

endmodule
