"""Seeded random weights for models whose weights are all the same constant.

The graphs that the onnx package ships make their weights by ConstantOfShape; only some small
parameters are the trained ones, which fit no other weights. Here each parameter gets values of the
magnitude that training would give it: an estimate of mean and variance
is carried from layer to layer, weights are scaled so that the outputs of a convolution have unit
variance (He et al., ICCV 2015, with the measured second moment in place of 1/2), and normalisations
get the statistics of what they normalise. Activations then neither explode nor vanish over the depth.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper

from dynamap.cost.errors import InputError
from dynamap.planner.importer.drafts import FloatArray
from dynamap.planner.network.onnx_export import IR_VERSION

_VIEWS = ("Reshape", "Unsqueeze", "Squeeze", "Identity", "Transpose", "Flatten")


@dataclass(frozen=True)
class Moments:
    """Mean and variance of a tensor's elements, as estimated."""

    mean: float
    variance: float

    @property
    def second(self) -> float:
        return self.mean * self.mean + self.variance


@dataclass(frozen=True)
class Draw:
    """How one parameter is drawn: normal around ``mean``, kept within ``low`` and ``high``."""

    mean: float
    deviation: float
    low: float = -math.inf
    high: float = math.inf


def with_random_weights(model: onnx.ModelProto, seed: int) -> onnx.ModelProto:
    """A copy of ``model`` whose parameters are seeded random initialisers (IR version 8).

    The same model and seed give the same values. A model none of whose parameters is made by
    ConstantOfShape has weights already and keeps them; nodes and constants that are no parameters
    of a layer always stay as they are.
    """
    made = _constant_shapes(model)
    stored = {tensor.name: tuple(tensor.dims) for tensor in model.graph.initializer if _is_float(tensor)}
    shapes = {**stored, **made}
    draws = _draws(model, shapes)
    if not made.keys() & draws.keys():
        draws = {}
    result = onnx.ModelProto()
    result.CopyFrom(model)
    result.ir_version = IR_VERSION
    graph = result.graph
    kept = [node for node in model.graph.node if node.output[0] not in draws]
    del graph.node[:]
    graph.node.extend(kept)
    read = {name for node in kept for name in node.input}
    unused = {node.input[0] for node in model.graph.node if node.output[0] in draws} - read
    unused.update(draws)
    for values in (graph.initializer, graph.input):
        used = [value for value in values if value.name not in unused]
        del values[:]
        values.extend(used)
    names = list(draws)
    if seed < 0:
        raise InputError(f"the seed of random weights is 0 or more, found {seed}")
    seeds = np.random.SeedSequence(seed).spawn(len(names))
    tensors = [graph.initializer.add() for _ in names]

    def fill(index: int) -> None:
        name = names[index]
        values = _sample(np.random.default_rng(seeds[index]), shapes[name], draws[name])
        tensor = tensors[index]
        tensor.name, tensor.data_type = name, TensorProto.FLOAT
        tensor.dims.extend(shapes[name])
        tensor.raw_data = values.tobytes()

    with ThreadPoolExecutor(2) as pool:  # numpy fills arrays without the interpreter's lock
        list(pool.map(fill, sorted(range(len(names)), key=lambda index: -math.prod(shapes[names[index]]))))
    return result


def _sample(generator: np.random.Generator, shape: tuple[int, ...], draw: Draw) -> FloatArray:
    values = generator.standard_normal(shape, dtype=np.float32)
    values *= np.float32(draw.deviation)
    if draw.mean:
        values += np.float32(draw.mean)
    if draw.low > -math.inf or draw.high < math.inf:
        np.clip(values, draw.low, draw.high, out=values)
    return values


def _constant_shapes(model: onnx.ModelProto) -> dict[str, tuple[int, ...]]:
    """Shape of every float ConstantOfShape whose shape is an initialiser, by the name of its output."""
    stored = {tensor.name: tensor for tensor in model.graph.initializer}
    shapes = {}
    for node in model.graph.node:
        if node.op_type != "ConstantOfShape" or node.input[0] not in stored:
            continue
        value = [attribute.t for attribute in node.attribute if attribute.name == "value"]
        if value and value[0].data_type != TensorProto.FLOAT:
            continue
        sizes = numpy_helper.to_array(stored[node.input[0]])
        shapes[node.output[0]] = tuple(int(size) for size in sizes)
    return shapes


