// The accumulator of one column: a row of it holds two sums, or the two parts of one. A sum that comes in parts may
// be put together and added to either of a row's two. Two halves in
// separate memories: one is added to while the other is read. What is added comes as a tag, two cycles
// ahead of its sum; tags and reads move right with the columns.
//
//   cycle   added to                    read
//   0       tag here, row asked for     read here, row asked for
//   1       fetched                     fetched
//   2       row or zero; the sum comes  row
//   3       added                       out
//   4       written
//
// So the same row may come again after 4 cycles.
module accumulator #(
    parameter int unsigned LowSumBits = 19,
    parameter int unsigned HighSumBits = 19,
    parameter int unsigned PartBits = 18,  // of the lower part of a sum that comes in two
    parameter int unsigned AccumulatorBits = 32,
    parameter int unsigned Depth = 512,  // rows of each half
    parameter bit Ultra = 1'b0,
    localparam int unsigned RowBits = $clog2(Depth)
) (
    input logic clk_i,
    input logic rst_i,
    input logic add_i,
    input logic add_first_i,  // the row's first sum: what was there is dropped
    input logic add_half_i,
    input logic [RowBits-1:0] add_row_i,
    input logic [1:0] add_whole_i,  // the parts are one sum, of the row's first or second; else 0
    output logic add_o,
    output logic add_first_o,
    output logic add_half_o,
    output logic [RowBits-1:0] add_row_o,
    output logic [1:0] add_whole_o,
    input logic [LowSumBits-1:0] low_i,
    input logic [HighSumBits-1:0] high_i,
    input logic carry_i,
    input logic read_i,
    input logic read_half_i,  // never that which is added to
    input logic [RowBits-1:0] read_row_i,
    output logic read_o,
    output logic read_half_o,
    output logic [RowBits-1:0] read_row_o,
    output logic valid_o,
    output logic [AccumulatorBits-1:0] low_o,
    output logic [AccumulatorBits-1:0] high_o
);

  localparam int unsigned Bits = 2 * AccumulatorBits;

  typedef struct packed {
    logic valid;
    logic first;
    logic half;
    logic [RowBits-1:0] row;
    logic [1:0] whole;
  } add_t;

  typedef struct packed {
    logic valid;
    logic half;
    logic [RowBits-1:0] row;
  } read_t;

  add_t add_q[4];
  read_t read_q[3];
  logic [1:0][Bits-1:0] row;
  logic [Bits-1:0] present;
  logic [AccumulatorBits-1:0] low_q, high_q;

  always_ff @(posedge clk_i) begin
    add_q[0] <= '{
        valid: add_i,
        first: add_first_i,
        half: add_half_i,
        row: add_row_i,
        whole: add_whole_i
    };
    add_q[1] <= add_q[0];
    add_q[2] <= add_q[1];
    add_q[3] <= add_q[2];
    read_q[0] <= '{valid: read_i, half: read_half_i, row: read_row_i};
    read_q[1] <= read_q[0];
    read_q[2] <= read_q[1];
    if (rst_i) begin
      for (int unsigned s = 0; s < 4; s++) add_q[s].valid <= 1'b0;
      for (int unsigned s = 0; s < 3; s++) read_q[s].valid <= 1'b0;
    end
  end

  assign {add_o, add_first_o, add_half_o, add_row_o, add_whole_o} = add_q[0];
  assign {read_o, read_half_o, read_row_o} = read_q[0];

  for (genvar h = 0; h < 2; h++) begin : gen_half
    accumulator_memory #(
        .Bits (Bits),
        .Depth(Depth),
        .Ultra(Ultra)
    ) u_memory (
        .clk_i,
        .read_row_i(add_q[0].valid && add_q[0].half == h ? add_q[0].row : read_q[0].row),
        .clear_i(add_q[1].valid && add_q[1].half == h && add_q[1].first ?
                 {!add_q[1].whole[0], !add_q[1].whole[1]} : 2'b00),
        .read_data_o(row[h]),
        .write_i(add_q[3].valid && add_q[3].half == h),
        .write_row_i(add_q[3].row),
        .write_data_i({high_q, low_q})
    );
  end

  // A whole sum is low + (high + carry) 2^PartBits; the other one of the row stays as it is.
  typedef logic [AccumulatorBits-1:0] sum_t;
  logic [1:0] whole;
  sum_t low, high, upper;

  assign present = row[add_q[2].half];
  assign whole = add_q[2].whole;
  assign low = sum_t'(signed'(low_i));
  assign high = sum_t'(signed'(high_i)) + sum_t'(carry_i);
  assign upper = high << PartBits;

  always_ff @(posedge clk_i) begin
    low_q <= present[AccumulatorBits-1:0] + (whole[1] ? '0 : low) + (whole[0] ? upper : '0);
    high_q <= present[Bits-1:AccumulatorBits] + (whole[1] ? low : '0) +
              (whole[1] ? upper : whole[0] ? '0 : high);
    valid_o <= read_q[2].valid;
    {high_o, low_o} <= row[read_q[2].half];
  end

`ifndef SYNTHESIS
  for (genvar d = 1; d < 4; d++) begin : gen_distance
    always_ff @(posedge clk_i) begin
      assert (rst_i || !(add_q[0].valid && add_q[d].valid && !add_q[0].first &&
                add_q[0].half == add_q[d].half && add_q[0].row == add_q[d].row))
      else $error("Row %0d came again after %0d cycles: 4 are needed.", add_q[0].row, d);
    end
  end
  always_ff @(posedge clk_i) begin
    assert (rst_i || !(add_q[0].valid && read_q[0].valid && add_q[0].half == read_q[0].half))
    else $error("A half of the accumulator was read while it was added to.");
  end
`endif

endmodule
