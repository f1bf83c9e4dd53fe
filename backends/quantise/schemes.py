"""Choosing scale and zero point of every tensor.

What a quantised model says is kept (unsigned storage is shifted to int8). Where only some tensors of
a concatenation, max pooling or resize have a scale, the others take it. The rest is calibrated; tensors that
those layers join get one scale for the union of their ranges, so that copying rounds nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dynamap.backends.quantise.activations import has_table
from dynamap.backends.quantise.calibrating.calibration import Range
from dynamap.cost.errors import InputError
from dynamap.planner.network.network import Concat, HostLayer, Layer, Network, Pool, PoolKind, Quantisation, Resize


def as_int8(quantisation: Quantisation, tensor: str) -> Quantisation:
    """The same real values stored as int8: unsigned storage minus 128.

    Raises:
        InputError: the scale is not a positive normal float32, or the zero point is out of range.
    """
    scale = np.float32(quantisation.scale)
    zero_point = quantisation.zero_point - (0 if quantisation.signed else 128)
    if not (np.isfinite(scale) and scale >= np.finfo(np.float32).tiny and -128 <= zero_point <= 127):
        raise InputError(
            f"tensor {tensor!r} has scale {quantisation.scale} and zero point {quantisation.zero_point}; "
            "a scale must be positive and a zero point within 8 bits"
        )
    return Quantisation(float(scale), zero_point)


def from_range(found: Range) -> Quantisation:
    """The scale that spreads ``found``, extended to hold zero, over -128..127; zero is represented exactly.

    >>> from_range((0.0, 510.0))
    Quantisation(scale=2.0, zero_point=-128, signed=True)
    """
    low, high = min(found[0], 0.0), max(found[1], 0.0)
    scale = np.float32((high - low) / 255)
    if scale < np.finfo(np.float32).tiny:
        return Quantisation(1.0, 0)
    zero_point = round(-128 - low / float(scale))
    return Quantisation(float(scale), int(np.clip(zero_point, -128, 127)))


def stored_tensors(network: Network) -> tuple[str, ...]:
    """Every tensor that the overlay reads or writes: the inputs and all outputs but the host's."""
    outputs = (layer.output for layer in network.layers if not isinstance(layer, HostLayer))
    return (*network.inputs, *outputs)


def given_schemes(network: Network) -> dict[str, Quantisation]:
    """The model's own scales, spread over the layers that pass values through."""
    stored = set(stored_tensors(network))
    schemes = {name: as_int8(known, name) for name, known in network.quantisation.items() if name in stored}
    changed = bool(schemes)
    while changed:
        changed = False
        for layer in network.layers:
            joined = joined_tensors(layer)
            known = [schemes[name] for name in reversed(joined) if name in schemes]
            for name in joined:
                if known and name not in schemes:
                    schemes[name] = known[0]
                    changed = True
    return schemes


def calibrated_schemes(
    network: Network, ranges: Mapping[str, Range], given: Mapping[str, Quantisation]
) -> dict[str, Quantisation]:
    """Schemes of all stored tensors: ``given`` ones kept, the others from ``ranges``, joined ones alike."""
    parent = {name: name for name in stored_tensors(network)}

    def root(name: str) -> str:
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for layer in network.layers:
        first, *others = joined_tensors(layer) or ("",)
        for other in others:
            parent[root(other)] = root(first)
    unions: dict[str, Range] = {}
    for name in parent:
        if name not in given:
            low, high = ranges[name]
            known = unions.get(root(name), (low, high))
            unions[root(name)] = (min(low, known[0]), max(high, known[1]))
    return {name: given[name] if name in given else from_range(unions[root(name)]) for name in parent}


def joined_tensors(layer: Layer) -> tuple[str, ...]:
    """Inputs and output of a layer that only moves values; the output comes last."""
    moves = isinstance(layer, (Concat, Resize)) or (isinstance(layer, Pool) and layer.kind is PoolKind.MAX)
    return (*layer.inputs, layer.output) if moves and not has_table(layer) else ()
