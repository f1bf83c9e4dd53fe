"""Weights and biases of convolutions in integers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dynamap.backends.arithmetic.integers import Int8Array, Int32Array
from dynamap.backends.quantise.convolution import absolute_sums
from dynamap.cost.errors import InputError
from dynamap.cost.overlay.limits import CENTRED, SUM_BITS
from dynamap.planner.network.network import Conv

BIAS_BITS = 30
"""Channels whose bias would need more get a coarser weight scale."""

ALONE = 64
"""The integer of a weight that is alone in its channel."""

LARGEST, LEAST_LARGEST = 127, 96
"""Between these is the integer of a channel's largest weight."""

MOST_WEIGHTS = 512
"""Of a channel whose scale is searched: of more, no scale is better than that of 127 by a fiftieth."""

CHANNELS_AT_ONCE = 1024


@dataclass(frozen=True, eq=False)
class IntegerWeights:
    """int8 weights OIHW with one float32 scale per output channel, int32 bias of scale input x weight."""

    values_oihw: Int8Array
    scales: npt.NDArray[np.float64]
    bias: Int32Array


@np.errstate(over="ignore")  # scales beyond float32 are refused
def integer_weights(
    layer: Conv, input_scale: float, output_scales: npt.NDArray[np.float64], input_zero_point: int
) -> IntegerWeights:
    """The model's own integer weights, or the float ones quantised symmetrically per output channel.

    The scale of a channel is the largest of: that of its weights (`_scales_of_weights`); the least that lets the bias
    fit 30 bits; its output scale / input scale / 2^40, which matters for channels of (almost) only zeros.
    Whoever chose it, it is doubled until the channel's integers fit their widths (see `_too_wide`).

    Raises:
        InputError: weights or bias are too large for any float32 scale.
    """
    bias = layer.bias.astype(np.float64)
    known = layer.weight_quantisation
    if known is not None:
        scales = np.asarray(known.scales, dtype=np.float32).astype(np.float64)
        values = np.asarray(known.values_oihw, dtype=np.int8)
    else:
        weights = layer.weights
        for_bias = np.abs(bias) / (input_scale * 2.0**BIAS_BITS)
        least = np.maximum(output_scales / input_scale * 2.0**-40, float(np.finfo(np.float32).tiny))
        scales = np.maximum(np.maximum(_scales_of_weights(weights), for_bias), least).astype(np.float32)
        _require_finite(layer, scales)
        values = np.empty(weights.shape, dtype=np.int8)
        for channel, scale in enumerate(scales):
            values[channel] = _rounded(weights[channel], scale)
        scales = scales.astype(np.float64)
    scales = np.array(np.broadcast_to(scales, bias.shape))
    wide = np.flatnonzero(_too_wide(values, bias / (scales * input_scale), input_zero_point))
    if len(wide):
        values = values.copy()
    for channel in wide.tolist():
        some = slice(channel, channel + 1)
        while _too_wide(values[some], bias[some] / (scales[some] * input_scale), input_zero_point).any():
            scales[channel] *= 2
            _require_finite(layer, scales.astype(np.float32))
            values[channel] = _rounded(layer.weights[channel], scales[channel])
    _require_finite(layer, (scales * input_scale).astype(np.float32))
    return IntegerWeights(values, scales, np.rint(bias / (scales * input_scale)).astype(np.int32))


def _scales_of_weights(weights_oihw: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Per channel, largest absolute weight / n, of the n from 127 down to 96 whose roundings' squares add up to least.

    None cuts a weight off. A weight alone has n = 64: any integer gives it exactly, and a power of two lets a copy
    round just as the model does.
    """
    largest = np.maximum(weights_oihw.max(axis=(1, 2, 3)), -weights_oihw.min(axis=(1, 2, 3))).astype(np.float64)
    size = weights_oihw[0].size
    if size == 1:
        alone: npt.NDArray[np.float64] = largest / ALONE
        return alone
    integers = np.full(len(largest), LARGEST)
    if size <= MOST_WEIGHTS:
        rows = weights_oihw.reshape(len(largest), size)
        used = np.flatnonzero(largest)
        for first in range(0, len(used), CHANNELS_AT_ONCE):
            some = used[first : first + CHANNELS_AT_ONCE]
            integers[some] = _best_integers(rows[some] / largest[some, None])
    scales: npt.NDArray[np.float64] = largest / integers
    return scales


def _best_integers(parts: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Of each row, whose largest magnitude is 1."""
    tried = np.arange(LARGEST, LEAST_LARGEST - 1, -1)
    errors = [np.square(np.rint(parts * integer) / integer - parts).sum(axis=1) for integer in tried.tolist()]
    best: npt.NDArray[np.int64] = tried[np.argmin(errors, axis=0)]
    return best


def _rounded(weights: npt.NDArray[np.float32], scale: float) -> Int8Array:
    rounded: Int8Array = np.clip(np.rint(weights / scale), -LARGEST, LARGEST).astype(np.int8)
    return rounded


def _too_wide(values_oihw: Int8Array, bias: npt.NDArray[np.float64], zero_point: int) -> npt.NDArray[np.bool_]:
    """Per channel, whether some data could overflow the 36-bit sums, or the bias with the zero point its 32 bits.

    Data are at most 255 in magnitude, even less their zero point, as kn2row takes them.
    """
    sums = values_oihw.sum(axis=(1, 2, 3), dtype=np.int64)
    folded = np.abs(bias - zero_point * sums.astype(np.float64)) + 1
    bound = CENTRED * absolute_sums(values_oihw) + np.maximum(np.abs(bias), folded)
    wide: npt.NDArray[np.bool_] = (np.maximum(folded, np.abs(bias) + 1) >= 2.0**31) | (bound >= 2.0 ** (SUM_BITS - 1))
    return wide


def _require_finite(layer: Conv, scales: npt.NDArray[np.floating]) -> None:
    if not np.isfinite(scales).all():
        raise InputError(
            f"layer {layer.name!r}: its weights or its bias are too large for a scale in float32; "
            "train or export the model again"
        )
