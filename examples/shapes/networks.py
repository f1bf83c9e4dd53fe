"""Two small networks on pictures of 32 x 32: one names the class of each pixel, one finds shapes in a grid of cells.

segmenter:  conv 8 - pool - conv 16 - pool - conv 24 - enlarge, join - conv 16 - enlarge, join - conv 8 - 1x1 to 4
detector:   conv 8 - pool - conv 16 - pool - conv 24 - pool - conv 40 - 1x1 to 7, for each of 4 x 4 cells:
            whether the middle of a shape lies there, its class (3), the place in the cell (2), its radius
"""

from __future__ import annotations

import numpy as np

from dynamap.cost.geometry import TensorShape, Window
from dynamap.planner.network.network import (
    Activation,
    ActivationKind,
    Concat,
    Conv,
    Layer,
    Network,
    Pool,
    PoolKind,
    Resize,
)

RELU = Activation(ActivationKind.RELU)
CELL = 8
OUTPUTS = 7


class Builder:
    """Appends layers; every method returns the tensor that it writes."""

    def __init__(self, seed: int, side: int) -> None:
        self.generator = np.random.default_rng(seed)
        self.layers: list[Layer] = []
        self.tensors = {"image": TensorShape(3, side, side)}

    def add(self, layer: Layer, channels: int, side: int) -> str:
        self.layers.append(layer)
        self.tensors[layer.output] = TensorShape(channels, side, side)
        return layer.output

    def conv(self, name: str, source: str, outputs: int, kernel: int = 3, *, relu: bool = True) -> str:
        """A convolution that keeps the size; He initialisation."""
        shape, pad = self.tensors[source], kernel // 2
        fan_in = shape.channels * kernel**2
        weights = self.generator.normal(0, (2 / fan_in) ** 0.5, (outputs, shape.channels, kernel, kernel))
        window = Window((kernel, kernel), pads=(pad, pad, pad, pad))
        bias = np.zeros(outputs, np.float32)
        activation = RELU if relu else None
        layer = Conv(name, (source,), f"{name}_out", window, weights.astype(np.float32), bias, activation=activation)
        return self.add(layer, outputs, shape.height)

    def halve(self, name: str, source: str) -> str:
        shape = self.tensors[source]
        layer = Pool(name, (source,), f"{name}_out", PoolKind.MAX, Window((2, 2), stride=(2, 2)))
        return self.add(layer, shape.channels, shape.height // 2)

    def enlarged_beside(self, name: str, source: str, other: str) -> str:
        """Twice the size, joined with ``other``."""
        shape = self.tensors[source]
        large = self.add(Resize(f"{name}_resize", (source,), f"{name}_large", 2, 2), shape.channels, 2 * shape.height)
        joined = shape.channels + self.tensors[other].channels
        return self.add(Concat(name, (large, other), f"{name}_out"), joined, 2 * shape.height)

    def network(self, name: str, output: str) -> Network:
        return Network(name, "", tuple(self.layers), self.tensors, ("image",), (output,))


def segmenter(seed: int, side: int, classes: int) -> Network:
    """With random weights."""
    b = Builder(seed, side)
    first = b.conv("first", "image", 8)
    second = b.conv("second", b.halve("halve1", first), 16)
    deep = b.conv("deep", b.halve("halve2", second), 24)
    middle = b.conv("middle", b.enlarged_beside("join2", deep, second), 16)
    last = b.conv("last", b.enlarged_beside("join1", middle, first), 8)
    return b.network("segmenter", b.conv("classes", last, classes, 1, relu=False))


def detector(seed: int, side: int) -> Network:
    """With random weights."""
    b = Builder(seed, side)
    second = b.conv("second", b.halve("halve1", b.conv("first", "image", 8)), 16)
    third = b.conv("third", b.halve("halve2", second), 24)
    deep = b.conv("deep", b.halve("halve3", third), 40)
    return b.network("detector", b.conv("cells", deep, OUTPUTS, 1, relu=False))
