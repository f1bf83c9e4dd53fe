"""The integers of each layer, from the schemes of its tensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from dynamap.backends.arithmetic.integers import Ratio, encode_common, encode_ratio
from dynamap.backends.quantise import activations
from dynamap.backends.quantise.layers import (
    ActivateArithmetic,
    AddArithmetic,
    AveragePoolArithmetic,
    ConcatArithmetic,
    ConvArithmetic,
    Finish,
    LayerArithmetic,
    Leaky,
    LrnArithmetic,
    MaxPoolArithmetic,
    MulArithmetic,
    Rescale,
    ResizeArithmetic,
    SliceArithmetic,
    SlopeArithmetic,
)
from dynamap.backends.quantise.lrn import lrn_table
from dynamap.backends.quantise.weights import integer_weights
from dynamap.cost.errors import InputError
from dynamap.cost.overlay.averaging import divisors
from dynamap.cost.overlay.limits import CENTRED, MULTIPLIER_BITS, PRODUCT_BITS
from dynamap.planner.network.joining.in_place import divided
from dynamap.planner.network.joining.siblings import channel_scales
from dynamap.planner.network.network import (
    LEAKY,
    Activate,
    Add,
    Concat,
    Conv,
    Layer,
    Lrn,
    Mul,
    Network,
    Pool,
    PoolKind,
    Quantisation,
    Resize,
    Slice,
    activation_of,
)


@dataclass(frozen=True)
class Schemes:
    """Scale and zero point of every stored tensor, and of the rounded value before each table (by layer)."""

    tensors: Mapping[str, Quantisation]
    before_table: Mapping[str, Quantisation]

    def inputs(self, layer: Layer) -> list[Quantisation]:
        return [self.tensors[name] for name in layer.inputs]

    def output(self, layer: Layer) -> Quantisation:
        return self.tensors[layer.output]


def build_layer(network: Network, layer: Layer, schemes: Schemes) -> LayerArithmetic:
    """The integers of one layer.

    Raises:
        InputError: its scales or widths are impossible; the message names the layer.
    """
    return _BUILDERS[type(layer)](network, layer, schemes)


def label_of(layer: Layer) -> str:
    """A layer's name in messages."""
    return f"layer {layer.name!r}"


def finish_of(layer: Layer, schemes: Schemes) -> Finish:
    """Clamp and table of a layer's activation."""
    activation, output = activation_of(layer), schemes.output(layer)
    if activation is None or not activations.has_table(layer):
        low, high = activations.clamp_of(activation, output)
        return Finish(output, low, high, leaky=leaky_of(layer))
    before = schemes.before_table[layer.name]
    return Finish(before, table=activations.table_of(activation, before, output))


def leaky_of(layer: Layer) -> Leaky | None:
    """The slopes of a leaky activation, for layers other than convolutions: the largest has 17 bits."""
    activation = activation_of(layer)
    if activation is None or activation.kind not in LEAKY or isinstance(layer, Conv):
        return None
    slopes = np.atleast_1d(np.array(activation.slopes or activation.alpha, dtype=np.float64))
    shift = encode_ratio(max(1.0, float(np.abs(slopes).max())), label_of(layer)).shift
    negatives = np.clip(np.rint(slopes * 2.0**shift), 1 - 2**MULTIPLIER_BITS, 2**MULTIPLIER_BITS - 1)
    return Leaky(2**shift, negatives.astype(np.int32), shift)


def rescale_between(source: Quantisation, target: Quantisation, label: str) -> Rescale | None:
    """None where both are the same."""
    if source == target:
        return None
    ratio = encode_ratio(source.scale / target.scale, label)
    return Rescale(source.zero_point, ratio.multiplier, ratio.shift, target.zero_point)


def _conv(network: Network, layer: Conv, schemes: Schemes) -> ConvArithmetic:
    (source,) = schemes.inputs(layer)
    finish = finish_of(layer, schemes)
    if activations.has_table(layer):
        scales = np.full(len(layer.bias), finish.rounded.scale)
    else:
        scales = channel_scales(network, schemes.tensors, layer.output)
    weights = integer_weights(layer, source.scale, scales, source.zero_point)
    factors = weights.scales * source.scale / scales
    multipliers, shifts = _encode(factors, label_of(layer))
    activation = layer.activation
    negative = None
    if activation is not None and activation.kind in LEAKY:
        slopes = np.broadcast_to(np.array(activation.slopes or activation.alpha, dtype=np.float64), factors.shape)
        negative = _encode(factors * slopes, label_of(layer))
    return ConvArithmetic(
        weights_oihw=weights.values_oihw,
        weight_scales=tuple(weights.scales.tolist()),
        bias=weights.bias,
        input_zero_point=source.zero_point,
        multipliers=multipliers,
        shifts=shifts,
        finish=finish,
        negative_multipliers=None if negative is None else negative[0],
        negative_shifts=None if negative is None else negative[1],
    )


