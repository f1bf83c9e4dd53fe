// The order in which the transfers of a pass take memory (docs/overlay.md, section 6): L0, P, L1 where
// inputs stream, P, L0, L1 where weights do, then L(i+2), S(i). A transfer starts when the one before it has
// taken as many cycles as its registers say, and
//
//   L(i)   when block i - 2 is computed: its half of the buffer is free
//   S(i)   when block i is in the output buffer
module memory_sequence
  import store_pkg::CountBits, store_pkg::RunBits;
(
    input logic clk_i,
    input logic rst_i,
    input logic start_i,
    input logic resident_first_i,
    input logic [CountBits-1:0] blocks_i,
    input logic [RunBits-1:0] resident_cycles_i,
    input logic [1:0][RunBits-1:0] load_cycles_i,  // [1]: of the last block
    input logic [1:0][RunBits-1:0] store_cycles_i,
    input logic computed_i,
    input logic filled_i,
    input logic free_i,  // nothing is being asked for
    output logic resident_o,  // starts
    output logic load_o,
    output logic load_last_o,  // the last block's
    output logic store_o
);

  typedef enum logic [2:0] {
    Idle,
    Resident,
    FirstLoad,
    Load,
    Store
  } state_e;

  state_e state_q, next;
  logic [CountBits-1:0] loads_q, stores_q;  // left
  logic [2:0] halves_q, filled_q;  // free to load; to be stored
  logic [RunBits-1:0] cycles_q, cycles;
  logic over, go, resident_done_q, resident_done;

  assign over = cycles_q == 0;

  always_comb begin
    go = 1'b0;
    cycles = '0;
    case (state_q)
      Resident: begin
        go = over & free_i;
        cycles = resident_cycles_i;
      end
      FirstLoad, Load: begin
        go = over & free_i & halves_q != 0;
        cycles = load_cycles_i[loads_q==1];
      end
      Store: begin
        go = over & filled_q != 0;
        cycles = store_cycles_i[stores_q==1];
      end
      default: ;
    endcase
  end

  assign resident_o = go && state_q == Resident;
  assign load_o = go && (state_q == FirstLoad || state_q == Load);
  assign load_last_o = loads_q == 1;
  assign store_o = go && state_q == Store;
  assign resident_done = resident_done_q | resident_o;

  // Behind a transfer: two loads and the resident operand come first, then loads and stores in turn.
  always_comb begin
    next = state_q;
    case (state_q)
      Resident: next = loads_q == 0 ? Store : FirstLoad;
      FirstLoad: begin
        if (!resident_done) next = Resident;
        else if (loads_q == 1) next = Store;
        else if (loads_q == blocks_i) next = FirstLoad;
        else next = Load;
      end
      Load: next = Store;
      Store: begin
        if (stores_q == 1) next = Idle;
        else if (loads_q != 0) next = Load;
      end
      default: ;
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      state_q <= Idle;
      cycles_q <= '0;
      {halves_q, filled_q} <= '0;
    end else if (start_i) begin
      state_q <= resident_first_i ? Resident : FirstLoad;
      cycles_q <= '0;
      halves_q <= 3'd2;
      filled_q <= '0;
    end else begin
      if (go) state_q <= next;
      // The next transfer may start `cycles` after this one.
      cycles_q <= go ? cycles - 1'b1 : cycles_q - RunBits'(!over);
      halves_q <= halves_q + 3'(computed_i) - 3'(load_o);
      filled_q <= filled_q + 3'(filled_i) - 3'(store_o);
    end
    if (rst_i) begin
      loads_q <= '0;  // as behind a pass: no load is the last one before a start
    end else if (start_i) begin
      loads_q <= blocks_i;
      stores_q <= blocks_i;
      resident_done_q <= 1'b0;
    end else begin
      loads_q <= loads_q - CountBits'(load_o);
      stores_q <= stores_q - CountBits'(store_o);
      resident_done_q <= resident_done;
    end
  end

endmodule
