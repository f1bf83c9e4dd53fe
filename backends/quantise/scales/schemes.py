"""Choosing scale and zero point of every tensor.

What a quantised model says is kept (unsigned storage is shifted to int8), and reaches over layers that pass values
through (`dynamap.planner.network.scales`). The rest is calibrated; tensors that such layers join get one scale for
the union of their ranges, as far as that costs no accuracy (`dynamap.backends.quantise.scales.sharing`).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dynamap.backends.quantise.calibrating.calibration import Range
from dynamap.cost.errors import InputError
from dynamap.planner.network.network import HostLayer, Network, Quantisation
from dynamap.planner.network.scales import spread_scales


def as_int8(quantisation: Quantisation, tensor: str) -> Quantisation:
    """The same real values stored as int8: unsigned storage minus 128.

    Raises:
        InputError: the scale is not a positive normal float32, or the zero point is out of range.
    """
    scale = np.float32(quantisation.scale)
    zero_point = quantisation.as_int8.zero_point
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
    """The model's own scales, spread over the layers that pass values through.

    Raises:
        InputError: one of them cannot be used.
    """
    for name, known in network.quantisation.items():
        as_int8(known, name)
    return spread_scales(network)


def calibrated_schemes(
    network: Network, shared: Mapping[str, Range], given: Mapping[str, Quantisation]
) -> dict[str, Quantisation]:
    """Schemes of all stored tensors: ``given`` ones kept, the others from the ranges that they share."""
    return {name: given[name] if name in given else from_range(shared[name]) for name in stored_tensors(network)}
