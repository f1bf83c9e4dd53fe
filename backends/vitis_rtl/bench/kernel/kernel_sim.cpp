// Runs a program on the kernel, register by register and cycle by cycle, and compares every layer's output with its
// golden one and every layer's cycles with those of the closed form.
//
//   kernel_sim [DATA] [--tensors FILE] [--counters FILE] [--input FILE] [--output FILE]
//              [--steps FILE] [--trace FILE] [--stalls SEED] [--fail ADDRESS]
//
// DATA holds program.bin, weights.bin, records.bin, tables.bin, cycles.txt, input.bin and, unless only --tensors is wanted,
// golden.bin. --steps: a line for each record, its cycles, those of them that it waited, and the bytes that it read and
// wrote. --trace: a waveform (make trace). --stalls: memory stalls and changes its latencies at random,
// which changes cycles but no value. --fail: the access of the beat at this byte of the program's buffer fails. Exit
// status: 0 all equal, 1 a difference (the first one is named), 2 the files are wrong or an access failed.
#include <map>
#include <memory>
#include <random>

#include "Vkernel.h"
#include "verilated.h"
#if VM_TRACE_FST
#include "verilated_fst_c.h"
using wave_t = VerilatedFstC;
#elif VM_TRACE_VCD
#include "verilated_vcd_c.h"
using wave_t = VerilatedVcdC;
#endif

#include "device_run.h"

namespace {

// Addresses of the kernel's registers (overlay.sv).
enum register_t : std::uint32_t {
    CONTROL = 0x00,
    BUFFER = 0x10,
    FIRST_RECORD = 0x18,
    RECORD_COUNT = 0x20,
    STATUS = 0x24,
    COMMAND = 0x28,
    FAILED_ADDRESS = 0x2c,
    RECORD_BYTES = 0x38,
    FURTHER_PARTS = 0x40
};
const std::uint32_t START = 1;
const std::uint32_t ACCESS_FAILED = 1, RECORD_UNKNOWN = 2;
const std::uint32_t COUNTERS = 16 * RECORDS;  // the upper half of the addresses
// Where each port's part of the buffer lies; the memory repeats itself below, and above.
const std::uint64_t FIRST_PART = std::uint64_t(1) << 33, PART_STEP = std::uint64_t(1) << 34;
const std::uint64_t RECORDS_ALIGNED = 4096;
const std::uint64_t WATCHDOG_CYCLES = 50'000'000;  // without the end of a record

struct record_t {
    std::uint32_t command;
    std::uint64_t expected, waits;  // cycles
    std::uint64_t table;            // bytes that its engine reads beside the layer's
};

struct counts_t {
    std::uint64_t cycles = 0, expected = 0, waited = 0, waits = 0, read = 0, written = 0;
};

// What the plan counts on, or a memory that stalls.
struct memory_t {
    std::uint32_t read_latency, write_latency;
    bool stalls;
    std::mt19937 random;
};

class simulated_kernel_t : public device_t {
  public:
    simulated_kernel_t(const program_file_t &program, std::vector<std::uint8_t> records, memory_t memory,
                       const std::string &trace)
        : memory_(std::move(memory)), records_(std::move(records)),
          records_at_((program.memory_bytes() + RECORDS_ALIGNED - 1) / RECORDS_ALIGNED * RECORDS_ALIGNED) {
        context_.randReset(2);
        context_.randSeed(1);
        context_.traceEverOn(!trace.empty());
        top_ = std::make_unique<Vkernel>(&context_);
        const std::size_t size = std::size_t(MEMORY_WORDS) * PORT_BYTES;
        memories_.assign(PORTS, std::vector<std::uint8_t>(size));
        for (std::vector<std::uint8_t> &memory : memories_) ports.push_back(memory.data());
        if (records_at_ + records_.size() > PORTS * size || bytes_per_port(program) > size)
            throw std::runtime_error("the simulation was built with too small a memory (MEMORY_WORDS)");
#if VM_TRACE
        if (!trace.empty()) {
            wave_ = std::make_unique<wave_t>();
            top_->trace(wave_.get(), 99);
            wave_->open(trace.c_str());
        }
#else
        if (!trace.empty()) throw std::runtime_error("--trace: this simulation was built without it (make trace)");
#endif
        // Inputs start with random values too.
        top_->awvalid_i = top_->arvalid_i = top_->stall_i = top_->address_waits_i = top_->failing_i = 0;
        top_->failing_address_i = 0;
        top_->read_latency_i = static_cast<std::uint16_t>(memory_.read_latency);
        top_->write_latency_i = static_cast<std::uint16_t>(memory_.write_latency);
        top_->gap_i = 1;
    }
    ~simulated_kernel_t() override {
#if VM_TRACE
        if (wave_) wave_->close();
#endif
        top_->final();
    }

