// A multiplier of a requantisation: one DSP48E2 with static settings, its behavioural twin
// (lane_slice_model.sv) for simulation. Lower: P = A B. Upper: P = A B + (PCIN >> 17), where A has one
// register more, B is that of the lower slice, and PCIN its P.
module lane_slice
  import lanes_pkg::*;
#(
    parameter bit Upper = 1'b0
) (
    input logic clk_i,
    input logic [FactorBits-1:0] a_i,
    input logic [PortBBits-1:0] b_i,  // read where Upper is 0
    input logic [PortBBits-1:0] b_cascade_i,  // read where Upper is 1
    output logic [PortBBits-1:0] b_cascade_o,
    input logic [SumBits-1:0] sum_cascade_i,
    output logic [SumBits-1:0] sum_cascade_o,
    output logic [SumBits-1:0] sum_o
);

`ifdef SYNTHESIS
  DSP48E2 #(
      .A_INPUT("DIRECT"),
      .B_INPUT(Upper ? "CASCADE" : "DIRECT"),
      .AMULTSEL("A"),
      .BMULTSEL("B"),
      .PREADDINSEL("A"),
      .AREG(Upper ? 2 : 1),
      .ACASCREG(1),
      .BREG(1),
      .BCASCREG(1),
      .MREG(1),
      .PREG(1),
      .OPMODEREG(1),
      .CREG(1),
      .DREG(1),
      .ADREG(1),
      .ALUMODEREG(0),
      .INMODEREG(0),
      .CARRYINREG(0),
      .CARRYINSELREG(0),
      .USE_MULT("MULTIPLY"),
      .USE_SIMD("ONE48"),
      .USE_PATTERN_DETECT("NO_PATDET"),
      .USE_WIDEXOR("FALSE")
  ) u_dsp48e2 (
      .CLK(clk_i),
      .A(30'(signed'(a_i))),
      .ACIN('0),
      .ACOUT(),
      .B(Upper ? '1 : b_i),  // an unused port is tied high: it draws the least power
      .BCIN(Upper ? b_cascade_i : '0),
      .BCOUT(b_cascade_o),
      .C('1),
      .D('0),
      .P(sum_o),
      .PCIN(Upper ? sum_cascade_i : '0),
      .PCOUT(sum_cascade_o),
      .INMODE(5'b00000),
      .ALUMODE(4'b0000),
      .OPMODE({2'b00, Upper ? 3'b101 : 3'b000, 4'b0101}),
      .CARRYIN(1'b0),
      .CARRYINSEL(3'b000),
      .CARRYCASCIN(1'b0),
      .MULTSIGNIN(1'b0),
      .CEA1(Upper),
      .CEA2(1'b1),
      .CEB1(1'b0),
      .CEB2(1'b1),
      .CEM(1'b1),
      .CEP(1'b1),
      .CECTRL(1'b1),
      .CEC(1'b0),
      .CED(1'b0),
      .CEAD(1'b0),
      .CEALUMODE(1'b0),
      .CEINMODE(1'b0),
      .CECARRYIN(1'b0),
      .RSTA(1'b0),
      .RSTB(1'b0),
      .RSTC(1'b0),
      .RSTD(1'b0),
      .RSTM(1'b0),
      .RSTP(1'b0),
      .RSTCTRL(1'b0),
      .RSTALUMODE(1'b0),
      .RSTINMODE(1'b0),
      .RSTALLCARRYIN(1'b0),
      .CARRYCASCOUT(),
      .CARRYOUT(),
      .MULTSIGNOUT(),
      .OVERFLOW(),
      .UNDERFLOW(),
      .PATTERNDETECT(),
      .PATTERNBDETECT(),
      .XOROUT()
  );
`else
  lane_slice_model #(
      .Upper(Upper)
  ) u_model (
      .clk_i,
      .a_i,
      .b_i(Upper ? b_cascade_i : b_i),
      .sum_i(sum_cascade_i),
      .b_o(b_cascade_o),
      .sum_o
  );
  assign sum_cascade_o = sum_o;
`endif

endmodule
