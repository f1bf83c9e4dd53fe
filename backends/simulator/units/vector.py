"""A block on the vector unit, row by row, but for pooling (docs/overlay.md, section 7)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from dynamap.backends.program import Op
from dynamap.backends.simulator.units.array import pixel_pitch
from dynamap.cost.overlay.machine import PIPELINE, UNIT_BYTES, Machine


@dataclass(frozen=True)
class VectorWork:
    """What one output row takes: sizes of a row, and the window; ``operands`` are the tensors that are combined.

    ``leaky``: values below zero are multiplied once more at the end.
    """

    op: Op
    out_width: int
    units: int
    kernel: tuple[int, int]
    stride_columns: int
    operands: int
    leaky: bool = False


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
    if work.op is Op.DEPTHWISE:
        pitch = pixel_pitch(work.units)
        if work.stride_columns == 1:
            tap = _strides(work.out_width * pitch * UNIT_BYTES, machine.lanes)
        else:
            tap = work.out_width * per_pixel
        taps = work.kernel[0] * work.kernel[1]
        return RowTime(sum(tap for _ in range(taps)), 0, PIPELINE)
    if work.op.elementwise:
        words = _strides(work.out_width * pixel_pitch(work.units), machine.word_units)
        return RowTime(sum(_word(machine, work) for _ in range(words)), 0, PIPELINE)
    if work.op is Op.LRN:
        return RowTime(_strides(work.out_width * values, machine.lanes), 0, PIPELINE)
    if work.op is Op.RESIZE:
        return RowTime(work.out_width * _strides(values, machine.word_bytes), 0, PIPELINE)
    return RowTime(work.out_width * per_pixel, 0, PIPELINE)


def _word(machine: Machine, work: VectorWork) -> int:
    """Cycles of one word of results: a word of each operand is read, and its products are made in the lanes."""
    read = 1 if work.op is Op.SCALE else work.operands  # the factor is resident
    groups = _strides(machine.word_bytes, machine.lanes)
    free = 1 if work.leaky else 2  # multipliers of a lane
    products = sum(groups for _ in range(work.operands))
    return max(read, groups, _strides(products, free))
