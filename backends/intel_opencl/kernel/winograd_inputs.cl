// The Winograd transform of a block's inputs: raw rows lie in the input buffer behind the place of the transformed
// tiles. In each cycle one word of raw channels is gathered, and one word of transformed channels is written.

enum { GROUP = WORD_BYTES / 2 };  // channels of a word of 16-bit values

typedef struct {
    bool busy;
    form_t form;
    block_t block;
    int raw;                        // first unit of the raw rows
    int down, across, round, first; // tile, round and group of channels that are gathered
    int position;                   // of the tile: gathered, and written of the tile before
    bool gathers, writes;           // there is a tile to gather, and one before it
    int written_unit, written_first; // where the tile before goes: unit of position 0, first channel
    int turn;
    // Columns of B d, for the tile that is gathered and the one that is written.
    int16_t partial[2][LARGEST_TILE][LARGEST_TILE][GROUP];
} transform_t;

INLINE void begin_transform(const command_t *c, const block_t *b, transform_t *t) {
    t->busy = true;
    t->form = form_of(c, b->rows);
    t->block = *b;
    t->raw = b->input_unit + transformed_units(c, b);
    t->down = 0;
    t->across = 0;
    t->round = 0;
    t->first = 0;
    t->position = 0;
    t->gathers = true;
    t->writes = false;
}

// Gathers data element (i, j) of the tile: adds it to column j of B d.
INLINE void gather_word(const command_t *c, transform_t *t, int i, int j,
                        int8_t input_buffer[INPUT_UNITS][UNIT_BYTES]) {
    const int units = units_of(c->channels);
    const form_t *f = &t->form;
    const int row = t->block.first_row + t->down * f->m1 - c->pad_top + t->round / f->rounds2 * f->taps + i -
                    t->block.input_start;
    const int column = t->across * f->m2 - c->pad_left + t->round % f->rounds2 * f->taps + j;
    const bool inside = row >= 0 && row < t->block.input_rows && column >= 0 && column < c->width;
    const int pixel = inside ? t->raw + (row * c->width + column) * units : t->raw;
    int16_t data[GROUP];
channels_in:
    UNROLLED
    for (int k = 0; k < GROUP; ++k) {
        const int place = smaller(t->first + k, units * UNIT_BYTES - 1);
        const int8_t value = input_buffer[pixel + place / UNIT_BYTES][place % UNIT_BYTES];
        data[k] = inside ? value : (int8_t)c->pad_value;
    }
rows_of_transform:
    UNROLLED
    for (int y = 0; y < LARGEST_TILE; ++y) {
        const int16_t entry = y < f->t1 ? (int16_t)data_entry(f->m1, y, i) : (int16_t)0;
    channels_of_row:
        UNROLLED
        for (int k = 0; k < GROUP; ++k) {
            const int16_t before = i == 0 ? (int16_t)0 : t->partial[t->turn][y][j][k];
            t->partial[t->turn][y][j][k] = (int16_t)(before + entry * data[k]);
        }
    }
}

// Writes element (i, j) of B d B' of the tile before.
INLINE void write_transformed(const command_t *c, transform_t *t, int i, int j,
                              int8_t input_buffer[INPUT_UNITS][UNIT_BYTES]) {
    const form_t *f = &t->form;
    int16_t full[GROUP];
channels_out:
    UNROLLED
    for (int k = 0; k < GROUP; ++k) full[k] = 0;
columns_of_transform:
    UNROLLED
    for (int s = 0; s < LARGEST_TILE; ++s) {
        const int16_t entry = s < f->t2 ? (int16_t)data_entry(f->m2, j, s) : (int16_t)0;
    channels_of_column:
        UNROLLED
        for (int k = 0; k < GROUP; ++k)
            full[k] = (int16_t)(full[k] + entry * (s < f->t2 ? t->partial[t->turn ^ 1][i][s][k] : (int16_t)0));
    }
    const int units = units_of(c->channels);
    const int tiles = f->down * f->across;
    const int unit = t->written_unit + t->position * tiles * f->rounds * 2 * units;
bytes_out:
    UNROLLED
    for (int k = 0; k < GROUP; ++k) {
        const int byte = 2 * (t->written_first + k);
        if (byte >= 2 * units * UNIT_BYTES) continue;
        input_buffer[unit + byte / UNIT_BYTES][byte % UNIT_BYTES] = (int8_t)(full[k] & 0xff);
        input_buffer[unit + byte / UNIT_BYTES][byte % UNIT_BYTES + 1] = (int8_t)(full[k] >> 8);
    }
}

INLINE void transform_cycle(const command_t *c, transform_t *t, int8_t input_buffer[INPUT_UNITS][UNIT_BYTES]) {
    const form_t *f = &t->form;
    const int i = t->position / f->t2;
    const int j = t->position % f->t2;
    if (t->gathers) gather_word(c, t, i, j, input_buffer);
    if (t->writes) write_transformed(c, t, i, j, input_buffer);
    ++t->position;
    if (t->position < f->positions) return;
    t->position = 0;
    t->busy = t->gathers;
    t->writes = t->gathers;
    t->turn ^= 1;
    const int units = units_of(c->channels);
    t->written_unit =
        t->block.input_unit + ((t->down * f->across + t->across) * f->rounds + t->round) * 2 * units;
    t->written_first = t->first;
    t->first += GROUP;
    if (t->first < units * UNIT_BYTES) return;
    t->first = 0;
    ++t->round;
    if (t->round < f->rounds) return;
    t->round = 0;
    ++t->across;
    if (t->across < f->across) return;
    t->across = 0;
    ++t->down;
    t->gathers = t->down < f->down;
}
