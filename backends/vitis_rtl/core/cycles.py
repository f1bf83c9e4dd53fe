"""The cycle of every event of a pass through the convolution core, from its registers (docs/rtl/layers.md)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from dynamap.backends.vitis_rtl.array import ArrayShape
from dynamap.backends.vitis_rtl.core.drain import DrainCycles, DrainTimeline
from dynamap.backends.vitis_rtl.core.registers import CoreBlock, CorePass
from dynamap.backends.vitis_rtl.feeding import LEAST_TILE
from dynamap.backends.vitis_rtl.memory_ports import PlannedMemory, Reads, Run

BEGIN_CYCLES = 2
"""From the start of a pass to the start of its first transfer."""
REQUEST_CYCLES = 2
"""From the start of a transfer to the request of its first run."""
WAITING_CYCLES = 2
"""From a beat on the port to its word behind the queue of those that wait: two registers."""
SET_UP_CYCLES = 2
"""From the cycle in which the placer takes a block to its first word."""
TILE_CYCLES = (3, 4)
"""From a block, or the tile before, that is taken to the next tile."""
EDGE_CYCLES = 2
"""From the start of a tile's windows to the first one, asked for from the buffer."""


@dataclass
class CoreCycles:
    """In cycles since the start of the pass: each block's input placed, its weights there, its last window at the
    array, and what DrainCycles has."""

    placed: list[int] = field(default_factory=list)
    weights: list[int] = field(default_factory=list)
    fed: list[int] = field(default_factory=list)
    drained: list[DrainCycles] = field(default_factory=list)

    @property
    def total(self) -> int:
        """Cycles of the pass."""
        return self.drained[-1].stored


class _Timeline:
    """The engines, each with the cycle in which it is free."""

    def __init__(self, work: CorePass, memory: PlannedMemory) -> None:
        self._work, self._shape = work, work.shape
        self._reads = Reads(work.shape.port, memory)
        self._drain = DrainTimeline(work.shape.drain, work.shape.port, memory, work.drained)
        self._next_transfer = BEGIN_CYCLES
        self._delivered = -1
        self._tile_taken = self._windows = self._windows_end = -2
        self.cycles = CoreCycles()

    def transfer(self, runs: Sequence[Run], cycles: int, ready: int) -> tuple[int, list[int]]:
        """Starts a read when memory's turn has come and ``ready``; its start, and the cycle of each word."""
        start = max(self._next_transfer, ready)
        words, asked = self._reads.add(runs, start + REQUEST_CYCLES)
        self._next_transfer = max(start + cycles, asked + 1)
        return start, [word + WAITING_CYCLES for word in words]

    def load_input(self, index: int, ready: int) -> None:
        block = self._work.blocks[index]
        start, words = self.transfer(block.inputs, self._work.transfer_cycles(self._like(index).inputs), ready)
        take = max(start + 2, self._delivered + 1)
        self._consume(words, take + SET_UP_CYCLES)
        self.cycles.placed.append(self._delivered + self._shape.feed.placing_cycles)

    def load_weights(self, index: int, ready: int) -> None:
        block = self._work.blocks[index]
        start, words = self.transfer([block.weights], self._work.transfer_cycles([self._like(index).weights]), ready)
        self._consume(words, max(start + 2, self._delivered + 1) + 1)
        self.cycles.weights.append(self._delivered)

    def _like(self, index: int) -> CoreBlock:
        """The block whose registers this one has."""
        return self._work.blocks[-1 if index == len(self._work.blocks) - 1 else 0]

    def _consume(self, words: Sequence[int], first: int) -> None:
        taken = first - 1
        for word in words:
            taken = max(word, taken + 1)
        self._delivered = taken

    def compute(self, index: int) -> None:
        """The next block goes through the feed, and is posted."""
        work, feed = self._work, self._shape.feed
        cycles = self.cycles
        placed = cycles.placed[0 if work.stream_weights else index]
        weights = cycles.weights[index if work.stream_weights else 0]
        offered = max(placed, weights) + 1
        if index >= 1:
            offered = max(offered, self._tile_taken + 1)
        if index >= 2:
            offered = max(offered, self._drain.posted[index - 2] + 1)
        convolution = work.blocks[index].convolution
        known = offered + TILE_CYCLES[0]
        for values, _ in convolution.tiles(feed):
            taken = max(known, self._windows)
            begin = max(taken + values, self._windows_end)
            self._windows, self._windows_end = begin, begin + max(convolution.positions, LEAST_TILE)
            self._tile_taken, known = taken, taken + TILE_CYCLES[1]
        at_array = self._windows + EDGE_CYCLES + feed.array_cycles
        cycles.fed.append(at_array + convolution.positions - 1)
        array = ArrayShape(feed.rows, feed.columns, feed.group_rows)
        self._drain.post(cycles.fed[-1] + feed.group_rows + array.levels)

    def store(self, index: int) -> None:
        start = max(self._next_transfer, self._drain.filled[index] + 1)
        like = 0 if index < len(self._work.blocks) - 1 else index
        cycles = self._work.transfer_cycles(self._work.drained.runs(self._shape.drain, like))
        self._next_transfer = start + cycles
        self.cycles.drained.append(self._drain.store(start))


def core_cycles(work: CorePass, memory: PlannedMemory) -> CoreCycles:
    """Every event of a pass, in cycles since its start, with a memory as planned.

    Transfers take their turns as memory_sequence.sv has them: L0, P, L1 (P, L0, L1 where weights stream), then L(i+2),
    S(i); a load waits until the block two before it has been fed, a store until its block is in the output buffer.
    """
    timeline = _Timeline(work, memory)
    load, resident = timeline.load_input, timeline.load_weights
    if work.stream_weights:
        load, resident = resident, load
        resident(0, 0)
    load(0, 0)
    if not work.stream_weights:
        resident(len(work.blocks) - 1, 0)
    count = len(work.blocks)
    if count > 1:
        load(1, 0)
    for index in range(count):
        timeline.compute(index)
        if index + 2 < count:
            load(index + 2, timeline.cycles.fed[index] + 1)
        timeline.store(index)
    return timeline.cycles
