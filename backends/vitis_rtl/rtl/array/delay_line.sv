// A value, Cycles later. Without a reset, so that it maps to shift registers in LUTs.
module delay_line #(
    parameter int unsigned Bits = 8,
    parameter int unsigned Cycles = 1
) (
    /* verilator lint_off UNUSEDSIGNAL */  // of no use where Cycles is 0
    input logic clk_i,
    /* verilator lint_on UNUSEDSIGNAL */
    input logic [Bits-1:0] data_i,
    output logic [Bits-1:0] data_o
);

  if (Cycles == 0) begin : gen_wire
    assign data_o = data_i;
  end else begin : gen_shift
    logic [Cycles-1:0][Bits-1:0] stage_q;
    if (Cycles == 1) begin : gen_one
      always_ff @(posedge clk_i) stage_q <= data_i;
    end else begin : gen_more
      always_ff @(posedge clk_i) stage_q <= {stage_q[Cycles-2:0], data_i};
    end
    assign data_o = stage_q[Cycles-1];
  end

endmodule
