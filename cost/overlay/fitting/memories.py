"""The on-chip memories of an overlay, one table: counts, budgets and reports all follow from it.

Each is as many memories as have ports of their own: banks of a unit, halves that are used at once. A block has one port
to read and one to write, so none is shared. Blocks are exact for these; tools may pack differently.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from dynamap.cost.device import BLOCK_BYTES
from dynamap.cost.geometry import ceil_div
from dynamap.cost.overlay.limits import POOL_PIXEL_BITS, POOL_PIXELS
from dynamap.cost.overlay.machine import UNIT_BYTES, Machine
from dynamap.cost.overlay.transfer import Ints, ceil_ratio

ACCUMULATOR_BITS = 72
"""Two packed accumulators or one of Winograd."""


@dataclass(frozen=True)
class MemoryKind:
    """A kind of on-chip memory block: its widest simple-dual-port shape."""

    name: str
    width_bits: int
    depth: int

    @property
    def block_bytes(self) -> int:
        return BLOCK_BYTES[self.name]


URAM = MemoryKind("uram", 72, 4096)  # UG573: 4K x 72
BRAM36 = MemoryKind("bram36", 72, 512)  # UG573, UG473: 512 x 72 in simple dual port mode
M20K = MemoryKind("m20k", 40, 512)  # Intel Arria 10 and Stratix 10 embedded memory user guides: 512 x 40


@dataclass(frozen=True, eq=False)
class Memory:
    """``copies`` memories of ``depth`` words of ``width_bits``: integers, or arrays for many overlays at once.

    ``kind``: what they must be made of; None where every kind of the device will do.
    """

    name: str
    copies: Ints | int
    width_bits: Ints | int
    depth: Ints | int
    kind: MemoryKind | None = None

    def blocks(self, kind: MemoryKind) -> Ints | int:
        """Blocks of a kind that all copies take.

        >>> Memory("input", 2, 100, 513).blocks(BRAM36)  # 2 x 2 wide x 2 deep
        8
        """
        wide, deep = -(-self.width_bits // kind.width_bits), -(-self.depth // kind.depth)
        return self.copies * wide * deep


class Sizes(Protocol):
    """Sizes of the buffers: `Buffers` has integers, a grid of them has arrays."""

    @property
    def input_buffer(self) -> Ints | int: ...

    @property
    def weight_buffer(self) -> Ints | int: ...

    @property
    def accumulator_rows(self) -> Ints | int: ...

    @property
    def row_buffer(self) -> Ints | int: ...


def row_buffer_bits(machine: Machine, rows: Ints | int) -> Ints:
    """Width of a row buffer: a row receives a memory word every ``rows`` cycles and must take it in that time."""
    return 8 * np.maximum(8, ceil_ratio(np.asarray(machine.word_bytes), rows))


POWERS = 1 << np.arange(24)
"""Of two."""


def banks_of(machine: Machine, size: Ints) -> Ints:
    """Banks, a power of two, that take a memory word in a cycle, or give ``size`` bytes from any byte on."""
    units = np.maximum(machine.word_units, (size + 2 * (UNIT_BYTES - 1)) // UNIT_BYTES)
    banks: Ints = POWERS[np.searchsorted(POWERS, units)]
    return banks


def memories_of(
    machine: Machine, rows: Ints | int, columns: Ints | int, sizes: Sizes, tables: MemoryKind
) -> tuple[Memory, ...]:
    """Every memory of an overlay of ``rows`` x ``columns`` PEs; the lanes' tables are made of the kind ``tables``."""
    word, unit_bits, row_bits = machine.word_bytes, 8 * UNIT_BYTES, row_buffer_bits(machine, rows)
    windows = banks_of(machine, 2 * np.asarray(rows))
    weights = banks_of(machine, np.maximum(2 * np.asarray(columns), rows))
    return (
        # Input, weights and output lie in banks of 16 bytes, each at an address of its own.
        Memory("input", windows, unit_bits, ceil_ratio(np.asarray(sizes.input_buffer), UNIT_BYTES * windows)),
        Memory("output", machine.word_units, unit_bits, sizes.input_buffer // 2 // word),
        Memory("weights", weights, unit_bits, ceil_ratio(np.asarray(sizes.weight_buffer), UNIT_BYTES * weights)),
        # One half is added to, reading and writing, while the other is read.
        Memory("accumulators", 2 * columns, ACCUMULATOR_BITS, sizes.accumulator_rows),
        Memory("row buffers", rows, row_bits, -(-2 * sizes.row_buffer * 8 // row_bits)),
        # Of 16 channels side by side, for each of the two rows above.
        Memory("pooled rows", 2 * ceil_div(machine.lanes, UNIT_BYTES), UNIT_BYTES * POOL_PIXEL_BITS, POOL_PIXELS),
        # Activations and LRN: two lanes share a block, a port each.
        Memory("tables", ceil_div(machine.lanes, 2), tables.width_bits, tables.depth, tables),
    )
