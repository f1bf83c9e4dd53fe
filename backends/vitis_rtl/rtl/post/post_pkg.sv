// What the parts of POST agree on: the parameters of a channel, and in which stage of a lane each is used.
package post_pkg;

  localparam int unsigned ByteBits = 8;
  localparam int unsigned UnitBytes = 16;  // channels of a unit
  localparam int unsigned UnitBits = UnitBytes * ByteBits;

  localparam int unsigned BiasBits = 32;
  localparam int unsigned MultiplierBits = 18;  // signed: that of a negative sum may be negative
  localparam int unsigned ShiftBits = 6;

  // A DSP48E2: the bits of its ports that reach the multiplier, and by how many bits it can shift the sum
  // of the slice before it.
  localparam int unsigned FactorBits = 27;
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
  localparam int unsigned ProductCycles = 4;  // post_product.sv
  localparam int unsigned ShiftCycles = 3;  // post_shift.sv, and one to add the zero point
  localparam int unsigned TableCycles = 2;
  localparam int unsigned ChooseStage = 1;  // multiplier and shift, by the sign of the value
  localparam int unsigned ClampStage = ChooseStage + ProductCycles + ShiftCycles + 1;
  localparam int unsigned OutputStage = ClampStage + 1 + TableCycles;

  localparam int unsigned CountBits = 16;  // of positions, channels and units of a block

  // What POST does of a block: the rows of each tile of columns, the tiles one after the other. A row is a position at
  // the tile's channels, or, where inputs stay, a channel at the tile's positions.
  typedef struct packed {
    logic by_channel;
    logic half;  // of the accumulators, and of the output buffer
    logic [CountBits-1:0] row;  // the first one
    logic [CountBits-1:0] positions;
    logic [CountBits-1:0] channels;
    logic [CountBits-1:0] planes;  // of 16 channels, the last may have fewer
    logic [CountBits-1:0] parameters;  // the first word of the parameters in their memory
    // Winograd: positions are tiles; rows from one of their positions to the next.
    logic [CountBits-1:0] position_rows;
  } post_block_t;

  // Some planes at the same positions, which pass the lanes side by side; or some spans of 16 positions, of which all
  // planes pass one after the other.
  typedef struct packed {
    logic [CountBits-1:0] planes;
    logic [CountBits-1:0] spans;
    logic last;  // of the block
  } chunk_t;

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
