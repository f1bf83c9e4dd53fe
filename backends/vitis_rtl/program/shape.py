"""The kernel that a program is for: the core's sizes follow from the program's header, the vector unit's from its
layers."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from dynamap.backends.hardware.sizes import KernelSizes
from dynamap.backends.program import Op, Program
from dynamap.backends.program.lowering.geometry import blocks_of
from dynamap.backends.program.specification import AlgorithmCode, Command, Mode
from dynamap.backends.vitis_rtl.core.post import UNIT_PAIRS, DrainShape, LaneShape
from dynamap.backends.vitis_rtl.core.shape import CoreShape
from dynamap.backends.vitis_rtl.feeding import FeedShape
from dynamap.backends.vitis_rtl.memory.ports import port_of_word
from dynamap.backends.vitis_rtl.program.passes import vector_pass
from dynamap.backends.vitis_rtl.vector.shape import VectorUnitShape
from dynamap.cost.errors import InputError
from dynamap.cost.geometry import ceil_div
from dynamap.cost.multiplier import DSP48E1, DSP48E2, exact_products, pair_shift
from dynamap.cost.overlay import own_buffers
from dynamap.cost.overlay.fitting.extras import NO_EXTRAS, NO_PARTS, Extras, KernelParts
from dynamap.cost.overlay.fitting.logic.engines import lane_pairs
from dynamap.cost.overlay.fitting.memory.banks import depth, power, vector_banks, vector_lanes, word_depth
from dynamap.cost.overlay.fitting.memory.kernel import LEAST_VECTOR_UNITS, parameter_words
from dynamap.cost.overlay.limits import PARAMETER_BYTES, POOL_PIXELS
from dynamap.cost.overlay.machine import UNIT_BYTES, VectorBuffers

WORDS = (32, 64, 128, 256, 512)
LEAST_ROWS = 8
SLICES = (DSP48E2, DSP48E1)
"""Multipliers that the RTL has by instance."""


@dataclass(frozen=True)
class KernelShape:
    """Both engines: they agree on the memory word."""

    core: CoreShape
    vector: VectorUnitShape

    def __post_init__(self) -> None:
        assert self.core.word == self.vector.word

    @property
    def word(self) -> int:
        """Bytes of a memory word."""
        return self.core.word

    @property
    def extras(self) -> Extras:
        """What the program asks for beside array and engines."""
        return Extras(self.core.winograd, self.vector.normalises, self.vector.pool_depth > 0)

    @property
    def vector_buffers(self) -> VectorBuffers:
        """Bytes of the vector unit's own buffers."""
        vector = self.vector
        units = vector.banks * vector.input_depth, vector.banks * vector.resident_depth
        return VectorBuffers(UNIT_BYTES * units[0], vector.word * vector.output_depth, UNIT_BYTES * units[1])


def kernel_shape(program: Program, sizes: KernelSizes, parts: KernelParts = NO_PARTS) -> KernelShape:
    """The kernel for a program, and with ``parts`` for others.

    Raises:
        InputError: the RTL has no such core yet, or cannot do a layer of the vector unit.
    """
    return KernelShape(core_shape(program, sizes, parts.extras), vector_shape(program, sizes, parts))


def vector_shape(program: Program, sizes: KernelSizes, parts: KernelParts = NO_PARTS) -> VectorUnitShape:
    """The vector unit for a program. Its buffers are its own; they have room for the layers of this program, and as
    ``parts`` say for those of others.

    Raises:
        InputError: it cannot do a layer; the message names it.
    """
    commands = [command for command in program.commands if command.op is not Op.CONV]
    normalises = parts.extras.normalisation or any(command.op is Op.LRN for command in commands)
    units = sizes.word_bytes // UNIT_BYTES
    lanes = vector_lanes(sizes.lanes, units)
    banks = vector_banks(sizes.lanes, units, normalises=normalises)
    shape = VectorUnitShape(
        lanes,
        units,
        banks,
        normalises=normalises,
        pool_depth=POOL_PIXELS,
        factor_bits=program.header.factor_bits,
    )
    passes = [vector_pass(program, shape, command) for command in commands]
    needs = [work.needs() for work in passes]
    sweeps = parts.extras.sweeps or any(work.walk.sweeps for work in passes)
    others = parts.vector
    inputs = max([LEAST_VECTOR_UNITS, ceil_div(others.inputs, UNIT_BYTES), *(need.input_units for need in needs)])
    resident = max([LEAST_VECTOR_UNITS, ceil_div(others.resident, UNIT_BYTES), *(x.resident_units for x in needs)])
    outputs = max([LEAST_VECTOR_UNITS, ceil_div(others.outputs, sizes.word_bytes), *(x.output_words for x in needs)])
    return replace(
        shape,
        pool_depth=POOL_PIXELS if sweeps else 0,
        input_depth=_power(ceil_div(inputs, banks)),
        resident_depth=_power(ceil_div(resident, banks)),
        output_depth=_power(outputs),
    )


