// Which buffers lie in UltraRAM, 4,096 words of 72 bits; the others lie in block RAM.
package buffers_pkg;

  typedef struct packed {
    logic inputs;
    logic pixels;  // Winograd's
    logic weights;
    logic accumulators;
    logic outputs;
    logic vector_inputs;
    logic vector_outputs;
  } ultra_t;

endpackage
