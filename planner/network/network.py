"""The network: a DAG of layers joined by tensors, after folding.

Batch normalisation, bias, scale, pads and activations are already folded into the
layer before them; what is left is what a machine executes. Activations are C x H x W
at batch 1, float weights are OIHW. Everything is frozen; a network is checked when built.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

import numpy as np
import numpy.typing as npt

from dynamap.cost.geometry import TensorShape, Window
from dynamap.cost.overlay.machine import UNIT_BYTES
from dynamap.planner.network.element_types import ElementType
from dynamap.planner.network.functions import Place, Step
from dynamap.planner.network.whole import Whole

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int8]


class ActivationKind(Enum):
    """Element-wise functions; ``alpha`` and ``beta`` mean what the ONNX operator of that name says."""

    RELU = "relu"
    CLIP = "clip"  # alpha = lowest, beta = highest value
    LEAKY_RELU = "leaky_relu"  # alpha = slope below zero
    PRELU = "prelu"  # slopes: one per channel
    SIGMOID = "sigmoid"
    HARD_SIGMOID = "hard_sigmoid"  # max(0, min(1, alpha x + beta))
    HARD_SWISH = "hard_swish"  # x * hard_sigmoid(x) with alpha 1/6, beta 1/2
    SWISH = "swish"  # x * sigmoid(x)
    TANH = "tanh"
    FUNCTION = "function"  # any other, by its steps


@dataclass(frozen=True)
class Activation:
    """An element-wise function and its parameters; ``slopes`` are PReLU's, one per channel, ``steps`` a FUNCTION's.

    ``stored``: how a quantised model stores its argument, where that is folded into the layer before.
    """

    kind: ActivationKind
    alpha: float = 0.0
    beta: float = 0.0
    slopes: tuple[float, ...] = ()
    steps: tuple[Step, ...] = ()
    stored: Quantisation | None = None

    @property
    def as_steps(self) -> tuple[Step, ...]:
        """The operators that compute it, but for PReLU's, which differ by channel."""
        return self.steps or _STEPS[self.kind](self)


@dataclass(frozen=True)
class Quantisation:
    """real = scale * (integer - zero_point); int8 (signed) or uint8 storage in the model."""

    scale: float
    zero_point: int
    signed: bool = True

    @property
    def as_int8(self) -> Quantisation:
        """The same real values in int8: unsigned integers minus 128."""
        return self if self.signed else Quantisation(self.scale, self.zero_point - 128)

    @property
    def as_uint8(self) -> Quantisation:
        """The same real values in uint8: signed integers plus 128."""
        return Quantisation(self.scale, self.zero_point + 128, False) if self.signed else self


_X = Place(0)
_STEPS: Mapping[ActivationKind, Callable[[Activation], tuple[Step, ...]]] = {
    ActivationKind.RELU: lambda a: (Step("Relu", (_X,)),),
    ActivationKind.CLIP: lambda a: (Step("Clip", (_X, a.alpha, a.beta)),),
    ActivationKind.LEAKY_RELU: lambda a: (Step("LeakyRelu", (_X,), (a.alpha,)),),
    ActivationKind.SIGMOID: lambda a: (Step("Sigmoid", (_X,)),),
    ActivationKind.HARD_SIGMOID: lambda a: (Step("HardSigmoid", (_X,), (a.alpha, a.beta)),),
    ActivationKind.HARD_SWISH: lambda a: (Step("HardSwish", (_X,)),),
    ActivationKind.SWISH: lambda a: (Step("Swish", (_X,), (1.0,)),),
    ActivationKind.TANH: lambda a: (Step("Tanh", (_X,)),),
}


@dataclass(frozen=True, eq=False)
class WeightQuantisation:
    """Integer weights of a quantised model: int8 values (OIHW) and one scale per output channel."""

    values_oihw: IntArray
    scales: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Conv:
    """A convolution, dense, grouped or depthwise; a fully connected layer is one with a whole-input kernel.

    ``weights`` are O x (I / groups) x K1 x K2. Where a channel shuffle follows, it is folded:
    channel j of the output tensor is channel ``output_order[j]`` of the convolution.
    """

    name: str
    inputs: tuple[str]
    output: str
    window: Window
    weights: FloatArray
    bias: FloatArray
    groups: int = 1
    activation: Activation | None = None
    output_order: tuple[int, ...] | None = None
    fully_connected: bool = False
    weight_quantisation: WeightQuantisation | None = None


