"""The integer arithmetic of the overlay, one function per operation, as docs/arithmetic.md defines it.

Every function is exact: the same integers on any machine. Tensors are int8 arrays of shape
C x H x W; sums and products are int64 here, and each docstring says how many bits hardware needs.
A *ratio* is a positive real number written as ``multiplier / 2^shift`` with a 17-bit multiplier.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from dynamap.cost.errors import InputError
from dynamap.cost.overlay.limits import LRN_OCTAVES, MULTIPLIER_BITS
from dynamap.planner.network.network import Quantisation

Int8Array = npt.NDArray[np.int8]
Int32Array = npt.NDArray[np.int32]
Int64Array = npt.NDArray[np.int64]
FloatingArray = npt.NDArray[np.floating]

LOWEST, HIGHEST = -128, 127
"""The range of an activation. Weights keep to -127..127."""

MAX_SHIFT = 62
"""Largest shift: the smallest ratio is 2^-46, and a product of 57 bits shifts right in 64-bit integers."""

LRN_BITS = 25
"""Bits of the largest entry of an octave of an LRN table: 9-bit data times an entry fit a 27 x 18 multiplier."""

LRN_STEPS = 32
"""A table of an LRN has 32 steps from each power of two to the next."""


class Ratio(NamedTuple):
    """multiplier / 2^shift."""

    multiplier: int
    shift: int

    @property
    def value(self) -> float:
        return math.ldexp(self.multiplier, -self.shift)


def encode_ratio(value: float, label: str, bits: int = MULTIPLIER_BITS) -> Ratio:
    """The nearest ratio to ``value``, with 2^(bits - 1) <= multiplier < 2^bits and 0 <= shift <= 62.

    With 17 bits, a value below 2^-46 becomes 2^-46: a 40-bit operand times either rounds to zero. A value of 2^bits
    or more becomes 2^bits - 1: from 8 bits on, an integer times either is zero or saturates.

    >>> encode_ratio(0.75, "example")
    Ratio(multiplier=98304, shift=17)

    Raises:
        InputError: the value is not a positive finite number; the message starts with ``label``.
    """
    if not (math.isfinite(value) and value > 0):
        raise InputError(f"{label}: a ratio of scales is {value}; every scale must be a positive finite number")
    mantissa, exponent = math.frexp(value)
    multiplier, shift = round(math.ldexp(mantissa, bits)), bits - exponent
    if multiplier == 2**bits:
        multiplier, shift = multiplier // 2, shift - 1
    if shift < 0:
        return Ratio(2**bits - 1, 0)
    if shift > MAX_SHIFT:
        return Ratio(2 ** (bits - 1), MAX_SHIFT)
    return Ratio(multiplier, shift)


def encode_common(values: list[float], label: str) -> tuple[tuple[int, ...], int]:
    """Multipliers of several positive values over one shift: the largest value gets 17 bits.

    Where a value is 2^17 or more, all become smaller in proportion, until the largest is 2^17 - 1: sums of integers
    times either are zero, or saturate, but where terms of different values nearly cancel.

    >>> encode_common([1.0, 0.25], "example")
    ((65536, 16384), 16)

    Raises:
        InputError: a value is not a positive finite number; the message starts with ``label``.
    """
    for value in values:
        encode_ratio(value, label)
    most = 2**MULTIPLIER_BITS - 1
    factor = min(1.0, most / max(values))
    shift = encode_ratio(max(values) * factor, label).shift
    return tuple(min(round(math.ldexp(value * factor, shift)), most) for value in values), shift


def round_shift(values: Int64Array, shift: int | npt.NDArray[np.integer]) -> Int64Array:
    """``values / 2^shift`` rounded to the nearest integer, halves to the even one.

    Shifts are 0..62, one or one per element (broadcast).

    >>> round_shift(np.array([5, 6, 7, -6]), 2).tolist()  # 1.25 1.5 1.75 -1.5
    [1, 2, 2, -2]
    """
    shifts = np.asarray(shift, dtype=np.int64)
    floor = values >> shifts
    remainder = values & ((np.int64(1) << shifts) - 1)
    half = (np.int64(1) << shifts) >> 1
    up = (remainder > half) | ((remainder == half) & (floor & 1 == 1))
    rounded: Int64Array = floor + (up & (shifts > 0))
    return rounded


def saturate(values: Int64Array, low: int = LOWEST, high: int = HIGHEST) -> Int8Array:
    """Clamp to ``low..high``, a part of the int8 range."""
    return np.clip(values, low, high).astype(np.int8)


def requantise(
    sums: Int64Array,
    multipliers: npt.NDArray[np.integer] | int,
    shifts: npt.NDArray[np.integer] | int,
    zero_point: int,
    low: int = LOWEST,
    high: int = HIGHEST,
    *,
    negative: tuple[npt.NDArray[np.integer], npt.NDArray[np.integer]] | None = None,
) -> Int8Array:
    """clamp(zero_point + round(sums * multiplier / 2^shift), low, high): the only rounding of a layer.

    ``sums`` have their channels on axis 0 and at most 40 signed bits; ``multipliers`` and ``shifts``
    are one for all channels or one per channel. ``negative``: the multipliers and shifts for sums
    below zero, where a leaky activation follows; these multipliers may be zero or negative.

    >>> requantise(np.array([[3], [-3]]), 2**16, 17, 10).ravel().tolist()  # 10 + 1.5, 10 - 1.5
    [12, 8]
    """
    sums = np.asarray(sums, dtype=np.int64)
    multiplier = per_channel(multipliers, sums.ndim)
    shift = per_channel(shifts, sums.ndim)
    if negative is not None:
        below = sums < 0
        multiplier = np.where(below, per_channel(negative[0], sums.ndim), multiplier)
        shift = np.where(below, per_channel(negative[1], sums.ndim), shift)
    return saturate(round_shift(sums * multiplier, shift) + zero_point, low, high)


def per_channel(values: npt.NDArray[np.integer] | int, dimensions: int) -> Int64Array:
    """One value, or one per channel, as int64 that broadcasts over axis 0 of ``dimensions`` axes."""
    array = np.asarray(values, dtype=np.int64)
    return array.reshape(-1, *[1] * (dimensions - 1)) if array.ndim else array


def look_up(values: Int8Array, table: Int8Array) -> Int8Array:
    """Replace each value v by entry v + 128 of ``table``, which has 256."""
    result: Int8Array = table[values.astype(np.int16) + 128]
    return result


def bend(products: Int64Array, positive: int, negatives: npt.NDArray[np.integer]) -> Int64Array:
    """A leaky slope: values >= 0 times ``positive``, others times ``negatives`` (one, or one per channel).

    ``products`` have at most 40 signed bits and are still to be shifted; the multipliers have 18 signed bits.
    """
    return np.where(products < 0, products * per_channel(negatives, products.ndim), products * positive)


def scaled_sum(tensors: list[Int8Array], zero_points: tuple[int, ...], multipliers: tuple[int, ...]) -> Int64Array:
    """sum_i (q_i - zero_point_i) * multiplier_i: an addition before its shift.

    A term has 26 signed bits; up to 2^13 tensors fit 40 bits.
    """
    terms = zip(tensors, zero_points, multipliers, strict=True)
    total = np.zeros(tensors[0].shape, dtype=np.int64)
    for tensor, zero, multiplier in terms:
        total += (tensor.astype(np.int64) - zero) * multiplier
    return total


def centred_product(first: Int8Array, second: Int8Array, first_zero: int, second_zero: int) -> Int64Array:
    """(a - za)(b - zb), 17 bits and sign; ``second`` may be C x 1 x 1."""
    product: Int64Array = (first.astype(np.int64) - first_zero) * (second.astype(np.int64) - second_zero)
    return product


def window_sums(squares: npt.NDArray[Any], size: int) -> npt.NDArray[Any]:
    """Sums over ``size`` neighbouring channels: (size - 1) // 2 before and size // 2 after, as ONNX LRN."""
    channels = squares.shape[0]
    before, after = (size - 1) // 2, size // 2
    running = np.concatenate([np.zeros_like(squares[:1]), np.cumsum(squares, axis=0)])
    first = np.maximum(np.arange(channels) - before, 0)
    last = np.minimum(np.arange(channels) + after + 1, channels)
    sums: npt.NDArray[Any] = running[last] - running[first]
    return sums


