"""What is fixed for every overlay of a device, and one overlay built on it (docs/overlay.md, section 1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Protocol

from dynamap.cost.device import WORD_UNIT_BYTES
from dynamap.cost.geometry import ceil_div

MACHINE_VERSION = 5
"""Of the rules of docs/overlay.md. Raised where cycles or bytes become others for the same choices; plans keep it."""

PASS_OVERHEAD = 24
"""From the end of a pass to the first transfer of the next one: its command, fetched before, is taken word by word."""

TABLE_CYCLES = 272
"""To write the table that the results of a layer are looked up in, in front of its first pass: an entry in each."""

LANDING = 8
"""From a word on the memory's ports to the buffer that it can be read from."""

PIXEL_LANDING = 8
"""More for a pixel of hwc, which is cut out of its words."""

PIXEL_STEPS = 4
"""From a block of hwc that may be stored to the first step that makes its words."""

TILE_SET_UP = 5
"""From a block that may be computed to the first of its operands that are loaded into the array."""

READING = 12
"""From an operand that is asked for to the array, through banks and rotator: then its half of the buffer is free."""

TURNING = 12
"""From a window of inputs or sums that stay, value after value, to the array: through the corner that turns it."""

LEAST_TILE = 4
"""Cycles of the shortest tile: then a row of the accumulators may come again."""

LAST_PIECE = 8
"""Of sums that stay: more for the last values of a tile, until its first rows may leave the columns."""

CHANNEL_TURN = 21
"""Of inputs that stay: from a channel's bytes to the unit of a pixel that they are part of."""

TRANSFORMING = 20
"""From pixels to their transformed tile in the input buffer, beside the data of both dimensions."""

RESULTS = 11
"""From the sums of a Winograd tile to those of its pixels, beside its data and results."""

SUMMING = 29
"""From the last operand of a block that is asked for to the first request for its sums."""

NEXT_BLOCK = 5
"""From the last sum of a block that is asked for, or the half of the output buffer that is free, to the next one."""

PACKING = 17
"""From a sum that is asked for to its byte in the output buffer, beside a cycle for each pair of lanes."""

LEAVING = 9
"""From a block that may be stored to its words on the memory's ports, and from the last one's response to the end."""

WALK_SET_UP = 1
"""From a block that the vector unit may compute, or the one before it, to its first values."""

PIPELINE = 29
"""From a value of the vector unit that is asked for to its byte in the output buffer."""

NORMALISING = 13
"""From a value to its product with what follows from its neighbours, behind that of other operations."""

BURST_WORDS = 64
"""Memory words per burst: AXI allows 4 KiB, 64 beats of a 64-byte port."""

UNIT_BYTES = WORD_UNIT_BYTES
"""Bytes of one unit of the input buffer: the channels of a pixel that a plane of format c16 holds."""

BEAT_BYTES = 64
"""Every run in memory starts and ends at a multiple of this."""

MULTIPLIERS_PER_LANE = 3
"""Two for the 40 x 18 bit product of requantisation, one for depthwise products and scales."""


@dataclass(frozen=True)
class VectorBuffers:
    """Bytes of the buffers that the vector unit has by itself: both halves of ``inputs`` and of ``outputs``, and its
    resident operand.
    """

    inputs: int
    outputs: int
    resident: int

    def covering(self, other: VectorBuffers) -> VectorBuffers:
        """Buffers of which none is smaller than here or there."""
        return VectorBuffers(*map(max, astuple(self), astuple(other)))


NO_VECTOR_BUFFERS = VectorBuffers(0, 0, 0)
"""A vector unit without any of its own."""

LEAST_PIXELS_WORD = 64
"""Bytes of a word from which on pixels of hwc are taken out of it: rows of such a tensor are whole words."""


