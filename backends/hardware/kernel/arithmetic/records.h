// The records of the overlay program (docs/program.md, sections 2 and 4), and what a block of a command is. Written
// in the C that C++ and OpenCL C both are: records go by value, and a tool inlines these functions.
#ifndef OVERLAY_RECORDS_H
#define OVERLAY_RECORDS_H

#include "banks.h"
#include "params.h"

// clang-format off
enum { OP_CONV = 1, OP_DEPTHWISE, OP_MAX_POOL, OP_AVERAGE_POOL, OP_ADD, OP_MUL, OP_SCALE, OP_LRN, OP_ACTIVATION,
       OP_CONCAT, OP_RESIZE };
// clang-format on
enum { FLAG_ACCUMULATE = 1, FLAG_STORE = 2, FLAG_LOOKUP = 4, FLAG_LEAKY = 8 };
enum { C16 = 0, HWC = 1, TOEPLITZ = 2 };
enum { IM2COL = 1, KN2ROW = 2, WINOGRAD = 3 };
enum { NS = 1, WS = 2, IS = 3 };
enum { STREAM_INPUTS = 0, STREAM_WEIGHTS = 1 };

enum { COMMAND_WORDS = 96, SOURCE_WORDS = 16 };
enum { MAX_SHIFT = 62 };

typedef int field_t;              // a word of a record, 32 bits
typedef unsigned int raw_word_t;  // the same as it comes from memory
typedef unsigned long address_t;  // byte address in the device buffer, 64 bits
#ifdef __cplusplus
static_assert(sizeof(field_t) == 4 && sizeof(address_t) == 8, "the types of OpenCL C: int of 32 bits, long of 64");
#endif

// clang-format off
// A command: one pass. The table is the record, word by word.
// WORD(index, name): one 32-bit word; LONG(index, name): two words, an address.
#define COMMAND_FIELDS(WORD, LONG)                                                                             \
    WORD(0, op) WORD(1, layer) WORD(2, index) WORD(3, flags) WORD(4, algorithm) WORD(5, dataflow)              \
    WORD(6, winograd_tile) WORD(7, mode) WORD(8, input_format) WORD(9, output_format)                          \
    LONG(10, input_address) LONG(12, output_address)                                                           \
    WORD(14, input_row_bytes) WORD(15, input_plane_bytes) WORD(16, output_row_bytes)                           \
    WORD(17, output_plane_bytes) WORD(18, channels) WORD(19, height) WORD(20, width) WORD(21, out_channels)    \
    WORD(22, out_height) WORD(23, out_width) WORD(24, kernel_rows) WORD(25, kernel_columns)                    \
    WORD(26, stride_rows) WORD(27, stride_columns) WORD(28, dilation_rows) WORD(29, dilation_columns)          \
    WORD(30, pad_top) WORD(31, pad_left) WORD(32, first_row) WORD(33, pass_rows) WORD(34, block_rows)          \
    WORD(35, block_input_rows) WORD(36, last_input_rows) WORD(37, first_channel) WORD(38, pass_channels)       \
    WORD(39, block_channels) WORD(40, blocks) LONG(41, weights_address) WORD(43, weight_bytes)                 \
    WORD(44, last_weight_bytes) WORD(45, window_bytes) WORD(46, pad_value) WORD(47, data_offset)               \
    WORD(48, input_zero_point) WORD(49, second_zero_point) WORD(50, output_zero_point) WORD(51, clamp_low)     \
    WORD(52, clamp_high) WORD(53, multiplier) WORD(54, shift) WORD(55, leaky_positive) WORD(56, leaky_shift)   \
    WORD(57, slope_count) WORD(58, source_count) WORD(59, size) WORD(60, columns_factor)                       \
    LONG(61, lookup_address) LONG(63, sources_address) LONG(65, slopes_address) LONG(67, values_address)       \
    WORD(69, values_bytes) WORD(70, size_reciprocal)

// An input of ADD, MUL, SCALE or CONCAT (docs/program.md, section 4).
#define SOURCE_FIELDS(WORD, LONG)                                                                              \
    LONG(0, address) WORD(2, channels) WORD(3, row_bytes) WORD(4, plane_bytes) WORD(5, zero_point)             \
    WORD(6, multiplier) WORD(7, shift) WORD(8, first_channel)
// clang-format on

#define DECLARE_WORD(index, name) field_t name;
#define DECLARE_LONG(index, name) address_t name;
#define DECODE_WORD(index, name) record.name = (field_t)words[index];
#define DECODE_LONG(index, name) record.name = (address_t)words[index] | (address_t)words[(index) + 1] << 32;

typedef struct {
    COMMAND_FIELDS(DECLARE_WORD, DECLARE_LONG)
} command_t;

