"""The pooling unit: cycles of max and average pooling (docs/overlay.md, section 7).

Each row of a chunk of channels is read once and reduced with at most two rows of running results; rows that are
complete stream through the columns' reduction and through the lanes, which work side by side with the reading.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from dynamap.cost.geometry import TensorShape, Window, ceil_div
from dynamap.cost.overlay.machine import PIPELINE, UNIT_BYTES
from dynamap.cost.overlay.transfer import Ints

RUNNING_ROWS = 2
"""Rows of running results, beside the row that is being completed."""

COLUMN_ADDERS = 2
"""Values that a lane of the columns' reduction adds to its own in a cycle."""


class PoolOrder(Enum):
    """How the unit walks over a row: n channel units of one pixel per cycle, or n pixels of one channel unit."""

    PIXELS = 0
    PLANES = 1


@dataclass(frozen=True)
class Pooling:
    """A pooling layer in one order: ``chunks`` of channels one after the other, each row of them ``words`` cycles.

    ``across`` and ``finish`` are cycles of an output row of one chunk in the columns' reduction and in the lanes;
    ``finish_row`` those of all its chunks in the lanes (the last chunk may be smaller).
    """

    order: PoolOrder
    chunks: int
    words: int
    across: int
    finish: int
    finish_row: int
    height: int
    window: Window

    def sweep_rows(self, rows: int) -> int:
        """Input rows that are read for neighbouring output rows in one sweep."""
        if self.window.dilation[0] > 1:
            return rows * self.window.kernel[0]
        return min(self.height, (rows - 1) * self.window.stride[0] + self.window.kernel[0])

    @property
    def together(self) -> int:
        """Output rows that share a sweep; 0: all of a block."""
        kernel, stride = self.window.kernel[0], self.window.stride[0]
        if self.window.dilation[0] > 1 or stride >= kernel:
            return 1
        return 0 if ceil_div(kernel - 1, stride) <= RUNNING_ROWS else RUNNING_ROWS

    def rows_read(self, rows: Ints) -> Ints:
        """Input rows that are read for blocks of so many output rows."""
        if self.together == 0:
            return np.minimum(self.height, (rows - 1) * self.window.stride[0] + self.window.kernel[0])
        whole, rest = rows // self.together, rows % self.together
        last = np.where(rest > 0, self.sweep_rows(1), 0)  # a rest of two is none
        return whole * self.sweep_rows(self.together) + last

    def cycles(self, rows: Ints) -> Ints:
        """Cycles of blocks of so many output rows: the slowest of the three steps."""
        reading = self.rows_read(rows) * (self.chunks * self.words)
        slower: Ints = np.maximum(reading, rows * max(self.chunks * self.across, self.finish_row))
        return slower

    @property
    def fill(self) -> int:
        """The first row is complete."""
        return self.sweep_rows(1) * self.words

    @property
    def after(self) -> int:
        """The last row passes the columns' reduction and the lanes."""
        return max(self.across, self.finish) + PIPELINE


def line_words(word_units: int) -> int:
    """Words of a row of running results: at least 512 pixels of a plane."""
    return max(64, ceil_div(512, word_units))


def _in_pixels(n: int, lanes: int, tensor: TensorShape, out: TensorShape, window: Window) -> Pooling:
    units, (kernel, stride) = ceil_div(tensor.channels, UNIT_BYTES), (window.kernel[1], window.stride[1])
    dilated = window.dilation[1] > 1
    under_way = kernel - 1 if dilated else min(out.width, ceil_div(kernel - 1, stride))
    steps = max(1, ceil_div(under_way, COLUMN_ADDERS))
    return Pooling(
        order=PoolOrder.PIXELS,
        chunks=ceil_div(units, n),
        words=tensor.width,
        across=tensor.width * steps,
        finish=out.width * ceil_div(UNIT_BYTES * min(units, n), lanes),
        finish_row=out.width * ceil_div(UNIT_BYTES * units, lanes),
        height=tensor.height,
        window=window,
    )


def _in_planes(n: int, lanes: int, tensor: TensorShape, out: TensorShape, window: Window) -> Pooling | None:
    """None where a window reaches further than the pixels that are at hand."""
    units, kernel = ceil_div(tensor.channels, UNIT_BYTES), window.kernel[1]
    if window.dilation[1] > 1 or (kernel > n + 1 and out.width > 1):
        return None
    if out.width == 1:
        across = ceil_div(tensor.width, n) + (n - 1).bit_length()  # n sums of pixels, folded
    else:
        span = max(tensor.width, (out.width - 1) * window.stride[1] + 1)
        across = ceil_div(span, n) * max(1, ceil_div(kernel - 1, COLUMN_ADDERS))
    finish = ceil_div(UNIT_BYTES * out.width, lanes)
    return Pooling(
        order=PoolOrder.PLANES,
        chunks=units,
        words=ceil_div(tensor.width, n),
        across=across,
        finish=finish,
        finish_row=units * finish,
        height=tensor.height,
        window=window,
    )


def pooling_of(word_units: int, lanes: int, tensor: TensorShape, out: TensorShape, window: Window) -> Pooling:
    """The layer in the order in which it is faster as one block; by pixels only if a row fits the running rows.

    ``word_units`` are the units of 16 bytes in a memory word, ``lanes`` the lanes of the vector unit.
    """
    pixels = _in_pixels(word_units, lanes, tensor, out, window)
    planes = _in_planes(word_units, lanes, tensor, out, window)
    if planes is None:
        return pixels
    if max(tensor.width, out.width) > line_words(word_units):
        return planes
    whole = np.array([out.height], np.int64)
    return pixels if pixels.cycles(whole)[0] <= planes.cycles(whole)[0] else planes
