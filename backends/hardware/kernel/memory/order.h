// The order in which the vector unit hands out products (docs/overlay.md, section 7): a chunk of R / 16 units of channels,
// position by position, then the next one.
#ifndef OVERLAY_ORDER_H
#define OVERLAY_ORDER_H

#include "arithmetic.h"

enum { EACH = LANES / UNIT_BYTES };  // units per cycle

// What the lanes of STORE get of the vector unit: products that are still to be shifted.
typedef struct {
    wide_t product[LANES];
    uint8_t shift[LANES];
    int16_t second[LANES];  // where an addition has a value left: it, less its zero point, and what it is multiplied by
    int32_t multiplier;
} lanes_t;

// The end of a vector layer, in the words of a convolution's: what the product of a lane is multiplied by.
INLINE parameter_t parameter_of_product(const command_t *c, const lanes_t *lanes, int lane, int32_t slope) {
    INLINED
    const bool leaky = (c->flags & FLAG_LEAKY) != 0;
    const bool left = adds_two(c);
    const int shift = lanes->shift[lane];
    const int further = leaky ? shift + c->leaky_shift : shift;
    parameter_t p;
    p.bias = left ? lanes->second[lane] : 0;
    p.multiplier = leaky ? c->leaky_positive : left ? lanes->multiplier : 1;
    p.negative_multiplier = leaky ? slope : p.multiplier;
    p.shift = (uint8_t)(further > MAX_SHIFT ? MAX_SHIFT : further);
    p.negative_shift = p.shift;
    p.low = (int8_t)c->clamp_low;
    p.high = (int8_t)c->clamp_high;
    return p;
}

// An output position of a chunk, row and column counted in the block. `unit`: the chunk's first unit of channels.
typedef struct {
    int unit, row, column;
    bool done;
} position_t;

INLINE position_t first_position(void) {
    INLINED
    const position_t p = {0, 0, 0, false};
    return p;
}

// Behind a position the next one of `rows` by `columns`. True: it is the first one of the next chunk.
INLINE bool next_position(int units, int rows, int columns, position_t *p) {
    INLINED
    ++p->column;
    if (p->column < columns) return false;
    p->column = 0;
    ++p->row;
    if (p->row < rows) return false;
    p->row = 0;
    p->unit += EACH;
    p->done = p->unit >= units;
    return true;
}

// An operation's own table (docs/program.md, section 4), in rows of two words; a byte and a word of it.
enum { VALUE_ROW = 8, VALUE_ROWS = VALUE_BYTES / VALUE_ROW };

MEMORY_TYPE(values, uint8_t, [VALUE_ROWS], [VALUE_ROW])

INLINE int value_byte(values_read_t values, int byte) {
    INLINED
    return values[byte / VALUE_ROW][byte % VALUE_ROW];
}

INLINE uint32_t value_word(values_read_t values, int index) {
    INLINED
    uint32_t word = 0;
bytes_of_word:
    UNROLLED
    for (int i = 0; i < 4; ++i) {
        UNROLL_THIS
        word |= (uint32_t)values[index / 2][index % 2 * 4 + i] << 8 * i;
    }
    return word;
}

#endif
