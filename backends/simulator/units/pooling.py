"""A block on the vector unit that pools: its slots, counted one by one (docs/overlay.md, section 7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from dynamap.cost.overlay.machine import BEAT_BYTES, UNIT_BYTES, Machine

SWEPT_SIDE, SWEPT_STRIDE = 3, 4
SWEPT_ROW = range(3, 513)
"""Pixels of a row that a sweep takes: two rows are kept."""

TOGETHER, ENTRY_BYTES = 4, 4
"""Of the multipliers of a row: columns are stored in fours, 4 bytes each."""


@dataclass(frozen=True)
class PoolWork:
    """The layer: output columns, channel units, and (rows, columns) of its window; ``loads`` of each chunk.

    ``pad_left``: columns before the first one that the first window covers. ``blocks``: output rows of each.
    """

    blocks: tuple[int, ...]
    out_width: int
    units: int
    kernel: tuple[int, int]
    stride: tuple[int, int]
    dilation: tuple[int, int]
    pad_left: int
    loads: int = 1


@lru_cache(maxsize=1 << 12)
def pool_cycles(machine: Machine, work: PoolWork) -> tuple[int, ...]:
    """Cycles of each block."""
    taps = [sum(work.out_width * work.kernel[0] * work.kernel[1] for _ in range(rows)) for rows in work.blocks]
    swept = [_swept(work, rows) for rows in work.blocks]
    slots = swept if _may_sweep(work) and sum(swept) < sum(taps) else taps
    chunks = len(range(0, work.units * UNIT_BYTES, machine.lanes))
    return tuple(sum(work.loads + some for _ in range(chunks)) for some in slots)


def _swept_columns(work: PoolWork) -> range:
    """From the image's first column to the last one of a row's last window."""
    last_window = range(-work.pad_left, work.out_width * work.stride[1] - work.pad_left, work.stride[1])[-1]
    return range(last_window + work.kernel[1])


def _swept(work: PoolWork, rows: int) -> int:
    """Pixels under the windows of a block, row by row."""
    last_window = range(0, rows * work.stride[0], work.stride[0])[-1]
    return sum(len(_swept_columns(work)) for _ in range(last_window + work.kernel[0]))


def _may_sweep(work: PoolWork) -> bool:
    holes = any(size > 1 and step > 1 for size, step in zip(work.kernel, work.dilation, strict=True))
    small = max(work.kernel) <= SWEPT_SIDE and max(work.stride) <= SWEPT_STRIDE
    return small and not holes and work.loads == 1 and len(_swept_columns(work)) in SWEPT_ROW


def multiplier_bytes(rows: Sequence[int], columns: Sequence[int]) -> int:
    """Bytes of the multipliers of an average's positions that the prologue reads, from the classes of rows and columns.

    A row of them for each row of windows, once for the longest stretch of rows that are alike; none where all are.
    """
    if len(set(rows)) == len(set(columns)) == 1:
        return 0
    apart = len(rows) + 1 - max(sum(1 for _ in alike) for _, alike in groupby(rows))
    return _padded(apart * _padded(len(columns) * ENTRY_BYTES, TOGETHER * ENTRY_BYTES), BEAT_BYTES)


def _padded(size: int, multiple: int) -> int:
    return len(range(0, size, multiple)) * multiple