@dataclass(frozen=True)
class Machine:
    """The part of an overlay that the device and its clock fix: memory, lanes, packing and the borders of its regions.

    ``bandwidth_bytes_per_ms`` is what all memory banks deliver together; ``clock_khz`` is cycles per millisecond.
    ``crossings``: borders between regions of the chip, of which each is a register more on an operand's way.
    ``vector``: what no block of a vector layer exceeds; None where its buffers are as large as those of the array.
    """

    word_bytes: int
    clock_khz: int
    bandwidth_bytes_per_ms: int
    read_latency: int
    write_latency: int
    packing: int
    crossings: int = 0
    vector: VectorBuffers | None = None

    def __post_init__(self) -> None:
        if self.word_bytes % UNIT_BYTES or self.word_bytes < UNIT_BYTES:
            raise ValueError(f"word_bytes must be a positive multiple of {UNIT_BYTES}, found {self.word_bytes}")
        if min(self.clock_khz, self.bandwidth_bytes_per_ms) < 1 or self.packing not in (1, 2):
            raise ValueError(f"clock and bandwidth must be positive and packing 1 or 2: {self}")

    @property
    def word_units(self) -> int:
        """Units of 16 bytes in a memory word: the banks of the input buffer."""
        return self.word_bytes // UNIT_BYTES

    @property
    def reads_pixels(self) -> bool:
        """Whether units read hwc, whose rows are whole words where they are wide enough."""
        return self.word_bytes >= LEAST_PIXELS_WORD

    @property
    def lanes(self) -> int:
        """Arithmetic lanes of the vector unit and of requantisation."""
        return max(16, self.word_bytes // 2)

    @property
    def set_positions(self) -> int:
        """Positions side by side that IS writes at a time: those of a column's pair of lanes in each group of 16."""
        return self.lanes // 16

    @property
    def lane_multipliers(self) -> int:
        return MULTIPLIERS_PER_LANE * self.lanes

    @property
    def summing(self) -> int:
        """Cycles from the last operand of a block to the first request for its sums."""
        return SUMMING + self.crossings

    @property
    def least_registers(self) -> int:
        """Cycles of a pass that stores, from the ports to the ports, beside its units, what the array takes, and a
        cycle for each pair of lanes."""
        return LANDING + TILE_SET_UP + PACKING + LEAVING

    def milliseconds(self, cycles: int) -> float:
        """Cycles as milliseconds, rounded to a nanosecond."""
        return round(cycles / self.clock_khz, 6)


class NamesBuffers(Protocol):
    """Records that name the sizes of buffers as `Buffers` does: a plan's overlay, a program's header."""

    @property
    def input_buffer(self) -> int: ...

    @property
    def weight_buffer(self) -> int: ...

    @property
    def accumulator_rows(self) -> int: ...

    @property
    def row_buffer(self) -> int: ...


@dataclass(frozen=True)
class Buffers:
    """Sizes of the on-chip buffers, called as in plans and programs.

    ``input_buffer`` and ``weight_buffer`` are bytes of both halves, ``accumulator_rows`` the rows and ``row_buffer``
    the bytes of a half.
    """

    input_buffer: int
    weight_buffer: int
    accumulator_rows: int
    row_buffer: int

    @property
    def output_buffer(self) -> int:
        return self.input_buffer // 2

    @staticmethod
    def of(record: NamesBuffers) -> Buffers:
        """The sizes that a record has."""
        return Buffers(record.input_buffer, record.weight_buffer, record.accumulator_rows, record.row_buffer)

    @staticmethod
    def covering(some: Sequence[Buffers]) -> Buffers:
        """The least sizes that none of some buffers exceed."""
        return Buffers(
            max(b.input_buffer for b in some),
            max(b.weight_buffer for b in some),
            max(b.accumulator_rows for b in some),
            max(b.row_buffer for b in some),
        )

    def at_most(self, other: Buffers) -> Buffers:
        """The sizes, none larger than the other's."""
        return Buffers(
            min(self.input_buffer, other.input_buffer),
            min(self.weight_buffer, other.weight_buffer),
            min(self.accumulator_rows, other.accumulator_rows),
            min(self.row_buffer, other.row_buffer),
        )

    def at_least(self, other: Buffers) -> bool:
        """True if every buffer is as large as the other's."""
        return (
            self.input_buffer >= other.input_buffer
            and self.weight_buffer >= other.weight_buffer
            and self.accumulator_rows >= other.accumulator_rows
            and self.row_buffer >= other.row_buffer
        )


UNLIMITED = Buffers(1 << 40, 1 << 40, 1 << 40, 1 << 40)
"""More than any layer needs: whatever fits some buffers fits these."""


@dataclass(frozen=True)
class Overlay:
    """One overlay: a machine, an array of ``rows`` x ``columns`` PEs and its buffers."""

    machine: Machine
    rows: int
    columns: int
    buffers: Buffers

    @property
    def array_multipliers(self) -> int:
        return self.rows * self.columns

    @property
    def multipliers(self) -> int:
        return self.array_multipliers + self.machine.lane_multipliers

    @property
    def peak_macs_per_cycle(self) -> int:
        return self.array_multipliers * self.machine.packing


def round_up(value: int, multiple: int) -> int:
    """The least multiple that is not below ``value``."""
    return ceil_div(value, multiple) * multiple
