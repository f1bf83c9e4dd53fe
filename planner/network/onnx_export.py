"""Writes a network as a plain float ONNX model: the folded network, for any runtime to check.

Every tensor keeps its name and is N x C x H x W with N = 1; a vector is 1 x C x 1 x 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper

from dynamap.cost.geometry import TensorShape, Window
from dynamap.planner.network.functions import CAST, OPERATORS, STORE, Place, Step, exported
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
    Resize,
    Slice,
)

OPSET = 17
OPSET_DILATED_AVERAGE = 19  # the first in which AveragePool has dilations
IR_VERSION = 8  # onnxruntime refuses the newest versions, which the onnx package writes by default


class GraphWriter:
    """Writes nodes and initialisers into a model, and invents names that the network does not use."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.model = onnx.ModelProto(ir_version=IR_VERSION, producer_name="dynamap")
        self.opset = OPSET
        self._names = set(network.tensors)

    def fresh(self, hint: str) -> str:
        name, count = hint, 1
        while name in self._names:
            count += 1
            name = f"{hint}.{count}"
        self._names.add(name)
        return name

    def constant(self, hint: str, array: npt.NDArray[np.generic]) -> str:
        """An initialiser; its bytes are copied once, since weights may be most of the memory."""
        name = self.fresh(hint)
        kind = helper.np_dtype_to_tensor_dtype(array.dtype)
        tensor = self.model.graph.initializer.add(name=name, data_type=kind, dims=array.shape)
        tensor.raw_data = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
        return name

    def node(self, op: str, inputs: Sequence[str], output: str, name: str = "", **attributes: object) -> None:
        self.model.graph.node.append(helper.make_node(op, list(inputs), [output], name=name, **attributes))


def to_onnx(network: Network) -> onnx.ModelProto:
    """The network as an ONNX model (IR version 8, opset 17; 19 where an average is dilated).

    The batch is 1. What a quantised model says of its tensors is left out: the model is float.
    """
    writer = GraphWriter(network)
    for layer in network.layers:
        write_layer(writer, layer)
    model = writer.model
    model.graph.name = network.name or "network"
    model.graph.input.extend(_value(network, name) for name in network.inputs)
    model.graph.output.extend(_value(network, name) for name in network.outputs)
    model.opset_import.append(helper.make_opsetid("", writer.opset))
    return model


def write_layer(writer: GraphWriter, layer: Layer) -> None:
    """The nodes of one layer."""
    if isinstance(layer, Conv):
        _conv(writer, layer)
    elif isinstance(layer, Pool):
        _pool(writer, layer)
    elif isinstance(layer, (Add, Mul)):
        _elementwise(writer, layer)
    elif isinstance(layer, Concat):
        writer.node("Concat", layer.inputs, layer.output, layer.name, axis=1)
    elif isinstance(layer, Slice):
        _slice(writer, layer)
    elif isinstance(layer, Lrn):
        _lrn(writer, layer)
    elif isinstance(layer, Resize):
        _resize(writer, layer)
    elif isinstance(layer, Activate):
        write_activation(writer, layer.activation, layer.inputs[0], layer.output)
    else:
        _host(writer, layer)


def write_activation(writer: GraphWriter, activation: Activation | None, source: str, output: str) -> None:
    """``output = activation(source)``; a copy where there is none."""
    if activation is None:
        writer.node("Identity", [source], output)
    else:
        _ACTIVATIONS[activation.kind](writer, activation, source, output)


def window_attributes(window: Window) -> dict[str, object]:
    """The attributes of Conv and the pooling operators that describe a window."""
    return {
        "kernel_shape": list(window.kernel),
        "strides": list(window.stride),
        "pads": list(window.pads),
        "dilations": list(window.dilation),
    }


def _conv(writer: GraphWriter, layer: Conv) -> None:
    weights = writer.constant(f"{layer.output}.weights", layer.weights)
    bias = writer.constant(f"{layer.output}.bias", layer.bias)
    steps: list[Callable[[str, str], None]] = []
    activation, order = layer.activation, layer.output_order

    def convolve(source: str, output: str) -> None:
        attributes = window_attributes(layer.window)
        writer.node("Conv", [source, weights, bias], output, layer.name, group=layer.groups, **attributes)

    def activate(source: str, output: str) -> None:
        write_activation(writer, activation, source, output)

    def reorder(source: str, output: str) -> None:
        indices = writer.constant(f"{layer.output}.order", np.asarray(order, np.int64))
        writer.node("Gather", [source, indices], output, axis=1)

    steps.append(convolve)
    if activation is not None:
        steps.append(activate)
    if order is not None:
        steps.append(reorder)
    _chain(writer, steps, layer.inputs[0], layer.output)


