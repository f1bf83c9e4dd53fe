// A rule of every AXI channel: what was offered stays, unchanged, until it is taken.
module axi_stable #(
    parameter string Channel = "",
    parameter int unsigned Bits = 8
) (
    input logic clk_i,
    input logic rst_i,
    input logic valid_i,
    input logic ready_i,
    input logic [Bits-1:0] payload_i
);

  logic waiting_q;
  logic [Bits-1:0] payload_q;

  always_ff @(posedge clk_i) begin
    waiting_q <= !rst_i & valid_i & !ready_i;
    payload_q <= payload_i;
    assert (rst_i || !waiting_q || valid_i)
    else $error("%s: valid fell before it was taken.", Channel);
    assert (rst_i || !waiting_q || payload_i == payload_q)
    else $error("%s: what was offered changed before it was taken.", Channel);
  end

endmodule
