"""A block on the pooling unit: rows are read, columns reduced, the lanes finish (docs/overlay.md, section 7)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from dynamap.cost.overlay.machine import PIPELINE, UNIT_BYTES, Machine

ROWS_UNDER_WAY = 2
ADDED_AT_ONCE = 2
LEAST_WORDS, LEAST_PIXELS = 64, 512
"""A row of running results has so many words at least, and holds so many pixels of one channel unit."""


@dataclass(frozen=True)
class PoolWork:
    """The layer: rows, columns and channel units of its input, output columns, and (rows, columns) of its window.

    ``pad_left``: columns before the first one that the first window covers.
    """

    by_planes: bool
    height: int
    width: int
    out_width: int
    units: int
    kernel: tuple[int, int]
    stride: tuple[int, int]
    dilation: tuple[int, int]
    pad_left: int


@dataclass(frozen=True)
class _Tile:
    """Output columns that are pooled together, and the input columns that they read."""

    out_width: int
    width: int


@dataclass(frozen=True)
class PoolTime:
    """``cycles`` of a block; ``fill`` before the first row is complete, ``after`` behind the last.

    ``steps``: what rows, columns and lanes take each.
    """

    cycles: int
    fill: int
    after: int
    steps: tuple[int, int, int]


def _steps(count: int, width: int) -> int:
    """Steps of ``width`` that cover ``count``."""
    return len(range(0, count, width))


def _sweeps(work: PoolWork, rows: int) -> Iterator[int]:
    """Input rows of each sweep over the block."""
    kernel, stride = work.kernel[0], work.stride[0]
    if work.dilation[0] > 1:
        for _ in range(rows):
            yield kernel
        return
    most = 1
    if stride < kernel:  # neighbours share rows: so many of them are under way between two rows
        most = rows if len(range(0, kernel - 1, stride)) <= ROWS_UNDER_WAY else ROWS_UNDER_WAY
    for first in range(0, rows, most):
        last = min(first + most, rows) - 1
        yield min(work.height, last * stride + kernel - first * stride)


def _chunks(machine: Machine, work: PoolWork) -> list[int]:
    """Channel units of each chunk."""
    each = 1 if work.by_planes else machine.word_units
    return [min(each, work.units - first) for first in range(0, work.units, each)]


def _tiles(machine: Machine, work: PoolWork) -> list[_Tile]:
    """The row cut so that the windows of a tile lie in a row of running results; windows that fold stand alone."""
    room = max(LEAST_WORDS, _steps(LEAST_PIXELS, machine.word_units)) * (machine.word_units if work.by_planes else 1)
    folds = work.by_planes and work.kernel[1] > machine.word_units + 1
    if max(work.width, work.out_width) <= room and not (folds and work.out_width > 1):
        return [_Tile(work.out_width, work.width)]
    tiles, begin = [], 0
    while begin < work.out_width:
        start = begin * work.stride[1] - work.pad_left
        end, column = _behind(work, begin), begin + 1
        while not folds and column < work.out_width and column - begin < room:
            if _behind(work, column) - start > room:
                break
            end, column = _behind(work, column), column + 1
        tiles.append(_Tile(column - begin, min(end, work.width) - max(start, 0)))
        begin = column
    return tiles


def _behind(work: PoolWork, column: int) -> int:
    """The input column behind the window of an output column."""
    last_tap = column * work.stride[1] - work.pad_left + (work.kernel[1] - 1) * work.dilation[1]
    return last_tap + 1


def _across(machine: Machine, work: PoolWork, tile: _Tile) -> int:
    """Cycles of a row of one chunk in the columns' reduction."""
    taps, stride = work.kernel[1], work.stride[1]
    if work.by_planes:
        if tile.out_width == 1:
            folds, pixels = 0, machine.word_units
            while pixels > 1:
                pixels -= pixels // 2
                folds += 1
            return _steps(tile.width, machine.word_units) + folds
        last = range(0, tile.out_width * stride, stride)[-1]  # where the last window begins, pads included
        return _steps(max(tile.width, last + 1), machine.word_units) * max(1, _steps(taps - 1, ADDED_AT_ONCE))
    between_pixels = min(len(range(0, taps - 1, stride)), tile.out_width)
    under_way = taps - 1 if work.dilation[1] > 1 else between_pixels
    return tile.width * max(1, _steps(under_way, ADDED_AT_ONCE))


def _in_lanes(machine: Machine, work: PoolWork, units: int, tile: _Tile) -> int:
    """Cycles of an output row of so many units in the lanes."""
    if work.by_planes:
        return _steps(tile.out_width * UNIT_BYTES, machine.lanes)
    return sum(_steps(units * UNIT_BYTES, machine.lanes) for _ in range(tile.out_width))


@lru_cache(maxsize=1 << 12)
def pool_time(machine: Machine, work: PoolWork, rows: int) -> PoolTime:
    """Time of a block of output rows. The three steps work side by side, so that the slowest sets the pace."""
    tiles = _tiles(machine, work)
    words = [_steps(tile.width, machine.word_units) if work.by_planes else tile.width for tile in tiles]
    read = reduced = finished = 0
    for units in _chunks(machine, work):
        read += sum(swept * sum(words) for swept in _sweeps(work, rows))
        for tile in tiles:
            reduced += sum(_across(machine, work, tile) for _ in range(rows))
            finished += sum(_in_lanes(machine, work, units, tile) for _ in range(rows))
    first = next(_sweeps(work, 1))
    last = tiles[-1]
    behind = max(_across(machine, work, last), _in_lanes(machine, work, _chunks(machine, work)[0], last))
    return PoolTime(max(read, reduced, finished), first * words[0], behind + PIPELINE, (read, reduced, finished))
