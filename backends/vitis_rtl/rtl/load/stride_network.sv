// Lanes into banks: lane i goes to bank (first + i stride) mod Lanes. The stride is odd, so every bank
// gets one lane.
//
// The banks' lowest bit splits the lanes into the even and the odd numbered ones, perhaps exchanged:
// (first + i stride) mod 2 is (first + i) mod 2. Each half is the same problem over the bits that are
// left, with the same stride. So log2(Lanes) stages of two-way multiplexers do it, each set by one bit;
// there is a register behind every second one, where a LUT is full.
module stride_network #(
    parameter int unsigned Lanes = 16,
    parameter int unsigned Bits = 128,
    localparam int unsigned LaneBits = $clog2(Lanes)
) (
    input logic clk_i,
    input logic [LaneBits-1:0] first_i,
    input logic [LaneBits-1:0] stride_i,
    input logic [Lanes-1:0][Bits-1:0] lane_i,
    output logic [Lanes-1:0][Bits-1:0] bank_o  // ceil(log2(Lanes) / 2) cycles later
);

  if (Lanes < 2 || 2 ** LaneBits != Lanes) begin : gen_check_lanes
    $error("Lanes: a power of two, at least 2.");
  end

  // Of stage s: part g has the lanes for the banks that are g modulo 2^s, in places g + 2^s j.
  for (genvar s = 0; s < LaneBits; s++) begin : gen_stage
    localparam int unsigned Parts = 2 ** s;
    localparam int unsigned Pairs = Lanes / Parts / 2;
    logic [Lanes-1:0][Bits-1:0] lane, split, lane_next;
    logic [Parts-1:0][LaneBits-1:0] first;
    logic [2*Parts-1:0][LaneBits-1:0] split_first;
    logic [LaneBits-1:0] stride;
    /* verilator lint_off UNUSEDSIGNAL */  // behind the last stage nothing is set any more
    logic [2*Parts-1:0][LaneBits-1:0] first_next;
    logic [LaneBits-1:0] stride_next;
    /* verilator lint_on UNUSEDSIGNAL */

    if (s == 0) begin : gen_in
      assign lane = lane_i;
      assign first = first_i;
      assign stride = stride_i;
    end else begin : gen_on
      assign lane = gen_stage[s-1].lane_next;
      assign first = gen_stage[s-1].first_next;
      assign stride = gen_stage[s-1].stride_next;
    end

    for (genvar g = 0; g < Parts; g++) begin : gen_part
      logic [LaneBits-1:0] rest, beside;
      logic odd;
      assign odd = first[g][0];
      // By two; with two lanes there is one bit, and a shift by one is more than it has.
      assign rest = LaneBits'((LaneBits + 1)'(first[g]) >> 1);
      assign beside = rest + LaneBits'((LaneBits + 1)'(stride) >> 1);
      // The lane that starts the even banks is the part's lane 0, or its lane 1 if `first` is odd.
      assign split_first[g] = odd ? beside + 1'b1 : rest;
      assign split_first[g+Parts] = odd ? rest : beside;
      for (genvar j = 0; j < Pairs; j++) begin : gen_pair
        localparam int unsigned Low = g + Parts * 2 * j;
        localparam int unsigned High = Low + Parts;
        assign split[Low] = odd ? lane[High] : lane[Low];
        assign split[High] = odd ? lane[Low] : lane[High];
      end
    end

    if (s % 2 == 1 || s == LaneBits - 1) begin : gen_register
      always_ff @(posedge clk_i) begin
        lane_next <= split;
        first_next <= split_first;
        stride_next <= stride;
      end
    end else begin : gen_wire
      assign lane_next = split;
      assign first_next = split_first;
      assign stride_next = stride;
    end
  end

  assign bank_o = gen_stage[LaneBits-1].lane_next;

endmodule
