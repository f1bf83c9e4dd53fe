// The overlay: fetches commands one by one and runs each as a pipeline of LOAD, COMPUTE, POST and STORE over its blocks.
#include "overlay.h"

#include "engines.h"

namespace {

// Bytes of memory that are not counted: commands and tables come beside LOAD.
void fetch_bytes(READ_PORTS, std::uint64_t address, int bytes, std::uint8_t *into) {
    count_t ignored = {};
    const int beats = (bytes + PORT_BYTES - 1) / PORT_BYTES;
words:
    for (int beat = 0; beat < beats; beat += PORTS) {
#pragma HLS loop_tripcount min = 1 max = 64
        const int some = beats - beat < PORTS ? beats - beat : PORTS;
        const word_t word = read_word(PASS_READ, address / PORT_BYTES + (std::uint64_t)beat, some, &ignored);
    bytes_of_word:
        for (int i = 0; i < WORD_BYTES; ++i) {
            if (beat * PORT_BYTES + i < bytes) into[beat * PORT_BYTES + i] = word.byte[i];
        }
    }
}

command_t fetch_command(READ_PORTS, std::uint64_t address) {
    std::uint8_t bytes[COMMAND_WORDS * 4];
    std::uint32_t words[COMMAND_WORDS];
#pragma HLS array_partition variable = words complete
    fetch_bytes(PASS_READ, address, COMMAND_WORDS * 4, bytes);
words_of_command:
    for (int i = 0; i < COMMAND_WORDS; ++i) {
#pragma HLS unroll
        words[i] = word_of(&bytes[4 * i]);
    }
    return decode_command(words);
}

void fetch_sources(READ_PORTS, const command_t &c, source_t sources[MAX_SOURCES]) {
    if (c.sources_address == 0) return;
sources:
    for (int s = 0; s < c.source_count; ++s) {
#pragma HLS loop_tripcount min = 2 max = 4
        std::uint8_t bytes[SOURCE_WORDS * 4];
        std::uint32_t words[SOURCE_WORDS];
        const std::uint64_t address = c.sources_address + (std::uint64_t)s * SOURCE_WORDS * 4;
        fetch_bytes(PASS_READ, address, SOURCE_WORDS * 4, bytes);
        for (int i = 0; i < SOURCE_WORDS; ++i) words[i] = word_of(&bytes[4 * i]);
        sources[s] = decode_source(words);
    }
}

void fetch_tables(READ_PORTS, const command_t &c, lookup_write_t lookup, slopes_write_t slopes) {
    if (c.flags & FLAG_LOOKUP) {
        std::uint8_t bytes[LOOKUP_ENTRIES];
        fetch_bytes(PASS_READ, c.lookup_address, LOOKUP_ENTRIES, bytes);
    entries:
        for (int i = 0; i < LOOKUP_ENTRIES; ++i) {
            PIPELINED(lookup_entries)  // an entry goes to the tables of all lanes
        lanes:
            for (int lane = 0; lane < LANES; ++lane) {
#pragma HLS unroll
                lookup[lane][i] = (std::int8_t)bytes[i];
            }
        }
    }
    if (c.flags & FLAG_LEAKY) {
        static std::uint8_t bytes[SLOPES * 4];
        fetch_bytes(PASS_READ, c.slopes_address, c.slope_count * 4, bytes);
    slopes:
        for (int i = 0; i < c.slope_count; ++i) {
            PIPELINED(slopes_of_channels)  // one of them is written
#pragma HLS loop_tripcount min = 1 max = 512
            slopes[i / PARAMETER_BANKS][i & (PARAMETER_BANKS - 1)] = (std::int32_t)word_of(&bytes[4 * i]);
        }
    }
}

// `classes`: a copy, of which COMPUTE reads bytes at addresses of their own.
void fetch_values(READ_PORTS, const command_t &c, values_write_t values, values_write_t classes) {
    if (c.values_bytes == 0) return;
    static std::uint8_t bytes[VALUE_BYTES];
    fetch_bytes(PASS_READ, c.values_address, c.values_bytes, bytes);
rows_of_values:
    for (int row = 0; row * VALUE_ROW < c.values_bytes; ++row) {
        PIPELINED(value_rows)  // a row is an address
#pragma HLS loop_tripcount min = 1 max = 2048
    bytes_of_row:
        for (int i = 0; i < VALUE_ROW; ++i) {
#pragma HLS unroll
            values[row][i] = bytes[row * VALUE_ROW + i];
            classes[row][i] = bytes[row * VALUE_ROW + i];
        }
    }
}

// Adds up what LOAD, COMPUTE and STORE counted in a block.
void count_block(counts_t &load_counts, counts_t &compute_counts, counts_t &store_counts,
                 std::uint64_t totals[COUNTERS]) {
#pragma HLS inline off
    const count_t load = load_counts.read();
    const count_t compute = compute_counts.read();
    const count_t store = store_counts.read();
    totals[0] += compute.cycles;
ports:
    for (int i = 0; i < PORTS; ++i) {
#pragma HLS unroll
        totals[1 + i] += load.port_bytes[i];
        totals[1 + PORTS + i] += store.port_bytes[i];
    }
}

// Buffers. Their halves are handed over by tokens, so they are memories without synchronisation of their own.
#ifdef OVERLAY_CHECK_PORTS
// b: a dimension of banks, a: of addresses, w: of a word; then the iterations from a write to a read of what it wrote.
ports::memory_t<std::int8_t> input_buffer("input_buffer", {INPUT_ROWS, BANKS, UNIT_BYTES}, "abw", 2);
ports::memory_t<std::int8_t> weight_buffer("weight_buffer", {WEIGHT_ROWS, BANKS, UNIT_BYTES}, "abw", 2);
ports::memory_t<parameter_t> parameter_buffer("parameter_buffer", {PARAMETER_ROWS, PARAMETER_BANKS}, "ab", 2);
ports::memory_t<std::int32_t> slope_buffer("slopes", {SLOPE_ROWS, PARAMETER_BANKS}, "ab", 2);
ports::memory_t<std::uint8_t> value_table("values", {VALUE_ROWS, VALUE_ROW}, "aw", 2);
ports::memory_t<std::uint8_t> class_table("classes", {VALUE_ROWS, VALUE_ROW}, "ab", 2);
ports::memory_t<std::int8_t> lookup_tables("lookup", {LANES, LOOKUP_ENTRIES}, "ba", 2);
ports::memory_t<sum_t> accumulators("accumulators", {SUM_MEMORIES, ACCUMULATOR_ROWS, BANK_COLUMNS}, "bab", 4);
ports::memory_t<std::int8_t> output_buffer("output_buffer", {OUTPUT_ROWS, BANKS, UNIT_BYTES}, "abw", 2);
#else
std::int8_t input_buffer[INPUT_ROWS][BANKS][UNIT_BYTES];
std::int8_t weight_buffer[WEIGHT_ROWS][BANKS][UNIT_BYTES];
parameter_t parameter_buffer[PARAMETER_ROWS][PARAMETER_BANKS];
std::int32_t slope_buffer[SLOPE_ROWS][PARAMETER_BANKS];
std::uint8_t value_table[VALUE_ROWS][VALUE_ROW];
std::uint8_t class_table[VALUE_ROWS][VALUE_ROW];
std::int8_t lookup_tables[LANES][LOOKUP_ENTRIES];
sum_t accumulators[SUM_MEMORIES][ACCUMULATOR_ROWS][BANK_COLUMNS];
std::int8_t output_buffer[OUTPUT_ROWS][BANKS][UNIT_BYTES];
#endif

// One pass: the processes work on successive blocks at the same time; tokens say which half of a buffer is whose.
void run_pass(READ_PORTS, WRITE_PORTS, const command_t &c, const source_t load_sources[MAX_SOURCES],
              const source_t compute_sources[MAX_SOURCES], values_read_t values, values_read_t classes,
              std::uint64_t totals[COUNTERS]) {
#pragma HLS inline off
#pragma HLS stream variable = input_buffer type = unsync
#pragma HLS stream variable = weight_buffer type = unsync
#pragma HLS stream variable = parameter_buffer type = unsync
#pragma HLS stream variable = slope_buffer type = unsync
#pragma HLS stream variable = value_table type = unsync
#pragma HLS stream variable = class_table type = unsync
#pragma HLS stream variable = lookup_tables type = unsync
#pragma HLS stream variable = accumulators type = unsync
#pragma HLS stream variable = output_buffer type = unsync
    // Two halves, so two tokens.
    TOKENS(token_t, operand_slots, 2)
    TOKENS(token_t, operand_ready, 2)
    TOKENS(token_t, sum_slots, 2)
    TOKENS(token_t, sum_ready, 2)
    TOKENS(token_t, result_slots, 2)
    TOKENS(token_t, result_ready, 2)
    IN_STEP(lanes_t, products, 4)
    // LOAD is at most two blocks ahead of COMPUTE, COMPUTE two of POST, POST two of STORE, whose count comes last.
    TOKENS(count_t, load_counts, 8)
    TOKENS(count_t, compute_counts, 8)
    TOKENS(count_t, store_counts, 8)
blocks:
    for (int index = 0; index < c.blocks; ++index) {
#pragma HLS loop_tripcount min = 1 max = 64
#pragma HLS dataflow  // a process starts its next block as soon as it is done with the last
        BLOCK_BEGINS(index)
        load_block(PASS_READ, c, load_sources, index, input_buffer, weight_buffer, parameter_buffer, operand_slots,
                   operand_ready, load_counts);
        compute_block(c, compute_sources, values, classes, index, input_buffer, weight_buffer, accumulators,
                      operand_slots, operand_ready, sum_slots, sum_ready, products, compute_counts);
        post_block(c, index, lookup_tables, slope_buffer, parameter_buffer, accumulators, output_buffer, sum_slots,
                   sum_ready, products, result_slots, result_ready);
        store_block(PASS_WRITE, c, index, output_buffer, result_slots, result_ready, store_counts);
        count_block(load_counts, compute_counts, store_counts, totals);
    }
}

}  // namespace

