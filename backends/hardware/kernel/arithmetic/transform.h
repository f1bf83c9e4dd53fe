// The Winograd transform of a block's inputs (docs/overlay.md, section 5). Raw rows lie in a buffer of their own, from unit 0
// on: what is read here is read by nobody else, and the input buffer is only written. Tile by tile, round by round and group by group of channels, a word of raw channels is
// gathered for each place of the tile, and then a word of transformed channels is written for each.
#ifndef OVERLAY_TRANSFORM_H
#define OVERLAY_TRANSFORM_H

#include "winograd.h"

// Channels of a word of 16-bit values, and the units that these have.
enum { GROUP = WORD_BYTES / 2, GROUP_UNITS = (GROUP + UNIT_BYTES - 1) / UNIT_BYTES };

// Walks the groups of channels of a block's tiles.
typedef struct {
    form_t form;
    int units, pitch;                // channel units, and from a pixel to the next in the buffer of pixels
    int top, left;                   // of the first tile, in the rows that the block has
    int rows, width;                 // of them
    int transformed;                 // first unit of the tiles in the input buffer
    int down, across, round, first;  // the tile, its round, and the first channel of its group
    int piece2;                      // of the kernel, of the round
    int row, column;                 // of the tile's first data, and of the round's
    int row_of_round, column_of_round;
    int place, apart;  // first unit of what is made of the tile and round, and from a position of the tile to the next
    bool done;
} tiles_t;

INLINE tiles_t tiles_of(const command_t *c, const block_t *b) {
    SET_UP
    tiles_t t;
    t.form = form_of(c, b->rows);
    t.units = units_of(c->channels);
    t.pitch = pitch_of(t.units);
    t.top = b->first_row - c->pad_top - b->input_start;
    t.left = -c->pad_left;
    t.rows = b->input_rows;
    t.width = c->width;
    t.transformed = b->input_unit;
    t.down = 0;
    t.across = 0;
    t.round = 0;
    t.piece2 = 0;
    t.first = 0;
    t.row = t.top;
    t.column = t.left;
    t.row_of_round = t.row;
    t.column_of_round = t.column;
    t.place = t.transformed;
    t.apart = t.form.down * t.form.across * t.form.rounds * 2 * t.units;
    t.done = t.form.down == 0;
    return t;
}

INLINE void next_tile(tiles_t *t) {
    INLINED
    t->first += GROUP;
    if (t->first < t->units * UNIT_BYTES) return;
    t->first = 0;
    t->place += 2 * t->units;
    ++t->round;
    ++t->piece2;
    t->column_of_round += t->form.taps;
    if (t->piece2 == t->form.rounds2) {
        t->piece2 = 0;
        t->column_of_round = t->column;
        t->row_of_round += t->form.taps;
    }
    if (t->round < t->form.rounds) return;
    t->round = 0;
    ++t->across;
    t->column += t->form.m2;
    if (t->across == t->form.across) {
        t->across = 0;
        t->column = t->left;
        ++t->down;
        t->row += t->form.m1;
    }
    t->row_of_round = t->row;
    t->column_of_round = t->column;
    t->done = t->down == t->form.down;
}

// Columns of B d, for a group of channels of a tile d.
typedef int16_t half_tile_t[LARGEST_TILE][LARGEST_TILE][GROUP];

// Gathers data element (i, j) of the tile: adds it to column j of B d.
INLINE void gather_data(const command_t *c, const tiles_t *t, int i, int j, pixels_read_t pixel_buffer,
                        half_tile_t part) {
    INLINED
    const form_t *f = &t->form;
    const int row = t->row_of_round + i;
    const int column = t->column_of_round + j;
    const bool inside = row >= 0 && row < t->rows && column >= 0 && column < t->width;
    const int unit = t->first / UNIT_BYTES;
    const int pixel = times(times(row, t->width) + column, t->pitch) + unit;
    unit_t units[BANKS];
    read_units(pixel_buffer, pixel, inside ? smaller(GROUP_UNITS, t->units - unit) : 0, units);
    int16_t data[GROUP];
channels_in:
    UNROLLED
    for (int k = 0; k < GROUP; ++k) {
        UNROLL_THIS
        const int byte = t->first % UNIT_BYTES + k;
        data[k] = inside ? units[byte / UNIT_BYTES].byte[byte % UNIT_BYTES] : (int8_t)c->pad_value;
    }
rows_of_transform:
    UNROLLED
    for (int y = 0; y < LARGEST_TILE; ++y) {
        UNROLL_THIS
        const int entry = y < f->t1 ? data_entry(f->m1, y, i) : 0;
    channels_of_row:
        UNROLLED
        for (int k = 0; k < GROUP; ++k) {
            UNROLL_THIS
            const int16_t before = i == 0 ? (int16_t)0 : part[y][j][k];
            part[y][j][k] = (int16_t)(before + times_data_entry(entry, data[k]));
        }
    }
}

