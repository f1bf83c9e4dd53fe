"""A model of bfloat16 as one of float32: every bfloat16 is a float32, and onnxruntime computes with these on a CPU."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper


def in_float32(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with every tensor and every type of bfloat16 in float32; the same model where it has none.

    Weights keep their values; results are not rounded to bfloat16 on the way.
    """
    if not any(_is_narrow(part) for part in _parts(model)):
        return model
    wide = onnx.ModelProto()
    wide.CopyFrom(model)
    for part in _parts(wide):
        if not _is_narrow(part):
            continue
        if isinstance(part, TensorProto):
            part.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(part).astype(np.float32), part.name))
        elif isinstance(part, onnx.AttributeProto):
            part.i = TensorProto.FLOAT
        else:
            part.elem_type = TensorProto.FLOAT
    return wide


Part: TypeAlias = TensorProto | onnx.TypeProto.Tensor | onnx.AttributeProto


def _is_narrow(part: Part) -> bool:
    kind: int
    if isinstance(part, TensorProto):
        kind = part.data_type
    elif isinstance(part, onnx.AttributeProto):
        kind = part.i
    else:
        kind = part.elem_type
    return kind == int(TensorProto.BFLOAT16)


def _parts(model: onnx.ModelProto) -> Iterator[Part]:
    """All that names a type: tensors, types of values, and the attributes ``to`` and ``dtype`` of nodes."""
    yield from _of_graph(model.graph)
    for function in model.functions:
        yield from _of_nodes(function.node)
        yield from _of_values(function.value_info)


def _of_graph(graph: onnx.GraphProto) -> Iterator[Part]:
    yield from graph.initializer
    for values in (graph.input, graph.output, graph.value_info):
        yield from _of_values(values)
    yield from _of_nodes(graph.node)


def _of_values(values: Iterable[onnx.ValueInfoProto]) -> Iterator[Part]:
    for value in values:
        if value.type.HasField("tensor_type"):
            yield value.type.tensor_type


def _of_nodes(nodes: Iterable[onnx.NodeProto]) -> Iterator[Part]:
    for attribute in (attribute for node in nodes for attribute in node.attribute):
        if attribute.type == onnx.AttributeProto.TENSOR:
            yield attribute.t
        elif attribute.type == onnx.AttributeProto.GRAPH:
            yield from _of_graph(attribute.g)
        elif attribute.type == onnx.AttributeProto.INT and attribute.name in ("to", "dtype"):
            yield attribute
