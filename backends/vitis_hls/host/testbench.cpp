// Runs the program on the kernel in C simulation, layer by layer, and compares every layer with its golden output.
//
//   testbench [DATA] [--tensors FILE] [--counters FILE] [--input FILE] [--output FILE]
//
// DATA holds program.bin, weights.bin, input.bin and, unless only --tensors is wanted, golden.bin. Exit status: 0 all layers
// equal, 1 a difference (the first one is named), 2 the files are wrong. Where memories check their ports (make csim-ports),
// the iterations of loops must be those of iterations.txt.
#include "overlay.h"

#include "device_run.h"
#ifdef OVERLAY_CHECK_PORTS
#include "planned.h"
#endif

namespace {

class simulated_kernel_t : public device_t {
  public:
    simulated_kernel_t(const program_file_t &program, const std::string &data)
        :
#ifdef OVERLAY_CHECK_PORTS
          planned_(data),
#endif
          program_(program), banks(PORTS, std::vector<beat_t>(bytes_per_port(program) / PORT_BYTES)) {
        (void)data;
        for (auto &bank : banks) ports.push_back(bank[0].byte);
    }
    void to_device() override {}
    void from_device(std::uint64_t, std::uint64_t) override {}

    std::vector<std::uint64_t> run(std::uint32_t first_command, std::uint32_t count) override {
        std::vector<std::uint64_t> counters(COUNTERS_PER_COMMAND * count);
#define READ_BANK(i) *read##i = banks[i].data()
#define WRITE_BANK(i) *write##i = banks[i].data()
        const beat_t EACH_PORT_OF(OVERLAY_PORTS, READ_BANK);
        beat_t EACH_PORT_OF(OVERLAY_PORTS, WRITE_BANK);
        overlay(PASS_READ, PASS_WRITE, counters.data(),
                program_.commands_address() + std::uint64_t(first_command) * COMMAND_BYTES, static_cast<int>(count));
#ifdef OVERLAY_CHECK_PORTS
        planned_.check(first_command, count);
#endif
        return counters;
    }

  private:
#ifdef OVERLAY_CHECK_PORTS
    ports::planned_t planned_;
#endif
    const program_file_t &program_;
    std::vector<std::vector<beat_t>> banks;
};

}  // namespace

int main(int count, char **arguments) {
    return guarded("testbench", [&] {
        const run_options_t options = run_options({arguments + 1, arguments + count});
        const program_file_t program(options.data);
        simulated_kernel_t kernel(program, options.data);
        return run_layers(program, options, kernel);
    });
}
