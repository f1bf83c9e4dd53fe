"""Weights and biases of convolutions in integers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dynamap.backends.arithmetic.integers import Int8Array, Int32Array
from dynamap.backends.quantise.convolution import absolute_sums
from dynamap.cost.errors import InputError
from dynamap.cost.overlay.limits import SUM_BITS
from dynamap.planner.network.network import Conv

BIAS_BITS = 30
"""Channels whose bias would need more get a coarser weight scale."""


@dataclass(frozen=True, eq=False)
class IntegerWeights:
    """int8 weights OIHW with one float32 scale per output channel, int32 bias of scale input x weight."""

    values_oihw: Int8Array
    scales: npt.NDArray[np.float64]
    bias: Int32Array


def integer_weights(layer: Conv, input_scale: float, output_scale: float) -> IntegerWeights:
    """The model's own integer weights, or the float ones quantised symmetrically per output channel.

    The scale of a channel is the largest of: largest absolute weight / 127; the least that lets the bias
    fit 30 bits; output scale / input scale / 2^40, which matters for channels of (almost) only zeros.

    Raises:
        InputError: a bias of the model does not fit int32 in units of its scales.
    """
    bias = layer.bias.astype(np.float64)
    known = layer.weight_quantisation
    if known is not None:
        scales = np.asarray(known.scales, dtype=np.float32).astype(np.float64)
        values = np.asarray(known.values_oihw, dtype=np.int8)
    else:
        weights = layer.weights
        largest = np.maximum(weights.max(axis=(1, 2, 3)), -weights.min(axis=(1, 2, 3))).astype(np.float64) / 127
        for_bias = np.abs(bias) / (input_scale * 2.0**BIAS_BITS)
        least = max(output_scale / input_scale * 2.0**-40, float(np.finfo(np.float32).tiny))
        scales = np.maximum(np.maximum(largest, for_bias), least).astype(np.float32)
        values = np.empty(weights.shape, dtype=np.int8)
        for channel, scale in enumerate(scales):
            values[channel] = np.clip(np.rint(weights[channel] / scale), -127, 127)
        scales = scales.astype(np.float64)
    if scales.size == 1:
        scales = np.broadcast_to(scales, bias.shape)
    if not (np.isfinite(scales).all() and (scales > 0).all()):
        raise InputError(f"layer {layer.name!r}: a weight scale is not a positive finite number")
    integer_bias = np.rint(bias / (scales * input_scale))
    worst = int(np.abs(integer_bias).argmax())
    if abs(integer_bias[worst]) >= 2**31:
        raise InputError(
            f"layer {layer.name!r}: the bias of channel {worst} is {bias[worst]:.4g}, which is "
            f"{integer_bias[worst]:.4g} steps of input scale times weight scale and does not fit int32; "
            "quantise the model with larger weight scales for this layer"
        )
    return IntegerWeights(values, scales, integer_bias.astype(np.int32))


def check_sums(layer: str, values_oihw: Int8Array, bias: Int32Array, input_zero_point: int) -> None:
    """Prove that no data overflow the 36-bit sums, nor the bias with the zero point folded in its 32 bits.

    The bound is 128 times the sum of a channel's absolute weights, plus the bias.

    Raises:
        InputError: they could; the message names the layer.
    """
    folded = bias - input_zero_point * values_oihw.sum(axis=(1, 2, 3), dtype=np.int64)
    bound = 128 * absolute_sums(values_oihw) + np.abs(folded)
    products = values_oihw[0].size
    if np.abs(folded).max() >= 2**31:
        raise InputError(
            f"layer {layer!r}: its bias and zero point need more than 32 bits "
            f"({int(np.abs(folded).max())}); it sums {products} products, which is too many: split it"
        )
    if bound.max() >= 2 ** (SUM_BITS - 1):
        raise InputError(
            f"layer {layer!r}: its sums could reach {int(bound.max())}, more than {SUM_BITS} bits hold; "
            f"the layer sums {products} products, which is too many: split it"
        )
