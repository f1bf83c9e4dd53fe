// The vendor's slice by its own ports and parameters, as its user guide (UG579) describes them, for the
// part of it that dsp_slice.sv and lane_slice.sv can reach. It stands where the primitive stands when the sources of the
// synthesis are simulated: so the text that is synthesised is checked, not only its twin.
//
// Modelled: A and ACIN with up to two registers, B and BCIN with one, C, the multiplier of A or of
// the pre-adder's sum of A and D, X = Y = M, Z of zero, PCIN, P, C or PCIN shifted right by 17,
// addition. Whatever asks for more is an error.
module DSP48E2 #(
    parameter A_INPUT = "DIRECT",
    parameter B_INPUT = "DIRECT",
    parameter AMULTSEL = "A",
    parameter BMULTSEL = "B",
    parameter PREADDINSEL = "A",
    parameter int AREG = 1,
    parameter int ACASCREG = 1,
    parameter int BREG = 1,
    parameter int BCASCREG = 1,
    parameter int MREG = 1,
    parameter int PREG = 1,
    parameter int OPMODEREG = 1,
    parameter int CREG = 1,
    parameter int DREG = 1,
    parameter int ADREG = 1,
    parameter int ALUMODEREG = 1,
    parameter int INMODEREG = 1,
    parameter int CARRYINREG = 1,
    parameter int CARRYINSELREG = 1,
    parameter USE_MULT = "MULTIPLY",
    parameter USE_SIMD = "ONE48",
    parameter USE_PATTERN_DETECT = "NO_PATDET",
    parameter USE_WIDEXOR = "FALSE"
) (
    input logic CLK,
    input logic [29:0] A,
    input logic [29:0] ACIN,
    output logic [29:0] ACOUT,
    input logic [17:0] B,
    input logic [17:0] BCIN,
    output logic [17:0] BCOUT,
    input logic [47:0] C,
    input logic [26:0] D,
    output logic [47:0] P,
    input logic [47:0] PCIN,
    output logic [47:0] PCOUT,
    input logic [4:0] INMODE,
    input logic [3:0] ALUMODE,
    input logic [8:0] OPMODE,
    input logic CARRYIN,
    input logic [2:0] CARRYINSEL,
    input logic CARRYCASCIN,
    input logic MULTSIGNIN,
    input logic CEA1,
    input logic CEA2,
    input logic CEB1,
    input logic CEB2,
    input logic CEM,
    input logic CEP,
    input logic CECTRL,
    input logic CEC,
    input logic CED,
    input logic CEAD,
    input logic CEALUMODE,
    input logic CEINMODE,
    input logic CECARRYIN,
    input logic RSTA,
    input logic RSTB,
    input logic RSTC,
    input logic RSTD,
    input logic RSTM,
    input logic RSTP,
    input logic RSTCTRL,
    input logic RSTALUMODE,
    input logic RSTINMODE,
    input logic RSTALLCARRYIN,
    output logic CARRYCASCOUT,
    output logic [3:0] CARRYOUT,
    output logic MULTSIGNOUT,
    output logic OVERFLOW,
    output logic UNDERFLOW,
    output logic PATTERNDETECT,
    output logic PATTERNBDETECT,
    output logic [7:0] XOROUT
);

  if (PREADDINSEL != "A" || CREG != 1 || DREG != 1 || ADREG != 1 || BMULTSEL != "B" || BREG != 1 || BCASCREG != 1 || MREG != 1 || PREG != 1 ||
      OPMODEREG != 1 || ALUMODEREG != 0 || INMODEREG != 0 || CARRYINREG != 0 || CARRYINSELREG != 0 ||
      USE_MULT != "MULTIPLY" || USE_SIMD != "ONE48" || ACASCREG > AREG) begin : gen_check
    $error("DSP48E2: parameters of which this model has no behaviour.");
  end

  logic [29:0] a_in, a1, a2, a_second, a_last;
  logic [26:0] d, ad, gated, factor;
  logic [17:0] b2;
  logic signed [44:0] m;
  logic [8:0] opmode;
  logic [47:0] z, p;
  logic [47:0] c = '0;

  // A_INPUT selects the port or the cascade. With AREG = 2 the registers follow each other, with
  // AREG = 1 only the second one is there. ACASCREG says how many of them the cascade has passed.
  assign a_in = A_INPUT == "DIRECT" ? A : ACIN;
  assign a_second = AREG == 2 ? a1 : a_in;
  assign a_last = AREG == 0 ? a_in : a2;
  assign ACOUT = AREG == 2 && ACASCREG == 1 ? a1 : a_last;

  // INMODE[0] = 0: A2, of which there are 27 bits; INMODE[1]: 0 in place of it; INMODE[2]: D is added
  // in front of the pre-adder's register; INMODE[4] = 0: B2.
  assign gated  = INMODE[1] ? '0 : a_last[26:0];
  assign factor = AMULTSEL == "AD" ? ad : gated;

  always_ff @(posedge CLK) begin
    if (RSTA) a1 <= '0;
    else if (CEA1) a1 <= a_in;
    if (RSTA) a2 <= '0;
    else if (CEA2) a2 <= a_second;
    if (RSTB) b2 <= '0;
    else if (CEB2) b2 <= B_INPUT == "DIRECT" ? B : BCIN;
    if (RSTM) m <= '0;
    else if (CEM) m <= 45'(signed'(factor)) * 45'(signed'(b2));
    if (RSTC) c <= '0;
    else if (CEC) c <= C;
    if (RSTD) d <= '0;
    else if (CED) d <= D;
    if (RSTD) ad <= '0;
    else if (CEAD) ad <= gated + (INMODE[2] ? d : '0);
    if (RSTCTRL) opmode <= '0;
    else if (CECTRL) opmode <= OPMODE;
    if (RSTP) p <= '0;
    else if (CEP) p <= z + 48'(m);
  end

  // OPMODE[6:4]: the Z multiplexer. Where its register is never enabled, C is zero since power-up.
  always_comb begin
    case (opmode[6:4])
      3'b001: z = PCIN;
      3'b010: z = p;
      3'b011: z = c;
      3'b101: z = $signed(PCIN) >>> 17;
      default: z = '0;
    endcase
  end

  always_ff @(posedge CLK) begin
    assert ({INMODE[4:3], INMODE[0]} == 3'b000 && ALUMODE == 4'b0000 && CARRYIN == 1'b0 && CARRYINSEL == 3'b000)
    else $error("DSP48E2: a mode of which this model has no behaviour.");
    assert (OPMODE[8:7] == 2'b00 && OPMODE[3:0] == 4'b0101 &&
            (OPMODE[6:4] == 3'b101 || OPMODE[6] == 1'b0))
    else $error("DSP48E2: an OPMODE of which this model has no behaviour.");
  end

  assign P = p;
  assign PCOUT = p;
  assign BCOUT = b2;
  assign {CARRYCASCOUT, CARRYOUT, MULTSIGNOUT, OVERFLOW, UNDERFLOW} = '0;
  assign {PATTERNDETECT, PATTERNBDETECT, XOROUT} = '0;

endmodule
