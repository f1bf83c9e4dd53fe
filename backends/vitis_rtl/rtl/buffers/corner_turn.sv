// Windows into values: up to Windows windows of up to Values values each come one after the other, and go out value
// after value, one of each window at a time. Two such squares are held: one comes while the other goes.
//
// Value v of window r lies in bank (v + r) modulo Banks, at v: neither the values of a window nor those of all windows
// at v meet. Both are turned by a rotator.
//
//   cycle   0             Turn       Turn + 1
//           window here   written    can be asked for
//           asked for     read       out, Turn + 1 later
module corner_turn #(
    parameter int unsigned Windows = 16,
    parameter int unsigned Values = 16,
    parameter int unsigned Bits = 8,
    localparam int unsigned ValueBits = $clog2(Values),
    localparam int unsigned Turns = $clog2(Windows > Values ? Windows : Values),
    localparam int unsigned Banks = 2 ** Turns,
    localparam int unsigned Turn = (Turns + 1) / 2
) (
    input logic clk_i,
    input logic rst_i,
    input logic valid_i,
    input logic take_i,  // the first window of its square
    input logic [Values-1:0][Bits-1:0] window_i,
    input logic ask_i,  // else zeros go out
    input logic enter_i,  // the first value that is asked for of its square
    input logic [ValueBits-1:0] value_i,
    output logic [Windows-1:0][Bits-1:0] values_o
);

  typedef logic [Turns-1:0] place_t;

  // Halves change with the first window, and with the first value.
  logic write_half_q, write_half, read_half_q, read_half, write, written_half;
  place_t row_q, row, written_row, turn;
  logic [Banks-1:0][Bits-1:0] window, turned, read_q;
  logic [Windows-1:0][Bits-1:0] out;
  logic asked;

  assign write_half = write_half_q ^ (valid_i & take_i);
  assign row = take_i ? '0 : row_q;
  assign read_half = read_half_q ^ (ask_i & enter_i);

  always_ff @(posedge clk_i) begin
    write_half_q <= write_half & !rst_i;
    read_half_q  <= read_half & !rst_i;
    if (valid_i) row_q <= row + 1'b1;
  end

  for (genvar b = 0; b < Banks; b++) begin : gen_lane
    if (b < Values) begin : gen_value
      assign window[b] = window_i[b];
    end else begin : gen_none
      assign window[b] = '0;
    end
  end

  unit_rotator #(
      .Places(Banks),
      .Bits  (Bits)
  ) u_in (
      .clk_i,
      .turn_i(-row),
      .data_i(window),
      .data_o(turned)
  );

  delay_line #(
      .Bits  (2 + Turns),
      .Cycles(Turn)
  ) u_write_late (
      .clk_i,
      .data_i({valid_i, write_half, row}),
      .data_o({write, written_half, written_row})
  );

  for (genvar b = 0; b < Banks; b++) begin : gen_bank
    (* ram_style = "distributed" *)
    logic [Bits-1:0] memory[2**(ValueBits+1)];
    place_t value;
    logic known;  // a window has such a value
    assign value = place_t'(b) - written_row;
    if (Turns > ValueBits) begin : gen_few
      assign known = value[Turns-1:ValueBits] == 0;
    end else begin : gen_all
      assign known = 1'b1;
    end
    always_ff @(posedge clk_i) begin
      if (write && known) memory[{written_half, value[ValueBits-1:0]}] <= turned[b];
      read_q[b] <= memory[{read_half, value_i}];
    end
  end

  delay_line #(
      .Bits  (Turns),
      .Cycles(1)
  ) u_value_late (
      .clk_i,
      .data_i(place_t'(value_i)),
      .data_o(turn)
  );

  unit_rotator #(
      .Places(Banks),
      .Kept  (Windows),
      .Bits  (Bits)
  ) u_out (
      .clk_i,
      .turn_i(turn),
      .data_i(read_q),
      .data_o(out)
  );

  delay_line #(
      .Bits  (1),
      .Cycles(Turn + 1)
  ) u_asked_late (
      .clk_i,
      .data_i(ask_i),
      .data_o(asked)
  );

  for (genvar r = 0; r < Windows; r++) begin : gen_out
    assign values_o[r] = asked ? out[r] : '0;
  end

endmodule
