"""Layers of the vector unit in several passes: each pass costs what a layer of its channels does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dynamap.cost.geometry import TensorShape, Window
from dynamap.cost.overlay.machine import UNLIMITED, Machine, VectorBuffers
from dynamap.cost.overlay.timing import INFEASIBLE, Times
from dynamap.cost.overlay.transfer import Format
from dynamap.cost.overlay.vector import VectorOp, VectorShape
from dynamap.cost.overlay.vector_layer import least_vector_buffers, vector_times

ALONE = Machine(64, 200_000, 12_800_000, 64, 64, 2)
"""Whatever a block takes of the vector unit's buffers."""

AROUND = Window((3, 3), pads=(1, 1, 1, 1))
SUMMED = ("compute", "load", "input_load", "store", "bytes_read", "bytes_written")
PLENTY = 1 << 30


def layer(op: VectorOp, channels: int, *, own_slopes: bool = False, looks_up: bool = False) -> VectorShape:
    tensor = TensorShape(channels, 20, 30)
    return VectorShape(op, (tensor,), tensor, AROUND, own_slopes=own_slopes, looks_up=looks_up)


def beside(inputs: int) -> Machine:
    return replace(ALONE, vector=VectorBuffers(inputs, PLENTY, PLENTY))


def in_c16(machine: Machine, shape: VectorShape) -> Times:
    return vector_times(machine, UNLIMITED, shape, Format.C16, Format.C16)


def bytes_for(planes: int) -> int:
    """Of both halves of the input buffer, for a block of one row: three rows of 32 pixels of an odd number of units."""
    return 2 * 3 * 32 * 16 * (planes | 1)


@pytest.mark.parametrize("op", [VectorOp.MAX_POOL, VectorOp.AVERAGE_POOL, VectorOp.DEPTHWISE])
@pytest.mark.parametrize(
    ("planes", "passes"),
    [
        (11, [170]),
        (5, [64, 64, 42]),
        (3, [48, 48, 48, 26]),
        (1, [16] * 10 + [10]),
    ],
)
def test_passes_are_layers_of_their_channels(op: VectorOp, planes: int, passes: list[int]) -> None:
    """170 channels, eleven planes: as few passes as hold a block of one row; five planes would leave two passes six."""
    found = in_c16(beside(bytes_for(planes)), layer(op, 170))
    alone = [in_c16(ALONE, layer(op, channels)) for channels in passes]
    fits = found.cycles < INFEASIBLE
    assert fits.any()
    for name in ("cycles", "bound"):
        together = sum(getattr(each, name) for each in alone)
        np.testing.assert_array_equal(getattr(found, name)[fits], together[fits], name)
    for name in SUMMED:
        np.testing.assert_array_equal(getattr(found, name), sum(getattr(each, name) for each in alone), name)
    assert set(found.channels) == {passes[0]}
    assert set(found.units) == {-(-passes[0] // 16)}


def test_a_table_is_waited_for_once() -> None:
    """Of 272 cycles, in front of the first pass (docs/overlay.md, section 1)."""
    machine = beside(bytes_for(5))
    plain, looked_up = (in_c16(machine, layer(VectorOp.MAX_POOL, 170, looks_up=some)) for some in (False, True))
    fits = plain.cycles < INFEASIBLE
    assert set(looked_up.cycles[fits] - plain.cycles[fits]) == {272}


@pytest.mark.parametrize(
    ("shape", "formats"),
    [
        (layer(VectorOp.MAX_POOL, 170, own_slopes=True), (Format.C16, Format.C16)),
        (replace(layer(VectorOp.LRN, 170), window=Window((1, 1)), size=5), (Format.C16, Format.C16)),
        (layer(VectorOp.MAX_POOL, 170), (Format.HWC, Format.C16)),
        (layer(VectorOp.MAX_POOL, 170), (Format.C16, Format.HWC)),
    ],
    ids=["slopes of channels", "normalisation", "reads hwc", "writes hwc"],
)
def test_others_are_done_in_one_pass(shape: VectorShape, formats: tuple[Format, Format]) -> None:
    """Or not at all, where the buffers hold no block of all planes."""
    times = vector_times(beside(1024), UNLIMITED, shape, *formats)
    assert (times.cycles == INFEASIBLE).all()
    assert set(times.channels) == {170}


def test_least_buffers_hold_a_block_of_every_layer() -> None:
    """Of all its planes, up to the size from which a layer that can be divided is."""
    shapes = [layer(VectorOp.MAX_POOL, channels) for channels in (32, 170, 700)]
    for most in (1 << 15, 1 << 16, 1 << 17, 1 << 20):
        found = least_vector_buffers(ALONE, shapes, 0, most)
        machine = replace(ALONE, vector=found)
        for shape in shapes:
            assert in_c16(machine, shape).cycles.min() < INFEASIBLE
        # 700 channels are 44 planes: a block of one row of them takes 138,240 bytes.
        assert found.inputs == (1 << 18 if most == 1 << 20 else most)


def test_a_layer_that_cannot_be_divided_takes_what_it_takes() -> None:
    """45 units for each of 32 pixels of a row, in both halves: 46,080 bytes, beyond ``most``."""
    shape = replace(layer(VectorOp.LRN, 700), window=Window((1, 1)), size=5)
    found = least_vector_buffers(ALONE, [shape], 0, 1 << 14)
    assert found.inputs == 1 << 16
    assert in_c16(replace(ALONE, vector=found), shape).cycles.min() < INFEASIBLE


def test_formats_that_are_not_read_ask_for_nothing() -> None:
    """170 channels, eleven planes of 29 columns: a block of one row. As hwc, 2 * 3 * 29 * 11 * 16 = 30,624 bytes fit
    ``most``; as c16, of 32 columns, 33,792 do not: two passes, over six planes and five."""
    tensor = TensorShape(170, 20, 29)
    shape = VectorShape(VectorOp.DEPTHWISE, (tensor,), tensor, AROUND)
    reads, narrow = (least_vector_buffers(replace(ALONE, word_bytes=x), [shape], 0, 1 << 15) for x in (64, 32))
    # Outputs are 2 * 32 * 16 bytes a plane, 11,264 of eleven, 6,144 of six; weights 16 * (9 + 16), 4,416 and 2,432.
    assert reads == VectorBuffers(1 << 15, 1 << 14, 1 << 13)
    assert narrow == VectorBuffers(1 << 15, 1 << 13, 1 << 12)
