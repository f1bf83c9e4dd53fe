// Runs the program on a board through XRT's native interface.
//
//   host XCLBIN [DATA]
//
// Every memory port has a buffer in its own bank; the device buffer of docs/program.md is spread over them beat by beat.
#include <chrono>
#include <cstdio>

#include <xrt/xrt_bo.h>
#include <xrt/xrt_device.h>
#include <xrt/xrt_kernel.h>

#include "params.h"
#include "program_file.h"

namespace {

const int RUNS = 10;

int run(const std::string &xclbin, const std::string &data) {
    const program_file_t program(data);
    const std::string wrong = program.mismatch(ARRAY_ROWS, ARRAY_COLUMNS, PACKING, WORD_BYTES, INPUT_BYTES,
                                               WEIGHT_BYTES, ACCUMULATOR_ROWS, ROW_BUFFER_BYTES);
    if (!wrong.empty()) throw std::runtime_error(wrong);
    xrt::device device(0);
    const xrt::uuid uuid = device.load_xclbin(xclbin);
    xrt::kernel kernel(device, uuid, "overlay");

    const std::size_t bytes = (program.memory_bytes() / (PORTS * PORT_BYTES) + 2) * PORT_BYTES;
    std::vector<xrt::bo> banks;
    std::vector<std::uint8_t *> ports;
    for (int i = 0; i < PORTS; ++i) {
        banks.emplace_back(device, bytes, kernel.group_id(i));
        ports.push_back(banks.back().map<std::uint8_t *>());
    }
    const std::size_t counters_per_command = 1 + 2 * PORTS;
    xrt::bo counters(device, program.command_count() * counters_per_command * 8, kernel.group_id(2 * PORTS));

    spread(ports, PORT_BYTES, 0, program.image.data(), program.image.size());
    const std::vector<std::uint8_t> input = read_file(data + "/input.bin");
    std::size_t at = 0;
    for (const tensor_entry_t &t : program.tensors) {
        if (t.role != INPUT_ROLE) continue;
        spread(ports, PORT_BYTES, t.address, input.data() + at, t.size_bytes);
        at += t.size_bytes;
    }
    for (xrt::bo &bank : banks) bank.sync(XCL_BO_SYNC_BO_TO_DEVICE);

    double best = 1e30;
    for (int i = 0; i < RUNS; ++i) {
        xrt::run invocation(kernel);
        int argument = 0;
        for (xrt::bo &bank : banks) invocation.set_arg(argument++, bank);
        for (xrt::bo &bank : banks) invocation.set_arg(argument++, bank);
        invocation.set_arg(argument++, counters);
        invocation.set_arg(argument++, program.commands_address());
        invocation.set_arg(argument++, static_cast<int>(program.command_count()));
        const auto start = std::chrono::steady_clock::now();
        invocation.start();
        invocation.wait();
        const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
        best = took.count() < best ? took.count() : best;
    }
    for (xrt::bo &bank : banks) bank.sync(XCL_BO_SYNC_BO_FROM_DEVICE);
    std::printf("best of %d runs: %.4f ms (predicted: see predicted.json)\n", RUNS, best);

    // golden.bin has all layers; outputs are compared, since other tensors may have been overwritten.
    const std::vector<std::uint8_t> golden = read_file(data + "/golden.bin");
    std::size_t expected_at = 0;
    bool equal = true;
    for (const layer_entry_t &layer : program.layers) {
        if (layer.output == NO_TENSOR) continue;
        const tensor_entry_t &t = program.tensors[layer.output];
        if (t.role == OUTPUT_ROLE) {
            const std::vector<std::int8_t> got = read_tensor(ports, PORT_BYTES, t);
            for (std::size_t i = 0; i < got.size() && equal; ++i) {
                const std::int8_t expected = static_cast<std::int8_t>(golden[expected_at + i]);
                if (got[i] == expected) continue;
                std::printf("MISMATCH in output %s, element %zu: expected %d, got %d\n", t.name.c_str(), i, expected,
                            got[i]);
                equal = false;
            }
        }
        expected_at += t.elements();
    }
    std::printf(equal ? "PASS\n" : "FAIL\n");
    return equal ? 0 : 1;
}

}  // namespace

int main(int count, char **arguments) {
    if (count < 2) {
        std::fprintf(stderr, "usage: host XCLBIN [DATA]\n");
        return 2;
    }
    try {
        return run(arguments[1], count > 2 ? arguments[2] : "data");
    } catch (const std::exception &error) {
        std::fprintf(stderr, "host: %s\n", error.what());
        return 2;
    }
}
