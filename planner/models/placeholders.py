"""Weights that have a shape and take no memory: planning reads only shapes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dynamap.planner.network.network import Conv, FloatArray, Network


def placeholder(shape: tuple[int, ...]) -> FloatArray:
    """Read-only zeros of this shape, all at one address."""
    return np.broadcast_to(np.float32(0), shape)


def without_weights(network: Network) -> Network:
    """The same network, with every float weight and bias replaced by a placeholder."""
    layers = tuple(
        replace(layer, weights=placeholder(layer.weights.shape), bias=placeholder(layer.bias.shape))
        if isinstance(layer, Conv)
        else layer
        for layer in network.layers
    )
    return replace(network, layers=layers)
