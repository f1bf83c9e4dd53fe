"""A network in real arithmetic, with the roundings that are asked for, and how far small movements carry.

With the roundings of the model itself (`model_roundings`) the imported network computes what the original does. With
those of the quantised network (`overlay_roundings`) it computes what the overlay does, from scales and int8 weights
alone: no multiplier or table of the integer arithmetic is used, and weights and biases are off by half a step at most.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from dynamap.backends.host.layers import run_host_layer
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
from dynamap.planner.network.joining.in_place import divided
from dynamap.planner.network.network import (
    Conv,
    HostLayer,
    Layer,
    Network,
    Quantisation,
    activation_of,
)

FloatArray = npt.NDArray[np.float32]

TABLED = (ConvArithmetic, MaxPoolArithmetic, AveragePoolArithmetic, AddArithmetic, MulArithmetic)
"""Layers that may round to 8 bits and then look their activation up in a table."""

ON_GRID = 1e-3
"""As near to whole steps as this lie values that were rounded to these."""

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

    def __init__(self, seed: int, relative: float) -> None:
        self._generator = np.random.default_rng(seed)
        self._relative = relative

    def moved(self, values: FloatArray, scheme: Quantisation | None) -> FloatArray:
        """``values``, that are to be rounded by ``scheme`` (None: not at all), each a little off."""
        if scheme is None:
            reach = self._relative * float(np.abs(values).max(initial=0.0))
        else:
            reach = STEP_UNREST * scheme.scale
        movement = self._generator.uniform(-reach, reach, values.shape)
        result: FloatArray = (values + movement).astype(np.float32)
        return result


def model_roundings(network: Network) -> Roundings:
    """The tensors that a quantised model rounds, also those inside a layer; none of a float model."""
    tables = {}
    for layer in network.layers:
        activation = activation_of(layer)
        if activation is not None and activation.stored is not None:
            tables[layer.name] = activation.stored.as_int8
    return Roundings({name: known.as_int8 for name, known in network.quantisation.items()}, tables)


def overlay_roundings(quantised: QuantisedNetwork) -> Roundings:
    """Every tensor that the overlay stores, and those that the model rounds on the host; weights are int8."""
    tables = {}
    for layer in quantised.network.layers:
        if not isinstance(layer, HostLayer) and activations.has_table(layer):
            integers = quantised.layers[layer.name]
            assert isinstance(integers, TABLED)
            tables[layer.name] = integers.finish.rounded
    tensors = {**model_roundings(quantised.network).tensors, **quantised.tensors}
    for name in divided(quantised.network):  # rounded slice by slice
        del tensors[name]
    return Roundings(tensors, tables, quantised.layers)


def evaluate(
    network: Network, images: Mapping[str, FloatArray], roundings: Roundings, unrest: Unrest | None = None
) -> dict[str, FloatArray]:
    """Every output, C x H x W, from real inputs of that shape."""
    uses = {name: index for index, layer in enumerate(network.layers) for name in layer.inputs}
    uses |= dict.fromkeys(network.outputs, len(network.layers))
    live: dict[str, FloatArray] = {}

    def keep(name: str, values: FloatArray) -> None:
        scheme = roundings.tensors.get(name)
        live[name] = stored(values if unrest is None else unrest.moved(values, scheme), scheme)

    for name, values in images.items():
        keep(name, values)
    for index, layer in enumerate(network.layers):
        keep(layer.output, layer_value(network, layer, [live[name] for name in layer.inputs], roundings, unrest))
        for name in {*layer.inputs, layer.output}:
            if uses.get(name, -1) <= index:
                del live[name]
    return {name: live[name] for name in network.outputs}


def layer_value(
    network: Network,
    layer: Layer,
    sources: list[FloatArray],
    roundings: Roundings,
    unrest: Unrest | None = None,
) -> FloatArray:
    """What a layer, of the overlay or of the host, computes before its output is stored."""
    if isinstance(layer, HostLayer):
        return run_host_layer(layer, sources)
    integers = roundings.layers.get(layer.name)
    if isinstance(layer, Conv) and isinstance(integers, ConvArithmetic):
        layer = _rounded_constants(layer, integers, roundings.tensors[layer.inputs[0]].scale)
    values = value_before_activation(layer, sources, network.tensors[layer.output])
    table = roundings.tables.get(layer.name)
    if table is not None:
        values = stored(values if unrest is None else unrest.moved(values, table), table)
    return reorder(layer, activations.apply(values, activation_of(layer)))


def _rounded_constants(layer: Conv, integers: ConvArithmetic, input_scale: float) -> Conv:
    """The weights and the bias that the integers stand for."""
    scales = np.array(integers.weight_scales, np.float32)
    weights = _rounded(layer.weights, integers.weights_oihw, scales.reshape(-1, 1, 1, 1))
    return replace(layer, weights=weights, bias=_rounded(layer.bias, integers.bias, scales * np.float32(input_scale)))


def _rounded(real: FloatArray, integers: npt.NDArray[np.signedinteger], step: FloatArray) -> FloatArray:
    """What the integers stand for, but no further than half a step from the real values: more would be a fault."""
    most = step * np.float32(0.5 + ON_GRID)
    moved: FloatArray = (integers * step).astype(np.float32, copy=False)
    moved -= real
    np.clip(moved, -most, most, out=moved)
    moved += real
    return moved


def stored(values: FloatArray, scheme: Quantisation | None) -> FloatArray:
    """What is read again after ``values`` were stored: QuantizeLinear and DequantizeLinear in float32."""
    if scheme is None:
        return values
    scale = np.float32(scheme.scale)
    steps = np.clip(np.rint(values / scale) + scheme.zero_point, -128, 127) - scheme.zero_point
    result: FloatArray = steps.astype(np.float32) * scale
    return result
