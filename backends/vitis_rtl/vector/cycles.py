"""The cycle of every event of a pass through the vector unit, from its registers (docs/rtl/vector.md)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from dynamap.backends.vitis_rtl.core.held_pixels import WAITING_WORDS, HeldPixels
from dynamap.backends.vitis_rtl.memory.cycles import Reads, Writes
from dynamap.backends.vitis_rtl.memory.ports import PlannedMemory, Run, occupancy
from dynamap.backends.vitis_rtl.vector.registers import VectorPass
from dynamap.backends.vitis_rtl.vector.shape import LANE_CYCLES, WRITE_CYCLES

BEGIN_CYCLES = 3
"""From the start of a pass to its first transfer's turn."""
ISSUE_CYCLES = 1
"""From a transfer's turn to the issue of its first source."""
REQUEST_CYCLES = 2
"""From an issue to the request of its first run."""
SET_UP_CYCLES = 2
"""From the cycle in which the placer takes a source to its first word."""
EMPTY_CYCLES = 7
"""From the word that a block is in the output buffer, or that its turn has come, to its first word on the port."""
PIXEL_CYCLES = 4
"""More from there to what the first step of an hwc tensor makes."""


@dataclass
class VectorCycles:
    """In cycles since the start of the pass: each source of each block placed, the resident operand there, and of each
    block its last slot, when it is in the output buffer, when it has left that, and when it is in memory."""

    placed: list[int] = field(default_factory=list)
    resident: list[int] = field(default_factory=list)
    walked: list[int] = field(default_factory=list)
    filled: list[int] = field(default_factory=list)
    emptied: list[int] = field(default_factory=list)
    stored: list[int] = field(default_factory=list)

    @property
    def total(self) -> int:
        """Cycles of the pass."""
        return self.stored[-1]


class _Timeline:
    """The parts, each with the cycle in which it is free."""

    def __init__(self, work: VectorPass, memory: PlannedMemory) -> None:
        self._work, self._shape = work, work.shape
        self._reads = Reads(work.shape.port, memory, WAITING_WORDS)
        self._writes = Writes(work.shape.port, memory)
        self._turn = BEGIN_CYCLES
        self._asked = self._delivered = self._placer_free = -2
        self.cycles = VectorCycles()

    def _issue(self, ready: int) -> int:
        """The next transfer is issued when the one before it is asked for."""
        return max(ready, self._asked + 1)

    def load(self, index: int, ready: int) -> None:
        """A block's turn, source by source."""
        work = self._work
        turn = max(self._turn, self._asked + 2, ready)
        issue = turn + ISSUE_CYCLES
        for source in range(len(work.sources)):
            issue = self._issue(issue)
            first = max(issue + 2, self._delivered + 1, self._placer_free) + SET_UP_CYCLES
            runs = work.input_runs(index, source)
            pixels = work.input_pixels(index, source)
            turns = work.input_turns(index, source)
            placed = self._placed(runs, issue, first, pixels, turns)
            self.cycles.placed.append(placed + 1 + self._shape.network_cycles)
        self._turn = turn + work.input_cycles(index)

    def load_resident(self) -> None:
        """The turn of the resident operand; a cycle where there is none."""
        runs = self._work.resident_runs()
        turn = max(self._turn, self._asked + 2)
        self._turn = turn + 1
        if not runs:
            return
        issue = self._issue(turn + ISSUE_CYCLES)
        self._take(runs, issue, max(issue + 2, self._delivered + 1) + 1)
        self.cycles.resident.append(self._delivered)
        self._turn = turn + occupancy(runs, ports=self._shape.port.ports)

    def _placed(
        self, runs: list[Run], issue: int, first: int, pixels: list[tuple[int, int]], turns: Iterator[int]
    ) -> int:
        """When the last word of a source, or its last pixel, is at the placer's network."""
        if not pixels:
            self._take(runs, issue, first, turns)
            return self._delivered
        held = HeldPixels(first, pixels)
        _, self._asked = self._reads.add(runs, issue + REQUEST_CYCLES, held.take)
        self._delivered = held.delivered
        self._placer_free = held.last + self._shape.pixel_cycles + 1
        return held.last + self._shape.pixel_cycles

    def _take(self, runs: list[Run], issue: int, first: int, turns: Iterator[int] | None = None) -> None:
        """A word is taken per cycle, or in so many, from ``first`` on."""
        self._delivered = first - 1

        def take(there: int) -> int:
            self._delivered = max(there, self._delivered + 1) + (next(turns) - 1 if turns else 0)
            return self._delivered

        _, self._asked = self._reads.add(runs, issue + REQUEST_CYCLES, take)

    def walk(self, index: int) -> None:
        """The block's slots, and its bytes behind the last one."""
        cycles = self.cycles
        placed = cycles.placed[(index + 1) * len(self._work.sources) - 1]
        start = max(placed, *cycles.resident, *cycles.walked[-1:], *cycles.emptied[index - 2 : index - 1], 0) + 1
        cycles.walked.append(start + self._work.walk_cycles(index))
        lane = LANE_CYCLES + self._work.later_cycles
        cycles.filled.append(cycles.walked[-1] + self._shape.read_cycles + lane + WRITE_CYCLES)

    def store(self, index: int) -> None:
        """The block's turn to be stored."""
        cycles = self.cycles
        turn = max(self._turn, cycles.filled[index] + 1)
        self._turn = turn + self._work.store_cycles(index)
        begin = max([turn, *cycles.emptied[-1:]]) + EMPTY_CYCLES
        waits = None
        if steps := self._work.pixel_steps(index):
            begin += PIXEL_CYCLES + steps[0]
            waits = [1, *(after - before for before, after in pairwise(steps))]
        done = [self._writes.add(run, begin, waits).done for run in self._work.output_runs(index)]
        cycles.emptied.append(self._writes.taken)
        cycles.stored.append(done[-1])


def vector_cycles(work: VectorPass, memory: PlannedMemory) -> VectorCycles:
    """Every event of a pass, in cycles since its start, with a memory as planned.

    Transfers take their turns as memory_sequence.sv has them: L0, P, L1, then L(i+2), S(i).
    """
    timeline = _Timeline(work, memory)
    count = len(work.blocks)
    timeline.load(0, 0)
    timeline.load_resident()
    if count > 1:
        timeline.load(1, 0)
    for index in range(count):
        timeline.walk(index)
        if index + 2 < count:
            timeline.load(index + 2, timeline.cycles.walked[index] + 1)
        timeline.store(index)
    return timeline.cycles