typedef struct {
    SOURCE_FIELDS(DECLARE_WORD, DECLARE_LONG)
} source_t;

static inline command_t decode_command(const raw_word_t words[COMMAND_WORDS]) {
    command_t record;
    COMMAND_FIELDS(DECODE_WORD, DECODE_LONG)
    return record;
}

static inline source_t decode_source(const raw_word_t words[SOURCE_WORDS]) {
    source_t record;
    SOURCE_FIELDS(DECODE_WORD, DECODE_LONG)
    return record;
}

// What a block reads and makes (docs/program.md, section 2, "Blocks" and "Input rows").
typedef struct {
    int index;
    int first_row, rows;          // output rows
    int first_channel, channels;  // output channels, counted in the command's group
    int input_start, input_rows;  // input rows (toeplitz: rows of windows)
    int input_unit;               // first unit of its part of the input buffer
    int weight_word;              // first word of its part of the weight buffer
    int parameter;                // first entry of its part of the parameter buffer
    int output_unit;              // first unit of its half of the output buffer
} block_t;

// RESIZE: the input row that row `row` of the output comes from, floor(row / size).
static inline int resized_row(const command_t c, int row) {
    SET_UP
    if (c.size_reciprocal == 0) return row;
    return (int)((address_t)row * (raw_word_t)c.size_reciprocal >> 32);
}

static inline block_t block_of(const command_t c, int index) {
    SET_UP
    block_t b;
    const bool last = index == c.blocks - 1;
    const bool inputs_stream = c.mode == STREAM_INPUTS;
    const int side = index & 1;
    b.index = index;
    b.first_row = c.first_row;
    b.rows = c.pass_rows;
    b.first_channel = c.first_channel;
    b.channels = c.pass_channels;
    b.input_rows = c.block_input_rows;
    if (inputs_stream) {
        b.first_row += index * c.block_rows;
        b.rows = last ? c.pass_rows - index * c.block_rows : c.block_rows;
        b.input_rows = last ? c.last_input_rows : c.block_input_rows;
    } else {
        b.first_channel += index * c.block_channels;
        b.channels = last ? c.pass_channels - index * c.block_channels : c.block_channels;
    }
    int start = c.op == OP_RESIZE ? resized_row(c, b.first_row) : b.first_row * c.stride_rows - c.pad_top;
    if (start < 0) start = 0;
    if (start > c.height - b.input_rows) start = c.height - b.input_rows;
    b.input_start = c.input_format == TOEPLITZ ? b.first_row : start;
    b.input_unit = inputs_stream ? side * (INPUT_UNITS / 2) : 0;
    b.weight_word = inputs_stream ? 0 : side * (WEIGHT_WORDS / 2);
    b.parameter = inputs_stream ? 0 : (index & 3) * (PARAMETER_CHANNELS / 4);
    b.output_unit = side * (OUTPUT_UNITS / 2);
    return b;
}

static inline int units_of(int channels) { return (channels + UNIT_BYTES - 1) / UNIT_BYTES; }

// Units from a pixel to the next in the input buffer: odd, so that neighbours lie in different banks.
static inline int pitch_of(int units) { return units | 1; }

// Whether the last two tensors of an ADD come in one slot: nothing else is to be multiplied behind their sum.
static inline bool adds_two(const command_t *c) { return c->op == OP_ADD && (c->flags & FLAG_LEAKY) == 0; }

// Units from an input of so many to the next one. Of inputs that are added, two are read in one cycle, R / 16 units of
// either: they lie such that these are in different banks.
static inline int input_distance(const command_t *c, int units) {
    SET_UP
    const int planes = LANES / UNIT_BYTES;
    if (!adds_two(c)) return units;
    const int behind = units > planes ? units - planes : 0;
    return planes + (behind + ADDED_BANKS - 1) / ADDED_BANKS * ADDED_BANKS;
}

// From a pixel to the next where LOAD joins the inputs of a CONCAT; they may have been planned side by side, which takes less room.
static inline int concat_pitch(const command_t *c, const block_t *b) {
    SET_UP
    const int units = units_of(c->out_channels);
    const int room = c->blocks == 1 ? INPUT_UNITS : INPUT_UNITS / 2;
    return b->input_rows * c->width * pitch_of(units) <= room ? pitch_of(units) : units;
}

// Units from a plane of a block to the next in its half of the output buffer: odd too, where the half has the room. Where
// it has not, what goes to several planes of a pixel takes several turns.
static inline int output_pitch(const command_t *c, const block_t *b) {
    SET_UP
    const int pixels = b->rows * c->out_width;
    return units_of(b->channels) * pitch_of(pixels) <= OUTPUT_UNITS / 2 ? pitch_of(pixels) : pixels;
}

#endif
