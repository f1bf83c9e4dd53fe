"""Blocks whose inputs stay in the array (IS) while weights stream past: sums and cycles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from dynamap.backends.program.specification import DataflowCode
from dynamap.backends.vitis_rtl.feeding import ConvolutionBlock, FeedShape, Layout, held_starts
from dynamap.backends.vitis_rtl.simulation import Simulations
from support.feed_blocks import RESET, random_data, sums
from support.feed_runs import assert_in_their_cycles, computed

IntArray = npt.NDArray[np.int64]
IS = DataflowCode.IS

NARROW = FeedShape(rows=16, columns=5, weight_depth=4096)
UNEVEN = FeedShape(rows=19, columns=4, word_units=2, weight_depth=4096)
TALL = FeedShape(rows=40, columns=3, word_units=2, weight_depth=4096)
WIDE = FeedShape(rows=16, columns=24, weight_depth=4096)

BLOCKS = {
    "one tile": ConvolutionBlock(16, 2, 3, (1, 1), 2, 3, 16, dataflow=IS),
    "one position, one channel": ConvolutionBlock(16, 1, 1, (1, 1), 1, 1, 1, dataflow=IS),
    "1x1": ConvolutionBlock(33, 3, 5, (1, 1), 3, 5, 31, dataflow=IS),
    "3x3 with pads": ConvolutionBlock(20, 5, 6, (3, 3), 5, 6, 23, first_row=-1, pad_left=1, pad_value=7, dataflow=IS),
    "strided": ConvolutionBlock(
        17, 7, 9, (3, 2), 3, 4, 9, stride=(2, 2), first_row=-1, pad_left=1, pad_value=-128, dataflow=IS
    ),
    "dilated": ConvolutionBlock(
        16, 6, 8, (2, 3), 4, 8, 10, dilation=(2, 3), pad_left=3, pad_value=5, taps_apart=True, dataflow=IS
    ),
    "inner rows": ConvolutionBlock(18, 6, 5, (3, 3), 2, 5, 12, first_row=2, pad_left=1, pad_value=9, dataflow=IS),
    "windows": ConvolutionBlock(48, 3, 5, (1, 1), 3, 5, 11, layout=Layout.WINDOWS, dataflow=IS),
}


def compare(shape: FeedShape, block: ConvolutionBlock, found: IntArray, expected: IntArray) -> None:
    """Row tile x output channels + channel has the sums of the tile's positions, two in each column."""
    wide = 2 * shape.columns
    channels = block.out_channels
    for number, positions in enumerate(block.position_tiles(shape)):
        part = found[number * channels :][:channels, :positions]
        np.testing.assert_array_equal(part, expected[number * wide :][:positions].T)


@pytest.mark.parametrize("block", BLOCKS.values(), ids=BLOCKS.keys())
@pytest.mark.parametrize("shape", [NARROW, UNEVEN, TALL, WIDE], ids=["16x5", "19x4", "40x3", "16x24"])
def test_sums_and_cycles_of_a_block(simulations: Simulations, shape: FeedShape, block: ConvolutionBlock) -> None:
    """All sums equal NumPy's; every tile's first weights are at the array in the cycle that the formula says."""
    data = random_data(block, 3)
    seen, (found,), offered = computed(simulations, shape, [block], [data])
    compare(shape, block, found, sums(block, data))
    starts = assert_in_their_cycles(seen, shape, [block], offered)
    (done,) = np.flatnonzero(seen["done"][RESET:, 0]) + RESET
    assert done == starts[-1] + block.out_channels - 1


@pytest.mark.parametrize("shape", [NARROW, UNEVEN], ids=["16x5", "19x4"])
def test_blocks_follow_each_other_without_a_bubble(simulations: Simulations, shape: FeedShape) -> None:
    """Blocks of other sizes, and two more that add to the same sums; one is turned and loaded under the one before."""
    first, second = BLOCKS["one tile"], BLOCKS["strided"]
    blocks = [BLOCKS["1x1"], BLOCKS["3x3 with pads"], first, second]
    blocks += [replace(block, accumulate=True) for block in (first, second)]
    datas = [random_data(block, number) for number, block in enumerate(blocks)]
    seen, found, offered = computed(simulations, shape, blocks, datas)
    for number in (0, 1):
        both = sums(blocks[2 + number], datas[2 + number]) + sums(blocks[4 + number], datas[4 + number])
        compare(shape, blocks[2 + number], found[number], both)
    assert_in_their_cycles(seen, shape, blocks, offered)
    assert np.count_nonzero(seen["done"][RESET:, 0]) == len(blocks)


def test_blocks_that_come_late_change_no_sum(simulations: Simulations) -> None:
    blocks = [BLOCKS[name] for name in ("one tile", "inner rows", "1x1", "3x3 with pads")]
    datas = [random_data(block, number) for number, block in enumerate(blocks)]
    stalled = np.flatnonzero(np.random.default_rng(1).random(2000) < 0.98).tolist()
    _, found, _ = computed(simulations, NARROW, blocks, datas, stalled)
    for number in (0, 1):
        compare(NARROW, blocks[2 + number], found[number], sums(blocks[2 + number], datas[2 + number]))


def test_cycles_by_hand() -> None:
    """P1 = 16, 2 P2 = 10: 15 positions are tiles of 10 and 5, 48 values of a window three row tiles of 16.

    The first tile's windows begin in cycle 3, and end behind 10 of them in 13; 16 rows are loaded, and its weights
    begin in 29. They are at the array 1 + 12 cycles later: 6 of a buffer of 4 banks, twice the corner's turn of 16
    places (2) and 2. Then a tile takes its 31 output channels: more than 16 rows and 10 windows.
    """
    block = replace(BLOCKS["1x1"], out_channels=31)
    starts = held_starts(NARROW, [block])
    assert NARROW.product_cycles == 6 + 2 * 2 + 2
    assert starts == [29 + 1 + 12 + 31 * tile for tile in range(6)]
    # With 5 channels the rows of the next tile are more.
    starts = held_starts(NARROW, [replace(block, out_channels=5)])
    assert starts == [29 + 1 + 12 + 16 * tile for tile in range(6)]
