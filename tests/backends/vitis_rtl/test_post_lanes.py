"""The lanes of POST: every byte as docs/arithmetic.md has it, each in its cycle, channels without a pause between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from dynamap.backends.vitis_rtl.core.post import LaneShape
from dynamap.backends.vitis_rtl.simulation import Simulations
from dynamap.cost.multiplier import DSP48E1
from support.lane_records import Chunk, channel_inputs, finished, lane_inputs, lanes_bench, random_channels

IntArray = npt.NDArray[np.int64]

SHORT = LaneShape(columns=5, pairs=3)
"""Two groups of columns, the second of two."""
WIDE = LaneShape(columns=2, pairs=2, accumulator_bits=40, value_bits=42)
OLDER = LaneShape(columns=2, pairs=2, accumulator_bits=40, value_bits=42, factor_bits=DSP48E1.wide_bits)
"""Of DSP48E1: all the bits that both of its ports take."""

BEGIN = 40
TABLE = [int(value) for value in np.random.default_rng(9).integers(-128, 128, 256)]


def random_chunk(shape: LaneShape, random: np.random.Generator, group: int, rows: int, *, extreme: bool) -> Chunk:
    """Sums of any size; bits of the accumulator less one so that a bias never overflows ``value_bits``."""
    wide = 2 * shape.pairs
    most = 2 ** (shape.accumulator_bits - 1) - 1
    bits = random.integers(1, shape.accumulator_bits - 1, wide)
    sums = random.integers(-(2**bits), 2**bits + 1, (rows, wide))
    channels = random_channels(random, wide, extreme=extreme)
    if extreme:
        ends = [-most - 1, -most, -1, 0, 1, most - 1, most]
        sums = np.where(random.random((rows, wide)) < 0.7, random.choice(ends, (rows, wide)), sums)
    else:
        # Quotients of up to twice a byte.
        channels["bias"] = random.integers(-(2 ** np.minimum(bits, 30)), 2 ** np.minimum(bits, 30))
        channels["shift"] = channels["negative_shift"] = 17 + np.maximum(bits - 8, 0)
    return Chunk(group, sums, channels, random.random(wide) < 0.9)


def ties(shape: LaneShape, rows: int) -> Chunk:
    """Sums that end on a half, and beside it: M = 2^16 and no bias, so the quotient is the sum over 2^(S - 16)."""
    wide = 2 * shape.pairs
    channels = random_channels(np.random.default_rng(4), wide)
    channels["bias"] = 0
    channels["multiplier"] = channels["negative_multiplier"] = 2**16
    channels["shift"] = channels["negative_shift"] = 17 + np.arange(wide) % 12
    channels["low"], channels["high"] = -128, 127
    half = 2 ** (np.arange(wide) % 12)
    odd = 2 * np.arange(rows)[:, None] - rows + 1
    return Chunk(0, odd * half + np.random.default_rng(5).integers(-1, 2, (rows, wide)), channels, np.ones(wide, bool))


def expected(chunk: Chunk, zero_point: int, table: Sequence[int] | None) -> IntArray:
    """The bytes of a chunk, [rows, channels]."""
    values = chunk.sums + chunk.channels["bias"].astype(np.int64)
    return np.array(
        [
            [
                finished(int(value), channel, zero_point, table) if used else 0
                for value, channel, used in zip(row, chunk.channels, chunk.used, strict=True)
            ]
            for row in values
        ]
    )


def run(
    simulations: Simulations,
    shape: LaneShape,
    chunks: Sequence[Chunk],
    zero_point: int,
    *,
    look_up: bool,
    **bench: bool,
) -> None:
    """Compares every byte of every row, and when it comes."""
    inputs, first = lane_inputs(shape, chunks, BEGIN + 256, 40)
    cycles = len(inputs["rst"])
    inputs["zero_point"] = np.full(cycles, zero_point)
    inputs["look_up"] = np.full(cycles, look_up)
    inputs["table_write"] = (np.arange(cycles) < 256).astype(np.int64)
    inputs["table_index"] = np.arange(cycles) % 256
    inputs["table_data"] = np.array(TABLE)[np.arange(cycles) % 256]
    seen = simulations.run(lanes_bench(shape, **bench), inputs)
    # By hand: the last pair answers `pairs` - 1 cycles after the first; a bias, a choice, four cycles of the slices,
    # three of shifting and one of rounding, a clamp, and two of the table.
    delay = shape.pairs - 1 + (1 + 1 + 4 + 3 + 1 + 1 + 2) - 1
    assert delay == shape.row_cycles()
    at = first
    for number, chunk in enumerate(chunks):
        span = slice(at + delay, at + delay + len(chunk.sums))
        assert seen["valid"][span].all()
        covered = min(shape.columns - chunk.group * shape.pairs, shape.pairs)
        wanted = expected(chunk, zero_point, TABLE if look_up else None)[:, : 2 * covered]
        np.testing.assert_array_equal(seen["bytes"][span, : 2 * covered], wanted, err_msg=f"chunk {number}")
        at += max(len(chunk.sums), shape.pairs)
    assert seen["valid"][BEGIN:].sum() == sum(len(chunk.sums) for chunk in chunks)


@pytest.mark.parametrize("look_up", [False, True])
@pytest.mark.parametrize("shape", [SHORT, WIDE, OLDER], ids=str)
def test_bytes_are_those_of_the_arithmetic(simulations: Simulations, shape: LaneShape, look_up: bool) -> None:
    """Random and extreme sums and parameters, leaky or not; groups in any order, short chunks and long ones."""
    random = np.random.default_rng(shape.columns)
    chunks = [ties(shape, 60)]
    for number in range(16):
        rows = int(random.choice([1, 2, 3, 4, 9, 40]))
        chunks.append(random_chunk(shape, random, int(random.integers(0, shape.groups)), rows, extreme=number % 2 == 1))
    values = [expected(chunk, 3, None) for chunk in chunks]
    assert len(np.unique(np.concatenate([value.ravel() for value in values]))) > 100, (
        "bytes that hardly differ compare nothing"
    )
    for zero_point in (-128, 3, 127):
        run(simulations, shape, chunks, zero_point, look_up=look_up)


@pytest.mark.parametrize("shape", [SHORT, OLDER], ids=str)
def test_the_text_of_the_synthesis_makes_the_same_bytes(simulations: Simulations, shape: LaneShape) -> None:
    """With the vendor's slice by its ports and parameters (DSP48E2.sv, and a DSP48E1 of Yosys' library)."""
    random = np.random.default_rng(1)
    chunks = [random_chunk(shape, random, number % shape.groups, 12, extreme=number % 3 == 0) for number in range(9)]
    run(simulations, shape, chunks, -7, look_up=False, synthesised=True)


@pytest.mark.parametrize("extreme", [False, True])
@pytest.mark.parametrize("shape", [SHORT, WIDE], ids=str)
def test_a_row_that_is_a_channel_has_its_own_parameters(
    simulations: Simulations, shape: LaneShape, *, extreme: bool
) -> None:
    """50 channels, one per cycle, each at the positions of a group of columns."""
    random = np.random.default_rng(shape.columns)
    chunk = random_chunk(replace(shape, pairs=25), random, 0, 2 * shape.pairs, extreme=extreme)
    inputs = channel_inputs(shape, chunk.sums.T, chunk.channels, chunk.used.astype(np.int64), BEGIN)
    inputs |= {"zero_point": np.full(len(inputs["rst"]), 3)}
    seen = simulations.run(lanes_bench(shape), inputs)
    rows = BEGIN + shape.row_cycles() + np.arange(50)
    assert seen["valid"][rows].all()
    covered = 2 * min(shape.columns, shape.pairs)
    np.testing.assert_array_equal(seen["bytes"][rows, :covered], expected(chunk, 3, None).T[:, :covered])
