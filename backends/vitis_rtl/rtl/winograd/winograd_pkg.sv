// Winograd's transforms along one dimension (docs/arithmetic.md, section 4): sizes, matrices, and where an element is
// on its way.
package winograd_pkg;

  typedef enum logic [1:0] {
    Alone = 2'd0,  // a dimension of kernel 1
    F23 = 2'd1,
    F43 = 2'd2,
    F54 = 2'd3  // for kernels of one dimension
  } form_e;

  localparam int unsigned IndexBits = 3;  // of a datum of a line

  typedef logic [IndexBits-1:0] index_t;
  typedef logic signed [7:0] number_t;  // of B or A

  // Data of a line, and outputs of it, less one.
  function automatic index_t last_datum(form_e form);
    case (form)
      F54: return 3'd7;
      F43: return 3'd5;
      F23: return 3'd3;
      default: return 3'd0;
    endcase
  endfunction

  function automatic index_t last_output(form_e form);
    case (form)
      F54: return 3'd4;
      F43: return 3'd3;
      F23: return 3'd1;
      default: return 3'd0;
    endcase
  endfunction

  // A tile of F(5,4) has one line: as data of the second transform it is the same, so the first one has no F(5,4).
  function automatic form_e first_of(form_e first);
    return first == F54 ? Alone : first;
  endfunction

  function automatic form_e second_of(form_e first, form_e second);
    return first == F54 ? F54 : second;
  endfunction

  // Row `sum`, column `datum` of B; without `has_long` there is no F(5,4).
  function automatic number_t data_number(form_e form, int unsigned sum, index_t datum,
                                          bit has_long);
    number_t row[8];
    row = '{default: '0};
    if (form == F54 && has_long) begin
      case (sum)
        0: row = '{-4, 0, 21, 0, -21, 0, 4, 0};
        1: row = '{0, 4, 4, -17, -17, 4, 4, 0};
        2: row = '{0, -4, 4, 17, -17, -4, 4, 0};
        3: row = '{0, 2, 1, -10, -5, 8, 4, 0};
        4: row = '{0, -2, 1, 10, -5, -8, 4, 0};
        5: row = '{0, 4, 8, -5, -10, 1, 2, 0};
        6: row = '{0, -4, 8, 5, -10, -1, 2, 0};
        default: row = '{0, -4, 0, 21, 0, -21, 0, 4};
      endcase
    end else if (form == F43) begin
      case (sum)
        0: row[0:5] = '{4, 0, -5, 0, 1, 0};
        1: row[0:5] = '{0, -4, -4, 1, 1, 0};
        2: row[0:5] = '{0, 4, -4, -1, 1, 0};
        3: row[0:5] = '{0, -2, -1, 2, 1, 0};
        4: row[0:5] = '{0, 2, -1, -2, 1, 0};
        5: row[0:5] = '{0, 4, 0, -5, 0, 1};
        default: ;
      endcase
    end else if (form == F23) begin
      case (sum)
        0: row[0:3] = '{1, 0, -1, 0};
        1: row[0:3] = '{0, 1, 1, 0};
        2: row[0:3] = '{0, -1, 1, 0};
        3: row[0:3] = '{0, 1, 0, -1};
        default: ;
      endcase
    end else if (sum == 0) row[0] = 8'sd1;
    return row[datum];
  endfunction

  // In F(5,4) the first and last data of A come nine times, so that 10 of them are 90.
  function automatic logic ninefold(form_e form, index_t datum);
    return form == F54 && (datum == 3'd0 || datum == 3'd7);
  endfunction

  // Row `sum`, column `datum` of A.
  function automatic number_t output_number(form_e form, int unsigned sum, index_t datum,
                                            bit has_long);
    number_t row[8];
    row = '{default: '0};
    if (form == F54 && has_long) begin
      case (sum)
        0: row = '{-10, -20, -20, 1, 1, 16, 16, 0};
        1: row = '{0, -20, 20, 2, -2, 8, -8, 0};
        2: row = '{0, -20, -20, 4, 4, 4, 4, 0};
        3: row = '{0, -20, 20, 8, -8, 2, -2, 0};
        default: row = '{0, -20, -20, 16, 16, 1, 1, 10};
      endcase
    end else if (form == F43) begin
      case (sum)
        0: row[0:5] = '{6, 4, 4, 1, 1, 0};
        1: row[0:5] = '{0, 4, -4, 2, -2, 0};
        2: row[0:5] = '{0, 4, 4, 4, 4, 0};
        3: row[0:5] = '{0, 4, -4, 8, -8, 24};
        default: ;
      endcase
    end else if (form == F23) begin
      case (sum)
        0: row[0:3] = '{2, 1, 1, 0};
        1: row[0:3] = '{0, 1, -1, -2};
        default: ;
      endcase
    end else if (sum == 0) row[0] = 8'sd1;
    return row[datum];
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
