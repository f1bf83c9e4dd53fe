"""A quantised network as an ONNX model in QDQ form, so that any runtime can run the very same network.

Every tensor is quantised and dequantised where it is written: `QuantizeLinear` gives the int8 values
that the overlay stores, and the `DequantizeLinear` behind it has the tensor's own name. Weights are int8
with a scale per output channel, biases int32. Activations that are looked up in a table have a pair
before them as well. Opset 17 and IR version 8 (opset 19 where an average pooling is dilated).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import onnx
from onnx import TensorProto, helper

from dynamap.backends.quantise.activations import has_table
from dynamap.backends.quantise.layers import (
    AddArithmetic,
    AveragePoolArithmetic,
    ConvArithmetic,
    MaxPoolArithmetic,
    MulArithmetic,
    QuantisedNetwork,
)
from dynamap.cost.geometry import TensorShape
from dynamap.planner.network.element_types import ElementType
from dynamap.planner.network.network import Add, Conv, HostLayer, Layer, Mul, Network, Pool, Quantisation
from dynamap.planner.network.onnx_export import GraphWriter, window_attributes, write_activation, write_layer

_KINDS: dict[ElementType, int] = {
    ElementType.FLOAT32: TensorProto.FLOAT,
    ElementType.FLOAT16: TensorProto.FLOAT16,
    ElementType.FLOAT64: TensorProto.DOUBLE,
    ElementType.BFLOAT16: TensorProto.BFLOAT16,
    ElementType.INT8: TensorProto.INT8,
    ElementType.UINT8: TensorProto.UINT8,
}


def to_qdq(quantised: QuantisedNetwork) -> onnx.ModelProto:
    """The whole network; its inputs and outputs keep their names and declared types and shapes, N = 1."""
    network = quantised.network
    writer = _writer(network)
    names = {name: writer.fresh(f"{name}.dequantised") for name in network.inputs}
    converted = [name for name in network.outputs if name in network.types or name in network.shapes]
    names |= {name: writer.fresh(f"{name}.float32") for name in converted}
    for name in network.inputs:
        _read_input(writer, quantised, name, names[name])
    for layer in network.layers:
        renamed = _with_inputs(layer, [names.get(name, name) for name in layer.inputs])
        output = names.get(layer.output, layer.output)
        real = writer.fresh(f"{layer.output}.real")
        if not isinstance(layer, HostLayer):
            _write_real(writer, quantised, layer, renamed, real)
            _quantise(writer, real, output, _stored(quantised, layer.output))
        elif layer.output in network.quantisation:
            writer.alias(layer.output, real)
            write_layer(writer, replace(renamed, output=real))
            _quantise(writer, real, output, network.quantisation[layer.output].as_int8)
        else:
            writer.alias(layer.output, output)
            write_layer(writer, replace(renamed, output=output))
    for name in converted:
        _write_output(writer, network, name, names[name])
    kinds = {name: _KINDS[network.type_of(name)] for name in (*network.inputs, *network.outputs)}
    shapes = {name: network.shape_of(name) for name in kinds}
    return _model(writer, network.inputs, network.outputs, kinds, shapes)


def _read_input(writer: _Writer, quantised: QuantisedNetwork, name: str, output: str) -> None:
    """The real values of an input as it is stored."""
    kind, integers = quantised.network.type_of(name), quantised.network.integers_of(name)
    source = name
    if name in quantised.network.shapes:
        source = writer.fresh(f"{name}.image")
        _reshape(writer, name, source, (1, *quantised.network.tensors[name].as_list()))
    if integers is not None:
        _dequantise(writer, source, output, integers)
        return
    if kind is not ElementType.FLOAT32:
        image, source = source, writer.fresh(f"{name}.float32")
        writer.node("Cast", [image], source, to=TensorProto.FLOAT)
    _quantise(writer, source, output, quantised.tensors[name])


def _write_output(writer: _Writer, network: Network, name: str, source: str) -> None:
    """An output that is not float32 or not 1 x C x H x W, from its real values."""
    integers = network.integers_of(name)
    if name in network.shapes:
        image, source = source, name if name not in network.types else writer.fresh(f"{name}.shaped")
        _reshape(writer, image, source, network.shapes[name])
    if name not in network.types:
        return
    if integers is None:
        writer.node("Cast", [source], name, to=_KINDS[network.type_of(name)])
    else:
        writer.node("QuantizeLinear", [source, *_scheme(writer, name, integers)], name)


def _reshape(writer: GraphWriter, source: str, output: str, shape: Sequence[int]) -> None:
    writer.node("Reshape", [source, writer.constant(f"{output}.shape", np.array(shape, np.int64))], output)


def layer_model(quantised: QuantisedNetwork, layer: Layer) -> onnx.ModelProto:
    """One layer alone: its inputs and its output are int8 and have the tensors' names, 1 x C x H x W."""
    writer = _writer(quantised.network)
    names = {}
    for name in dict.fromkeys(layer.inputs):
        names[name] = writer.fresh(f"{name}.dequantised")
        _dequantise(writer, name, names[name], _stored(quantised, name))
    renamed = _with_inputs(layer, [names[name] for name in layer.inputs])
    real = writer.fresh(f"{layer.output}.real")
    _write_real(writer, quantised, layer, renamed, real)
    _to_int8(writer, real, layer.output, _stored(quantised, layer.output))
    kinds = dict.fromkeys((*names, layer.output), TensorProto.INT8)
    shapes = {name: (1, *quantised.network.tensors[name].as_list()) for name in kinds}
    return _model(writer, tuple(names), (layer.output,), kinds, shapes)


