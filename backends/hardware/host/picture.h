// Pictures without libraries: PPM and PGM (P6, P5 of 8 bits) and BMP (8, 24 and 32 bits, not compressed), resized as
// picture.py does it by Pillow (bilinear over all pixels that a new one covers, in fixed point, rows first), to the byte.
#ifndef OVERLAY_PICTURE_H
#define OVERLAY_PICTURE_H

#include <algorithm>
#include <cmath>

#include "program_file.h"

struct picture_t {
    std::size_t rows = 0, columns = 0, channels = 0;  // channels: 1 or 3, red first
    std::vector<std::uint8_t> bytes;                  // rows x columns x channels
};

const std::size_t MOST_PIXELS = std::size_t(1) << 27;

inline bool ends_with(const std::string &path, const char *ending) {
    const std::string wanted = ending;
    if (path.size() < wanted.size()) return false;
    for (std::size_t i = 0; i < wanted.size(); ++i)
        if (std::tolower(static_cast<unsigned char>(path[path.size() - wanted.size() + i])) != wanted[i]) return false;
    return true;
}

inline bool is_picture(const std::string &path) {
    for (const char *ending : {".ppm", ".pgm", ".bmp"})
        if (ends_with(path, ending)) return true;
    for (const char *ending : {".png", ".jpg", ".jpeg"})
        if (ends_with(path, ending))
            throw std::runtime_error(path +
                                     ": this program reads .ppm, .pgm and .bmp pictures; convert it to one of "
                                     "them, or give it to the host in Python");
    return false;
}

class picture_reader_t {
  public:
    explicit picture_reader_t(const std::string &path) : path_(path), file_(read_file(path)) {}

    picture_t picture() {
        if (file_.size() > 54 && file_[0] == 'B' && file_[1] == 'M') return bmp();
        if (file_.size() > 2 && file_[0] == 'P' && (file_[1] == '5' || file_[1] == '6')) return pnm();
        throw wrong("this is neither PPM, PGM nor BMP");
    }

  private:
    std::runtime_error wrong(const std::string &what) const { return std::runtime_error(path_ + ": " + what); }

    void take_size(picture_t &p, std::int64_t rows, std::int64_t columns) const {
        if (rows < 1 || columns < 1 || rows > 1 << 20 || columns > 1 << 20 ||
            static_cast<std::size_t>(rows * columns) > MOST_PIXELS)
            throw wrong("a picture of " + std::to_string(columns) + " x " + std::to_string(rows) + " pixels");
        p.rows = static_cast<std::size_t>(rows);
        p.columns = static_cast<std::size_t>(columns);
        p.bytes.resize(p.rows * p.columns * p.channels);
    }

    // A number of the heading of a PPM; comments run from # to the end of their line.
    std::int64_t number(std::size_t &at) const {
        while (at < file_.size() && (std::isspace(file_[at]) || file_[at] == '#'))
            if (file_[at++] == '#')
                while (at < file_.size() && file_[at] != '\n') ++at;
        std::int64_t value = 0;
        const std::size_t first = at;
        while (at < file_.size() && std::isdigit(file_[at]) && value < 1 << 24) value = 10 * value + file_[at++] - '0';
        if (at == first) throw wrong("its heading is damaged");
        return value;
    }

    picture_t pnm() const {
        picture_t p;
        p.channels = file_[1] == '6' ? 3 : 1;
        std::size_t at = 2;
        const std::int64_t columns = number(at), rows = number(at), most = number(at);
        if (most != 255) throw wrong("a picture of other than 8 bits per channel");
        take_size(p, rows, columns);
        ++at;  // one white space ends the heading
        if (at > file_.size() || file_.size() - at < p.bytes.size()) throw wrong("it is too short");
        std::copy_n(file_.begin() + static_cast<std::ptrdiff_t>(at), p.bytes.size(), p.bytes.begin());
        return p;
    }

    std::int32_t word(std::size_t at) const {
        std::int32_t value;
        std::memcpy(&value, file_.data() + at, 4);
        return value;
    }

    picture_t bmp() const {
        const std::int64_t offset = word(10), heading = word(14), rows = word(22);
        const std::size_t bits = file_[28], compression = static_cast<std::size_t>(word(30));
        if ((bits != 8 && bits != 24 && bits != 32) || compression != 0)
            throw wrong("a BMP of " + std::to_string(bits) +
                        " bits, or compressed; save it with 24 bits, not compressed");
        picture_t p;
        p.channels = 3;
        take_size(p, rows < 0 ? -rows : rows, word(18));
        const std::size_t pitch = (p.columns * bits + 31) / 32 * 4, begin = static_cast<std::size_t>(offset);
        const std::size_t palette = static_cast<std::size_t>(14 + heading);
        if (offset < 0 || heading < 40 || begin > file_.size() || file_.size() - begin < pitch * p.rows ||
            palette > file_.size())
            throw wrong("it is too short");
        for (std::size_t y = 0; y < p.rows; ++y) {
            const std::uint8_t *row = &file_[begin + pitch * (rows < 0 ? y : p.rows - 1 - y)];
            for (std::size_t x = 0; x < p.columns; ++x) {
                const std::uint8_t *pixel = row + x * bits / 8;
                if (bits == 8) {
                    const std::size_t entry = palette + 4u * *pixel;
                    if (entry + 3 > file_.size()) throw wrong("its palette is too short");
                    pixel = &file_[entry];
                }
                for (std::size_t c = 0; c < 3; ++c) p.bytes[(y * p.columns + x) * 3 + c] = pixel[2 - c];
            }
        }
        return p;
    }

