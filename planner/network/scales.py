"""How far the scales of a quantised model reach: over layers that pass values through, where that changes none."""

from __future__ import annotations

from dynamap.planner.network.network import (
    Activation,
    ActivationKind,
    Concat,
    HostLayer,
    Layer,
    Network,
    Pool,
    PoolKind,
    Quantisation,
    Resize,
    Slice,
)


def spread_scales(network: Network) -> dict[str, Quantisation]:
    """The model's own scales, as int8, of the tensors that the overlay stores.

    A tensor without one that only layers read which pass its values to tensors of one scale is stored by that scale: to
    round and saturate before a copy or a maximum is the same as after it. What copies tensors of one scale holds
    values of that scale. Every other tensor keeps a scale of its own, since something else reads it. What is divided
    into slices, each with its scale, is said to have that of the first.
    """
    stored = {*network.inputs, *(layer.output for layer in network.layers if not isinstance(layer, HostLayer))}
    scales = {name: known.as_int8 for name, known in network.quantisation.items() if name in stored}
    if not scales:
        return {}
    readers = network.readers()
    count = 0
    while len(scales) > count:
        count = len(scales)
        for layer in reversed(network.layers):
            for name in layer.inputs:
                if name in stored and name not in scales and name not in network.outputs:
                    _take(scales, name, {_behind(reader, scales) for reader in readers[name]})
        for layer in network.layers:
            if layer.output in stored and layer.output not in scales and _passes(layer, ActivationKind.RELU):
                _take(scales, layer.output, {scales.get(name) for name in layer.inputs})
    for layer in network.layers:
        if isinstance(layer, Slice) and layer.output in scales:
            scales.setdefault(layer.inputs[0], scales[layer.output])
    return scales


def _take(scales: dict[str, Quantisation], name: str, found: set[Quantisation | None]) -> None:
    """Give ``name`` the one scale in ``found``."""
    if len(found) == 1:
        (only,) = found
        if only is not None:
            scales[name] = only


def _behind(layer: Layer, scales: dict[str, Quantisation]) -> Quantisation | None:
    """The scale of the layer's output, where its inputs may be stored by it."""
    passes = _passes(layer, ActivationKind.RELU, ActivationKind.CLIP)
    return scales.get(layer.output) if passes else None


def _passes(layer: Layer, *activations: ActivationKind) -> bool:
    """True for layers that copy values or take the largest, and then do no more than one of ``activations``."""
    if isinstance(layer, Pool) and layer.kind is PoolKind.MAX:
        activation: Activation | None = layer.activation
        return activation is None or activation.kind in activations
    return isinstance(layer, (Concat, Resize))
