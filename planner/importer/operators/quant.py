"""QuantizeLinear and DequantizeLinear, each of which belongs to the edge on which it stands.

A quantised model says for each tensor how its real values are stored as integers. The import keeps
that beside the network (`Network.quantisation`), and the layers in between as if they were real. A tensor that
something else reads as well, as real values or by another scale, keeps its values: the integers are a tensor of
their own, which a 1 x 1 depthwise convolution of ones copies (or the host, where it made the tensor).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np

from dynamap.planner.importer.constants.qonnx import is_quant
from dynamap.planner.importer.drafts import HostSpec, LayerDraft, TensorDraft, Transposed, Unsupported, Value
from dynamap.planner.importer.graph import Node
from dynamap.planner.importer.lowering import Lowering, refuse_view
from dynamap.planner.importer.operators.scales import quantisation_at, store_output, written_by
from dynamap.planner.importer.reading.shapes import REAL_TYPES
from dynamap.planner.network.network import Quantisation

_VIEWS = ("Dropout", "Flatten", "Identity", "Reshape", "Squeeze", "Transpose", "Unsqueeze")
_SELECT = (*_VIEWS, "Clip", "Concat", "MaxPool", "Resize", "Upsample")
"""Operators that leave integers as they are: with them an input of integers is followed to who knows its scale."""


def quantize_linear(lowering: Lowering, node: Node) -> None:
    """The tensor that it reads is stored with its scale and zero point, or a copy of it."""
    value = lowering.real(node, 0)
    wanted = written_by(lowering, node)
    if value.pads is not None:
        raise refuse_view(node, 0, value)
    tensor = value.tensor
    stored = tensor.quantisation
    if stored is None and not _read_otherwise(lowering, tensor, wanted):
        tensor.quantisation = stored = wanted
    if stored is not None and stored.as_int8 == wanted.as_int8:
        lowering.alias(node, _as_integers(value, tensor, wanted), "scale and zero point of its input")
        return
    key = (id(tensor), wanted.as_int8, value.order)
    in_order = dataclasses.replace(value, order=None)
    copy = lowering.stored_again.get(key)
    if copy is not None:
        lowering.alias(node, _as_integers(in_order, copy, wanted), "a copy of its input with that scale")
        return
    draft = _copied(lowering, node, value)
    store_output(lowering, node, draft, wanted)
    lowering.stored_again[key] = draft.output
    lowering.bind(node.outputs[0], _as_integers(in_order, draft.output, wanted))


def dequantize_linear(lowering: Lowering, node: Node) -> None:
    """DequantizeLinear of a tensor of integers; constants are dequantised before."""
    value = lowering.read(node, 0)
    if value.integer is None:
        raise Unsupported(f"{node.inputs[0]!r} was not quantised before", "export the quantised model again")
    _as_real(lowering, node, value, value.integer, quantisation_at(lowering, node, 1, 2, value.integer.signed))


def cast_integers(lowering: Lowering, node: Node) -> bool:
    """Integers (image bytes) that are cast to floating point: scale 1, zero point 0. False for other casts."""
    value = lowering.read(node, 0)
    if value.integer is None or node.integer("to", 0) not in REAL_TYPES:
        return False
    _as_real(lowering, node, value, value.integer, Quantisation(1.0, 0, value.integer.signed))
    return True


def settle_integer_inputs(lowering: Lowering) -> None:
    """Inputs of integers get the scale by which the first reader that has one reads them, otherwise 1.

    Constants must be known; nothing that depends on an input may have been lowered.
    """
    for name in lowering.graph.inputs:
        value = lowering.values[name]
        if isinstance(value, Value) and value.integer is not None:
            known = next(_scales_of_readers(lowering, name, value.integer.signed), value.integer)
            value.tensor.quantisation = known
            lowering.bind(name, dataclasses.replace(value, integer=known))


def implied_relu(draft: LayerDraft) -> bool:
    """True where the lowest integer of the output's type stands for zero, so that storing it is a ReLU."""
    quantisation = draft.output.quantisation
    return quantisation is not None and quantisation.as_int8.zero_point == -128


def _as_integers(value: Value, tensor: TensorDraft, quantisation: Quantisation) -> Value:
    """``value``, whose elements ``tensor`` holds, between QuantizeLinear and DequantizeLinear."""
    return Value(tensor, value.shape, value.shared, integer=quantisation, order=value.order)