    // In the reset, a beat per cycle; what lies behind stays random.
    void to_device() override {
        spread(ports, PORT_BYTES, records_at_, records_.data(), records_.size());
        top_->rst_ni = 0;
        const std::size_t used = (records_at_ + records_.size() + PORT_BYTES - 1) / PORT_BYTES;
        for (std::size_t beat = 0; beat < used; ++beat) {
            const std::size_t port = beat % PORTS, index = beat / PORTS;
            set(top_->poke_i, std::uint64_t(1) << port);
            top_->index_i = static_cast<std::uint32_t>(index);
            std::memcpy(&top_->word_i, ports[port] + index * PORT_BYTES, PORT_BYTES);
            cycle();
        }
        top_->poke_i = 0;
        top_->rst_ni = 1;
    }
    // Between two cycles: the simulated time stands still.
    void from_device(std::uint64_t address, std::uint64_t bytes) override {
        for (std::uint64_t beat = address / PORT_BYTES; beat <= (address + bytes - 1) / PORT_BYTES; ++beat) {
            const std::uint64_t port = beat % PORTS, index = beat / PORTS;
            set(top_->peek_i, port);
            top_->index_i = static_cast<std::uint32_t>(index);
            top_->eval();
            std::memcpy(ports[port] + index * PORT_BYTES, &top_->word_o, PORT_BYTES);
        }
    }
    std::vector<std::uint64_t> run(std::uint32_t, std::uint32_t) override {
        throw std::runtime_error("the kernel runs records, not commands");
    }

    void fail(std::uint64_t address) {
        const std::uint64_t beat = address / PORT_BYTES, port = beat % PORTS;
        set(top_->failing_i, std::uint64_t(1) << port);
        top_->failing_address_i = part(port) + beat / PORTS * PORT_BYTES;
    }

    // Runs records; `finished` is called at the end of each. False: an access failed, or a record is for no engine.
    template <typename Finished> bool run_records(std::size_t first, std::size_t count, Finished finished) {
        const std::uint64_t bytes = read_register(RECORD_BYTES);
        write_address(BUFFER, part(0));
        for (std::uint32_t port = 1; port < PORTS; ++port) write_address(FURTHER_PARTS + 8 * (port - 1), part(port));
        write_address(FIRST_RECORD, records_at_ + first * bytes);
        write_register(RECORD_COUNT, static_cast<std::uint32_t>(count));
        write_register(CONTROL, START);
        std::size_t record = first;
        for (std::uint64_t waited = 0; !top_->done_o; ++waited) {
            if (top_->record_done_o) {
                finished(record++);
                waited = 0;
            }
            cycle();
            if (waited > WATCHDOG_CYCLES)
                throw std::runtime_error("the kernel stands still in record " + std::to_string(record));
        }
        cycle();
        return (read_register(STATUS) & (ACCESS_FAILED | RECORD_UNKNOWN)) == 0;
    }
    counts_t counts_of(std::size_t record_of_run) {
        const std::uint32_t at = COUNTERS + static_cast<std::uint32_t>(16 * record_of_run);
        counts_t c;
        c.cycles = read_register(at);
        c.read = std::uint64_t(PORT_BYTES) * read_register(at + 4);
        c.written = std::uint64_t(PORT_BYTES) * read_register(at + 8);
        c.waited = read_register(at + 12);
        return c;
    }
    std::uint32_t read_register(std::uint32_t address) {
        top_->arvalid_i = 1;
        top_->araddr_i = static_cast<std::uint16_t>(address);
        cycle();
        top_->arvalid_i = 0;
        const std::uint32_t value = top_->rdata_o;
        cycle();
        return value;
    }

