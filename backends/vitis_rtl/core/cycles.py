"""The cycle of every event of a pass through the convolution core, from its registers (docs/rtl/layers.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from dynamap.backends.program.specification import DataflowCode
from dynamap.backends.vitis_rtl.array import ArrayShape
from dynamap.backends.vitis_rtl.core.drain import DrainCycles, DrainTimeline
from dynamap.backends.vitis_rtl.core.held_pixels import WAITING_WORDS, HeldPixels
from dynamap.backends.vitis_rtl.core.registers import CoreBlock, CorePass
from dynamap.backends.vitis_rtl.feeding import LEAST_TILE, ConvolutionBlock, HeldTimeline, PlacedPixels
from dynamap.backends.vitis_rtl.feeding.transforming import block_transform_cycles
from dynamap.backends.vitis_rtl.memory.cycles import Reads
from dynamap.backends.vitis_rtl.memory.ports import PlannedMemory, Run

BEGIN_CYCLES = 2
"""From the start of a pass to the start of its first transfer."""
REQUEST_CYCLES = 2
"""From the start of a transfer to the request of its first run."""
SET_UP_CYCLES = 2
"""From the cycle in which the placer takes a block to its first word."""
TILE_CYCLES = (3, 4)
"""From a block, or the tile before, that is taken to the next tile."""
ARRIVED_CYCLES = 2
"""From a word of the weights to a tile that waits for it."""
TRANSFORM_CYCLES = 2
"""From a block whose pixels are placed, or the one before that is transformed, to the start of Winograd's transform."""
EDGE_CYCLES = 2
"""From the start of a tile's windows to the first one, asked for from the buffer."""


@dataclass
class CoreCycles:
    """In cycles since the start of the pass: each block's input placed, its weights there, its last window at the
    array, and what DrainCycles has, where the sums are not kept; and the last cycle of the pass."""

    placed: list[int] = field(default_factory=list)
    weights: list[int] = field(default_factory=list)
    fed: list[int] = field(default_factory=list)
    drained: list[DrainCycles] = field(default_factory=list)
    total: int = 0