def _as_real(lowering: Lowering, node: Node, value: Value, stored: Quantisation, read: Quantisation) -> None:
    """Integers as real values; where they are read by another scale than they were stored by, scaled and shifted."""
    if read == stored:
        real = dataclasses.replace(value, integer=None, dequantised=True)
        lowering.alias(node, real, "the real values of a quantised tensor")
        return
    channels = value.tensor.shape.channels
    scale = np.full(channels, read.scale / stored.scale)
    shift = np.full(channels, read.scale * (stored.zero_point - read.zero_point))
    draft = lowering.depthwise(node, value, scale=scale, shift=shift, order=value.order, view=value.shape)
    draft.output.quantisation = read
    lowering.bind(node.outputs[0], Value(draft.output, value.shape, dequantised=True))


def _copied(lowering: Lowering, node: Node, value: Value) -> LayerDraft:
    """A layer that writes the elements of ``value`` once more, in the order of its channels."""
    producer = value.tensor.producer
    if producer is not None and producer.is_host and value.order is None:
        spec = HostSpec("identity", {})
        return lowering.emit(node, spec, [value.tensor], value.tensor.shape, value.shape)
    return lowering.depthwise(node, value, order=value.order, view=value.shape)


def _read_otherwise(lowering: Lowering, tensor: TensorDraft, wanted: Quantisation) -> bool:
    """True where the values of ``tensor`` are an output or have a reader that does not store them by ``wanted``."""
    names, pending = {tensor.name}, [tensor.name]
    while pending:
        name = pending.pop()
        if lowering.graph.is_output(name):
            return True
        for reader in lowering.graph.consumers(name):
            if _is_view(lowering, reader, name, tensor):
                if reader.outputs[0] not in names:
                    names.add(reader.outputs[0])
                    pending.append(reader.outputs[0])
            elif not _stores_by(lowering, reader, name, wanted):
                return True
    return False


def _is_view(lowering: Lowering, node: Node, name: str, tensor: TensorDraft) -> bool:
    """True where the first output of ``node`` has the elements of ``tensor``, as its input ``name``."""
    bound = lowering.values.get(node.outputs[0])
    if isinstance(bound, Transposed):
        bound = bound.value
    if isinstance(bound, Value):
        return bound.tensor is tensor
    if node.domain or node.inputs[0] != name or name in node.inputs[1:]:
        return False
    return node.op in _VIEWS or (node.op == "Cast" and node.attributes.get("to") in REAL_TYPES)


def _stores_by(lowering: Lowering, node: Node, name: str, wanted: Quantisation) -> bool:
    if is_quant(node) and node.inputs[0] == name:
        return _like_quant(lowering, node, wanted)
    if node.op != "QuantizeLinear" or node.inputs[0] != name:
        return False
    try:
        return written_by(lowering, node).as_int8 == wanted.as_int8
    except Unsupported:  # that node will be refused itself
        return False


def _like_quant(lowering: Lowering, node: Node, wanted: Quantisation) -> bool:
    """True where a Quant of QONNX has the scale and the zero point of ``wanted``."""
    scale, zero_point = (lowering.constant(name) for name in node.inputs[1:3])
    if scale is None or zero_point is None or scale.array.size != 1 or zero_point.array.size != 1:
        return False
    found = Quantisation(float(np.float32(scale.array.reshape(()))), 0, bool(node.integer("signed", 1)))
    found = dataclasses.replace(found, zero_point=int(zero_point.array.reshape(())))
    return found.as_int8 == wanted.as_int8


def _scales_of_readers(lowering: Lowering, name: str, signed: bool) -> Iterator[Quantisation]:
    """Scales and zero points by which the readers of an input of integers read it, in the order of the file."""
    names = {name}
    for node in lowering.graph.order:
        found = names.intersection(node.inputs)
        if not found:
            continue
        if node.op in _SELECT and not node.domain:
            names.update(node.outputs[:1])
        elif node.op == "DequantizeLinear" or node.op.startswith(("QLinear", "QGemm")):
            position = min(node.inputs.index(one) for one in found)
            try:
                yield quantisation_at(lowering, node, position + 1, position + 2, signed)
            except Unsupported:  # that node will be refused itself
                continue
