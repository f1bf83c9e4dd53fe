"""Everything that a model holds, inner graphs and functions included, and the names in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from unicodedata import category

import onnx

from dynamap.cost.errors import InputError
from dynamap.planner.importer.graph import inner_graphs
from dynamap.planner.importer.limits import MAX_NESTING, MAX_NODES


def check_contents(model: onnx.ModelProto, label: str) -> None:
    """Check how many nodes a model has, how deep its graphs lie in each other, and what things are called.

    Raises:
        InputError: there are more than `MAX_NODES` nodes or `MAX_NESTING` graphs in each other, or a name is
            empty where it must not be, not UTF-8, or holds control characters; or a text of an operator is not UTF-8.
    """
    for count, node in enumerate(nodes_of(model, label), 1):
        if count > MAX_NODES:
            raise InputError(f"{label}: the model has more than {MAX_NODES} nodes; simplify or cut it")
        _check_names((node.name, node.op_type, node.domain, *node.input, *node.output), label)
        _check_names((attribute.name for attribute in node.attribute), label)
        _check_texts(node, label)
    graph = model.graph
    for what, named in (("an input", graph.input), ("an output", graph.output), ("an initialiser", graph.initializer)):
        names = [value.name for value in named]
        if "" in names:
            raise InputError(f"{label}: {what} of the graph has no name; export the model again")
        _check_names(names, label)
    for function in model.functions:
        _check_names((function.name, function.domain, *function.input, *function.output), label)


def nodes_of(model: onnx.ModelProto, label: str) -> Iterator[onnx.NodeProto]:
    """All nodes: of the graph, of functions, and of the graphs within nodes."""
    yield from _nodes(model.graph.node, label, 0)
    for function in model.functions:
        yield from _nodes(function.node, label, 0)


def tensors_of(model: onnx.ModelProto, label: str) -> Iterator[onnx.TensorProto]:
    """All tensors: initialisers, those of inner graphs, and those that nodes carry as attributes."""
    yield from model.graph.initializer
    for node in nodes_of(model, label):
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors
            for graph in inner_graphs(attribute):
                yield from graph.initializer


def _nodes(nodes: Sequence[onnx.NodeProto], label: str, depth: int) -> Iterator[onnx.NodeProto]:
    if depth > MAX_NESTING:
        raise InputError(f"{label}: more than {MAX_NESTING} graphs lie in each other; export the model again")
    for node in nodes:
        yield node
        for attribute in node.attribute:
            for graph in inner_graphs(attribute):
                yield from _nodes(graph.node, label, depth + 1)


def _check_names(names: Iterable[str | bytes], label: str) -> None:
    """Protobuf hands out strings that are not UTF-8 as bytes."""
    for name in names:
        if isinstance(name, bytes):
            raise InputError(f"{label}: the name {name[:80]!r} is not UTF-8; the file is damaged: export it again")
        if not name.isprintable() and any(category(sign) == "Cc" and sign not in "\t\n" for sign in name):
            raise InputError(f"{label}: the name {name[:80]!r} holds control characters; export the model again")


def _check_texts(node: onnx.NodeProto, label: str) -> None:
    """ONNX's own operators have texts, in UTF-8 (onnx.proto); those of other domains may keep anything there."""
    if node.domain not in ("", "ai.onnx"):
        return
    for attribute in node.attribute:
        for text in (attribute.s, *attribute.strings):
            try:
                text.decode()
            except UnicodeDecodeError:
                raise InputError(
                    f"{label}: {attribute.name!r} of the node {node.name or node.op_type!r} is not UTF-8; "
                    "the file is damaged: export it again"
                ) from None
