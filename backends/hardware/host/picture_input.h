// A picture as the network's input, as data/preprocessing.txt says, and the classes in its output.
#ifndef OVERLAY_PICTURE_INPUT_H
#define OVERLAY_PICTURE_INPUT_H

#include <map>
#include <sstream>

#include "picture.h"
#include "values.h"

// What is done to a picture, a line for each key; `-` where it follows from the input (docs/accuracy.md).
struct preprocessing_t {
    std::string resize, colours, layout;
    std::vector<double> size, crop, mean, std;
    double scale = 1;
};

inline preprocessing_t read_preprocessing(const std::string &path) {
    std::ifstream file(path);
    if (!file) throw std::runtime_error("cannot read " + path);
    std::map<std::string, std::vector<std::string>> lines;
    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line);
        std::string key;
        words >> key;
        for (std::string word; words >> word;) lines[key].push_back(word);
    }
    const auto numbers = [&lines](const char *key) {
        std::vector<double> found;
        for (const std::string &word : lines[key])
            if (word != "-" && word != "stretch" && word != "letterbox") found.push_back(std::stod(word));
        return found;
    };
    const auto first = [&](const char *key) {
        if (lines[key].empty()) throw std::runtime_error(path + " has no line " + key);
        return lines[key][0];
    };
    preprocessing_t how;
    how.resize = first("resize");
    how.colours = first("colours");
    how.layout = first("layout");
    how.size = numbers("resize");
    how.crop = numbers("crop");
    how.mean = numbers("mean");
    how.std = numbers("std");
    how.scale = std::stod(first("scale"));
    if (how.mean.empty() || how.std.empty()) throw std::runtime_error(path + " has no line mean or std");
    return how;
}

inline std::size_t rounded(double value) { return static_cast<std::size_t>(std::max(0.0, std::nearbyint(value))); }

// Resized, and with `letterbox` put in the middle of a grey picture of the input's size.
inline picture_t sized(const picture_t &p, const preprocessing_t &how, std::size_t rows, std::size_t columns) {
    const double height = static_cast<double>(p.rows), width = static_cast<double>(p.columns);
    if (how.resize == "stretch") return resized(p, rows, columns);
    if (how.resize == "letterbox") {
        const double factor = std::min(static_cast<double>(rows) / height, static_cast<double>(columns) / width);
        const picture_t inner = resized(p, std::max<std::size_t>(1, rounded(height * factor)),
                                        std::max<std::size_t>(1, rounded(width * factor)));
        picture_t box{rows, columns, p.channels, std::vector<std::uint8_t>(rows * columns * p.channels, 114)};
        const std::size_t top = (rows - inner.rows) / 2, left = (columns - inner.columns) / 2;
        const std::size_t line = inner.columns * p.channels;
        for (std::size_t y = 0; y < inner.rows; ++y)
            std::copy_n(&inner.bytes[y * line], line, &box.bytes[((top + y) * columns + left) * p.channels]);
        return box;
    }
    if (how.size.size() == 2) return resized(p, rounded(how.size[0]), rounded(how.size[1]));
    // As torchvision does it: the longer side is rounded down.
    const double other = std::floor(how.size.at(0) * std::max(height, width) / std::min(height, width));
    return height <= width ? resized(p, rounded(how.size[0]), rounded(other))
                           : resized(p, rounded(other), rounded(how.size[0]));
}

