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
from dynamap.planner.network import Quantisation

Int8Array = npt.NDArray[np.int8]
Int32Array = npt.NDArray[np.int32]
Int64Array = npt.NDArray[np.int64]
FloatingArray = npt.NDArray[np.floating]

LOWEST, HIGHEST = -128, 127
"""The range of an activation. Weights keep to -127..127."""

MULTIPLIER_BITS = 17
"""Bits of an unsigned multiplier: its first bit is set, so a ratio is right to 2^-17 of its value."""

MAX_SHIFT = 62
"""Largest shift: the smallest ratio is 2^-46, and a product of 57 bits shifts right in 64-bit integers."""

SUM_BITS = 36
"""Signed bits of an accumulator of int8 products, bias included."""

WINOGRAD_SUM_BITS = 40
"""Signed bits of an accumulator of Winograd products, and of every operand of `requantise`."""

LRN_BITS = 25
"""Bits of the largest entry of an LRN table; the 9-bit data times an entry fits one 27 x 18 multiplier."""

LRN_DIRECT = 64
LRN_STEPS = 32
LRN_SUM_BITS = 23
"""Sums of squares of an LRN stay below 2^23: entries 0..63 are direct, then 32 per power of two."""


class Ratio(NamedTuple):
    """multiplier / 2^shift."""

    multiplier: int
    shift: int

    @property
    def value(self) -> float:
        return math.ldexp(self.multiplier, -self.shift)


def encode_ratio(value: float, label: str) -> Ratio:
    """The nearest ratio to ``value``, with 2^16 <= multiplier < 2^17 and 0 <= shift <= 62.

    A value below 2^-46 becomes 2^-46: a 40-bit operand times either rounds to zero.

    >>> encode_ratio(0.75, "example")
    Ratio(multiplier=98304, shift=17)

    Raises:
        InputError: the value is not a positive number below 2^17; the message starts with ``label``.
    """
    if not (math.isfinite(value) and value > 0):
        raise InputError(
            f"{label}: a ratio of scales is {value}; every scale must be a positive finite number"
        )
    mantissa, exponent = math.frexp(value)
    multiplier, shift = round(math.ldexp(mantissa, MULTIPLIER_BITS)), MULTIPLIER_BITS - exponent
    if multiplier == 2**MULTIPLIER_BITS:
        multiplier, shift = multiplier // 2, shift - 1
    if shift < 0:
        raise InputError(
            f"{label}: the input scales are {value:.3g} times the output scale, more than 2^17, "
            "so every output would saturate; calibrate with data that are typical of the network's input"
        )
    if shift > MAX_SHIFT:
        return Ratio(2 ** (MULTIPLIER_BITS - 1), MAX_SHIFT)
    return Ratio(multiplier, shift)


def encode_common(values: list[float], label: str) -> tuple[tuple[int, ...], int]:
    """Multipliers of several positive values over one shift: the largest value gets 17 bits.

    >>> encode_common([1.0, 0.25], "example")
    ((65536, 16384), 16)

    Raises:
        InputError: as `encode_ratio`.
    """
    for value in values:
        encode_ratio(value, label)
    shift = encode_ratio(max(values), label).shift
    multipliers = tuple(min(round(math.ldexp(value, shift)), 2**MULTIPLIER_BITS - 1) for value in values)
    return multipliers, shift


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
    """Replace each value v of C x H x W by entry v + 128 of its row of ``table``: 1 x 256, or C x 256."""
    index = values.astype(np.int16) + 128
    if table.shape[0] == 1:
        result: Int8Array = table[0][index]
        return result
    rows = np.arange(table.shape[0]).reshape(-1, 1, 1)
    rows_looked_up: Int8Array = table[rows, index]
    return rows_looked_up


def scaled_sum(
    tensors: list[Int8Array], zero_points: tuple[int, ...], multipliers: tuple[int, ...], shift: int
) -> Int64Array:
    """round(sum_i (q_i - zero_point_i) * multiplier_i / 2^shift): an addition before zero point and clamp.

    A term has 26 signed bits; up to 2^13 tensors fit 40 bits.
    """
    terms = zip(tensors, zero_points, multipliers, strict=True)
    total = np.zeros(tensors[0].shape, dtype=np.int64)
    for tensor, zero, multiplier in terms:
        total += (tensor.astype(np.int64) - zero) * multiplier
    return round_shift(total, shift)


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
    """The sums of squares at which an LRN table has its entries, in order, the last one 2^23."""
    direct = np.arange(LRN_DIRECT, dtype=np.int64)
    first = LRN_DIRECT.bit_length() - 1
    steps = np.arange(LRN_STEPS, 2 * LRN_STEPS, dtype=np.int64)
    octaves = [steps << (exponent - 5) for exponent in range(first, LRN_SUM_BITS)]
    return np.concatenate([direct, *octaves, [np.int64(1 << LRN_SUM_BITS)]])


def lrn_factor(sums: Int64Array, table: Int64Array) -> Int64Array:
    """Interpolate ``table`` (an entry per breakpoint) at sums of squares below 2^23.

    Below 64 the entry itself. Else, with e the position of the first bit and f = e - 5 fraction bits:
    k = 64 + 32 (e - 6) + (sum >> f) - 32, and table[k] + ((table[k + 1] - table[k]) * fraction >> f).
    """
    exponent = np.frexp(sums.astype(np.float64))[1].astype(np.int64) - 1
    fraction_bits = np.maximum(exponent - 5, 1)
    curved = LRN_DIRECT + LRN_STEPS * (exponent - 6) + (sums >> fraction_bits) - LRN_STEPS
    index = np.where(sums < LRN_DIRECT, sums, curved)
    fraction = np.where(sums < LRN_DIRECT, 0, sums & ((np.int64(1) << fraction_bits) - 1))
    step = table[index + 1] - table[index]
    factor: Int64Array = table[index] + ((step * fraction) >> fraction_bits)
    return factor


def quantise_values(values: FloatingArray, quantisation: Quantisation) -> Int8Array:
    """What the host does to an input: clamp(zero_point + round(values / scale)), in float32 as ONNX."""
    scaled = np.rint(values.astype(np.float32) / np.float32(quantisation.scale))
    quantised: Int8Array = np.clip(scaled + quantisation.zero_point, LOWEST, HIGHEST).astype(np.int8)
    return quantised


def dequantise_values(values: Int8Array, quantisation: Quantisation) -> npt.NDArray[np.float32]:
    """scale * (values - zero_point), in float32 as ONNX."""
    centred = values.astype(np.int32) - quantisation.zero_point
    return centred.astype(np.float32) * np.float32(quantisation.scale)
