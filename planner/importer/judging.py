"""Judging and translating nodes one after the other: each becomes constants, layers, part of a layer, or a refusal."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from dynamap.planner.importer.drafts import Constant, Refused, Unknown, Unreadable, Unsupported, Value, Verdict
from dynamap.planner.importer.fates import Fate
from dynamap.planner.importer.graph import Node
from dynamap.planner.importer.handlers import handler_of
from dynamap.planner.importer.limits import MAX_BRANCH_ROUNDS
from dynamap.planner.importer.lowering import BEHIND, Lowering, stand_in
from dynamap.planner.importer.nesting.branches import check_branch
from dynamap.planner.importer.operators.blocks import take_block_shuffle
from dynamap.planner.importer.operators.functions import take_function
from dynamap.planner.importer.reading.agreement import type_name
from dynamap.planner.importer.reading.schema import check_node
from dynamap.planner.importer.reading.shapes import REAL_TYPES, output_types, sizes_of
from dynamap.planner.importer.transposes import lower_between_transposes

WORKERS = frozenset({"Conv", "ConvTranspose", "Gemm", "MatMul"})
"""Operators for whose sake what they read may cross from the host."""


def lower_nodes(lowering: Lowering, nodes: Iterable[Node]) -> None:
    """Judge every node, and bind its outputs; of one that a node before has taken over the types are left to judge."""
    for node in nodes:
        try:
            if node.index not in lowering.verdicts:
                _lower_node(lowering, node)
            _check_types(lowering, node)  # last, since what a handler says of a type is more to the point
        except Unsupported as problem:
            broken = _broken(lowering, node, problem)
            found = broken or problem
            lowering.verdicts[node.index] = Verdict(
                Fate.UNSUPPORTED, None, found.reason, found.remedy, refused=broken is not None
            )
            _bind_unknown(lowering, node)


def _broken(lowering: Lowering, node: Node, problem: Unsupported) -> Unsupported | None:
    """Why no runtime should run ``node``, rather than that the overlay cannot; None where that is not so."""
    if isinstance(problem, Refused) or "damaged" in problem.remedy:
        return problem
    if lowering.foreign is None:
        return None
    try:
        lowering.types.check(node, lowering.opset)
    except Unsupported as wrong:
        return wrong
    return None


def _lower_node(lowering: Lowering, node: Node) -> None:
    refusal = lowering.refused_functions.get((node.domain, node.op))
    if refusal is not None:
        raise Refused(refusal.reason, refusal.remedy)
    check_node(node, lowering.opset)
    for _ in node.inputs:
        try:
            _translate(lowering, node)
            return
        except Unreadable as problem:
            if not _left_to_host(lowering, node, problem):
                raise
    _translate(lowering, node)


def _left_to_host(lowering: Lowering, node: Node, problem: Unreadable) -> bool:
    """Whether the host can write the view that ``node``, which has the work, cannot read: and reads it then."""
    name = node.inputs[problem.position]
    maker, value = lowering.graph.producers.get(name), lowering.values.get(name)
    if lowering.foreign is None or node.op not in WORKERS or maker is None or not isinstance(value, Value):
        return False
    stand = stand_in(maker, name, value.shape)
    if value.integer is not None or value.dequantised or not isinstance(stand, Value) or not stand.is_image:
        return False
    chw = value.tensor.shape
    lowering.verdicts[maker.index] = Verdict(
        Fate.UNSUPPORTED,
        None,
        f"it makes a {list(value.shape)} view of {chw.channels} x {chw.height} x {chw.width} elements, which "
        f"{node.name!r} cannot read",
        problem.remedy,
    )
    lowering.bind(name, stand)
    return True


def _check_types(lowering: Lowering, node: Node) -> None:
    """The types of what the node reads are those that its operator takes, and what it gives is what the model says."""
    try:
        lowering.types.check(node, lowering.opset)
    except Unsupported as wrong:
        lowering.forget(node)
        raise Refused(wrong.reason, wrong.remedy) from None
    _check_hints(lowering, node)


def _check_hints(lowering: Lowering, node: Node) -> None:
    """What the model declares of the types of results inside is what the node gives, as runtimes demand.

    A Constant is a stored value to them, which they take as it is.
    """
    for name in node.outputs:
        declared, kind = lowering.graph.hints.get(name), lowering.types.of(name)
        if declared is None or node.op == "Constant" or not kind or lowering.graph.is_output(name):
            continue
        told = declared.WhichOneof("value")
        if told is not None and (told != "tensor_type" or declared.tensor_type.elem_type != kind):
            lowering.forget(node)
            says = type_name(declared.tensor_type.elem_type) if told == "tensor_type" else "no tensor"
            raise Refused(
                f"value_info declares its output {name!r} as {says}, and it gives {type_name(kind)}",
                "clear model.graph.value_info, and run onnx.shape_inference on the model",
            )


def _translate(lowering: Lowering, node: Node) -> None:
    if node.asks_for_shape:
        _shape(lowering, node)
    elif node.op == "If" and not node.domain:
        _branch(lowering, node)
    elif not _compute(lowering, node):
        if take_function(lowering, node) or take_block_shuffle(lowering, node):
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
    try:
        results = lowering.evaluator.evaluate(node, inputs, constants)
    except Unsupported as problem:
        if node.domain:
            raise
        raise Refused(problem.reason, problem.remedy) from problem
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
    """Shape and Size of an activation are known at import, the batch being 1; also from an earlier round."""
    name = node.inputs[0]
    if node.outputs[0] in lowering.constants:
        lowering.verdict(node, Fate.FOLDED, None, "constant, computed at import")
        return
    constant = lowering.constant(name)
    bound = lowering.values.get(name)
    sizes: tuple[int, ...] | None
    if constant is not None:
        sizes = constant.array.shape
    elif isinstance(bound, Unknown):
        sizes = sizes_of(lowering.foreign.get(name)) if lowering.foreign is not None else None
        if sizes is None:
            raise Unsupported(BEHIND.format(bound.culprit), "replace that node first")
    else:
        sizes = bound.shape if bound is not None else ()
    if node.op == "Shape":
        array = np.asarray(sizes[node.integer("start", 0) : node.integer("end", len(sizes))], np.int64)
    else:
        array = np.asarray(np.prod(sizes, dtype=np.int64))
    lowering.constants[node.outputs[0]] = Constant(array)
    lowering.verdict(node, Fate.FOLDED, None, "constant, computed at import")


def _bind_unknown(lowering: Lowering, node: Node) -> None:
    """Stand-ins for the outputs of an unsupported node, so that the nodes behind it are judged too."""
    types = output_types(lowering, node)
    for name in node.outputs:
        if not name or name in lowering.values or name in lowering.constants:
            continue
        kind = types.get(name)
        if lowering.foreign is None:
            lowering.bind(name, stand_in(node, name, sizes_of(kind)))
            continue
        if kind is not None:
            lowering.foreign[name] = kind
            lowering.types.note(name, kind.tensor_type.elem_type)
        real = kind is not None and kind.tensor_type.elem_type in REAL_TYPES
        lowering.bind(name, stand_in(node, name, sizes_of(kind)) if real else Unknown(node.name))
