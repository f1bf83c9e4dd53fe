// The memories of the kernel as objects that check their ports (make csim-ports). A memory has banks, and a bank has a
// port to read and a port to write: in an iteration of a pipelined loop it reads one address and writes one. What an
// iteration has written, another one can read no sooner than the memory's distance, in iterations, behind it. Processes
// that work on successive blocks at the same time share no port of a bank, nor do the stages of one of them on a block.
// A build without OVERLAY_CHECK_PORTS has plain arrays and does not see this file.
#ifndef OVERLAY_PORTS_H
#define OVERLAY_PORTS_H

#include <cstdint>
#include <deque>
#include <initializer_list>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace ports {

// Between two loops, and between a loop and another run of it behind something else, the pipeline runs dry.
const std::int64_t DRAINED = 64;

// Where the simulation is. Processes are simulated one after the other, so one counter serves them all.
struct place_t {
    std::int64_t now = 0;
    const char *loop = nullptr;  // the pipelined loop at work; none: nullptr
    const char *last = nullptr;  // the loop before
    std::int64_t iteration = 0;  // of the loop, all its runs counted
    std::map<std::string, std::int64_t> iterations;
    const char *process = nullptr;  // of those that work on successive blocks at the same time; none: nullptr
    const char *stage = nullptr;    // of the process
    std::int64_t block = 0;         // of all passes, with a gap between two of them
};

inline place_t &here() {
    static place_t place;
    return place;
}

class broken_rule : public std::logic_error {
  public:
    explicit broken_rule(const std::string &what)
        : std::logic_error("ports: loop '" + std::string(here().loop ? here().loop : "(none)") + "', iteration " +
                           std::to_string(here().iteration) + ": " + what) {}
};

// A count that is no larger than its bits.
inline void require_bits(const char *called, std::int64_t number, int bits) {
    if (number < 0 || number >> bits != 0)
        throw broken_rule("'" + std::string(called) + "' is " + std::to_string(number) + ", and has " +
                          std::to_string(bits) + " bits");
}

// An iteration of a pipelined loop, from here to the end of its body.
class iteration_t {
  public:
    explicit iteration_t(const char *loop) {
        place_t &at = here();
        if (at.loop != nullptr) throw broken_rule("the loop '" + std::string(loop) + "' inside of it is pipelined too");
        at.now += at.last == loop ? 1 : DRAINED;
        at.loop = at.last = loop;
        at.iteration = at.iterations[loop]++;
    }
    ~iteration_t() { here().loop = nullptr; }
    iteration_t(const iteration_t &) = delete;
    iteration_t &operator=(const iteration_t &) = delete;
};

// A block begins, the first of a pass if `index` is 0: passes do not overlap.
inline void begin_block(int index) { here().block += index == 0 ? 2 : 1; }

// A process works on the block, from here to the end of its function; inside of another, it is one of its stages.
class process_t {
  public:
    explicit process_t(const char *name) : whole(here().process == nullptr) {
        (whole ? here().process : here().stage) = name;
    }
    ~process_t() { (whole ? here().process : here().stage) = nullptr; }
    process_t(const process_t &) = delete;
    process_t &operator=(const process_t &) = delete;

  private:
    const bool whole;
};