def core_shape(program: Program, sizes: KernelSizes, extras: Extras = NO_EXTRAS) -> CoreShape:
    """The core for a program, and with ``extras`` for others.

    Its banks are as deep as the next power of two above what the plan counts on.

    Raises:
        InputError: the RTL has no such core yet; the message says what is wanted and what there is.
    """
    _check(sizes, program.header.factor_bits)
    units = sizes.word_bytes // UNIT_BYTES
    winograd = extras.winograd or any(_is_winograd(command) for command in program.commands)
    bits = 16 if winograd else 8
    feed = FeedShape(
        sizes.rows,
        sizes.columns,
        units,
        accumulator_rows=sizes.accumulator_rows,
        group_rows=group_rows(program),
        operand_bits=bits,
        factor_bits=program.header.factor_bits,
    )
    feed = replace(
        feed,
        input_depth=int(depth(sizes.input_buffer, feed.input_banks)),
        weight_depth=int(depth(sizes.weight_buffer, feed.weight_banks)),
    )
    drain = DrainShape(
        LaneShape(
            sizes.columns,
            int(lane_pairs(sizes.lanes, sizes.columns)),
            factor_bits=program.header.factor_bits,
        ),
        accumulator_rows=sizes.accumulator_rows,
        units=units,
        parameter_depth=int(parameter_words(sizes.word_bytes, sizes.weight_buffer)),
        output_depth=int(word_depth(sizes.output_buffer, sizes.word_bytes)),
        winograd=winograd,
    )
    pixel_depth = int(depth(own_buffers.pixels(sizes.input_buffer), feed.input_banks))
    return CoreShape(feed, drain, port_of_word(sizes.word_bytes), pixel_depth)


def _is_winograd(command: Command) -> bool:
    return command.op is Op.CONV and command.algorithm is AlgorithmCode.WINOGRAD


def group_rows(program: Program) -> int:
    """Rows of a group with which all sums are exact: fewer where a weight is -128 (docs/rtl/array.md)."""
    shift = pair_shift(program.header.factor_bits)
    assert shift is not None, "a slice that packs"
    image = np.frombuffer(program.image, np.int8)
    for command in program.commands:
        if command.op is Op.CONV and command.algorithm is not AlgorithmCode.WINOGRAD:
            for begin, end in _weights(command):
                if (image[begin:end] == -128).any():
                    return exact_products(shift, 128 * 128)
    return exact_products(shift)


def _weights(command: Command) -> list[tuple[int, int]]:
    """Where the packed weights of each run begin and end."""
    if command.mode is Mode.STREAM_INPUTS:
        begin = command.weights_address
        return [(begin + command.pass_channels * PARAMETER_BYTES, begin + command.weight_bytes)]
    return [
        (block.weights_address + block.channels * PARAMETER_BYTES, block.weights_address + block.weight_bytes)
        for block in blocks_of(command)
    ]


def _check(sizes: KernelSizes, factor_bits: int) -> None:
    """What the core's parts cannot be made of."""
    array = f"{max(sizes.rows, LEAST_ROWS)}x{max(sizes.columns // UNIT_PAIRS, 1) * UNIT_PAIRS}"
    for wrong, what in (
        (
            factor_bits not in [slice_.wide_bits for slice_ in SLICES],
            f"multipliers of {factor_bits} bits; the RTL's are DSP48E2 and DSP48E1: plan for a device that has these",
        ),
        (
            sizes.packing != 2,
            "one int8 product per multiplier; the RTL's array makes two: plan without --no-packing",
        ),
        (
            sizes.word_bytes not in WORDS,
            f"memory words of {sizes.word_bytes} bytes; the RTL's have a power of two from {WORDS[0]} to {WORDS[-1]}: "
            "plan for a device with memory_ports times port_bytes of so many, such as zcu104",
        ),
        (
            sizes.columns % UNIT_PAIRS != 0,
            f"{sizes.columns} columns; the RTL's are a multiple of {UNIT_PAIRS}: plan with --array {array}",
        ),
        (
            sizes.rows < LEAST_ROWS,
            f"{sizes.rows} rows; the RTL's array has at least {LEAST_ROWS}: plan with --array {array}",
        ),
        (sizes.accumulator_rows < UNIT_PAIRS, "too few accumulators for the RTL"),
    ):
        if wrong:
            raise InputError(f"the backend vitis-rtl cannot build this overlay: it has {what}")


def _power(number: int) -> int:
    """The least power of two that is no less, at least 4."""
    return int(power(max(4, number)))