    std::string path_;
    std::vector<std::uint8_t> file_;
};

// One channel of three, or three of one, as Pillow weighs them.
inline picture_t with_channels(const picture_t &from, std::size_t channels) {
    if (from.channels == channels) return from;
    picture_t p = from;
    p.channels = channels;
    p.bytes.resize(p.rows * p.columns * channels);
    for (std::size_t i = 0; i < p.rows * p.columns; ++i) {
        const std::uint8_t *pixel = &from.bytes[i * from.channels];
        if (channels == 3)
            std::fill_n(&p.bytes[3 * i], 3, *pixel);
        else
            p.bytes[i] =
                static_cast<std::uint8_t>((pixel[0] * 19595u + pixel[1] * 38470u + pixel[2] * 7471u + 0x8000u) >> 16);
    }
    return p;
}

// What the pixels of one new place are weighed with, along one axis: the first old pixel, and fractions of 2^22.
struct weights_t {
    std::size_t first;
    std::vector<std::int64_t> weights;
};

const int WEIGHT_BITS = 22;

inline std::vector<weights_t> bilinear_weights(std::size_t from, std::size_t to) {
    const double scale = static_cast<double>(from) / static_cast<double>(to), width = std::max(scale, 1.0);
    std::vector<weights_t> all;
    for (std::size_t place = 0; place < to; ++place) {
        const double center = (static_cast<double>(place) + 0.5) * scale;
        const std::int64_t first = std::max<std::int64_t>(0, static_cast<std::int64_t>(center - width + 0.5));
        const std::int64_t end =
            std::min(static_cast<std::int64_t>(from), static_cast<std::int64_t>(center + width + 0.5));
        std::vector<double> parts;
        double sum = 0;
        for (std::int64_t x = first; x < end; ++x) {
            const double away = std::fabs((static_cast<double>(x) - center + 0.5) * (1.0 / width));
            parts.push_back(away < 1 ? 1 - away : 0);
            sum += parts.back();
        }
        weights_t w{static_cast<std::size_t>(first), {}};
        for (const double part : parts)
            w.weights.push_back(static_cast<std::int64_t>(0.5 + part / sum * (1 << WEIGHT_BITS)));
        all.push_back(w);
    }
    return all;
}

// Along one axis: `lines` lines, whose pixels lie `step` bytes apart and whose beginnings `line_step`.
inline std::uint8_t weighed(const weights_t &w, const std::uint8_t *line, std::size_t step) {
    std::int64_t sum = std::int64_t(1) << (WEIGHT_BITS - 1);
    for (std::size_t i = 0; i < w.weights.size(); ++i) sum += w.weights[i] * line[(w.first + i) * step];
    return static_cast<std::uint8_t>(std::min<std::int64_t>(255, std::max<std::int64_t>(0, sum >> WEIGHT_BITS)));
}

inline picture_t resized(const picture_t &from, std::size_t rows, std::size_t columns) {
    if (rows < 1 || columns < 1 || rows * columns > MOST_PIXELS)
        throw std::runtime_error("a picture resized to " + std::to_string(rows) + " x " + std::to_string(columns));
    picture_t wide = from;
    if (columns != from.columns) {
        wide.columns = columns;
        wide.bytes.resize(from.rows * columns * from.channels);
        const std::vector<weights_t> weights = bilinear_weights(from.columns, columns);
        for (std::size_t y = 0; y < from.rows; ++y)
            for (std::size_t x = 0; x < columns; ++x)
                for (std::size_t c = 0; c < from.channels; ++c)
                    wide.bytes[(y * columns + x) * from.channels + c] =
                        weighed(weights[x], &from.bytes[y * from.columns * from.channels + c], from.channels);
    }
    if (rows == from.rows) return wide;
    picture_t p = wide;
    p.rows = rows;
    p.bytes.resize(rows * columns * from.channels);
    const std::vector<weights_t> weights = bilinear_weights(from.rows, rows);
    const std::size_t line = columns * from.channels;
    for (std::size_t y = 0; y < rows; ++y)
        for (std::size_t i = 0; i < line; ++i) p.bytes[y * line + i] = weighed(weights[y], &wide.bytes[i], line);
    return p;
}

#endif
