"""How a tensor lies in memory: c16, hwc and toeplitz, and a host's conversions (docs/overlay.md, section 2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dynamap.backends.program.specification import ALIGNMENT, FormatCode, TensorEntry
from dynamap.cost.geometry import TensorShape, Window, ceil_div
from dynamap.cost.overlay.machine import UNIT_BYTES, round_up

Int8Array = npt.NDArray[np.int8]
Bytes = npt.NDArray[np.uint8]

PIXELS = 4
"""Rows of a c16 plane hold a multiple of so many pixels."""


@dataclass(frozen=True)
class Layout:
    """Shape, format and pitches of a stored tensor.

    ``window`` and ``windows`` (rows and columns of windows) are those of the convolution that reads a toeplitz input.
    """

    format: FormatCode
    shape: TensorShape
    row_bytes: int
    plane_bytes: int
    size_bytes: int
    window: Window | None = None
    windows: tuple[int, int] = (0, 0)
    window_bytes: int = 0


def plain_layout(shape: TensorShape, code: FormatCode) -> Layout:
    """The layout of a tensor in c16 or hwc.

    >>> plain_layout(TensorShape(20, 2, 3), FormatCode.C16).size_bytes  # 2 planes x 2 rows x 4 pixels x 16
    256
    """
    if code is FormatCode.C16:
        row = PIXELS * UNIT_BYTES * ceil_div(shape.width, PIXELS)
        plane = row * shape.height
        return Layout(code, shape, row, plane, plane * ceil_div(shape.channels, UNIT_BYTES))
    assert code is FormatCode.HWC
    row = round_up(shape.width * shape.channels, ALIGNMENT)
    return Layout(code, shape, row, 0, row * shape.height)


def toeplitz_layout(shape: TensorShape, window: Window, out_height: int, out_width: int) -> Layout:
    """The layout of a network input whose convolution makes ``out_height`` x ``out_width`` outputs."""
    values = round_up(window.kernel[0] * window.kernel[1] * shape.channels, UNIT_BYTES)
    row = round_up(out_width * values, ALIGNMENT)
    return Layout(FormatCode.TOEPLITZ, shape, row, 0, row * out_height, window, (out_height, out_width), values)


def layout_of_entry(entry: TensorEntry) -> Layout:
    """The layout that a program's tensor entry describes."""
    shape = TensorShape(entry.channels, entry.height, entry.width)
    if entry.format is not FormatCode.TOEPLITZ:
        return plain_layout(shape, entry.format)
    window = Window(
        (entry.kernel_rows, entry.kernel_columns),
        (entry.stride_rows, entry.stride_columns),
        (entry.pad_top, entry.pad_left, 0, 0),
        (entry.dilation_rows, entry.dilation_columns),
    )
    return toeplitz_layout(shape, window, entry.out_height, entry.out_width)


def to_format(values: Int8Array, layout: Layout, pad_value: int = 0) -> Bytes:
    """The bytes of a C x H x W tensor in its layout; ``pad_value``: what toeplitz windows hold outside the image."""
    shape = layout.shape
    assert values.shape == (shape.channels, shape.height, shape.width)
    pixels = values.transpose(1, 2, 0)
    if layout.format is FormatCode.C16:
        units = ceil_div(shape.channels, UNIT_BYTES)
        padded = np.zeros((shape.height, layout.row_bytes // UNIT_BYTES, units * UNIT_BYTES), np.int8)
        padded[:, : shape.width, : shape.channels] = pixels
        planes = padded.reshape(shape.height, -1, units, UNIT_BYTES).transpose(2, 0, 1, 3)
        return np.ascontiguousarray(planes).reshape(-1).view(np.uint8)
    if layout.format is FormatCode.HWC:
        return _rows(pixels.reshape(shape.height, -1), layout.row_bytes)
    return _rows(_windows(pixels, layout, pad_value), layout.row_bytes)


def from_format(stored: Bytes, layout: Layout) -> Int8Array:
    """The C x H x W tensor that ``stored`` holds in c16 or hwc: an array of its own, whatever becomes of ``stored``."""
    shape = layout.shape
    data = stored[: layout.size_bytes].view(np.int8)
    if layout.format is FormatCode.C16:
        planes = data.reshape(-1, shape.height, layout.row_bytes // UNIT_BYTES, UNIT_BYTES)
        channels = planes.transpose(0, 3, 1, 2).reshape(-1, *planes.shape[1:3])
        return channels[: shape.channels, :, : shape.width].copy()
    assert layout.format is FormatCode.HWC
    rows = data.reshape(shape.height, layout.row_bytes)[:, : shape.width * shape.channels]
    return rows.reshape(shape.height, shape.width, shape.channels).transpose(2, 0, 1).copy()


def _rows(rows: Int8Array, row_bytes: int) -> Bytes:
    padded = np.zeros((rows.shape[0], row_bytes), np.int8)
    padded[:, : rows.shape[1]] = rows
    return padded.reshape(-1).view(np.uint8)


def _windows(pixels: Int8Array, layout: Layout, pad_value: int) -> Int8Array:
    """Rows of windows: OH x (OW Kb), each window in the order k1, k2, c."""
    window = layout.window
    assert window is not None
    (height, width), (out_height, out_width) = pixels.shape[:2], layout.windows
    top, left = window.pads[:2]
    need = (
        (out_height - 1) * window.stride[0] + window.extent[0],
        (out_width - 1) * window.stride[1] + window.extent[1],
    )
    channels = pixels.shape[2]
    padded = np.full((max(need[0], top + height), max(need[1], left + width), channels), pad_value, np.int8)
    padded[top : top + height, left : left + width] = pixels
    taps = window.kernel[0] * window.kernel[1]
    result = np.zeros((out_height, out_width, layout.window_bytes), np.int8)
    for tap in range(taps):
        y, x = (tap // window.kernel[1]) * window.dilation[0], (tap % window.kernel[1]) * window.dilation[1]
        seen = padded[y : y + need[0] - window.extent[0] + 1 : window.stride[0]]
        seen = seen[:, x : x + need[1] - window.extent[1] + 1 : window.stride[1]]
        result[:, :, tap * channels : (tap + 1) * channels] = seen
    return result.reshape(out_height, -1)
