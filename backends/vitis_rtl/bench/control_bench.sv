// The control slave between two records (see core_bench.sv).
module control_bench #(
    parameter int unsigned Arguments = 4,
    parameter int unsigned AddressBits = 12,
    parameter int unsigned Statuses = 2,
    localparam int unsigned WindowBits = AddressBits - 3,
    localparam int unsigned InBits = 43 + 2 * AddressBits + 32 * Statuses + 32,
    localparam int unsigned OutBits = 43 + 32 * Arguments + 1 + WindowBits
) (
    input logic clk_i,
    input logic [InBits-1:0] in_i,
    output logic [OutBits-1:0] out_o
);

  logic rst, awvalid, wvalid, bready, arvalid, rready, done;
  logic awready, wready, bvalid, arready, rvalid, interrupt, start;
  logic [AddressBits-1:0] awaddr, araddr;
  logic [31:0] wdata, rdata;
  logic [3:0] wstrb;
  logic [1:0] bresp, rresp;
  logic [Arguments-1:0][31:0] arguments;
  logic [Statuses-1:0][31:0] statuses;
  logic window_read;
  logic [WindowBits-1:0] window_word;
  logic [31:0] window_data;

  assign {window_data, statuses, araddr, awaddr, wdata, wstrb, done, rready, arvalid, bready,
          wvalid, awvalid, rst} = in_i;
  assign out_o = {
    {window_word, window_read, arguments, rdata, rresp, bresp, start, interrupt},
    {rvalid, arready, bvalid, wready, awready}
  };

  control_slave #(
      .Arguments  (Arguments),
      .Statuses   (Statuses),
      .AddressBits(AddressBits)
  ) u_slave (
      .clk_i,
      .rst_i(rst),
      .awvalid_i(awvalid),
      .awready_o(awready),
      .awaddr_i(awaddr),
      .wvalid_i(wvalid),
      .wready_o(wready),
      .wdata_i(wdata),
      .wstrb_i(wstrb),
      .bvalid_o(bvalid),
      .bready_i(bready),
      .bresp_o(bresp),
      .arvalid_i(arvalid),
      .arready_o(arready),
      .araddr_i(araddr),
      .rvalid_o(rvalid),
      .rready_i(rready),
      .rdata_o(rdata),
      .rresp_o(rresp),
      .interrupt_o(interrupt),
      .start_o(start),
      .done_i(done),
      .arguments_o(arguments),
      .statuses_i(statuses),
      .window_read_o(window_read),
      .window_word_o(window_word),
      .window_data_i(window_data)
  );

endmodule
