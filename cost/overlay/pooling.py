"""The pooling unit: cycles of max and average pooling (docs/overlay.md, section 7).

Each row of a chunk of channels is read once and reduced with at most two rows of running results; rows that are
complete stream through the columns' reduction and through the lanes, which work side by side with the reading.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from dynamap.cost.geometry import TensorShape, Window, ceil_div
from dynamap.cost.overlay.limits import MOST_DILATED_COLUMNS, MOST_POOLED_COLUMNS
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
class Tile:
    """Output columns that are pooled together: of one input row of a chunk ``words`` cycles are read for them.

    ``across`` and ``finish`` are cycles of an output row of one chunk in the columns' reduction and in the lanes.
    """

    words: int
    across: int
    finish: int


@dataclass(frozen=True)
class Pooling:
    """A pooling layer in one order: ``chunks`` of channels one after the other, in each the tiles of a row's columns.

    ``words``, ``across`` and ``finish`` are those of all tiles of a row; ``finish_row`` are cycles of an output row of
    all chunks in the lanes (the last chunk may be smaller).
    """

    order: PoolOrder
    chunks: int
    tiles: tuple[Tile, ...]
    finish_row: int
    height: int
    window: Window

    @property
    def words(self) -> int:
        return sum(tile.words for tile in self.tiles)

    @property
    def across(self) -> int:
        return sum(tile.across for tile in self.tiles)

    @property
    def finish(self) -> int:
        return sum(tile.finish for tile in self.tiles)

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
        return self.sweep_rows(1) * self.tiles[0].words

    @property
    def after(self) -> int:
        """The last row passes the columns' reduction and the lanes."""
        return max(self.tiles[-1].across, self.tiles[-1].finish) + PIPELINE


def line_words(word_units: int) -> int:
    """Words of a row of running results: at least 512 pixels of a plane."""
    return max(MOST_DILATED_COLUMNS, ceil_div(MOST_POOLED_COLUMNS, word_units))


@dataclass(frozen=True)
class _Span:
    """A tile: ``out`` columns, made of ``columns`` input columns."""

    out: int
    columns: int


def _spans(room: int, each: int, tensor: TensorShape, out: TensorShape, window: Window) -> list[_Span]:
    """The tiles of a row of which ``room`` columns are on chip; ``each``: output columns of a tile."""
    if each == out.width and max(tensor.width, out.width) <= room:
        return [_Span(out.width, tensor.width)]
    spans = []
    for column in range(0, out.width, each):
        count = min(each, out.width - column)
        first = column * window.stride[1] - window.pads[1]
        end = first + (count - 1) * window.stride[1] + window.extent[1]
        spans.append(_Span(count, min(end, tensor.width) - max(first, 0)))
    return spans


def _columns_of_tile(room: int, tensor: TensorShape, out: TensorShape, window: Window) -> int:
    """Output columns whose windows lie in ``room`` columns: all of them if possible."""
    if max(tensor.width, out.width) <= room:
        return out.width
    return min(out.width, room, (room - window.extent[1]) // window.stride[1] + 1)


def _in_pixels(n: int, lanes: int, tensor: TensorShape, out: TensorShape, window: Window) -> Pooling | None:
    """None where a window is wider than a row of running results."""
    units, (kernel, stride) = ceil_div(tensor.channels, UNIT_BYTES), (window.kernel[1], window.stride[1])
    room = line_words(n)
    if window.extent[1] > room and max(tensor.width, out.width) > room:
        return None
    tiles = []
    for span in _spans(room, _columns_of_tile(room, tensor, out, window), tensor, out, window):
        under_way = kernel - 1 if window.dilation[1] > 1 else min(span.out, ceil_div(kernel - 1, stride))
        steps = max(1, ceil_div(under_way, COLUMN_ADDERS))
        finish = span.out * ceil_div(UNIT_BYTES * min(units, n), lanes)
        tiles.append(Tile(span.columns, span.columns * steps, finish))
    return Pooling(
        order=PoolOrder.PIXELS,
        chunks=ceil_div(units, n),
        tiles=tuple(tiles),
        finish_row=out.width * ceil_div(UNIT_BYTES * units, lanes),
        height=tensor.height,
        window=window,
    )


def _in_planes(n: int, lanes: int, tensor: TensorShape, out: TensorShape, window: Window) -> Pooling | None:
    """None for dilated columns, and where a window is wider than a row of running results.

    Windows that reach further than the pixels at hand are folded one by one, each a tile of its own.
    """
    units, kernel, room = ceil_div(tensor.channels, UNIT_BYTES), window.kernel[1], line_words(n) * n
    if window.dilation[1] > 1 or (kernel > room and tensor.width > room):
        return None
    each = 1 if kernel > n + 1 else _columns_of_tile(room, tensor, out, window)
    tiles = []
    for span in _spans(room, each, tensor, out, window):
        if span.out == 1:
            across = ceil_div(span.columns, n) + (n - 1).bit_length()  # n sums of pixels, folded
        else:
            reach = max(span.columns, (span.out - 1) * window.stride[1] + 1)
            across = ceil_div(reach, n) * max(1, ceil_div(kernel - 1, COLUMN_ADDERS))
        tiles.append(Tile(ceil_div(span.columns, n), across, ceil_div(UNIT_BYTES * span.out, lanes)))
    return Pooling(
        order=PoolOrder.PLANES,
        chunks=units,
        tiles=tuple(tiles),
        finish_row=units * sum(tile.finish for tile in tiles),
        height=tensor.height,
        window=window,
    )


def pooling_of(word_units: int, lanes: int, tensor: TensorShape, out: TensorShape, window: Window) -> Pooling:
    """The layer in the order in which it is faster as one block.

    Rows of more pixels than a row of running results holds are pooled by planes. Windows of more pixels than are at
    hand are by planes only where they are too wide for the other order. ``word_units`` are the units of 16 bytes in a
    memory word, ``lanes`` the lanes of the vector unit.
    """
    pixels = _in_pixels(word_units, lanes, tensor, out, window)
    planes = _in_planes(word_units, lanes, tensor, out, window)
    if pixels is None or planes is None:
        only = pixels or planes
        assert only is not None, "planner.network.limits refuses windows that no row of running results holds"
        return only
    if window.kernel[1] > word_units + 1 and out.width > 1:
        return pixels
    if max(tensor.width, out.width) > line_words(word_units):
        return planes
    whole = np.array([out.height], np.int64)
    return pixels if pixels.cycles(whole)[0] <= planes.cycles(whole)[0] else planes
