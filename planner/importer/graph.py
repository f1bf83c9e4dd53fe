"""A checked view of an ONNX graph: nodes in topological order, who reads what, what is alive."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import onnx
from onnx import AttributeProto

from dynamap.cost.errors import InputError
from dynamap.planner.importer.drafts import Unsupported

_DAMAGED = "export the model again; the file may be damaged"
_FIELDS = {
    AttributeProto.FLOAT: "f",
    AttributeProto.GRAPH: "g",
    AttributeProto.INT: "i",
    AttributeProto.STRING: "s",
    AttributeProto.TENSOR: "t",
    AttributeProto.FLOATS: "floats",
    AttributeProto.INTS: "ints",
    AttributeProto.STRINGS: "strings",
}


@dataclass(frozen=True, eq=False)
class Node:
    """One ONNX node. ``domain`` is empty for the standard operators; attributes are plain Python values.

    ``captured`` are the names of the graph around it that its inner graphs read (branches, bodies of loops).
    """

    index: int
    name: str
    op: str
    domain: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, object]
    proto: onnx.NodeProto
    captured: tuple[str, ...] = ()

    @property
    def reads(self) -> tuple[str, ...]:
        """All names that must be known before it."""
        return (*self.inputs, *self.captured) if self.captured else self.inputs

    @property
    def asks_for_shape(self) -> bool:
        """True of Shape and Size, which no value of what they read matters to."""
        return self.op in ("Shape", "Size") and not self.domain

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

    def graph(self, name: str) -> onnx.GraphProto:
        value = self.attributes.get(name)
        if isinstance(value, onnx.GraphProto):
            return value
        raise Unsupported(f"attribute {name!r} is not a graph", _DAMAGED)


@dataclass(frozen=True)
class Ends:
    """Where a part of a model begins and ends; ``constants`` are names that are known without its nodes."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    element_types: Mapping[str, int]
    constants: tuple[str, ...]


