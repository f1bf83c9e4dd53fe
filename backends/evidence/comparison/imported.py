"""What a network computes in real arithmetic, with its roundings or without, and how far these can move its outputs.

Two evaluations serve the comparison with the original model. With the roundings that the model itself
asks for (`model_roundings`) the imported network computes what the original does. With those of the quantised network
(`overlay_roundings`) it computes what the overlay does, from scales and int8 weights alone: no bias, multiplier or
table of the integer arithmetic is used.

Both are computed in float32, as onnxruntime does, but not in its order. A value that lies between two steps may then
be rounded to the other one, and the difference travels on. How far, is found by trying: `Unrest` moves every value a
little, and another evaluation shows what comes of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from dynamap.backends.program.host import run_host_layer
from dynamap.backends.quantise import activations
from dynamap.backends.quantise.calibrating.float_executor import reorder, value_before_activation
from dynamap.backends.quantise.layers import (
    AddArithmetic,
    AveragePoolArithmetic,
    ConvArithmetic,
    LayerArithmetic,
    MaxPoolArithmetic,
    MulArithmetic,
    QuantisedNetwork,
)
from dynamap.planner.network.network import Conv, HostLayer, Layer, Network, Quantisation

FloatArray = npt.NDArray[np.float32]

TABLED = (ConvArithmetic, MaxPoolArithmetic, AveragePoolArithmetic, AddArithmetic, MulArithmetic)
"""Layers that may round to 8 bits and then look their activation up in a table."""

FLOAT32_UNREST = 2e-6
"""By how much of its largest value a tensor is moved: some thirty roundings of float32."""

STEP_UNREST = 0.01
"""By how much of a step a value is moved before it is rounded to one."""


@dataclass(frozen=True, eq=False)
class Roundings:
    """Which tensors are rounded to 8 bits, which values before an activation's table (by layer), whose weights."""

    tensors: Mapping[str, Quantisation]
    tables: Mapping[str, Quantisation] = field(default_factory=dict)
    layers: Mapping[str, LayerArithmetic] = field(default_factory=dict)


class Unrest:
    """Seeded movements of tensors: of a fraction of a step, or of ``relative`` times the largest value."""

    def __init__(self, seed: int, relative: float = FLOAT32_UNREST) -> None:
        self._generator = np.random.default_rng(seed)
        self._relative = relative

    def moved(self, values: FloatArray, scheme: Quantisation | None) -> FloatArray:
        """``values``, that are to be rounded by ``scheme``, each a little off."""
        if scheme is None:
            reach = self._relative * float(np.abs(values).max(initial=0.0))
        else:
            reach = STEP_UNREST * scheme.scale
        movement = self._generator.uniform(-reach, reach, values.shape)
        result: FloatArray = (values + movement).astype(np.float32)
        return result


def model_roundings(network: Network) -> Roundings:
    """The tensors that a quantised model rounds; none of a float model."""
    return Roundings({name: known.as_int8 for name, known in network.quantisation.items()})


def overlay_roundings(quantised: QuantisedNetwork) -> Roundings:
    """Every tensor that the overlay stores, and those that the model rounds on the host; weights are int8."""
    tables = {}
    for layer in quantised.network.layers:
        if not isinstance(layer, HostLayer) and activations.has_table(layer):
            integers = quantised.layers[layer.name]
            assert isinstance(
                integers, (ConvArithmetic, MaxPoolArithmetic, AveragePoolArithmetic, AddArithmetic, MulArithmetic)
            )
            tables[layer.name] = integers.finish.rounded
    tensors = {**model_roundings(quantised.network).tensors, **quantised.tensors}
    return Roundings(tensors, tables, quantised.layers)


def evaluate(
    network: Network, inputs: Mapping[str, FloatArray], roundings: Roundings, unrest: Unrest | None = None
) -> dict[str, FloatArray]:
    """Every output, C x H x W, from real inputs of that shape."""
    uses = {name: index for index, layer in enumerate(network.layers) for name in layer.inputs}
    uses |= dict.fromkeys(network.outputs, len(network.layers))
    live = {name: _stored(values, roundings.tensors.get(name), unrest) for name, values in inputs.items()}
    for index, layer in enumerate(network.layers):
        sources = [live[name] for name in layer.inputs]
        if isinstance(layer, HostLayer):
            values = run_host_layer(layer, sources)
        else:
            values = _overlay_layer(network, layer, sources, roundings, unrest)
        live[layer.output] = _stored(values, roundings.tensors.get(layer.output), unrest)
        for name in {*layer.inputs, layer.output}:
            if uses.get(name, -1) <= index:
                del live[name]
    return {name: live[name] for name in network.outputs}


def _overlay_layer(
    network: Network, layer: Layer, sources: list[FloatArray], roundings: Roundings, unrest: Unrest | None
) -> FloatArray:
    integers = roundings.layers.get(layer.name)
    if isinstance(layer, Conv) and isinstance(integers, ConvArithmetic):
        scales = np.array(integers.weight_scales, np.float32).reshape(-1, 1, 1, 1)
        layer = replace(layer, weights=integers.weights_oihw * scales)
    values = value_before_activation(layer, sources, network.tensors[layer.output])
    if layer.name in roundings.tables:
        values = _stored(values, roundings.tables[layer.name], unrest)
    return reorder(layer, activations.apply(values, activations.activation_of(layer)))


def _stored(values: FloatArray, scheme: Quantisation | None, unrest: Unrest | None) -> FloatArray:
    """What is read again after ``values`` were stored: QuantizeLinear and DequantizeLinear in float32."""
    if unrest is not None:
        values = unrest.moved(values, scheme)
    if scheme is None:
        return values
    scale = np.float32(scheme.scale)
    steps = np.clip(np.rint(values / scale) + scheme.zero_point, -128, 127) - scheme.zero_point
    result: FloatArray = steps.astype(np.float32) * scale
    return result