def _pool(writer: GraphWriter, layer: Pool) -> None:
    shape, out = writer.network.tensors[layer.inputs[0]], writer.network.tensors[layer.output]
    attributes = window_attributes(layer.window)
    if layer.window.output_size(shape.height, shape.width) != (out.height, out.width):
        attributes["ceil_mode"] = 1
    if layer.kind is PoolKind.AVERAGE:
        attributes["count_include_pad"] = int(layer.count_include_pad)
        if layer.window.dilation == (1, 1):
            del attributes["dilations"]
        else:
            writer.opset = OPSET_DILATED_AVERAGE
    op = "MaxPool" if layer.kind is PoolKind.MAX else "AveragePool"

    def pool(source: str, output: str) -> None:
        writer.node(op, [source], output, layer.name, **attributes)

    _activated(writer, pool, layer.activation, layer.inputs[0], layer.output)


def _elementwise(writer: GraphWriter, layer: Add | Mul) -> None:
    op = "Mul" if isinstance(layer, Mul) else "Add" if len(layer.inputs) == 2 else "Sum"

    def combine(_: str, output: str) -> None:
        writer.node(op, layer.inputs, output, layer.name)

    _activated(writer, combine, layer.activation, layer.inputs[0], layer.output)


def _slice(writer: GraphWriter, layer: Slice) -> None:
    ends = layer.first + writer.network.tensors[layer.output].channels
    numbers = {"starts": layer.first, "ends": ends, "axes": 1}
    constants = [writer.constant(f"{layer.output}.{name}", np.asarray([n], np.int64)) for name, n in numbers.items()]
    writer.node("Slice", [layer.inputs[0], *constants], layer.output, layer.name)


def _lrn(writer: GraphWriter, layer: Lrn) -> None:
    writer.node(
        "LRN",
        layer.inputs,
        layer.output,
        layer.name,
        size=layer.size,
        alpha=layer.alpha,
        beta=layer.beta,
        bias=layer.bias,
    )


def _resize(writer: GraphWriter, layer: Resize) -> None:
    if layer.interleaved:
        _interleave(writer, layer)
        return
    scales = writer.constant(f"{layer.output}.scales", np.asarray([1, 1, layer.rows, layer.columns], np.float32))
    writer.node(
        "Resize",
        [layer.inputs[0], "", scales],
        layer.output,
        layer.name,
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )


def _interleave(writer: GraphWriter, layer: Resize) -> None:
    """Channels as (row phase, column phase, channel), the phases moved behind H and W."""
    source, target = writer.network.tensors[layer.inputs[0]], writer.network.tensors[layer.output]
    each = source.channels // (layer.rows * layer.columns)
    split = [1, layer.rows, layer.columns, each, source.height, source.width]
    names = [writer.fresh(f"{layer.output}.{what}") for what in ("phases", "channels", "moved")]
    writer.node("Reshape", [layer.inputs[0], _ints(writer, layer, "split", split)], names[0])
    ends = {"first": 0, "last": target.channels, "axis": 3}
    bounds = [_ints(writer, layer, what, [number]) for what, number in ends.items()]
    writer.node("Slice", [names[0], *bounds], names[1])
    writer.node("Transpose", [names[1]], names[2], layer.name, perm=[0, 3, 4, 1, 5, 2])
    _reshape(writer, names[2], layer.output, target)


def _ints(writer: GraphWriter, layer: Layer, what: str, numbers: Sequence[int]) -> str:
    return writer.constant(f"{layer.output}.{what}", np.asarray(numbers, np.int64))


def _host(writer: GraphWriter, layer: HostLayer) -> None:
    if layer.op in ("softmax", "log_softmax"):
        _softmax(writer, layer)
    elif layer.op == "flatten":
        shape = writer.network.tensors[layer.output]
        _reshape(writer, layer.inputs[0], layer.output, shape)
    elif layer.op == "identity":
        writer.node("Identity", layer.inputs, layer.output, layer.name)
    else:
        raise ValueError(f"the host operation {layer.op!r} of layer {layer.name!r} is unknown")


def _softmax(writer: GraphWriter, layer: HostLayer) -> None:
    """Over one axis of N, C, H, W directly (the batch where the layer names none); over neighbours as one axis."""
    op = "Softmax" if layer.op == "softmax" else "LogSoftmax"
    axes = layer.attributes["axes"]
    assert isinstance(axes, tuple)
    if len(axes) <= 1:
        axis = 1 + axes[0] if axes else 0
        writer.node(op, layer.inputs, layer.output, layer.name, axis=axis)
        return
    shape = writer.network.tensors[layer.output]
    flat, result = writer.fresh(f"{layer.output}.flat"), writer.fresh(f"{layer.output}.result")
    sizes = shape.as_list()
    merged = [1, *sizes[: axes[0]], -1, *sizes[axes[-1] + 1 :]]
    target = writer.constant(f"{layer.output}.merged", np.asarray(merged, np.int64))
    writer.node("Reshape", [layer.inputs[0], target], flat)
    writer.node(op, [flat], result, layer.name, axis=1 + axes[0])
    _reshape(writer, result, layer.output, shape)