class Graph:
    """The nodes of a model and the relations between them."""

    def __init__(
        self,
        graph: onnx.GraphProto,
        protos: Sequence[onnx.NodeProto],
        label: str,
        ends: Ends | None = None,
        known: Collection[str] = (),
    ) -> None:
        """``protos`` are the nodes, which may be others than those of ``graph``: calls and branches written out.

        ``ends`` are those of a part of the model, None for all of it. ``known`` are tensors whose values are known
        already: where a Shape is one, nothing has to compute what it is of.

        Raises InputError where a name is produced twice or by nothing, or the graph has a cycle.
        """
        if graph.sparse_initializer:
            raise InputError(f"{label}: sparse initialisers are not supported; save the weights as dense tensors")
        self.label = label
        self.proto = graph
        self.element_types = {
            value.name: value.type.tensor_type.elem_type for values in (graph.input, graph.output) for value in values
        }
        if ends is not None:
            self.element_types = dict(ends.element_types)
        self._declared = {value.name: value.type for value in (*graph.value_info, *graph.output)}
        self.hints = {value.name: value.type for value in graph.value_info}
        """What the model says of the types of tensors inside."""
        self.initialisers: dict[str, onnx.TensorProto] = {}
        for tensor in graph.initializer:
            if tensor.name in self.initialisers:
                raise InputError(f"{label}: two initialisers are called {tensor.name!r}; export the model again")
            self.initialisers[tensor.name] = tensor
        self.nodes: tuple[Node, ...] = tuple(node_of(index, proto) for index, proto in enumerate(protos))
        self.outputs = tuple(output.name for output in graph.output) if ends is None else ends.outputs
        self._outputs = frozenset(self.outputs)
        if not self.outputs or len(self._outputs) < len(self.outputs):
            raise InputError(f"{label}: the graph has no outputs, or one twice; export the model again")
        inputs = self._inputs(graph) if ends is None else list(ends.inputs)
        producers = self._producers(inputs, () if ends is None else ends.constants)
        self._check_sources(producers)
        self.names = frozenset(producers)
        self.alive = self._alive(producers, known)
        used = {name for node in self.nodes if node.index in self.alive for name in node.reads} | self._outputs
        self.inputs: tuple[str, ...] = tuple(name for name in inputs if name in used)
        self.unused_inputs: tuple[str, ...] = tuple(name for name in inputs if name not in used)
        self._readers: Counter[str] = Counter()
        self._consumers: dict[str, list[Node]] = defaultdict(list)
        for node in self.nodes:
            if node.index in self.alive and not node.asks_for_shape:
                self._readers.update(name for name in node.reads if name)
                for name in dict.fromkeys(node.reads):
                    self._consumers[name].append(node)
        self.order = self._order(producers)
        self.producers = {name: self.nodes[index] for name, index in producers.items() if index >= 0}

    def readers(self, name: str) -> int:
        """How often live nodes read ``name``; asking for its shape alone does not count."""
        return self._readers[name]

    def consumers(self, name: str) -> tuple[Node, ...]:
        return tuple(self._consumers.get(name, ()))

    def is_output(self, name: str) -> bool:
        return name in self._outputs

    def is_used(self, name: str) -> bool:
        """True where a live node reads ``name``, or it is an output."""
        return self._readers[name] > 0 or name in self._outputs

    def _inputs(self, graph: onnx.GraphProto) -> list[str]:
        """Inputs of the graph without a default value."""
        names = [value.name for value in graph.input]
        twice = next((name for name, count in Counter(names).items() if count > 1), None)
        if twice is not None:
            raise InputError(f"{self.label}: two inputs are called {twice!r}; export the model again")
        return [name for name in names if name not in self.initialisers]

    def declared_at_one(self, name: str) -> onnx.TypeProto | None:
        """The type that the model declares for a tensor inside, an open batch being 1; None where it does not."""
        declared = self._declared.get(name)
        return None if declared is None or not declared.HasField("tensor_type") else at_batch_1(declared)

    def _producers(self, inputs: Iterable[str], constants: Iterable[str]) -> dict[str, int]:
        """Node index per name; -1 for inputs, initialisers and other constants."""
        producers: dict[str, int] = dict.fromkeys((*inputs, *self.initialisers, *constants), -1)
        for node in self.nodes:
            for name in node.outputs:
                if name and name in producers:
                    raise InputError(f"{self.label}: {name!r} is produced twice; export the model again")
                producers[name] = node.index
        producers[""] = -1
        return producers

    def _check_sources(self, producers: Mapping[str, int]) -> None:
        for node in self.nodes:
            for name in node.reads:
                if name not in producers:
                    raise InputError(
                        f"{self.label}: node {node.name!r} ({node.op}) reads {name!r}, which nothing "
                        "produces; export the model again"
                    )
        for name in self.outputs:
            if name not in producers:
                raise InputError(f"{self.label}: nothing produces the output {name!r}; export the model again")

    def _alive(self, producers: Mapping[str, int], known: Collection[str]) -> frozenset[int]:
        """The nodes that some output depends on."""
        alive: set[int] = set()
        pending = [producers[name] for name in self.outputs]
        while pending:
            index = pending.pop()
            if index >= 0 and index not in alive:
                alive.add(index)
                node = self.nodes[index]
                if not (node.asks_for_shape and node.outputs[0] in known):
                    pending.extend(producers[name] for name in node.reads)
        return frozenset(alive)

    def _order(self, producers: Mapping[str, int]) -> tuple[Node, ...]:
        """Live nodes, each after what it reads; otherwise in the order of the file."""
        waits: dict[int, int] = {}
        followers: dict[int, list[int]] = defaultdict(list)
        for index in self.alive:
            sources = {producers[name] for name in self.nodes[index].reads} & self.alive
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


def at_batch_1(declared: onnx.TypeProto) -> onnx.TypeProto:
    """A type whose first dimension, where it is open, is 1."""
    kind = onnx.TypeProto()
    kind.CopyFrom(declared)
    dimensions = kind.tensor_type.shape.dim
    if dimensions and dimensions[0].dim_value <= 0:
        dimensions[0].dim_value = 1
    return kind


def node_of(index: int, proto: onnx.NodeProto) -> Node:
    """The node that ``proto`` describes, called as its first output where it has no name."""
    outputs = tuple(proto.output)
    name = proto.name or next((output for output in outputs if output), f"node {index}")
    domain = "" if proto.domain == "ai.onnx" else proto.domain
    attributes = {attribute.name: _attribute(attribute) for attribute in proto.attribute}
    return Node(
        index, name, proto.op_type, domain, tuple(proto.input), outputs, attributes, proto, captured_names(proto)
    )


def captured_names(proto: onnx.NodeProto) -> tuple[str, ...]:
    """The names that the inner graphs of a node read from the graph around it, each once."""
    found: dict[str, None] = {}
    for attribute in proto.attribute:
        for graph in inner_graphs(attribute):
            own = {value.name for value in graph.input} | {tensor.name for tensor in graph.initializer}
            own.update(name for node in graph.node for name in node.output)
            read = [name for node in graph.node for name in (*node.input, *captured_names(node))]
            read.extend(value.name for value in graph.output)
            found.update((name, None) for name in read if name and name not in own)
    return tuple(found)


def inner_graphs(attribute: AttributeProto) -> tuple[onnx.GraphProto, ...]:
    """The graphs that an attribute holds."""
    if attribute.type == AttributeProto.GRAPH:
        return (attribute.g,)
    return tuple(attribute.graphs) if attribute.type == AttributeProto.GRAPHS else ()


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