def _is_float(tensor: TensorProto) -> bool:
    return bool(tensor.data_type == TensorProto.FLOAT)


def _draws(model: onnx.ModelProto, shapes: dict[str, tuple[int, ...]]) -> dict[str, Draw]:
    """How to draw every parameter, found by walking through the graph with the moments."""
    walk = _Walk(shapes)
    for node in model.graph.node:
        walk.visit(node)
    return walk.draws


class _Walk:
    """Moments per tensor, and where each parameter comes from through views."""

    def __init__(self, shapes: dict[str, tuple[int, ...]]) -> None:
        self.draws: dict[str, Draw] = {}
        self._shapes = shapes
        self._origin = {name: name for name in shapes}
        self._channels: dict[str, int] = {}
        self._moments: dict[str, Moments] = {}

    def visit(self, node: NodeProto) -> None:
        if node.op_type in _VIEWS and node.input[0] in self._origin:
            self._origin[node.output[0]] = self._origin[node.input[0]]
            return
        rule = _RULES.get(node.op_type)
        inputs = [self._moments.get(name, Moments(0.0, 1.0)) for name in node.input]
        moments = rule(self, node, inputs) if rule else (inputs[0] if inputs else Moments(0.0, 1.0))
        for name in node.output:
            self._moments[name] = moments
        self._count_channels(node)

    def parameter(self, name: str, draw: Draw) -> tuple[int, ...] | None:
        """Draw the parameter behind ``name``; its shape, or None where it is no such parameter."""
        origin = self._origin.get(name)
        if origin is None:
            return None
        self.draws.setdefault(origin, draw)
        return self._shapes[origin]

    def shape(self, name: str) -> tuple[int, ...] | None:
        origin = self._origin.get(name)
        return None if origin is None else self._shapes[origin]

    def channels(self, name: str) -> int:
        return self._channels.get(name, 1)

    def _count_channels(self, node: NodeProto) -> None:
        """Channel counts weigh the moments of a concat."""
        if node.op_type == "Concat":
            count = sum(self.channels(name) for name in node.input)
        elif node.op_type in ("Conv", "Gemm", "MatMul"):
            shape = self.shape(node.input[1]) or (1, 1)
            count = shape[-1] if node.op_type == "MatMul" else shape[0]
        else:
            count = self.channels(node.input[0]) if node.input else 1
        for name in node.output:
            self._channels[name] = count


def _attribute(node: NodeProto, name: str, default: object) -> object:
    for attribute in node.attribute:
        if attribute.name == name:
            return helper.get_attribute_value(attribute)
    return default


def _linear(walk: _Walk, node: NodeProto, inputs: Sequence[Moments]) -> Moments:
    """Conv, Gemm and MatMul: zero-mean weights that give outputs of variance 1; small biases."""
    shape = walk.shape(node.input[1])
    if shape is None:
        return Moments(0.0, 1.0)
    if node.op_type == "Conv":
        fan_in = math.prod(shape[1:])
    else:
        # The weights may be stored with leading dimensions of 1, which a Reshape takes away.
        transposed = node.op_type == "Gemm" and bool(_attribute(node, "transB", 0))
        fan_in = shape[-1] if transposed else math.prod(shape) // shape[-1]
    deviation = 1.0 / math.sqrt(max(fan_in * inputs[0].second, 1e-6))
    walk.parameter(node.input[1], Draw(0.0, deviation))
    if len(node.input) > 2:
        walk.parameter(node.input[2], Draw(0.0, 0.1))
    return Moments(0.0, 1.01)


def _normalisation(walk: _Walk, node: NodeProto, inputs: Sequence[Moments]) -> Moments:
    """BatchNormalization: statistics of its input, scale around 1, small bias."""
    variance = max(inputs[0].variance, 1e-3)
    walk.parameter(node.input[1], Draw(1.0, 0.1, 0.5, 1.5))
    walk.parameter(node.input[2], Draw(0.0, 0.1))
    walk.parameter(node.input[3], Draw(inputs[0].mean, 0.1 * math.sqrt(variance)))
    walk.parameter(node.input[4], Draw(variance, 0.1 * variance, 0.5 * variance, 2.0 * variance))
    return Moments(0.0, 1.02)


