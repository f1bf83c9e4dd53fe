"""Nodes of an inner graph in the place of the node that holds it: names are made unique, constants become nodes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import onnx
from onnx import AttributeProto, helper

from dynamap.cost.errors import InputError
from dynamap.planner.importer.graph import inner_graphs
from dynamap.planner.importer.limits import MAX_COPIED_BYTES, MAX_NODES


class Inliner:
    """Copies inner graphs, counts what that takes, and knows every name that is taken."""

    def __init__(self, model: onnx.ModelProto, label: str) -> None:
        graph = model.graph
        self._label = label
        self._taken = {value.name for values in (graph.input, graph.output, graph.initializer) for value in values}
        for node in graph.node:
            self.take(node)
        self._next: dict[str, int] = {}
        self._nodes = len(graph.node)
        self._bytes = 0

    def take(self, node: onnx.NodeProto) -> None:
        """Note the names of ``node``, its inner graphs included."""
        self._taken.update((*node.input, *node.output))
        for attribute in node.attribute:
            for graph in inner_graphs(attribute):
                for inner in graph.node:
                    self.take(inner)

    def pay(self, nodes: int, copied_bytes: int, what: str) -> None:
        """Count nodes and bytes that are about to be copied.

        Raises:
            InputError: they are more than `MAX_NODES` or `MAX_COPIED_BYTES` in all.
        """
        self._nodes += max(nodes, 1)
        self._bytes += copied_bytes
        if self._nodes > MAX_NODES or self._bytes > MAX_COPIED_BYTES:
            raise InputError(
                f"{self._label}: with {what} written out, the model has more than {MAX_NODES} nodes or takes "
                f"{MAX_COPIED_BYTES} bytes more; simplify it (onnxsim)"
            )

    def copy(
        self,
        nodes: Sequence[onnx.NodeProto],
        constants: Iterable[onnx.TensorProto],
        inputs: Mapping[str, str],
        outputs: Sequence[tuple[str, str]],
        owner: str,
    ) -> list[onnx.NodeProto]:
        """``nodes`` with ``constants`` as nodes before them, renamed for the graph around them.

        ``inputs`` says which name stands for which; ``outputs`` are pairs of an inner name and the outer one that it
        gets ('' where nobody wants it). Nodes that have a name get that of ``owner`` in front of it.
        """
        stored = [helper.make_node("Constant", [], [tensor.name], value=tensor) for tensor in constants]
        copies = [*stored, *(_copied(node) for node in nodes)]
        made = [name for node in copies for name in node.output if name]
        names = dict(inputs)
        renamed: list[tuple[str, str]] = []
        for inner, outer in outputs:
            if inner in made and inner not in names and outer:
                names[inner] = outer
            elif outer:
                renamed.append((inner, outer))
        for name in made:
            if name not in names:
                names[name] = self._fresh(name)
        for node in copies:
            _rename(node, names)
            node.name = f"{owner}/{node.name}" if node.name else ""
        same = [helper.make_node("Identity", [names.get(inner, inner)], [outer]) for inner, outer in renamed]
        return copies + same

    def _fresh(self, name: str) -> str:
        count = self._next.get(name, 0)
        while (fresh := f"{name}__{count}") in self._taken:
            count += 1
        self._next[name] = count + 1
        self._taken.add(fresh)
        return fresh


def _copied(node: onnx.NodeProto) -> onnx.NodeProto:
    copy = onnx.NodeProto()
    copy.CopyFrom(node)
    return copy


def _rename(node: onnx.NodeProto, names: Mapping[str, str]) -> None:
    """Give the inputs and outputs of ``node``, and what its inner graphs read, other names."""
    for values in (node.input, node.output):
        renamed = [names.get(name, name) for name in values]
        del values[:]
        values.extend(renamed)
    for attribute in node.attribute:
        for graph in inner_graphs(attribute):
            _rename_graph(graph, names)


def _rename_graph(graph: onnx.GraphProto, names: Mapping[str, str]) -> None:
    own = {value.name for value in graph.input} | {tensor.name for tensor in graph.initializer}
    own.update(name for node in graph.node for name in node.output)
    outer = {name: new for name, new in names.items() if name not in own}
    for node in graph.node:
        _rename(node, outer)
    for value in graph.output:
        value.name = outer.get(value.name, value.name)


def resolve(node: onnx.NodeProto, given: Mapping[str, AttributeProto]) -> None:
    """Give the attributes that refer to those of a function their values; drop those that have none."""
    kept = []
    for attribute in node.attribute:
        if not attribute.ref_attr_name:
            for graph in inner_graphs(attribute):
                for inner in graph.node:
                    resolve(inner, given)
            kept.append(attribute)
        elif attribute.ref_attr_name in given:
            value = AttributeProto()
            value.CopyFrom(given[attribute.ref_attr_name])
            value.name = attribute.name
            kept.append(value)
    attributes = [_attribute(one) for one in kept]
    del node.attribute[:]
    node.attribute.extend(attributes)


def _attribute(attribute: AttributeProto) -> AttributeProto:
    copy = AttributeProto()
    copy.CopyFrom(attribute)
    return copy
