// A multiplier that sums its products: one DSP48E2 with static settings but for the sum's begin, its
// behavioural twin (vector_slice_model.sv) for simulation. P = A B, or A B + P; three cycles from the factors.
module vector_slice
  import lanes_pkg::*;
(
    input logic clk_i,
    input logic [FactorBits-1:0] a_i,
    input logic [PortBBits-1:0] b_i,
    input logic add_i,  // to the sum so far; a cycle behind the factors
    output logic [SumBits-1:0] sum_o
);

`ifdef SYNTHESIS
  DSP48E2 #(
      .A_INPUT("DIRECT"),
      .B_INPUT("DIRECT"),
      .AMULTSEL("A"),
      .BMULTSEL("B"),
      .PREADDINSEL("A"),
      .AREG(1),
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
      .B(b_i),
      .BCIN('0),
      .BCOUT(),
      .C('1),  // an unused port is tied high: it draws the least power
      .D('0),
      .P(sum_o),
      .PCIN('0),
      .PCOUT(),
      .INMODE(5'b00000),
      .ALUMODE(4'b0000),
      .OPMODE({3'b000, add_i, 5'b00101}),
      .CARRYIN(1'b0),
      .CARRYINSEL(3'b000),
      .CARRYCASCIN(1'b0),
      .MULTSIGNIN(1'b0),
      .CEA1(1'b0),
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
  vector_slice_model u_model (
      .clk_i,
      .a_i,
      .b_i,
      .add_i,
      .sum_o
  );
`endif

endmodule