class _Writer(GraphWriter):
    """A graph writer that knows the shapes of the real values beside the stored tensors."""

    def alias(self, original: str, name: str) -> None:
        tensors = {**self.network.tensors, name: self.network.tensors[original]}
        self.network = replace(self.network, tensors=tensors)


def _writer(network: Network) -> _Writer:
    """Weights are not needed: the network that the writer sees has none of its layers."""
    return _Writer(replace(network, layers=(), outputs=network.inputs, types={}))


def _write_real(writer: _Writer, quantised: QuantisedNetwork, layer: Layer, renamed: Layer, output: str) -> None:
    """The layer from dequantised inputs to ``output``, real values that are still to be quantised."""
    for original, name in zip(layer.inputs, renamed.inputs, strict=True):
        writer.alias(original, name)
    writer.alias(layer.output, output)
    integers = quantised.layers[layer.name]
    if isinstance(layer, Conv):
        assert isinstance(renamed, Conv) and isinstance(integers, ConvArithmetic)
        _conv(writer, quantised, layer, renamed, integers, output)
    elif isinstance(layer, (Pool, Add, Mul)) and layer.activation is not None and has_table(layer):
        assert isinstance(integers, (MaxPoolArithmetic, AveragePoolArithmetic, AddArithmetic, MulArithmetic))
        linear, rounded = writer.fresh(f"{output}.linear"), writer.fresh(f"{output}.rounded")
        writer.alias(layer.output, linear)
        write_layer(writer, replace(renamed, activation=None, output=linear))  # type: ignore[arg-type]
        _quantise(writer, linear, rounded, integers.finish.rounded)
        write_activation(writer, layer.activation, rounded, output)
    else:
        write_layer(writer, replace(renamed, output=output))


def _conv(
    writer: _Writer,
    quantised: QuantisedNetwork,
    layer: Conv,
    renamed: Conv,
    integers: ConvArithmetic,
    output: str,
) -> None:
    """Convolution of dequantised weights and bias, activation, channel order."""
    scales = np.array(integers.weight_scales, np.float32)
    weights, bias = writer.fresh(f"{output}.weights"), writer.fresh(f"{output}.bias")
    writer.node(
        "DequantizeLinear",
        [
            writer.constant(f"{weights}.int8", integers.weights_oihw),
            writer.constant(f"{weights}.scale", scales),
            writer.constant(f"{weights}.zero", np.zeros(len(scales), np.int8)),
        ],
        weights,
        axis=0,
    )
    input_scale = np.float32(quantised.tensors[layer.inputs[0]].scale)
    writer.node(
        "DequantizeLinear",
        [
            writer.constant(f"{bias}.int32", integers.bias),
            writer.constant(f"{bias}.scale", scales * input_scale),
            writer.constant(f"{bias}.zero", np.zeros(len(scales), np.int32)),
        ],
        bias,
        axis=0,
    )
    activation, order = layer.activation, layer.output_order
    shape = writer.network.tensors[layer.output]
    tabled = has_table(layer)

    def convolve(source: str, target: str) -> None:
        attributes = window_attributes(layer.window)
        writer.node("Conv", [source, weights, bias], target, layer.name, group=layer.groups, **attributes)

    steps = [convolve]
    if activation is not None and not tabled:
        steps.append(lambda source, target: write_activation(writer, activation, source, target))
    if order is not None:
        steps.append(lambda source, target: _reorder(writer, order, shape, source, target))
    if tabled:
        steps.append(lambda source, target: _quantise(writer, source, target, integers.finish.rounded))
        steps.append(lambda source, target: write_activation(writer, activation, source, target))
    source = renamed.inputs[0]
    for index, step in enumerate(steps, 1):
        target = output if index == len(steps) else writer.fresh(f"{output}.step{index}")
        step(source, target)
        source = target


