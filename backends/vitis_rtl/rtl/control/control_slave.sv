// The kernel's registers behind AXI4-Lite, as Vitis has them (ap_ctrl_hs): control at 0x00, interrupts at
// 0x04 to 0x0c, arguments of 32 bits from 0x10 on.
//
//   0x00  bit 0 start: written 1, reads 1 until the kernel has taken its arguments; bit 1 done: cleared by
//         reading; bit 2 idle; bit 3 ready: cleared by reading; bit 7 starts again when ready
//   0x04  bit 0: the interrupt is on
//   0x08  which of done (bit 0) and ready (bit 1) raise it
//   0x0c  which have: a written 1 toggles a bit
//
// Behind the arguments follow words that a host can only read, behind these further arguments, and in the upper half of the addresses a window
// into a memory, whose words are there a cycle after they were asked for.
//
// A write is taken when its address and its data are there, a read a cycle behind the one before. What is
// outside of the registers reads as 0, and nothing is written there.
module control_slave #(
    parameter int unsigned Arguments = 4,  // of 32 bits
    parameter int unsigned Statuses = 2,  // of 32 bits
    parameter int unsigned Further = 0,  // arguments behind these
    parameter int unsigned AddressBits = 12,
    localparam int unsigned WordBits = AddressBits - 2
) (
    input logic clk_i,
    input logic rst_i,
    input logic awvalid_i,
    output logic awready_o,
    input logic [AddressBits-1:0] awaddr_i,
    input logic wvalid_i,
    output logic wready_o,
    input logic [31:0] wdata_i,
    input logic [3:0] wstrb_i,
    output logic bvalid_o,
    input logic bready_i,
    output logic [1:0] bresp_o,
    input logic arvalid_i,
    output logic arready_o,
    input logic [AddressBits-1:0] araddr_i,
    output logic rvalid_o,
    input logic rready_i,
    output logic [31:0] rdata_o,
    output logic [1:0] rresp_o,
    output logic interrupt_o,
    // the kernel
    output logic start_o,  // a cycle; not while it is busy
    input logic done_i,  // a cycle: it is over, and may be started
    output logic [Arguments+Further-1:0][31:0] arguments_o,
    input logic [Statuses-1:0][31:0] statuses_i,
    output logic window_read_o,
    output logic [WordBits-2:0] window_word_o,
    input logic [31:0] window_data_i
);

  localparam int unsigned FirstArgument = 4;  // in words
  localparam int unsigned FirstStatus = FirstArgument + Arguments;
  localparam int unsigned FirstFurther = FirstStatus + Statuses;
  localparam int unsigned Words = FirstFurther + Further;
  localparam int unsigned All = Arguments + Further;
  localparam int unsigned IndexBits = $clog2(Words);

  if (AddressBits < 5 || Words > 2 ** (WordBits - 1)) begin : gen_check
    $error("AddressBits: enough for 16 bytes of control and the arguments, twice.");
  end

  function automatic int unsigned word_of(int unsigned argument);
    return argument < Arguments ? FirstArgument + argument : FirstFurther + argument - Arguments;
  endfunction

  logic start_q, busy_q, done_q, ready_q, again_q, interrupt_on_q;
  logic [1:0] enabled_q, raised_q;
  logic write, read, begin_now;
  /* verilator lint_off UNUSEDSIGNAL */  // registers are whole words
  logic [AddressBits-1:0] write_address, read_address;
  /* verilator lint_on UNUSEDSIGNAL */
  logic [WordBits-1:0] write_word, read_word;

  assign write_address = awaddr_i;
  assign read_address = araddr_i;
  assign write_word = write_address[AddressBits-1:2];
  assign read_word = read_address[AddressBits-1:2];

  assign write = awvalid_i & wvalid_i & (!bvalid_o | bready_i);
  assign awready_o = write;
  assign wready_o = write;
  assign bresp_o = 2'b00;
  assign read = arvalid_i & (!rvalid_o | rready_i);
  assign arready_o = read;
  assign rresp_o = 2'b00;
  assign window_read_o = read;
  assign window_word_o = read_word[WordBits-2:0];

  // ---- channels
  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      bvalid_o <= 1'b0;
      rvalid_o <= 1'b0;
    end else begin
      if (!bvalid_o | bready_i) bvalid_o <= write;
      if (!rvalid_o | rready_i) rvalid_o <= read;
    end
  end

  // Words are selected by as many bits as there are of them; whether the address has others is seen a cycle later.
  logic window_q, known_q;
  logic [31:0] rdata_q;
  logic [2**IndexBits-1:0][31:0] words;
  assign rdata_o = window_q ? window_data_i : known_q ? rdata_q : '0;

  always_comb begin
    words = '0;
    words[0] = {24'd0, again_q, 3'd0, ready_q, !busy_q & !start_q, done_q, start_q};
    words[1] = {31'd0, interrupt_on_q};
    words[2] = {30'd0, enabled_q};
    words[3] = {30'd0, raised_q};
    for (int unsigned a = 0; a < All; a++) words[word_of(a)] = arguments_o[a];
    for (int unsigned a = 0; a < Statuses; a++) words[FirstStatus+a] = statuses_i[a];
  end

  always_ff @(posedge clk_i) begin
    if (read) begin
      window_q <= read_word[WordBits-1];
      known_q  <= read_word[WordBits-1:IndexBits] == '0;
      rdata_q  <= words[read_word[IndexBits-1:0]];
    end
  end

  // ---- registers
  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      again_q <= 1'b0;
      interrupt_on_q <= 1'b0;
      enabled_q <= '0;
    end else if (write & wstrb_i[0]) begin
      if (write_word == 0) again_q <= wdata_i[7];
      if (write_word == 1) interrupt_on_q <= wdata_i[0];
      if (write_word == 2) enabled_q <= wdata_i[1:0];
    end
  end

  for (genvar a = 0; a < All; a++) begin : gen_argument
    always_ff @(posedge clk_i) begin
      if (write && write_word == WordBits'(word_of(a))) begin
        for (int unsigned b = 0; b < 4; b++) begin
          if (wstrb_i[b]) arguments_o[a][8*b+:8] <= wdata_i[8*b+:8];
        end
      end
    end
  end

  // ---- handshake: the arguments are the kernel's from its start to its end, so it is ready when done.
  assign begin_now = start_q & !busy_q;
  assign start_o = begin_now;

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      start_q <= 1'b0;
      busy_q <= 1'b0;
      done_q <= 1'b0;
      ready_q <= 1'b0;
      raised_q <= '0;
    end else begin
      if (write && write_word == 0 && wstrb_i[0] && wdata_i[0]) start_q <= 1'b1;
      else if (done_i) start_q <= again_q;
      busy_q <= begin_now | (busy_q & !done_i);
      if (done_i) done_q <= 1'b1;
      else if (read && read_word == 0) done_q <= 1'b0;
      if (done_i) ready_q <= 1'b1;
      else if (read && read_word == 0) ready_q <= 1'b0;
      for (int unsigned k = 0; k < 2; k++) begin
        if (done_i & enabled_q[k]) raised_q[k] <= 1'b1;
        else if (write && write_word == 3 && wstrb_i[0] && wdata_i[k]) raised_q[k] <= !raised_q[k];
      end
    end
  end

  assign interrupt_o = interrupt_on_q & (|raised_q);

endmodule
