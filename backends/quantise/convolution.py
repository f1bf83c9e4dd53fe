"""Direct convolution in NumPy, for float32 values and, exactly, for int8 ones.

Integers are multiplied by the BLAS in floating point: float32 holds every sum below 2^24 exactly,
float64 every sum below 2^53, whatever the order of additions.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from dynamap.backends.arithmetic.integers import Int8Array, Int64Array
from dynamap.cost.geometry import Window

Floats = npt.NDArray[np.floating]
Array = npt.NDArray[Any]

CHUNK_BYTES = 32 * 2**20
"""Patches are gathered for as many output rows at a time as fit here."""


def pad(values: Array, window: Window, rows: int, columns: int, fill: float) -> Array:
    """C x H x W with the window's pads, and as much overhang as ``rows`` x ``columns`` windows reach."""
    channels, height, width = values.shape
    need_rows = (rows - 1) * window.stride[0] + window.extent[0]
    need_columns = (columns - 1) * window.stride[1] + window.extent[1]
    top, left = window.pads[0], window.pads[1]
    if (top, left) == (0, 0) and need_rows <= height and need_columns <= width:
        return values
    shape = (channels, max(need_rows, top + height), max(need_columns, left + width))
    padded = np.full(shape, fill, dtype=values.dtype)
    padded[:, top : top + height, left : left + width] = values
    return padded


def windows(values: Array, window: Window, rows: int, columns: int, fill: float) -> Array:
    """A read-only view C x K1 x K2 x rows x columns of the padded data: what each output sees at each tap."""
    padded = pad(values, window, rows, columns, fill)
    plane, line, item = padded.strides
    (s1, s2), (d1, d2) = window.stride, window.dilation
    shape = (padded.shape[0], *window.kernel, rows, columns)
    strides = (plane, line * d1, item * d2, line * s1, item * s2)
    return np.lib.stride_tricks.as_strided(padded, shape, strides, writeable=False)


def convolve(
    values: Floats,
    weights_oihw: Array,
    window: Window,
    groups: int,
    rows: int,
    columns: int,
    fill: float = 0.0,
) -> Floats:
    """O x rows x columns, without bias, in the type of ``values``; weights are converted blockwise."""
    outputs = weights_oihw.shape[0]
    patches = windows(values, window, rows, columns, fill)
    if weights_oihw.shape[1] == 1 and groups > 1:
        return _depthwise(patches, weights_oihw, outputs // groups)
    per_group = outputs // groups
    inputs = weights_oihw.shape[1]
    matrix = weights_oihw.reshape(groups, per_group, -1)
    result = np.empty((outputs, rows, columns), dtype=values.dtype)
    value_bytes = matrix.shape[2] * values.itemsize
    step = max(1, min(rows, CHUNK_BYTES // (value_bytes * columns)))
    block = max(1, min(per_group, CHUNK_BYTES // value_bytes))
    for group in range(groups):
        own = patches[group * inputs : (group + 1) * inputs]
        target = result[group * per_group : (group + 1) * per_group]
        for row in range(0, rows, step):
            gathered = own[:, :, :, row : row + step].reshape(matrix.shape[2], -1)
            for first in range(0, per_group, block):
                some = matrix[group, first : first + block].astype(values.dtype, copy=False)
                part = (some @ gathered).reshape(len(some), -1, columns)
                target[first : first + block, row : row + step] = part
    return result


def reduce_windows(values: Array, window: Window, rows: int, columns: int, fill: float, operation: np.ufunc) -> Array:
    """The windows' sums (np.add) or maxima (np.maximum), C x rows x columns, in the type of ``values``."""
    view = windows(values, window, rows, columns, fill)
    result = view[:, 0, 0].copy()
    for k1 in range(view.shape[1]):
        for k2 in range(view.shape[2]):
            if k1 or k2:
                operation(result, view[:, k1, k2], out=result)
    return result


def _depthwise(patches: Array, weights_oihw: Array, multiplier: int) -> Floats:
    """One input channel per output channel: tap by tap."""
    result = np.zeros((weights_oihw.shape[0], *patches.shape[3:]), dtype=patches.dtype)
    for k1 in range(patches.shape[1]):
        for k2 in range(patches.shape[2]):
            tap = patches[:, k1, k2] if multiplier == 1 else np.repeat(patches[:, k1, k2], multiplier, axis=0)
            result += tap * weights_oihw[:, 0, k1, k2].reshape(-1, 1, 1).astype(patches.dtype, copy=False)
    return result


def absolute_sums(weights_oihw: Int8Array) -> Int64Array:
    """The sum of the absolute weights of each output channel."""
    sums: Int64Array = np.abs(weights_oihw, dtype=np.int16).sum(axis=(1, 2, 3), dtype=np.int64)
    return sums


def convolve_integers(
    values: Int8Array,
    weights_oihw: Int8Array,
    window: Window,
    groups: int,
    rows: int,
    columns: int,
    fill: int,
) -> Int64Array:
    """The exact sums O x rows x columns of int8 data and weights; pads hold ``fill``."""
    largest = 128 * int(absolute_sums(weights_oihw).max())
    assert largest < 2**53
    kind = np.float32 if largest < 2**24 else np.float64
    sums = convolve(values.astype(kind), weights_oihw, window, groups, rows, columns, fill)
    return sums.astype(np.int64)
