// The order in which the transfers of a pass take memory (docs/overlay.md, section 6): L0, P, L1 where
// inputs stream, P, L0, L1 where weights do, then L(i+2), S(i). A transfer starts when the one before it has
// taken as many cycles as its registers say; a pass that keeps its sums has no S. And
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
    input logic keep_i,  // nothing is stored
    input logic [CountBits-1:0] blocks_i,
    input logic [RunBits-1:0] resident_cycles_i,
    input logic [1:0][RunBits-1:0] load_cycles_i,  // [1]: of the last block
    input logic [1:0][RunBits-1:0] store_cycles_i,
    input logic computed_i,
    input logic filled_i,
    input logic free_i,  // nothing is being asked for
    output logic resident_o,  // starts
    output logic load_o,
    output logic load_last_o,  // the next load is the last block's
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
  logic load_last_q, store_last_q;  // the next one is the last
  logic [RunBits-1:0] cycles;
  logic [RunBits:0] cycles_q;  // until the next transfer may start, less one
  logic over, go, resident_done_q;

  assign over = cycles_q[RunBits];

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
        cycles = load_cycles_i[load_last_q];
      end
      Store: begin
        go = over & filled_q != 0;
        cycles = store_cycles_i[store_last_q];
      end
      default: ;
    endcase
  end

  assign resident_o = go && state_q == Resident;
  assign load_o = go && (state_q == FirstLoad || state_q == Load);
  assign load_last_o = load_last_q;
  assign store_o = go && state_q == Store;

  // Behind a transfer: two loads and the resident operand come first, then loads and stores in turn.
  always_comb begin
    next = state_q;
    case (state_q)
      Resident: begin
        if (loads_q != 0) next = FirstLoad;
        else next = keep_i ? Idle : Store;
      end
      FirstLoad: begin
        if (!resident_done_q) next = Resident;
        else if (load_last_q) next = keep_i ? Idle : Store;
        else if (loads_q == blocks_i) next = FirstLoad;
        else next = Load;
      end
      Load: begin
        if (!keep_i) next = Store;
        else if (load_last_q) next = Idle;
      end
      Store: begin
        if (store_last_q) next = Idle;
        else if (loads_q != 0) next = Load;
      end
      default: ;
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      state_q <= Idle;
      cycles_q <= '1;
      {halves_q, filled_q} <= '0;
    end else if (start_i) begin
      state_q <= resident_first_i ? Resident : FirstLoad;
      cycles_q <= '1;
      halves_q <= 3'd2;
      filled_q <= '0;
    end else begin
      if (go) state_q <= next;
      // The next transfer may start `cycles` after this one.
      cycles_q <= go ? {1'b0, cycles} - (RunBits + 1)'(2) : cycles_q - (RunBits + 1)'(!over);
      // A start comes late in its cycle: it chooses between sums, and enters none.
      if (computed_i != load_o) halves_q <= load_o ? halves_q - 1'b1 : halves_q + 1'b1;
      if (filled_i != store_o) filled_q <= store_o ? filled_q - 1'b1 : filled_q + 1'b1;
    end
    if (start_i) begin
      loads_q <= blocks_i;
      stores_q <= blocks_i;
      load_last_q <= blocks_i == 1;
      store_last_q <= blocks_i == 1;
      resident_done_q <= 1'b0;
    end else begin
      if (load_o) load_last_q <= loads_q == 2;
      if (store_o) store_last_q <= stores_q == 2;
      loads_q <= loads_q - CountBits'(load_o);
      stores_q <= stores_q - CountBits'(store_o);
      resident_done_q <= resident_done_q | resident_o;
    end
    if (rst_i) load_last_q <= 1'b0;  // as behind a pass
  end

endmodule
