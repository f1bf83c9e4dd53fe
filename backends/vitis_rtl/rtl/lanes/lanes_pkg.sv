// What the lanes that make bytes and the engines that give them sums agree on: the parameters of a channel, in which
// stage of a lane each is used, and what an engine says to the lanes.
package lanes_pkg;

  localparam int unsigned ByteBits = 8;
  localparam int unsigned UnitBytes = 16;  // channels of a unit
  localparam int unsigned UnitBits = UnitBytes * ByteBits;

  localparam int unsigned BiasBits = 32;
  localparam int unsigned MultiplierBits = 18;  // signed: that of a negative sum may be negative
  localparam int unsigned ShiftBits = 6;

  localparam int unsigned LeastValueBits = 36;  // of a sum and its bias

  // A slice: the bits of its port B, of its sum, and by how many it can shift the sum of the slice before it. Of port A
  // FactorBits reach the multiplier, a parameter of all that has slices: 27 in a DSP48E2, 25 in a DSP48E1.
  localparam int unsigned PortBBits = 18;
  localparam int unsigned SumBits = 48;
  localparam int unsigned CascadeShift = 17;

  // How a sum becomes a byte (docs/arithmetic.md, section 2).
  typedef struct packed {
    logic [ByteBits-1:0] high;
    logic [ByteBits-1:0] low;
    logic [ShiftBits-1:0] negative_shift;
    logic [ShiftBits-1:0] shift;
    logic [MultiplierBits-1:0] negative_multiplier;
    logic [MultiplierBits-1:0] multiplier;
    logic [BiasBits-1:0] bias;
  } parameters_t;

  // Cycles from a sum to its byte, and to the stages that take a parameter.
  localparam int unsigned ProductCycles = 4;  // lane_product.sv
  localparam int unsigned ShiftCycles = 3;  // lane_shift.sv, and one to add the zero point
  localparam int unsigned TableCycles = 2;
  localparam int unsigned ChooseStage = 1;  // multiplier and shift, by the sign of the value
  localparam int unsigned ClampStage = ChooseStage + ProductCycles + ShiftCycles + 1;
  localparam int unsigned OutputStage = ClampStage + 1 + TableCycles;

  // Which fields of its parameters a lane takes.
  typedef struct packed {
    logic used;  // OutputStage later than the bias: whether it is a channel at all
    logic limits;  // ClampStage later
    logic choice;  // ChooseStage later, or with the bias where a product is bent
    logic bias;
  } load_t;

  // What POST says to its lanes: loads of the first pair, each of which a further pair has a cycle later.
  typedef struct packed {
    logic by_channel;  // a row is a channel: its parameters move right with it, from pair to pair
    load_t load;
    logic [1:0] used;
    parameters_t [1:0] parameters;  // each field in the cycle of its load; of pair j j cycles later
  } post_lanes_t;

  // What the vector unit says to all of its lanes at once. A load of parameters is for a sixteenth of them.
  typedef struct packed {
    logic bend;  // a product is the multiplier, and the parameters are its value
    logic joins;  // a second value meets the multiplier, the sum is added: a byte a cycle earlier
    logic own;  // each value comes with multiplier and shift
    logic own_addend;  // and with what stands for the bias
    logic look_up;
    logic [ByteBits-1:0] zero_point;
    logic [UnitBytes-1:0] load;  // bias and choice
    logic [UnitBytes-1:0] load_limits;
  } vector_lanes_t;

  // What it gives to one lane.
  typedef struct packed {
    logic used;  // stage 11
    logic [ShiftBits-1:0] shift;  // stage 1
    logic [MultiplierBits-1:0] multiplier;
    logic as_multiplier;  // stage 0: the multiplier of positive sums is the value
    logic [BiasBits-1:0] addend;
    logic [LeastValueBits-1:0] sum;
    logic [ByteBits-1:0] second;  // a cycle before the sum
  } vector_value_t;

  // Of the 16 bytes that a channel has in a run of weights (docs/program.md, section 3).
  /* verilator lint_off UNUSEDSIGNAL */  // some bits of them say nothing
  function automatic parameters_t unpacked(logic [UnitBits-1:0] bytes);
    /* verilator lint_on UNUSEDSIGNAL */
    return '{
        bias: bytes[31:0],
        multiplier: bytes[32+:MultiplierBits],
        negative_multiplier: bytes[64+:MultiplierBits],
        shift: bytes[96+:ShiftBits],
        negative_shift: bytes[104+:ShiftBits],
        low: bytes[112+:ByteBits],
        high: bytes[120+:ByteBits]
    };
  endfunction

endpackage