extern "C" void overlay(READ_PORTS, WRITE_PORTS, std::uint64_t *counters, std::uint64_t commands_address,
                        int command_count) {
    // Each port has a bundle, and so a bank, of its own; reads and writes of a port share it. Bursts of 64 beats are
    // 4 KiB for 64-byte ports, AXI's limit; 16 outstanding bursts cover the latency of the memory.
    // clang-format off
#define PORT_INTERFACE(i)                                                                                       \
    PRAGMA(HLS interface mode = m_axi port = read##i bundle = gmem##i offset = slave max_read_burst_length = 64  \
               num_read_outstanding = 16 latency = 64)                                                           \
    PRAGMA(HLS interface mode = m_axi port = write##i bundle = gmem##i offset = slave                            \
               max_write_burst_length = 64 num_write_outstanding = 16 latency = 64)
    // clang-format on
    PORT_INTERFACE(0)
#if OVERLAY_PORTS > 1
    PORT_INTERFACE(1)
#endif
#if OVERLAY_PORTS > 2
    PORT_INTERFACE(2)
#endif
#if OVERLAY_PORTS > 3
    PORT_INTERFACE(3)
#endif
#if OVERLAY_PORTS > 4
    PORT_INTERFACE(4)
#endif
#if OVERLAY_PORTS > 5
    PORT_INTERFACE(5)
#endif
#if OVERLAY_PORTS > 6
    PORT_INTERFACE(6)
#endif
#if OVERLAY_PORTS > 7
    PORT_INTERFACE(7)
#endif
#pragma HLS interface mode = m_axi port = counters bundle = gmem0 offset = slave
    // Control as XRT has it, said for the flow that packages the kernel for Vivado.
#pragma HLS interface mode = s_axilite port = commands_address
#pragma HLS interface mode = s_axilite port = command_count
#pragma HLS interface mode = s_axilite port = return
    // Banks: a unit from each bank of the buffers per cycle, one accumulator row (a bank per column).
#pragma HLS array_partition variable = input_buffer complete dim = 2
#pragma HLS array_reshape variable = input_buffer complete dim = 3
#pragma HLS array_partition variable = weight_buffer complete dim = 2
#pragma HLS array_reshape variable = weight_buffer complete dim = 3
#pragma HLS array_partition variable = parameter_buffer complete dim = 2
#pragma HLS array_partition variable = slope_buffer complete dim = 2
#pragma HLS array_reshape variable = value_table complete dim = 2
#pragma HLS array_partition variable = class_table complete dim = 2
#pragma HLS array_partition variable = lookup_tables complete dim = 1
#pragma HLS array_partition variable = accumulators complete dim = 1
#pragma HLS array_partition variable = accumulators complete dim = 3
#pragma HLS array_partition variable = output_buffer complete dim = 2
#pragma HLS array_reshape variable = output_buffer complete dim = 3
    // One side writes a half while the other reads the other half: a port each.
#define STORED(buffer, memory) PRAGMA(HLS bind_storage variable = buffer type = ram_2p impl = memory)
    STORED(input_buffer, INPUT_STORAGE)
    STORED(weight_buffer, WEIGHT_STORAGE)
    STORED(accumulators, ACCUMULATOR_STORAGE)
    STORED(output_buffer, OUTPUT_STORAGE)
    static source_t load_sources[MAX_SOURCES], compute_sources[MAX_SOURCES];
#pragma HLS array_partition variable = compute_sources complete
    std::uint64_t address = commands_address;
    int counted = 0;
commands:
    for (int i = 0; i < command_count; ++i) {
#pragma HLS loop_tripcount min = 1 max = 100
        const command_t c = fetch_command(PASS_READ, address);
        address += COMMAND_WORDS * 4;
        fetch_sources(PASS_READ, c, load_sources);
    copy_sources:
        for (int s = 0; s < MAX_SOURCES; ++s) compute_sources[s] = load_sources[s];
        fetch_tables(PASS_READ, c, lookup_tables, slope_buffer);
        fetch_values(PASS_READ, c, value_table, class_table);
        std::uint64_t totals[COUNTERS] = {};
#pragma HLS array_partition variable = totals complete
        run_pass(PASS_READ, PASS_WRITE, c, load_sources, compute_sources, value_table, class_table, totals);
    counters_of_command:
        for (int k = 0; k < COUNTERS; ++k) {
#pragma HLS pipeline II = 1
            counters[counted + k] = totals[k];
        }
        counted += COUNTERS;
    }
}