  private:
    static std::uint64_t part(std::uint64_t port) { return FIRST_PART + port * PART_STEP; }
    // A signal is as wide as there are ports.
    template <typename Signal> static void set(Signal &signal, std::uint64_t value) {
        signal = static_cast<Signal>(value);
    }
    void write_register(std::uint32_t address, std::uint32_t value) {
        top_->awvalid_i = 1;
        top_->awaddr_i = static_cast<std::uint16_t>(address);
        top_->wdata_i = value;
        cycle();
        top_->awvalid_i = 0;
        cycle();
    }
    void write_address(std::uint32_t address, std::uint64_t value) {
        write_register(address, static_cast<std::uint32_t>(value));
        write_register(address + 4, static_cast<std::uint32_t>(value >> 32));
    }
    void cycle() {
        if (memory_.stalls) stall();
        top_->clk_i = 0;
        top_->eval();
        dump();
        top_->clk_i = 1;
        top_->eval();
        dump();
        if (context_.gotError()) throw std::runtime_error("an assertion of the RTL failed");
    }
    void stall() {
        const auto below = [this](std::uint32_t limit) { return std::uint32_t(memory_.random() % limit); };
        std::uint64_t stalls = 0;
        for (int port = 0; port < PORTS; ++port) stalls = stalls << 5 | (memory_.random() & memory_.random() & 31u);
        set(top_->stall_i, stalls);
        top_->address_waits_i = below(4) == 0;
        top_->gap_i = static_cast<std::uint8_t>(below(4));
        top_->read_latency_i = static_cast<std::uint16_t>(2 + below(60));
        top_->write_latency_i = static_cast<std::uint16_t>(2 + below(60));
    }
    void dump() {
#if VM_TRACE
        if (wave_) wave_->dump(context_.time());
#endif
        context_.timeInc(1);
    }

