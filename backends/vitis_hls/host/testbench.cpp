// Runs the program on the kernel in C simulation, layer by layer, and compares every layer with its golden output.
//
//   testbench DATA [--tensors FILE] [--counters FILE]
//
// DATA holds program.bin, weights.bin, input.bin and, unless only --tensors is wanted, golden.bin. Exit status: 0 all layers
// equal, 1 a difference (the first one is named), 2 the files are wrong.
#include <cstdio>
#include <memory>

#include "overlay.h"
#include "program_file.h"

namespace {

struct options_t {
    std::string data, tensors, counters;
};

options_t parse(int count, char **arguments) {
    options_t o;
    for (int i = 1; i < count; ++i) {
        const std::string word = arguments[i];
        if (word == "--tensors" && i + 1 < count)
            o.tensors = arguments[++i];
        else if (word == "--counters" && i + 1 < count)
            o.counters = arguments[++i];
        else if (o.data.empty() && word[0] != '-')
            o.data = word;
        else
            throw std::runtime_error("unknown argument " + word);
    }
    if (o.data.empty()) o.data = "data";
    return o;
}

bool exists(const std::string &path) { return std::ifstream(path).good(); }

int run(const options_t &o) {
    const program_file_t program(o.data);
    const std::string wrong = program.mismatch(ARRAY_ROWS, ARRAY_COLUMNS, PACKING, WORD_BYTES, INPUT_BYTES,
                                               WEIGHT_BYTES, ACCUMULATOR_ROWS, ROW_BUFFER_BYTES);
    if (!wrong.empty()) throw std::runtime_error(wrong);

    // The device buffer. What nobody has written yet is not zero.
    const std::size_t beats = static_cast<std::size_t>(program.memory_bytes() / (PORTS * PORT_BYTES) + 2);
    std::vector<std::vector<beat_t>> banks(PORTS, std::vector<beat_t>(beats));
    std::vector<std::uint8_t *> ports;
    for (auto &bank : banks) {
        for (beat_t &beat : bank)
            for (std::uint8_t &byte : beat.byte) byte = 0x5a;
        ports.push_back(bank[0].byte);
    }
    spread(ports, PORT_BYTES, 0, program.image.data(), program.image.size());
    const std::vector<std::uint8_t> input = read_file(o.data + "/input.bin");
    std::size_t at = 0;
    for (const tensor_entry_t &t : program.tensors) {
        if (t.role != INPUT_ROLE) continue;
        if (at + t.size_bytes > input.size()) throw std::runtime_error("input.bin is too short");
        spread(ports, PORT_BYTES, t.address, input.data() + at, t.size_bytes);
        at += t.size_bytes;
    }

#define READ_BANK(i) *read##i = banks[i].data()
#define WRITE_BANK(i) *write##i = banks[i].data()
    const beat_t EACH_PORT_OF(OVERLAY_PORTS, READ_BANK);
    beat_t EACH_PORT_OF(OVERLAY_PORTS, WRITE_BANK);

    const bool compare = exists(o.data + "/golden.bin");
    const std::vector<std::uint8_t> golden = compare ? read_file(o.data + "/golden.bin") : std::vector<std::uint8_t>();
    if (!compare && o.tensors.empty()) throw std::runtime_error("there is no golden.bin to compare with");
    std::ofstream tensors, counters;
    if (!o.tensors.empty()) tensors.open(o.tensors, std::ios::binary);
    if (!o.counters.empty()) counters.open(o.counters);
    std::printf("%-40s %14s %14s %14s\n", "layer", "array cycles", "bytes read", "bytes written");
    std::size_t expected_at = 0;
    bool equal = true;
    for (const layer_entry_t &layer : program.layers) {
        if (layer.output == NO_TENSOR) continue;
        std::vector<std::uint64_t> counted(static_cast<std::size_t>(COUNTERS) * layer.command_count);
        overlay(PASS_READ, PASS_WRITE, counted.data(),
                program.commands_address() + std::uint64_t(layer.first_command) * COMMAND_BYTES,
                static_cast<int>(layer.command_count));
        std::vector<std::uint64_t> total(COUNTERS);
        for (std::size_t i = 0; i < counted.size(); ++i) total[i % COUNTERS] += counted[i];
        std::uint64_t read = 0, written = 0;
        for (int p = 0; p < PORTS; ++p) {
            read += total[static_cast<std::size_t>(1 + p)];
            written += total[static_cast<std::size_t>(1 + PORTS + p)];
        }
        std::printf("%-40s %14llu %14llu %14llu\n", layer.name.c_str(), static_cast<unsigned long long>(total[0]),
                    static_cast<unsigned long long>(read), static_cast<unsigned long long>(written));
        for (int p = 0; p < PORTS && PORTS > 1; ++p)
            std::printf("%40s %29llu %14llu\n", ("port " + std::to_string(p)).c_str(),
                        static_cast<unsigned long long>(total[static_cast<std::size_t>(1 + p)]),
                        static_cast<unsigned long long>(total[static_cast<std::size_t>(1 + PORTS + p)]));
        if (counters) {
            for (std::size_t i = 0; i < total.size(); ++i) counters << (i ? " " : "") << total[i];
            counters << "\n";
        }
        const tensor_entry_t &t = program.tensors[layer.output];
        const std::vector<std::int8_t> got = read_tensor(ports, PORT_BYTES, t);
        if (tensors) tensors.write(reinterpret_cast<const char *>(got.data()), static_cast<std::streamsize>(got.size()));
        if (!compare) continue;
        if (expected_at + got.size() > golden.size()) throw std::runtime_error("golden.bin is too short");
        for (std::size_t i = 0; i < got.size(); ++i) {
            const std::int8_t expected = static_cast<std::int8_t>(golden[expected_at + i]);
            if (got[i] == expected) continue;
            const std::size_t plane = std::size_t(t.height) * t.width;
            std::printf("MISMATCH in layer %s: tensor %s channel %zu row %zu column %zu: expected %d, got %d\n",
                        layer.name.c_str(), t.name.c_str(), i / plane, i % plane / t.width, i % t.width, expected,
                        got[i]);
            equal = false;
            break;
        }
        if (!equal) break;
        expected_at += got.size();
    }
    if ((!o.tensors.empty() && !tensors) || (!o.counters.empty() && !counters))
        throw std::runtime_error("cannot write the results");
    if (compare) std::printf(equal ? "PASS: every layer equals its golden output\n" : "FAIL\n");
    return equal ? 0 : 1;
}

}  // namespace

int main(int count, char **arguments) {
    try {
        return run(parse(count, arguments));
    } catch (const std::exception &error) {
        std::fprintf(stderr, "testbench: %s\n", error.what());
        return 2;
    }
}
