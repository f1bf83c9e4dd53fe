"""The on-chip memories of a kernel in RTL, one table: counts, budgets, reports and the RTL's depths all follow from it.

Each is as many memories as have ports of their own: banks of a unit, halves that are used at once. A block has one port
to read and one to write, so none is shared. The sizes follow from the plan's buffers and from what its layers ask for
(`Extras`, `Machine.vector`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple
from typing import Protocol

import numpy as np

from dynamap.cost.device import Device
from dynamap.cost.geometry import ceil_div
from dynamap.cost.overlay import own_buffers
from dynamap.cost.overlay.fitting.extras import Extras
from dynamap.cost.overlay.fitting.logic.array import OPERAND_BITS
from dynamap.cost.overlay.fitting.logic.engines import lane_pairs
from dynamap.cost.overlay.fitting.memory.banks import (
    LEAST_DEPTH,
    depth,
    power,
    vector_banks,
    vector_lanes,
    weight_banks,
    window_banks,
    word_depth,
)
from dynamap.cost.overlay.fitting.memory.blocks import Memory
from dynamap.cost.overlay.limits import PARAMETER_BYTES, POOL_PIXEL_BITS, POOL_PIXELS
from dynamap.cost.overlay.machine import UNIT_BYTES, Machine, VectorBuffers
from dynamap.cost.overlay.transfer import Ints

UNIT_BITS = 8 * UNIT_BYTES
SUM_BITS = 64
"""Of a row of a column's accumulators: two sums, or one of Winograd."""

PARAMETER_BITS = 96
"""``parameters_t`` of ``lanes_pkg.sv``: what a run of weights has of a channel, without the bits that say nothing."""

STEP_BITS, STEPS = 57, 1024
"""``step_t`` of ``lrn_pkg.sv``, and how many of them a lane has."""

TABLE_BITS, TABLE_ENTRIES = 8, 256
COUNTER_BITS, RUN_RECORDS = 128, 512
"""Four counters of a record, and the records of one run of the kernel; a host runs longer programs in pieces."""

LEAST_VECTOR_UNITS = 512
"""Of a buffer of the vector unit, words of its output buffer: what a block memory has anyway."""

INPUTS, PIXELS, WEIGHTS, ACCUMULATORS = "input buffer", "Winograd's pixels", "weight buffer", "accumulators"
OUTPUTS, VECTOR_INPUTS, VECTOR_OUTPUTS = "output buffer", "vector unit's input buffer", "vector unit's output buffer"


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


def in_rtl(device: Device) -> bool:
    """Whether overlays of a device are counted as the RTL: AMD's."""
    return device.vendor == "amd"


def kernel_memories(
    machine: Machine, rows: Ints | int, columns: Ints | int, sizes: Sizes, extras: Extras
) -> tuple[Memory, ...]:
    """Every memory that lies in blocks, of a kernel of ``rows`` x ``columns`` PEs."""
    return (*_core(machine, rows, columns, sizes, extras), *_rest(machine, columns, sizes, extras))


def _core(machine: Machine, rows: Ints | int, columns: Ints | int, sizes: Sizes, extras: Extras) -> Iterator[Memory]:
    """Of the array's engine."""
    units, parts = machine.word_units, 2 if extras.winograd else 1
    windows = window_banks(units, rows, OPERAND_BITS[extras.winograd])
    weights = weight_banks(units, rows, columns)
    yield Memory(INPUTS, windows, UNIT_BITS, depth(sizes.input_buffer, windows), large=True)
    yield Memory(WEIGHTS, weights, UNIT_BITS, depth(sizes.weight_buffer, weights), large=True)
    # One half is added to, reading and writing, while the other is read.
    yield Memory(ACCUMULATORS, 2 * columns, SUM_BITS, sizes.accumulator_rows, large=True)
    outputs = word_depth(np.asarray(sizes.input_buffer) // 2, machine.word_bytes)
    # Winograd's channels come by halves of a unit.
    yield Memory(OUTPUTS, units * parts, UNIT_BITS // parts, outputs, large=True)
    if extras.winograd:
        yield Memory(PIXELS, windows, UNIT_BITS, depth(own_buffers.pixels(sizes.input_buffer), windows), large=True)
    # Two neighbouring channels are read in a cycle.
    banks = max(2, units)
    kept = parameter_words(machine.word_bytes, sizes.weight_buffer) * units // banks
    yield Memory("parameters of channels", banks, PARAMETER_BITS, kept)


def _rest(machine: Machine, columns: Ints | int, sizes: Sizes, extras: Extras) -> Iterator[Memory]:
    """Of the vector unit, the lanes that both engines share, and the records."""
    units, lanes = machine.word_units, vector_lanes(machine.lanes, machine.word_units)
    banks = vector_banks(machine.lanes, units, normalises=extras.normalisation)
    inputs, outputs, resident = _vector_bytes(machine, sizes)
    yield Memory(VECTOR_INPUTS, banks, UNIT_BITS, depth(inputs, banks), large=True)
    yield Memory("vector unit's resident operand", banks, UNIT_BITS, depth(resident, banks))
    yield Memory(VECTOR_OUTPUTS, units, UNIT_BITS, word_depth(outputs, machine.word_bytes), large=True)
    all_lanes = np.maximum(2 * lane_pairs(machine.lanes, columns), lanes)
    yield Memory("tables of the lanes", all_lanes, TABLE_BITS, TABLE_ENTRIES)
    yield Memory("counters of records", 1, COUNTER_BITS, RUN_RECORDS)
    if extras.sweeps:
        # Of 16 channels side by side, for each of the two rows above.
        yield Memory("pooled rows", 2 * lanes // UNIT_BYTES, UNIT_BYTES * POOL_PIXEL_BITS, POOL_PIXELS)
    if extras.normalisation:
        yield Memory("steps of a normalisation", lanes, STEP_BITS, STEPS)


def _vector_bytes(machine: Machine, sizes: Sizes) -> tuple[Ints | int, Ints | int, Ints | int]:
    """Of the vector unit's buffers: inputs, outputs, resident operand."""
    if machine.vector is None:
        return sizes.input_buffer, np.asarray(sizes.input_buffer) // 2, sizes.weight_buffer
    return astuple(built_vector_buffers(machine, machine.vector))


def built_vector_buffers(machine: Machine, taken: VectorBuffers) -> VectorBuffers:
    """The vector unit's own buffers in a kernel for blocks that take so much of them: powers of two of units or words.

    >>> built_vector_buffers(Machine(64, 300_000, 19_200_000, 64, 32, 2), VectorBuffers(9_216, 5_632, 0))
    VectorBuffers(inputs=16384, outputs=32768, resident=8192)
    """
    least, words = LEAST_VECTOR_UNITS * UNIT_BYTES, ceil_div(taken.outputs, machine.word_bytes)
    return VectorBuffers(
        inputs=int(power(max(least, taken.inputs))),
        outputs=machine.word_bytes * int(power(max(LEAST_VECTOR_UNITS, words))),
        resident=int(power(max(least, taken.resident))),
    )


def parameter_words(word_bytes: int, weight_buffer: Ints | int) -> Ints:
    """Memory words of the parameters of channels that are kept."""
    kept = own_buffers.parameter_channels(weight_buffer) * PARAMETER_BYTES // word_bytes
    return power(np.maximum(LEAST_DEPTH, kept))
