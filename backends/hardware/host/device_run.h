// Running a program on a device and comparing what it computes with data/golden.bin. A host implements device_t for its
// device: the kernel in this process, an emulator, a board.
#ifndef OVERLAY_DEVICE_RUN_H
#define OVERLAY_DEVICE_RUN_H

#include <cstdio>
#include <optional>

#include "params.h"
#include "picture_input.h"

// Counters of a command: cycles of the array or vector unit, bytes read by each port, bytes written by each port.
const std::size_t COUNTERS_PER_COMMAND = 1 + 2 * PORTS;

class device_t {
  public:
    virtual ~device_t() {}
    // Copies the host's view of the memory to the device, and `bytes` bytes of the device buffer from `address` on back.
    virtual void to_device() = 0;
    virtual void from_device(std::uint64_t address, std::uint64_t bytes) = 0;
    // Runs commands of the program and waits; COUNTERS_PER_COMMAND counters of each command.
    virtual std::vector<std::uint64_t> run(std::uint32_t first_command, std::uint32_t count) = 0;

    // The host's view of the memory of each port.
    std::vector<std::uint8_t *> ports;
};

// Bytes of one port's memory: its share of the program's buffer, and what a whole word may reach beyond it.
inline std::size_t bytes_per_port(const program_file_t &program) {
    return static_cast<std::size_t>(program.memory_bytes() / (PORTS * PORT_BYTES) + 2) * PORT_BYTES;
}

inline void require_this_overlay(const program_file_t &program) {
    const std::string wrong = program.mismatch(ARRAY_ROWS, ARRAY_COLUMNS, PACKING, WORD_BYTES, INPUT_BYTES,
                                               WEIGHT_BYTES, ACCUMULATOR_ROWS, ROW_BUFFER_BYTES);
    if (!wrong.empty()) throw std::runtime_error(wrong);
}

struct run_options_t {
    std::string data = "data", tensors, counters, input, output;
};

// DATA [--tensors FILE] [--counters FILE] [--input FILE] [--output FILE], in any order.
inline run_options_t run_options(const std::vector<std::string> &words) {
    run_options_t o;
    bool named = false;
    const auto file = [&o](const std::string &word) -> std::string * {
        return word == "--tensors"    ? &o.tensors
               : word == "--counters" ? &o.counters
               : word == "--input"    ? &o.input
               : word == "--output"   ? &o.output
                                      : nullptr;
    };
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (std::string *path = file(words[i]); path && i + 1 < words.size())
            *path = words[++i];
        else if (!named && !words[i].empty() && words[i][0] != '-') {
            o.data = words[i];
            named = true;
        } else
            throw std::runtime_error("unknown argument " + words[i]);
    }
    return o;
}

// The input of a network that has only one.
inline const tensor_entry_t &only_tensor(const program_file_t &program, std::uint32_t role) {
    const tensor_entry_t *found = nullptr;
    for (const tensor_entry_t &t : program.tensors) {
        if (t.role != role) continue;
        if (found) throw std::runtime_error("a picture is for a network of one input, and this one has several");
        found = &t;
    }
    if (!found) throw std::runtime_error("the program has no input");
    return *found;
}

