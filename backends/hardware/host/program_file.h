// What a host knows of a program: its header, layers and tensors (docs/program.md), and the device buffer, which is spread
// over the memory ports beat by beat.
#ifndef OVERLAY_PROGRAM_FILE_H
#define OVERLAY_PROGRAM_FILE_H

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

struct tensor_entry_t {
    std::string name;
    std::uint32_t role, format, row_bytes, plane_bytes, channels, height, width;
    std::uint64_t address, size_bytes;
    float scale;
    std::int32_t zero_point;
    std::uint32_t declared;
    // Of a toeplitz input: bytes of a window, rows and columns of windows, kernel, stride and dilation, pads.
    std::uint32_t window_bytes, out_height, out_width, kernel[2], stride[2], dilation[2], pads[2];
    std::size_t elements() const { return std::size_t(channels) * height * width; }
};

struct layer_entry_t {
    std::string name;
    std::uint32_t first_command, command_count, output;
};

const std::uint32_t NO_TENSOR = 0xffffffffu;
const std::uint32_t INPUT_ROLE = 1, OUTPUT_ROLE = 2;
const std::uint32_t FORMAT_C16 = 0, FORMAT_TOEPLITZ = 2;
const std::uint32_t DECLARED_REAL = 0, DECLARED_INT8 = 1, DECLARED_UINT8 = 2;
const std::uint32_t COMMAND_BYTES = 96 * 4;

inline std::vector<std::uint8_t> read_file(const std::string &path) {
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    if (!file) throw std::runtime_error("cannot read " + path);
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(file.tellg()));
    file.seekg(0);
    file.read(reinterpret_cast<char *>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    if (!file) throw std::runtime_error("cannot read all of " + path);
    return bytes;
}

// A name of the model (UTF-8) as a terminal may get it: what is not printable (ends of lines, escapes, what turns the
// direction of writing) becomes \u and its number, so that no name can look like a line of this program.
inline std::string shown(const std::string &name) {
    std::string result;
    for (std::size_t i = 0; i < name.size();) {
        const unsigned char first = static_cast<unsigned char>(name[i]);
        const std::size_t wanted = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
        std::size_t bytes = 1;
        while (bytes < wanted && i + bytes < name.size() && (name[i + bytes] & 0xc0) == 0x80) ++bytes;
        std::uint32_t code = bytes == 1 ? first : first & (0x7fu >> bytes);
        for (std::size_t k = 1; k < bytes; ++k) code = code << 6 | (static_cast<unsigned char>(name[i + k]) & 0x3fu);
        const bool control = code < 0x20 || (code >= 0x7f && code < 0xa0);
        const bool turning = code == 0x61c || (code >= 0x200b && code <= 0x200f) ||
                             (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) || code == 0xfeff;
        char number[16];
        std::snprintf(number, sizeof number, "\\u%04x", code);
        result += control || turning ? std::string(number) : name.substr(i, bytes);
        i += bytes;
    }
    return result;
}

// program.bin and weights.bin are the image of the program, cut where the weights begin.
class program_file_t {
  public:
    explicit program_file_t(const std::string &folder) {
        image = read_file(folder + "/program.bin");
        const std::vector<std::uint8_t> weights = read_file(folder + "/weights.bin");
        if (image.size() < 256 || word(0) != 0x50414E44u) throw std::runtime_error("program.bin is not a program");
        image.insert(image.end(), weights.begin(), weights.end());
        if (image.size() != pair(28)) throw std::runtime_error("program.bin and weights.bin do not belong together");
        const std::uint64_t layers_at = pair(14), tensors_at = pair(16), names_at = pair(18);
        for (std::uint32_t i = 0; i < word(9); ++i) {
            const std::uint64_t at = (layers_at + i * 32ull) / 4;
            layers.push_back({name(names_at + word(at), word(at + 1)), word(at + 2), word(at + 3), word(at + 4)});
        }
        for (std::uint32_t i = 0; i < word(10); ++i) {
            tensors.push_back(tensor((tensors_at + i * 128ull) / 4, names_at));
        }
    }

    std::uint32_t word(std::uint64_t index) const {
        std::uint32_t value;
        std::memcpy(&value, image.data() + 4 * index, 4);
        return value;
    }
    std::uint64_t pair(std::uint64_t index) const {
        return std::uint64_t(word(index)) | std::uint64_t(word(index + 1)) << 32;
    }
    std::uint64_t commands_address() const { return pair(12); }
    std::uint32_t command_count() const { return word(8); }
    std::uint64_t memory_bytes() const { return pair(34); }

