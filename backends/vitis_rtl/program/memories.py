"""The memory blocks of a kernel, counted as Yosys maps its memories (docs/rtl/resources.md)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dynamap.backends.vitis_rtl.program.records import RUN_RECORDS
from dynamap.backends.vitis_rtl.program.shape import KernelShape
from dynamap.cost.geometry import ceil_div
from dynamap.cost.overlay.limits import POOL_PIXEL_BITS
from dynamap.cost.overlay.machine import UNIT_BYTES

UNIT_BITS = 8 * UNIT_BYTES
SUM_BITS = 64
"""Of a row of a column's accumulators: two sums."""

PARAMETER_BITS = 96
"""``parameters_t`` of ``lanes_pkg.sv``: what a run of weights has of a channel, without the bits that say nothing."""

STEP_BITS, STEPS = 57, 1024
"""``step_t`` of ``lrn_pkg.sv``, and how many of them a lane has."""

TABLE_BITS, TABLE_ENTRIES = 8, 256
COUNTER_BITS = 128
"""Four counters of a record."""

HALF_BLOCK_SHAPES = ((36, 512, 1), (18, 1024, 1), (9, 2048, 1), (4, 4096, 1), (2, 8192, 1), (1, 16384, 1))
BLOCK_SHAPES = tuple((2 * width, depth, 2) for width, depth, _ in HALF_BLOCK_SHAPES[:3])
SHAPES = (*HALF_BLOCK_SHAPES, *BLOCK_SHAPES, (9, 4096, 2), (4, 8192, 2), (2, 16384, 2), (1, 32768, 2))
"""Width, depth and halves of a BRAM36, each half with a port to read and one to write."""


@dataclass(frozen=True)
class KernelMemory:
    """``copies`` memories of ``depth`` words of ``bits``, each with ports of its own."""

    name: str
    copies: int
    bits: int
    depth: int

    @property
    def half_blocks(self) -> int:
        """Halves of a BRAM36 that all copies take: each in the shape that takes the fewest.

        >>> KernelMemory("input", 4, 128, 512).half_blocks  # 36 bits wide: four each
        16
        >>> KernelMemory("input", 1, 128, 2048).half_blocks  # 9 bits wide
        15
        """
        fewest = min(halves * ceil_div(self.bits, wide) * ceil_div(self.depth, deep) for wide, deep, halves in SHAPES)
        return self.copies * fewest


def memories_of(shape: KernelShape) -> tuple[KernelMemory, ...]:
    """Every memory of the kernel that lies in blocks."""
    core, vector = shape.core, shape.vector
    feed, drain = core.feed, core.drain
    units, parts = drain.units, 2 if core.winograd else 1
    lanes = max(2 * drain.lanes.pairs, vector.lanes)
    banks = max(2, units)
    found = [
        KernelMemory("input buffer", feed.input_banks, UNIT_BITS, feed.input_depth),
        KernelMemory("weight buffer", feed.weight_banks, UNIT_BITS, feed.weight_depth),
        KernelMemory("accumulators", 2 * feed.columns, SUM_BITS, feed.accumulator_rows),
        KernelMemory("parameters of channels", banks, PARAMETER_BITS, drain.parameter_depth * units // banks),
        KernelMemory("output buffer", units * parts, UNIT_BITS // parts, drain.output_depth),
        KernelMemory("tables of the lanes", lanes, TABLE_BITS, TABLE_ENTRIES),
        KernelMemory("the vector unit's input buffer", vector.banks, UNIT_BITS, vector.input_depth),
        KernelMemory("its resident buffer", vector.banks, UNIT_BITS, vector.resident_depth),
        KernelMemory("its output buffer", units, UNIT_BITS, vector.output_depth),
        KernelMemory("counters of records", 1, COUNTER_BITS, RUN_RECORDS),
    ]
    if core.winograd:
        found.append(KernelMemory("Winograd's pixels", feed.input_banks, UNIT_BITS, core.pixel_depth))
    if vector.pool_depth:
        bits = UNIT_BYTES * POOL_PIXEL_BITS
        found.append(KernelMemory("pooled rows", 2 * vector.planes, bits, vector.pool_depth))
    if vector.normalises:
        found.append(KernelMemory("steps of a normalisation", vector.lanes, STEP_BITS, STEPS))
    return tuple(found)


def blocks_of(memories: Sequence[KernelMemory]) -> int:
    """BRAM36 of all together, as ``synthesis.json`` counts them."""
    return ceil_div(sum(memory.half_blocks for memory in memories), 2)
