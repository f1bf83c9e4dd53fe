"""LOAD's placing: every unit in its bank, and the cycles in which words are taken."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from dynamap.backends.vitis_rtl.feeding import ConvolutionBlock, FeedShape, PlacedPixels
from dynamap.backends.vitis_rtl.simulation import Simulations, feed_bench
from support.feed_blocks import RESET, Script, memory_words, pixels_in_memory, placed, planes_in_memory, random_data

IntArray = npt.NDArray[np.int64]

NARROW = FeedShape(rows=16, columns=8)
WIDE = FeedShape(rows=16, columns=8, word_units=16, input_depth=64, weight_depth=64)


def written(shape: FeedShape, seen: dict[str, IntArray]) -> dict[int, IntArray]:
    """The units of the buffer that were written, by number; each no more than once."""
    units: dict[int, IntArray] = {}
    for cycle in range(RESET, len(seen["write"])):
        for bank in np.flatnonzero(seen["write"][cycle]):
            unit = int(seen["write_row"][cycle, bank]) * shape.input_banks + int(bank)
            assert unit not in units, f"unit {unit} is written twice"
            units[unit] = (seen["write_unit"][cycle, 16 * bank : 16 * bank + 16] + 128) % 256 - 128
    return units


def blocks(seed: int) -> list[tuple[ConvolutionBlock, int, int]]:
    """Random blocks, with units between the planes and before the first one, multiples of 4."""
    random = np.random.default_rng(seed)
    made = []
    for _ in range(12):
        channels, height, width = (int(random.integers(1, most)) for most in (100, 5, 13))
        block = ConvolutionBlock(channels, height, width, (1, 1), height, width, 1, base=int(random.integers(0, 40)))
        made.append((block, 4 * int(random.integers(0, 3)), 4 * int(random.integers(0, 4))))
    return made


@pytest.mark.parametrize("stalls", [False, True])
@pytest.mark.parametrize("shape", [NARROW, WIDE], ids=str)
def test_planes_lie_pixel_by_pixel(simulations: Simulations, shape: FeedShape, stalls: bool) -> None:
    """By hand: pixel p of plane j is unit base + p pitch + j; words are taken in the cycles of the formula."""
    for number, (block, gap, offset) in enumerate(blocks(int(stalls))):
        image = random_data(block, number).image
        if shape is WIDE:  # a run begins its first word: planes by themselves, or all of them in one run
            gap, offset = gap and -block.height * 4 * -(-block.width // 4) % shape.word_units, 0
        units = planes_in_memory(image, gap, number)
        plan = placed(block, gap, offset % shape.word_units)
        script = Script(shape)
        end = script.load(RESET + 1, plan, memory_words(units, plan, shape.word_units))
        if stalls:
            for cycle in np.flatnonzero(np.random.default_rng(number).random(end) < 0.5):
                script.put("stall", int(cycle), 1)
        seen = simulations.run(feed_bench(shape), script.records(behind=60))
        found = written(shape, seen)
        columns = 4 * -(-block.width // 4)
        assert len(found) == block.planes * block.height * columns
        for plane in range(block.planes):
            for pixel in range(block.height * columns):
                expected = units[plane * (block.height * columns + gap) + pixel]
                np.testing.assert_array_equal(found[block.base + pixel * block.pitch + plane], expected)
        (done,) = np.flatnonzero(seen["placed"][RESET:, 0]) + RESET
        last = np.flatnonzero(seen["word_taken"][:, 0])[-1]
        assert done == last + shape.placing_cycles
        if not stalls:
            (taken,) = np.flatnonzero(seen["load_taken"][RESET:, 0]) + RESET
            assert last == taken + 2 + plan.cycles(shape.word_units) - 1


PIXELS = [(3, 4, 7, 0), (1, 3, 1, 4), (70, 2, 5, 8), (64, 3, 2, 0), (33, 3, 5, 12), (257, 2, 2, 4), (16, 5, 3, 0)]
"""Channels, height, width, and where in a word the first row begins."""


@pytest.mark.parametrize("stalls", [False, True])
@pytest.mark.parametrize("shape", [NARROW, WIDE], ids=str)
def test_pixels_of_hwc_lie_pixel_by_pixel(simulations: Simulations, shape: FeedShape, stalls: bool) -> None:
    """By hand: byte c of pixel (y, x) is byte c of the units from base + y row + x pitch on; and no more."""
    for number, (channels, height, width, offset) in enumerate(PIXELS):
        block = ConvolutionBlock(channels, height, width, (1, 1), height, width, 1, base=3 * number)
        image = random_data(block, number).image
        begin = offset % shape.word_units
        plan = PlacedPixels(block.base, block.pitch, height, width, channels, block.row_units, begin)
        script = Script(shape)
        end = script.load(RESET + 1, plan, pixels_in_memory(image, plan, shape.word_units, number))
        if stalls:
            for cycle in np.flatnonzero(np.random.default_rng(number).random(3 * end) < 0.5):
                script.put("stall", int(cycle), 1)
        seen = simulations.run(feed_bench(shape), script.records(behind=100))
        found = written(shape, seen)
        assert len(found) == height * width * block.planes
        for y in range(height):
            for x in range(width):
                first = block.base + y * block.row_units + x * block.pitch
                bytes_ = np.concatenate([found[first + plane] for plane in range(block.planes)])
                np.testing.assert_array_equal(bytes_[:channels], image[:, y, x])
        (done,) = np.flatnonzero(seen["placed"][RESET:, 0]) + RESET
        if not stalls:
            first_word = np.flatnonzero(seen["word_taken"][RESET:, 0])[0] + RESET
            (taken,) = np.flatnonzero(seen["load_taken"][RESET:, 0]) + RESET
            assert first_word == taken + 2
            last = first_word + plan.cycles(shape.word_units) - 1
            assert done == last + shape.pixel_cycles + shape.placing_cycles