// Writes the program and its input to the device: input.bin, which is laid out already, or what is in --input: a picture
// (picture_input.h), or values in the model's own types (values.h). What nobody has written yet is not zero.
inline void load_program(const program_file_t &program, const run_options_t &o, device_t &device) {
    for (std::uint8_t *port : device.ports) std::memset(port, 0x5a, bytes_per_port(program));
    spread(device.ports, PORT_BYTES, 0, program.image.data(), program.image.size());
    if (is_picture(o.input)) {
        const tensor_entry_t &t = only_tensor(program, INPUT_ROLE);
        const std::vector<std::uint8_t> laid = laid_out(t, stored_picture(o.input, o.data, t));
        spread(device.ports, PORT_BYTES, t.address, laid.data(), laid.size());
        device.to_device();
        return;
    }
    const bool own = !o.input.empty();
    const std::string path = own ? o.input : o.data + "/input.bin";
    const std::vector<std::uint8_t> input = read_file(path);
    std::size_t at = 0;
    for (const tensor_entry_t &t : program.tensors) {
        if (t.role != INPUT_ROLE) continue;
        const std::size_t bytes = own ? declared_bytes(t) : t.size_bytes;
        if (at + bytes > input.size()) throw std::runtime_error(path + " is too short");
        if (own) {
            const std::vector<std::uint8_t> laid = laid_out(t, stored_values(t, input.data() + at));
            spread(device.ports, PORT_BYTES, t.address, laid.data(), laid.size());
        } else
            spread(device.ports, PORT_BYTES, t.address, input.data() + at, t.size_bytes);
        at += bytes;
    }
    if (at != input.size()) throw std::runtime_error(path + " is too long");
    device.to_device();
}

inline std::vector<std::int8_t> tensor_of(const tensor_entry_t &t, device_t &device) {
    device.from_device(t.address, t.size_bytes);
    return read_tensor(device.ports, PORT_BYTES, t);
}

// golden.bin: what every layer writes, C x H x W, one after the other.
class golden_t {
  public:
    explicit golden_t(const std::string &folder) : bytes_(read_file(folder + "/golden.bin")) {}
    void skip(const tensor_entry_t &t) { at_ += t.elements(); }
    // Compares the next layer's output; the first difference is named.
    bool equals(const layer_entry_t &layer, const tensor_entry_t &t, const std::vector<std::int8_t> &got) {
        if (at_ + got.size() > bytes_.size()) throw std::runtime_error("golden.bin is too short");
        for (std::size_t i = 0; i < got.size(); ++i) {
            const std::int8_t expected = static_cast<std::int8_t>(bytes_[at_ + i]);
            if (got[i] == expected) continue;
            const std::size_t plane = std::size_t(t.height) * t.width;
            std::printf("MISMATCH in layer %s: tensor %s channel %zu row %zu column %zu: expected %d, got %d\n",
                        layer.name.c_str(), t.name.c_str(), i / plane, i % plane / t.width, i % t.width, expected,
                        got[i]);
            return false;
        }
        skip(t);
        return true;
    }

  private:
    std::vector<std::uint8_t> bytes_;
    std::size_t at_ = 0;
};

