"""The network in float32, layer by layer, for calibration; a tensor is freed after its last use."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from dynamap.backends.arithmetic.integers import window_sums
from dynamap.backends.arithmetic.interleave import enlarged
from dynamap.backends.quantise import activations
from dynamap.backends.quantise.convolution import convolve, reduce_windows
from dynamap.cost.geometry import TensorShape
from dynamap.cost.overlay.averaging import divisors
from dynamap.planner.network.network import (
    Activate,
    Add,
    Concat,
    Conv,
    HostLayer,
    Layer,
    Lrn,
    Mul,
    Network,
    Pool,
    PoolKind,
    Resize,
    Slice,
    activation_of,
)

FloatArray = npt.NDArray[np.float32]
Element = TypeVar("Element", bound=np.generic)


NO_LIMITS: Mapping[str, tuple[float, float]] = MappingProxyType({})


def run(
    network: Network, inputs: Mapping[str, FloatArray], limits: Mapping[str, tuple[float, float]] = NO_LIMITS
) -> Iterator[tuple[Layer, FloatArray, FloatArray]]:
    """For every layer but the host's, in order: the layer, its value before the activation, its output.

    ``inputs`` are C x H x W. Tensors in ``limits`` saturate at the ends of their range. Layers of the host are last
    and are left out.
    """
    live = {name: _saturated(values, limits.get(name)) for name, values in inputs.items()}
    last_use = last_uses(network)
    for index, layer in enumerate(network.layers):
        if isinstance(layer, HostLayer):
            continue
        with np.errstate(all="ignore"):  # who measures the values says which layer's are NaN or infinite
            sources = [live[name] for name in layer.inputs]
            before = value_before_activation(layer, sources, network.tensors[layer.output])
            output = reorder(layer, activations.apply(before, activation_of(layer)))
            output = _saturated(output, limits.get(layer.output))
        live[layer.output] = output
        yield layer, before, output
        for name in {*layer.inputs, layer.output}:
            if last_use.get(name, -1) <= index:
                del live[name]


def _saturated(values: FloatArray, limits: tuple[float, float] | None) -> FloatArray:
    return values if limits is None else np.clip(values, np.float32(limits[0]), np.float32(limits[1]))


def reorder(layer: Layer, values: npt.NDArray[Element]) -> npt.NDArray[Element]:
    """The channel shuffle behind a convolution."""
    if isinstance(layer, Conv) and layer.output_order is not None:
        return values[list(layer.output_order)]
    return values


def last_uses(network: Network) -> dict[str, int]:
    """The index of the last layer, host layers aside, that reads each tensor."""
    return {
        name: index
        for index, layer in enumerate(network.layers)
        if not isinstance(layer, HostLayer)
        for name in layer.inputs
    }


def value_before_activation(layer: Layer, inputs: list[FloatArray], shape: TensorShape) -> FloatArray:
    """What the layer computes before activation and channel order, C x H x W; for Activate its input."""
    handler = _HANDLERS[type(layer)]
    return handler(layer, inputs, shape)


def _conv(layer: Conv, inputs: list[FloatArray], shape: TensorShape) -> FloatArray:
    size = (shape.height, shape.width)
    sums = convolve(inputs[0], layer.weights, layer.window, layer.groups, *size)
    result: FloatArray = sums + layer.bias.reshape(-1, 1, 1)
    return result


def _pool(layer: Pool, inputs: list[FloatArray], shape: TensorShape) -> FloatArray:
    source = inputs[0]
    size = (shape.height, shape.width)
    if layer.kind is PoolKind.MAX:
        return reduce_windows(source, layer.window, *size, -np.inf, np.maximum)
    sums = reduce_windows(source, layer.window, *size, 0.0, np.add)
    rows, columns = divisors(layer.window, TensorShape(*source.shape), shape, layer.count_include_pad)
    averages: FloatArray = np.divide(sums, np.outer(rows, columns), dtype=np.float32)
    return averages


def _add(layer: Add, inputs: list[FloatArray], shape: TensorShape) -> FloatArray:
    total = inputs[0]
    for other in inputs[1:]:
        total = total + other
    return total


def _mul(layer: Mul, inputs: list[FloatArray], shape: TensorShape) -> FloatArray:
    return inputs[0] * inputs[1]


def _concat(layer: Concat, inputs: list[FloatArray], shape: TensorShape) -> FloatArray:
    return np.concatenate(inputs)


def _slice(layer: Slice, inputs: list[FloatArray], shape: TensorShape) -> FloatArray:
    return inputs[0][layer.first : layer.first + shape.channels]


def _lrn(layer: Lrn, inputs: list[FloatArray], shape: TensorShape) -> FloatArray:
    source = inputs[0]
    sums = window_sums((source.astype(np.float64) ** 2), layer.size)
    factor = (layer.bias + layer.alpha / layer.size * sums) ** -layer.beta
    return (source * factor).astype(np.float32)


def _resize(layer: Resize, inputs: list[FloatArray], shape: TensorShape) -> FloatArray:
    return enlarged(inputs[0], layer.rows, layer.columns, shape.channels, interleaved=layer.interleaved)


def _activate(layer: Activate, inputs: list[FloatArray], shape: TensorShape) -> FloatArray:
    return inputs[0]


_HANDLERS: dict[type, Callable[..., FloatArray]] = {
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
