"""A block on the vector unit, but for pooling (docs/overlay.md, section 7)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from dynamap.backends.program import Op
from dynamap.backends.simulator.units.array import pixel_pitch
from dynamap.cost.overlay.machine import UNIT_BYTES, Machine


@dataclass(frozen=True)
class VectorWork:
    """What one output row takes: sizes of a row, and the window; ``operands`` are the tensors that are combined.

    ``own_slopes``: values below zero are multiplied by what differs by the channel.
    """

    op: Op
    out_width: int
    units: int
    kernel: tuple[int, int]
    stride_columns: int
    operands: int = 1
    own_slopes: bool = False


def _strides(count: int, width: int) -> int:
    """Steps of ``width`` that cover ``count``."""
    return len(range(0, count, width))


@lru_cache(maxsize=1 << 12)
def row_cycles(machine: Machine, work: VectorWork) -> int:
    """Cycles of an output row of a layer that is walked row by row."""
    values = UNIT_BYTES * work.units
    per_pixel = _strides(values, machine.lanes)
    if work.op is Op.DEPTHWISE:
        pitch = pixel_pitch(work.units)
        if work.stride_columns == 1:
            tap = _strides(work.out_width * pitch * UNIT_BYTES, machine.lanes)
        else:
            tap = work.out_width * per_pixel
        taps = work.kernel[0] * work.kernel[1]
        return sum(tap for _ in range(taps))
    if work.op is Op.LRN:
        return _strides(work.out_width * values, machine.lanes)
    if work.op is Op.RESIZE:
        return work.out_width * _strides(values, machine.word_bytes)
    return work.out_width * per_pixel


def slots(machine: Machine, work: VectorWork, rows: int) -> int:
    """Slots of a block of a sum or product of tensors: chunk by chunk its loads, then position by position its taps."""
    taps = 1 if work.op is Op.SCALE else work.operands  # the factor is resident
    loads = 1
    if work.own_slopes:
        loads = UNIT_BYTES  # a channel of each unit in each
    elif work.op is Op.SCALE:
        loads = machine.lanes // UNIT_BYTES
    walked = 0
    for _ in range(0, UNIT_BYTES * work.units, machine.lanes):
        walked += loads + sum(work.out_width * taps for _ in range(rows))
    return walked
