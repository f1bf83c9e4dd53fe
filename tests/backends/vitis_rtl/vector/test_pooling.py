"""Poolings from memory to memory: all bytes as the emulator's, all events and the total in their cycles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dynamap.backends.program.specification import Flag, Op
from dynamap.backends.vitis_rtl.memory.ports import PlannedMemory
from dynamap.backends.vitis_rtl.simulation import Simulations
from dynamap.backends.vitis_rtl.vector.operations import CommandTables
from dynamap.backends.vitis_rtl.vector.shape import VectorUnitShape
from support.vector_records import Pooled, class_table, random_memory, vector_data, window_command
from support.vector_runs import check, check_with_stalls

WIDE = VectorUnitShape()
NARROW = VectorUnitShape(lanes=16, word_units=2, banks=4, input_depth=1024, outstanding=8, factor_bits=25)

LAYERS = {
    "2x2 of stride 2": Pooled(Op.MAX_POOL, 40, 8, 10, 4, 5, (2, 2), (2, 2)),
    "3x3 of stride 2, pads, in blocks": Pooled(Op.MAX_POOL, 20, 11, 9, 6, 5, (3, 3), (2, 2), pads=(1, 1), block_rows=2),
    "3x3 of stride 1, a last block of one row": Pooled(Op.MAX_POOL, 33, 7, 6, 7, 6, (3, 3), pads=(1, 1), block_rows=3),
    "the window overhangs: ceil": Pooled(Op.MAX_POOL, 16, 6, 7, 3, 4, (3, 3), (2, 2)),
    "dilated, a row and two columns": Pooled(Op.MAX_POOL, 64, 6, 9, 4, 5, (2, 3), dilation=(2, 2), block_rows=1),
    "global": Pooled(Op.MAX_POOL, 90, 5, 5, 1, 1, (5, 5)),
    "a point of one pixel": Pooled(Op.MAX_POOL, 5, 1, 1, 1, 1),
}


@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS.keys())
@pytest.mark.parametrize("shape", [WIDE, NARROW], ids=["32 lanes", "16 lanes"])
def test_max_pooling(simulations: Simulations, shape: VectorUnitShape, layer: Pooled) -> None:
    command = replace(window_command(layer), input_zero_point=-7, output_zero_point=-7, multiplier=1)
    check(simulations, vector_data(shape, random_memory(shape, 1), command))


@pytest.mark.parametrize("shape", [WIDE, NARROW], ids=["32 lanes", "16 lanes"])
def test_a_rescaled_leaky_max_pooling(simulations: Simulations, shape: VectorUnitShape) -> None:
    """A quantised model may rescale, and an activation bend: each channel has a slope of its own."""
    command = replace(window_command(LAYERS["3x3 of stride 2, pads, in blocks"]), input_zero_point=4)
    command = replace(command, multiplier=77777, shift=17, leaky_positive=2**16, leaky_shift=16, clamp_low=-90)
    command = replace(command, flags=Flag.STORE | Flag.LEAKY | Flag.LOOKUP, output_zero_point=-3)
    slopes = tuple(np.random.default_rng(2).integers(-(2**17) + 1, 2**17, command.channels).tolist())
    check(simulations, vector_data(shape, random_memory(shape, 2), command, CommandTables(slopes=slopes)))


AVERAGES = {
    "global": Pooled(Op.AVERAGE_POOL, 70, 7, 7, 1, 1, (7, 7)),
    "3x3 of stride 1, pads": Pooled(Op.AVERAGE_POOL, 33, 7, 6, 7, 6, (3, 3), pads=(1, 1), block_rows=2),
    "5x2 of stride 2, overhanging": Pooled(Op.AVERAGE_POOL, 16, 9, 7, 5, 4, (5, 2), (2, 2), pads=(2, 0), block_rows=3),
    "4x4, all counts differ": Pooled(Op.AVERAGE_POOL, 20, 5, 4, 5, 4, (5, 4), pads=(2, 2)),
}


@pytest.mark.parametrize("layer", AVERAGES.values(), ids=AVERAGES.keys())
@pytest.mark.parametrize("shape", [WIDE, NARROW], ids=["32 lanes", "16 lanes"])
def test_average_pooling(simulations: Simulations, shape: VectorUnitShape, layer: Pooled) -> None:
    memory = random_memory(shape, 3)
    values, columns = class_table(layer, memory.random)
    command = replace(window_command(layer), input_zero_point=-20, output_zero_point=6, columns_factor=columns)
    check(simulations, vector_data(shape, memory, command, CommandTables(values=values)))


@pytest.mark.parametrize("latencies", [(2, 2), (199, 100)], ids=str)
def test_latencies_are_counted(simulations: Simulations, latencies: tuple[int, int]) -> None:
    """With 199 cycles 8 bursts cover no latency: data comes with bubbles, and its cycles are known all the same."""
    command = window_command(Pooled(Op.MAX_POOL, 60, 10, 9, 5, 5, (2, 2), (2, 2), block_rows=1))
    data = vector_data(NARROW, random_memory(NARROW, 4), replace(command, multiplier=1))
    check(simulations, data, PlannedMemory(*latencies))


def test_stalls_of_the_memory_change_no_byte(simulations: Simulations) -> None:
    layer = AVERAGES["3x3 of stride 1, pads"]
    memory = random_memory(NARROW, 5)
    values, columns = class_table(layer, memory.random)
    command = replace(window_command(layer), input_zero_point=-20, columns_factor=columns)
    check_with_stalls(simulations, vector_data(NARROW, memory, command, CommandTables(values=values)), 6)
