"""A checked view of an ONNX graph: nodes in topological order, who reads what, what is alive."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import onnx
from onnx import AttributeProto

from dynamap.cost.errors import InputError
from dynamap.planner.importer.drafts import Unsupported

_DAMAGED = "export the model again; the file may be damaged"
_FIELDS = {
    AttributeProto.FLOAT: "f",
    AttributeProto.INT: "i",
    AttributeProto.STRING: "s",
    AttributeProto.TENSOR: "t",
    AttributeProto.FLOATS: "floats",
    AttributeProto.INTS: "ints",
    AttributeProto.STRINGS: "strings",
}


@dataclass(frozen=True, eq=False)
class Node:
    """One ONNX node. ``domain`` is empty for the standard operators; attributes are plain Python values."""

    index: int
    name: str
    op: str
    domain: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, object]
    proto: onnx.NodeProto

    def has(self, position: int) -> bool:
        """True where the optional input at ``position`` is given."""
        return position < len(self.inputs) and self.inputs[position] != ""

    def integer(self, name: str, default: int) -> int:
        value = self.attributes.get(name, default)
        if isinstance(value, int):
            return value
        raise Unsupported(f"attribute {name!r} is {value!r}, not an integer", _DAMAGED)

    def real(self, name: str, default: float) -> float:
        value = self.attributes.get(name, default)
        if isinstance(value, float):
            return value
        raise Unsupported(f"attribute {name!r} is {value!r}, not a number", _DAMAGED)

    def text(self, name: str, default: str) -> str:
        value = self.attributes.get(name, default)
        if isinstance(value, str):
            return value
        raise Unsupported(f"attribute {name!r} is {value!r}, not a string", _DAMAGED)

    def integers(self, name: str, default: tuple[int, ...] | None = None) -> tuple[int, ...] | None:
        value = self.attributes.get(name, default)
        if value is None:
            return None
        if isinstance(value, tuple) and all(isinstance(item, int) for item in value):
            return value
        raise Unsupported(f"attribute {name!r} is {value!r}, not a list of integers", _DAMAGED)


class Graph:
    """The nodes of a model and the relations between them."""

    def __init__(self, model: onnx.ModelProto, label: str) -> None:
        """Raises InputError where a name is produced twice or by nothing, or the graph has a cycle."""
        graph = model.graph
        self._check_names(graph, label)
        if graph.sparse_initializer:
            raise InputError(f"{label}: sparse initialisers are not supported; save the weights as dense tensors")
        self.label = label
        self.element_types = {
            value.name: value.type.tensor_type.elem_type for values in (graph.input, graph.output) for value in values
        }
        self.initialisers: dict[str, onnx.TensorProto] = {}
        for tensor in graph.initializer:
            if tensor.name in self.initialisers:
                raise InputError(f"{label}: two initialisers are called {tensor.name!r}; export the model again")
            self.initialisers[tensor.name] = tensor
        self.nodes: tuple[Node, ...] = tuple(_node(index, proto) for index, proto in enumerate(graph.node))
        self.outputs: tuple[str, ...] = tuple(output.name for output in graph.output)
        if not self.outputs or len(set(self.outputs)) < len(self.outputs):
            raise InputError(f"{label}: the graph has no outputs, or one twice; export the model again")
        inputs = [value.name for value in graph.input if value.name not in self.initialisers]
        producers = self._producers(inputs)
        self._check_sources(producers)
        self.alive = self._alive(producers)
        used = {name for node in self.nodes if node.index in self.alive for name in node.inputs}
        self.inputs: tuple[str, ...] = tuple(name for name in inputs if name in used or name in self.outputs)
        self.unused_inputs: tuple[str, ...] = tuple(name for name in inputs if name not in self.inputs)
        self._readers: Counter[str] = Counter()
        self._consumers: dict[str, list[Node]] = defaultdict(list)
        for node in self.nodes:
            if node.index in self.alive and node.op not in ("Shape", "Size"):
                self._readers.update(name for name in node.inputs if name)
                for name in dict.fromkeys(node.inputs):
                    self._consumers[name].append(node)
        self.order = self._order(producers)

    def readers(self, name: str) -> int:
        """How often live nodes read ``name``; asking for its shape alone does not count."""
        return self._readers[name]

    def consumers(self, name: str) -> tuple[Node, ...]:
        return tuple(self._consumers.get(name, ()))

    @staticmethod
    def _check_names(graph: onnx.GraphProto, label: str) -> None:
        """Protobuf hands out strings that are not UTF-8 as bytes."""
        names = [value.name for values in (graph.input, graph.output, graph.initializer) for value in values]
        for node in graph.node:
            names += (node.name, node.op_type, node.domain, *node.input, *node.output)
            names += (attribute.name for attribute in node.attribute)
        for name in names:
            if isinstance(name, bytes):
                raise InputError(f"{label}: the name {name!r} is not UTF-8; the file is damaged: export it again")

    def _producers(self, inputs: Iterable[str]) -> dict[str, int]:
        """Node index per name; -1 for inputs and initialisers."""
        producers: dict[str, int] = dict.fromkeys((*inputs, *self.initialisers), -1)
        for node in self.nodes:
            for name in node.outputs:
                if name and name in producers:
                    raise InputError(f"{self.label}: {name!r} is produced twice; export the model again")
                producers[name] = node.index
        producers[""] = -1
        return producers

    def _check_sources(self, producers: Mapping[str, int]) -> None:
        for node in self.nodes:
            for name in node.inputs:
                if name not in producers:
                    raise InputError(
                        f"{self.label}: node {node.name!r} ({node.op}) reads {name!r}, which nothing "
                        "produces; export the model again"
                    )
        for name in self.outputs:
            if name not in producers:
                raise InputError(f"{self.label}: nothing produces the output {name!r}; export the model again")

    def _alive(self, producers: Mapping[str, int]) -> frozenset[int]:
        """The nodes that some output depends on."""
        alive: set[int] = set()
        pending = [producers[name] for name in self.outputs]
        while pending:
            index = pending.pop()
            if index >= 0 and index not in alive:
                alive.add(index)
                pending.extend(producers[name] for name in self.nodes[index].inputs)
        return frozenset(alive)

    def _order(self, producers: Mapping[str, int]) -> tuple[Node, ...]:
        """Live nodes, each after what it reads; otherwise in the order of the file."""
        waits: dict[int, int] = {}
        followers: dict[int, list[int]] = defaultdict(list)
        for index in self.alive:
            sources = {producers[name] for name in self.nodes[index].inputs} - {-1}
            waits[index] = len(sources)
            for source in sources:
                followers[source].append(index)
        ready = [index for index, count in waits.items() if count == 0]
        heapq.heapify(ready)
        order: list[Node] = []
        while ready:
            index = heapq.heappop(ready)
            order.append(self.nodes[index])
            for follower in followers[index]:
                waits[follower] -= 1
                if waits[follower] == 0:
                    heapq.heappush(ready, follower)
        if len(order) < len(self.alive):
            stuck = self.nodes[min(index for index, count in waits.items() if count > 0)]
            raise InputError(f"{self.label}: the graph has a cycle through node {stuck.name!r} ({stuck.op})")
        return tuple(order)


def _node(index: int, proto: onnx.NodeProto) -> Node:
    outputs = tuple(proto.output)
    name = proto.name or next((output for output in outputs if output), f"node {index}")
    domain = "" if proto.domain == "ai.onnx" else proto.domain
    attributes = {attribute.name: _attribute(attribute) for attribute in proto.attribute}
    return Node(index, name, proto.op_type, domain, tuple(proto.input), outputs, attributes, proto)


def _attribute(attribute: AttributeProto) -> object:
    """Numbers, strings and tuples of them; tensors as TensorProto; None for what no handled operator has."""
    field = _FIELDS.get(attribute.type)
    if field is None:
        return None
    value = getattr(attribute, field)
    if attribute.type == AttributeProto.STRING:
        return value.decode("utf-8", errors="replace")
    if attribute.type in (AttributeProto.FLOATS, AttributeProto.INTS, AttributeProto.STRINGS):
        return tuple(value)
    return value
