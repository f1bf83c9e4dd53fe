// A block's first output row where rows repeat an input row (RESIZE): which of the repeats it is, block after block,
// and the step to where the next one's input begins: a row further where the repeats have gone round.
module vector_repeat
  import vector_pkg::*, store_pkg::AddressBits;
(
    input logic clk_i,
    input logic start_i,
    input logic next_i,  // three cycles or more from one to the next
    /* verilator lint_off UNUSEDSIGNAL */  // each part takes what it needs of a pass
    input vector_pass_t pass_i,  // stays
    /* verilator lint_on UNUSEDSIGNAL */
    output units_t offset_o,  // of its first row's channels in a pixel
    output count_t left_o,  // of the repeats of its input row
    output logic [AddressBits-1:0] bytes_o,
    output units_t units_o,
    output count_t rows_o
);

  localparam int unsigned CountBits = $bits(count_t);

  logic [CountBits:0] less_q;
  count_t repeat_q, sum_q;
  units_t more_q, around_q;
  logic round;

  // The repeat of the next block's first row, if that is one of the same input row, and if of the next one.
  assign round = !less_q[CountBits];

  always_ff @(posedge clk_i) begin
    if (start_i) offset_o <= '0;
    else if (next_i) offset_o <= round ? around_q : more_q;
    more_q   <= offset_o + pass_i.walk.block_units;
    around_q <= offset_o + pass_i.walk.round_units;
    if (start_i) repeat_q <= '0;
    else if (next_i) repeat_q <= round ? less_q[CountBits-1:0] : sum_q;
    sum_q <= repeat_q + pass_i.walk.block_repeats;
    less_q <= {1'b0, repeat_q} + {1'b0, pass_i.walk.block_repeats} -
        {1'b0, pass_i.walk.row_repeats};
    left_o <= pass_i.walk.row_repeats - repeat_q;
    bytes_o <= pass_i.step_bytes + (round ? pass_i.row_bytes : '0);
    units_o <= pass_i.step_units + (round ? pass_i.row_units : '0);
    rows_o  <= pass_i.step_rows + count_t'(round);
  end

endmodule