// A memory of any number of dimensions. `roles`, a letter per dimension: b, its index is the bank's or a part of it;
// a, that of the address in the bank; w, of a part of the word that is read or written at once.
template <typename T> class memory_t {
  public:
    memory_t(const char *called, std::initializer_list<int> dimensions, const char *role_of_each, int iterations)
        : name(called), sizes(dimensions), roles(role_of_each), distance(iterations) {
        std::size_t elements = 1;
        for (std::size_t d = 0; d < sizes.size(); ++d) {
            elements *= size_of(d);
            if (roles[d] == 'b') banks *= size_of(d);
            if (roles[d] == 'a') addresses *= size_of(d);
        }
        values.resize(elements);
        written.resize(banks * addresses, -DRAINED);
        ports.resize(banks);
    }
    memory_t(const memory_t &) = delete;
    memory_t &operator=(const memory_t &) = delete;

    // An element, or a part of the memory, as indices are given one by one.
    template <typename Memory> class part_t {
      public:
        part_t(Memory &whole, std::size_t dimension) : memory(whole), depth(dimension) {}
        part_t operator[](std::int64_t index) const {
            part_t inner = *this;
            const std::size_t size = memory.size_of(depth);
            if (index < 0 || index >= static_cast<std::int64_t>(size))
                throw broken_rule("memory '" + memory.name + "' has no index " + std::to_string(index) +
                                  " in dimension " + std::to_string(depth) + " of " + std::to_string(size));
            const std::size_t at = static_cast<std::size_t>(index);
            inner.place = place * size + at;
            if (memory.roles[depth] == 'b') inner.bank = bank * size + at;
            if (memory.roles[depth] == 'a') inner.address = address * size + at;
            ++inner.depth;
            return inner;
        }
        operator T() const { return memory.read(bank, address, place); }
        const part_t &operator=(T value) const {
            memory.write(bank, address, place, value);
            return *this;
        }
        const part_t &operator=(const part_t &other) const { return *this = static_cast<T>(other); }
        part_t(const part_t &) = default;

      private:
        Memory &memory;
        std::size_t depth, bank = 0, address = 0, place = 0;
    };
    part_t<memory_t> operator[](std::int64_t index) { return part_t<memory_t>(*this, 0)[index]; }
    part_t<const memory_t> operator[](std::int64_t index) const { return part_t<const memory_t>(*this, 0)[index]; }

  private:
    // A process and its stage, and the last block for which they have taken a port.
    struct user_t {
        const char *process = nullptr, *stage = nullptr;
        std::int64_t block = 0;
    };

    struct port_t {
        std::int64_t read_at = -1, write_at = -1;  // iteration of the last access
        std::size_t read = 0, write = 0;           // its address
        user_t reader, writer;
    };

    std::size_t size_of(std::size_t depth) const { return static_cast<std::size_t>(sizes[depth]); }

    std::string bank_text(std::size_t bank) const { return "memory '" + name + "', bank " + std::to_string(bank); }

    // A memory is touched in a pipelined loop.
    void require_loop(std::size_t bank, std::size_t address) const {
        if (here().loop == nullptr)
            throw broken_rule(bank_text(bank) + ", address " + std::to_string(address) +
                              ": accessed outside of all pipelined loops");
    }

    // While a process works on a block, others work on the one before, and its stages on the same one.
    void require_own(user_t &user, std::size_t bank, const char *how) const {
        const place_t &at = here();
        if (at.process == nullptr) return;
        if (user.process != nullptr && user.process != at.process && user.block + 1 == at.block)
            throw broken_rule(bank_text(bank) + ": '" + at.process + "' " + how + " it while '" + user.process +
                              "' does so for the block before, with one port");
        const bool same = user.process == at.process && user.block == at.block;
        if (same && user.stage != nullptr && at.stage != nullptr && user.stage != at.stage)
            throw broken_rule(bank_text(bank) + ": '" + at.stage + "' " + how + " it while '" + user.stage +
                              "' does so for the same block, with one port");
        user = {at.process, at.stage, at.block};
    }

    T read(std::size_t bank, std::size_t address, std::size_t place) const {
        require_loop(bank, address);
        const std::int64_t now = here().now;
        port_t &port = ports[bank];
        if (port.read_at == now && port.read != address)
            throw broken_rule(bank_text(bank) + ": reads address " + std::to_string(address) + " beside address " +
                              std::to_string(port.read) + ", with one port to read");
        const std::int64_t age = now - written[bank * addresses + address];
        if (age < distance)
            throw broken_rule(bank_text(bank) + ": reads address " + std::to_string(address) + " " +
                              std::to_string(age) + " iterations after it was written; it is there after " +
                              std::to_string(distance));
        require_own(port.reader, bank, "reads");
        port.read_at = now;
        port.read = address;
        return values[place];
    }

    void write(std::size_t bank, std::size_t address, std::size_t place, T value) {
        values[place] = value;
        require_loop(bank, address);
        const std::int64_t now = here().now;
        port_t &port = ports[bank];
        if (port.write_at == now && port.write != address)
            throw broken_rule(bank_text(bank) + ": writes address " + std::to_string(address) + " beside address " +
                              std::to_string(port.write) + ", with one port to write");
        require_own(port.writer, bank, "writes");
        port.write_at = now;
        port.write = address;
        written[bank * addresses + address] = now;
    }

    const std::string name;
    const std::vector<int> sizes;
    const std::string roles;
    const int distance;
    std::size_t banks = 1, addresses = 1;
    std::vector<T> values;
    std::vector<std::int64_t> written;  // iteration of the last write of an address of a bank
    mutable std::vector<port_t> ports;
};

// A stream with one writer and one reader: an iteration writes it once and reads it once. `depth`: how much may wait in
// it, for streams between processes that wait for each other; 0 where the reader keeps step with the writer, which a
// simulation of one process after the other cannot show.
template <typename T> class stream_t {
  public:
    stream_t(const char *called, std::size_t most) : name(called), depth(most) {}
    stream_t(const stream_t &) = delete;
    stream_t &operator=(const stream_t &) = delete;

    void write(const T &value) {
        once(written, "written");
        waiting.push_back(value);
        if (depth > 0 && waiting.size() > depth)
            throw broken_rule("stream '" + name + "' holds " + std::to_string(waiting.size()) + ", its depth is " +
                              std::to_string(depth));
    }
    T read() {
        once(taken, "read");
        if (waiting.empty()) throw broken_rule("stream '" + name + "' is read and empty");
        const T value = waiting.front();
        waiting.pop_front();
        return value;
    }
    bool empty() const { return waiting.empty(); }

  private:
    void once(std::int64_t &last, const char *how) {
        if (here().loop == nullptr) return;
        if (last == here().now) throw broken_rule("stream '" + name + "' is " + how + " twice");
        last = here().now;
    }

    const std::string name;
    const std::size_t depth;
    std::deque<T> waiting;
    std::int64_t written = -1, taken = -1;
};

}  // namespace ports

#endif