    VerilatedContext context_;
    std::unique_ptr<Vkernel> top_;
#if VM_TRACE
    std::unique_ptr<wave_t> wave_;
#endif
    memory_t memory_;
    std::vector<std::vector<std::uint8_t>> memories_;
    std::vector<std::uint8_t> records_;
    const std::uint64_t records_at_;
};

struct sim_options_t {
    run_options_t run;
    std::string steps, trace, stalls, fail;
};

sim_options_t sim_options(const std::vector<std::string> &words) {
    sim_options_t o;
    std::vector<std::string> others;
    for (std::size_t i = 0; i < words.size(); ++i) {
        std::string *own = words[i] == "--steps"    ? &o.steps
                           : words[i] == "--trace"  ? &o.trace
                           : words[i] == "--stalls" ? &o.stalls
                           : words[i] == "--fail"   ? &o.fail
                                                    : nullptr;
        if (own && i + 1 < words.size())
            *own = words[++i];
        else
            others.push_back(words[i]);
    }
    o.run = run_options(others);
    return o;
}

// cycles.txt: a line per record, its command, its cycles by the closed form, those of them that it
// waits, and the bytes of its own table.
std::vector<record_t> read_records(const std::string &folder) {
    std::ifstream file(folder + "/cycles.txt");
    std::vector<record_t> records;
    for (record_t r; file >> r.command >> r.expected >> r.waits >> r.table;) records.push_back(r);
    if (records.empty()) throw std::runtime_error("cannot read " + folder + "/cycles.txt");
    return records;
}

// Tables lie behind the records.
std::vector<std::uint8_t> records_and_tables(const std::string &folder) {
    std::vector<std::uint8_t> both = read_file(folder + "/records.bin");
    const std::vector<std::uint8_t> tables = read_file(folder + "/tables.bin");
    both.insert(both.end(), tables.begin(), tables.end());
    return both;
}

// The layers that end with each record: its own, and those behind it that have no commands.
std::multimap<std::size_t, std::size_t> ends_of_layers(const program_file_t &program,
                                                       const std::vector<record_t> &records) {
    std::multimap<std::size_t, std::size_t> ends;
    std::size_t last = 0;
    for (std::size_t i = 0; i < program.layers.size(); ++i) {
        const layer_entry_t &layer = program.layers[i];
        if (layer.output == NO_TENSOR) continue;
        for (std::size_t r = 0; r < records.size(); ++r)
            if (records[r].command - layer.first_command < layer.command_count) last = r;
        ends.emplace(last, i);
    }
    return ends;
}

int failure(const program_file_t &program, simulated_kernel_t &kernel) {
    const std::uint32_t status = kernel.read_register(STATUS), command = kernel.read_register(COMMAND);
    const std::uint64_t address =
        kernel.read_register(FAILED_ADDRESS) | std::uint64_t(kernel.read_register(FAILED_ADDRESS + 4)) << 32;
    std::string layer = "?";
    for (const layer_entry_t &l : program.layers)
        if (command - l.first_command < l.command_count) layer = l.name;
    if (status & ACCESS_FAILED)
        std::fprintf(stderr,
                     "kernel_sim: memory refused an access (response %u) at byte %llu of the buffer, in command "
                     "%u of layer %s\n",
                     status >> 8 & 3u, static_cast<unsigned long long>(address), command, layer.c_str());
    else
        std::fprintf(stderr, "kernel_sim: the record behind command %u of layer %s is for no engine of this kernel\n",
                     command, layer.c_str());
    return 2;
}

class comparison_t {
  public:
    comparison_t(const program_file_t &program, const sim_options_t &o, simulated_kernel_t &kernel)
        : program_(program), kernel_(kernel), timed_(o.stalls.empty()) {
        if (o.run.input.empty() && std::ifstream(o.run.data + "/golden.bin").good()) golden_.emplace(o.run.data);
        if (!o.run.tensors.empty()) tensors_.open(o.run.tensors, std::ios::binary);
        if (!o.run.counters.empty()) counters_.open(o.run.counters);
        if (!tensors_ || !counters_) throw std::runtime_error("cannot write the results");
    }
    // The layer's output, when it has ended.
    void output(const layer_entry_t &layer) {
        const tensor_entry_t &tensor = program_.tensors[layer.output];
        const std::vector<std::int8_t> got = tensor_of(tensor, kernel_);
        tensors_.write(reinterpret_cast<const char *>(got.data()), static_cast<std::streamsize>(got.size()));
        if (!golden_ || !equal_) return;
        equal_ = golden_->equals(layer, tensor, got);
    }
    void cycles(const layer_entry_t &layer, const counts_t &c) {
        counters_ << c.cycles << " " << c.expected << " " << c.waited << " " << c.read << " " << c.written << "\n";
        std::printf("%-40s %14llu %14llu %10llu %14llu %14llu\n", layer.name.c_str(),
                    static_cast<unsigned long long>(c.cycles), static_cast<unsigned long long>(c.expected),
                    static_cast<unsigned long long>(c.waited), static_cast<unsigned long long>(c.read),
                    static_cast<unsigned long long>(c.written));
        if (timed_ && (c.cycles != c.expected || c.waited != c.waits) && in_time_) {
            std::printf("MISMATCH in layer %s: %llu cycles, %llu of them waiting; the closed form has %llu and %llu\n",
                        layer.name.c_str(), static_cast<unsigned long long>(c.cycles),
                        static_cast<unsigned long long>(c.waited), static_cast<unsigned long long>(c.expected),
                        static_cast<unsigned long long>(c.waits));
            in_time_ = false;
        }
    }
    int finish() {
        if ((tensors_.is_open() && !tensors_.flush()) || (counters_.is_open() && !counters_.flush()))
            throw std::runtime_error("cannot write the results");
        if (equal_ && in_time_ && golden_) std::printf("PASS: every layer equals its golden output\n");
        if (equal_ && in_time_ && timed_) std::printf("PASS: every layer has the cycles of the closed form\n");
        if (!equal_ || !in_time_) std::printf("FAIL\n");
        return equal_ && in_time_ ? 0 : 1;
    }

