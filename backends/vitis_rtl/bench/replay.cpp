// Runs a bench: reads a record of inputs per clock cycle from stdin, writes the record of outputs that
// is seen in the same cycle, before its clock edge, to stdout. Registers and memories start with random
// contents from the seed in argv[1]: what depends on them without a reset shows.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "Vbench.h"
#include "verilated.h"

int main(int count, char **arguments) {
    const auto context = std::make_unique<VerilatedContext>();
    context->randReset(2);
    context->randSeed(count > 1 ? std::atoi(arguments[1]) : 1);
    const auto bench = std::make_unique<Vbench>(context.get());

    uint8_t in[sizeof bench->in_i];
    uint8_t out[sizeof bench->out_o];
    size_t taken = 0;
    while ((taken = std::fread(in, 1, sizeof in, stdin)) == sizeof in) {
        std::memcpy(&bench->in_i, in, sizeof in);
        bench->clk_i = 0;
        bench->eval();
        std::memcpy(out, &bench->out_o, sizeof out);
        if (std::fwrite(out, 1, sizeof out, stdout) != sizeof out) return 2;
        bench->clk_i = 1;
        bench->eval();
        if (context->gotError()) return 3;
        context->timeInc(1);
    }
    if (taken != 0) {
        std::fprintf(stderr, "the input ends inside a record of %zu bytes\n", sizeof in);
        return 2;
    }
    bench->final();
    return std::fflush(stdout) == 0 ? 0 : 2;
}
