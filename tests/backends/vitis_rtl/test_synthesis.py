"""What Yosys maps the array to: multipliers and memories exactly, fabric within what the plan may count on.

What runs Yosys is among the heavy proofs: its first start on a machine compiles it, for longer than all of this takes.
"""

from __future__ import annotations

import json

import pytest

from dynamap.backends.vitis_rtl.array import ArrayShape
from dynamap.backends.vitis_rtl.core.post import DrainShape, LaneShape
from dynamap.backends.vitis_rtl.feeding import FeedShape
from dynamap.backends.vitis_rtl.memory.ports import MemoryPort
from dynamap.backends.vitis_rtl.synthesis import Resources, read_statistics, synthesise
from dynamap.cost.errors import InputError

TAG_FLIP_FLOPS = 4


@pytest.mark.full
@pytest.mark.parametrize("operand_bits", [8, 18])
def test_a_pe_is_a_multiplier_and_registers_to_its_right(operand_bits: int) -> None:
    """No LUT; a flip-flop for each bit of the operand and of the tag."""
    found = synthesise("pe", {"OperandBits": operand_bits})
    assert found == Resources(multipliers=1, lut=0, ff=operand_bits + TAG_FLIP_FLOPS, bram36=0, uram=0, levels=0)


@pytest.mark.full
def test_an_array_of_16_rows() -> None:
    """One multiplier per PE, two memory blocks of 64 x 512 per column, 40 LUT and 60 FF per PE."""
    shape = ArrayShape(rows=16, columns=2)
    found = synthesise("systolic_array", shape.parameters())
    check(shape, found)


@pytest.mark.full
@pytest.mark.parametrize(
    "shape",
    [
        ArrayShape(rows=16, columns=8),
        ArrayShape(rows=21, columns=3),
        ArrayShape(rows=32, columns=4, operand_bits=16, high_bits=22),
    ],
    ids=str,
)
def test_arrays_of_other_sizes(shape: ArrayShape) -> None:
    check(shape, synthesise("systolic_array", shape.parameters()))


def check(shape: ArrayShape, found: Resources) -> None:
    pes = shape.rows * shape.columns
    assert found.multipliers == pes
    assert found.bram36 == 2 * shape.columns
    assert found.uram == 0
    assert found.lut <= 40 * pes
    assert found.ff <= 60 * pes
    assert found.levels <= 7


@pytest.mark.full
@pytest.mark.parametrize("top", ["axi_read", "axi_write"])
def test_a_memory_port_is_its_data_register_and_little_else(top: str) -> None:
    """A beat of 512 bits and two addresses are 640 of the flip-flops; what is kept of bursts lies in LUT memories.

    An adder of 52 bits says where the buffer lies.
    """
    found = synthesise(top, MemoryPort().parameters())
    assert (found.multipliers, found.bram36, found.uram) == (0, 0, 0)
    assert found.lut <= 260 + 52
    assert 640 <= found.ff <= 800
    assert found.levels <= 7


@pytest.mark.full
def test_a_lane_is_two_multipliers() -> None:
    """And half a memory block for its table, which counts as a whole one alone."""
    found = synthesise("lane", {})
    assert (found.multipliers, found.bram36, found.uram) == (2, 1, 0)
    assert found.lut <= 260
    assert found.ff <= 270
    assert found.levels <= 7


@pytest.mark.full
@pytest.mark.parametrize(
    ("top", "parameters", "lut", "ff"),
    [
        ("window_walker", {}, 350, 420),
        ("tile_walker", {"Rows": 16}, 750, 950),
        ("weight_loader", {}, 140, 480),
        ("placer", {"WordUnits": 4, "Banks": 8, "Pixels": 0}, 1150, 2500),
        ("pixel_lanes", {"WordUnits": 4}, 3500, 4000),
        ("window_reader", {"Rows": 128, "Banks": 16}, 1350, 2200),
    ],
)
def test_parts_of_the_feed(top: str, parameters: dict[str, int], lut: int, ff: int) -> None:
    """No multiplier and no block memory outside the buffers, and short paths."""
    found = synthesise(top, parameters)
    assert (found.multipliers, found.bram36, found.uram) == (0, 0, 0)
    assert found.lut <= lut
    assert found.ff <= ff
    assert found.levels <= 7


@pytest.mark.full
def test_the_draining_half_of_the_core() -> None:
    """Without its lanes. Words of 64 bytes: four banks of 16 bytes by 1024, and of 12 by 512."""
    shape = DrainShape(LaneShape(columns=16, pairs=8))
    found = synthesise("drain", shape.parameters())
    assert found.multipliers == 0
    assert found.bram36 == 4 * 4 + 4 * 3 // 2
    assert found.levels <= 7


@pytest.mark.full
def test_the_feed_has_two_memory_blocks_per_bank_and_no_multiplier() -> None:
    """By hand: a bank of 512 units of 128 bits is two memory blocks of 72 x 512."""
    shape = FeedShape(rows=16, columns=8)
    found = synthesise("feed", shape.parameters())
    assert found.multipliers == 0
    assert found.bram36 == 2 * (shape.input_banks + shape.weight_banks)
    assert found.levels <= 7


@pytest.mark.full
def test_relations_are_refused_with_a_sentence() -> None:
    with pytest.raises(InputError, match="Rows: at least those of one group, GroupRows"):
        synthesise("systolic_array", ArrayShape(rows=4, columns=2).parameters())


def test_a_cell_that_nobody_counts_is_an_error() -> None:
    """Rather than a price that leaves it out."""
    statistics = json.dumps({"design": {"num_cells_by_type": {"LUT6": 2, "FDRE": 3, "RAM512X1S": 1}}})
    with pytest.raises(ValueError, match="RAM512X1S"):
        read_statistics(statistics, levels=0)


def test_halves_of_memory_blocks_make_blocks() -> None:
    cells = {"RAMB18E2": 3, "RAMB36E2": 2, "SRL16E": 5, "RAM32M16": 1, "CARRY4": 9, "MUXF7": 4}
    found = read_statistics(json.dumps({"design": {"num_cells_by_type": cells}}), levels=3)
    assert found == Resources(multipliers=0, lut=5 + 8, ff=0, bram36=4, uram=0, levels=3)
