// One DSP48E2 with static settings: the vendor's primitive for synthesis, its behavioural twin
// (dsp_slice_model.sv) for simulation.
module dsp_slice
  import array_pkg::*;
#(
    parameter bit Top = 1'b0  // 1: the stationary value comes through the A port, 0: from above
) (
    input logic clk_i,
    input logic [StationaryBits-1:0] stationary_i,  // read where Top is 1
    input logic [PortABits-1:0] cascade_i,  // read where Top is 0
    output logic [PortABits-1:0] cascade_o,
    input logic [PortBBits-1:0] operand_i,
    input logic load_i,
    input logic take_i,
    input addend_e addend_i,
    input logic [SumBits-1:0] sum_cascade_i,
    output logic [SumBits-1:0] sum_cascade_o,  // only for the slice below
    output logic [SumBits-1:0] sum_o
);

  logic [PortABits-1:0] stationary;
  assign stationary = PortABits'(signed'(stationary_i));

`ifdef SYNTHESIS
  // Registers that stand still (C, D, the pre-adder) are named so that no tool leaves them in doubt.
  DSP48E2 #(
      .A_INPUT(Top ? "DIRECT" : "CASCADE"),
      .B_INPUT("DIRECT"),
      .AMULTSEL("A"),
      .BMULTSEL("B"),
      .PREADDINSEL("A"),
      .AREG(2),
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
      .A(Top ? stationary : '1),  // an unused port is tied high: it draws the least power
      .ACIN(Top ? '0 : cascade_i),
      .ACOUT(cascade_o),
      .B(operand_i),
      .BCIN('0),
      .BCOUT(),
      .C('1),
      .D('0),
      .P(sum_o),
      .PCIN(sum_cascade_i),
      .PCOUT(sum_cascade_o),
      .INMODE(5'b00000),
      .ALUMODE(4'b0000),
      .OPMODE({3'b000, addend_i, 4'b0101}),
      .CARRYIN(1'b0),
      .CARRYINSEL(3'b000),
      .CARRYCASCIN(1'b0),
      .MULTSIGNIN(1'b0),
      .CEA1(load_i),
      .CEA2(take_i),
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
  dsp_slice_model u_model (
      .clk_i,
      .a_i(Top ? stationary : cascade_i),
      .b_i(operand_i),
      .load_i,
      .take_i,
      .addend_i,
      .sum_i(sum_cascade_i),
      .a_o(cascade_o),
      .sum_o
  );
  assign sum_cascade_o = sum_o;
`endif

endmodule
