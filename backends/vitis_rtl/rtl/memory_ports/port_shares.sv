// What each of several ports has of a run of beats. Beat b of the buffer is beat b div Ports of the memory behind port
// b mod Ports: ports have beats that follow each other, all as many or some of them one more, and those in front of the
// one with the first beat begin a beat later.
module port_shares
  import axi_pkg::*;
#(
    parameter int unsigned Ports = 4,
    parameter int unsigned DataBytes = 64,
    localparam int unsigned PortBits = $clog2(Ports)
) (
    /* verilator lint_off UNUSEDSIGNAL */  // whole beats
    input logic [AddressBits-1:0] address_i,  // a multiple of DataBytes
    /* verilator lint_on UNUSEDSIGNAL */
    input logic [BeatsBits-1:0] beats_i,  // at least one
    output logic [PortBits-1:0] first_o,  // the port of the first beat
    output logic [Ports-1:0] rest_o,  // the ports that have beats of the run's last word
    output logic [BeatsBits-1:0] words_o,
    output logic [Ports-1:0] used_o,
    output logic [Ports-1:0][AddressBits-1:0] address_o,
    output logic [Ports-1:0][BeatsBits-1:0] beats_o
);

  localparam int unsigned BeatShift = $clog2(DataBytes);
  localparam int unsigned RowShift = BeatShift + PortBits;

  if (Ports < 2 || Ports != 2 ** PortBits) begin : gen_check
    $error("Ports: a power of two, at least 2.");
  end

  typedef logic [PortBits-1:0] port_t;
  typedef logic [AddressBits-BeatShift-1:0] beat_t;
  typedef logic [BeatsBits-PortBits-1:0] rows_t;

  port_t rest;
  rows_t rows;
  logic [Ports-1:0] later;  // in front of the first

  assign first_o = address_i[BeatShift+:PortBits];
  assign later = ~({Ports{1'b1}} << first_o);
  assign rest = beats_i[PortBits-1:0];
  assign rows = beats_i[BeatsBits-1:PortBits];
  assign words_o = BeatsBits'(rows) + BeatsBits'(rest != '0);

  for (genvar p = 0; p < Ports; p++) begin : gen_port
    port_t behind;  // from the port of the first beat
    logic more;
    assign behind = port_t'(p) - first_o;
    assign more = behind < rest;
    assign rest_o[p] = more || rest == '0;
    assign beats_o[p] = BeatsBits'(rows) + BeatsBits'(more);
    assign used_o[p] = more || rows != '0;
    assign address_o[p][BeatShift-1:0] = '0;
    assign address_o[p][AddressBits-1:BeatShift] = beat_t'(address_i[AddressBits-1:RowShift]) +
                                                   beat_t'(later[p]);
  end

endmodule
