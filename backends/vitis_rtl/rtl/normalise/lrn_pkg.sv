// What the parts of local response normalisation agree on (docs/arithmetic.md, section 5).
package lrn_pkg;

  localparam int unsigned CentredBits = 9;
  localparam int unsigned SquareBits = 16;
  localparam int unsigned Reach = 4;  // channels before a channel, and behind it, that may count
  localparam int unsigned SumBits = 19;  // of eight squares, each at most 255^2
  localparam int unsigned OctaveBits = 5;
  localparam int unsigned StepBits = 5;  // 32 steps of an octave
  localparam int unsigned FractionBits = SumBits - 1 - StepBits;
  localparam int unsigned IndexBits = OctaveBits + StepBits;

  // A step of an octave: the factor at its begin, from there to the next one, and the octave's shift.
  localparam int unsigned FactorBits = 25;
  localparam int unsigned ShiftBits = 6;

  typedef struct packed {
    logic [ShiftBits-1:0] shift;
    logic [FactorBits:0] difference;  // signed
    logic [FactorBits-1:0] factor;
  } step_t;

  localparam int unsigned SquareCycles = 3;
  localparam int unsigned SumCycles = 4;
  localparam int unsigned OctaveCycles = 5;
  localparam int unsigned TableCycles = 2;
  // From the values of a pixel's channels to the steps of their sums; and by how much later a lane then multiplies.
  localparam int unsigned NormaliseCycles = SquareCycles + SumCycles + OctaveCycles + TableCycles;
  localparam int unsigned LaterCycles = NormaliseCycles - 1;

endpackage
