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

STEPS = 127
"""The largest integer of a weight."""

ALONE = 64
"""The integer of a weight that is alone in its channel."""

FEW_WEIGHTS = 64
"""Of a channel, up to which a scale by least squares is worth its search: the filters of depthwise convolutions."""

CANDIDATES = 33
NARROWEST = 0.75
"""The scales that are tried: from that of the largest weight to this part of it."""


@dataclass(frozen=True, eq=False)
class IntegerWeights:
    """int8 weights OIHW with one float32 scale per output channel, int32 bias of scale input x weight."""

    values_oihw: Int8Array
    scales: npt.NDArray[np.float64]
    bias: Int32Array


@dataclass(frozen=True)
class DataScales:
    """Of a convolution's data: the scales of its input and of what it rounds to, and its input's zero point."""

    input: float
    output: float
    zero_point: int


def integer_weights(layer: Conv, data: DataScales, means: npt.NDArray[np.float32] | None = None) -> IntegerWeights:
    """The model's own integer weights, or the float ones quantised symmetrically per output channel.

    The scale of a channel is the largest of: that of its weights (`_scales_of_weights`); the least that lets the bias
    fit 30 bits; output scale / input scale / 2^40, which matters for channels of (almost) only zeros.
    Whoever chose it, it is doubled until the channel's integers fit their widths (see `_too_wide`).

    Rounded weights shift the mean of a channel by their errors times the ``means`` of the input's channels; where
    these are known and the weights are ours, the bias takes that back (M. Nagel and others, Data-Free Quantization
    Through Weight Equalization and Bias Correction, ICCV 2019, section 4.2).

    Raises:
        InputError: weights or bias are too large for any float32 scale.
    """
    bias = layer.bias.astype(np.float64)
    known = layer.weight_quantisation
    if known is not None:
        scales = np.asarray(known.scales, dtype=np.float32).astype(np.float64)
        values = np.asarray(known.values_oihw, dtype=np.int8)
    else:
        for_bias = np.abs(bias) / (data.input * 2.0**BIAS_BITS)
        least = max(data.output / data.input * 2.0**-40, float(np.finfo(np.float32).tiny))
        with np.errstate(over="ignore"):
            scales = np.maximum(np.maximum(_scales_of_weights(layer.weights), for_bias), least).astype(np.float32)
        _require_finite(layer, scales)
        values = np.empty(layer.weights.shape, dtype=np.int8)
        for channel, scale in enumerate(scales):
            values[channel] = _rounded(layer.weights[channel], scale)
        scales = scales.astype(np.float64)
    scales = np.array(np.broadcast_to(scales, bias.shape))
    wide = np.flatnonzero(_too_wide(values, bias / (scales * data.input), data.zero_point))
    if len(wide):
        values = values.copy()
    for channel in wide.tolist():
        some = slice(channel, channel + 1)
        while _too_wide(values[some], bias[some] / (scales[some] * data.input), data.zero_point).any():
            scales[channel] *= 2
            _require_finite(layer, scales.astype(np.float32))
            values[channel] = _rounded(layer.weights[channel], scales[channel])
    if known is None and means is not None:
        corrected = bias + _shift_of_means(layer, values, scales, means)
        fits = ~_too_wide(values, corrected / (scales * data.input), data.zero_point)
        bias = np.where(fits, corrected, bias)
    return IntegerWeights(values, scales, np.rint(bias / (scales * data.input)).astype(np.int32))


def _scales_of_weights(weights_oihw: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Per channel, of few weights the scale of the least squared error, of many largest / 127.

    A weight alone has 64 steps: any integer gives it exactly, and a power of two lets a copy round just as the model
    does.
    """
    rows = weights_oihw.reshape(len(weights_oihw), -1).astype(np.float64)
    largest = np.abs(rows).max(axis=1)
    if rows.shape[1] == 1:
        return largest / ALONE
    widest = largest / STEPS
    if rows.shape[1] > FEW_WEIGHTS:
        return widest
    tried = np.where(widest > 0, widest, 1.0)[:, None, None] * np.linspace(1, NARROWEST, CANDIDATES)[None, :, None]
    errors = ((np.clip(np.rint(rows[:, None] / tried), -STEPS, STEPS) * tried - rows[:, None]) ** 2).sum(axis=2)
    return np.where(widest > 0, tried[np.arange(len(rows)), errors.argmin(axis=1), 0], widest)


def _shift_of_means(
    layer: Conv, values_oihw: Int8Array, scales: npt.NDArray[np.float64], means: npt.NDArray[np.float32]
) -> npt.NDArray[np.float64]:
    """Per output channel, what its rounded weights lack in the mean."""
    errors = (layer.weights - values_oihw * scales.reshape(-1, 1, 1, 1)).sum(axis=(2, 3))
    of_groups = means.astype(np.float64).reshape(layer.groups, -1)
    found: npt.NDArray[np.float64] = (errors * np.repeat(of_groups, len(errors) // layer.groups, axis=0)).sum(axis=1)
    return found


def _rounded(weights: npt.NDArray[np.float32], scale: float) -> Int8Array:
    rounded: Int8Array = np.clip(np.rint(weights / scale), -127, 127).astype(np.int8)
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
    if not (np.isfinite(scales).all() and (scales > 0).all()):
        raise InputError(
            f"layer {layer.name!r}: its weights or its bias are too large for a scale in float32; "
            "train or export the model again"
        )