    // The overlay that the program is for; it must be the one that was built.
    std::string mismatch(std::uint32_t rows, std::uint32_t columns, std::uint32_t packing, std::uint32_t word_bytes,
                         std::uint32_t input_buffer, std::uint32_t weight_buffer, std::uint32_t accumulator_rows,
                         std::uint32_t row_buffer) const {
        const char *names[] = {"rows",         "columns",       "packing",          "memory word",
                               "input buffer", "weight buffer", "accumulator rows", "row buffer"};
        const std::uint32_t built[] = {rows,         columns,       packing,          word_bytes,
                                       input_buffer, weight_buffer, accumulator_rows, row_buffer};
        const std::uint32_t wanted[] = {word(36), word(37), word(38), word(39), word(41), word(42), word(44), word(45)};
        for (int i = 0; i < 8; ++i) {
            // Buffers may be larger than the program needs; what shapes the packed weights must be equal.
            const bool fits = i < 4 ? built[i] == wanted[i] : built[i] >= wanted[i];
            if (!fits)
                return std::string("the program is for an overlay with ") + names[i] + " " + std::to_string(wanted[i]) +
                       ", this one has " + std::to_string(built[i]);
        }
        return "";
    }

    std::vector<std::uint8_t> image;
    std::vector<layer_entry_t> layers;
    std::vector<tensor_entry_t> tensors;

  private:
    tensor_entry_t tensor(std::uint64_t at, std::uint64_t names_at) const {
        const std::uint32_t bits = word(at + 13);
        float scale;
        std::memcpy(&scale, &bits, 4);
        return {name(names_at + word(at), word(at + 1)),
                word(at + 2),
                word(at + 3),
                word(at + 8),
                word(at + 9),
                word(at + 10),
                word(at + 11),
                word(at + 12),
                pair(at + 4),
                pair(at + 6),
                scale,
                static_cast<std::int32_t>(word(at + 14)),
                word(at + 26),
                word(at + 15),
                word(at + 16),
                word(at + 17),
                {word(at + 18), word(at + 19)},
                {word(at + 20), word(at + 21)},
                {word(at + 22), word(at + 23)},
                {word(at + 24), word(at + 25)}};
    }
    // For messages only: nothing is found by it.
    std::string name(std::uint64_t at, std::uint32_t size) const {
        if (at > image.size() || size > image.size() - at) throw std::runtime_error("program.bin is damaged");
        return shown(std::string(reinterpret_cast<const char *>(image.data()) + at, size));
    }
};

// Byte `at` of the device buffer lies in beat at / port_bytes; beat i is beat i / ports of port i % ports.
template <typename Bytes>
void spread(std::vector<Bytes *> &ports, std::size_t port_bytes, std::uint64_t at, const std::uint8_t *from,
            std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint64_t beat = (at + i) / port_bytes;
        ports[beat % ports.size()][beat / ports.size() * port_bytes + (at + i) % port_bytes] = from[i];
    }
}

template <typename Bytes>
std::uint8_t byte_at(const std::vector<Bytes *> &ports, std::size_t port_bytes, std::uint64_t at) {
    const std::uint64_t beat = at / port_bytes;
    return ports[beat % ports.size()][beat / ports.size() * port_bytes + at % port_bytes];
}

// Offset of a value in the bytes of a tensor in c16 or hwc.
inline std::uint64_t place(const tensor_entry_t &t, std::uint64_t c, std::uint64_t y, std::uint64_t x) {
    const std::uint64_t inside = t.format == FORMAT_C16 ? c / 16 * t.plane_bytes + 16 * x + c % 16 : x * t.channels + c;
    return y * t.row_bytes + inside;
}

// A stored tensor, C x H x W.
template <typename Bytes>
std::vector<std::int8_t> read_tensor(const std::vector<Bytes *> &ports, std::size_t port_bytes,
                                     const tensor_entry_t &t) {
    std::vector<std::int8_t> values;
    values.reserve(t.elements());
    for (std::uint32_t c = 0; c < t.channels; ++c)
        for (std::uint32_t y = 0; y < t.height; ++y)
            for (std::uint32_t x = 0; x < t.width; ++x) {
                const std::uint64_t at = t.address + place(t, c, y, x);
                values.push_back(static_cast<std::int8_t>(byte_at(ports, port_bytes, at)));
            }
    return values;
}

#endif
