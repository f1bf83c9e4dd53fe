"""The import itself: one pass over the nodes, whose outcome is a network or a list of reasons."""

from __future__ import annotations

import hashlib
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnx

from dynamap.cost.errors import InputError
from dynamap.planner.importer.constants.budget import Budget
from dynamap.planner.importer.constants.evaluation import Evaluator
from dynamap.planner.importer.cutting.cut import cut
from dynamap.planner.importer.drafts import Constant, Value
from dynamap.planner.importer.fates import CheckReport, refusal
from dynamap.planner.importer.finish import network_of, report_of, settled_layers
from dynamap.planner.importer.graph import Graph, Node
from dynamap.planner.importer.judging import lower_nodes
from dynamap.planner.importer.limits import MAX_BRANCH_ROUNDS
from dynamap.planner.importer.lowering import Lowering
from dynamap.planner.importer.nesting.branches import take_branches
from dynamap.planner.importer.nesting.functions import expand_functions
from dynamap.planner.importer.nesting.inlining import Inliner
from dynamap.planner.importer.nesting.products import write_out_products
from dynamap.planner.importer.operators.quant import settle_integer_inputs
from dynamap.planner.importer.reading.agreement import check_agreement
from dynamap.planner.importer.reading.inputs import FixedBatch, bind_inputs, check_given
from dynamap.planner.importer.reading.read import Source, in_memory, read_source
from dynamap.planner.importer.reading.schema import check_file_version, check_other_opsets, opset_of
from dynamap.planner.importer.reading.tensors import TensorReader
from dynamap.planner.importer.reading.walk import check_contents
from dynamap.planner.network.given_shapes import Shapes
from dynamap.planner.network.joining.siblings import joined
from dynamap.planner.network.network import Network


@dataclass(frozen=True, eq=False)
class Outcome:
    """The fates of all nodes, and the network where every node is supported."""

    report: CheckReport
    network: Network | None


def load_model(path: str | Path, shapes: Shapes | None = None, *, host: bool = False) -> Network:
    """Import the ONNX file ``path``; ``shapes`` are the dimensions of inputs that it leaves open.

    ``host``: what the overlay cannot run is cut out for onnxruntime.

    Raises:
        InputError: the file is damaged, or some nodes are unsupported (the message lists them all).
    """
    return replace(_network(lower(read_source(path), shapes, host=host)), source=str(path))


def import_model(
    model: onnx.ModelProto, name: str, sha256: str, shapes: Shapes | None = None, *, host: bool = False
) -> Network:
    """Import a model that is in memory, with the digest that its network is to carry.

    Raises:
        InputError: as for `load_model`.
    """
    return _network(lower(in_memory(model, name, sha256), shapes, host=host))


def import_in_memory(model: onnx.ModelProto, shapes: Shapes | None = None, *, host: bool = False) -> Network:
    """Import a model that a caller made; it is called by its graph's name, its digest is that of its bytes.

    Raises:
        InputError: it is no model, or as for `load_model`.
    """
    if not isinstance(model, onnx.ModelProto):
        raise InputError(f"a model is a path, a built-in name, an onnx.ModelProto or a network; found {type(model)}")
    digest = hashlib.sha256(model.SerializeToString(deterministic=True)).hexdigest()
    return import_model(model, model.graph.name or "model", digest, shapes, host=host)


def check_model(
    source: str | Path | onnx.ModelProto, name: str = "model", shapes: Shapes | None = None, *, host: bool = False
) -> CheckReport:
    """The fate of every node of an ONNX file, or of a model in memory that is called ``name``; ``shapes`` of inputs.

    Raises:
        InputError: the file is damaged, so that there are no nodes to judge.
    """
    if isinstance(source, onnx.ModelProto):
        return lower(in_memory(source, name, ""), shapes, host=host).report
    return lower(read_source(source), shapes, host=host).report


@np.errstate(all="ignore")  # where numbers of a model overflow, who uses what comes of them refuses it by name
def lower(source: Source, shapes: Shapes | None = None, *, host: bool = False) -> Outcome:
    """Judge and translate every node of ``source``, whose inputs have the ``shapes`` that a user gives.

    ``host``: what the overlay cannot do is cut out for the host, which takes inputs whose first axis is no batch of 1
    as they are.
    """
    try:
        return _lower(source, shapes, host=host)
    except FixedBatch as problem:
        try:
            return _lower(source, shapes, host=host, batched=False)
        except InputError:
            raise problem from None


def _lower(source: Source, shapes: Shapes | None, *, host: bool, batched: bool = True) -> Outcome:
    model, label = source.model, source.label
    given = shapes or {}
    check_file_version(model, label)
    opset = opset_of(model, label)
    check_other_opsets(model, label)
    check_contents(model, label)
    check_agreement(model, label)
    check_given(model, label, given)
    inliner = Inliner(model, label)
    expansion = expand_functions(model, inliner, opset, label)
    tensors = TensorReader(label, source.folder)
    evaluator = Evaluator(opset, tensors, Budget(source.stored_bytes))
    nodes: Sequence[onnx.NodeProto] = expansion.nodes
    constants: dict[str, Constant] = {}
    notices: list[str] = []
    for rounds_left in reversed(range(MAX_BRANCH_ROUNDS)):
        graph = Graph(model.graph, nodes, label, known=constants)
        lowering = Lowering(graph, evaluator, constants, expansion.refusals, may_branch=rounds_left > 0, host=host)
        lowering.batched = batched
        _lower_all(lowering, model, given)
        if lowering.taken:
            notices += [_branch_notice(graph.nodes[index], taken) for index, taken in lowering.taken.items()]
            nodes = take_branches(graph.nodes, lowering.taken, inliner)
        else:
            nodes, found = write_out_products(lowering, inliner)
            if not rounds_left or not (found or _asks_for_shapes_alone(lowering, model)):
                break
        constants = lowering.constants
    lowering.notices[:0] = dict.fromkeys(notices)
    return _outcome(lowering, source, host=host)


