// What LOAD reads for a block and where in the input buffer it belongs (docs/overlay.md, sections 2 and 3): for each
// input a run per plane of its rows, and a run of weights.
#ifndef OVERLAY_WALK_LOAD_H
#define OVERLAY_WALK_LOAD_H

#include "banks.h"
#include "slices.h"
#include "winograd.h"

// A tensor as LOAD reads it.
typedef struct {
    uint64_t address, run_bytes;
    int channels, width, row_bytes, plane_bytes;
    bool by_plane;    // c16; else pixel by pixel
    bool by_row;      // the Winograd transform takes whole rows: each is a run of its own
    int planes;       // channel units of c16
    int pixel_bytes;  // of hwc and toeplitz: channels, or a window
    int pitch;        // units from a pixel to the next in the input buffer
    bool joins;       // CONCAT: the channels of all inputs are one pixel's, these from `begins` on
    int begins;
} tensor_t;

INLINE int inputs_of(const command_t *c) { return c->op == OP_SCALE ? 1 : c->source_count; }

INLINE tensor_t tensor_of(const command_t *c, const source_t sources[MAX_SOURCES], const block_t *b, int input) {
    SET_UP
    tensor_t t;
    const bool listed = c->op == OP_ADD || c->op == OP_MUL || c->op == OP_SCALE || c->op == OP_CONCAT;
    const bool windows = c->input_format == TOEPLITZ;
    t.address = listed ? sources[input].address : c->input_address;
    t.channels = listed ? sources[input].channels : c->channels;
    t.row_bytes = listed ? sources[input].row_bytes : c->input_row_bytes;
    t.plane_bytes = listed ? sources[input].plane_bytes : c->input_plane_bytes;
    t.width = windows ? c->out_width : c->width;
    t.by_plane = c->input_format == C16;
    t.by_row = t.by_plane && c->algorithm == WINOGRAD;
    t.run_bytes = (uint64_t)(t.by_row ? 1 : b->input_rows) * (uint64_t)t.row_bytes;
    t.planes = t.by_plane ? units_of(t.channels) : 1;
    t.pixel_bytes = windows ? c->window_bytes : t.channels;
    const int units = units_of(t.pixel_bytes);
    t.pitch = windows ? units : pitch_of(units);
    t.joins = c->op == OP_CONCAT;
    t.begins = t.joins ? sources[input].first_channel : 0;
    if (t.joins) t.pitch = concat_pitch(c, b);
    return t;
}

// Winograd: the rows of a block go to a buffer of their own, and what is made of them to the input buffer (transform.h).
INLINE bool places_pixels(const command_t *c) { return c->algorithm == WINOGRAD; }

// The first unit of a block's first input.
INLINE int first_unit(const command_t *c, const block_t *b) { return places_pixels(c) ? 0 : b->input_unit; }

// Units from an input to the next.
INLINE int units_of_rows(const command_t *c, const tensor_t *t, const block_t *b) {
    SET_UP
    return t->joins ? 0 : input_distance(c, b->input_rows * t->width * t->pitch);
}

INLINE slices_t slices_of_plane(const tensor_t *t, const block_t *b) {
    SET_UP
    if (t->by_plane) return slices_of(b->input_rows, 1, t->row_bytes, 0);
    return slices_of(b->input_rows, t->width, t->pixel_bytes, t->row_bytes - t->width * t->pixel_bytes);
}

// A slice that starts a run, and the run.
INLINE bool starts_run(const tensor_t *t, const slices_t *p) {
    INLINED
    return p->part == 0 && p->first == 0 && (p->row == 0 || t->by_row);
}

INLINE reader_t run_of(const tensor_t *t, const block_t *b, int plane, int row) {
    INLINED
    return open_run(t->address + bytes_times((uint64_t)t->plane_bytes, plane) +
                        bytes_times((uint64_t)t->row_bytes, b->input_start + row),
                    t->run_bytes);
}

// An input of a CONCAT that begins inside of a unit: its units have a part in the next unit too.
INLINE int parts_of(const tensor_t *t) {
    INLINED
    return t->begins % UNIT_BYTES == 0 ? 1 : 2;
}

