"""Which files a model is read from, so that no result is written over one of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError


def files_of_model(path: Path) -> Iterator[Path]:
    """The model's file, and those of its external data that it names; no more than the file where it is no model."""
    yield path
    model = onnx.ModelProto()
    try:
        model.ParseFromString(path.read_bytes())
    except (OSError, ValueError, DecodeError):  # reading the model will say what is wrong with it
        return
    locations = {
        entry.value
        for tensor in _tensors(model)
        if tensor.data_location == onnx.TensorProto.EXTERNAL
        for entry in tensor.external_data
        if entry.key == "location"
    }
    yield from (path.parent / location for location in sorted(locations))


def _tensors(model: onnx.ModelProto) -> Iterator[onnx.TensorProto]:
    graphs, nodes = [model.graph], [node for function in model.functions for node in function.node]
    while graphs or nodes:
        if graphs:
            graph = graphs.pop()
            yield from graph.initializer
            for sparse in graph.sparse_initializer:
                yield from (sparse.values, sparse.indices)
            nodes += graph.node
            continue
        for attribute in nodes.pop().attribute:
            yield from (attribute.t, *attribute.tensors)
            graphs += [attribute.g, *attribute.graphs] if attribute.HasField("g") else list(attribute.graphs)
