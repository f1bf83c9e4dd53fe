"""Tiles for the systolic array, their records cycle by cycle, and what NumPy says that must come out and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from dynamap.backends.vitis_rtl.array import ArrayShape

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Streaming:
    """A tile of WS, IS or Winograd: ``stationary`` [rows, columns], or [rows, columns, 2] in pairs (w0, w1),
    stays, ``vectors`` [vectors, rows] move."""

    stationary: IntArray
    vectors: IntArray

    @property
    def paired(self) -> bool:
        return self.stationary.ndim == 3

    @property
    def length(self) -> int:
        """Cycles in which operands come in."""
        return len(self.vectors)

    def words(self) -> IntArray:
        """The words of the top edge, [rows, columns], as 16 bits."""
        if not self.paired:
            return self.stationary & 0xFFFF
        return (self.stationary[..., 1] & 0xFF) << 8 | self.stationary[..., 0] & 0xFF


@dataclass(frozen=True)
class Staying:
    """A tile of NS: ``operands`` [products, rows] move right, ``moving_down`` [products, columns] move down."""

    operands: IntArray
    moving_down: IntArray

    @property
    def length(self) -> int:
        return len(self.operands)


Tile = Streaming | Staying


@dataclass
class Records:
    """The inputs of all cycles, and where each tile begins."""

    inputs: dict[str, IntArray]
    starts: list[int] = field(default_factory=list)


def records(shape: ArrayShape, tiles: Sequence[Tile], behind: int = 0) -> Records:
    """The tiles as close behind each other as the cycle formulas allow."""
    reset = shape.group_rows + shape.levels + 2  # as systolic_array.sv asks
    cycles = reset + 2 * shape.rows + 4
    starts = []
    before: Tile | None = None
    for tile in tiles:
        start = starts[-1] + _distance(shape, before, tile) if before else reset + shape.rows + 1
        starts.append(start)
        before = tile
        cycles = start + tile.length + shape.rows + shape.sum_cycles(shape.columns) + behind
    inputs = _empty(shape, cycles)
    inputs["rst"][:reset] = 1
    for number, (tile, start) in enumerate(zip(tiles, starts, strict=True)):
        if isinstance(tile, Streaming):
            _stream(inputs, shape, tile, start, starts[number - 1] if number else 0)
        else:
            _stay(inputs, shape, tile, start)
    return Records(inputs, starts)


def _distance(shape: ArrayShape, tile: Tile, following: Tile) -> int:
    """From the start of a tile to that of the next one."""
    if isinstance(tile, Streaming):
        if isinstance(following, Streaming):
            return shape.streaming_tile(tile.length)
        return tile.length - 1 + shape.streaming_to_staying()
    if isinstance(following, Staying):
        return shape.staying_tile(tile.length, following.length)
    return tile.length - 1 + shape.staying_to_streaming()


def _empty(shape: ArrayShape, cycles: int) -> dict[str, IntArray]:
    flags = ("rst", "outputs_stay", "paired", "take", "load", "load_last", "first", "last")
    inputs = {name: np.zeros((cycles, 1), np.int64) for name in flags}
    inputs["operand"] = np.zeros((cycles, shape.rows), np.int64)
    inputs["word"] = np.zeros((cycles, shape.columns), np.int64)
    return inputs


def _stream(inputs: dict[str, IntArray], shape: ArrayShape, tile: Streaming, start: int, earliest: int) -> None:
    begin = start - shape.rows
    assert begin >= earliest, "a load may begin with the tile before it, not sooner"
    inputs["load"][begin:start] = 1
    inputs["load_last"][start - 1] = 1
    inputs["paired"][begin:start] = tile.paired
    inputs["word"][begin:start] = tile.words()[::-1]
    inputs["take"][start] = 1
    inputs["operand"][start : start + tile.length] = tile.vectors


def _stay(inputs: dict[str, IntArray], shape: ArrayShape, tile: Staying, start: int) -> None:
    last = start + tile.length - 1
    # Until the last row's sum is taken from its group (ArrayShape.staying_to_streaming).
    inputs["outputs_stay"][start - 1 : last + shape.rows + shape.group_rows + 1] = 1
    inputs["word"][start - 1 : last] = tile.moving_down & 0xFFFF
    inputs["operand"][start : last + 1] = tile.operands
    inputs["first"][start] = 1
    inputs["last"][last] = 1


def leaving_order(shape: ArrayShape) -> list[int]:
    """The rows of a staying tile in the order in which their sums leave: group by group, the last row first."""
    order = []
    for first in range(0, shape.rows, shape.group_rows):
        order += reversed(range(first, min(first + shape.group_rows, shape.rows)))
    return order


def results(shape: ArrayShape, tile: Tile) -> IntArray:
    """Exact results in the order in which they come, [results, columns, 2] for pairs, else [results, columns]."""
    if isinstance(tile, Streaming):
        return np.einsum("lr,rc...->lc...", tile.vectors, tile.stationary)
    return (tile.operands.T @ tile.moving_down)[leaving_order(shape)]


def first_result(tile: Tile, start: int) -> int:
    """The cycle of the vector that the first result belongs to."""
    return start if isinstance(tile, Streaming) else start + tile.length - 1


def expected_paired(tile: Tile) -> bool:
    """Whether a result is two numbers, or one in two parts."""
    return isinstance(tile, Streaming) and tile.paired


def random_streaming(
    shape: ArrayShape, seed: int, vectors: int, *, paired: bool = True, least: int = -127, extreme: bool = False
) -> Streaming:
    """Values of all the width that the operands have; ``extreme``: only the largest and smallest."""
    random = np.random.default_rng(seed)
    bits = 8 if paired else 16
    most = 2 ** (bits - 1) - 1
    low = least if paired else -most - 1
    size = (shape.rows, shape.columns, 2) if paired else (shape.rows, shape.columns)
    moving_most = 2 ** (7 if paired else shape.operand_bits - 1) - 1
    if extreme:
        stationary = random.choice([low, most], size)
        moving = random.choice([-moving_most - 1, moving_most], (vectors, shape.rows))
        moving[0], stationary[...] = -moving_most - 1, np.where(random.integers(4), low, stationary)
    else:
        stationary = random.integers(low, most + 1, size)
        moving = random.integers(-moving_most - 1, moving_most + 1, (vectors, shape.rows))
    return Streaming(stationary.astype(np.int64), moving.astype(np.int64))


def random_staying(shape: ArrayShape, seed: int, products: int) -> Staying:
    """Values of all the width of 8-bit operands."""
    random = np.random.default_rng(seed)
    return Staying(
        random.integers(-128, 128, (products, shape.rows)), random.integers(-128, 128, (products, shape.columns))
    )
