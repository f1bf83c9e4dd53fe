"""Functions of the model, written out in the place of every call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import onnx
from onnx import defs

from dynamap.cost.errors import InputError
from dynamap.planner.importer.graph import inner_graphs
from dynamap.planner.importer.limits import MAX_NESTING
from dynamap.planner.importer.nesting.inlining import Inliner, resolve

Key = tuple[str, str, str]  # domain, name, overload

STANDARD = ("", "ai.onnx")

REDEFINED = frozenset(["DFT", "GroupNormalization", "Hardmax", "LogSoftmax", "Resize", "RoiAlign", "Scan", "Softmax"])
"""Operators whose later versions read the same node otherwise: other defaults, other axes."""


@dataclass(frozen=True)
class Refusal:
    """Why the calls of a function cannot be written out, and what to do."""

    reason: str
    remedy: str


@dataclass(frozen=True, eq=False)
class Expansion:
    """The nodes of the graph without calls of functions, and by domain and name the functions that are left."""

    nodes: tuple[onnx.NodeProto, ...]
    refusals: Mapping[tuple[str, str], Refusal]


def expand_functions(model: onnx.ModelProto, inliner: Inliner, opset: int, label: str) -> Expansion:
    """Write out every function of ``model`` whose operators mean the same in the opset of the model.

    Raises:
        InputError: functions call each other in a circle or too deep, are defined twice, or grow beyond the limits.
    """
    if not model.functions:
        return Expansion(tuple(model.graph.node), {})
    expander = _Expander(model, inliner, opset, label)
    return Expansion(tuple(expander.expand(model.graph.node, (), 0)), expander.refusals)


class _Expander:
    def __init__(self, model: onnx.ModelProto, inliner: Inliner, opset: int, label: str) -> None:
        self.refusals: dict[tuple[str, str], Refusal] = {}
        self._inliner = inliner
        self._label = label
        self._functions: dict[Key, onnx.FunctionProto] = {}
        self._sizes: dict[Key, int] = {}
        for function in model.functions:
            key = (function.domain, function.name, function.overload)
            if function.domain in STANDARD:
                raise InputError(
                    f"{label}: the function {function.name!r} is in the domain of the standard operators; "
                    "give it a domain of its own"
                )
            if key in self._functions:
                raise InputError(f"{label}: two functions are called {_name(key)!r}; export the model again")
            self._functions[key] = function
            self._sizes[key] = function.ByteSize()
            changed = _changed(function, opset)
            if changed is not None:
                self.refusals[function.domain, function.name] = changed

    def expand(self, nodes: Sequence[onnx.NodeProto], within: tuple[Key, ...], depth: int) -> Iterator[onnx.NodeProto]:
        """``nodes`` of a function called by those in ``within``, in so many graphs within each other, without calls."""
        if depth > MAX_NESTING:
            raise InputError(
                f"{self._label}: with its functions written out, more than {MAX_NESTING} graphs lie in each other; "
                "simplify the model"
            )
        for node in nodes:
            key = (node.domain, node.op_type, node.overload)
            if key not in self._functions or (node.domain, node.op_type) in self.refusals:
                yield self._expand_inside(node, within, depth)
                continue
            if key in within:
                raise InputError(
                    f"{self._label}: the function {_name(key)!r} calls itself; export the model without it"
                )
            if len(within) == MAX_NESTING:
                raise InputError(
                    f"{self._label}: more than {MAX_NESTING} functions call each other; simplify the model"
                )
            yield from self.expand(self._body(node, key), (*within, key), depth)

    def _expand_inside(self, node: onnx.NodeProto, within: tuple[Key, ...], depth: int) -> onnx.NodeProto:
        """``node`` with the calls in its inner graphs written out."""
        if not any(inner_graphs(attribute) for attribute in node.attribute):
            return node
        copy = onnx.NodeProto()
        copy.CopyFrom(node)
        for attribute in copy.attribute:
            for graph in inner_graphs(attribute):
                expanded = list(self.expand(list(graph.node), within, depth + 1))
                del graph.node[:]
                graph.node.extend(expanded)
        return copy

    def _body(self, call: onnx.NodeProto, key: Key) -> list[onnx.NodeProto]:
        function = self._functions[key]
        if len(call.input) > len(function.input) or len(call.output) > len(function.output):
            raise InputError(
                f"{self._label}: node {call.name!r} gives the function {_name(key)!r} {len(call.input)} inputs and "
                f"{len(call.output)} outputs; it has {len(function.input)} and {len(function.output)}"
            )
        self._inliner.pay(len(function.node), self._sizes[key], "its functions")
        inputs = dict.fromkeys(function.input, "") | dict(zip(function.input, call.input, strict=False))
        outputs = list(zip(function.output, call.output, strict=False))
        owner = call.name or next(iter(call.output), function.name)
        nodes = self._inliner.copy(function.node, (), inputs, outputs, owner)
        given = {attribute.name: attribute for attribute in (*function.attribute_proto, *call.attribute)}
        for node in nodes:
            resolve(node, given)
        return nodes


def _changed(function: onnx.FunctionProto, opset: int) -> Refusal | None:
    """A refusal where the standard operators in ``function`` mean something else in the opset of the model.

    ONNX asks that they do not, and onnxruntime reads them all in the model's opset.
    """
    versions = {entry.version for entry in function.opset_import if entry.domain in STANDARD}
    if versions <= {opset}:
        return None
    if len(versions) > 1:
        return Refusal(
            f"the function names the opsets {sorted(versions)}",
            "keep one opset of the standard operators in the function",
        )
    (version,) = versions
    for node in _all_nodes(function.node):
        if node.domain not in STANDARD or node.op_type not in REDEFINED:
            continue
        if not defs.has(node.op_type, "") or _since(node.op_type, version) != _since(node.op_type, opset):
            return Refusal(
                f"the function is written for opset {version} and the model for {opset}, between which {node.op_type} "
                "changed its meaning",
                "write the functions out in the opset of the model: "
                "onnx.inliner.inline_local_functions(model, convert_version=True)",
            )
    return None


def _all_nodes(nodes: Sequence[onnx.NodeProto]) -> Iterator[onnx.NodeProto]:
    for node in nodes:
        yield node
        for attribute in node.attribute:
            for graph in inner_graphs(attribute):
                yield from _all_nodes(graph.node)


def _since(op: str, opset: int) -> int:
    """The opset that defined ``op`` as it is in ``opset``; 0 where there was none."""
    try:
        return int(defs.get_schema(op, opset, "").since_version)
    except defs.SchemaError:
        return 0


def _name(key: Key) -> str:
    return ".".join(part for part in key if part)
