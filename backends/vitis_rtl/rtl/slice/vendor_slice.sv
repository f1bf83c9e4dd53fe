// The vendor's multiplier slice with static settings, for synthesis: P = A B + Z. How many bits of A reach the
// multiplier says which slice it is: 27 a DSP48E2, 25 a DSP48E1.
//
// Registers: A as many as RegistersA, and the cascade of A leaves behind the first; B, product, P, C and what chooses Z
// one each. Where TakesD is 1 the pre-adder stands behind A, with a register of its own, and D has one in front of it:
// D is multiplied where A is not. Those that stand still are named so that no tool leaves them in doubt.
`ifdef SYNTHESIS
module vendor_slice #(
    parameter int unsigned FactorBits = 27,
    parameter bit CascadesA = 1'b0,  // A is what the slice above hands on, else the port
    parameter bit CascadesB = 1'b0,
    parameter int RegistersA = 1,
    parameter bit TakesC = 1'b0,
    parameter bit TakesD = 1'b0
) (
    input logic clk_i,
    input logic without_a_i,  // A is 0, and D is multiplied where TakesD is 1
    input logic [FactorBits-1:0] a_i,
    input logic [FactorBits-1:0] d_i,
    input logic [29:0] a_cascade_i,
    output logic [29:0] a_cascade_o,
    input logic a1_i,  // the first register of two takes A
    input logic a2_i,  // the last one
    input logic [17:0] b_i,
    input logic [17:0] b_cascade_i,
    output logic [17:0] b_cascade_o,
    input logic [47:0] c_i,
    // Z: 0 nothing, 1 what the slice above sums, 2 P, 3 C, 5 what the slice above sums, shifted right by 17
    input logic [2:0] addend_i,
    input logic [47:0] sum_cascade_i,
    output logic [47:0] sum_cascade_o,  // only for the slice below
    output logic [47:0] sum_o
);

  if (FactorBits != 25 && FactorBits != 27) begin : gen_check
    $error("FactorBits: 27, of a DSP48E2, or 25, of a DSP48E1.");
  end

  // An unused port is tied high: it draws the least power.
  logic [29:0] a;
  logic [17:0] b;
  logic [47:0] c;
  logic [FactorBits-1:0] d;
  logic [4:0] mode;

  assign a = CascadesA ? '1 : 30'(signed'(a_i));
  assign b = CascadesB ? '1 : b_i;
  assign c = TakesC ? c_i : '1;
  assign d = TakesD ? d_i : '0;
  assign mode = {2'b00, TakesD && without_a_i, without_a_i, 1'b0};

  if (FactorBits == 27) begin : gen_e2
    DSP48E2 #(
        .A_INPUT(CascadesA ? "CASCADE" : "DIRECT"),
        .B_INPUT(CascadesB ? "CASCADE" : "DIRECT"),
        .AMULTSEL(TakesD ? "AD" : "A"),
        .BMULTSEL("B"),
        .PREADDINSEL("A"),
        .AREG(RegistersA),
        .ACASCREG(RegistersA == 0 ? 0 : 1),
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
        .A(a),
        .ACIN(CascadesA ? a_cascade_i : '0),
        .ACOUT(a_cascade_o),
        .B(b),
        .BCIN(CascadesB ? b_cascade_i : '0),
        .BCOUT(b_cascade_o),
        .C(c),
        .D(d),
        .P(sum_o),
        .PCIN(sum_cascade_i),
        .PCOUT(sum_cascade_o),
        .INMODE(mode),
        .ALUMODE(4'b0000),
        .OPMODE({2'b00, addend_i, 4'b0101}),
        .CARRYIN(1'b0),
        .CARRYINSEL(3'b000),
        .CARRYCASCIN(1'b0),
        .MULTSIGNIN(1'b0),
        .CEA1(a1_i),
        .CEA2(a2_i),
        .CEB1(1'b0),
        .CEB2(1'b1),
        .CEM(1'b1),
        .CEP(1'b1),
        .CECTRL(1'b1),
        .CEC(TakesC),
        .CED(TakesD),
        .CEAD(TakesD),
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
  end else begin : gen_e1
    DSP48E1 #(
        .A_INPUT(CascadesA ? "CASCADE" : "DIRECT"),
        .B_INPUT(CascadesB ? "CASCADE" : "DIRECT"),
        .USE_DPORT(TakesD ? "TRUE" : "FALSE"),
        .AREG(RegistersA),
        .ACASCREG(RegistersA == 0 ? 0 : 1),
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
        .USE_PATTERN_DETECT("NO_PATDET")
    ) u_dsp48e1 (
        .CLK(clk_i),
        .A(a),
        .ACIN(CascadesA ? a_cascade_i : '0),
        .ACOUT(a_cascade_o),
        .B(b),
        .BCIN(CascadesB ? b_cascade_i : '0),
        .BCOUT(b_cascade_o),
        .C(c),
        .D(d),
        .P(sum_o),
        .PCIN(sum_cascade_i),
        .PCOUT(sum_cascade_o),
        .INMODE(mode),
        .ALUMODE(4'b0000),
        .OPMODE({addend_i, 4'b0101}),
        .CARRYIN(1'b0),
        .CARRYINSEL(3'b000),
        .CARRYCASCIN(1'b0),
        .MULTSIGNIN(1'b0),
        .CEA1(a1_i),
        .CEA2(a2_i),
        .CEB1(1'b0),
        .CEB2(1'b1),
        .CEM(1'b1),
        .CEP(1'b1),
        .CECTRL(1'b1),
        .CEC(TakesC),
        .CED(TakesD),
        .CEAD(TakesD),
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
        .PATTERNBDETECT()
    );
  end

endmodule
`endif
