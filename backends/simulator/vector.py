"""A block on the vector unit, row by row (docs/overlay.md, section 7)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from dynamap.backends.program import Op
from dynamap.backends.simulator.array import pixel_pitch
from dynamap.cost.overlay.machine import PIPELINE, UNIT_BYTES, Machine

POOLING = (Op.MAX_POOL, Op.AVERAGE_POOL)
ELEMENTWISE = (Op.ADD, Op.MUL, Op.SCALE)


@dataclass(frozen=True)
class VectorWork:
    """What one output row takes: sizes of a row, and the window; ``operands`` are the tensors that are combined."""

    op: Op
    in_width: int
    out_width: int
    units: int
    kernel: tuple[int, int]
    stride_columns: int
    operands: int


@dataclass(frozen=True)
class RowTime:
    """``cycles`` from one output row to the next, ``fill`` before the first, ``after`` behind the last."""

    cycles: int
    fill: int
    after: int


def _strides(count: int, width: int) -> int:
    """Steps of ``width`` that cover ``count``."""
    return len(range(0, count, width))


@lru_cache(maxsize=1 << 12)
def row_time(machine: Machine, work: VectorWork) -> RowTime:
    """Time of one output row of a vector layer."""
    values = UNIT_BYTES * work.units
    per_pixel = _strides(values, machine.lanes)
    if work.op in POOLING:
        return _pooling(machine, work, per_pixel)
    if work.op is Op.DEPTHWISE:
        pitch = pixel_pitch(work.units)
        if work.stride_columns == 1:
            tap = _strides(work.out_width * pitch * UNIT_BYTES, machine.lanes)
        else:
            tap = work.out_width * per_pixel
        taps = work.kernel[0] * work.kernel[1]
        return RowTime(sum(tap for _ in range(taps)), 0, PIPELINE)
    if work.op in ELEMENTWISE:
        each = _strides(work.out_width * values, machine.lanes)
        return RowTime(sum(each for _ in range(work.operands)), 0, PIPELINE)
    if work.op is Op.LRN:
        return RowTime(_strides(work.out_width * values, machine.lanes), 0, PIPELINE)
    if work.op is Op.RESIZE:
        return RowTime(work.out_width * _strides(values, machine.word_bytes), 0, PIPELINE)
    return RowTime(work.out_width * per_pixel, 0, PIPELINE)


def _pooling(machine: Machine, work: VectorWork, per_pixel: int) -> RowTime:
    """Rows of the window are reduced word by word, then its columns; the two, and requantisation, work side by side."""
    banks = machine.word_units
    pitch = pixel_pitch(work.units)
    down = across = 0
    for _ in range(work.kernel[0]):
        down += _strides(work.in_width * pitch, banks)
    for _ in range(work.kernel[1]):
        if work.stride_columns == 1:
            across += _strides(work.out_width * pitch, banks)
        else:
            across += work.out_width * _strides(work.units, banks)
    requantised = work.out_width * per_pixel if work.op is Op.AVERAGE_POOL else 0
    return RowTime(max(down, across, requantised), down, across + PIPELINE)
