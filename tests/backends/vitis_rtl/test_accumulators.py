"""Sums of several tiles in the accumulators, when they can be read, and the array in loops beside the instances."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from dynamap.backends.vitis_rtl.array import ArrayShape
from dynamap.backends.vitis_rtl.simulation import Simulations, array_bench
from dynamap.cost.errors import InputError
from support.array_tiles import random_staying, random_streaming, records, results

IntArray = npt.NDArray[np.int64]

PAIRS = ArrayShape(rows=19, columns=3, accumulator_rows=32)
WIDE = ArrayShape(rows=10, columns=4, group_rows=4, operand_bits=16, high_bits=22, accumulator_rows=16)
SHORT = ArrayShape(rows=5, columns=2, group_rows=2, accumulator_rows=16)
GROUPED = ArrayShape(rows=5, columns=5, group_rows=2, accumulator_rows=16, read_columns=2)
TALL = ArrayShape(rows=43, columns=3, group_rows=4, accumulator_rows=32)
LIFTED = ArrayShape(rows=10, columns=4, group_rows=4, accumulator_rows=16, factor_bits=25)
LIFTED_WIDE = ArrayShape(
    rows=7, columns=3, group_rows=3, operand_bits=16, high_bits=22, accumulator_rows=16, factor_bits=25
)
LONG = ArrayShape(rows=8, columns=37, accumulator_rows=64)
FULL = ArrayShape(rows=129, columns=49, accumulator_rows=64)

SETTLING = 6
"""Times that a half is filled anew, until nothing is left of the random contents at the start (of PEs, then rows)."""


def reads(inputs: dict[str, IntArray], cycles: IntArray, half: int, rows: IntArray) -> None:
    """Asks for the rows in these cycles."""
    for name in ("read", "read_half", "read_row"):
        inputs.setdefault(name, np.zeros_like(inputs["rst"]))
    inputs["read"][cycles, 0] = 1
    inputs["read_half"][cycles, 0] = half
    inputs["read_row"][cycles, 0] = rows


def adds(inputs: dict[str, IntArray], start: int, half: int, rows: IntArray, *, first: bool) -> None:
    """Sends the results from ``start`` on to the rows."""
    for name in ("add", "add_first", "add_half", "add_row"):
        inputs.setdefault(name, np.zeros_like(inputs["rst"]))
    span = slice(start, start + len(rows))
    inputs["add"][span, 0] = 1
    inputs["add_first"][span, 0] = first
    inputs["add_half"][span, 0] = half
    inputs["add_row"][span, 0] = rows


def answers(shape: ArrayShape, seen: dict[str, IntArray], cycles: IntArray) -> tuple[IntArray, IntArray]:
    """Both sums of each row asked for, [requests, columns]; column c answers c + 4 cycles later (accumulator.sv)."""
    at = cycles[:, None] + 4 + np.arange(shape.columns)
    columns = np.arange(shape.columns)
    assert np.all(seen["valid"][at, columns] == 1)
    assert seen["valid"][shape.columns :].sum() == at.size, "answers that nobody asked for"
    return seen["low"][at, columns], seen["high"][at, columns]


def test_tiles_are_summed_and_read_while_the_other_half_fills(simulations: Simulations) -> None:
    """Three tiles into half 0, rows in an order of their own; then three into half 1 while half 0 is read."""
    count = 24
    tiles = [random_streaming(PAIRS, seed, count) for seed in range(6)]
    made = records(PAIRS, tiles, behind=80)
    rows = np.random.default_rng(1).permutation(count)
    for number, start in enumerate(made.starts):
        adds(made.inputs, start, number // 3, rows, first=number % 3 == 0)
    # By hand: a sum is at column 0 G + 4 + levels cycles after its vector, added in the next and written in the one
    # behind it, and a request is registered once: so it may come one cycle before that.
    last_of_half = np.array([made.starts[2], made.starts[5]]) + count - 1
    earliest = last_of_half + (8 + 4 + 2) + 2 - 1
    assert list(earliest - last_of_half) == [PAIRS.after_streaming()] * 2
    cycles = [first + np.arange(count) for first in earliest]
    for half in (0, 1):
        reads(made.inputs, cycles[half], half, rows[::-1])
    seen = simulations.run(array_bench(PAIRS), made.inputs)
    low, high = answers(PAIRS, seen, np.concatenate(cycles))
    for half in (0, 1):
        expected = sum(results(PAIRS, tile) for tile in tiles[3 * half : 3 * half + 3])[::-1]
        np.testing.assert_array_equal(low[half * count :][:count], expected[..., 0])
        np.testing.assert_array_equal(high[half * count :][:count], expected[..., 1])
    settled = made.starts[0] + 40
    assert not seen["differ"][settled : earliest[0]].any()


def test_a_row_is_old_one_cycle_sooner(simulations: Simulations) -> None:
    """The cycle in which a row can be asked for is exact, and a row may come again after four cycles."""
    tile = random_streaming(PAIRS, 1, 12)
    made = records(PAIRS, [tile], behind=60)
    rows = np.tile(np.arange(4), 3)
    adds(made.inputs, made.starts[0], 1, rows, first=False)
    made.inputs["add_first"][made.starts[0] : made.starts[0] + 4] = 1
    after = made.starts[0] + 11 + PAIRS.after_streaming()
    cycles = np.array([after - 1, after])
    reads(made.inputs, cycles, 1, np.array([3, 3]))
    seen = simulations.run(array_bench(PAIRS), made.inputs)
    low, _ = answers(PAIRS, seen, cycles)
    parts = results(PAIRS, tile)[..., 0]
    np.testing.assert_array_equal(low[0], parts[3] + parts[7])
    np.testing.assert_array_equal(low[1], parts[3] + parts[7] + parts[11])


def test_rows_that_come_again_too_soon_stop_the_simulation(simulations: Simulations) -> None:
    tile = random_streaming(PAIRS, 1, 6)
    made = records(PAIRS, [tile])
    adds(made.inputs, made.starts[0], 0, np.array([0, 1, 2, 0, 1, 2]), first=False)
    with pytest.raises(InputError, match="Row 0 came again after 3 cycles: 4 are needed"):
        simulations.run(array_bench(PAIRS), made.inputs)


def test_reading_the_half_that_is_added_to_stops_the_simulation(simulations: Simulations) -> None:
    tile = random_streaming(PAIRS, 1, 20)
    made = records(PAIRS, [tile])
    adds(made.inputs, made.starts[0], 0, np.arange(20), first=True)
    reads(made.inputs, made.starts[0] + 20 + np.arange(4), 0, np.arange(4))
    with pytest.raises(InputError, match="read while it was added to"):
        simulations.run(array_bench(PAIRS), made.inputs)


def test_staying_tiles_are_stored_in_the_order_in_which_rows_leave(simulations: Simulations) -> None:
    """NS with a last group of two rows: results are 18 low bits and the rest, in 32 bits each."""
    tiles = [random_staying(WIDE, seed, 13) for seed in range(3)]
    made = records(WIDE, tiles, behind=80)
    rows = np.arange(WIDE.rows)
    lasts = [start + 12 for start in made.starts]
    for number, last in enumerate(lasts):
        adds(made.inputs, last, 0, rows, first=number == 0)
    # By hand, behind the last product: P1 - 1 more rows leave, then as a streamed sum.
    cycles = lasts[-1] + (WIDE.rows - 1) + (4 + 4 + 2) + 2 - 1 + rows
    assert cycles[0] == lasts[-1] + WIDE.after_staying()
    reads(made.inputs, cycles, 0, rows)
    seen = simulations.run(array_bench(WIDE), made.inputs)
    low, high = answers(WIDE, seen, cycles)
    np.testing.assert_array_equal(low + (high << WIDE.pair_shift), sum(results(WIDE, tile) for tile in tiles))


@pytest.mark.parametrize("first", [True, False])
def test_sums_that_come_in_parts_are_put_together(simulations: Simulations, first: bool) -> None:
    """NS: a tile into the first sums of its rows, the next one into the second ones; each leaves the other as it is."""
    tiles = [random_staying(WIDE, seed, 13) for seed in range(4)]
    made = records(WIDE, tiles, behind=80)
    rows = np.arange(WIDE.rows)
    lasts = [start + 12 for start in made.starts]
    for number, last in enumerate(lasts):
        adds(made.inputs, last, 1, rows, first=number < 2 or first)
        made.inputs.setdefault("add_whole", np.zeros_like(made.inputs["rst"]))
        made.inputs["add_whole"][last : last + len(rows)] = 1 + number % 2
    cycles = lasts[-1] + WIDE.after_staying() + rows
    reads(made.inputs, cycles, 1, rows)
    seen = simulations.run(array_bench(WIDE), made.inputs)
    for side, found in enumerate(answers(WIDE, seen, cycles)):
        expected = results(WIDE, tiles[2 + side]) + (0 if first else results(WIDE, tiles[side]))
        np.testing.assert_array_equal(found, (expected + 2**31) % 2**32 - 2**31)


def random_cycles(shape: ArrayShape, seed: int, cycles: int) -> dict[str, IntArray]:
    """Everything at random, but for what the accumulators forbid: they change halves with a pause between."""
    random = np.random.default_rng(seed)
    pause, rows = shape.columns + shape.group_rows + 20, shape.accumulator_rows
    period = rows + 2 * pause
    names = ("outputs_stay", "paired", "take", "load", "load_last", "first", "last")
    inputs = {name: (random.random((cycles, 1)) < 0.3).astype(np.int64) for name in names}
    inputs["rst"] = (np.arange(cycles)[:, None] < 20).astype(np.int64)  # done before the first row is added
    inputs["operand"] = random.integers(0, 2**shape.operand_bits, (cycles, shape.rows))
    inputs["word"] = random.integers(0, 2**16, (cycles, shape.columns))
    phase = np.arange(cycles)[:, None] % period
    half = np.arange(cycles)[:, None] // period % 2
    busy = (phase >= pause) & (phase < pause + rows)
    filled = np.arange(cycles)[:, None] >= SETTLING * period
    inputs |= {"add": busy & (~filled | (random.random((cycles, 1)) < 0.8)), "add_half": half, "read_half": 1 - half}
    inputs["add_first"] = ~filled | (random.random((cycles, 1)) < 0.2)
    stride = rows // 2 - 1  # odd, so a permutation of the rows; equal ones are far apart
    inputs["add_row"] = phase * stride % rows
    inputs["add_whole"] = np.where(filled, random.integers(0, 3, (cycles, 1)), 0)
    inputs["read"] = busy & (random.random((cycles, shape.read_groups)) < 0.5)
    inputs["read_row"] = random.integers(0, rows, (cycles, 1))
    return {name: value.astype(np.int64) for name, value in inputs.items()}


def settled_after(shape: ArrayShape) -> int:
    """The cycle of `random_cycles` from which on nothing is left of the random contents at the start."""
    return SETTLING * (shape.accumulator_rows + 2 * (shape.columns + shape.group_rows + 20)) + 40


@pytest.mark.parametrize(
    "shape", [PAIRS, WIDE, GROUPED, LIFTED, pytest.param(LIFTED_WIDE, marks=pytest.mark.full)], ids=str
)
def test_loops_equal_instances_in_every_cycle(simulations: Simulations, shape: ArrayShape) -> None:
    """All outputs of 4,000 cycles of random controls, once every memory row was written in both."""
    inputs = random_cycles(shape, 1, 4000)
    seen = simulations.run(array_bench(shape), inputs)
    settled = settled_after(shape)
    assert not seen["differ"][settled:].any()
    assert len(np.unique(seen["low"][settled:])) > 1000, "outputs that hardly change compare nothing"


@pytest.mark.parametrize("shape", [SHORT, LIFTED, pytest.param(LIFTED_WIDE, marks=pytest.mark.full)], ids=str)
def test_the_text_of_the_synthesis_equals_its_twin(simulations: Simulations, shape: ArrayShape) -> None:
    """With the vendor's slice by its ports and parameters (DSP48E2.sv, and a DSP48E1 of Yosys' library): a port that is
    joined wrongly shows."""
    inputs = random_cycles(shape, 2, 3000)
    seen = simulations.run(array_bench(shape, synthesised=True), inputs)
    assert not seen["differ"][settled_after(shape) :].any()
    assert len(np.unique(seen["low"][settled_after(shape) :])) > 500, "outputs that hardly change compare nothing"


@pytest.mark.full
@pytest.mark.parametrize("shape", [TALL, LONG], ids=str)
def test_loops_equal_instances_in_larger_arrays(shape: ArrayShape) -> None:
    """More levels of the tree, and more columns than rows."""
    inputs = random_cycles(shape, 3, 20_000)
    with Simulations("-O0") as built:
        seen = built.run(array_bench(shape), inputs)
    assert not seen["differ"][settled_after(shape) :].any()


@pytest.mark.full
def test_the_array_of_a_large_device_in_loops() -> None:
    """129 x 49: streaming tiles in pairs, and staying ones."""
    tiles = [random_streaming(FULL, seed, 60) for seed in range(2)]
    made = records(FULL, tiles, behind=400)
    for number, start in enumerate(made.starts):
        adds(made.inputs, start, 1, np.arange(60), first=number == 0)
    cycles = made.starts[1] + 59 + FULL.after_streaming() + np.arange(60)
    reads(made.inputs, cycles, 1, np.arange(60))
    with Simulations("-O3") as built:
        seen = built.run(array_bench(FULL, instances=False), made.inputs)
    low, high = answers(FULL, seen, cycles)
    expected = sum(results(FULL, tile) for tile in tiles)
    np.testing.assert_array_equal(low, expected[..., 0])
    np.testing.assert_array_equal(high, expected[..., 1])
