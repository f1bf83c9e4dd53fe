// Winograd's transforms along one dimension (docs/arithmetic.md, section 4): sizes, and what a datum is multiplied
// by on its way into each sum.
package winograd_pkg;

  // F(5,4) is not there: it needs eight data and other factors.
  typedef enum logic [1:0] {
    Alone = 2'd0,  // a dimension of kernel 1
    F23 = 2'd1,
    F43 = 2'd2
  } form_e;

  localparam int unsigned IndexBits = 3;  // of a datum of a line

  typedef logic [IndexBits-1:0] index_t;

  // Data of a line, and outputs of it, less one.
  function automatic index_t last_datum(form_e form);
    case (form)
      F43: return 3'd5;
      F23: return 3'd3;
      default: return 3'd0;
    endcase
  endfunction

  function automatic index_t last_output(form_e form);
    case (form)
      F43: return 3'd3;
      F23: return 3'd1;
      default: return 3'd0;
    endcase
  endfunction

  // A factor is 0, or a sum's sign and one of these: of the datum, or of its triple (6, 24) or quintuple (5).
  typedef struct packed {
    logic negative;
    logic more4;  // four times `more1`
    logic more1;
    logic by8;
    logic by4;
    logic by2;
    logic by1;
  } factor_t;

  function automatic factor_t factor(logic signed [5:0] number);
    factor_t found = '0;
    found.negative = number < 0;
    case (number)
      1, -1: found.by1 = 1'b1;
      2, -2: found.by2 = 1'b1;
      4, -4: found.by4 = 1'b1;
      8, -8: found.by8 = 1'b1;
      6, -5: found.more1 = 1'b1;
      24: found.more4 = 1'b1;
      default: ;
    endcase
    return found;
  endfunction

  // Row `sum`, column `datum` of B.
  function automatic factor_t data_factor(form_e form, int unsigned sum, index_t datum);
    logic signed [5:0] row[8];
    row = '{default: '0};
    if (form == F43) begin
      case (sum)
        0: row[0:5] = '{4, 0, -5, 0, 1, 0};
        1: row[0:5] = '{0, -4, -4, 1, 1, 0};
        2: row[0:5] = '{0, 4, -4, -1, 1, 0};
        3: row[0:5] = '{0, -2, -1, 2, 1, 0};
        4: row[0:5] = '{0, 2, -1, -2, 1, 0};
        default: row[0:5] = '{0, 4, 0, -5, 0, 1};
      endcase
    end else if (form == F23) begin
      case (sum)
        0: row[0:3] = '{1, 0, -1, 0};
        1: row[0:3] = '{0, 1, 1, 0};
        2: row[0:3] = '{0, -1, 1, 0};
        3: row[0:3] = '{0, 1, 0, -1};
        default: ;
      endcase
    end else if (sum == 0) row[0] = 6'sd1;
    return factor(row[datum]);
  endfunction

  // Row `sum`, column `datum` of A.
  function automatic factor_t output_factor(form_e form, int unsigned sum, index_t datum);
    logic signed [5:0] row[8];
    row = '{default: '0};
    if (form == F43) begin
      case (sum)
        0: row[0:5] = '{6, 4, 4, 1, 1, 0};
        1: row[0:5] = '{0, 4, -4, 2, -2, 0};
        2: row[0:5] = '{0, 4, 4, 4, 4, 0};
        default: row[0:5] = '{0, 4, -4, 8, -8, 24};
      endcase
    end else if (form == F23) begin
      case (sum)
        0: row[0:3] = '{2, 1, 1, 0};
        1: row[0:3] = '{0, 1, -1, -2};
        default: ;
      endcase
    end else if (sum == 0) row[0] = 6'sd1;
    return factor(row[datum]);
  endfunction

  // One element on its way through two transforms with a turn between them (transform_order.sv).
  typedef struct packed {
    logic valid;  // a datum of the first transform,
    index_t datum;  // its number in its line
    logic write;  // a result of it goes into the turn,
    logic half;  // into this half,
    index_t write_line;  // of this line,
    index_t write_result;  // this one
    logic read_half;  // what leaves the turn
    index_t read_line;
    index_t read_result;
    logic turned;  // has left it: a datum of the second transform,
    index_t turned_datum;
  } element_t;

endpackage
