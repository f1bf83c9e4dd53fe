"""What the windows of a pooling layer cover: for averages over borders, overhang and declared pads."""

from __future__ import annotations

from dynamap.cost.geometry import TensorShape, Window


def axis_counts(window: Window, axis: int, size: int, count: int, include_pads: bool) -> tuple[int, ...]:
    """Taps that count in the average, for each of ``count`` windows along ``axis`` (0 rows, 1 columns).

    Taps inside the input count; with ``include_pads`` those on declared pads too; overhang never does.

    >>> axis_counts(Window((3, 3), (2, 2)), 0, 6, 3, False)  # taps 0 1 2, 2 3 4, 4 5 and one beyond
    (3, 3, 2)
    """
    before, after = window.pads[axis], window.pads[axis + 2]
    low, high = (-before, size + after) if include_pads else (0, size)
    counts = []
    for index in range(count):
        start = index * window.stride[axis] - before
        taps = range(start, start + window.extent[axis], window.dilation[axis])
        counts.append(sum(low <= tap < high for tap in taps))
    return tuple(counts)


def divisors(
    window: Window, source: TensorShape, target: TensorShape, include_pads: bool
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Row and column counts of every output position; their product is the divisor of its average."""
    rows = axis_counts(window, 0, source.height, target.height, include_pads)
    columns = axis_counts(window, 1, source.width, target.width, include_pads)
    return rows, columns
