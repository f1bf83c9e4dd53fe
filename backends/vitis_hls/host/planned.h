// The iterations that the loops of the kernel have by the plan (iterations.txt), against those that were counted (ports.h).
#ifndef OVERLAY_PLANNED_H
#define OVERLAY_PLANNED_H

#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "ports.h"

namespace ports {

class planned_t {
  public:
    // `data`: the folder of iterations.txt: lines of a command, iterations, and the loops that have them together.
    explicit planned_t(const std::string &data) {
        const std::string path = data + "/iterations.txt";
        std::ifstream file(path);
        if (!file) throw std::runtime_error("cannot read " + path);
        for (std::string text; std::getline(file, text);) {
            std::istringstream words(text);
            line_t line;
            std::getline(words >> line.command >> line.iterations >> std::ws, line.loops);
            if (words.fail()) throw std::runtime_error(path + ": no such line: " + text);
            lines_.push_back(line);
        }
    }

    // Behind `count` commands from `first` on.
    void check(std::uint32_t first, std::uint32_t count) {
        std::map<std::string, std::int64_t> planned;
        for (const line_t &line : lines_)
            if (line.command >= first && line.command < first + count) planned[line.loops] += line.iterations;
        for (const auto &[loops, iterations] : planned) {
            const std::int64_t counted = taken(loops);
            if (counted != iterations)
                throw std::logic_error("ports: commands " + std::to_string(first) + " to " +
                                       std::to_string(first + count - 1) + ": loop '" + loops + "' took " +
                                       std::to_string(counted) + " iterations, the plan has " +
                                       std::to_string(iterations));
        }
        before_ = here().iterations;
    }

  private:
    struct line_t {
        std::uint32_t command = 0;
        std::int64_t iterations = 0;
        std::string loops;
    };

    // Iterations of some loops since the last check.
    std::int64_t taken(const std::string &loops) {
        std::istringstream names(loops);
        std::int64_t counted = 0;
        for (std::string loop; names >> loop;) counted += here().iterations[loop] - before_[loop];
        return counted;
    }

    std::vector<line_t> lines_;
    std::map<std::string, std::int64_t> before_;
};

}  // namespace ports

#endif
