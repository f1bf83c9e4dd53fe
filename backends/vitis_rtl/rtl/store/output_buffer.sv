// The output buffer: POST fills one half while STORE empties the other. Banks of 16-byte units, as many as
// a word has.
module output_buffer
  import store_pkg::*, post_pkg::chunk_t;
#(
    parameter int unsigned Planes = 1,
    parameter int unsigned Units = 4,
    parameter int unsigned Depth = 1024  // words of both halves
) (
    input logic clk_i,
    input logic rst_i,
    // filled (output_writer.sv)
    input logic fill_i,  // a block will come
    input store_block_t fill_block_i,
    input logic chunk_i,
    input chunk_t chunk_data_i,
    input logic valid_i,
    input logic [Planes-1:0][UnitBits-1:0] data_i,
    output logic filled_o,
    // emptied (output_reader.sv)
    input logic empty_i,
    input store_block_t empty_block_i,
    output logic emptying_o,
    output logic emptied_o,
    output logic data_valid_o,
    input logic data_ready_i,
    output logic [Units-1:0][UnitBits-1:0] data_o
);

  localparam int unsigned WordBits = $clog2(Depth);

  logic [Units-1:0] write;
  logic [Units-1:0][WordBits-1:0] write_address;
  logic [Units-1:0][UnitBits-1:0] write_data, read_data;
  logic advance;
  logic [WordBits-1:0] read_address;

  output_writer #(
      .Planes(Planes),
      .Units (Units),
      .Depth (Depth)
  ) u_writer (
      .clk_i,
      .rst_i,
      .block_push_i(fill_i),
      .block_i(fill_block_i),
      .chunk_i,
      .chunk_data_i,
      .valid_i,
      .data_i,
      .done_o(filled_o),
      .write_o(write),
      .write_address_o(write_address),
      .write_data_o(write_data)
  );

  for (genvar b = 0; b < Units; b++) begin : gen_bank
    output_bank #(
        .Bits (UnitBits),
        .Depth(Depth)
    ) u_bank (
        .clk_i,
        .write_i(write[b]),
        .write_address_i(write_address[b]),
        .write_data_i(write_data[b]),
        .advance_i(advance),
        .read_address_i(read_address),
        .read_data_o(read_data[b])
    );
  end

  output_reader #(
      .Units(Units),
      .Depth(Depth)
  ) u_reader (
      .clk_i,
      .rst_i,
      .start_i(empty_i),
      .block_i(empty_block_i),
      .busy_o(emptying_o),
      .done_o(emptied_o),
      .advance_o(advance),
      .read_address_o(read_address),
      .read_data_i(read_data),
      .data_valid_o,
      .data_ready_i,
      .data_o
  );

endmodule
