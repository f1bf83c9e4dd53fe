// The output buffer: POST fills one half while STORE empties the other. Banks of 16-byte units, as many as
// a word has.
module output_buffer
  import store_pkg::*, post_pkg::chunk_t, winograd_pkg::form_e;
#(
    parameter int unsigned Planes = 1,
    parameter int unsigned Units = 4,
    parameter int unsigned Depth = 1024,  // words of both halves
    parameter bit Pixels = 1'b1,  // emptied into hwc tensors too
    parameter bit ByChannel = 1'b1,  // filled plane by plane too
    parameter bit Winograd = 1'b0,  // filled tile by tile too
    parameter bit Ultra = 1'b0
) (
    input logic clk_i,
    input logic rst_i,
    input form_e tile_rows_i,  // as output_writer.sv has them
    input form_e tile_columns_i,
    // filled (output_writer.sv)
    input logic fill_i,  // a block will come
    input store_block_t fill_block_i,
    input logic chunk_i,
    input chunk_t chunk_data_i,
    input logic valid_i,
    input logic [Planes-1:0][UnitBits-1:0] data_i,
    output logic filled_o,
    // emptied (output_reader.sv, packed_reader.sv)
    input logic empty_i,
    input store_block_t empty_block_i,
    output logic emptying_o,
    output logic emptied_o,
    output logic data_valid_o,
    input logic data_ready_i,
    output logic [Units-1:0][UnitBits-1:0] data_o
);

  localparam int unsigned WordBits = $clog2(Depth);

  localparam int unsigned Parts = Winograd ? 2 : 1;
  localparam int unsigned PartBits = UnitBits / Parts;
  localparam int unsigned Readers = 1 + Pixels;  // of planes; of pixels

  /* verilator lint_off UNUSEDSIGNAL */  // both halves are written together without Winograd
  logic [Units-1:0][1:0] write;
  /* verilator lint_on UNUSEDSIGNAL */
  logic [Units-1:0][WordBits-1:0] write_address, read_address;
  logic [Units-1:0][UnitBits-1:0] write_data, read_data;
  logic [Units-1:0][WordBits-1:0] word_address;
  logic pixels_q, pixels, advance;  // which reads
  logic [Readers-1:0] reader_busy, reader_done, reader_advance, reader_valid;
  logic [Readers-1:0][Units-1:0][UnitBits-1:0] reader_data;

  output_writer #(
      .Planes(Planes),
      .ByChannel(ByChannel),
      .Units(Units),
      .Depth(Depth),
      .Winograd(Winograd)
  ) u_writer (
      .clk_i,
      .rst_i,
      .tile_rows_i,
      .tile_columns_i,
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
    // Winograd's channels come by halves of a unit.
    for (genvar h = 0; h < Parts; h++) begin : gen_part
      output_bank #(
          .Bits (PartBits),
          .Depth(Depth),
          .Ultra(Ultra)
      ) u_bank (
          .clk_i,
          .write_i(write[b][h]),
          .write_address_i(write_address[b]),
          .write_data_i(write_data[b][h*PartBits+:PartBits]),
          .advance_i(advance),
          .read_address_i(read_address[b]),
          .read_data_o(read_data[b][h*PartBits+:PartBits])
      );
    end
  end

  assign pixels = empty_block_i.pixel_bytes != 0;

  if (Units > QuadUnits) begin : gen_packed
    packed_reader #(
        .Units(Units),
        .Depth(Depth)
    ) u_reader (
        .clk_i,
        .rst_i,
        .start_i(empty_i & !(Pixels & pixels)),
        .block_i(empty_block_i),
        .busy_o(reader_busy[0]),
        .done_o(reader_done[0]),
        .advance_o(reader_advance[0]),
        .read_address_o(word_address),
        .read_data_i(read_data),
        .data_valid_o(reader_valid[0]),
        .data_ready_i,
        .data_o(reader_data[0])
    );
  end else begin : gen_whole
    logic [WordBits-1:0] row_address;
    assign word_address = {Units{row_address}};

    output_reader #(
        .Units(Units),
        .Depth(Depth)
    ) u_reader (
        .clk_i,
        .rst_i,
        .start_i(empty_i & !(Pixels & pixels)),
        .block_i(empty_block_i),
        .busy_o(reader_busy[0]),
        .done_o(reader_done[0]),
        .advance_o(reader_advance[0]),
        .read_address_o(row_address),
        .read_data_i(read_data),
        .data_valid_o(reader_valid[0]),
        .data_ready_i,
        .data_o(reader_data[0])
    );
  end

  if (Pixels) begin : gen_pixels
    logic [Units-1:0][WordBits-1:0] pixel_address;

    pixel_reader #(
        .Units(Units),
        .Depth(Depth)
    ) u_pixels (
        .clk_i,
        .rst_i,
        .start_i(empty_i & pixels),
        .block_i(empty_block_i),
        .busy_o(reader_busy[1]),
        .done_o(reader_done[1]),
        .advance_o(reader_advance[1]),
        .read_address_o(pixel_address),
        .read_data_i(read_data),
        .data_valid_o(reader_valid[1]),
        .data_ready_i,
        .data_o(reader_data[1])
    );

    always_ff @(posedge clk_i) if (empty_i) pixels_q <= pixels;
    assign read_address = pixels_q ? pixel_address : word_address;
  end else begin : gen_no_pixels
    assign pixels_q = 1'b0;
    assign read_address = word_address;
`ifndef SYNTHESIS
    always_ff @(posedge clk_i) begin
      assert (rst_i || !empty_i || !pixels)
      else $error("An output buffer without Pixels was to be emptied into an hwc tensor.");
    end
`endif
  end

  assign advance = reader_advance[pixels_q];
  assign emptying_o = |reader_busy;
  assign emptied_o = |reader_done;
  assign data_valid_o = reader_valid[pixels_q];
  assign data_o = reader_data[pixels_q];

endmodule
