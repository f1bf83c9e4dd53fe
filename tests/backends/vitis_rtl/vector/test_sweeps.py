"""Poolings whose pixels are walked once each: all bytes as the emulator's, all events and the total in their cycles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dynamap.backends.program.specification import Command, Flag, FormatCode, Op
from dynamap.backends.vitis_rtl.memory.ports import PlannedMemory
from dynamap.backends.vitis_rtl.simulation import Simulations
from dynamap.backends.vitis_rtl.vector.operations import CommandTables
from dynamap.backends.vitis_rtl.vector.registers import VectorPass
from dynamap.backends.vitis_rtl.vector.shape import VectorUnitShape
from support.vector_records import (
    Pooled,
    VectorData,
    class_table,
    in_formats,
    random_memory,
    vector_data,
    window_command,
)
from support.vector_runs import check, check_with_stalls

WIDE = VectorUnitShape()
NARROW = VectorUnitShape(lanes=16, word_units=2, banks=4, input_depth=1024, outstanding=8, factor_bits=25)
C16, HWC = FormatCode.C16, FormatCode.HWC

LAYERS = {
    "a row of three pixels": Pooled(Op.MAX_POOL, 33, 7, 3, 5, 1, (3, 3), block_rows=2),
    "one row": Pooled(Op.MAX_POOL, 20, 1, 30, 1, 30, (1, 3), pads=(0, 1)),
    "one column of windows of three rows": Pooled(Op.MAX_POOL, 20, 30, 4, 30, 4, (3, 1), pads=(1, 0), block_rows=7),
    "pads of two": Pooled(Op.MAX_POOL, 40, 6, 7, 8, 9, (3, 3), pads=(2, 2), block_rows=1),
    "two rows, three columns": Pooled(Op.MAX_POOL, 64, 9, 11, 8, 5, (2, 3), (1, 2), block_rows=3),
    "wider strides than windows of a row": Pooled(Op.MAX_POOL, 16, 12, 14, 10, 4, (3, 2), (1, 4), block_rows=4),
    "overhanging by a row and a column": Pooled(Op.MAX_POOL, 16, 6, 8, 3, 4, (3, 3), (2, 2)),
    "dilated where it has one row": Pooled(Op.MAX_POOL, 32, 5, 12, 5, 10, (1, 3), dilation=(2, 1)),
    "columns behind the last window": Pooled(Op.MAX_POOL, 16, 9, 20, 7, 6, (3, 3), (1, 2)),
}


def pooled(shape: VectorUnitShape, layer: Pooled, seed: int, formats: tuple[FormatCode, FormatCode]) -> VectorData:
    """A maximum or an average, each of whose windows has a multiplier by the pixels that it counts."""
    memory = random_memory(shape, seed)
    command = replace(in_formats(window_command(layer), *formats), input_zero_point=-7, output_zero_point=5)
    if layer.op is Op.MAX_POOL:
        return vector_data(shape, memory, replace(command, multiplier=1))
    values, columns = class_table(layer, memory.random)
    return vector_data(shape, memory, replace(command, columns_factor=columns), CommandTables(values=values))


@pytest.mark.parametrize("op", [Op.MAX_POOL, Op.AVERAGE_POOL], ids=["max", "average"])
@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS.keys())
def test_windows_that_run(simulations: Simulations, layer: Pooled, op: Op) -> None:
    data = pooled(WIDE, replace(layer, op=op), 1, (C16, C16))
    assert data.work.walk.sweeps
    check(simulations, data)


def drawn(random: np.random.Generator) -> Pooled:
    """Any layer whose pixels may be walked once each, and whose windows overlap."""
    kernel = (int(random.integers(1, 4)), int(random.integers(2, 4)))
    stride = (int(random.integers(1, kernel[0] + 1)), int(random.integers(1, kernel[1])))
    pads = (int(random.integers(kernel[0])), int(random.integers(kernel[1])))
    height, width = int(random.integers(3, 9)), int(random.integers(5, 12))
    behind = (int(random.integers(kernel[0])), int(random.integers(kernel[1])))
    out_height = (height + pads[0] + behind[0] - kernel[0]) // stride[0] + 1
    out_width = (width + pads[1] + behind[1] - kernel[1]) // stride[1] + 1
    op = Op.MAX_POOL if random.random() < 0.5 else Op.AVERAGE_POOL
    rows, channels = int(random.integers(1, out_height + 1)), int(random.integers(1, 70))
    return Pooled(op, channels, height, width, out_height, out_width, kernel, stride, pads=pads, block_rows=rows)


@pytest.mark.parametrize("seed", [*range(5), *(pytest.param(seed, marks=pytest.mark.full) for seed in range(5, 60))])
@pytest.mark.parametrize(
    "shape", [pytest.param(WIDE, id="32 lanes"), pytest.param(NARROW, id="16 lanes", marks=pytest.mark.full)]
)
def test_random_windows(simulations: Simulations, shape: VectorUnitShape, seed: int) -> None:
    random = np.random.default_rng(seed)
    formats = [C16, HWC] if shape is WIDE else [C16]
    chosen = (formats[random.integers(len(formats))], formats[random.integers(len(formats))])
    check(simulations, pooled(shape, drawn(random), seed, chosen))


THREE = Pooled(Op.MAX_POOL, 33, 9, 8, 9, 8, (3, 3), pads=(1, 1), block_rows=4)


def test_a_leaky_maximum_behind_a_table(simulations: Simulations) -> None:
    """One slope for all channels."""
    command = replace(window_command(THREE), input_zero_point=4, multiplier=77777, shift=17, clamp_low=-90)
    command = replace(command, leaky_positive=2**16, leaky_shift=16, flags=Flag.STORE | Flag.LEAKY | Flag.LOOKUP)
    data = vector_data(WIDE, random_memory(WIDE, 2), command, CommandTables(slopes=(-31000,)))
    assert data.work.walk.sweeps
    check(simulations, data)


@pytest.mark.parametrize("latencies", [(2, 2), (199, 100)], ids=str)
def test_latencies_are_counted(simulations: Simulations, latencies: tuple[int, int]) -> None:
    check(simulations, pooled(WIDE, THREE, 4, (C16, HWC)), PlannedMemory(*latencies))


@pytest.mark.parametrize("op", [Op.MAX_POOL, Op.AVERAGE_POOL], ids=["max", "average"])
@pytest.mark.parametrize(
    "shape", [pytest.param(WIDE, id="32 lanes"), pytest.param(NARROW, id="16 lanes", marks=pytest.mark.full)]
)
def test_stalls_of_the_memory_change_no_byte(simulations: Simulations, shape: VectorUnitShape, op: Op) -> None:
    check_with_stalls(simulations, pooled(shape, replace(THREE, op=op), 5, (C16, C16)), 6)


def slots_of(shape: VectorUnitShape, layer: Pooled) -> int:
    """Of all blocks."""
    work = VectorPass(shape, replace(window_command(layer), multiplier=1))
    return sum(map(work.walk_cycles, range(len(work.blocks))))


def test_slots() -> None:
    """GoogleNet's pooling of 192 channels: 6 chunks of 32, each loads in a slot. Windows end in column 1 first.

    27 rows in blocks of 5 and one of 2: 7 and 4 rows of pixels, each of 28 columns, the pad on the right too.
    """
    layer = Pooled(Op.MAX_POOL, 192, 27, 27, 27, 27, (3, 3), pads=(1, 1), block_rows=5)
    assert slots_of(WIDE, layer) == 6 * (5 * (1 + 7 * 28) + (1 + 4 * 28))
    assert slots_of(replace(WIDE, pool_depth=0), layer) == 6 * (6 + 27 * 27 * 9)


@pytest.mark.parametrize(
    ("layer", "shape", "sweeps"),
    [
        (THREE, WIDE, True),
        (THREE, replace(WIDE, pool_depth=0), False),
        (THREE, replace(WIDE, pool_depth=8), False),  # 9 columns: two below the last window's begin, 7 before it
        (replace(THREE, dilation=(2, 2), pads=(2, 2)), WIDE, False),
        (replace(THREE, kernel=(4, 3), pads=(1, 1)), WIDE, False),
        (Pooled(Op.MAX_POOL, 16, 8, 8, 4, 4, (2, 2), (2, 2)), WIDE, False),  # 64 pixels, and 16 windows of 4
        (Pooled(Op.AVERAGE_POOL, 16, 3, 3, 1, 1, (3, 3)), WIDE, False),  # 9 pixels, and a window of 9
        (Pooled(Op.MAX_POOL, 16, 6, 2, 4, 1, (3, 2)), WIDE, False),  # rows of two pixels are too short
    ],
)
def test_the_walk_of_fewer_slots_is_chosen(layer: Pooled, shape: VectorUnitShape, sweeps: bool) -> None:
    command: Command = replace(window_command(layer), multiplier=1)
    memory = random_memory(WIDE, 1)
    tables = CommandTables()
    if layer.op is Op.AVERAGE_POOL:
        values, columns = class_table(layer, memory.random)
        command, tables = replace(command, columns_factor=columns), CommandTables(values=values)
    assert VectorPass(shape, command, tables).walk.sweeps is sweeps
