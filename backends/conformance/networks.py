"""Networks to try: of one convolution, of a few layers, and random ones with every layer, activation and border."""

from __future__ import annotations

import numpy as np

from dynamap.cost.geometry import TensorShape, Window
from dynamap.planner.network.functions import Place, Step
from dynamap.planner.network.network import (
    Activate,
    Activation,
    ActivationKind,
    Add,
    Concat,
    Conv,
    HostLayer,
    Layer,
    Lrn,
    Mul,
    Network,
    Pool,
    PoolKind,
    Quantisation,
    Resize,
)


class NetworkBuilder:
    """Adds layers one by one and keeps shapes; every random choice comes from ``generator``."""

    def __init__(self, seed: int, channels: int, height: int, width: int) -> None:
        self.generator = np.random.default_rng(seed)
        self.layers: list[Layer] = []
        self.tensors = {"input": TensorShape(channels, height, width)}

    def choose(self, low: int, high: int) -> int:
        return int(self.generator.integers(low, high + 1))

    def maybe(self, share: float = 0.5) -> bool:
        return bool(self.generator.random() < share)

    def add(self, layer: Layer, shape: TensorShape) -> str:
        self.layers.append(layer)
        self.tensors[layer.output] = shape
        return layer.output

    def names(self) -> tuple[str, str]:
        return f"layer{len(self.layers)}", f"t{len(self.layers)}"

    def activation(self, channels: int) -> Activation | None:
        kind = list(ActivationKind)[self.choose(0, len(ActivationKind) - 1)]
        if self.maybe(0.3):
            return None
        if kind is ActivationKind.CLIP:
            return Activation(kind, -0.5, 1.5)
        if kind is ActivationKind.LEAKY_RELU:
            return Activation(kind, 0.1)
        if kind is ActivationKind.PRELU:
            slopes = self.generator.uniform(-0.5, 1.0, channels).astype(np.float32)
            return Activation(kind, slopes=tuple(slopes.tolist()))
        if kind is ActivationKind.HARD_SIGMOID:
            return Activation(kind, 0.2, 0.5)
        if kind is ActivationKind.FUNCTION:
            return Activation(kind, steps=(Step("Elu", (Place(0),), (0.8,)),))
        return Activation(kind)

    def window(self, shape: TensorShape, largest: int, *, plain: bool = False) -> Window:
        """A window that fits the tensor, with any pads below its extent."""
        while True:
            kernel = self.choose(1, largest), self.choose(1, largest)
            stride = (1, 1) if plain else (self.choose(1, 2), self.choose(1, 2))
            dilation = (self.choose(1, 2), self.choose(1, 2)) if self.maybe(0.2) and not plain else (1, 1)
            extent = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
            pads = [self.choose(0, min(k - 1, extent[i % 2] - 1)) for i, k in enumerate(kernel * 2)]
            fits = shape.height + pads[0] + pads[2] >= extent[0] and shape.width + pads[1] + pads[3] >= extent[1]
            if fits:
                return Window(kernel, stride, (pads[0], pads[1], pads[2], pads[3]), dilation)

    def conv(self, source: str, outputs: int | None = None, window: Window | None = None) -> str:
        shape = self.tensors[source]
        window = window or self.window(shape, 5)
        groups = 1
        divisors = [g for g in range(2, shape.channels + 1) if shape.channels % g == 0]
        if outputs is None and divisors and self.maybe(0.4):
            groups = divisors[-1] if self.maybe() else divisors[0]
            outputs = groups * self.choose(1, 2)
        outputs = outputs or self.choose(1, 12)
        weights = self.generator.standard_normal((outputs, shape.channels // groups, *window.kernel), dtype=np.float32)
        weights /= np.float32(weights[0].size ** 0.5)
        if self.maybe(0.2):
            weights[0] = 0  # a dead channel
        bias = self.generator.standard_normal(outputs, dtype=np.float32)
        order = None
        if self.maybe(0.1):
            order = tuple(self.generator.permutation(outputs).tolist())
        elif outputs % 2 == 0 and self.maybe(0.2):
            order = tuple(np.arange(outputs).reshape(2, -1).T.ravel().tolist())
        name, output = self.names()
        layer = Conv(
            name,
            (source,),
            output,
            window,
            weights,
            bias,
            groups,
            self.activation(outputs),
            output_order=order,
        )
        return self.add(layer, TensorShape(outputs, *window.output_size(shape.height, shape.width)))

    def pool(self, source: str) -> str:
        shape = self.tensors[source]
        kind = PoolKind.MAX if self.maybe() else PoolKind.AVERAGE
        include = kind is PoolKind.AVERAGE and self.maybe()
        name, output = self.names()
        while True:
            window = self.window(shape, 3)
            size = window.output_size(shape.height, shape.width, ceil_mode=self.maybe())
            plain = kind is PoolKind.MAX or window.dilation == (1, 1)
            if plain and _sees_data(window, shape, size) and _undisputed(window, shape, size):
                break
        layer = Pool(name, (source,), output, kind, window, include, self.activation(shape.channels))
        return self.add(layer, TensorShape(shape.channels, *size))

    def twin(self, source: str) -> str:
        """Another tensor of the same shape."""
        return self.conv(source, self.tensors[source].channels, Window((3, 1), pads=(1, 0, 1, 0)))

    def add_tensors(self, source: str) -> str:
        others = [self.twin(source) for _ in range(self.choose(1, 2))]
        name, output = self.names()
        shape = self.tensors[source]
        return self.add(Add(name, (source, *others), output, self.activation(shape.channels)), shape)

    def multiply(self, source: str) -> str:
        shape = self.tensors[source]
        if self.maybe():
            other = self.twin(source)
        else:
            window = Window((shape.height, shape.width))
            name, output = self.names()
            other = self.add(Pool(name, (source,), output, PoolKind.AVERAGE, window), TensorShape(shape.channels, 1, 1))
        name, output = self.names()
        return self.add(Mul(name, (source, other), output, self.activation(shape.channels)), shape)

    def concat(self, source: str) -> str:
        shape = self.tensors[source]
        other = self.conv(source, self.choose(1, 20), Window((1, 3), pads=(0, 1, 0, 1)))
        name, output = self.names()
        total = shape.channels + self.tensors[other].channels
        return self.add(Concat(name, (source, other), output), TensorShape(total, shape.height, shape.width))

    def lrn(self, source: str) -> str:
        name, output = self.names()
        size = 2 * self.choose(0, 3) + 1  # onnxruntime computes odd sizes only
        alpha, beta = float(self.generator.uniform(1e-5, 1.0)), float(self.generator.uniform(0.3, 1.0))
        bias = float(self.generator.uniform(0.5, 2.0))
        return self.add(Lrn(name, (source,), output, size, alpha, beta, bias), self.tensors[source])

    def resize(self, source: str) -> str:
        shape = self.tensors[source]
        if shape.height * shape.width > 200:
            return self.pool(source)
        name, output = self.names()
        rows, columns = self.choose(1, 2), self.choose(1, 2)
        target = TensorShape(shape.channels, shape.height * rows, shape.width * columns)
        return self.add(Resize(name, (source,), output, rows, columns), target)

    def activate(self, source: str) -> str:
        activation = self.activation(self.tensors[source].channels)
        if activation is None:
            return source
        name, output = self.names()
        return self.add(Activate(name, (source,), output, activation), self.tensors[source])

    def network(self, output: str, *, softmax: bool = False) -> Network:
        if softmax:
            shape = self.tensors[output]
            output = self.add(HostLayer("softmax", (output,), "probabilities", "softmax", {"axes": (0,)}), shape)
        return Network("random", "", tuple(self.layers), self.tensors, ("input",), (output,))


def _sees_data(window: Window, shape: TensorShape, size: tuple[int, int]) -> bool:
    """True where the last window of either axis still covers an element of the input."""
    for axis, length in enumerate((shape.height, shape.width)):
        starts = (i * window.stride[axis] - window.pads[axis] for i in range(size[axis]))
        for start in starts:
            taps = range(start, start + window.extent[axis], window.dilation[axis])
            if not any(0 <= tap < length for tap in taps):
                return False
    return True


def _undisputed(window: Window, shape: TensorShape, size: tuple[int, int]) -> bool:
    """ONNX shape inference does not drop the last window of ceil mode that starts in the padding."""
    spans = [
        length + window.pads[axis] + window.pads[axis + 2] - window.extent[axis]
        for axis, length in enumerate((shape.height, shape.width))
    ]
    ceil = tuple(-(-span // stride) + 1 for span, stride in zip(spans, window.stride, strict=True))
    return size in (window.output_size(shape.height, shape.width), ceil)


def random_network(seed: int) -> Network:
    """A network for each seed."""
    builder = NetworkBuilder(seed, 1 + seed % 19, 4 + seed % 7, 4 + seed % 5)
    steps = [
        builder.conv,
        builder.pool,
        builder.add_tensors,
        builder.multiply,
        builder.concat,
        builder.lrn,
        builder.resize,
        builder.activate,
    ]
    tensor = builder.conv("input")
    for _ in range(builder.choose(2, 6)):
        tensor = steps[builder.choose(0, len(steps) - 1)](tensor)
    return builder.network(tensor, softmax=builder.maybe(0.3))


def one_conv(
    shape: TensorShape,
    outputs: int,
    window: Window,
    *,
    groups: int = 1,
    order: tuple[int, ...] | None = None,
    kind: ActivationKind | None = ActivationKind.RELU,
    zero_point: int = 37,
    seed: int = 0,
) -> Network:
    """A network of one convolution, whose input is stored with a zero point of its own."""
    generator = np.random.default_rng(seed)
    weights = generator.standard_normal((outputs, shape.channels // groups, *window.kernel), dtype=np.float32)
    bias = generator.standard_normal(outputs, dtype=np.float32)
    activation = None if kind is None else Activation(kind, 0.2)
    conv = Conv("conv", ("input",), "output", window, weights, bias, groups, activation, output_order=order)
    height, width = window.output_size(shape.height, shape.width)
    tensors = {"input": shape, "output": TensorShape(outputs, height, width)}
    return Network(
        "one convolution", "", (conv,), tensors, ("input",), ("output",), {"input": Quantisation(0.02, zero_point)}
    )


def network_of(shape: TensorShape, layers: list[Layer], shapes: dict[str, TensorShape], output: str) -> Network:
    """A network of these layers, from the tensor 'input' to ``output``."""
    return Network("small", "", tuple(layers), {"input": shape, **shapes}, ("input",), (output,))
