"""Small random networks and candidate arrays for tests of the search."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dynamap.cost.geometry import TensorShape, Window
from dynamap.cost.overlay.machine import Buffers
from dynamap.cost.overlay.transfer import Ints
from dynamap.planner.network.network import Add, Concat, Conv, Layer, Network, Pool, PoolKind


class Builder:
    """Appends layers to a network; every method returns the name of the tensor that it writes."""

    def __init__(self, channels: int, height: int, width: int) -> None:
        self.tensors = {"input": TensorShape(channels, height, width)}
        self.layers: list[Layer] = []

    def _add(self, layer: Layer, shape: TensorShape) -> str:
        self.layers.append(layer)
        self.tensors[layer.output] = shape
        return layer.output

    def conv(self, source: str, out_channels: int, kernel: int, stride: int = 1, groups: int = 1) -> str:
        shape = self.tensors[source]
        pad = kernel // 2
        window = Window((kernel, kernel), (stride, stride), (pad, pad, pad, pad))
        name = f"layer{len(self.layers)}"
        weights = np.zeros((out_channels, shape.channels // groups, kernel, kernel), np.float32)
        layer = Conv(name, (source,), name + ".out", window, weights, np.zeros(out_channels, np.float32), groups)
        return self._add(layer, TensorShape(out_channels, *window.output_size(shape.height, shape.width)))

    def pool(self, source: str) -> str:
        shape = self.tensors[source]
        window = Window((3, 3), (2, 2), (1, 1, 1, 1))
        name = f"layer{len(self.layers)}"
        layer = Pool(name, (source,), name + ".out", PoolKind.MAX, window)
        return self._add(layer, TensorShape(shape.channels, *window.output_size(shape.height, shape.width)))

    def add(self, first: str, second: str) -> str:
        name = f"layer{len(self.layers)}"
        return self._add(Add(name, (first, second), name + ".out"), self.tensors[first])

    def concat(self, *sources: str) -> str:
        name = f"layer{len(self.layers)}"
        shapes = [self.tensors[source] for source in sources]
        total = TensorShape(sum(s.channels for s in shapes), shapes[0].height, shapes[0].width)
        return self._add(Concat(name, sources, name + ".out"), total)

    def network(self, output: str) -> Network:
        return Network("small", "0" * 64, tuple(self.layers), self.tensors, ("input",), (output,))


def random_network(rng: np.random.Generator) -> Network:
    """A stem and one or two blocks: residual, inception-like, or plain; channels are not all multiples of 16."""
    builder = Builder(int(rng.choice([1, 3, 16, 20])), int(rng.integers(5, 20)), int(rng.integers(5, 20)))

    def some_channels() -> int:
        return int(rng.choice([8, 16, 24, 32, 48, 100]))

    def some_kernel() -> int:
        return int(rng.choice([1, 3, 5]))

    tensor = builder.conv("input", some_channels(), some_kernel(), int(rng.choice([1, 2])))
    for _ in range(int(rng.integers(1, 3))):
        kind = rng.integers(0, 4)
        if kind == 0:
            inner = tensor if rng.random() < 0.5 else builder.conv(tensor, some_channels(), some_kernel())
            tensor = builder.add(tensor, builder.conv(inner, builder.tensors[tensor].channels, 3))
        elif kind == 1:
            tensor = builder.concat(
                builder.conv(tensor, int(rng.choice([16, 20, 32])), 1), builder.conv(tensor, 32, some_kernel())
            )
        elif kind == 2:
            channels = builder.tensors[tensor].channels
            tensor = builder.conv(tensor, channels, 3, groups=channels if channels % 2 == 0 else 1)
        else:
            tensor = builder.conv(builder.pool(tensor), some_channels(), some_kernel())
    return builder.network(tensor)


@dataclass(frozen=True)
class SmallCandidates:
    """Every array of at most ``limit`` PEs; the more of them, the less memory is left for the buffers."""

    limit: int
    memory: int

    @property
    def rows(self) -> Ints:
        return np.array([r for r in range(1, self.limit + 1) for _ in range(self.limit // r)], np.int64)

    @property
    def columns(self) -> Ints:
        return np.array([c for r in range(1, self.limit + 1) for c in range(1, self.limit // r + 1)], np.int64)

    def ceiling(self) -> Buffers:
        return Buffers(self.memory, self.memory, 1024, 4096)

    def buffers_within(self, least_rows: int, most_rows: int, least_columns: int) -> tuple[Buffers, ...]:
        """Two, of which the second is large enough for all."""
        return Buffers(self.memory // 4, self.memory, 64, 512), self.ceiling()

    def buffers_for(self, rows: int, columns: int) -> tuple[Buffers, ...]:
        left = self.memory * self.limit // (self.limit + rows * columns)
        return (
            Buffers(left, left // 2, 1024 // columns + 64, 4096),
            Buffers(left // 2, left, 1024 // columns + 64, 512 + 4096 // rows),
        )