class PoolKind(Enum):
    """What a pooling window computes."""

    MAX = "maxpool"
    AVERAGE = "avgpool"


@dataclass(frozen=True)
class Pool:
    """Pooling. Windows may overhang the declared pads (ceil mode); overhang counts in no average.

    ``count_include_pad``: declared pads count as zeros in an average.
    """

    name: str
    inputs: tuple[str]
    output: str
    kind: PoolKind
    window: Window
    count_include_pad: bool = False
    activation: Activation | None = None


@dataclass(frozen=True)
class Add:
    """Element-wise sum of two or more tensors of one shape."""

    name: str
    inputs: tuple[str, ...]
    output: str
    activation: Activation | None = None


@dataclass(frozen=True)
class Mul:
    """Element-wise product of two tensors; the second may be C x 1 x 1 (squeeze-and-excite)."""

    name: str
    inputs: tuple[str, str]
    output: str
    activation: Activation | None = None


@dataclass(frozen=True)
class Concat:
    """Concatenation along the channels."""

    name: str
    inputs: tuple[str, ...]
    output: str


@dataclass(frozen=True)
class Slice:
    """The channels of a tensor from ``first`` on, as many as the output has, read where they lie.

    ``first`` is a multiple of 16, so that no memory moves.
    """

    name: str
    inputs: tuple[str]
    output: str
    first: int


@dataclass(frozen=True)
class Lrn:
    """Local response normalisation across channels, as the ONNX operator LRN."""

    name: str
    inputs: tuple[str]
    output: str
    size: int
    alpha: float
    beta: float
    bias: float


@dataclass(frozen=True)
class Resize:
    """Nearest-neighbour enlargement by integer factors: out[y, x] = in[y // rows, x // columns].

    ``interleaved``: each phase (y % rows, x % columns), row by row, has channels of its own, as many as the output has
    rounded up to a multiple of 16; those beyond the output's are never read.
    """

    name: str
    inputs: tuple[str]
    output: str
    rows: int
    columns: int
    interleaved: bool = False


@dataclass(frozen=True)
class Activate:
    """An activation that could not be folded into the layer before it."""

    name: str
    inputs: tuple[str]
    output: str
    activation: Activation


@dataclass(frozen=True)
class HostLayer:
    """A layer that the host computes, after the overlay has finished.

    ``op`` and its ``attributes`` are: ``softmax`` and ``log_softmax`` (axes: the neighbours among C, H, W, counted
    from 0, over which they normalise together; none where each value stands alone), ``flatten`` (shape:
    the ONNX shape of the output; the elements keep the order C, H, W) and ``identity`` (a second name for a tensor).
    """

    name: str
    inputs: tuple[str, ...]
    output: str
    op: str
    attributes: Mapping[str, object] = field(default_factory=dict)


Layer = Conv | Pool | Add | Mul | Concat | Slice | Lrn | Resize | Activate | HostLayer


def activation_of(layer: Layer) -> Activation | None:
    """The activation at the end of a layer, if it has one."""
    return layer.activation if isinstance(layer, (Conv, Pool, Add, Mul, Activate)) else None


CLAMPING = (ActivationKind.RELU, ActivationKind.CLIP)
"""Activations that only move the ends of the clamp."""

LEAKY = (ActivationKind.LEAKY_RELU, ActivationKind.PRELU)
"""Activations that only take a second multiplier for values below zero."""


def looks_up(layer: Layer) -> bool:
    """Whether the results of a layer go through a table of its own."""
    activation = activation_of(layer)
    if activation is None:
        return False
    if isinstance(layer, Activate):  # nothing is left to multiply where all channels have one function
        return not activation.slopes
    return activation.kind not in (*CLAMPING, *LEAKY)


