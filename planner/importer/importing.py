"""The import itself: one pass over the nodes, whose outcome is a network or a list of reasons."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnx

from dynamap.cost.errors import InputError
from dynamap.planner.importer.constants.budget import Budget
from dynamap.planner.importer.constants.evaluation import Evaluator
from dynamap.planner.importer.drafts import Constant, Unknown, Unsupported, Value, Verdict
from dynamap.planner.importer.fates import CheckReport, Fate, refusal
from dynamap.planner.importer.finish import (
    frozen_layers,
    network_of,
    refuse_host_before_overlay,
    refuse_what_no_overlay_can_do,
    report_of,
    settle_outputs,
    unique_names,
)
from dynamap.planner.importer.graph import Graph, Node
from dynamap.planner.importer.handlers import handler_of
from dynamap.planner.importer.limits import MAX_BRANCH_ROUNDS
from dynamap.planner.importer.lowering import BEHIND, Lowering, stand_in
from dynamap.planner.importer.nesting.branches import check_branch, take_branches
from dynamap.planner.importer.nesting.functions import expand_functions
from dynamap.planner.importer.nesting.inlining import Inliner
from dynamap.planner.importer.operators.functions import take_function
from dynamap.planner.importer.operators.quant import settle_integer_inputs
from dynamap.planner.importer.reading.inputs import bind_inputs, check_given
from dynamap.planner.importer.reading.read import Source, in_memory, read_source
from dynamap.planner.importer.reading.schema import check_file_version, check_node, opset_of
from dynamap.planner.importer.reading.shapes import output_shapes
from dynamap.planner.importer.reading.tensors import TensorReader
from dynamap.planner.importer.reading.walk import check_contents
from dynamap.planner.importer.transposes import lower_between_transposes
from dynamap.planner.network.given_shapes import Shapes
from dynamap.planner.network.network import Network


@dataclass(frozen=True, eq=False)
class Outcome:
    """The fates of all nodes, and the network where every node is supported."""

    report: CheckReport
    network: Network | None


def load_model(path: str | Path, shapes: Shapes | None = None) -> Network:
    """Import the ONNX file ``path``; ``shapes`` are the dimensions of inputs that it leaves open.

    Raises:
        InputError: the file is damaged, or some nodes are unsupported (the message lists them all).
    """
    return replace(_network(lower(read_source(path), shapes)), source=str(path))


def import_model(model: onnx.ModelProto, name: str, sha256: str, shapes: Shapes | None = None) -> Network:
    """Import a model that is in memory, with the digest that its network is to carry.

    Raises:
        InputError: as for `load_model`.
    """
    return _network(lower(in_memory(model, name, sha256), shapes))


def import_in_memory(model: onnx.ModelProto, shapes: Shapes | None = None) -> Network:
    """Import a model that a caller made; it is called by its graph's name, its digest is that of its bytes.

    Raises:
        InputError: it is no model, or as for `load_model`.
    """
    if not isinstance(model, onnx.ModelProto):
        raise InputError(f"a model is a path, a built-in name, an onnx.ModelProto or a network; found {type(model)}")
    digest = hashlib.sha256(model.SerializeToString(deterministic=True)).hexdigest()
    return import_model(model, model.graph.name or "model", digest, shapes)


def check_model(source: str | Path | onnx.ModelProto, name: str = "model", shapes: Shapes | None = None) -> CheckReport:
    """The fate of every node of an ONNX file, or of a model in memory that is called ``name``; ``shapes`` of inputs.

    Raises:
        InputError: the file is damaged, so that there are no nodes to judge.
    """
    if isinstance(source, onnx.ModelProto):
        return lower(in_memory(source, name, ""), shapes).report
    return lower(read_source(source), shapes).report


def lower(source: Source, shapes: Shapes | None = None) -> Outcome:
    """Judge and translate every node of ``source``, whose inputs have the ``shapes`` that a user gives."""
    model, label = source.model, source.label
    given = shapes or {}
    check_file_version(model, label)
    opset = opset_of(model, label)
    check_contents(model, label)
    check_given(model, label, given)
    inliner = Inliner(model, label)
    expansion = expand_functions(model, inliner, opset, label)
    tensors = TensorReader(label, source.folder)
    evaluator = Evaluator(opset, tensors, Budget(source.stored_bytes))
    nodes: Sequence[onnx.NodeProto] = expansion.nodes
    constants: dict[str, Constant] = {}
    notices: list[str] = []
    for rounds_left in reversed(range(MAX_BRANCH_ROUNDS)):
        graph = Graph(model.graph, nodes, label)
        lowering = Lowering(graph, evaluator, constants, expansion.refusals, may_branch=rounds_left > 0)
        _lower_all(lowering, model, given)
        if not lowering.taken:
            break
        notices += [_branch_notice(graph.nodes[index], taken) for index, taken in lowering.taken.items()]
        nodes = take_branches(graph.nodes, lowering.taken, inliner)
        constants = lowering.constants
    lowering.notices[:0] = dict.fromkeys(notices)
    return _outcome(lowering, source)


def _lower_all(lowering: Lowering, model: onnx.ModelProto, given: Shapes) -> None:
    """Lower every live node, constants first; up to the first branches whose condition is constant."""
    constant, rest = _constants_first(lowering.graph)
    _lower_nodes(lowering, constant)
    if lowering.taken:  # the graph is another without the branches that are left out
        return
    bind_inputs(lowering, model, given)
    settle_integer_inputs(lowering)
    _lower_nodes(lowering, rest)


def _outcome(lowering: Lowering, source: Source) -> Outcome:
    settle_outputs(lowering)
    refuse_host_before_overlay(lowering)
    names = unique_names(lowering.layers)
    layers = frozen_layers(lowering, names)
    refuse_what_no_overlay_can_do(lowering, layers)
    report = report_of(lowering, source.label, names)
    if not report.supported:
        return Outcome(report, None)
    if all(draft.is_host for draft in lowering.layers):
        raise InputError(
            f"{source.label}: no node of the model is a layer for the overlay; give a convolutional network"
        )
    check_output_shapes(lowering, source.model)
    return Outcome(report, network_of(lowering, source.name, source.sha256, layers))


def _branch_notice(node: Node, taken: bool) -> str:
    return f"the condition of {node.name!r} is always {'true' if taken else 'false'}: its other branch is left out"


def _network(outcome: Outcome) -> Network:
    if outcome.network is None:
        raise InputError(refusal(outcome.report))
    return outcome.network


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


def _lower_nodes(lowering: Lowering, nodes: list[Node]) -> None:
    for node in nodes:
        if node.index in lowering.verdicts:
            continue
        try:
            _lower_node(lowering, node)
        except Unsupported as problem:
            lowering.verdicts[node.index] = Verdict(Fate.UNSUPPORTED, None, problem.reason, problem.remedy)
            _bind_unknown(lowering, node)


def _lower_node(lowering: Lowering, node: Node) -> None:
    refusal = lowering.refused_functions.get((node.domain, node.op))
    if refusal is not None:
        raise Unsupported(refusal.reason, refusal.remedy)
    check_node(node, lowering.opset)
    _translate(lowering, node)
    try:
        lowering.types.check(node, lowering.opset)  # last, since what a handler says of a type is more to the point
    except Unsupported:
        lowering.forget(node)
        raise


def _translate(lowering: Lowering, node: Node) -> None:
    if node.op in ("Shape", "Size") and not node.domain:
        _shape(lowering, node)
    elif node.op == "If" and not node.domain:
        _branch(lowering, node)
    elif not _compute(lowering, node):
        if take_function(lowering, node):
            return
        handler = handler_of(node)
        if not lower_between_transposes(lowering, node, handler):
            handler(lowering, node)


def _compute(lowering: Lowering, node: Node) -> bool:
    """The value of ``node``, where all that it reads is constant; False where something is not."""
    if all(not name or name in lowering.constants for name in node.outputs):  # in an earlier round
        lowering.verdict(node, Fate.FOLDED, None, "constant, computed at import")
        return True
    known = {name: lowering.constant(name) for name in node.reads if name}
    constants = {name: constant for name, constant in known.items() if constant is not None}
    if len(constants) < len(known):
        return False
    inputs = [constants[name] if name else None for name in node.inputs]
    results = lowering.evaluator.evaluate(node, inputs, constants)
    lowering.constants.update((name, result) for name, result in zip(node.outputs, results, strict=True) if name)
    lowering.verdict(node, Fate.FOLDED, None, "constant, computed at import")
    return True


def _branch(lowering: Lowering, node: Node) -> None:
    """An If whose condition is known: the next round has the branch in its place."""
    bound = lowering.values.get(node.inputs[0])
    if isinstance(bound, Unknown):
        raise Unsupported(BEHIND.format(bound.culprit), "replace that node first")
    condition = lowering.array(node, 0)
    if condition is None or condition.size != 1 or condition.dtype != bool:
        raise Unsupported("its condition is not one truth value", "export the model again; the file may be damaged")
    if not lowering.may_branch:
        raise Unsupported(
            f"more than {MAX_BRANCH_ROUNDS} branches depend on each other", "simplify the model (onnxsim)"
        )
    taken = bool(condition.reshape(()))
    check_branch(node, taken)
    lowering.taken[node.index] = taken
    lowering.verdict(node, Fate.FOLDED, None, "its condition is constant")
    for name in filter(None, node.outputs):
        lowering.bind(name, Unknown(node.name))


def _shape(lowering: Lowering, node: Node) -> None:
    """Shape and Size of an activation are known at import, the batch being 1."""
    name = node.inputs[0]
    constant = lowering.constant(name)
    bound = lowering.values.get(name)
    if isinstance(bound, Unknown):
        raise Unsupported(BEHIND.format(bound.culprit), "replace that node first")
    sizes = constant.array.shape if constant is not None else bound.shape if bound is not None else ()
    if node.op == "Shape":
        array = np.asarray(sizes[node.integer("start", 0) : node.integer("end", len(sizes))], np.int64)
    else:
        array = np.asarray(np.prod(sizes, dtype=np.int64))
    lowering.constants[node.outputs[0]] = Constant(array)
    lowering.verdict(node, Fate.FOLDED, None, "constant, computed at import")


def _bind_unknown(lowering: Lowering, node: Node) -> None:
    """Stand-ins for the outputs of an unsupported node, so that the nodes behind it are judged too."""
    shapes = output_shapes(lowering, node)
    for name in node.outputs:
        if not name or name in lowering.values or name in lowering.constants:
            continue
        lowering.bind(name, stand_in(node, name, shapes.get(name)))


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
