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

typedef hls::stream<token_t> tokens_t;
typedef hls::stream<count_t> counts_t;

void load_block(READ_PORTS, const command_t &c, const source_t sources[MAX_SOURCES], int index,
                std::int8_t input_buffer[INPUT_UNITS][UNIT_BYTES], std::int8_t weight_buffer[WEIGHT_WORDS][WORD_BYTES],
                parameter_t parameters[PARAMETER_CHANNELS], tokens_t &operand_slots, tokens_t &operand_ready,
                counts_t &counts);

void compute_block(const command_t &c, const source_t sources[MAX_SOURCES], const std::uint8_t values[VALUE_BYTES],
                   int index, const std::int8_t input_buffer[INPUT_UNITS][UNIT_BYTES],
                   const std::int8_t weight_buffer[WEIGHT_WORDS][WORD_BYTES], accumulators_t sums,
                   tokens_t &operand_slots, tokens_t &operand_ready, tokens_t &sum_slots, tokens_t &sum_ready,
                   products_t &products, counts_t &counts);

void post_block(const command_t &c, const tables_t &tables, int index, const parameter_t parameters[PARAMETER_CHANNELS],
                const accumulators_t sums, std::int8_t output_buffer[OUTPUT_UNITS][UNIT_BYTES], tokens_t &sum_slots,
                tokens_t &sum_ready, products_t &products, tokens_t &result_slots, tokens_t &result_ready);

void store_block(WRITE_PORTS, const command_t &c, int index, const std::int8_t output_buffer[OUTPUT_UNITS][UNIT_BYTES],
                 tokens_t &result_slots, tokens_t &result_ready, counts_t &counts);

// The parts of COMPUTE: the array (compute.cpp) and the vector unit (vector.cpp). Both return the cycles they took.
std::uint64_t convolve_block(const command_t &c, const block_t &b,
                             const std::int8_t input_buffer[INPUT_UNITS][UNIT_BYTES],
                             const std::int8_t weight_buffer[WEIGHT_WORDS][WORD_BYTES], accumulators_t sums);

std::uint64_t vector_unit(const command_t &c, const source_t sources[MAX_SOURCES],
                          const std::uint8_t values[VALUE_BYTES], const block_t &b,
                          const std::int8_t input_buffer[INPUT_UNITS][UNIT_BYTES],
                          const std::int8_t weight_buffer[WEIGHT_WORDS][WORD_BYTES], products_t &products);

#endif