def _relu(walk: _Walk, node: NodeProto, inputs: Sequence[Moments]) -> Moments:
    """Of a normal distribution, in closed form."""
    mean, deviation = inputs[0].mean, math.sqrt(max(inputs[0].variance, 1e-12))
    ratio = mean / deviation
    density = math.exp(-ratio * ratio / 2) / math.sqrt(2 * math.pi)
    share = 0.5 * (1.0 + math.erf(ratio / math.sqrt(2)))
    first = mean * share + deviation * density
    second = (mean * mean + deviation * deviation) * share + mean * deviation * density
    return Moments(first, max(second - first * first, 0.0))


def _sum(walk: _Walk, node: NodeProto, inputs: Sequence[Moments]) -> Moments:
    """Add and Sum; a parameter among the operands is a small shift."""
    activations = [
        moments
        for name, moments in zip(node.input, inputs, strict=True)
        if walk.parameter(name, Draw(0.0, 0.1)) is None
    ]
    return Moments(sum(item.mean for item in activations), sum(item.variance for item in activations))


def _product(walk: _Walk, node: NodeProto, inputs: Sequence[Moments]) -> Moments:
    """Mul; a parameter among the operands is a scale around 1."""
    activations = [
        moments
        for name, moments in zip(node.input, inputs, strict=True)
        if walk.parameter(name, Draw(1.0, 0.1, 0.5, 1.5)) is None
    ]
    mean = math.prod(item.mean for item in activations)
    return Moments(mean, math.prod(item.second for item in activations) - mean * mean)


def _prelu(walk: _Walk, node: NodeProto, inputs: Sequence[Moments]) -> Moments:
    walk.parameter(node.input[1], Draw(0.25, 0.05, 0.0, 0.5))
    return _relu(walk, node, inputs)


def _concat(walk: _Walk, node: NodeProto, inputs: Sequence[Moments]) -> Moments:
    """The mixture of its inputs, weighted by their channels."""
    weights = [walk.channels(name) for name in node.input]
    total = sum(weights)
    mean = sum(weight * item.mean for weight, item in zip(weights, inputs, strict=True)) / total
    second = sum(weight * item.second for weight, item in zip(weights, inputs, strict=True)) / total
    return Moments(mean, max(second - mean * mean, 0.0))


def _max_pool(walk: _Walk, node: NodeProto, inputs: Sequence[Moments]) -> Moments:
    """The maximum of a few correlated values lies about half a deviation higher."""
    return Moments(inputs[0].mean + 0.5 * math.sqrt(inputs[0].variance), inputs[0].variance)


def _average_pool(walk: _Walk, node: NodeProto, inputs: Sequence[Moments]) -> Moments:
    kernel = _attribute(node, "kernel_shape", None)
    count = math.prod(kernel) if isinstance(kernel, list) else 49
    return Moments(inputs[0].mean, inputs[0].variance / math.sqrt(count))


def _lrn(walk: _Walk, node: NodeProto, inputs: Sequence[Moments]) -> Moments:
    """Divides by about bias^beta, its alpha being small."""
    bias, beta = _attribute(node, "bias", 1.0), _attribute(node, "beta", 0.75)
    factor = float(bias) ** -float(beta) if isinstance(bias, float) and isinstance(beta, float) else 1.0
    return Moments(inputs[0].mean * factor, inputs[0].variance * factor * factor)


_RULES: dict[str, Callable[[_Walk, NodeProto, Sequence[Moments]], Moments]] = {
    "Add": _sum,
    "AveragePool": _average_pool,
    "BatchNormalization": _normalisation,
    "Concat": _concat,
    "Conv": _linear,
    "Gemm": _linear,
    "GlobalAveragePool": _average_pool,
    "LRN": _lrn,
    "MatMul": _linear,
    "MaxPool": _max_pool,
    "Mul": _product,
    "PRelu": _prelu,
    "Relu": _relu,
    "Sum": _sum,
}
