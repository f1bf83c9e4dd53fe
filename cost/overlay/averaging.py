"""What the windows of a pooling layer cover: for averages over borders, overhang and declared pads."""

from __future__ import annotations

from itertools import groupby

from dynamap.cost.geometry import TensorShape, Window, ceil_div
from dynamap.cost.overlay.machine import BEAT_BYTES, round_up


def axis_counts(window: Window, axis: int, size: int, count: int, include_pads: bool) -> tuple[int, ...]:
    """Taps that count in the average, for each of ``count`` windows along ``axis`` (0 rows, 1 columns).

    Taps inside the input count; with ``include_pads`` those on declared pads too; overhang never does.

    >>> axis_counts(Window((3, 3), (2, 2)), 0, 6, 3, False)  # taps 0 1 2, 2 3 4, 4 5 and one beyond
    (3, 3, 2)
    """
    before, after = window.pads[axis], window.pads[axis + 2]
    low, high = (-before, size + after) if include_pads else (0, size)
    step, taps = window.dilation[axis], window.kernel[axis]
    counts = []
    for index in range(count):
        start = index * window.stride[axis] - before
        first, end = ceil_div(low - start, step), ceil_div(high - start, step)  # taps that are not before, and beyond
        counts.append(max(0, min(end, taps) - max(first, 0)))
    return tuple(counts)


def divisors(
    window: Window, source: TensorShape, target: TensorShape, include_pads: bool
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Row and column counts of every output position; their product is the divisor of its average."""
    rows = axis_counts(window, 0, source.height, target.height, include_pads)
    columns = axis_counts(window, 1, source.width, target.width, include_pads)
    return rows, columns


def classes_of(counts: tuple[int, ...]) -> int:
    """Different numbers of taps: the classes of rows, or of columns, to which a table of divisors has entries."""
    return len(set(counts))


def multiplier_bytes(rows: tuple[int, ...], columns: tuple[int, ...]) -> int:
    """Bytes of the multipliers of all positions that a prologue reads: 4 per output column, columns in fours.

    Once for the longest stretch of rows that are alike; none where all windows are.

    >>> multiplier_bytes((2, 3, 3, 2), (2, 3))  # three rows of four, padded to 64
    64
    """
    if classes_of(rows) == classes_of(columns) == 1:
        return 0
    apart = len(rows) + 1 - max(sum(1 for _ in alike) for _, alike in groupby(rows))
    return round_up(apart * ceil_div(len(columns), 4) * 16, BEAT_BYTES)


def table_bytes(rows: tuple[int, ...], columns: tuple[int, ...]) -> int:
    """Bytes of the table of divisors: a class per output row and column, padding to 8, and 8 bytes per pair of classes.

    >>> table_bytes((3, 3, 2), (3, 2))  # 5 classes and 3 bytes of padding; 2 x 2 pairs
    40
    """
    return ceil_div(len(rows) + len(columns), 8) * 8 + 8 * classes_of(rows) * classes_of(columns)
