// The processes of the dataflow region (overlay.cpp). All work block by block; what they share:
//   input and weight buffer   LOAD writes, COMPUTE reads     at most two blocks between them: stream operand_slots
//   parameters                LOAD writes, POST reads        four parts: LOAD is never four blocks ahead of POST
//   accumulators              COMPUTE writes, POST reads     two halves: stream sum_slots
//   output buffer             POST writes, STORE reads       two halves: stream result_slots
// A stream of slots is a counting semaphore: its writer blocks while as many tokens are in it as there are halves. The
// stream beside it (`..._ready`) tells the reader that a half is filled.
#ifndef OVERLAY_ENGINES_H
#define OVERLAY_ENGINES_H

#include "memory.h"
#include "order.h"
#include "records.h"
#include "sums.h"
#include "types.h"
#include "walk_post.h"

enum { LOOKUP_ENTRIES = 256 };

// What belongs to an output channel, in a bank for each lane: parameters, slopes. And a look-up table for each lane.
MEMORY_TYPE(parameters, parameter_t, [PARAMETER_ROWS], [PARAMETER_BANKS])
MEMORY_TYPE(slopes, std::int32_t, [SLOPE_ROWS], [PARAMETER_BANKS])
MEMORY_TYPE(lookup, std::int8_t, [LANES], [LOOKUP_ENTRIES])

typedef stream_of<token_t> tokens_t;
typedef stream_of<count_t> counts_t;

void load_block(READ_PORTS, const command_t &c, const source_t sources[MAX_SOURCES], int index,
                input_write_t input_buffer, weight_write_t weight_buffer, parameters_write_t parameters,
                tokens_t &operand_slots, tokens_t &operand_ready, counts_t &counts);

void compute_block(const command_t &c, const source_t sources[MAX_SOURCES], values_read_t values, values_read_t classes,
                   int index, input_read_t input_buffer, weight_read_t weight_buffer, sums_write_t sums,
                   tokens_t &operand_slots, tokens_t &operand_ready, tokens_t &sum_slots, tokens_t &sum_ready,
                   products_t &products, counts_t &counts);

void post_block(const command_t &c, int index, lookup_read_t lookup, slopes_read_t slopes, parameters_read_t parameters,
                sums_read_t sums, output_write_t output_buffer, tokens_t &sum_slots, tokens_t &sum_ready,
                products_t &products, tokens_t &result_slots, tokens_t &result_ready);

void store_block(WRITE_PORTS, const command_t &c, int index, output_read_t output_buffer, tokens_t &result_slots,
                 tokens_t &result_ready, counts_t &counts);

// The parts of COMPUTE: the array (compute.cpp) and the vector unit (vector.cpp). Both count the cycles they take.
void convolve_block(const command_t &c, const block_t &b, input_read_t input_buffer, weight_read_t weight_buffer,
                    sums_write_t sums, std::uint64_t &cycles);

void vector_unit(const command_t &c, const source_t sources[MAX_SOURCES], values_read_t values, values_read_t classes,
                 const block_t &b, input_read_t input_buffer, weight_read_t weight_buffer, products_t &products,
                 std::uint64_t &cycles);

#endif
