"""A block on the vector unit, but for pooling (docs/overlay.md, section 7)."""

from __future__ import annotations

from dataclasses import dataclass

from dynamap.backends.program import Op
from dynamap.cost.overlay.limits import NORMALISED_OCTAVES
from dynamap.cost.overlay.machine import UNIT_BYTES, Machine


@dataclass(frozen=True)
class VectorWork:
    """What a layer walks: columns and units of its output, and the window; ``operands`` are the tensors that come in.

    ``own_slopes``: values below zero are multiplied by what differs by the channel. ``merges``: one of the tensors
    begins inside a unit of the output. ``bends``: values below zero are multiplied by what others are not.
    """

    op: Op
    out_width: int
    units: int
    kernel: tuple[int, int] = (1, 1)
    operands: int = 1
    own_slopes: bool = False
    merges: bool = False
    bends: bool = False

    @property
    def own_table(self) -> bool:
        """Whether the parameters of its channels are a table that no program has."""
        return self.own_slopes or self.op is Op.CONCAT


def slots(machine: Machine, work: VectorWork, rows: int) -> int:
    """Slots of a block: chunk by chunk its loads, then position by position its taps."""
    walked = 0
    for _ in range(0, UNIT_BYTES * work.units, machine.lanes):
        walked += _loads(machine, work) + sum(work.out_width * len(_taps(work)) for _ in range(rows))
    return walked


LRN_ENTRIES = len([(octave, step) for octave in range(NORMALISED_OCTAVES) for step in range(32)])
"""Steps of an LRN's table: each is 8 bytes, and loaded in a slot before the first block."""


def _loads(machine: Machine, work: VectorWork) -> int:
    if work.own_table or work.op is Op.DEPTHWISE:
        return UNIT_BYTES  # a channel of each unit in each
    return machine.lanes // UNIT_BYTES if work.op is Op.SCALE else 1


def _taps(work: VectorWork) -> list[tuple[int, int]]:
    """Of a position: places of a window, or tensors and what is read of each."""
    if work.op is Op.DEPTHWISE:
        return [(row, column) for row in range(work.kernel[0]) for column in range(work.kernel[1])]
    if work.op is Op.MUL or (work.op is Op.ADD and work.bends):
        return [(tensor, 0) for tensor in range(work.operands)]
    if work.op is Op.ADD:
        return [(tensor, 0) for tensor in range(work.operands - 1)]  # the last one comes with the one before it
    if work.merges:
        return [(tensor, part) for tensor in range(work.operands) for part in range(2)]  # of a unit, what is in two
    return [(0, 0)]
