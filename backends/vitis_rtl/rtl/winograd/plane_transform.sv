// Both transforms of a tile with the turn between them, for `Lanes` channels side by side, as transform_order.sv says.
// F(5,4) is the second one's alone; what its A has nine times is that before the turn.
module plane_transform
  import winograd_pkg::*;
#(
    parameter int unsigned Lanes = 16,
    parameter int unsigned DataBits = 8,
    parameter int unsigned TurnBits = 12,
    parameter int unsigned ResultBits = 16,
    parameter bit Outputs = 1'b0
) (
    input logic clk_i,
    input form_e first_i,  // not F54
    input form_e second_i,
    input element_t element_i,
    input logic [Lanes-1:0][DataBits-1:0] data_i,
    output logic [Lanes-1:0][ResultBits-1:0] result_o
);

  logic [Lanes-1:0][TurnBits-1:0] sum, turned;

  transform_line #(
      .Lanes(Lanes),
      .DataBits(DataBits),
      .SumBits(TurnBits),
      .Outputs(Outputs)
  ) u_first (
      .clk_i,
      .form_i (first_i),
      .valid_i(element_i.valid),
      .datum_i(element_i.datum),
      .data_i,
      .sum_o  (sum)
  );

  logic [Lanes-1:0][TurnBits-1:0] kept;
  if (Outputs) begin : gen_ninefold
    for (genvar l = 0; l < Lanes; l++) begin : gen_lane
      assign kept[l] = sum[l] + (ninefold(second_i, element_i.write_line) ? sum[l] << 3 : '0);
    end
  end else begin : gen_once
    assign kept = sum;
  end

  transform_turn #(
      .Bits(Lanes * TurnBits),
      .ResultBits(Outputs ? 2 : IndexBits)  // up to four results, or six
  ) u_turn (
      .clk_i,
      .element_i,
      .data_i(kept),
      .data_o(turned)
  );

  transform_line #(
      .Lanes(Lanes),
      .DataBits(TurnBits),
      .SumBits(ResultBits),
      .Outputs(Outputs),
      .Long(1'b1)
  ) u_second (
      .clk_i,
      .form_i (second_i),
      .valid_i(element_i.turned),
      .datum_i(element_i.turned_datum),
      .data_i (turned),
      .sum_o  (result_o)
  );

endmodule
