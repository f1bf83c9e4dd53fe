// A pass as the whole core sees it: the registers of a command, multiplied out.
package core_pkg;

  import drain_pkg::drain_pass_t;
  import feed_pkg::block_t;
  import feed_pkg::units_t;
  import feed_pkg::count_t;
  import load_pkg::load_t;
  import transform_pkg::transform_pass_t;
  import store_pkg::AddressBits;
  import store_pkg::CountBits;
  import store_pkg::RunBits;

  // Of the blocks of a pass, or of its last one: what is loaded, and how long memory is taken by it.
  typedef struct packed {
    logic [CountBits-1:0] input_runs;
    logic [RunBits-1:0] input_run_beats;
    logic [RunBits-1:0] input_cycles;
    load_t load;  // its base is that of half 0
    logic [RunBits-1:0] weight_beats;
    logic [CountBits-1:0] parameter_words;  // of these, from the first on
    logic [RunBits-1:0] weight_cycles;
    logic [RunBits-1:0] store_cycles;
    // The last first row that is read: what is beyond begins there.
    logic [AddressBits-1:0] last_bytes;
    units_t last_units;
    count_t last_row;
    block_t block;  // its place is that of output row 0 of the pass, and its sums', in half 0
  } core_block_t;

  typedef struct packed {
    logic stream_weights;  // else the inputs
    logic keep;  // the sums, for the next pass: nothing is posted or stored
    logic [AddressBits-1:0] input_address;
    logic [AddressBits-1:0] input_pitch;  // from a plane to the next
    // Where the first output row's window begins, negative in a pad, and from a block to the next.
    logic [AddressBits-1:0] first_bytes;
    logic [AddressBits-1:0] step_bytes;
    units_t first_units;
    units_t step_units;
    count_t first_row;
    count_t step_rows;
    units_t half_units;  // from half 0 of the input buffer to half 1
    units_t load_half_units;  // of what is placed: Winograd's pixels have a buffer of their own
    logic [AddressBits-1:0] weight_address;
    logic [AddressBits-1:0] weight_step;
    units_t weight_half_units;
    transform_pass_t transform;
    core_block_t whole;
    core_block_t last;
    drain_pass_t drained;
  } core_pass_t;

  // What comes of the reading port next.
  typedef struct packed {
    logic weights;  // else an input, to be placed
    logic [CountBits-1:0] runs;
    load_t load;
    units_t unit;  // of the weight buffer
    logic [CountBits-1:0] parameter_words;  // of weights, the first of them
    logic [CountBits-1:0] parameter_word;  // of the memory of parameters
  } transfer_t;

endpackage
