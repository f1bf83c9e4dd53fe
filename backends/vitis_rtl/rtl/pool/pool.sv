// Running windows: pixels of Planes planes come row by row, each once, and of each the window that ends at it goes on,
// LaterCycles later than a value by itself would. Two rows of pixels are kept. A row has at most Depth pixels, and at
// least three: one that is kept is read two cycles before the next one is written.
module pool
  import pool_pkg::*;
#(
    parameter int unsigned Planes = 2,
    parameter int unsigned Depth = 512,
    localparam int unsigned PlaneLanes = 16,
    localparam int unsigned Lanes = PlaneLanes * Planes
) (
    input logic clk_i,
    input logic largest_i,  // as pool_lane.sv has them
    input logic [Others-1:0] rows_i,
    input logic [Others-1:0] columns_i,
    // cycle -1
    input logic valid_i,
    input logic row_first_i,  // nothing is before it in its row
    /* verilator lint_off UNUSEDSIGNAL */  // as wide as the longest row needs
    input logic [ColumnBits-1:0] column_i,  // of a row, each once
    /* verilator lint_on UNUSEDSIGNAL */
    // cycle 1
    input logic [Lanes-1:0][CentredBits-1:0] value_i,
    // cycle 4
    output logic [Lanes-1:0][WindowBits-1:0] window_o
);

  localparam int unsigned DepthBits = $clog2(Depth);
  localparam int unsigned ChainCycle = 3;

  if (Depth < 4 || 2 ** DepthBits != Depth || DepthBits > ColumnBits) begin : gen_check
    $error("PoolDepth: 0, or a power of two from 4 to 1024, the pixels of a row.");
  end

  logic [DepthBits-1:0] column_0_q, column_1_q;
  logic valid_0_q, valid_1_q, row_first;
  logic [Others-1:0] columns_q;

  always_ff @(posedge clk_i) begin
    column_0_q <= column_i[DepthBits-1:0];
    column_1_q <= column_0_q;
    valid_0_q  <= valid_i;
    valid_1_q  <= valid_0_q;
    columns_q  <= row_first ? '0 : columns_i;
  end

  delay_line #(
      .Bits  (1),
      .Cycles(ChainCycle)
  ) u_row_first (
      .clk_i,
      .data_i(row_first_i),
      .data_o(row_first)
  );

  for (genvar p = 0; p < Planes; p++) begin : gen_plane
    logic [PlaneLanes-1:0][CentredBits-1:0] above, two_above;

    buffer_bank #(
        .Bits (PlaneLanes * CentredBits),
        .Depth(Depth)
    ) u_above (
        .clk_i,
        .read_row_i(column_i[DepthBits-1:0]),
        .read_data_o(above),
        .write_i(valid_1_q),
        .write_row_i(column_1_q),
        .write_data_i(value_i[PlaneLanes*p+:PlaneLanes])
    );

    // A cycle later, as it is taken.
    buffer_bank #(
        .Bits (PlaneLanes * CentredBits),
        .Depth(Depth)
    ) u_two_above (
        .clk_i,
        .read_row_i(column_0_q),
        .read_data_o(two_above),
        .write_i(valid_1_q),
        .write_row_i(column_1_q),
        .write_data_i(above)
    );

    for (genvar l = 0; l < PlaneLanes; l++) begin : gen_lane
      pool_lane u_lane (
          .clk_i,
          .largest_i,
          .rows_i,
          .columns_i(columns_q),
          .value_i(value_i[PlaneLanes*p+l]),
          .above_i(above[l]),
          .two_above_i(two_above[l]),
          .window_o(window_o[PlaneLanes*p+l])
      );
    end
  end

endmodule
