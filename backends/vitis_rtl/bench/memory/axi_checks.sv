// The rules of AXI4 that a port of one ID must keep, and its memory too, watched between the two.
module axi_checks
  import axi_pkg::*;
#(
    parameter int unsigned DataBytes = 64,
    parameter int unsigned Outstanding = 32,
    localparam int unsigned DataBits = 8 * DataBytes
) (
    input logic clk_i,
    input logic rst_i,
    input logic arvalid_i,
    input logic arready_i,
    input logic [AddressBits-1:0] araddr_i,
    input logic [LengthBits-1:0] arlen_i,
    input logic [2:0] arsize_i,
    input logic [1:0] arburst_i,
    input logic rvalid_i,
    input logic rready_i,
    input logic [DataBits-1:0] rdata_i,
    input response_e rresp_i,
    input logic rlast_i,
    input logic awvalid_i,
    input logic awready_i,
    input logic [AddressBits-1:0] awaddr_i,
    input logic [LengthBits-1:0] awlen_i,
    input logic [2:0] awsize_i,
    input logic [1:0] awburst_i,
    input logic wvalid_i,
    input logic wready_i,
    input logic [DataBits-1:0] wdata_i,
    input logic [DataBytes-1:0] wstrb_i,
    input logic wlast_i,
    input logic bvalid_i,
    input logic bready_i,
    input response_e bresp_i
);

  localparam int unsigned Most = 256;  // bursts that this can count

  axi_stable #(
      .Channel("AR"),
      .Bits(AddressBits + LengthBits)
  ) u_ar (
      .clk_i,
      .rst_i,
      .valid_i  (arvalid_i),
      .ready_i  (arready_i),
      .payload_i({araddr_i, arlen_i})
  );
  axi_stable #(
      .Channel("R"),
      .Bits(DataBits + 3)
  ) u_r (
      .clk_i,
      .rst_i,
      .valid_i  (rvalid_i),
      .ready_i  (rready_i),
      .payload_i({rdata_i, rresp_i, rlast_i})
  );
  axi_stable #(
      .Channel("AW"),
      .Bits(AddressBits + LengthBits)
  ) u_aw (
      .clk_i,
      .rst_i,
      .valid_i  (awvalid_i),
      .ready_i  (awready_i),
      .payload_i({awaddr_i, awlen_i})
  );
  axi_stable #(
      .Channel("W"),
      .Bits(DataBits + DataBytes + 1)
  ) u_w (
      .clk_i,
      .rst_i,
      .valid_i  (wvalid_i),
      .ready_i  (wready_i),
      .payload_i({wdata_i, wstrb_i, wlast_i})
  );
  axi_stable #(
      .Channel("B"),
      .Bits(2)
  ) u_b (
      .clk_i,
      .rst_i,
      .valid_i  (bvalid_i),
      .ready_i  (bready_i),
      .payload_i(bresp_i)
  );

  // How a burst breaks the rules, if it does.
  function automatic string fault(logic [AddressBits-1:0] address, logic [LengthBits-1:0] length,
                                  logic [2:0] size, logic [1:0] kind);
    logic [31:0] bytes = (32'(length) + 1) * DataBytes;
    if (size != 3'($clog2(DataBytes)) || kind != Incrementing) return "is not incrementing";
    if (address % AddressBits'(DataBytes) != 0) return "starts inside a beat";
    if (32'(length) >= BurstBeats) return "is longer than 64 beats";
    if (32'(address[11:0]) + bytes > 4096) return "crosses 4 KiB";
    return "";
  endfunction

  string read_fault, write_fault;
  assign read_fault = fault(araddr_i, arlen_i, arsize_i, arburst_i);
  assign write_fault = fault(awaddr_i, awlen_i, awsize_i, awburst_i);

  // Beats of the bursts whose data has not ended; write data may come before its address.
  logic [LengthBits-1:0] reads[Most], writes[Most];
  logic [31:0] asked_q, read_q, addressed_q, written_q, answered_q;  // bursts
  logic [LengthBits-1:0] read_beat_q, write_beat_q;
  logic [LengthBits-1:0] write_length;

  // The address may be on its channel, but not taken.
  assign write_length = written_q == addressed_q ? awlen_i : writes[written_q%Most];

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      asked_q <= '0;
      read_q <= '0;
      addressed_q <= '0;
      written_q <= '0;
      answered_q <= '0;
      read_beat_q <= '0;
      write_beat_q <= '0;
    end else begin
      if (arvalid_i) begin
        assert (read_fault == "")
        else $error("AR: the burst at %h %s.", araddr_i, read_fault);
        assert (asked_q - read_q < Outstanding)
        else $error("AR: more than %0d bursts are under way.", Outstanding);
      end
      if (arvalid_i && arready_i) begin
        reads[asked_q%Most] <= arlen_i;
        asked_q <= asked_q + 1;
      end
      if (rvalid_i) begin
        assert (read_q != asked_q)
        else $error("R: data that nobody asked for.");
        assert (rlast_i == (read_beat_q == reads[read_q%Most]))
        else $error("R: the last beat of a burst is another one.");
      end
      if (rvalid_i && rready_i) begin
        read_beat_q <= rlast_i ? '0 : read_beat_q + 1;
        read_q <= read_q + 32'(rlast_i);
      end

      if (awvalid_i) begin
        assert (write_fault == "")
        else $error("AW: the burst at %h %s.", awaddr_i, write_fault);
        assert (addressed_q - answered_q < Outstanding)
        else $error("AW: more than %0d bursts are under way.", Outstanding);
      end
      if (awvalid_i && awready_i) begin
        writes[addressed_q%Most] <= awlen_i;
        addressed_q <= addressed_q + 1;
      end
      if (wvalid_i) begin
        assert (written_q != addressed_q || awvalid_i)
        else $error("W: data whose address is not known.");
        assert (wlast_i == (write_beat_q == write_length))
        else $error("W: the last beat of a burst is another one.");
      end
      if (wvalid_i && wready_i) begin
        write_beat_q <= wlast_i ? '0 : write_beat_q + 1;
        written_q <= written_q + 32'(wlast_i);
      end
      if (bvalid_i) begin
        assert (answered_q != written_q)
        else $error("B: a response before the last beat of its data.");
      end
      if (bvalid_i && bready_i) answered_q <= answered_q + 1;
    end
  end

endmodule
