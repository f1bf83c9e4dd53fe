// Inputs and outputs in the types that the model declares, C x H x W, one tensor after the other: float32 for real values,
// int8 or uint8 for integers. The overlay stores int8: real values by the tensor's scale and zero point, uint8 minus 128.
#ifndef OVERLAY_VALUES_H
#define OVERLAY_VALUES_H

#include <algorithm>
#include <cmath>

#include "program_file.h"

inline std::size_t declared_bytes(const tensor_entry_t &t) {
    return t.elements() * (t.declared == DECLARED_REAL ? sizeof(float) : 1);
}

// round(value / scale) + zero point in float32, halves to even, as ONNX' QuantizeLinear.
inline std::int8_t quantised(const tensor_entry_t &t, float value) {
    if (std::isnan(value)) throw std::runtime_error("the input " + t.name + " holds NaN");
    const float steps = std::nearbyint(value / t.scale) + static_cast<float>(t.zero_point);
    return static_cast<std::int8_t>(std::min(std::max(steps, -128.0f), 127.0f));
}

// The stored values of a tensor from `declared_bytes` bytes at `from`.
inline std::vector<std::int8_t> stored_values(const tensor_entry_t &t, const std::uint8_t *from) {
    std::vector<std::int8_t> values(t.elements());
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (t.declared == DECLARED_REAL) {
            float value;
            std::memcpy(&value, from + i * sizeof value, sizeof value);
            values[i] = quantised(t, value);
        } else
            values[i] = static_cast<std::int8_t>(from[i] - (t.declared == DECLARED_UINT8 ? 128 : 0));
    }
    return values;
}

// The other way: appends `declared_bytes` bytes to `to`.
inline void append_declared(const tensor_entry_t &t, const std::vector<std::int8_t> &values,
                            std::vector<std::uint8_t> &to) {
    for (const std::int8_t value : values) {
        if (t.declared == DECLARED_REAL) {
            const float real = static_cast<float>(value - t.zero_point) * t.scale;
            const std::uint8_t *bytes = reinterpret_cast<const std::uint8_t *>(&real);
            to.insert(to.end(), bytes, bytes + sizeof real);
        } else
            to.push_back(static_cast<std::uint8_t>(value + (t.declared == DECLARED_UINT8 ? 128 : 0)));
    }
}

// The bytes of a toeplitz input: for each row of the output its windows, each in the order row, column, channel of the
// kernel; outside the image they hold the zero point.
inline void lay_out_windows(const tensor_entry_t &t, const std::vector<std::int8_t> &values,
                            std::vector<std::uint8_t> &to) {
    for (std::uint32_t row = 0; row < t.out_height; ++row)
        for (std::uint32_t column = 0; column < t.out_width; ++column) {
            std::uint8_t *window = &to[std::size_t(row) * t.row_bytes + std::size_t(column) * t.window_bytes];
            for (std::uint32_t tap = 0; tap < t.kernel[0] * t.kernel[1]; ++tap) {
                const std::int64_t y = std::int64_t(row) * t.stride[0] + tap / t.kernel[1] * t.dilation[0] - t.pads[0];
                const std::int64_t x =
                    std::int64_t(column) * t.stride[1] + tap % t.kernel[1] * t.dilation[1] - t.pads[1];
                const bool inside = y >= 0 && y < t.height && x >= 0 && x < t.width;
                for (std::uint32_t c = 0; c < t.channels; ++c, ++window) {
                    const std::size_t at = (std::size_t(c) * t.height + (inside ? y : 0)) * t.width + (inside ? x : 0);
                    *window = static_cast<std::uint8_t>(inside ? values[at] : t.zero_point);
                }
            }
        }
}

// The bytes of a tensor in its format, from its stored values C x H x W.
inline std::vector<std::uint8_t> laid_out(const tensor_entry_t &t, const std::vector<std::int8_t> &values) {
    std::vector<std::uint8_t> bytes(t.size_bytes);
    if (t.format == FORMAT_TOEPLITZ)
        lay_out_windows(t, values, bytes);
    else
        for (std::size_t i = 0; i < values.size(); ++i) {
            const std::size_t plane = std::size_t(t.height) * t.width;
            bytes[place(t, i / plane, i % plane / t.width, i % t.width)] = static_cast<std::uint8_t>(values[i]);
        }
    return bytes;
}

#endif
