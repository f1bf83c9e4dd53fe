"""Which sizes of the buffers fit beside an array: a grid of powers of two, tried whole."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from dynamap.cost.device import Device
from dynamap.cost.overlay.fitting.extras import Extras
from dynamap.cost.overlay.fitting.memory.blocks import Memory, MemoryKind
from dynamap.cost.overlay.fitting.memory.kernel import in_rtl
from dynamap.cost.overlay.fitting.memory.spreading import Rooms, memory_use
from dynamap.cost.overlay.machine import Buffers, Machine
from dynamap.cost.overlay.transfer import Ints

KIB = 1024
NEVER = np.int64(1 << 62)


@dataclass(frozen=True)
class Grid:
    """The sizes that are tried of each buffer, rising; all combinations of them."""

    inputs: tuple[int, ...]
    weights: tuple[int, ...]
    accumulators: tuple[int, ...]
    rows: tuple[int, ...]

    @property
    def axes(self) -> tuple[tuple[int, ...], ...]:
        """The sizes in the order of the fields of `Buffers`."""
        return self.inputs, self.weights, self.accumulators, self.rows

    @property
    def smallest(self) -> Buffers:
        return Buffers(*(axis[0] for axis in self.axes))

    @property
    def largest(self) -> Buffers:
        return Buffers(*(axis[-1] for axis in self.axes))

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(len(axis) for axis in self.axes)

    def at(self, index: Ints) -> Buffers:
        """The sizes at a position along each axis."""
        return Buffers(*(axis[i] for axis, i in zip(self.axes, index, strict=True)))

    # What follows makes the grid a `Sizes`: each buffer's sizes along its own axis.

    @property
    def input_buffer(self) -> Ints:
        return _along(0, self.inputs)

    @property
    def weight_buffer(self) -> Ints:
        return _along(1, self.weights)

    @property
    def accumulator_rows(self) -> Ints:
        return _along(2, self.accumulators)

    @property
    def row_buffer(self) -> Ints:
        return _along(3, self.rows)


def _along(axis: int, values: tuple[int, ...]) -> Ints:
    return np.array(values, np.int64).reshape([-1 if i == axis else 1 for i in range(4)])


GRID = Grid(
    inputs=tuple(KIB << k for k in range(4, 13)),  # 16 KiB .. 4 MiB
    weights=tuple(KIB << k for k in range(4, 14)),  # 16 KiB .. 8 MiB
    accumulators=(256, 512, 1024, 2048, 4096),
    rows=(512, 1024, 2048, 4096, 8192),
)


def grid_of(device: Device) -> Grid:
    """The sizes that are tried for a device.

    The RTL reads the windows of sums that stay in the input buffer, so that row buffers of any length cost as much.
    """
    return replace(GRID, rows=GRID.rows[-1:]) if in_rtl(device) else GRID


@lru_cache(maxsize=1 << 14)
def maximal_buffers(device: Device, machine: Machine, rows: range, columns: int, extras: Extras) -> tuple[Buffers, ...]:
    """Maximal configurations that fit beside an array with any of so many rows, largest total first."""
    if memory_use(device, machine, rows.start, columns, GRID.largest, extras) is not None:
        return (GRID.largest,)
    fits = _least_bytes(device, machine, rows, columns, extras) < NEVER
    found = (grid_of(device).at(index) for index in np.argwhere(_maximal(fits)))
    return tuple(sorted(found, key=_largest_first))


def _largest_first(b: Buffers) -> tuple[int, ...]:
    return -(b.input_buffer + b.weight_buffer), -b.accumulator_rows, -b.row_buffer, -b.input_buffer


def _maximal(fits: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """What fits and does not with the next size along any axis (fitting is monotone)."""
    maximal = fits.copy()
    for axis in range(fits.ndim):
        below = [slice(None)] * fits.ndim
        above = [slice(None)] * fits.ndim
        below[axis], above[axis] = slice(None, -1), slice(1, None)
        maximal[tuple(below)] &= ~fits[tuple(above)]
    return maximal


@lru_cache(maxsize=1 << 10)
def all_buffers(device: Device, machine: Machine, rows: int, columns: int, extras: Extras) -> tuple[Buffers, ...]:
    """All configurations that fit beside an array, those of the fewest bytes first."""
    least = _least_bytes(device, machine, range(rows, rows + 1), columns, extras)
    fitting = np.argwhere(least < NEVER)
    order = np.argsort(least[tuple(fitting.T)], kind="stable")
    return tuple(grid_of(device).at(index) for index in fitting[order])


def _least_bytes(device: Device, machine: Machine, rows: range, columns: int, extras: Extras) -> Ints:
    """Least bytes of memory blocks for each combination of sizes of the grid; NEVER where nothing fits.

    Where a range of rows is given, of each memory beside its best number of rows. Without a budget of on-chip memory,
    bytes do not matter and are 0.
    """
    there, grid = Rooms.of(device), grid_of(device)
    # A row buffer's width falls with the rows until it is least; with more than so many it takes ever more memory.
    some = np.array(rows[: max(1, machine.word_bytes // 8 + 1 - rows.start)]).reshape(-1, 1, 1, 1, 1)
    memories = there.memories(machine, some, columns, grid, extras)
    demands = [[_best_rows(memory, room.kind) for room in there.rooms] for memory in memories]
    least = np.full(grid.shape, NEVER)
    for _, used in there.spreads(memories, demands):
        total = 0 if there.budget is None else there.bytes_of(used)
        np.minimum(least, np.where(there.hold(used), total, NEVER), out=least)
    return least


def _best_rows(memory: Memory, kind: MemoryKind) -> Ints | int:
    """Pieces of a memory of the grid beside its best number of rows, the first of five axes."""
    pieces = memory.pieces(kind)
    return pieces.min(axis=0) if isinstance(pieces, np.ndarray) and pieces.ndim == 5 else pieces
