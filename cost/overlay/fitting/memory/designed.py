"""The on-chip memories of an overlay on Intel's devices: as designed, with one set of buffers.

Tools may pack them differently.
"""

from __future__ import annotations

import numpy as np

from dynamap.cost.geometry import ceil_div
from dynamap.cost.overlay.fitting.memory.banks import power
from dynamap.cost.overlay.fitting.memory.blocks import Memory, MemoryKind
from dynamap.cost.overlay.fitting.memory.kernel import ACCUMULATORS, INPUTS, OUTPUTS, WEIGHTS, Sizes
from dynamap.cost.overlay.limits import POOL_PIXEL_BITS, POOL_PIXELS
from dynamap.cost.overlay.machine import UNIT_BYTES, Machine
from dynamap.cost.overlay.transfer import Ints, ceil_ratio

M20K = MemoryKind("m20k", ((40, 512, 1),))  # Intel Arria 10 and Stratix 10 embedded memory user guides

ACCUMULATOR_BITS = 72
"""Two packed accumulators or one of Winograd."""


def row_buffer_bits(machine: Machine, rows: Ints | int) -> Ints:
    """Width of a row buffer: a row receives a memory word every ``rows`` cycles and must take it in that time."""
    return 8 * np.maximum(8, ceil_ratio(np.asarray(machine.word_bytes), rows))


def _banks(machine: Machine, size: Ints) -> Ints:
    """Banks, a power of two, that take a memory word in a cycle, or give ``size`` bytes from any byte on."""
    return power(np.maximum(machine.word_units, (size + 2 * (UNIT_BYTES - 1)) // UNIT_BYTES))


def designed_memories(machine: Machine, rows: Ints | int, columns: Ints | int, sizes: Sizes) -> tuple[Memory, ...]:
    """Every memory of an overlay of ``rows`` x ``columns`` PEs."""
    word, unit_bits, row_bits = machine.word_bytes, 8 * UNIT_BYTES, row_buffer_bits(machine, rows)
    windows = _banks(machine, 2 * np.asarray(rows))
    weights = _banks(machine, np.maximum(2 * np.asarray(columns), rows))
    return (
        # Activations and LRN: two lanes share a block, a port each.
        Memory("tables", ceil_div(machine.lanes, 2), *M20K.shapes[0][:2]),
        # Input, weights and output lie in banks of 16 bytes, each at an address of its own.
        Memory(
            INPUTS, windows, unit_bits, ceil_ratio(np.asarray(sizes.input_buffer), UNIT_BYTES * windows), large=True
        ),
        Memory(OUTPUTS, machine.word_units, unit_bits, sizes.input_buffer // 2 // word, large=True),
        Memory(
            WEIGHTS, weights, unit_bits, ceil_ratio(np.asarray(sizes.weight_buffer), UNIT_BYTES * weights), large=True
        ),
        # One half is added to, reading and writing, while the other is read.
        Memory(ACCUMULATORS, 2 * columns, ACCUMULATOR_BITS, sizes.accumulator_rows, large=True),
        Memory("row buffers", rows, row_bits, -(-2 * sizes.row_buffer * 8 // row_bits), large=True),
        # Of 16 channels side by side, for each of the two rows above.
        Memory(
            "pooled rows",
            2 * ceil_div(machine.lanes, UNIT_BYTES),
            UNIT_BYTES * POOL_PIXEL_BITS,
            POOL_PIXELS,
            large=True,
        ),
    )
