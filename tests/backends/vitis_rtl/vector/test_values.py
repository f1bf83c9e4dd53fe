"""Operations without windows, and depthwise convolutions, from memory to memory: bytes and cycles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dynamap.backends.program.packing import PARAMETERS
from dynamap.backends.program.specification import Command, Flag, Op
from dynamap.backends.vitis_rtl.simulation import Simulations
from dynamap.backends.vitis_rtl.vector.operations import CommandTables
from dynamap.backends.vitis_rtl.vector.shape import VectorUnitShape
from dynamap.cost.errors import InputError
from support.lane_records import random_channels
from support.vector_records import (
    Pooled,
    VectorData,
    random_memory,
    source_of,
    vector_data,
    window_command,
)
from support.vector_runs import check

WIDE = VectorUnitShape()
NARROW = VectorUnitShape(lanes=16, word_units=2, banks=4, input_depth=1024, outstanding=8, factor_bits=25)
SHAPES = pytest.mark.parametrize(
    "shape",
    [pytest.param(WIDE, id="32 lanes"), pytest.param(NARROW, id="16 lanes", marks=pytest.mark.full)],
)


def plain(op: Op, channels: int, height: int, width: int, block_rows: int = 0, **fields: int) -> Command:
    """A command that makes each pixel of the same pixel of its inputs."""
    made = window_command(Pooled(op, channels, height, width, height, width, block_rows=block_rows))
    return replace(made, output_zero_point=11, clamp_low=-120, clamp_high=125, **fields)


def added(shape: VectorUnitShape, terms: int, command: Command, tables: CommandTables, seed: int) -> VectorData:
    """A sum of so many tensors with scales of their own."""
    memory = random_memory(shape, seed)
    random = memory.random
    sources = tuple(
        source_of(
            memory,
            command,
            command.channels,
            zero_point=int(random.integers(-128, 128)),
            multiplier=int(random.integers(2**15, 2**17)),
        )
        for _ in range(terms)
    )
    return vector_data(shape, memory, replace(command, source_count=terms), replace(tables, sources=sources))


@SHAPES
@pytest.mark.parametrize("terms", [2, 3, 8])
def test_sums(simulations: Simulations, shape: VectorUnitShape, terms: int) -> None:
    command = plain(Op.ADD, 40, 5, 6, block_rows=2, shift=18)
    check(simulations, added(shape, terms, command, CommandTables(), terms))


@pytest.mark.parametrize(
    "shape", [pytest.param(WIDE, id="DSP48E2"), pytest.param(NARROW, id="DSP48E1", marks=pytest.mark.full)]
)
def test_the_text_of_the_synthesis_adds(simulations: Simulations, shape: VectorUnitShape) -> None:
    """With the vendor's slice by its ports and parameters: the second value goes through its pre-adder."""
    command = plain(Op.ADD, 40, 5, 6, block_rows=2, shift=18)
    check(simulations, added(shape, 3, command, CommandTables(), 17), synthesised=True)


@SHAPES
@pytest.mark.parametrize("slopes", [0, 1, 40])
def test_products(simulations: Simulations, shape: VectorUnitShape, slopes: int) -> None:
    """Bent by a leaky activation, too: a slope for all channels, or each its own."""
    memory = random_memory(shape, 3)
    command = plain(
        Op.MUL, 40, 5, 6, 2, source_count=2, input_zero_point=-5, second_zero_point=17, multiplier=70001, shift=23
    )
    sources = tuple(source_of(memory, command, 40, zero_point=zero) for zero in (-5, 17))
    if slopes:
        command = replace(command, flags=Flag.STORE | Flag.LEAKY, leaky_positive=2**16, leaky_shift=16)
    values = tuple(memory.random.integers(-(2**17) + 1, 2**17, slopes).tolist())
    check(simulations, vector_data(shape, memory, command, CommandTables(sources, slopes=values)))