// --output: the tensors that the host reads, in the model's own types (values.h), in the order of the program's tensors.
inline void write_outputs(const program_file_t &program, const run_options_t &o, device_t &device) {
    if (o.output.empty()) return;
    std::vector<std::uint8_t> bytes;
    for (const tensor_entry_t &t : program.tensors)
        if (t.role == OUTPUT_ROLE) append_declared(t, tensor_of(t, device), bytes);
    std::ofstream file(o.output, std::ios::binary);
    file.write(reinterpret_cast<const char *>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    file.close();
    if (!file) throw std::runtime_error("cannot write " + o.output);
}

// The classes of an input of one's own, where the program has a single output.
inline void show_classes(const program_file_t &program, const run_options_t &o, device_t &device) {
    std::vector<const tensor_entry_t *> outputs;
    for (const tensor_entry_t &t : program.tensors)
        if (t.role == OUTPUT_ROLE) outputs.push_back(&t);
    if (!o.input.empty() && outputs.size() == 1) print_classes(*outputs[0], tensor_of(*outputs[0], device), o.data);
}

inline void print_counters(const layer_entry_t &layer, const std::vector<std::uint64_t> &total) {
    std::uint64_t read = 0, written = 0;
    for (std::size_t p = 0; p < PORTS; ++p) {
        read += total[1 + p];
        written += total[1 + PORTS + p];
    }
    std::printf("%-40s %14llu %14llu %14llu\n", layer.name.c_str(), static_cast<unsigned long long>(total[0]),
                static_cast<unsigned long long>(read), static_cast<unsigned long long>(written));
    for (std::size_t p = 0; p < PORTS && PORTS > 1; ++p)
        std::printf("%40s %29llu %14llu\n", ("port " + std::to_string(p)).c_str(),
                    static_cast<unsigned long long>(total[1 + p]),
                    static_cast<unsigned long long>(total[1 + PORTS + p]));
}

// Runs the program layer by layer and compares every layer with golden.bin, where that exists and the input is its own.
// --tensors: every layer's
// output as golden.bin has it; --counters: a line of COUNTERS_PER_COMMAND sums per layer. Returns the exit status: 0 all
// layers equal, 1 a difference.
inline int run_layers(const program_file_t &program, const run_options_t &o, device_t &device) {
    require_this_overlay(program);
    load_program(program, o, device);
    std::optional<golden_t> golden;
    if (o.input.empty() && std::ifstream(o.data + "/golden.bin").good()) golden.emplace(o.data);
    if (!golden && o.input.empty() && o.tensors.empty() && o.output.empty())
        throw std::runtime_error("there is nothing to compare with: give --output or --tensors");
    std::ofstream tensors, counters;
    if (!o.tensors.empty()) tensors.open(o.tensors, std::ios::binary);
    if (!o.counters.empty()) counters.open(o.counters);
    std::printf("%-40s %14s %14s %14s\n", "layer", "array cycles", "bytes read", "bytes written");
    bool equal = true;
    for (const layer_entry_t &layer : program.layers) {
        if (layer.output == NO_TENSOR) continue;
        const std::vector<std::uint64_t> counted = device.run(layer.first_command, layer.command_count);
        std::vector<std::uint64_t> total(COUNTERS_PER_COMMAND);
        for (std::size_t i = 0; i < counted.size(); ++i) total[i % COUNTERS_PER_COMMAND] += counted[i];
        print_counters(layer, total);
        for (std::size_t i = 0; i < total.size(); ++i) counters << (i ? " " : "") << total[i];
        counters << "\n";
        const std::vector<std::int8_t> got = tensor_of(program.tensors[layer.output], device);
        tensors.write(reinterpret_cast<const char *>(got.data()), static_cast<std::streamsize>(got.size()));
        equal = !golden || golden->equals(layer, program.tensors[layer.output], got);
        if (!equal) break;
    }
    if ((!o.tensors.empty() && !tensors) || (!o.counters.empty() && !counters))
        throw std::runtime_error("cannot write the results");
    if (equal) write_outputs(program, o, device);
    if (equal) show_classes(program, o, device);
    if (golden) std::printf(equal ? "PASS: every layer equals its golden output\n" : "FAIL\n");
    return equal ? 0 : 1;
}

// After a run of the whole program: writes its outputs and, where the input is that of golden.bin, compares them, since
// other tensors may have been overwritten. Returns the exit status.
inline int finish_outputs(const program_file_t &program, const run_options_t &o, device_t &device) {
    write_outputs(program, o, device);
    show_classes(program, o, device);
    if (!o.input.empty()) return 0;
    golden_t golden(o.data);
    for (const layer_entry_t &layer : program.layers) {
        if (layer.output == NO_TENSOR) continue;
        const tensor_entry_t &t = program.tensors[layer.output];
        if (t.role != OUTPUT_ROLE)
            golden.skip(t);
        else if (!golden.equals(layer, t, tensor_of(t, device))) {
            std::printf("FAIL\n");
            return 1;
        }
    }
    std::printf("PASS: every output equals its golden output\n");
    return 0;
}

// Calls `body`, which returns an exit status; 2 and a message where it throws. What is printed is seen line by line.
template <typename Body> int guarded(const char *name, Body body) {
    std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
    try {
        return body();
    } catch (const std::exception &error) {
        std::fprintf(stderr, "%s: %s\n", name, error.what());
        return 2;
    }
}

#endif