def _reorder(writer: GraphWriter, order: tuple[int, ...], shape: TensorShape, source: str, output: str) -> None:
    """A channel shuffle as Reshape, Transpose, Reshape, which importers know; any other order as Gather."""
    channels = len(order)
    for groups in range(2, channels):
        if channels % groups == 0 and order == shuffle(channels, groups):
            split, swapped = writer.fresh(f"{output}.split"), writer.fresh(f"{output}.swapped")
            parts = [1, groups, channels // groups, shape.height, shape.width]
            whole = [1, *shape.as_list()]
            writer.node("Reshape", [source, writer.constant(f"{split}.shape", np.array(parts))], split)
            writer.node("Transpose", [split], swapped, perm=[0, 2, 1, 3, 4])
            writer.node("Reshape", [swapped, writer.constant(f"{output}.shape", np.array(whole))], output)
            return
    indices = writer.constant(f"{output}.order", np.asarray(order, np.int64))
    writer.node("Gather", [source, indices], output, axis=1)


def shuffle(channels: int, groups: int) -> tuple[int, ...]:
    """The order of channels after a shuffle between ``groups``.

    >>> shuffle(6, 2)
    (0, 3, 1, 4, 2, 5)
    """
    return tuple(np.arange(channels).reshape(groups, -1).T.ravel().tolist())


@dataclass(frozen=True)
class _ByChannel:
    """A scale for each channel, and one zero point."""

    scales: tuple[float, ...]
    zero_point: int


_Scheme = Quantisation | _ByChannel


def _stored(quantised: QuantisedNetwork, tensor: str) -> _Scheme:
    scheme, scales = quantised.tensors[tensor], quantised.scales_of(tensor)
    return scheme if (scales == scheme.scale).all() else _ByChannel(tuple(scales.tolist()), scheme.zero_point)


def _quantise(writer: GraphWriter, source: str, output: str, scheme: _Scheme) -> None:
    """``source`` rounded to the scheme: QuantizeLinear, then DequantizeLinear."""
    stored = writer.fresh(f"{output}.int8")
    _to_int8(writer, source, stored, scheme)
    _dequantise(writer, stored, output, scheme)


def _to_int8(writer: GraphWriter, source: str, output: str, scheme: _Scheme) -> None:
    writer.node("QuantizeLinear", [source, *_scheme(writer, output, scheme)], output)


def _dequantise(writer: GraphWriter, source: str, output: str, scheme: _Scheme) -> None:
    writer.node("DequantizeLinear", [source, *_scheme(writer, output, scheme)], output)


def _scheme(writer: GraphWriter, hint: str, scheme: _Scheme) -> list[str]:
    """Scale and zero point; of channels along axis 1, which is the operators' default."""
    if isinstance(scheme, _ByChannel):
        scales = writer.constant(f"{hint}.scale", np.array(scheme.scales, np.float32))
        return [scales, writer.constant(f"{hint}.zero", np.full(len(scheme.scales), scheme.zero_point, np.int8))]
    scale = writer.constant(f"{hint}.scale", np.array(scheme.scale, np.float32))
    integer = np.int8 if scheme.signed else np.uint8
    return [scale, writer.constant(f"{hint}.zero", np.array(scheme.zero_point, integer))]


def _with_inputs(layer: Layer, inputs: Sequence[str]) -> Layer:
    return replace(layer, inputs=tuple(inputs))  # type: ignore[arg-type]


def _model(
    writer: GraphWriter,
    inputs: Sequence[str],
    outputs: Sequence[str],
    kinds: Mapping[str, int],
    shapes: Mapping[str, Sequence[int]],
) -> onnx.ModelProto:
    model, network = writer.model, writer.network
    model.graph.name = network.name or "network"
    for names, values in ((inputs, model.graph.input), (outputs, model.graph.output)):
        values.extend(helper.make_tensor_value_info(name, kinds[name], shapes[name]) for name in names)
    model.opset_import.append(helper.make_opsetid("", writer.opset))
    return model