@dataclass(frozen=True, eq=False, repr=False)
class Network:
    """Layers in topological order, the shape of every tensor, the inputs and the outputs.

    ``sha256`` is the digest of the model file (of the serialised model for built-in ones).
    ``quantisation`` holds what a quantised model says of its tensors, and is empty for a float model.
    ``types`` are the declared types of the inputs and outputs that are not float32; integers have a quantisation.
    ``shapes`` are the declared shapes, batch 1 included, of the inputs and outputs that are not 1 x C x H x W.
    ``notices`` are sentences for the user (a dynamic batch set to 1, random weights, ...).
    ``source`` is where it can be loaded again: a built-in name or a path, empty for a model in memory; ``seed`` is
    that of a built-in model's random weights. ``whole`` is the model around it where the host runs parts of that: the
    network is then the parts that the overlay runs.
    """

    name: str
    sha256: str
    layers: tuple[Layer, ...]
    tensors: Mapping[str, TensorShape]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    quantisation: Mapping[str, Quantisation] = field(default_factory=dict)
    types: Mapping[str, ElementType] = field(default_factory=dict)
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    source: str = ""
    seed: int = 0
    whole: Whole | None = None

    def __repr__(self) -> str:
        """One line, without the weights."""
        inputs, outputs = (
            ", ".join(f"{name} {' x '.join(map(str, self.tensors[name].as_list()))}" for name in names)
            for names in (self.inputs, self.outputs)
        )
        return f"<Network: {self.name}, {len(self.layers)} layers, {inputs} to {outputs}>"

    def __post_init__(self) -> None:
        known = set(self.inputs)
        names: set[str] = set()
        for layer in self.layers:
            if layer.name in names:
                raise ValueError(f"two layers are called {layer.name!r}")
            names.add(layer.name)
            missing = [tensor for tensor in layer.inputs if tensor not in known]
            if missing:
                raise ValueError(f"layer {layer.name!r} reads {missing[0]!r}, which no layer before it writes")
            if layer.output in known:
                raise ValueError(f"layer {layer.name!r} writes {layer.output!r}, which already exists")
            known.add(layer.output)
        for tensor in (*known, *self.outputs):
            if tensor not in self.tensors or tensor not in known:
                raise ValueError(f"tensor {tensor!r} has no shape or no producer")

        for layer in self.layers:
            if isinstance(layer, Slice):
                self._require_aligned(layer)
        for name, kind in self.types.items():
            if name not in (*self.inputs, *self.outputs) or (kind.is_integer and name not in self.quantisation):
                raise ValueError(f"tensor {name!r} is no input or output, or holds integers without a scale")

    def _require_aligned(self, layer: Slice) -> None:
        source, taken = self.tensors[layer.inputs[0]], self.tensors[layer.output]
        whole = replace(taken, channels=source.channels) == source
        if not whole or layer.first % UNIT_BYTES or not 0 <= layer.first <= source.channels - taken.channels:
            raise ValueError(f"layer {layer.name!r} takes channels from {layer.first} on, which no unit begins with")

    def shape_of(self, name: str) -> tuple[int, ...]:
        """The declared shape of an input or output, with a batch of 1."""
        return self.shapes.get(name, (1, *self.tensors[name].as_list()))

    def type_of(self, name: str) -> ElementType:
        """The declared type of an input or output."""
        return self.types.get(name, ElementType.FLOAT32)

    def integers_of(self, name: str) -> Quantisation | None:
        """Scale and zero point of an input or output of integers, in its declared type; None for real values."""
        kind = self.type_of(name)
        if not kind.is_integer:
            return None
        known = self.quantisation[name]
        return known.as_int8 if kind is ElementType.INT8 else known.as_uint8

    def readers(self) -> Mapping[str, list[Layer]]:
        """The consumers of every tensor, also of those that have none."""
        found: dict[str, list[Layer]] = {tensor: [] for tensor in self.tensors}
        for layer in self.layers:
            for name in dict.fromkeys(layer.inputs):
                found[name].append(layer)
        return found

    def consumers(self, tensor: str) -> tuple[Layer, ...]:
        return tuple(layer for layer in self.layers if tensor in layer.inputs)

    def macs(self, layer: Layer) -> int:
        """Multiply-accumulates of one layer (convolutions only; a group reads only its own channels)."""
        if not isinstance(layer, Conv):
            return 0
        shape = self.tensors[layer.output]
        return shape.elements * int(np.prod(layer.weights.shape[1:]))

    @property
    def parameters(self) -> int:
        """Weights and biases of all convolutions and fully connected layers, after folding."""
        return sum(layer.weights.size + layer.bias.size for layer in self.layers if isinstance(layer, Conv))