def _reshape(writer: GraphWriter, source: str, output: str, shape: TensorShape) -> None:
    target = writer.constant(f"{output}.shape", np.asarray([1, *shape.as_list()], np.int64))
    writer.node("Reshape", [source, target], output)


def _activated(
    writer: GraphWriter,
    step: Callable[[str, str], None],
    activation: Activation | None,
    source: str,
    output: str,
) -> None:
    if activation is None:
        step(source, output)
        return
    before = writer.fresh(f"{output}.linear")
    step(source, before)
    write_activation(writer, activation, before, output)


def _chain(writer: GraphWriter, steps: Sequence[Callable[[str, str], None]], source: str, output: str) -> None:
    """Run the steps one after the other, each on the result of the one before."""
    for index, step in enumerate(steps):
        target = output if index == len(steps) - 1 else writer.fresh(f"{output}.step{index + 1}")
        step(source, target)
        source = target


def _value(network: Network, name: str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, *network.tensors[name].as_list()])


def _named(op: str) -> Callable[[GraphWriter, Activation, str, str], None]:
    def write(writer: GraphWriter, activation: Activation, source: str, output: str) -> None:
        writer.node(op, [source], output)

    return write


def _clip(writer: GraphWriter, activation: Activation, source: str, output: str) -> None:
    low = writer.constant(f"{output}.low", np.asarray(activation.alpha, np.float32))
    high = writer.constant(f"{output}.high", np.asarray(activation.beta, np.float32))
    writer.node("Clip", [source, low, high], output)


def _leaky_relu(writer: GraphWriter, activation: Activation, source: str, output: str) -> None:
    writer.node("LeakyRelu", [source], output, alpha=activation.alpha)


def _prelu(writer: GraphWriter, activation: Activation, source: str, output: str) -> None:
    slopes = np.asarray(activation.slopes, np.float32).reshape(-1, 1, 1)
    writer.node("PRelu", [source, writer.constant(f"{output}.slopes", slopes)], output)


def _hard_sigmoid(writer: GraphWriter, activation: Activation, source: str, output: str) -> None:
    writer.node("HardSigmoid", [source], output, alpha=activation.alpha, beta=activation.beta)


def _swish(writer: GraphWriter, activation: Activation, source: str, output: str) -> None:
    gate = writer.fresh(f"{output}.gate")
    writer.node("Sigmoid", [source], gate)
    writer.node("Mul", [source, gate], output)


def _function(writer: GraphWriter, activation: Activation, source: str, output: str) -> None:
    names = [source]
    for number, step in enumerate(activation.steps, 1):
        last = number == len(activation.steps)
        names.append(output if last else writer.fresh(f"{output}.function{number}"))
        _step(writer, step, names, names[-1])


def _step(writer: GraphWriter, step: Step, names: Sequence[str], output: str) -> None:
    """One operator of a function; ``names`` are the argument's and those of the steps before."""
    inner = exported(step)
    if inner:
        assert isinstance(step.operands[0], Place)
        within = [names[step.operands[0].index]]
        for number, part in enumerate(inner, 1):
            within.append(output if number == len(inner) else writer.fresh(f"{output}.part{number}"))
            _step(writer, part, within, within[-1])
        return
    given = [
        names[one.index] if isinstance(one, Place) else writer.constant(f"{output}.number", np.asarray(one, np.float32))
        for one in step.operands
    ]
    if step.op == STORE:
        scale, zero_point, lowest, _ = step.attributes
        kind = np.int8 if lowest < 0 else np.uint8
        given.append(writer.constant(f"{output}.scale", np.asarray(scale, np.float32)))
        given.append(writer.constant(f"{output}.zero_point", np.asarray(zero_point, kind)))
        integers = writer.fresh(f"{output}.integers")
        writer.node("QuantizeLinear", given, integers)
        writer.node("DequantizeLinear", [integers, *given[1:]], output)
        return
    pairs = zip(OPERATORS[step.op].attributes, step.attributes, strict=True)
    attributes: dict[str, Any] = {name: int(value) if step.op == CAST else value for (name, _), value in pairs}
    writer.node(step.op, given, output, **attributes)


_ACTIVATIONS: dict[ActivationKind, Callable[[GraphWriter, Activation, str, str], None]] = {
    ActivationKind.RELU: _named("Relu"),
    ActivationKind.CLIP: _clip,
    ActivationKind.LEAKY_RELU: _leaky_relu,
    ActivationKind.PRELU: _prelu,
    ActivationKind.SIGMOID: _named("Sigmoid"),
    ActivationKind.HARD_SIGMOID: _hard_sigmoid,
    ActivationKind.HARD_SWISH: _named("HardSwish"),
    ActivationKind.SWISH: _swish,
    ActivationKind.TANH: _named("Tanh"),
    ActivationKind.FUNCTION: _function,
}