def lrn_breakpoints() -> Int64Array:
    """Octaves x 33: the sums of squares at which an LRN table has its entries, times 32.

    Entry i of octave e stands for the sum 2^e (32 + i) / 32, entry 32 for the first of the next octave.
    """
    steps = np.arange(LRN_STEPS, 2 * LRN_STEPS + 1, dtype=np.int64)
    return steps << np.arange(LRN_OCTAVES, dtype=np.int64).reshape(-1, 1)


def lrn_factor(sums: Int64Array, table: Int64Array, shifts: Int32Array) -> tuple[Int64Array, Int64Array]:
    """Factors and their shifts at sums of squares 1 .. 2^29 - 1, interpolated in ``table``, octaves x 33.

    With e the position of the first bit of the sum and s = 32 sum: i = (s >> e) - 32, the fraction is the
    low e bits of s, and the factor is table[e, i] + ((table[e, i + 1] - table[e, i]) * fraction >> e)
    over 2^shifts[e]. The sum 0 is read as 1: what it multiplies is zero.
    """
    positive = np.maximum(sums, 1)
    octave = np.frexp(positive.astype(np.float64))[1].astype(np.int64) - 1
    scaled = positive * LRN_STEPS
    index = (scaled >> octave) - LRN_STEPS
    fraction = scaled & ((np.int64(1) << octave) - 1)
    first = table[octave, index]
    factor = first + (((table[octave, index + 1] - first) * fraction) >> octave)
    return factor, shifts.astype(np.int64)[octave]


def quantise_values(values: FloatingArray, quantisation: Quantisation) -> Int8Array:
    """What the host does to an input: clamp(zero_point + round(values / scale)), in float32 as ONNX."""
    with np.errstate(over="ignore"):  # infinite is clamped, too
        scaled = np.rint(values.astype(np.float32) / np.float32(quantisation.scale))
    quantised: Int8Array = np.clip(scaled + quantisation.zero_point, LOWEST, HIGHEST).astype(np.int8)
    return quantised


def dequantise_values(values: Int8Array, quantisation: Quantisation) -> npt.NDArray[np.float32]:
    """scale * (values - zero_point), in float32 as ONNX."""
    centred = values.astype(np.int32) - quantisation.zero_point
    with np.errstate(over="ignore"):  # beyond float32 is infinite, as there
        return centred.astype(np.float32) * np.float32(quantisation.scale)
