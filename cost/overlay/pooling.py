"""How pooling walks over a block: its positions tap by tap, or its pixels, each once (docs/overlay.md, section 7)."""

from __future__ import annotations

import numpy as np

from dynamap.cost.geometry import TensorShape, Window
from dynamap.cost.overlay.limits import POOL_PIXELS
from dynamap.cost.overlay.transfer import Bools, Ints, ceil_ratio

MOST_SWEPT = 3
"""Rows and columns of a window whose pixels may come once each."""

MOST_BETWEEN = 4
"""Their strides."""

LEAST_PIXELS = 3
"""Of a row whose pixels come once each: one that is kept is read two cycles before it is written again."""


def slots_of_chunk(window: Window, out: TensorShape, rows: Ints, some: Ints, *, by_taps: bool = False) -> Ints:
    """Slots of a chunk behind its loads, of blocks of ``some`` rows of layers in blocks of ``rows``.

    The walk is the one of fewer slots over all blocks of the layer, tap by tap where they are equal, or ``by_taps``.

    >>> around = Window((3, 3), pads=(1, 1, 1, 1))
    >>> slots_of_chunk(around, TensorShape(16, 27, 27), np.array([5, 1]), np.array([5, 1]))  # 7 x 28, 3 x 28
    array([196,  84])
    """
    taps = out.width * window.kernel[0] * window.kernel[1]
    return np.where(sweeps(window, out, rows, by_taps=by_taps), _pixels(window, out, some), some * taps)


def sweeps(window: Window, out: TensorShape, rows: Ints, *, by_taps: bool = False) -> Bools:
    """Whether layers in blocks of ``rows`` rows take each pixel once."""
    if by_taps or not _may_sweep(window, out):
        return np.zeros(np.shape(rows), bool)
    blocks = ceil_ratio(np.full_like(rows, out.height), rows)
    last = out.height - (blocks - 1) * rows
    swept = (blocks - 1) * _pixels(window, out, rows) + _pixels(window, out, last)
    fewer: Bools = swept < out.height * out.width * window.kernel[0] * window.kernel[1]
    return fewer


def _may_sweep(window: Window, out: TensorShape) -> bool:
    near = all(size == 1 or step == 1 for size, step in zip(window.kernel, window.dilation, strict=True))
    small = max(window.kernel) <= MOST_SWEPT and max(window.stride) <= MOST_BETWEEN
    return near and small and LEAST_PIXELS <= _columns(window, out) <= POOL_PIXELS


def _columns(window: Window, out: TensorShape) -> int:
    """Of a row, from the image's first one to the last window's last."""
    return (out.width - 1) * window.stride[1] + window.kernel[1] - window.pads[1]


def _pixels(window: Window, out: TensorShape, rows: Ints) -> Ints:
    """Under the windows of blocks of so many rows: rows in pads too."""
    return ((rows - 1) * window.stride[0] + window.kernel[0]) * _columns(window, out)
