"""A pass of blocks through the draining half of the core: what its registers hold, and the cycle of each event."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from dynamap.backends.arithmetic.winograd import WinogradForm
from dynamap.backends.vitis_rtl.core import tiles
from dynamap.backends.vitis_rtl.core.post import UNIT_BYTES, DrainShape
from dynamap.backends.vitis_rtl.feeding.forms import form_codes
from dynamap.backends.vitis_rtl.memory.cycles import Writes
from dynamap.backends.vitis_rtl.memory.ports import MemoryPort, PlannedMemory, Run, plane_runs

PIXELS = 4
"""Rows of a stored tensor are padded to so many pixels: 64 bytes of a plane (docs/overlay.md, section 2)."""

ROW_BYTES = 64
"""Rows of hwc end at multiples of so many bytes."""

START_CYCLES = 5
"""From the word that the sums of a block are there, or that the buffer is free, to the first request for a row."""
NEXT_CYCLES = 4
"""From the cycle behind the last request of a block to the first one of the next."""
EMPTY_CYCLES = 7
"""From the word that a block is in the buffer, or that its turn has come, to its first word on the port."""
PIXEL_CYCLES = 4
"""More from there to what the first step of an hwc tensor makes."""


def pixel_row_bytes(width: int, pixel_bytes: int) -> int:
    """Bytes of a row of hwc in memory."""
    return -(-width * pixel_bytes // ROW_BYTES) * ROW_BYTES


def pixel_steps(word: int, rows: int, width: int, pixel_bytes: int) -> list[int]:
    """The step of ``pixel_reader.sv`` that makes each word of ``rows`` rows of hwc, counted from 0.

    A step takes a pixel, or a word's bytes of a longer one; steps without bytes make what is left of a row.
    """
    found: list[int] = []
    step = -1
    row_bytes = pixel_row_bytes(width, pixel_bytes)
    for row in range(rows):
        row_begin = row * row_bytes
        # Behind the last row, what is left of a word is one too.
        row_words = (row_begin + row_bytes + (word - 1 if row == rows - 1 else 0)) // word
        for pixel in range(width):
            begin = row_begin + pixel * pixel_bytes
            for taken in range(0, pixel_bytes, word):
                step += 1
                if (begin + min(taken + word, pixel_bytes)) // word > len(found):
                    found.append(step)
        while len(found) < row_words:
            step += 1
            found.append(step)
    return found


@dataclass(frozen=True)
class DrainBlock:
    """Rows of output and the channels that a block has of them."""

    rows: int
    channels: int

    @property
    def planes(self) -> int:
        """Planes of 16 channels."""
        return -(-self.channels // UNIT_BYTES)


@dataclass(frozen=True)
class DrainPass:
    """Blocks of an output tensor of ``height`` rows and ``width`` columns, all alike but the last.

    ``address``: of the first block's first row in its first plane; ``step``: to the next block's. ``parameters``:
    the word of their memory where those of the first block begin; ``parameters_step``: to the next block's.
    ``pixel_bytes``: of a pixel in hwc, 0 in c16. ``sum_step``: rows of the accumulators from a block to the next in
    its half, where sums were kept. ``by_channel``: a row of the accumulators is a channel at some positions, as where
    inputs stay, not a position at some channels. ``form``: of Winograd's tiles, whose positions the accumulators have.
    """

    address: int
    step: int
    height: int
    width: int
    blocks: int
    whole: DrainBlock
    last: DrainBlock
    parameters: int = 0
    parameters_step: int = 0
    pixel_bytes: int = 0
    sum_step: int = 0
    by_channel: bool = False
    form: WinogradForm | None = None

    @property
    def plane_row_bytes(self) -> int:
        """Of a row of a plane, in the output buffer."""
        return -(-self.width // PIXELS) * PIXELS * UNIT_BYTES

    @property
    def row_bytes(self) -> int:
        """Of a row in memory."""
        return pixel_row_bytes(self.width, self.pixel_bytes) if self.pixel_bytes else self.plane_row_bytes

    def buffer_words(self, shape: DrainShape, index: int) -> int:
        """Words of the output buffer that a block takes."""
        return -(-self.block(index).planes * self.plane_units(shape, index) // shape.units)

    def plane_units(self, shape: DrainShape, index: int) -> int:
        """Units of the output buffer from a plane of a block to the next: for hwc whole words."""
        units = self.block(index).rows * self.plane_row_bytes // UNIT_BYTES
        return -(-units // shape.units) * shape.units if self.pixel_bytes else units

    def block(self, index: int) -> DrainBlock:
        """The block of this number."""
        return self.last if index == self.blocks - 1 else self.whole

    def positions(self, shape: DrainShape, index: int) -> int:
        """What the accumulators have of a block: pixels, in whole sets where rows are channels, or tiles."""
        block = self.block(index)
        if self.form:
            return math.prod(self.form.tiles(block.rows, self.width))
        return block.rows * (shape.sets(self.width) if self.by_channel else self.width)

    def post_cycles(self, shape: DrainShape, index: int) -> int:
        """From a block's first request for a row to the cycle behind the last."""
        positions, channels = self.positions(shape, index), self.block(index).channels
        if self.form:
            return tiles.post_cycles(shape, self.form, positions, channels)
        return shape.post_cycles(positions, channels, by_channel=self.by_channel)

    def filled_cycles(self, shape: DrainShape, index: int) -> int:
        """From a block's first request for a row to the cycle in which it is said to be in the output buffer."""
        positions, channels = self.positions(shape, index), self.block(index).channels
        if self.form:
            return tiles.filled_cycles(shape, self.form, positions, channels)
        return shape.filled_cycles(positions, channels, by_channel=self.by_channel)

    def runs(self, shape: DrainShape, index: int) -> list[Run]:
        """The runs of a block: one per plane, or one of all planes where they have all rows."""
        block, beat = self.block(index), shape.port.data_bytes
        begin, size = self.address + index * self.step, block.rows * self.row_bytes
        planes, together = 1 if self.pixel_bytes else block.planes, block.rows == self.height
        return plane_runs(beat, begin, size, planes, self.height * self.row_bytes, together=together)

    def pixel_steps(self, shape: DrainShape, index: int) -> list[int]:
        """hwc: the step that makes each word of a block, counted from 0.

        >>> from dynamap.backends.vitis_rtl.core.post import LaneShape
        >>> blocks = DrainBlock(1, 24), DrainBlock(1, 24)
        >>> DrainPass(0, 0, 1, 5, 1, *blocks, pixel_bytes=24).pixel_steps(DrainShape(LaneShape(8)), 0)
        [2, 5]
        """
        return pixel_steps(shape.units * UNIT_BYTES, self.block(index).rows, self.width, self.pixel_bytes)

    def registers(self, shape: DrainShape) -> bytes:
        """``drain_pkg::drain_pass_t``, its lowest byte first."""
        word = shape.units * UNIT_BYTES
        row_form, column_form = form_codes(self.form) if self.form else (0, 0)
        fields = [
            (row_form << 4 | column_form, 1),
            (self.address, 8),
            (self.step, 8),
            (self.height * self.row_bytes, 8),
            (self.width, 2),
            (self.pixel_bytes, 2),
            (-(-self.row_bytes // word) if self.pixel_bytes else 0, 2),
            (self.sum_step, 2),
            (self.parameters, 2),
            (self.parameters_step, 2),
            (self.blocks, 2),
            *self._block_fields(shape, 0),
            *self._block_fields(shape, self.blocks - 1),
        ]
        return b"".join(value.to_bytes(size, "little") for value, size in reversed(fields))

    def _block_fields(self, shape: DrainShape, index: int) -> list[tuple[int, int]]:
        block, positions = self.block(index), self.positions(shape, index)
        runs = self.runs(shape, index)
        # One channel a column: rows of a position are those of all its column tiles.
        position_rows = positions * -(-block.channels // shape.lanes.columns) if self.form else 0
        counts = (positions, position_rows, block.rows, block.channels, block.planes)
        plane = self.plane_units(shape, index)
        return [*((count, 2) for count in counts), (plane, 3), (len(runs), 2), (runs[0].beats, 3)]


@dataclass(frozen=True)
class DrainCycles:
    """Of one block: its first request for a row, the cycle behind its last, when it is in the output buffer, its first
    and last word on the port, when that was taken from the buffer, and when it is in memory."""

    read: int
    posted: int
    filled: int
    first: int
    last: int
    emptied: int
    stored: int


class DrainTimeline:
    """The cycles of a pass, block after block: each is posted, and then stored.

    A half of the output buffer is free when the last word of the block two before is taken.
    """

    def __init__(self, shape: DrainShape, port: MemoryPort, memory: PlannedMemory, drained: DrainPass) -> None:
        self._shape, self._drained = shape, drained
        self._writes = Writes(port, memory)
        self.read: list[int] = []
        self.posted: list[int] = []
        self.filled: list[int] = []
        self.cycles: list[DrainCycles] = []

    def post(self, ready: int) -> None:
        """The next block's sums are said to be there in this cycle; the block two before it is stored."""
        index = len(self.read)
        read = ready + START_CYCLES
        if index >= 1:
            read = max(read, self.posted[-1] + NEXT_CYCLES)
        if index >= 2:
            read = max(read, self.cycles[index - 2].emptied + START_CYCLES)
        self.read.append(read)
        self.posted.append(read + self._drained.post_cycles(self._shape, index))
        self.filled.append(read + self._drained.filled_cycles(self._shape, index))

    def store(self, turn: int) -> DrainCycles:
        """The next block, which is posted, may be stored from this cycle on."""
        index = len(self.cycles)
        emptied = self.cycles[-1].emptied if index else 0
        begin = max(self.filled[index], turn, emptied) + EMPTY_CYCLES
        drained, waits = self._drained, None
        if drained.pixel_bytes:
            steps = drained.pixel_steps(self._shape, index)
            begin += PIXEL_CYCLES + steps[0]
            waits = [1, *(after - before for before, after in pairwise(steps))]
        runs = [self._writes.add(run, begin, waits) for run in drained.runs(self._shape, index)]
        events = (self.read[index], self.posted[index], self.filled[index])
        port = (runs[0].first, runs[-1].last, self._writes.taken, runs[-1].done)
        self.cycles.append(DrainCycles(*events, *port))
        return self.cycles[-1]


def drain_cycles(
    shape: DrainShape,
    port: MemoryPort,
    memory: PlannedMemory,
    drained: DrainPass,
    computed: Sequence[int],
    turns: Sequence[int],
) -> list[DrainCycles]:
    """The cycles of the first blocks, from those in which their sums were there and their turn to be stored came."""
    timeline = DrainTimeline(shape, port, memory, drained)
    for ready, turn in zip(computed, turns, strict=True):
        timeline.post(ready)
        timeline.store(turn)
    return timeline.cycles
