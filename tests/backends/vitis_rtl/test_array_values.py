"""The array computes what NumPy computes, and every sum is there in the cycle that the formula names."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest

from dynamap.backends.vitis_rtl.array import ArrayShape
from dynamap.backends.vitis_rtl.simulation import Simulations, core_bench
from support.array_tiles import (
    Tile,
    expected_paired,
    first_result,
    random_staying,
    random_streaming,
    records,
    results,
)

IntArray = npt.NDArray[np.int64]

TWO_GROUPS = ArrayShape(rows=16, columns=3)
SEVEN = ArrayShape(rows=14, columns=3, group_rows=7)
SHORT_GROUP = ArrayShape(rows=11, columns=5, group_rows=4)
ONE_GROUP = ArrayShape(rows=4, columns=2, group_rows=4)
WINOGRAD = ArrayShape(rows=21, columns=3, operand_bits=16, high_bits=22)
SHAPES = (TWO_GROUPS, SEVEN, SHORT_GROUP, ONE_GROUP, WINOGRAD)

DSP48E1 = 25
LIFTED = ArrayShape(rows=16, columns=3, group_rows=4, factor_bits=DSP48E1)
LIFTED_THREE = ArrayShape(rows=14, columns=3, group_rows=3, factor_bits=DSP48E1)
LIFTED_SHORT = ArrayShape(rows=11, columns=5, group_rows=4, factor_bits=DSP48E1)
LIFTED_WINOGRAD = ArrayShape(rows=21, columns=3, group_rows=4, operand_bits=16, high_bits=22, factor_bits=DSP48E1)
SHAPES += (LIFTED, LIFTED_THREE, LIFTED_SHORT, LIFTED_WINOGRAD)


def least_of(shape: ArrayShape) -> int:
    """Of the values that stay: -127 with as many rows to a group as a slice has."""
    return -127 if shape.group_rows == (8 if shape.factor_bits > DSP48E1 else 4) else -128


def check(simulations: Simulations, shape: ArrayShape, tiles: Sequence[Tile]) -> None:
    """Every value of every tile, in its own cycle in every column."""
    made = records(shape, tiles)
    seen = simulations.run(core_bench(shape), made.inputs)
    low, high = seen["low"], seen["high"] + seen["carry"]
    for number, (tile, start) in enumerate(zip(tiles, made.starts, strict=True)):
        expected = results(shape, tile)
        for column in range(shape.columns):
            # By hand (hardware): cascade G - 1, PE and slice 4, split 1, a level of the tree each, columns 1 each.
            at = first_result(tile, start) + (shape.group_rows - 1) + 4 + 1 + shape.levels + column
            span = slice(at, at + len(expected))
            where = f"tile {number}, column {column}"
            if expected_paired(tile):
                np.testing.assert_array_equal(low[span, column], expected[:, column, 0], where)
                np.testing.assert_array_equal(high[span, column], expected[:, column, 1], where)
            else:
                np.testing.assert_array_equal(
                    low[span, column] + (high[span, column] << shape.pair_shift), expected[:, column], where
                )


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_streaming_tiles_back_to_back(simulations: Simulations, shape: ArrayShape) -> None:
    """WS and IS: tiles longer and shorter than the array, and of one vector; the next one loads meanwhile."""
    least = least_of(shape)
    lengths = (shape.rows + 5, 1, shape.rows, 3, 2 * shape.rows)
    tiles = [random_streaming(shape, seed, length, least=least) for seed, length in enumerate(lengths)]
    check(simulations, shape, tiles)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_extremes(simulations: Simulations, shape: ArrayShape) -> None:
    """The largest sums of a group in both products: 8 x 127 x 128, or 7 x 128 x 128."""
    least = least_of(shape)
    tiles = [random_streaming(shape, seed, 20, least=least, extreme=True) for seed in range(3)]
    assert max(abs(results(shape, tile)).max() for tile in tiles) >= shape.rows * 127 * 127 // 2
    check(simulations, shape, tiles)


def test_a_ninth_row_would_not_fit(simulations: Simulations) -> None:
    """8 products of -128 x -128 are 2^17, one more than 18 signed bits hold: the reason for -127 with G = 8."""
    worst = random_streaming(TWO_GROUPS, 0, 1)
    worst.stationary[...] = -128
    worst.vectors[...] = -128
    with pytest.raises(AssertionError):
        check(simulations, TWO_GROUPS, [worst])


@pytest.mark.parametrize("shape", [LIFTED, LIFTED_SHORT], ids=str)
def test_inputs_that_stay_may_be_any_where_weights_move(simulations: Simulations, shape: ArrayShape) -> None:
    """IS in a DSP48E1: values of -128 stay, in both halves of a pair, weights of -127 to 127 move. Exactly 25 bits."""
    for seed in range(3):
        random = random_streaming(shape, seed, 30, least=-128, extreme=seed > 0)
        random.vectors[random.vectors == -128] = -127
        check(simulations, shape, [random])
    worst = random_streaming(shape, 0, 2)
    worst.stationary[...] = -128
    worst.vectors[0], worst.vectors[1] = 127, -127
    check(simulations, shape, [worst])


@pytest.mark.parametrize("shape", [WINOGRAD, LIFTED_WINOGRAD], ids=str)
def test_winograd_operands(simulations: Simulations, shape: ArrayShape) -> None:
    """One product of 16 x 16 bits per multiplier, pairs before and behind it; the parts of a sum are joined exactly."""
    tiles = [
        random_streaming(shape, 1, 25, paired=False),
        random_streaming(shape, 2, 3, paired=True),
        random_streaming(shape, 3, 9, paired=False, extreme=True),
        random_streaming(shape, 4, 30, paired=True, extreme=True),
    ]
    check(simulations, shape, tiles)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_staying_tiles_back_to_back(simulations: Simulations, shape: ArrayShape) -> None:
    """NS: tiles that are bound by their products, by their rows' way out, and of one product."""
    lengths = (2 * shape.rows, 1, shape.rows - shape.group_rows + 1, 40, 3)
    tiles = [random_staying(shape, seed, length) for seed, length in enumerate(lengths)]
    check(simulations, shape, tiles)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_dataflows_follow_each_other(simulations: Simulations, shape: ArrayShape) -> None:
    """At the distances that the formulas give, in both directions."""
    tiles: list[Tile] = [
        random_streaming(shape, 1, 9),
        random_staying(shape, 2, 20),
        random_streaming(shape, 3, 1),
        random_staying(shape, 4, 1),
        random_staying(shape, 5, shape.rows),
        random_streaming(shape, 6, shape.rows + 2),
    ]
    check(simulations, shape, tiles)
