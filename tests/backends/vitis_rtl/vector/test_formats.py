"""The vector unit on hwc: pixels out of words, and words made of pixels; bytes and cycles."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dynamap.backends.program.specification import FormatCode, Op
from dynamap.backends.vitis_rtl.memory.ports import PlannedMemory
from dynamap.backends.vitis_rtl.simulation import Simulations
from dynamap.backends.vitis_rtl.vector.operations import CommandTables
from dynamap.backends.vitis_rtl.vector.registers import VectorPass
from dynamap.backends.vitis_rtl.vector.shape import VectorUnitShape
from dynamap.cost.errors import InputError
from support.vector_records import Pooled, VectorData, in_formats, random_memory, source_of, vector_data, window_command
from support.vector_runs import check, check_with_stalls

WIDE = VectorUnitShape()
C16, HWC = FormatCode.C16, FormatCode.HWC

LAYERS = {
    "in blocks, with pads": Pooled(Op.MAX_POOL, 20, 11, 9, 6, 5, (3, 3), (2, 2), pads=(1, 1), block_rows=2),
    "pixels longer than a word": Pooled(Op.MAX_POOL, 150, 5, 6, 5, 6, (2, 2), pads=(0, 1), block_rows=3),
    "one channel": Pooled(Op.MAX_POOL, 1, 4, 70, 2, 35, (2, 2), (2, 2), block_rows=1),
}


def pooled(layer: Pooled, source: FormatCode, target: FormatCode, seed: int) -> VectorData:
    """A maximum in these formats."""
    command = replace(window_command(layer), input_zero_point=-7, output_zero_point=-7, multiplier=1)
    return vector_data(WIDE, random_memory(WIDE, seed), in_formats(command, source, target))


@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS.keys())
@pytest.mark.parametrize(("source", "target"), [(HWC, HWC), (C16, HWC), (HWC, C16)], ids=["hwc", "to hwc", "from hwc"])
def test_formats(simulations: Simulations, layer: Pooled, source: FormatCode, target: FormatCode) -> None:
    check(simulations, pooled(layer, source, target, 1))


@pytest.mark.parametrize("latencies", [(2, 2), (199, 100)], ids=str)
def test_latencies_are_counted(simulations: Simulations, latencies: tuple[int, int]) -> None:
    check(simulations, pooled(LAYERS["in blocks, with pads"], HWC, HWC, 2), PlannedMemory(*latencies))


def test_stalls_of_the_memory_change_no_byte(simulations: Simulations) -> None:
    check_with_stalls(simulations, pooled(LAYERS["pixels longer than a word"], HWC, HWC, 3), 4)


@pytest.mark.parametrize("terms", [2, 8])
def test_sums(simulations: Simulations, terms: int) -> None:
    """With eight, those of two blocks may be under way."""
    memory = random_memory(WIDE, 5)
    made = window_command(Pooled(Op.ADD, 40, 5, 6, 5, 6, block_rows=2))
    command = in_formats(replace(made, shift=18, source_count=terms), HWC, C16)
    sources = tuple(source_of(memory, command, 40, zero_point=term, multiplier=70000 + term) for term in range(terms))
    check(simulations, vector_data(WIDE, memory, command, CommandTables(sources)))


def joined(blocks: int) -> VectorData:
    """Three tensors of different rows in memory."""
    memory = random_memory(WIDE, 6)
    made = window_command(Pooled(Op.CONCAT, 5, 4, 6, 4, 6, block_rows=-(-4 // blocks)))
    inputs = (5, 40, 20)
    total = sum(inputs)
    made = replace(made, out_channels=total, pass_channels=total, block_channels=total, source_count=3)
    command = in_formats(made, HWC, HWC)
    sources, first = [], 0
    for channels in inputs:
        own = in_formats(replace(made, channels=channels), HWC, HWC)
        sources.append(source_of(memory, own, channels, first_channel=first))
        first += channels
    return vector_data(WIDE, memory, command, CommandTables(tuple(sources)))


def test_a_concatenation_in_one_block(simulations: Simulations) -> None:
    check(simulations, joined(1))


def test_what_is_refused() -> None:
    with pytest.raises(InputError, match=r"CONCAT .* whose rows have one length in memory, or .* in one block"):
        joined(2)
    narrow = VectorUnitShape(lanes=16, word_units=2)
    command = in_formats(window_command(LAYERS["one channel"]), HWC, C16)
    with pytest.raises(InputError, match="MAX_POOL of the vector unit of the RTL reads hwc in words of 64 bytes"):
        VectorPass(narrow, command)