class _Timeline:
    """The engines, each with the cycle in which it is free."""

    def __init__(self, work: CorePass, memory: PlannedMemory) -> None:
        self._work, self._shape = work, work.shape
        self._reads = Reads(work.shape.port, memory, WAITING_WORDS)
        self._drain = DrainTimeline(work.shape.drain, work.shape.port, memory, work.drained)
        self._next_transfer = BEGIN_CYCLES
        self._delivered = self._placer_free = -1
        self._tile_taken = self._windows = self._windows_end = -2
        self._held = HeldTimeline()
        self._transformed = -TRANSFORM_CYCLES
        self._first_weights: list[int] = []  # each word of the first block's
        self._begins = True  # the first block is at work
        self.cycles = CoreCycles()

    def load_input(self, index: int, ready: int) -> None:
        placed = self._work.blocks[index].placed
        start = max(self._next_transfer, ready)
        first = max(start + 2, self._delivered + 1, self._placer_free) + SET_UP_CYCLES
        cycles = self._work.transfer_cycles(self._like(index).inputs)
        feed = self._shape.feed
        if isinstance(placed, PlacedPixels):
            pixels = HeldPixels(first, placed.taken(feed.word_units))
            self._read(self._work.blocks[index].inputs, start, cycles, pixels.take)
            self._placer_free = pixels.last + feed.pixel_cycles + 1
            self._delivered = pixels.delivered
            self.cycles.placed.append(pixels.last + feed.pixel_cycles + feed.placing_cycles)
        else:
            turns = placed.turns(feed.word_units)
            self._read(self._work.blocks[index].inputs, start, cycles, self._taker(first, turns))
            self.cycles.placed.append(self._delivered + feed.placing_cycles)
        transform = self._work.blocks[index].transform
        if transform:
            begin = max(self.cycles.placed[-1], self._transformed) + TRANSFORM_CYCLES
            self._transformed = begin + block_transform_cycles(self._shape.transform, transform)
            self.cycles.placed[-1] = self._transformed

    def load_weights(self, index: int, ready: int) -> None:
        start = max(self._next_transfer, ready)
        cycles = self._work.transfer_cycles([self._like(index).weights])
        first = max(start + 2, self._delivered + 1) + 1
        take = self._taker(first)
        words: list[int] = []

        def take_weights(there: int) -> int:
            words.append(take(there))
            return words[-1]

        self._read([self._work.blocks[index].weights], start, cycles, take_weights)
        if not self.cycles.weights:
            self._first_weights = words
        self.cycles.weights.append(self._delivered)

    def _tile_known(self, known: int, end: int) -> int:
        """From when on a tile may be taken: its weights, up to this byte of the buffer, are there, or all of them."""
        if not self._begins:
            return known
        own = self._first_weights[-(-end // self._shape.word) - 1]
        return min(max(known + 1, own + ARRIVED_CYCLES), max(known, self._first_weights[-1] + 1))

    def _read(self, runs: Sequence[Run], start: int, cycles: int, take: Callable[[int], int]) -> None:
        """Memory's turn is the next transfer's when these cycles are over and the last run was asked for."""
        _, asked = self._reads.add(runs, start + REQUEST_CYCLES, take)
        self._next_transfer = max(start + cycles, asked + 1)

    def _taker(self, first: int, turns: Iterator[int] | None = None) -> Callable[[int], int]:
        """A word is taken per cycle, or in so many, from ``first`` on."""
        self._delivered = first - 1

        def take(there: int) -> int:
            self._delivered = max(there, self._delivered + 1) + (next(turns) - 1 if turns else 0)
            return self._delivered

        return take

    def _like(self, index: int) -> CoreBlock:
        """The block whose registers this one has."""
        return self._work.blocks[-1 if index == len(self._work.blocks) - 1 else 0]

    def compute(self, index: int) -> None:
        """The next block goes through the feed, and is posted."""
        work, feed = self._work, self._shape.feed
        cycles = self.cycles
        placed = cycles.placed[0 if work.stream_weights else index]
        self._begins = index == 0
        offered = max(placed, cycles.weights[index] if work.stream_weights and index else 0) + 1
        if index >= 1:
            offered = max(offered, self._tile_taken + 1)
        if index >= 2 and not work.keep:
            offered = max(offered, self._drain.posted[index - 2] + 1)
        convolution = work.blocks[index].convolution
        feeds = {
            DataflowCode.WS: self._weights_stay,
            DataflowCode.NS: self._sums_stay,
            DataflowCode.IS: self._inputs_stay,
        }
        cycles.fed.append(feeds[convolution.dataflow](convolution, offered))
        array = ArrayShape(feed.rows, feed.columns, feed.group_rows)
        cycles.total = cycles.fed[-1] + feed.group_rows + array.levels
        if not work.keep:
            self._drain.post(cycles.total)

    def _weights_stay(self, convolution: ConvolutionBlock, offered: int) -> int:
        """The cycle of a block's last window at the array."""
        feed = self._shape.feed
        known = offered + TILE_CYCLES[0]
        end = convolution.weights
        for values, channels in convolution.tiles(feed):
            end += values * channels * convolution.value_bytes
            taken = max(self._tile_known(known, end), self._windows)
            begin = max(taken + values, self._windows_end)
            self._windows, self._windows_end = begin, begin + max(convolution.positions, LEAST_TILE)
            self._tile_taken, known = taken, taken + TILE_CYCLES[1]
        return self._windows + EDGE_CYCLES + feed.array_cycles + convolution.positions - 1

    def _sums_stay(self, convolution: ConvolutionBlock, offered: int) -> int:
        """The cycle in which a block's last row of sums begins to leave, as if it were a window's.

        Windows are turned while the values before them go: behind a tile's first value is that of the next one when
        both are done.
        """
        feed = self._shape.feed
        known = offered + 1 + TILE_CYCLES[0]
        last = 0
        for positions, pieces in convolution.sum_tiles(feed):
            for number, (values, end) in enumerate(pieces):
                self._tile_taken = max(self._tile_known(known, end), self._windows)
                known = self._tile_taken + TILE_CYCLES[1]
                self._windows = max(self._tile_taken + max(positions, LEAST_TILE), self._windows_end)
                last = self._windows + values
                over = number == len(pieces) - 1
                self._windows_end = self._windows + (max(values + feed.group_rows - 1, feed.rows) if over else values)
        return last + feed.product_cycles + feed.rows - 1

    def _inputs_stay(self, convolution: ConvolutionBlock, offered: int) -> int:
        """The cycle in which a block's last weights are at the array."""
        known = offered + TILE_CYCLES[0]
        for values, positions, end in convolution.held_tiles(self._shape.feed):
            self._tile_taken = max(self._tile_known(known, end), self._held.free)
            known = self._tile_taken + TILE_CYCLES[1]
            self._held.add(self._tile_taken, values, positions, convolution.out_channels)
        return self._held.streams + self._shape.feed.product_cycles + convolution.out_channels

    def store(self, index: int) -> None:
        start = max(self._next_transfer, self._drain.filled[index] + 1)
        like = 0 if index < len(self._work.blocks) - 1 else index
        cycles = self._work.transfer_cycles(self._work.drained.runs(self._shape.drain, like))
        self._next_transfer = start + cycles
        self.cycles.drained.append(self._drain.store(start))
        self.cycles.total = self.cycles.drained[-1].stored


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
        if not work.keep:
            timeline.store(index)
    return timeline.cycles
