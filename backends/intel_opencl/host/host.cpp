// Runs the program on a board, or on Intel's emulator.
//
//   host --binary FILE.aocx [DATA]                 on the board: the whole program, ten times; compares its outputs
//   host --binary FILE.aocx --emulator [DATA]      on the emulator: layer by layer, compares each
//   host --sources src --emulator [DATA]           the same; the emulator compiles the kernels itself
//   host --sources src --emulator --save FILE.aocx [DATA]    only that, as aoc -march=emulator does
//
// Also: --layers (layer by layer on a board), --tensors FILE, --counters FILE (device_run.h), --input FILE (a picture,
// picture_input.h, or values in the model's own types, values.h), --output FILE (values), --time-limit SECONDS for a run of
// the kernels. Exit status: 0 all equal, 1 a difference (the first one is named), 2 something is missing or wrong.
#include "opencl_device.h"

namespace {

const int RUNS = 10;

struct options_t {
    target_t target;
    bool layers = false;
    std::string save;
    run_options_t run;
};

double seconds(const std::string &text) {
    char *end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    if (end == text.c_str() || *end || !(value > 0))
        throw std::runtime_error("--time-limit takes seconds, not " + text);
    return value;
}

options_t parse(const std::vector<std::string> &words) {
    options_t o;
    std::vector<std::string> rest;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const bool more = i + 1 < words.size();
        if (words[i] == "--binary" && more)
            o.target.binary = words[++i];
        else if (words[i] == "--sources" && more)
            o.target.sources = words[++i];
        else if (words[i] == "--save" && more)
            o.save = words[++i];
        else if (words[i] == "--time-limit" && more)
            o.target.time_limit_seconds = seconds(words[++i]);
        else if (words[i] == "--emulator")
            o.target.emulator = true;
        else if (words[i] == "--layers")
            o.layers = true;
        else
            rest.push_back(words[i]);
    }
    if (o.target.binary.empty() == o.target.sources.empty())
        throw std::runtime_error("one of --binary FILE.aocx and --sources FOLDER is needed");
    if (o.target.binary.empty() && !o.target.emulator) throw std::runtime_error("a board needs --binary FILE.aocx");
    o.run = run_options(rest);
    return o;
}

int run_whole(const program_file_t &program, const options_t &o, opencl_device_t &device) {
    require_this_overlay(program);
    load_program(program, o.run, device);
    double best = 1e30;
    for (int i = 0; i < RUNS; ++i) {
        device.run(0, program.command_count());
        best = device.milliseconds < best ? device.milliseconds : best;
    }
    for (int k = 0; k < KERNELS; ++k) std::printf("%-8s %10.4f ms\n", KERNEL_NAMES[k], device.kernel_milliseconds[k]);
    std::printf("best of %d runs: %.4f ms by the device's clock (predicted: see predicted.json)\n", RUNS, best);
    return finish_outputs(program, o.run, device);
}

}  // namespace

int main(int count, char **arguments) {
    return guarded("host", [&] {
        const options_t options = parse({arguments + 1, arguments + count});
        const program_file_t program(options.run.data);
        opencl_device_t device(program, options.target);
        if (!options.save.empty()) {
            device.save(options.save);
            return 0;
        }
        if (options.target.emulator || options.layers) return run_layers(program, options.run, device);
        return run_whole(program, options, device);
    });
}
