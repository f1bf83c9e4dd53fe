// LOAD's transform between two records (see core_bench.sv): pixels in, transformed units out as their banks see them.
module load_transform_bench
  import transform_pkg::transform_t;
#(
    parameter int unsigned Planes = 2,
    parameter int unsigned Banks = 8,
    parameter int unsigned PixelDepth = 512,
    parameter int unsigned Depth = 512,
    localparam int unsigned PixelRowBits = $clog2(PixelDepth),
    localparam int unsigned RowBits = $clog2(Depth),
    localparam int unsigned InBits = 2 + Banks * (129 + PixelRowBits) + $bits(transform_t),
    localparam int unsigned OutBits = 2 + Banks * (129 + RowBits)
) (
    input logic clk_i,
    input logic [InBits-1:0] in_i,
    output logic [OutBits-1:0] out_o
);

  logic rst, start;
  logic [Banks-1:0] pixel_write;
  logic [Banks-1:0][PixelRowBits-1:0] pixel_row;
  logic [Banks-1:0][127:0] pixel_unit;
  transform_t block;

  assign {block, pixel_unit, pixel_row, pixel_write, start, rst} = in_i;

  load_transform #(
      .Planes(Planes),
      .Banks(Banks),
      .PixelDepth(PixelDepth),
      .Depth(Depth)
  ) u_transform (
      .clk_i,
      .rst_i(rst),
      .start_i(start),
      .block_i(block),
      .busy_o(out_o[0]),
      .done_o(out_o[1]),
      .pixel_write_i(pixel_write),
      .pixel_row_i(pixel_row),
      .pixel_unit_i(pixel_unit),
      .write_o(out_o[2+:Banks]),
      .write_row_o(out_o[2+Banks+:Banks*RowBits]),
      .write_unit_o(out_o[2+Banks*(1+RowBits)+:128*Banks])
  );

endmodule
