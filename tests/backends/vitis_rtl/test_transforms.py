"""Winograd's transforms in the RTL: every value that of the arithmetic's integers, each in its cycle."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from dynamap.backends.arithmetic.winograd import (
    WinogradForm,
    multiply,
    transform_output,
    transform_tiles,
    transform_weights,
)
from dynamap.backends.vitis_rtl.feeding.forms import form_codes
from dynamap.backends.vitis_rtl.simulation import Simulations
from support.transform_records import LANES, transform_bench

IntArray = npt.NDArray[np.int64]

FORMS = [WinogradForm(kernel, m) for kernel in ((3, 3), (1, 3), (3, 1)) for m in (2, 4)]
FORMS += [WinogradForm(kernel, 5) for kernel in ((1, 4), (4, 1))]
BEGIN = 4
TILES = 9
QUOTIENT_CYCLES = 6


def transform_cycles(first_results: int, second_data: int) -> int:
    """From the last datum of a tile to its first result, counted along transform_order.sv by hand.

    Its line's first result is out two cycles behind it and the last one `first_results` - 1 later; one more cycle says
    that the tile is in the turn, one reads its first value and one has it; the line's last value is `second_data` - 1
    later, and its first result two more.
    """
    return 2 + (first_results - 1) + 1 + 1 + 1 + (second_data - 1) + 2


def data_of(random: np.random.Generator, form: WinogradForm, *, extreme: bool) -> npt.NDArray[np.int8]:
    """Data of tiles side by side, which overlap: channels x rows x columns."""
    height, width = form.padded_size(form.outputs[0], TILES * form.outputs[1])
    ends = np.array([-128, 127], np.int8)
    if extreme:
        return random.choice(ends, (LANES, height, width))
    return random.integers(-128, 128, (LANES, height, width), dtype=np.int8)


def sums_of(random: np.random.Generator, form: WinogradForm, data: npt.NDArray[np.int8], *, extreme: bool) -> IntArray:
    """Positions x tiles x 1: sums over the channels, as multipliers make them."""
    shape = 1, len(data), *form.kernel
    ends = np.array([-128, 127], np.int8)
    weights = random.choice(ends, shape) if extreme else random.integers(-128, 128, shape, dtype=np.int8)
    rows, columns = form.outputs[0], TILES * form.outputs[1]
    return multiply(transform_tiles(data, form, rows, columns), transform_weights(weights, form), form)


def in_parts(random: np.random.Generator, sums: IntArray) -> tuple[IntArray, IntArray]:
    """Any two numbers of 32 bits with low + high 2^18 the sum, as groups of rows may leave them."""
    low = sums - (sums >> 18 << 18) + (random.integers(-(2**12), 2**12, sums.shape) << 18)
    return low, (sums - low) >> 18


def waits(random: np.random.Generator, count: int, *, stalled: bool) -> IntArray:
    """The cycle of each datum, from BEGIN on."""
    gaps = random.integers(0, 3, count) if stalled else np.zeros(count, np.int64)
    return BEGIN + np.arange(count) + np.cumsum(gaps)


@pytest.mark.parametrize("stalled", [False, True], ids=["in a row", "with pauses"])
@pytest.mark.parametrize("extreme", [False, True], ids=["random", "extreme"])
@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.kernel} m={form.m}")
def test_tiles_and_sums_are_those_of_the_arithmetic(
    simulations: Simulations, form: WinogradForm, extreme: bool, stalled: bool
) -> None:
    """Tiles of data column by column, their sums row by row: transformed data row by row, outputs column by column."""
    random = np.random.default_rng(form.positions + extreme)
    data = data_of(random, form, extreme=extreme)
    (t1, t2), (m1, m2) = form.tile, form.outputs
    transformed = transform_tiles(data, form, m1, TILES * m2)[:, 0]  # positions x tiles x channels
    sums = sums_of(random, form, data, extreme=extreme)
    outputs = transform_output(sums, form, m1, TILES * m2)[0]

    at = waits(random, TILES * form.positions, stalled=stalled)
    cycles = int(at[-1]) + 80
    rows, columns = form_codes(form)
    inputs = {name: np.zeros((cycles, 1), np.int64) for name in ("rst", "valid", "low", "high")}
    inputs["rst"][: BEGIN - 1] = 1
    inputs["valid"][at] = 1
    inputs["rows"], inputs["columns"] = np.full((cycles, 1), rows), np.full((cycles, 1), columns)
    inputs["data"] = np.zeros((cycles, LANES), np.int64)
    tiles = [data[:, :t1, tile * m2 : tile * m2 + t2] for tile in range(TILES)]
    inputs["data"][at] = np.concatenate([tile.transpose(2, 1, 0).reshape(-1, LANES) for tile in tiles])
    low, high = in_parts(random, sums[:, :, 0].T.ravel())
    inputs["low"][at, 0], inputs["high"][at, 0] = low, high
    seen = simulations.run(transform_bench(), inputs)

    found = BEGIN + np.flatnonzero(seen["data_valid"][BEGIN:])
    np.testing.assert_array_equal(seen["result"][found], transformed.transpose(1, 0, 2).reshape(-1, LANES))
    np.testing.assert_array_equal(
        seen["data_line"][found, 0] * t2 + seen["data_result"][found, 0], np.tile(np.arange(form.positions), TILES)
    )
    out = BEGIN + np.flatnonzero(seen["output_valid"][BEGIN:])
    by_tile = outputs.reshape(m1, TILES, m2).transpose(1, 2, 0).reshape(-1)
    np.testing.assert_array_equal(seen["sum"][out + QUOTIENT_CYCLES, 0], by_tile)
    np.testing.assert_array_equal(
        seen["output_line"][out, 0] * m1 + seen["output_result"][out, 0], np.tile(np.arange(m1 * m2), TILES)
    )

    ends = at[form.positions - 1 :: form.positions]
    in_lines, out_lines = (t1, t1, t2, t2), (t2, m2, t1, m1)
    if form.m == 5:  # its one line is always the second transform's
        in_lines, out_lines = (1, 1, 8, 8), (1, 1, 8, 5)
    np.testing.assert_array_equal(found, results(ends, in_lines))
    np.testing.assert_array_equal(out, 1 + results(ends, out_lines))


def results(ends: IntArray, sizes: tuple[int, int, int, int]) -> IntArray:
    """The cycle of every result of tiles whose last datum is in ``ends``: data and results of both transforms."""
    _, first_results, second_data, second_results = sizes
    lines = second_data * np.arange(first_results)[:, None] + np.arange(second_results)
    begin = ends + transform_cycles(first_results, second_data)
    return (begin[:, None] + lines.ravel()).ravel()