// Where a slice belongs in the input buffer. `unit`: first unit of the tensor; `part`: of its units.
INLINE units_t place_of(const tensor_t *t, const slices_t *p, int plane, int unit, int part) {
    INLINED
    units_t u;
    u.joins = t->joins;
    u.shift = t->begins % UNIT_BYTES - part * UNIT_BYTES;
    const int units = p->first / UNIT_BYTES;
    if (t->by_plane) {  // n pixels of a channel unit
        u.unit = unit + times(times(t->width, p->row) + units, t->pitch) + plane;
        u.step = t->pitch;
        u.count = smaller(WORD_UNITS, t->width - units);
        u.known = t->channels - plane * UNIT_BYTES;
        u.follows = false;
    } else {  // n channel units of a pixel
        u.unit = unit + times(times(t->width, p->row) + p->part, t->pitch) + units;
        u.step = 1;
        u.count = is_padding(p) ? 0 : units_of(slice_bytes(p));
        u.known = slice_bytes(p);
        u.follows = true;
    }
    u.unit += t->begins / UNIT_BYTES + part;
    return u;
}

// Byte `i` of unit `k` of a word: channels that there are not have the value of padding.
INLINE int8_t byte_of_unit(const command_t *c, const units_t *u, const word_t *word, int k, int i) {
    INLINED
    return is_channel(u, k, i) ? (int8_t)word->byte[k * UNIT_BYTES + i] : (int8_t)c->pad_value;
}

// Writes the units of a slice to one of the two buffers: those of one turn.
INLINE void write_slice(units_write_t input_buffer, pixels_write_t pixel_buffer, bool pixels, const units_t *u,
                        int turn, const unit_t units[BANKS]) {
    INLINED
    const stride_t stride = stride_of(u->step);
write_banks:
    UNROLLED
    for (int k = 0; k < BANKS; ++k) {
        UNROLL_THIS
        const int j = unit_of_turn(&stride, u->unit, turn, u->count, k);
        if (j < 0) continue;
    bytes_of_bank:
        UNROLLED
        for (int i = 0; i < UNIT_BYTES; ++i) {
            UNROLL_THIS
            const int own = i - u->shift;
            const bool owned = own >= 0 && own < UNIT_BYTES && is_channel(u, j, own);
            if (u->joins && !owned) continue;
            const int row = (u->unit + times(u->step, j)) / BANKS;
            const int8_t byte = units[j].byte[u->joins ? own : i];
            if (pixels)
                pixel_buffer[row][k][i] = byte;
            else
                input_buffer[row][k][i] = byte;
        }
    }
}

// SCALE of c16: a plane of the factor is four pixels, of which the first counts. The units of a word that count become
// neighbours, from unit `first` on; returns how many there are.
enum { PLANE_UNITS = PLANE_PIXEL_BYTES / UNIT_BYTES };

INLINE int pick_factors(int *first, unit_t units[BANKS]) {
    INLINED
    const int skipped = -*first & (PLANE_UNITS - 1);
    int count = 0;
picked_units:
    UNROLLED
    for (int j = 0; j < (WORD_UNITS + PLANE_UNITS - 1) / PLANE_UNITS; ++j) {
        UNROLL_THIS
        const int from = skipped + j * PLANE_UNITS;
        if (from >= WORD_UNITS) continue;
        units[j] = units[from];
        ++count;
    }
    *first = (*first + skipped) / PLANE_UNITS;
    return count;
}

INLINE bool picks_factors(const command_t *c) { return c->op == OP_SCALE && c->input_format == C16; }

// What a block loads: its inputs, and a run of weights (no bytes if there is none), in front of which lie the parameters
// of some output channels.
INLINE bool loads_inputs(const command_t *c, const block_t *b) { return c->mode == STREAM_INPUTS || b->index == 0; }

typedef struct {
    uint64_t address;
    int bytes, channels;
} weights_t;

INLINE weights_t weights_of(const command_t *c, const block_t *b) {
    SET_UP
    weights_t w = {c->weights_address, c->weight_bytes, 0};
    if (c->mode != STREAM_INPUTS) {
        w.address += (uint64_t)b->index * (uint64_t)c->weight_bytes;
        if (b->index == c->blocks - 1) w.bytes = c->last_weight_bytes;
    } else if (b->index > 0) {
        w.bytes = 0;
    }
    if (c->op == OP_CONV) w.channels = b->channels;
    if (c->op == OP_DEPTHWISE) w.channels = units_of(c->channels) * UNIT_BYTES;
    return w;
}

#endif
