"""A small Inception-style network: parallel branches, 1 x 3 and 3 x 1 layers, a residual addition.

image 1x8x8 - stem 3x3 - [ 1x1 | 1x1, 3x3 | 1x1, 1x3, 3x1 | maxpool 3x3, 1x1 ] - concat
            - ( + 1x3, 3x1 ) - maxpool 2x2 - 3x3 - global average - fully connected - softmax
"""

from __future__ import annotations

import numpy as np

from dynamap.cost.geometry import TensorShape, Window
from dynamap.planner.network.network import (
    Activation,
    ActivationKind,
    Add,
    Concat,
    Conv,
    HostLayer,
    Layer,
    Network,
    Pool,
    PoolKind,
)

CLASSES = 10
RELU = Activation(ActivationKind.RELU)


class _Builder:
    def __init__(self, seed: int) -> None:
        self.generator = np.random.default_rng(seed)
        self.layers: list[Layer] = []
        self.tensors = {"image": TensorShape(1, 8, 8)}

    def add(self, layer: Layer, channels: int, rows: int, columns: int) -> str:
        self.layers.append(layer)
        self.tensors[layer.output] = TensorShape(channels, rows, columns)
        return layer.output

    def conv(self, name: str, source: str, outputs: int, kernel: tuple[int, int], *, relu: bool = True) -> str:
        """A convolution that keeps the size; He initialisation."""
        shape = self.tensors[source]
        pads = (kernel[0] // 2, kernel[1] // 2) * 2
        fan_in = shape.channels * kernel[0] * kernel[1]
        weights = self.generator.normal(0, (2 / fan_in) ** 0.5, (outputs, shape.channels, *kernel))
        layer = Conv(
            name,
            (source,),
            f"{name}_out",
            Window(kernel, pads=pads),
            weights.astype(np.float32),
            np.zeros(outputs, np.float32),
            activation=RELU if relu else None,
        )
        return self.add(layer, outputs, shape.height, shape.width)

    def pool(self, name: str, source: str, kind: PoolKind, window: Window) -> str:
        shape = self.tensors[source]
        size = window.output_size(shape.height, shape.width)
        return self.add(Pool(name, (source,), f"{name}_out", kind, window), shape.channels, *size)


def build(seed: int) -> Network:
    """The network with random weights."""
    b = _Builder(seed)
    stem = b.conv("stem", "image", 16, (3, 3))
    branches = [
        b.conv("branch1", stem, 12, (1, 1)),
        b.conv("branch2_3x3", b.conv("branch2_1x1", stem, 8, (1, 1)), 12, (3, 3)),
        b.conv("branch3_3x1", b.conv("branch3_1x3", b.conv("branch3_1x1", stem, 8, (1, 1)), 10, (1, 3)), 12, (3, 1)),
        b.conv(
            "branch4_1x1",
            b.pool("branch4_pool", stem, PoolKind.MAX, Window((3, 3), pads=(1, 1, 1, 1))),
            12,
            (1, 1),
        ),
    ]
    mixed = b.add(Concat("mixed", tuple(branches), "mixed_out"), 48, 8, 8)
    residual = b.conv("residual_3x1", b.conv("residual_1x3", mixed, 24, (1, 3)), 48, (3, 1), relu=False)
    added = b.add(Add("residual_add", (mixed, residual), "residual_add_out", RELU), 48, 8, 8)
    halved = b.pool("halve", added, PoolKind.MAX, Window((2, 2), stride=(2, 2)))
    deep = b.conv("deep", halved, 48, (3, 3))
    average = b.pool("average", deep, PoolKind.AVERAGE, Window((4, 4)))
    logits = b.conv("classifier", average, CLASSES, (1, 1), relu=False)
    softmax = HostLayer("softmax", (logits,), "probabilities", "softmax", {"axes": (0,)})
    b.add(softmax, CLASSES, 1, 1)
    return Network("digits", "", tuple(b.layers), b.tensors, ("image",), ("probabilities",))
