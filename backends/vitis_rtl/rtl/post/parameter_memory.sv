// Parameters of channels, as memory words bring them: 16 bytes a channel, in banks of a channel each. Two
// neighbouring channels are read per cycle, three cycles behind their request.
module parameter_memory
  import lanes_pkg::*, post_pkg::*;
#(
    parameter int unsigned Units = 4,  // of 16 bytes in a word: channels that come at a time
    parameter int unsigned Depth = 512,  // words
    localparam int unsigned WordBits = $clog2(Depth)
) (
    input logic clk_i,
    input logic write_i,
    input logic [WordBits-1:0] write_word_i,
    input logic [Units-1:0][UnitBits-1:0] write_data_i,
    /* verilator lint_off UNUSEDSIGNAL */  // of narrow words the lowest bit is none
    input logic [CountBits-1:0] read_word_i,  // the first word of the block
    /* verilator lint_on UNUSEDSIGNAL */
    input logic [CountBits-1:0] read_pair_i,  // from there on
    output parameters_t [1:0] read_data_o
);

  localparam int unsigned Banks = Units < 2 ? 2 : Units;
  localparam int unsigned BankPairs = Banks / 2;
  localparam int unsigned BankDepth = Depth * Units / Banks;
  localparam int unsigned AddressBits = $clog2(BankDepth);

  if (Units == 0 || (Units & (Units - 1)) != 0) begin : gen_check
    $error("Units: a power of two.");
  end

  parameters_t [Banks-1:0] fetched;
  logic [AddressBits-1:0] read_address;

  if (Units < 2) begin : gen_narrow
    // Words alternate between the banks; a block begins with the first.
    assign read_address = AddressBits'(read_word_i[CountBits-1:1] + read_pair_i);
    for (genvar b = 0; b < Banks; b++) begin : gen_bank
      parameter_bank #(
          .Depth(BankDepth)
      ) u_bank (
          .clk_i,
          .write_i(write_i & write_word_i[0] == b),
          .write_address_i(write_word_i[WordBits-1:1]),
          .write_data_i(unpacked(write_data_i[0])),
          .read_address_i(read_address),
          .read_data_o(fetched[b])
      );
    end
  end else begin : gen_wide
    assign read_address = AddressBits'(read_word_i + read_pair_i / CountBits'(BankPairs));
    for (genvar b = 0; b < Banks; b++) begin : gen_bank
      parameter_bank #(
          .Depth(BankDepth)
      ) u_bank (
          .clk_i,
          .write_i,
          .write_address_i(write_word_i),
          .write_data_i(unpacked(write_data_i[b])),
          .read_address_i(read_address),
          .read_data_o(fetched[b])
      );
    end
  end

  if (BankPairs == 1) begin : gen_pair
    always_ff @(posedge clk_i) read_data_o <= fetched;
  end else begin : gen_pairs
    logic [$clog2(BankPairs)-1:0] chosen;
    delay_line #(
        .Bits  ($clog2(BankPairs)),
        .Cycles(2)
    ) u_chosen (
        .clk_i,
        .data_i(read_pair_i[$clog2(BankPairs)-1:0]),
        .data_o(chosen)
    );
    always_ff @(posedge clk_i) read_data_o <= fetched[2*chosen+:2];
  end

endmodule
