// What the parts of running windows agree on: windows of at most three rows and three columns, each pixel of which
// comes once.
package pool_pkg;

  localparam int unsigned CentredBits = 9;
  localparam int unsigned WindowBits = CentredBits + 4;  // a sum of nine
  localparam int unsigned Others = 2;  // rows before a pixel's own that may count, and columns
  localparam int unsigned ColumnBits = 10;  // of a place in a row
  // By how much later a lane then multiplies.
  localparam int unsigned LaterCycles = 2;

endpackage