// The stored values of a picture for an input, in the order of its elements.
inline std::vector<std::int8_t> stored_picture(const std::string &path, const std::string &folder,
                                               const tensor_entry_t &t) {
    const preprocessing_t how = read_preprocessing(folder + "/preprocessing.txt");
    const auto pictures = [](std::size_t channels) { return channels == 1 || channels == 3; };
    const bool last = how.layout == "-" ? !pictures(t.channels) && pictures(t.width) : how.layout == "nhwc";
    const std::size_t channels = last ? t.width : t.channels, rows = last ? t.channels : t.height,
                      columns = last ? t.height : t.width;
    if (!pictures(channels))
        throw std::runtime_error("the input " + t.name + " takes no picture: it has " + std::to_string(channels) +
                                 " channels");
    const std::string colours = how.colours == "-" ? (channels == 1 ? "grey" : "rgb") : how.colours;
    if ((colours == "grey") != (channels == 1))
        throw std::runtime_error("the preprocessing gives " + colours + " and the input has " +
                                 std::to_string(channels) + " channel(s)");
    const picture_t p = sized(with_channels(picture_reader_t(path).picture(), channels), how, rows, columns);
    const bool cropped = !how.crop.empty();
    if (cropped && (rounded(how.crop[0]) != rows || rounded(how.crop.back()) != columns))
        throw std::runtime_error("the preprocessing crops to another size than the input's");
    if (p.rows < rows || p.columns < columns)
        throw std::runtime_error(path + ": resized it is smaller than the input of " + std::to_string(rows) + "x" +
                                 std::to_string(columns));
    const std::size_t top = rounded(static_cast<double>(p.rows - rows) / 2),
                      left = rounded(static_cast<double>(p.columns - columns) / 2);
    const auto all = [](const std::vector<double> &values, double wanted) {
        return std::all_of(values.begin(), values.end(),
                           [wanted](double value) { return !(value < wanted) && !(value > wanted); });
    };
    const bool raw = all({how.scale}, 1) && all(how.mean, 0) && all(how.std, 1) && t.declared != DECLARED_REAL;
    std::vector<std::int8_t> values(t.elements());
    for (std::size_t y = 0; y < rows; ++y)
        for (std::size_t x = 0; x < columns; ++x)
            for (std::size_t c = 0; c < channels; ++c) {
                const std::size_t source = colours == "bgr" ? channels - 1 - c : c;
                const int byte = p.bytes[((top + y) * p.columns + left + x) * channels + source];
                const double real = (byte / how.scale - how.mean[c % how.mean.size()]) / how.std[c % how.std.size()];
                const std::size_t at = last ? (y * columns + x) * channels + c : (c * rows + y) * columns + x;
                values[at] = raw ? static_cast<std::int8_t>(byte - 128) : quantised(t, static_cast<float>(real));
            }
    return values;
}

// A line for each of the likeliest classes, by a softmax unless the values are probabilities; none for what is no vector of
// classes. Names come from data/labels.txt where it is there.
inline void print_classes(const tensor_entry_t &t, const std::vector<std::int8_t> &stored, const std::string &folder) {
    const std::size_t count = t.elements();
    if (count < 2 || count != std::max({t.channels, t.height, t.width})) return;
    std::vector<std::string> labels;
    std::ifstream file(folder + "/labels.txt");
    for (std::string line; std::getline(file, line);) labels.push_back(line);
    std::vector<double> values;
    for (const std::int8_t value : stored) values.push_back((value - t.zero_point) * static_cast<double>(t.scale));
    double sum = 0;
    for (const double value : values) sum += value;
    const double most = *std::max_element(values.begin(), values.end());
    const bool certain = *std::min_element(values.begin(), values.end()) >= 0 && std::fabs(sum - 1) < 0.05;
    std::vector<double> shares = values;
    if (!certain)
        for (double &share : shares) share = std::exp(share - most);
    double total = 0;
    for (const double share : shares) total += share;
    std::vector<std::size_t> order(count);
    for (std::size_t i = 0; i < count; ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(),
                     [&values](std::size_t a, std::size_t b) { return values[a] > values[b]; });
    for (std::size_t i = 0; i < std::min<std::size_t>(5, count); ++i) {
        const std::size_t best = order[i];
        std::string name = best < labels.size() ? labels[best] : "";
        while (!name.empty() && std::isspace(static_cast<unsigned char>(name.back()))) name.pop_back();
        std::printf("class %zu%s: %.2f%%\n", best, name.empty() ? "" : (" " + name).c_str(),
                    100 * shares[best] / total);
    }
}

#endif
