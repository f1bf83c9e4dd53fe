"""Blocks of convolutions from the buffers through the array: operands, tags, sums and cycles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from dynamap.backends.vitis_rtl.feeding import ConvolutionBlock, FeedShape, Layout, tile_starts
from dynamap.backends.vitis_rtl.simulation import Simulations
from support.feed_blocks import RESET, random_data, sums
from support.feed_runs import array_of, assert_in_their_cycles, computed

IntArray = npt.NDArray[np.int64]

NARROW = FeedShape(rows=16, columns=5, weight_depth=4096)
UNEVEN = FeedShape(rows=19, columns=4, word_units=2, weight_depth=4096)
TALL = FeedShape(rows=40, columns=3, word_units=2, weight_depth=4096)

SAME = ConvolutionBlock(20, 5, 6, (3, 3), 5, 6, 23, first_row=-1, pad_left=1, pad_value=7)
POINT = ConvolutionBlock(33, 3, 5, (1, 1), 3, 5, 31)
STRIDED = ConvolutionBlock(17, 7, 9, (3, 2), 3, 4, 9, stride=(2, 2), first_row=-1, pad_left=1, pad_value=-128)
DILATED = ConvolutionBlock(16, 6, 8, (2, 3), 4, 8, 10, dilation=(2, 3), pad_left=3, pad_value=5, taps_apart=True)
APART = ConvolutionBlock(40, 4, 4, (3, 3), 4, 4, 7, first_row=-1, pad_left=1, pad_value=-3, taps_apart=True)
SMALL = ConvolutionBlock(16, 1, 2, (1, 1), 1, 2, 40)
INNER = ConvolutionBlock(18, 6, 5, (3, 3), 2, 5, 12, first_row=2, pad_left=1, pad_value=9)


def compare_tiles(shape: FeedShape, block: ConvolutionBlock, found: IntArray, expected: IntArray) -> None:
    """The same for every repeat; a sum of 16-bit products is its low 18 bits and the rest."""
    numbers = found[:, 0::2] + (found[:, 1::2] << array_of(shape).pair_shift)
    tiles = block.column_tiles(shape)
    for repeat in range(block.repeats):
        part = expected[repeat * block.positions :][: block.positions]
        for number, channels in enumerate(tiles):
            rows = numbers[(repeat * len(tiles) + number) * block.positions :][: block.positions, :channels]
            np.testing.assert_array_equal(rows, part[:, number * shape.columns :][:, :channels])


def compare(shape: FeedShape, block: ConvolutionBlock, found: IntArray, expected: IntArray) -> None:
    """Row column tile x positions + position has the sums of the tile's channels, two in each column."""
    wide = 2 * shape.columns
    for number, channels in enumerate(block.column_tiles(shape)):
        part = found[number * block.positions :][: block.positions, :channels]
        np.testing.assert_array_equal(part, expected[:, number * wide :][:, :channels])


@pytest.mark.parametrize("block", [SAME, POINT, STRIDED, DILATED, APART, SMALL, INNER], ids=str)
@pytest.mark.parametrize("shape", [NARROW, UNEVEN, TALL], ids=str)
def test_sums_and_cycles_of_a_block(simulations: Simulations, shape: FeedShape, block: ConvolutionBlock) -> None:
    """All sums equal NumPy's; every tile's first window is at the array in the cycle that the formula says."""
    data = random_data(block, 3)
    seen, (found,), offered = computed(simulations, shape, [block], [data])
    compare(shape, block, found, sums(block, data))
    starts = assert_in_their_cycles(seen, shape, [block], offered)
    (done,) = np.flatnonzero(seen["done"][RESET:, 0]) + RESET
    assert done == starts[-1] + block.positions - 1


