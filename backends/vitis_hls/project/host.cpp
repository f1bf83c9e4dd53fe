// Runs the program on a board through XRT's native interface.
//
//   host XCLBIN [DATA] [--input FILE] [--output FILE]
//
// Every memory port has a buffer in its own bank; the device buffer of docs/program.md is spread over them beat by beat.
// --input: a picture (picture_input.h), whose classes are printed, or values for the network's inputs in the model's own
// types; --output: its outputs likewise (values.h).
// Exit status: 0 all outputs equal, 1 a difference (the first one is named), 2 the files are wrong.
#include <chrono>

#include <xrt/xrt_bo.h>
#include <xrt/xrt_device.h>
#include <xrt/xrt_kernel.h>

#include "device_run.h"

namespace {

const int RUNS = 10;

class board_t : public device_t {
  public:
    board_t(const program_file_t &program, const std::string &xclbin)
        : program_(program), device_(0), kernel_(device_, device_.load_xclbin(xclbin), "overlay"),
          bytes_(bytes_per_port(program)) {
        for (int i = 0; i < PORTS; ++i) {
            banks_.emplace_back(device_, bytes_, kernel_.group_id(i));
            ports.push_back(banks_.back().map<std::uint8_t *>());
        }
        counters_ = xrt::bo(device_, program.command_count() * COUNTERS_PER_COMMAND * 8, kernel_.group_id(2 * PORTS));
    }
    void to_device() override {
        for (xrt::bo &bank : banks_) bank.sync(XCL_BO_SYNC_BO_TO_DEVICE);
    }
    void from_device(std::uint64_t, std::uint64_t) override {
        for (xrt::bo &bank : banks_) bank.sync(XCL_BO_SYNC_BO_FROM_DEVICE);
    }

    std::vector<std::uint64_t> run(std::uint32_t first_command, std::uint32_t count) override {
        xrt::run invocation(kernel_);
        int argument = 0;
        for (xrt::bo &bank : banks_) invocation.set_arg(argument++, bank);
        for (xrt::bo &bank : banks_) invocation.set_arg(argument++, bank);
        invocation.set_arg(argument++, counters_);
        invocation.set_arg(argument++, program_.commands_address() + std::uint64_t(first_command) * COMMAND_BYTES);
        invocation.set_arg(argument++, static_cast<int>(count));
        const auto start = std::chrono::steady_clock::now();
        invocation.start();
        invocation.wait();
        milliseconds = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
        counters_.sync(XCL_BO_SYNC_BO_FROM_DEVICE);
        const std::uint64_t *counted = counters_.map<std::uint64_t *>();
        return {counted, counted + COUNTERS_PER_COMMAND * count};
    }

    double milliseconds = 0;  // of the last run

  private:
    const program_file_t &program_;
    xrt::device device_;
    xrt::kernel kernel_;
    std::size_t bytes_;
    std::vector<xrt::bo> banks_;
    xrt::bo counters_;
};

}  // namespace

int main(int count, char **arguments) {
    if (count < 2) {
        std::fprintf(stderr, "usage: host XCLBIN [DATA] [--input FILE] [--output FILE]\n");
        return 2;
    }
    return guarded("host", [&] {
        const run_options_t options = run_options({arguments + 2, arguments + count});
        const program_file_t program(options.data);
        require_this_overlay(program);
        board_t board(program, arguments[1]);
        load_program(program, options, board);
        double best = 1e30;
        for (int i = 0; i < RUNS; ++i) {
            board.run(0, program.command_count());
            best = board.milliseconds < best ? board.milliseconds : best;
        }
        std::printf("best of %d runs: %.4f ms (predicted: see predicted.json)\n", RUNS, best);
        return finish_outputs(program, options, board);
    });
}
