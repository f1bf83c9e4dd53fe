"""A block on the pooling unit: rows are read, columns reduced, the lanes finish (docs/overlay.md, section 7)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from dynamap.cost.overlay.machine import PIPELINE, UNIT_BYTES, Machine

ROWS_UNDER_WAY = 2
ADDED_AT_ONCE = 2


@dataclass(frozen=True)
class PoolWork:
    """The layer: rows, columns and channel units of its input, output columns, and (rows, columns) of its window."""

    by_planes: bool
    height: int
    width: int
    out_width: int
    units: int
    kernel: tuple[int, int]
    stride: tuple[int, int]
    dilation: tuple[int, int]


@dataclass(frozen=True)
class PoolTime:
    """``cycles`` of a block; ``fill`` before the first row is complete, ``after`` behind the last."""

    cycles: int
    fill: int
    after: int


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


def _across(machine: Machine, work: PoolWork) -> int:
    """Cycles of a row of one chunk in the columns' reduction."""
    taps, stride = work.kernel[1], work.stride[1]
    if work.by_planes:
        if work.out_width == 1:
            folds, pixels = 0, machine.word_units
            while pixels > 1:
                pixels -= pixels // 2
                folds += 1
            return _steps(work.width, machine.word_units) + folds
        last = range(0, work.out_width * stride, stride)[-1]  # where the last window begins, pads included
        return _steps(max(work.width, last + 1), machine.word_units) * max(1, _steps(taps - 1, ADDED_AT_ONCE))
    between_pixels = min(len(range(0, taps - 1, stride)), work.out_width)
    under_way = taps - 1 if work.dilation[1] > 1 else between_pixels
    return work.width * max(1, _steps(under_way, ADDED_AT_ONCE))


def _in_lanes(machine: Machine, work: PoolWork, units: int) -> int:
    """Cycles of an output row of so many units in the lanes."""
    if work.by_planes:
        return _steps(work.out_width * UNIT_BYTES, machine.lanes)
    return sum(_steps(units * UNIT_BYTES, machine.lanes) for _ in range(work.out_width))


@lru_cache(maxsize=1 << 12)
def pool_time(machine: Machine, work: PoolWork, rows: int) -> PoolTime:
    """Time of a block of output rows. The three steps work side by side, so that the slowest sets the pace."""
    words = _steps(work.width, machine.word_units) if work.by_planes else work.width
    across = _across(machine, work)
    read = reduced = finished = 0
    for units in _chunks(machine, work):
        read += sum(swept * words for swept in _sweeps(work, rows))
        reduced += sum(across for _ in range(rows))
        finished += sum(_in_lanes(machine, work, units) for _ in range(rows))
    first = next(_sweeps(work, 1))
    behind = max(across, _in_lanes(machine, work, _chunks(machine, work)[0]))
    return PoolTime(max(read, reduced, finished), first * words, behind + PIPELINE)