@pytest.mark.parametrize("shape", [NARROW, UNEVEN], ids=str)
def test_blocks_follow_each_other_without_a_bubble(simulations: Simulations, shape: FeedShape) -> None:
    """Blocks of other sizes, and two more that add to the same sums; one is loaded under the end of the one before."""
    blocks = [POINT, SAME, SMALL, STRIDED, replace(SMALL, accumulate=True), replace(STRIDED, accumulate=True)]
    datas = [random_data(block, number) for number, block in enumerate(blocks)]
    seen, found, offered = computed(simulations, shape, blocks, datas)
    for number in (0, 1):
        both = sums(blocks[2 + number], datas[2 + number]) + sums(blocks[4 + number], datas[4 + number])
        compare(shape, blocks[2 + number], found[number], both)
    assert_in_their_cycles(seen, shape, blocks, offered)
    assert np.count_nonzero(seen["done"][RESET:, 0]) == len(blocks)


def test_blocks_that_come_late_change_no_sum(simulations: Simulations) -> None:
    blocks = [SMALL, INNER, POINT, SAME]
    datas = [random_data(block, number) for number, block in enumerate(blocks)]
    stalled = np.flatnonzero(np.random.default_rng(1).random(2000) < 0.98).tolist()
    seen, found, _ = computed(simulations, NARROW, blocks, datas, stalled)
    for number in (0, 1):
        compare(NARROW, blocks[2 + number], found[number], sums(blocks[2 + number], datas[2 + number]))
    taken = np.flatnonzero(seen["block_taken"][RESET:, 0])
    assert len(taken) == len(blocks)
    assert np.diff(taken).max() > 100


WINDOWS = ConvolutionBlock(48, 3, 5, (1, 1), 3, 5, 11, layout=Layout.WINDOWS)


def test_windows_of_a_toeplitz_input(simulations: Simulations) -> None:
    """Rows of 15 units, padded to 16 in memory and in the buffer."""
    data = random_data(WINDOWS, 5)
    seen, (found,), offered = computed(simulations, UNEVEN, [WINDOWS], [data])
    compare(UNEVEN, WINDOWS, found, sums(WINDOWS, data))
    assert_in_their_cycles(seen, UNEVEN, [WINDOWS], offered)


WIDE = [
    FeedShape(rows=16, columns=4, operand_bits=16, weight_depth=2048),
    FeedShape(rows=11, columns=6, word_units=2, operand_bits=16, weight_depth=2048, input_depth=1024),
]
TILES = ConvolutionBlock(20, 1, 7 * 2, (1, 2), 1, 7, 9, stride=(1, 2), taps_apart=True, layout=Layout.TILES, repeats=6)


@pytest.mark.parametrize("shape", WIDE, ids=str)
def test_tiles_of_winograd_and_bytes_in_turn(simulations: Simulations, shape: FeedShape) -> None:
    """Two rounds of 20 channels of 16 bits at 6 positions of 7 tiles; before and behind it a convolution of bytes."""
    blocks = [POINT, TILES, SAME]
    datas = [random_data(block, number) for number, block in enumerate(blocks)]
    seen, (tiles, bytes_), offered = computed(simulations, shape, blocks, datas)
    compare_tiles(shape, TILES, tiles, sums(TILES, datas[1]))
    compare(shape, SAME, bytes_, sums(SAME, datas[2]))
    assert_in_their_cycles(seen, shape, blocks, offered)


def test_cycles_by_hand() -> None:
    """P1 = 16, 9 taps of 48 values in 3 segments of 3: a segment of 144 values is 9 tiles, 27 in all, of 30 vectors.

    Two column tiles of 10 channels and one of 3; each tile loads 16 rows behind its 30 vectors: 81 tiles of 30 cycles.
    The first one loads 16 rows from cycle 4 on, the last of them in cycle 19; it is asked for in 21, and the array
    sees it 7 cycles later: 4 of the buffer's registers, 1 of its turn by 4 units (8 banks: 2), and pads and zeros.
    """
    block = replace(SAME, channels=40)
    starts = tile_starts(NARROW, [block])
    assert len(starts) == 81
    assert starts[0] == 19 + 2 + NARROW.array_cycles
    assert starts[-1] - starts[0] == 80 * 30