def _asks_for_shapes_alone(lowering: Lowering, model: onnx.ModelProto) -> bool:
    """True where a node was lowered of which nothing is read but the shape, which is known by now."""
    graph = lowering.graph
    if not any(node.asks_for_shape for node in graph.order):
        return False
    again = Graph(model.graph, [node.proto for node in graph.nodes], graph.label, known=lowering.constants)
    return again.alive < graph.alive


def _lower_all(lowering: Lowering, model: onnx.ModelProto, given: Shapes) -> None:
    """Lower every live node, constants first; up to the first branches whose condition is constant."""
    constant, rest = _constants_first(lowering.graph)
    lower_nodes(lowering, constant)
    if lowering.taken:  # the graph is another without the branches that are left out
        return
    bind_inputs(lowering, model, given)
    settle_integer_inputs(lowering)
    lower_nodes(lowering, _numbers_early(lowering.graph, rest))


def _outcome(lowering: Lowering, source: Source, *, host: bool) -> Outcome:
    names, layers = settled_layers(lowering)
    report = report_of(lowering, source.label, names)
    if host and not (report.supported and _reads_its_inputs(lowering)):
        found = cut(lowering, source, report)
        return Outcome(found.report, found.network)
    if not report.supported:
        return Outcome(report, None)
    if all(draft.is_host for draft in lowering.layers):
        raise InputError(
            f"{source.label}: no node of the model is a layer for the overlay; give a convolutional network"
        )
    check_output_shapes(lowering, source.model)
    return Outcome(report, network_of(lowering, source.name, source.sha256, layers))


def _reads_its_inputs(lowering: Lowering) -> bool:
    return all(isinstance(lowering.values.get(name), Value) for name in lowering.graph.inputs)


def _branch_notice(node: Node, taken: bool) -> str:
    return f"the condition of {node.name!r} is always {'true' if taken else 'false'}: its other branch is left out"


def _network(outcome: Outcome) -> Network:
    if outcome.network is None:
        raise InputError(refusal(outcome.report))
    return joined(outcome.network)


def _constants_first(graph: Graph) -> tuple[list[Node], list[Node]]:
    """The nodes that depend on no input of the network, or whose condition does not, and all others; both in order."""
    variable = set(graph.inputs)
    constant: list[Node] = []
    rest: list[Node] = []
    for node in graph.order:
        decided = node.op == "If" and not node.domain and node.inputs[:1] and node.inputs[0] not in variable
        if variable.isdisjoint(node.reads):
            constant.append(node)
        else:
            variable.update(node.outputs)
            (constant if decided else rest).append(node)
    return constant, rest


def _numbers_early(graph: Graph, nodes: list[Node]) -> list[Node]:
    """``nodes``, those that compute with shapes as soon as these are known: other nodes are judged by them."""
    made = {name: node for node in nodes for name in node.outputs}
    numbers: set[str] = set()
    missing: dict[int, int] = {}
    waiting: defaultdict[str, list[Node]] = defaultdict(list)
    early: list[Node] = []
    for node in nodes:
        variable = {name for name in node.reads if name in made or name in graph.inputs}
        if node.asks_for_shape or (variable and variable <= numbers):
            numbers.update(node.outputs)
            missing[node.index] = sum(name in made for name in variable)
            for name in variable & made.keys():
                waiting[name].append(node)
            if not missing[node.index]:
                early.append(node)
    ordered: list[Node] = []
    for node in (*early, *(node for node in nodes if node.index not in missing)):
        released = deque([node])
        while released:
            ordered.append(released.popleft())
            for reader in (reader for name in ordered[-1].outputs for reader in waiting[name]):
                missing[reader.index] -= 1
                if not missing[reader.index]:
                    released.append(reader)
    return ordered


def check_output_shapes(lowering: Lowering, model: onnx.ModelProto) -> None:
    """Compare the shapes of the outputs with those that the model declares, the batch aside.

    Raises:
        InputError: they differ, so that either the file is inconsistent or its meaning is doubtful.
    """
    for output in model.graph.output:
        bound = lowering.values.get(output.name)
        if not isinstance(bound, Value) or not output.type.tensor_type.HasField("shape"):
            continue
        declared = [dimension.dim_value for dimension in output.type.tensor_type.shape.dim]
        same = len(declared) == len(bound.shape) and all(
            wanted <= 0 or wanted == found for wanted, found in zip(declared[1:], bound.shape[1:], strict=True)
        )
        if not same:
            raise InputError(
                f"{lowering.graph.label}: the output {output.name!r} is declared as {declared}, but its "
                f"layers give {list(bound.shape)}; run onnx.shape_inference on the model, or export it again"
            )
