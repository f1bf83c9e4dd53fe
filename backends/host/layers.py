"""The layers of the host that need no runtime: Softmax at the end, another view or name of a tensor."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from dynamap.backends.arithmetic.integers import dequantise_values, quantise_values
from dynamap.cost.errors import InputError
from dynamap.planner.network.network import HostLayer, Network

FloatArray = npt.NDArray[np.float32]


def with_host_layers(network: Network, real: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """``real`` with what the host's layers make of it, C x H x W.

    ``real`` has every tensor that they read. What a quantised model stores behind such a layer is rounded as there.
    """
    known = dict(real)
    for layer in network.layers:
        if isinstance(layer, HostLayer):
            values = run_host_layer(layer, [known[name] for name in layer.inputs])
            if layer.output in network.quantisation:
                scheme = network.quantisation[layer.output].as_int8
                values = dequantise_values(quantise_values(values, scheme), scheme)
            known[layer.output] = values
    return known


def run_host_layer(layer: HostLayer, inputs: list[FloatArray]) -> FloatArray:
    """Softmax or log-softmax over the layer's axes, a flattened view, or the same under another name, in float32.

    Raises:
        InputError: the host has no such operation.
    """
    if layer.op == "identity":
        return inputs[0]
    if layer.op == "flatten":
        shape = layer.attributes["shape"]
        assert isinstance(shape, tuple)
        return inputs[0].reshape(shape[1:])  # without the batch, as all tensors here
    if layer.op not in ("softmax", "log_softmax"):
        raise InputError(f"layer {layer.name!r}: the host has no operation {layer.op!r}")
    axes = layer.attributes.get("axes", (0,))
    assert isinstance(axes, tuple)
    shifted = inputs[0] - inputs[0].max(axis=axes, keepdims=True)
    total = np.exp(shifted).sum(axis=axes, keepdims=True)
    result: FloatArray = shifted - np.log(total) if layer.op == "log_softmax" else np.exp(shifted) / total
    return result