@SHAPES
@pytest.mark.parametrize(("channels", "slopes"), [(20, ()), (70, (-90000,))], ids=str)
def test_scales(simulations: Simulations, shape: VectorUnitShape, channels: int, slopes: tuple[int, ...]) -> None:
    """The factor is a plane of four pixels for 16 channels, of which one is one."""
    memory = random_memory(shape, 4)
    command = plain(Op.SCALE, channels, 5, 6, 2, input_zero_point=3, second_zero_point=-128, multiplier=70001, shift=22)
    size = 64 * -(-channels // 16)
    command = replace(command, weights_address=memory.place(size), weight_bytes=size, source_count=2)
    if slopes:
        command = replace(command, flags=Flag.STORE | Flag.LEAKY, leaky_positive=2**16, leaky_shift=16)
    check(simulations, vector_data(shape, memory, command, CommandTables(slopes=slopes)))


@SHAPES
@pytest.mark.parametrize("slopes", [1, 40])
def test_activations(simulations: Simulations, shape: VectorUnitShape, slopes: int) -> None:
    """A leaky one whose slopes differ by the channel, and then a table."""
    memory = random_memory(shape, 5)
    random = memory.random
    command = plain(
        Op.ACTIVATION, 40, 5, 6, 3, input_zero_point=9, multiplier=80000, shift=17, leaky_positive=2**16, leaky_shift=16
    )
    command = replace(command, flags=Flag.STORE | Flag.LEAKY | Flag.LOOKUP)
    values = tuple(int(slope) for slope in random.integers(-(2**17) + 1, 2**17, slopes))
    check(simulations, vector_data(shape, memory, command, CommandTables(slopes=values)))


@SHAPES
def test_a_leaky_sum(simulations: Simulations, shape: VectorUnitShape) -> None:
    command = plain(Op.ADD, 20, 4, 5, shift=18, leaky_positive=2**16, leaky_shift=16)
    command = replace(command, flags=Flag.STORE | Flag.LEAKY)
    check(simulations, added(shape, 2, command, CommandTables(slopes=(6554,)), 6))


DEPTHWISE = {
    "3x3": Pooled(Op.DEPTHWISE, 40, 6, 7, 6, 7, (3, 3), pads=(1, 1), block_rows=4),
    "5x3 of stride 2": Pooled(Op.DEPTHWISE, 20, 9, 9, 5, 5, (5, 3), (2, 2), pads=(2, 1), block_rows=2),
    "3x3 of dilation 2 and 1": Pooled(Op.DEPTHWISE, 16, 8, 6, 4, 4, (3, 3), dilation=(2, 1)),
    "global": Pooled(Op.DEPTHWISE, 70, 4, 4, 1, 1, (4, 4)),
}


@SHAPES
@pytest.mark.parametrize("layer", DEPTHWISE.values(), ids=DEPTHWISE.keys())
def test_depthwise_convolutions(simulations: Simulations, shape: VectorUnitShape, layer: Pooled) -> None:
    memory = random_memory(shape, 7)
    random, channels = memory.random, layer.channels
    padded = -(-channels // 16) * 16
    parameters = np.zeros(padded, PARAMETERS)
    parameters[:channels] = random_channels(random, channels)
    parameters["shift"] = random.integers(22, 26, padded)
    weights = random.integers(-128, 128, (layer.kernel[0] * layer.kernel[1], padded)).astype(np.int8)
    run = parameters.tobytes() + weights.tobytes()
    run += bytes(-len(run) % 64)
    command = replace(window_command(layer), output_zero_point=4, flags=Flag.STORE | Flag.LOOKUP)
    command = replace(command, weights_address=memory.put(run), weight_bytes=len(run))
    check(simulations, vector_data(shape, memory, command))


@SHAPES
@pytest.mark.parametrize("alike", [True, False])
@pytest.mark.parametrize("inputs", [(16, 48, 20), (5, 40, 1, 27, 16)], ids=str)
def test_concatenations(simulations: Simulations, shape: VectorUnitShape, alike: bool, inputs: tuple[int, ...]) -> None:
    """As they are, or each with a scale of its own; of whole units of channels, or such that units are put together."""
    memory = random_memory(shape, 8)
    command = replace(plain(Op.CONCAT, 16, 5, 6, 2), clamp_low=-128, clamp_high=127)
    sources, first = [], 0
    for channels in inputs:
        scale = {"multiplier": 1, "shift": 0} if alike else {"multiplier": 65536 + 700 * channels, "shift": 17}
        zero_point = 11 if alike else first - 30
        sources.append(source_of(memory, command, channels, zero_point=zero_point, first_channel=first, **scale))
        first += channels
    command = replace(command, source_count=len(inputs), out_channels=first, pass_channels=first, block_channels=first)
    check(simulations, vector_data(shape, memory, command, CommandTables(tuple(sources))))


@SHAPES
@pytest.mark.parametrize(("factors", "block_rows"), [((2, 2), 5), ((3, 1), 4), ((2, 3), 0)])
def test_enlargements(
    simulations: Simulations, shape: VectorUnitShape, factors: tuple[int, int], block_rows: int
) -> None:
    """Blocks begin at any repeat of an input row."""
    rows, columns = 4 * factors[0], 5 * factors[1]
    check(simulations, vector_data(shape, random_memory(shape, 9), resized(40, 40, factors, rows, columns, block_rows)))


@SHAPES
@pytest.mark.parametrize("block_rows", [0, 3])
def test_interleaved_groups_of_channels(simulations: Simulations, shape: VectorUnitShape, block_rows: int) -> None:
    """Four groups of 48 channels become four times as many pixels of 40."""
    command = resized(192, 40, (2, 2), 8, 10, block_rows)
    check(simulations, vector_data(shape, random_memory(shape, 10), command))


def resized(
    channels: int, out_channels: int, factors: tuple[int, int], rows: int, columns: int, block_rows: int
) -> Command:
    """A nearest neighbour of whole factors."""
    height, width = rows // factors[0], columns // factors[1]
    block = block_rows or rows
    blocks = -(-rows // block)
    last = rows - (blocks - 1) * block
    made = plain(Op.RESIZE, channels, height, width, input_zero_point=-9, multiplier=75000, shift=16)
    row = 64 * -(-columns // 4)
    return replace(
        made, size=factors[0], columns_factor=factors[1],
        out_channels=out_channels, pass_channels=out_channels, block_channels=out_channels,
        out_height=rows, out_width=columns, output_row_bytes=row, output_plane_bytes=rows * row,
        pass_rows=rows, block_rows=block, blocks=blocks,
        block_input_rows=min(height, -(-block // factors[0]) + 1),
        last_input_rows=min(height, -(-last // factors[0]) + 1),
    )  # fmt: skip


@SHAPES
@pytest.mark.parametrize(("size", "channels"), [(1, 16), (2, 50), (3, 33), (5, 33), (7, 50), (8, 33)])
def test_local_response_normalisations(
    simulations: Simulations, shape: VectorUnitShape, size: int, channels: int
) -> None:
    """A random table: nothing of it is left out. Sums that are zero, too.

    Entries that follow each other differ by what a slice's wide side holds; those of a function differ by far less.
    """
    memory = random_memory(shape, 11)
    random = memory.random
    rows = np.zeros((29, 34), "<u4")
    most = 2 ** min(shape.factor_bits - 1, 25)
    entries = random.integers(0, most, (29, 33)) + random.integers(0, 2**25 - most + 1, (29, 1))
    rows[:, :-1] = entries
    rows[:, -1] = random.integers(20, 28, 29)
    command = plain(Op.LRN, channels, 4, 5, 2, size=size, input_zero_point=7)
    data = vector_data(shape, memory, command, CommandTables(values=rows.tobytes()))
    check(simulations, data)


@pytest.mark.parametrize(("first", "fits"), [(2**24, True), (2**24 + 1, False)])
def test_steps_that_a_slice_does_not_hold_are_refused(first: int, fits: bool) -> None:
    """The 25 signed bits of a DSP48E1 go down to -2^24."""
    rows = np.zeros((29, 34), "<u4")
    rows[3, :7] = first
    command, tables = plain(Op.LRN, 16, 4, 5, 2, size=3), CommandTables(values=rows.tobytes())
    vector_data(WIDE, random_memory(WIDE, 11), command, tables)
    if fits:
        vector_data(NARROW, random_memory(NARROW, 11), command, tables)
    else:
        with pytest.raises(InputError, match="25: a smaller beta, or a device with DSP48E2"):
            vector_data(NARROW, random_memory(NARROW, 11), command, tables)
