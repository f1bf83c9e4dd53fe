// Parameters of some channels: one write and one read per cycle, two cycles from a request to its data.
module parameter_bank
  import lanes_pkg::*;
#(
    parameter  int unsigned Depth = 512,
    localparam int unsigned AddressBits = $clog2(Depth)
) (
    input logic clk_i,
    input logic write_i,
    input logic [AddressBits-1:0] write_address_i,
    input parameters_t write_data_i,
    input logic [AddressBits-1:0] read_address_i,
    output parameters_t read_data_o
);

  (* ram_style = "block" *)
  logic [$bits(parameters_t)-1:0] memory[Depth];
  logic [$bits(parameters_t)-1:0] fetched_q;

  always_ff @(posedge clk_i) begin
    fetched_q   <= memory[read_address_i];
    read_data_o <= fetched_q;
    if (write_i) memory[write_address_i] <= write_data_i;
  end

endmodule
