// Bytes from byte `shift_i` of the first unit on: two stages of four, a LUT and a register per bit.
module byte_shift #(
    parameter int unsigned Units = 8,
    parameter int unsigned Bytes = 113
) (
    input logic clk_i,
    input logic [3:0] shift_i,
    /* verilator lint_off UNUSEDSIGNAL */  // whole units come
    input logic [16*Units-1:0][7:0] byte_i,
    /* verilator lint_on UNUSEDSIGNAL */
    output logic [Bytes-1:0][7:0] byte_o  // two cycles later
);

  if (Bytes + 15 > 16 * Units) begin : gen_check_units
    $error("Units: at least what Bytes and 15 more take.");
  end

  logic [Bytes+2:0][7:0] coarse_q;
  logic [1:0] shift_q;

  for (genvar i = 0; i < Bytes + 3; i++) begin : gen_coarse
    always_ff @(posedge clk_i) begin
      case (shift_i[3:2])
        2'd0: coarse_q[i] <= byte_i[i];
        2'd1: coarse_q[i] <= byte_i[i+4];
        2'd2: coarse_q[i] <= byte_i[i+8];
        default: coarse_q[i] <= byte_i[i+12];
      endcase
    end
  end

  always_ff @(posedge clk_i) shift_q <= shift_i[1:0];

  for (genvar i = 0; i < Bytes; i++) begin : gen_fine
    always_ff @(posedge clk_i) begin
      case (shift_q)
        2'd0: byte_o[i] <= coarse_q[i];
        2'd1: byte_o[i] <= coarse_q[i+1];
        2'd2: byte_o[i] <= coarse_q[i+2];
        default: byte_o[i] <= coarse_q[i+3];
      endcase
    end
  end

endmodule
