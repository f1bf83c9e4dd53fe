"""Records for ``lanes_bench.sv``, and the bytes that its sums become by the text of docs/arithmetic.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dynamap.backends.program.packing import PARAMETERS
from dynamap.backends.vitis_rtl.core.post import LaneShape
from dynamap.backends.vitis_rtl.records import Field, Record
from dynamap.backends.vitis_rtl.simulation import Bench

IntArray = npt.NDArray[np.int64]
Channels = npt.NDArray[np.void]
Inputs = dict[str, IntArray]

LOWEST, HIGHEST = -128, 127


def lanes_bench(shape: LaneShape, *, synthesised: bool = False) -> Bench:
    """The bench; its fields in the order of the SystemVerilog."""
    inputs = Record(
        (
            *(Field(name) for name in ("rst", "load", "look_up", "table_write", "by_channel")),
            Field("used", 1, 2),
            Field("zero_point", 8),
            Field("table_index", 8),
            Field("table_data", 8),
            Field("channels", 8, 2 * PARAMETERS.itemsize),
            Field("valid", 1, shape.columns),
            Field("low", shape.accumulator_bits, shape.columns),
            Field("high", shape.accumulator_bits, shape.columns),
        )
    )
    outputs = Record((Field("valid"), Field("bytes", 8, 2 * shape.pairs, signed=True)))
    return Bench("lanes_bench", tuple(shape.parameters().items()), inputs, outputs, synthesised)


def finished(value: int, channel: np.void, zero_point: int, table: Sequence[int] | None = None) -> int:
    """A sum with its bias to a byte: section 1 of docs/arithmetic.md word by word, in Python's own integers."""
    negative = value < 0
    product = value * int(channel["negative_multiplier" if negative else "multiplier"])
    shift = int(channel["negative_shift" if negative else "shift"])
    floor, rest = product >> shift, product & (2**shift - 1)
    up = shift > 0 and (2 * rest > 2**shift or (2 * rest == 2**shift and floor % 2 == 1))
    clamped = min(max(floor + up + zero_point, int(channel["low"])), int(channel["high"]))
    return clamped if table is None else table[clamped + 128]


def random_channels(random: np.random.Generator, count: int, *, extreme: bool = False) -> Channels:
    """Parameters of channels, leaky or not; ``extreme``: the ends of every range."""

    def pick(low: int, high: int, dtype: str) -> IntArray:
        ends = [low, low + 1, 0, 1, high - 1, high]
        chosen = random.choice(ends, count) if extreme else random.integers(low, high + 1, count)
        return np.clip(chosen, low, high).astype(dtype)

    channels = np.zeros(count, PARAMETERS)
    channels["bias"] = pick(-(2**31), 2**31 - 1, "<i4") if extreme else random.integers(-20000, 20000, count)
    channels["multiplier"] = pick(2**16, 2**17 - 1, "<u4")
    channels["shift"] = pick(0, 62, "u1") if extreme else random.integers(20, 34, count)
    channels["negative_multiplier"], channels["negative_shift"] = channels["multiplier"], channels["shift"]
    leaky = random.random(count) < 0.5
    channels["negative_multiplier"][leaky] = pick(-(2**17) + 1, 2**17 - 1, "<i4")[leaky]
    channels["negative_shift"][leaky] = pick(0, 62, "u1")[leaky]
    limits = np.sort(random.integers(LOWEST, HIGHEST + 1, (count, 2)), axis=1)
    limits[random.random(count) < 0.7] = LOWEST, HIGHEST
    channels["low"], channels["high"] = limits.T
    return channels


@dataclass
class Chunk:
    """Rows of one group of columns in successive cycles: ``sums`` [rows, channels], and the channels' parameters."""

    group: int
    sums: IntArray
    channels: Channels
    used: npt.NDArray[np.bool_]


def _silent(shape: LaneShape, cycles: int) -> Inputs:
    """Nothing is said but the reset at the begin; sums are random."""
    return {
        "rst": (np.arange(cycles) < shape.pairs + 14).astype(np.int64),
        "load": np.zeros(cycles, np.int64),
        "by_channel": np.zeros(cycles, np.int64),
        "used": np.zeros((cycles, 2), np.int64),
        "channels": np.zeros((cycles, 2 * PARAMETERS.itemsize), np.int64),
        "valid": np.zeros((cycles, shape.columns), np.int64),
        "low": np.random.default_rng(0).integers(0, 2**31, (cycles, shape.columns)),
        "high": np.random.default_rng(1).integers(0, 2**31, (cycles, shape.columns)),
    }


def lane_inputs(shape: LaneShape, chunks: Sequence[Chunk], begin: int, behind: int) -> tuple[dict[str, IntArray], int]:
    """Chunks one after the other, none sooner than ``pairs`` cycles after the one before; the first at ``begin``.

    Returns the inputs and the cycle of the first column's first answer.
    """
    lengths = [max(len(chunk.sums), shape.pairs) for chunk in chunks]
    cycles = begin + sum(lengths) + shape.pairs + behind
    inputs = _silent(shape, cycles)
    at = begin
    for chunk, length in zip(chunks, lengths, strict=True):
        rows = len(chunk.sums)
        inputs["load"][at - 1] = 1
        raw = chunk.channels.view(np.uint8).reshape(shape.pairs, 2 * PARAMETERS.itemsize)
        for pair in range(shape.pairs):
            inputs["channels"][at - 1 + pair] = raw[pair]
            inputs["used"][at - 1 + pair] = chunk.used[2 * pair : 2 * pair + 2]
            column = chunk.group * shape.pairs + pair
            if column < shape.columns:
                span = slice(at + pair, at + pair + rows)
                inputs["valid"][span, column] = 1
                inputs["low"][span, column] = chunk.sums[:, 2 * pair]
                inputs["high"][span, column] = chunk.sums[:, 2 * pair + 1]
        at += length
    return inputs, begin


def channel_inputs(shape: LaneShape, sums: IntArray, channels: Channels, used: IntArray, begin: int) -> Inputs:
    """Rows that are channels, ``sums`` [channels, positions] of the first group of columns, from ``begin`` on."""
    count = len(sums)
    cycles = begin + count + 2 * shape.pairs + 40
    inputs = _silent(shape, cycles)
    inputs["by_channel"][:] = 1
    rows = begin + np.arange(count)
    inputs["load"][rows - 1] = 1
    inputs["channels"][rows - 1] = np.tile(channels.view(np.uint8).reshape(count, -1), 2)
    inputs["used"][rows - 1] = used[:, None]
    for pair in range(min(shape.pairs, shape.columns)):
        inputs["valid"][rows + pair, pair] = 1
        inputs["low"][rows + pair, pair] = sums[:, 2 * pair]
        inputs["high"][rows + pair, pair] = sums[:, 2 * pair + 1]
    return inputs