// Writes element (i, j) of B d B', `place` units behind that of the first position. Tile, position and round of a value: unit
// ((position * tiles + tile) * rounds + round) * 2 Cb, then 16-bit values, the low byte first.
INLINE void write_transformed(const tiles_t *t, int i, int j, int place, const half_tile_t part,
                              units_write_t input_buffer) {
    INLINED
    const form_t *f = &t->form;
    int16_t full[GROUP] = ZERO;
columns_of_transform:
    UNROLLED
    for (int s = 0; s < LARGEST_TILE; ++s) {
        UNROLL_THIS
        const int entry = s < f->t2 ? data_entry(f->m2, j, s) : 0;
    channels_of_column:
        UNROLLED
        for (int k = 0; k < GROUP; ++k) {
            UNROLL_THIS
            full[k] = (int16_t)(full[k] + times_data_entry(entry, s < f->t2 ? part[i][s][k] : 0));
        }
    }
    unit_t units[BANKS] = ZERO;
channels_out:
    UNROLLED
    for (int k = 0; k < GROUP; ++k) {
        UNROLL_THIS
        units[2 * k / UNIT_BYTES].byte[2 * k % UNIT_BYTES] = (int8_t)(full[k] & 0xff);
        units[2 * k / UNIT_BYTES].byte[2 * k % UNIT_BYTES + 1] = (int8_t)(full[k] >> 8);
    }
    const int before = 2 * t->first / UNIT_BYTES;
    write_units(input_buffer, t->place + place + before, 1, 0, smaller(WORD_UNITS, 2 * t->units - before), units);
}

// The transform of a block: in a cycle a word of raw channels is gathered for a place of a tile, and a word of
// transformed channels is written for that place of the tile before.
typedef struct {
    bool busy;
    tiles_t tile, before;  // what is gathered, and what is written
    bool writes;           // there is a tile before
    int i, j;              // the place in both
    int place;             // units from position (0, 0) to it, of what is written
    int turn;              // which half tile is gathered; the other is written
    half_tile_t part[2];
} transform_t;

INLINE void start_transform(const tiles_t *tiles, transform_t *t) {
    INLINED
    t->busy = true;
    t->tile = *tiles;
    t->before = t->tile;
    t->writes = false;
    t->i = 0;
    t->j = 0;
    t->place = 0;
}

INLINE void begin_transform(const command_t *c, const block_t *b, transform_t *t) {
    const tiles_t tiles = tiles_of(c, b);
    start_transform(&tiles, t);
}

INLINE void transform_cycle(const command_t *c, transform_t *t, pixels_read_t pixel_buffer,
                            units_write_t input_buffer) {
    INLINED
    const form_t *f = &t->tile.form;
    if (!t->tile.done) gather_data(c, &t->tile, t->i, t->j, pixel_buffer, t->part[t->turn]);
    if (t->writes) write_transformed(&t->before, t->i, t->j, t->place, t->part[t->turn ^ 1], input_buffer);
    ++t->j;
    t->place += t->tile.apart;
    if (t->j < f->t2) return;
    t->j = 0;
    ++t->i;
    if (t->i < f->t1) return;
    t->i = 0;
    t->place = 0;
    t->writes = !t->tile.done;
    t->busy = t->writes;
    t->before = t->tile;
    t->turn ^= 1;
    if (!t->tile.done) next_tile(&t->tile);
}

#endif