  private:
    const program_file_t &program_;
    simulated_kernel_t &kernel_;
    bool timed_, equal_ = true, in_time_ = true;
    std::optional<golden_t> golden_;
    std::ofstream tensors_, counters_;
};

void write_steps(const std::string &file, const std::vector<counts_t> &counted) {
    if (file.empty()) return;
    std::ofstream steps(file);
    for (const counts_t &c : counted) steps << c.cycles << " " << c.waited << " " << c.read << " " << c.written << "\n";
    if (!steps.flush()) throw std::runtime_error("cannot write the results");
}

int simulate(const sim_options_t &o) {
    const program_file_t program(o.run.data);
    require_this_overlay(program);
    const std::vector<record_t> records = read_records(o.run.data);
    const bool stalls = !o.stalls.empty();
    const std::uint32_t seed = stalls ? static_cast<std::uint32_t>(std::stoul(o.stalls)) : 1;
    memory_t memory{program.word(49), program.word(50), stalls, std::mt19937(seed)};
    if (memory.read_latency > 1023 || memory.write_latency > 1023)
        throw std::runtime_error("the simulated memory has latencies of at most 1023 cycles");
    simulated_kernel_t kernel(program, records_and_tables(o.run.data), memory, o.trace);
    load_program(program, o.run, kernel);
    if (!o.fail.empty()) kernel.fail(std::stoull(o.fail));

    comparison_t comparison(program, o, kernel);
    const auto ends = ends_of_layers(program, records);
    const auto finished = [&](std::size_t record) {
        for (auto [layer, end] = ends.equal_range(record); layer != end; ++layer)
            comparison.output(program.layers[layer->second]);
    };
    std::printf("%-40s %14s %14s %10s %14s %14s\n", "layer", "cycles", "closed form", "waited", "bytes read",
                "bytes written");
    std::vector<counts_t> counted;
    for (std::size_t first = 0; first < records.size(); first += RECORDS) {
        const std::size_t count = std::min<std::size_t>(RECORDS, records.size() - first);
        if (!kernel.run_records(first, count, finished)) return failure(program, kernel);
        for (std::size_t i = 0; i < count; ++i) {
            counted.push_back(kernel.counts_of(i));
            counted.back().read -= records[first + i].table;
        }
    }
    write_steps(o.steps, counted);
    for (const layer_entry_t &layer : program.layers) {
        if (layer.output == NO_TENSOR) continue;
        counts_t total;
        for (std::size_t r = 0; r < records.size(); ++r) {
            if (records[r].command - layer.first_command >= layer.command_count) continue;
            total.cycles += counted[r].cycles;
            total.expected += records[r].expected;
            total.waited += counted[r].waited;
            total.waits += records[r].waits;
            total.read += counted[r].read;
            total.written += counted[r].written;
        }
        comparison.cycles(layer, total);
    }
    write_outputs(program, o.run, kernel);
    return comparison.finish();
}

}  // namespace

int main(int count, char **arguments) {
    return guarded("kernel_sim", [&] { return simulate(sim_options({arguments + 1, arguments + count})); });
}