def _encode(factors: np.ndarray, label: str, bits: int = MULTIPLIER_BITS) -> tuple[np.ndarray, np.ndarray]:
    """Multipliers and shifts of real factors, which may be zero or negative."""
    ratios = [Ratio(0, 0) if factor == 0 else encode_ratio(abs(factor), label, bits) for factor in factors.tolist()]
    signs = np.where(factors < 0, -1, 1)
    multipliers = np.array([ratio.multiplier for ratio in ratios]) * signs
    return multipliers.astype(np.int32), np.array([ratio.shift for ratio in ratios], dtype=np.int32)


def _pool(network: Network, layer: Pool, schemes: Schemes) -> LayerArithmetic:
    (source,) = schemes.inputs(layer)
    finish = finish_of(layer, schemes)
    label = label_of(layer)
    if layer.kind is PoolKind.MAX:
        return MaxPoolArithmetic(rescale_between(source, finish.rounded, label), finish)
    shapes = network.tensors[layer.inputs[0]], network.tensors[layer.output]
    rows, columns = divisors(layer.window, *shapes, layer.count_include_pad)
    counts = tuple(sorted({row * column for row in set(rows) for column in set(columns)}))
    assert counts[0] > 0, "every window sees a part of the input"
    factors = np.array([source.scale / finish.rounded.scale / count for count in counts])
    multipliers, shifts = _encode(factors, label, _bits_of_average(layer))
    return AveragePoolArithmetic(source.zero_point, rows, columns, counts, multipliers, shifts, finish)


def taps_of(layer: Pool) -> int:
    """Values of one window."""
    return layer.window.kernel[0] * layer.window.kernel[1]


def _bits_of_average(layer: Pool) -> int:
    """Bits of its multipliers: 17, or fewer where the product with the sum would pass its 40 signed bits."""
    largest = taps_of(layer) * CENTRED
    return min(MULTIPLIER_BITS, PRODUCT_BITS - 1 - largest.bit_length())


def _add(network: Network, layer: Add, schemes: Schemes) -> AddArithmetic:
    sources = schemes.inputs(layer)
    finish = finish_of(layer, schemes)
    factors = [source.scale / finish.rounded.scale for source in sources]
    multipliers, shift = encode_common(factors, label_of(layer))
    return AddArithmetic(tuple(source.zero_point for source in sources), multipliers, shift, finish)


def _mul(network: Network, layer: Mul, schemes: Schemes) -> MulArithmetic:
    first, second = schemes.inputs(layer)
    finish = finish_of(layer, schemes)
    ratio = encode_ratio(first.scale * second.scale / finish.rounded.scale, label_of(layer))
    return MulArithmetic((first.zero_point, second.zero_point), ratio.multiplier, ratio.shift, finish)


def _concat(network: Network, layer: Concat, schemes: Schemes) -> ConcatArithmetic:
    target = schemes.output(layer)
    return ConcatArithmetic(tuple(rescale_between(source, target, label_of(layer)) for source in schemes.inputs(layer)))


def _slice(network: Network, layer: Slice, schemes: Schemes) -> SliceArithmetic:
    own_scale = layer.inputs[0] in divided(network)
    (source,), target = schemes.inputs(layer), schemes.output(layer)
    if source.zero_point != target.zero_point or not (own_scale or source.scale == target.scale):
        raise InputError(
            f"{label_of(layer)}: the channels that it takes of {layer.inputs[0]!r} have another scale in the quantised "
            "model, and they are not copied; quantise the model with one scale for both"
        )
    return SliceArithmetic()


def _lrn(network: Network, layer: Lrn, schemes: Schemes) -> LrnArithmetic:
    (source,) = schemes.inputs(layer)
    channels = network.tensors[layer.inputs[0]].channels
    table, shifts = lrn_table(layer, channels, source, schemes.output(layer))
    return LrnArithmetic(source.zero_point, table, shifts, Finish(schemes.output(layer)))


def _resize(network: Network, layer: Resize, schemes: Schemes) -> ResizeArithmetic:
    return ResizeArithmetic(rescale_between(schemes.inputs(layer)[0], schemes.output(layer), label_of(layer)))


def _activate(network: Network, layer: Activate, schemes: Schemes) -> LayerArithmetic:
    (source,) = schemes.inputs(layer)
    if layer.activation.slopes:
        ratio = encode_ratio(source.scale / schemes.output(layer).scale, label_of(layer))
        return SlopeArithmetic(source.zero_point, ratio.multiplier, ratio.shift, finish_of(layer, schemes))
    return ActivateArithmetic(activations.table_of(layer.activation, source, schemes.output(layer)))


_BUILDERS: dict[type, Callable[..., LayerArithmetic]] = {
    Conv: _conv,
    Pool: _pool,
    Add: _add,
    Mul: _mul,
    Concat: _concat,
    Slice: _slice,
    Lrn: _lrn,
    Resize: _resize,
    Activate: _activate,
}


def vanishing_terms(network: Network, layers: Mapping[str, object]) -> tuple[str, ...]:
    """A sentence for every input of an Add that cannot count, because its multiplier beside the largest is zero."""
    return tuple(
        f"layer {layer.name!r} adds nothing of its input {source!r}: its scale is less than 2^-17 of another input's; "
        "scale it up before the sum, or leave it out"
        for layer in network.layers
        if isinstance(built := layers.get(layer.name), AddArithmetic)
        for source, multiplier in zip(layer.inputs, built.multipliers, strict=True)
        if multiplier == 0
    )
