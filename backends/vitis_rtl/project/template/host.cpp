// Runs the program on a board through XRT's native interface.
//
//   host XCLBIN [DATA] [--input FILE] [--output FILE]
//
// One buffer holds the program's (docs/program.md), the records behind it, and the vector unit's tables behind these;
// each memory port has its part of it, beat by beat in turn. --input: values for the network's inputs
// in the model's own types, --output: its outputs likewise (values.h). Exit status: 0 all outputs equal, 1 a difference
// (the first one is named), 2 the files are wrong, or memory refused an access.
#include <algorithm>
#include <utility>

#include <xrt/xrt_bo.h>
#include <xrt/xrt_device.h>
#include <xrt/xrt_kernel.h>

#include "device_run.h"

namespace {

const int RUNS = 10;
const std::uint64_t RECORDS_ALIGNED = 4096;
const std::uint32_t STATUS = 0x24, COMMAND = 0x28, FAILED_ADDRESS = 0x2c, RECORD_BYTES = 0x38;
const std::uint32_t COUNTERS = 16 * RECORDS;  // the upper half of the addresses: cycles of each record of a run

class board_t : public device_t {
  public:
    board_t(const program_file_t &program, const std::string &xclbin, std::vector<std::uint8_t> records,
            std::vector<std::uint8_t> tables)
        : device_(0),
          kernel_(device_, device_.load_xclbin(xclbin), "dynamap_kernel", xrt::kernel::cu_access_mode::exclusive),
          records_(std::move(records)), tables_(std::move(tables)),
          records_at_((program.memory_bytes() + RECORDS_ALIGNED - 1) / RECORDS_ALIGNED * RECORDS_ALIGNED),
          tables_at_(records_at_ + records_.size()) {
        const std::size_t whole = (tables_at_ + tables_.size()) / (PORTS * PORT_BYTES) * PORT_BYTES + PORT_BYTES;
        for (int port = 0; port < PORTS; ++port) {
            parts_.emplace_back(device_, std::max(whole, bytes_per_port(program)), kernel_.group_id(port));
            ports.push_back(parts_.back().map<std::uint8_t *>());
        }
    }
    void to_device() override {
        spread(ports, PORT_BYTES, records_at_, records_.data(), records_.size());
        spread(ports, PORT_BYTES, tables_at_, tables_.data(), tables_.size());
        for (xrt::bo &part : parts_) part.sync(XCL_BO_SYNC_BO_TO_DEVICE);
    }
    void from_device(std::uint64_t, std::uint64_t) override {
        for (xrt::bo &part : parts_) part.sync(XCL_BO_SYNC_BO_FROM_DEVICE);
    }
    std::vector<std::uint64_t> run(std::uint32_t, std::uint32_t) override {
        throw std::runtime_error("the kernel runs records, not commands");
    }

    // All records, in pieces of which the kernel keeps the counters; its cycles.
    std::uint64_t run_all() {
        const std::uint64_t bytes = kernel_.read_register(RECORD_BYTES), count = records_.size() / bytes;
        std::uint64_t cycles = 0;
        for (std::uint64_t first = 0; first < count; first += RECORDS) {
            const std::uint64_t some = std::min<std::uint64_t>(RECORDS, count - first);
            xrt::run piece =
                start(records_at_ + first * bytes, static_cast<std::uint32_t>(some), std::make_index_sequence<PORTS>());
            piece.wait();
            const std::uint32_t status = kernel_.read_register(STATUS);
            if (status & 3u)
                throw std::runtime_error(
                    (status & 1u
                         ? "memory refused an access (response " + std::to_string(status >> 8 & 3u) + ") at byte " +
                               std::to_string(kernel_.read_register(FAILED_ADDRESS)) + " of the buffer"
                         : std::string("a record is for no engine of this kernel")) +
                    ", in command " + std::to_string(kernel_.read_register(COMMAND)));
            for (std::uint32_t i = 0; i < some; ++i) cycles += kernel_.read_register(COUNTERS + 16 * i);
        }
        return cycles;
    }

  private:
    template <std::size_t... Ports>
    xrt::run start(std::uint64_t record, std::uint32_t count, std::index_sequence<Ports...>) {
        return kernel_(parts_[Ports]..., record, count);
    }

    xrt::device device_;
    xrt::kernel kernel_;
    std::vector<std::uint8_t> records_, tables_;
    std::uint64_t records_at_, tables_at_;
    std::vector<xrt::bo> parts_;
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
        board_t board(program, arguments[1], read_file(options.data + "/records.bin"),
                      read_file(options.data + "/tables.bin"));
        load_program(program, options, board);
        std::uint64_t best = ~std::uint64_t(0);
        for (int i = 0; i < RUNS; ++i) best = std::min(best, board.run_all());
        std::printf(
            "best of %d runs: %llu cycles by the kernel's counters (data/cycles.txt has those of the closed form)\n",
            RUNS, static_cast<unsigned long long>(best));
        return finish_outputs(program, options, board);
    });
}
