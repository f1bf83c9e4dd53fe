"""A tensor in the device buffer, and its values in the type that the model declares, C x H x W.

Real values are float32, integers int8 or uint8. The overlay stores int8: real values by the tensor's scale and zero
point, uint8 minus 128.
"""

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass

C16, HWC, TOEPLITZ = 0, 1, 2
REAL, INT8, UINT8 = 0, 1, 2


@dataclass(frozen=True)
class Tensor:
    """Its place, its layout, its shape, its scale; for TOEPLITZ the windows in which it is laid out."""

    role: int
    layout: int
    address: int
    size_bytes: int
    row_bytes: int
    plane_bytes: int
    channels: int
    height: int
    width: int
    scale: float
    zero_point: int
    declared: int
    window_bytes: int
    windows: tuple[int, int]
    kernel: tuple[int, int]
    stride: tuple[int, int]
    dilation: tuple[int, int]
    pads: tuple[int, int]

    @property
    def elements(self) -> int:
        return self.channels * self.height * self.width

    @property
    def is_real(self) -> bool:
        return self.declared == REAL

    @property
    def declared_bytes(self) -> int:
        """Bytes of the tensor in its declared type."""
        return self.elements * (4 if self.declared == REAL else 1)

    def place(self, c: int, y: int, x: int) -> int:
        """Offset of a value in the tensor's bytes (C16, HWC)."""
        inside = c // 16 * self.plane_bytes + 16 * x + c % 16 if self.layout == C16 else x * self.channels + c
        return y * self.row_bytes + inside

    def stored_values(self, declared: bytes) -> list[int]:
        """The stored int8 values; real ones are rounded as ONNX' QuantizeLinear does it, in float32, halves to even.

        Raises:
            ValueError: some value is NaN.
        """
        if self.declared != REAL:
            return [value - (128 if self.declared == UINT8 else 256 * (value > 127)) for value in declared]
        return [self.quantised(value) for (value,) in struct.iter_unpack("<f", declared)]

    def declared_values(self, stored: list[int]) -> bytes:
        """The other way."""
        if self.declared != REAL:
            return bytes((value + (128 if self.declared == UINT8 else 0)) & 255 for value in stored)
        return struct.pack(f"<{len(stored)}f", *((value - self.zero_point) * self.scale for value in stored))

    def values(self, content: bytes) -> list[int]:
        """The int8 values of the tensor's bytes (C16, HWC)."""
        found = (content[self.place(*at)] for at in self._places())
        return [value - 256 if value > 127 else value for value in found]

    def laid_out(self, stored: list[int]) -> bytes:
        """The tensor's bytes."""
        content = bytearray(self.size_bytes)
        if self.layout == TOEPLITZ:
            self._lay_out_windows(stored, content)
        else:
            for value, at in zip(stored, self._places(), strict=True):
                content[self.place(*at)] = value & 255
        return bytes(content)

    def quantised(self, value: float) -> int:
        """The stored value of a real one.

        Raises:
            ValueError: it is NaN.
        """
        if math.isnan(value):
            raise ValueError("the input holds NaN")
        steps = value / self.scale  # of two float32, so that rounding it to float32 gives float32's quotient
        if math.isfinite(steps) and abs(steps) < 2.0**20:
            rounded: float = struct.unpack("<f", struct.pack("<f", steps))[0]
            return min(max(round(rounded) + self.zero_point, -128), 127)
        return 127 if steps > 0 else -128

    def _places(self) -> Iterator[tuple[int, int, int]]:
        for c in range(self.channels):
            for y in range(self.height):
                for x in range(self.width):
                    yield c, y, x

    def _lay_out_windows(self, stored: list[int], content: bytearray) -> None:
        """For each row of the output its windows, each in the order row, column, channel; the zero point outside."""
        plane = self.height * self.width
        for row in range(self.windows[0]):
            for column in range(self.windows[1]):
                at = row * self.row_bytes + column * self.window_bytes
                for tap in range(self.kernel[0] * self.kernel[1]):
                    y = row * self.stride[0] + tap // self.kernel[1] * self.dilation[0] - self.pads[0]
                    x = column * self.stride[1] + tap % self.kernel[1] * self.dilation[1] - self.pads[1]
                    inside = 0 <= y < self.height and 0 <= x < self.width
                    for c in range(self.channels):
                        value = stored[c * plane + y * self.width + x] if inside else self.zero_point
                        content[at + tap * self.channels + c] = value & 255
