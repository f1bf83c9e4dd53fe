"""What a model says in two places must agree: names of nodes, types and shapes of constants that are inputs too.

The ONNX specification asks for both (docs/IR.md, "Names Within a Graph" and "Graphs"), and onnxruntime refuses the file
otherwise. What it may say of a tensor inside (``value_info``) is a hint; its shape is not held against the model.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import onnx
from onnx import TensorProto

from dynamap.cost.errors import InputError
from dynamap.planner.importer.graph import inner_graphs


def check_agreement(model: onnx.ModelProto, label: str) -> None:
    """Check the names of nodes, and the inputs that have a default value.

    The depth of inner graphs is checked before.

    Raises:
        InputError: two nodes of one graph have one name, or an input is declared otherwise than its default value.
    """
    for place, nodes in _scopes(model):
        _check_node_names(nodes, place, label)
    _check_default_values(model.graph, label)


def type_name(kind: int) -> str:
    """An element type as ONNX calls it."""
    known = kind in TensorProto.DataType.values()
    return str(TensorProto.DataType.Name(kind)) if known else f"the unknown type {kind}"


def _scopes(model: onnx.ModelProto) -> Iterator[tuple[str, Sequence[onnx.NodeProto]]]:
    """The nodes of every graph, inner ones and functions included, each with a word for where they are."""
    pending: list[tuple[str, Sequence[onnx.NodeProto]]] = [("the graph", model.graph.node)]
    pending += [(f"the function {function.name!r}", function.node) for function in model.functions]
    while pending:
        place, nodes = pending.pop()
        yield place, nodes
        for node in nodes:
            for attribute in node.attribute:
                pending += [(f"{attribute.name!r} of {node.name!r}", inner.node) for inner in inner_graphs(attribute)]


def _check_node_names(nodes: Sequence[onnx.NodeProto], place: str, label: str) -> None:
    """A Constant is a stored value to runtimes, whose name does not matter."""
    known: dict[str, onnx.NodeProto] = {}
    for node in nodes:
        if not node.name or node.op_type == "Constant":
            continue
        first = known.setdefault(node.name, node)
        if first is not node:
            raise InputError(
                f"{label}: two nodes of {place} are called {node.name!r}: {_words(first)} and {_words(node)}; "
                "give each a name of its own, or none"
            )


def _words(node: onnx.NodeProto) -> str:
    output = next(iter(node.output), "")
    return f"{node.op_type} (to {output!r})"


def _check_default_values(graph: onnx.GraphProto, label: str) -> None:
    inputs = {value.name: value.type for value in graph.input}
    for tensor in graph.initializer:
        declared = inputs.get(tensor.name)
        if declared is None or declared.WhichOneof("value") is None:
            continue
        kind = declared.tensor_type
        sizes = [dimension.dim_value if dimension.HasField("dim_value") else None for dimension in kind.shape.dim]
        fits = not kind.HasField("shape") or (
            len(sizes) == len(tensor.dims)
            and all(size is None or size in (-1, held) for size, held in zip(sizes, tensor.dims, strict=True))
        )
        if fits and declared.HasField("tensor_type") and kind.elem_type == tensor.data_type:
            continue
        what = type_name(kind.elem_type) if declared.HasField("tensor_type") else "no tensor"
        raise InputError(
            f"{label}: the input {tensor.name!r} is declared as {what} of shape "
            f"{['?' if size is None else size for size in sizes]}, but its default value is "
            f"{type_name(tensor.data_type)} of shape {list(tensor.dims)}; export the model again, or remove the input "
            "from model.graph.input"
        )
