// What the sums of an average are multiplied by (docs/program.md, section 4): by the classes of a window's row and column. A
// window finds both in its last slot, so the classes are read from a copy of the table whose bytes have a port each.
#ifndef OVERLAY_POOLING_DIVISORS_H
#define OVERLAY_POOLING_DIVISORS_H

#include "order.h"

typedef struct {
    uint32_t multiplier;
    uint8_t shift;
} divisor_t;

// The class of a row, and that of the next one if it is known already.
typedef struct {
    int row, own, next;
    bool known;
} row_class_t;

INLINE row_class_t first_row_class(const block_t *b, values_read_t classes) {
    INLINED
    const row_class_t r = {0, value_byte(classes, b->first_row), 0, false};
    return r;
}

// The divisor of the window of row `row` of the block and column `column`, where the slot ends it. The next row's class is
// read as soon as its byte is not beside that of a column: of two columns one at least leaves it alone.
INLINE divisor_t find_divisor(const command_t *c, const block_t *b, int row, int column, bool ends,
                              values_read_t values, values_read_t classes, row_class_t *r) {
    INLINED
    if (row != r->row) {
        r->row = row;
        r->own = r->next;
        r->known = false;
    }
    const int next = b->first_row + row + 1;
    const int of_column = c->out_height + column;
    if (!r->known && (!ends || (next - of_column) % VALUE_ROW != 0)) {
        r->next = value_byte(classes, next);
        r->known = true;
    }
    divisor_t divisor = {0, 0};
    if (!ends) return divisor;
    const int pairs = (c->out_height + c->out_width + VALUE_ROW - 1) / VALUE_ROW;
    const int word = 2 * (pairs + times(c->columns_factor, r->own) + value_byte(classes, of_column));
    divisor.multiplier = value_word(values, word);
    divisor.shift = (uint8_t)value_word(values, word + 1);
    return divisor;
}

#endif
