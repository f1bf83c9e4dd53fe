// The kernels and what they send each other.
//
//            words       cycles        sums              rows of sums       results
//    LOAD ---------> FEED -------> ARRAY -----> ACCUMULATE -----------> POST -------> STORE
//     | |             |                                                ^  ^             |
//     | |             '------------------------------------------------'  |             |
//     | |                            operands of slots                    |             |
//     | '-----------------------------------------------------------------'             |
//     |                               parameters                                        |
//     '<----------------------------------------------------------------------------------
//                                      finished
//
// A memory on the chip belongs to one kernel: the one that reads it. FEED owns the input buffer, the weight buffer and the
// row buffers; ACCUMULATE the accumulators; POST the parameters of the output channels; STORE the output buffer. The array
// has a kernel to itself. A block is a loop of each kernel whose iteration is one clock cycle: it takes in one message of the
// engine before it, if there is one, and does a cycle of work, if there is any. So both halves of a buffer are in use at the
// same time although one kernel does both. A kernel takes no message of a block whose half is still in use: the channel
// fills up and the engine before it waits. Nothing else is needed to hand halves over.
//
// The vector unit is the exception: while it works on a block, FEED takes in nothing, and the words of the next block wait
// in the channel.
//
// LOAD sends every command to all others. It waits for `finished` before it fetches the next one, because a pass reads
// what the passes before it have written.
#ifndef OVERLAY_CHANNELS_H
#define OVERLAY_CHANNELS_H

#pragma OPENCL EXTENSION cl_intel_channels : enable

// Channels are known everywhere: nothing needs to be passed on to vector.h.
#define OPERANDS int no_argument
#define PASS_OPERANDS 0
#define HAND_OUT(of_lanes) SEND(slots_from_feed, of_lanes)

#include "array.h"
#include "memory.h"
#include "products.h"
#include "slices.h"
#include "sums.h"
#include "waiting.h"
#include "walk_post.h"

// From LOAD to FEED: where the bytes belong.
enum { PUT_UNITS, PUT_WEIGHTS, PUT_VALUES, BLOCK_ENDS };

typedef struct {
    word_t word;
    int what;
    units_t at;  // units; else `at.unit` is the first word or byte
} placed_t;

// From LOAD to POST: parameters of WORD_UNITS output channels, or a part of a table.
enum { PUT_PARAMETERS, PUT_LOOKUP, PUT_SLOPES, PARAMETERS_END };

typedef struct {
    word_t word;
    int what;
    int first;  // first channel or entry
} tabled_t;

// From POST to STORE: bytes of the output buffer.
typedef struct {
    int8_t value[LANES];
    int place[LANES];  // byte of the block's half, none if negative
    bool ends;         // the block is complete; there are no bytes
} results_t;

// From FEED to ARRAY: what enters it in a cycle (cycle_t, flow_state.h). From ARRAY to ACCUMULATE: what leaves it (leaving_t,
// array.h). From FEED to POST: what the lanes multiply in a slot of the vector unit (operands_t, products.h). From
// ACCUMULATE to POST: a row of sums, in the order in which POST takes them (walk_post.h).
typedef struct {
    wide_t sum[LANES];
} row_of_sums_t;

// Commands wait for the kernel that is behind; data channels decouple two loops whose iterations do not always match.
channel command_t commands_for_feed __attribute__((depth(2)));
channel command_t commands_for_array __attribute__((depth(2)));
channel command_t commands_for_accumulate __attribute__((depth(2)));
channel command_t commands_for_post __attribute__((depth(2)));
channel command_t commands_for_store __attribute__((depth(2)));
channel source_t sources_for_feed __attribute__((depth(4)));
channel placed_t words_from_load __attribute__((depth(64)));
channel tabled_t parameters_from_load __attribute__((depth(64)));
channel cycle_t cycles_from_feed __attribute__((depth(16)));
channel leaving_t sums_from_array __attribute__((depth(16)));
channel row_of_sums_t rows_of_sums __attribute__((depth(16)));
channel operands_t slots_from_feed __attribute__((depth(16)));
channel results_t results_from_post __attribute__((depth(16)));
channel bool finished_by_store __attribute__((depth(2)));

#endif
