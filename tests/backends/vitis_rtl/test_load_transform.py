"""LOAD's transform for Winograd: every unit of every tile in its place, and the block in the cycles of the formula."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from dynamap.backends.arithmetic.winograd import WinogradForm, transform_tiles
from dynamap.backends.vitis_rtl.feeding.transforming import (
    TRANSFORM_FIELDS,
    TransformBlock,
    TransformShape,
    block_transform_cycles,
)
from dynamap.backends.vitis_rtl.records import Field, Record
from dynamap.backends.vitis_rtl.simulation import Bench, Simulations

IntArray = npt.NDArray[np.int64]

RESET = 4

NARROW = TransformShape(banks=4, word_units=2, depth=1024)
WIDE = TransformShape(banks=8, word_units=4, depth=1024)
FOUR_PORTS = TransformShape(banks=16, word_units=16, depth=1024)

BLOCKS = {
    "3x3, m = 4": TransformBlock(WinogradForm((3, 3), 4), 20, 7, 9, 7, 9, first_row=-1, pad_left=1, pad_value=-7),
    "3x3, m = 2, inside": TransformBlock(WinogradForm((3, 3), 2), 33, 6, 8, 3, 6, base=6, pixel_base=16),
    "5x5 in four rounds": TransformBlock(WinogradForm((5, 5), 4), 5, 6, 6, 4, 6, first_row=-2, pad_left=2),
    "1x3": TransformBlock(WinogradForm((1, 3), 4), 48, 2, 7, 2, 7, pad_left=1, pad_value=3),
    "1x3, m = 2": TransformBlock(WinogradForm((1, 3), 2), 16, 3, 11, 3, 9, pad_value=3),
    "3x1": TransformBlock(WinogradForm((3, 1), 2), 64, 5, 3, 4, 3, first_row=-1, base=2),
    "1x7, m = 5, in two rounds": TransformBlock(WinogradForm((1, 7), 5), 20, 3, 13, 3, 13, pad_left=3, pad_value=-5),
    "5x1, m = 5": TransformBlock(WinogradForm((5, 1), 5), 40, 11, 4, 7, 4, first_row=-2, base=4),
    "7x1 in three rounds": TransformBlock(WinogradForm((7, 1), 4), 10, 5, 3, 5, 3, first_row=-3, pad_value=1),
}


def bench(shape: TransformShape) -> Bench:
    """The bench; its fields in the order of the SystemVerilog."""
    pixel_bits, bits = (shape.pixel_depth - 1).bit_length(), (shape.depth - 1).bit_length()
    inputs = Record(
        (
            Field("rst"),
            Field("start"),
            Field("pixel_write", 1, shape.banks),
            Field("pixel_row", pixel_bits, shape.banks),
            Field("pixel_unit", 8, 16 * shape.banks),
            *TRANSFORM_FIELDS,
        )
    )
    outputs = Record(
        (
            Field("busy"),
            Field("done"),
            Field("write", 1, shape.banks),
            Field("write_row", bits, shape.banks),
            Field("write_unit", 8, 16 * shape.banks),
        )
    )
    return Bench("load_transform_bench", tuple(shape.parameters().items()), inputs, outputs)


def image_of(block: TransformBlock, random: np.random.Generator) -> npt.NDArray[np.int8]:
    """Channels of whole planes: what belongs to no channel is transformed as well."""
    return random.integers(-128, 128, (16 * block.planes, block.height, block.width), dtype=np.int8)


def expected(block: TransformBlock, image: npt.NDArray[np.int8]) -> dict[int, bytes]:
    """The bytes of each unit of the input buffer, from the emulator's tiles: position, tile, round, channel."""
    need = block.form.padded_size(block.rows, block.columns)
    above, left = -block.first_row, block.pad_left
    padded = np.full((len(image), above + block.height + need[0], left + block.width + need[1]), block.pad_value)
    padded[:, above : above + block.height, left : left + block.width] = image
    cut = padded[:, max(0, -above) :, :].astype(np.int8)[:, : need[0], : need[1]]
    tiles = transform_tiles(cut, block.form, block.rows, block.columns)
    found = {}
    for position, rounds in enumerate(tiles):
        flat = rounds.transpose(1, 0, 2).astype("<i2").tobytes()
        for unit in range(len(flat) // 16):
            found[block.base + position * block.position_units + unit] = flat[16 * unit : 16 * unit + 16]
    return found


@pytest.mark.parametrize(
    "shape",
    [NARROW, WIDE, pytest.param(FOUR_PORTS, marks=pytest.mark.full)],
    ids=lambda shape: f"words of {16 * shape.word_units} bytes",
)
def test_tiles_are_those_of_the_emulator(simulations: Simulations, shape: TransformShape) -> None:
    """Block after block; each is done in the cycle of the formula, and writes nothing but its tiles."""
    random = np.random.default_rng(shape.banks)
    inputs = {field.name: np.zeros((1 << 14, field.count), np.int64) for field in bench(shape).inputs.fields}
    inputs["rst"][:RESET] = 1
    at, starts = RESET + 1, []
    images = [image_of(block, random) for block in BLOCKS.values()]
    for block, image in zip(BLOCKS.values(), images, strict=True):
        for channels, row, column in np.ndindex(block.planes, block.height, block.width):
            unit = block.pixel_base + row * block.row_units + column * block.pitch + channels
            bank = unit % shape.banks
            inputs["pixel_write"][at, bank] = 1
            inputs["pixel_row"][at, bank] = unit // shape.banks
            inputs["pixel_unit"][at, 16 * bank : 16 * bank + 16] = image[
                16 * channels : 16 * channels + 16, row, column
            ]
            at += 1
        starts.append(at)
        end = at + block_transform_cycles(shape, block) + 2
        inputs["start"][at] = 1
        for name, value in block.registers().items():
            inputs[name][at:end] = value
        at = end
    seen = simulations.run(bench(shape), {name: values[:at] for name, values in inputs.items()})

    for (name, block), image, start in zip(BLOCKS.items(), images, starts, strict=True):
        cycles = block_transform_cycles(shape, block)
        span = slice(start, start + cycles + 1)
        found = {}
        for cycle, bank in zip(*np.nonzero(seen["write"][span]), strict=True):
            unit = int(seen["write_row"][span][cycle, bank]) * shape.banks + int(bank)
            assert unit not in found, f"{name}: unit {unit} is written twice"
            found[unit] = seen["write_unit"][span][cycle, 16 * bank : 16 * bank + 16].astype(np.uint8).tobytes()
        assert found == expected(block, image), name
        assert np.flatnonzero(seen["done"][start:, 0])[0] == cycles, name
        assert seen["write"][start + cycles].any(), f"{name}: nothing is written in its last cycle"
    assert not seen["write"][starts[-1] + cycles + 1 :].any()


def test_cycles_by_hand() -> None:
    """A tile of 6 x 6 of 48 channels in words of 64 bytes: two pieces of 36 pixels.

    From the start to the first pixel's request 4 cycles (two to the piece, one to its pixel, one more); its buffer of 8
    banks takes 5, pads one. The last of 72 is 71 further. Its line's first result is out 2 cycles behind it and the
    last 5 further; 3 cycles to the turn's first value, 5 to the last of its line, 2 to the first of 36 results. A
    register, two of the turn to the banks.
    """
    block = replace(BLOCKS["3x3, m = 4"], channels=48, rows=4, columns=4)
    assert block_transform_cycles(WIDE, block) == 4 + 5 + 1 + 71 + 2 + 5 + 3 + 5 + 2 + 35 + 1 + 2
