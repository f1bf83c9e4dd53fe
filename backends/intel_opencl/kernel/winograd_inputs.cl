// The Winograd transform of a block's inputs, a cycle at a time (transform.h): one word of raw channels is gathered, and
// one word of transformed channels of the tile before is written.

typedef struct {
    bool busy;
    tiles_t tile, before;  // what is gathered, and what is written
    bool writes;           // there is a tile before
    int position;          // of both
    int turn;              // which half tile is gathered; the other is written
    half_tile_t part[2];
} transform_t;

INLINE void begin_transform(const command_t *c, const block_t *b, transform_t *t) {
    t->busy = true;
    t->tile = tiles_of(c, b);
    t->before = t->tile;
    t->writes = false;
    t->position = 0;
}

INLINE void transform_cycle(const command_t *c, transform_t *t, int8_t input_buffer[INPUT_UNITS][UNIT_BYTES]) {
    const form_t *f = &t->tile.form;
    const int i = t->position / f->t2;
    const int j = t->position % f->t2;
    if (!t->tile.done) gather_data(c, &t->tile, i, j, input_buffer, t->part[t->turn]);
    if (t->writes) write_transformed(&t->before, i, j, t->part[t->turn ^ 1], input_buffer);
    ++t->position;
    if (t->position < f->positions) return;
    t->position = 0;
    t->writes = !t->tile.done;
    t->busy = t->writes;
    t->before = t->tile;
    t->turn ^= 1;
    if (!t->tile.done) next_tile(&t->tile);
}
