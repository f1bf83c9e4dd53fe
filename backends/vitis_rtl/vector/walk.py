"""What the vector unit walks of a block: its positions, tap by tap, or its pixels, each once (docs/rtl/vector.md)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dynamap.backends.program.lowering.geometry import BlockShape
from dynamap.backends.program.specification import Command, Op
from dynamap.backends.vitis_rtl.vector.operations import Load, Operation
from dynamap.backends.vitis_rtl.vector.shape import VectorUnitShape

Pair = tuple[int, int]
"""Of rows and of columns."""

MOST_SWEPT = 3
"""Rows and columns of a window whose pixels come once each: ``Others`` of ``pool_pkg.sv``, and a pixel's own."""

MOST_BETWEEN = 4
"""Their strides: ``few_t`` of ``vector_pkg.sv`` counts so many."""

LEAST_PIXELS = 3
"""Of a row of pixels: one that is kept is read two cycles before it is written again."""


@dataclass(frozen=True)
class Walk:
    """``rows``: of each block. ``before``: rows and columns before the first ones that end windows, ``between``: from
    one of these to the next, less one. ``sweeps``: it goes through pixels, else through positions.
    """

    rows: tuple[int, ...]
    columns: int
    taps: Pair = (1, 1)
    before: Pair = (0, 0)
    between: Pair = (0, 0)
    sweeps: bool = False

    def slots(self, index: int) -> int:
        """Of a chunk of a block, behind its loads."""
        return self.rows[index] * self.columns * self.taps[0] * self.taps[1]

    @property
    def all_slots(self) -> int:
        """Of a chunk of all blocks."""
        return sum(map(self.slots, range(len(self.rows))))


def walk_of(
    shape: VectorUnitShape, command: Command, operation: Operation, blocks: Sequence[BlockShape], taps: Pair
) -> Walk:
    """The walk of fewer slots: ``taps`` of each position, or the pixels under windows where it may sweep."""
    positions = Walk(tuple(block.rows for block in blocks), command.out_width, taps)
    if not _may_sweep(command, operation):
        return positions
    swept = _sweep(command, blocks)
    fits = LEAST_PIXELS <= swept.columns <= shape.pool_depth
    return swept if fits and swept.all_slots < positions.all_slots else positions


def _may_sweep(command: Command, operation: Operation) -> bool:
    if command.op not in (Op.MAX_POOL, Op.AVERAGE_POOL) or operation.load is not Load.CONSTANT:
        return False
    kernel = command.kernel_rows, command.kernel_columns
    dilation = command.dilation_rows, command.dilation_columns
    near = all(size == 1 or step == 1 for size, step in zip(kernel, dilation, strict=True))
    return near and max(kernel) <= MOST_SWEPT and max(command.stride_rows, command.stride_columns) <= MOST_BETWEEN


def _sweep(command: Command, blocks: Sequence[BlockShape]) -> Walk:
    """All rows under the windows of a block, pads too; of each the columns from the image's first one on."""
    stride_rows, stride_columns = command.stride_rows, command.stride_columns
    columns_before = command.kernel_columns - 1 - command.pad_left
    return Walk(
        rows=tuple((block.rows - 1) * stride_rows + command.kernel_rows for block in blocks),
        columns=(command.out_width - 1) * stride_columns + columns_before + 1,
        before=(command.kernel_rows - 1, columns_before),
        between=(stride_rows - 1, stride_columns - 1),
        sweeps=True,
    )
