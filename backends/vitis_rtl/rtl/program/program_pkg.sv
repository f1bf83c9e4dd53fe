// What the kernel's program is made of: records of one size, for each pass of a command one, and for each table
// that is looked up in another one. A record begins at a multiple of 64 bytes: its head, then what its engine reads.
package program_pkg;

  import core_pkg::core_pass_t;
  import vector_pkg::vector_pass_t;

  localparam int unsigned AlignedBits = 512;
  localparam int unsigned CountBits = 32;  // of records, cycles and beats

  // What a record is for. 0 is none: memory that nobody wrote must not start an engine.
  typedef enum logic [7:0] {
    OpNone = 8'd0,
    OpTable = 8'd1,  // 256 bytes, that of the value -128 first
    // A pass of an engine, its addresses counted from the program's buffer.
    OpConvolution = 8'd2,
    OpVector = 8'd3
  } op_e;

  typedef struct packed {
    logic [31:0] reserved;
    logic [CountBits-1:0] cycles;  // of a pass, as planned: it ends no sooner
    logic [31:0] command;  // its number in the program, for who asks which one failed
    logic [7:0] zero_point;  // of the output
    logic [7:0] reserved_flags;
    logic [7:0] look_up;  // bit 0: results go through the table
    op_e op;
  } head_t;

  localparam int unsigned HeadBits = $bits(head_t);
  localparam int unsigned HeadBytes = HeadBits / 8;
  localparam int unsigned TableEntries = 256;
  localparam int unsigned TableBits = 8 * TableEntries;
  localparam int unsigned ConvolutionBits = $bits(core_pass_t);
  localparam int unsigned VectorBits = $bits(vector_pass_t);
  // The registers of any engine, those of a convolution or of the vector unit lowest.
  localparam int unsigned PassBits = ConvolutionBits > VectorBits ? ConvolutionBits : VectorBits;
  localparam int unsigned LongestBits = PassBits > TableBits ? PassBits : TableBits;
  localparam int unsigned RecordBits = (HeadBits + LongestBits + AlignedBits - 1) / AlignedBits *
      AlignedBits;
  localparam int unsigned RecordBytes = RecordBits / 8;

  typedef logic [PassBits-1:0] pass_t;

  // What the kernel counts of a record.
  typedef struct packed {
    logic [CountBits-1:0] waited;  // cycles, for the end of the pass as it was planned
    logic [CountBits-1:0] written;  // beats
    logic [CountBits-1:0] read;  // beats, without those of records
    logic [CountBits-1:0] cycles;  // since the record before ended, or a run's first one is there
  } counts_t;

endpackage
