"""Element-wise operators between one tensor and one result: together a function of each element.

Exporters write GELU, Mish or HardSwish as several nodes, and quantisers put QuantizeLinear and DequantizeLinear between
them. From the first node that reads a tensor on, everything that depends on the tensor and on numbers alone is
gathered, up to a node whose result alone is read by the rest of the model: comparisons, and choices by Where, too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Set
from dataclasses import dataclass

import numpy as np
from onnx import TensorProto

from dynamap.planner.importer.drafts import Unsupported, Value
from dynamap.planner.importer.fates import Fate
from dynamap.planner.importer.graph import Node
from dynamap.planner.importer.lowering import Lowering
from dynamap.planner.importer.operators.activation import apply_activation, clip_bounds
from dynamap.planner.importer.operators.scales import quantisation_at, written_by
from dynamap.planner.importer.reading.schema import check_node
from dynamap.planner.importer.reading.shapes import REAL_TYPES
from dynamap.planner.network.functions import CAST, COMPARISONS, LOGICAL, OPERATORS, STORE, Place, Step, evaluate
from dynamap.planner.network.network import Activation, ActivationKind, Quantisation

MOST_NODES = 48
"""Nodes that are looked at for one function: each of them is looked at again from every node before."""

_COPIES = frozenset({CAST, "Dropout", "Identity"})
_COMMON = (
    (Activation(ActivationKind.HARD_SWISH, 1 / 6, 0.5), (Step("HardSwish", (Place(0),)),)),
    (Activation(ActivationKind.SWISH), (Step("Swish", (Place(0),), (1.0,)),)),
)
"""Functions that have a name of their own; steps that equal one of them are called so."""
_PROBE = np.concatenate([np.linspace(-12, 12, 977), np.linspace(-90, 90, 101)])


@dataclass(frozen=True)
class Member:
    """A node of a function: the operator (None: it copies its operand), names and numbers that it reads, attributes.

    ``truth``: its results are truth values.
    """

    node: Node
    op: str | None
    operands: tuple[str | float, ...]
    attributes: tuple[float, ...] = ()
    truth: bool = False

    @property
    def reads(self) -> tuple[str, ...]:
        return tuple(one for one in self.operands if isinstance(one, str))

    @property
    def writes(self) -> str:
        return self.node.outputs[0]


def take_function(lowering: Lowering, node: Node) -> bool:
    """Lower ``node`` and those that form a function with it as one activation; False where there is none.

    Raises:
        Unsupported: the value that it is a function of cannot be read.
    """
    argument = _argument(lowering, node)
    if argument is None or lowering.graph.readers(argument) < 2:
        return False
    members = _closed(lowering, node, _grown(lowering, argument))
    if not members:
        return False
    steps = _steps(argument, members)
    if np.array_equal(evaluate(steps, _PROBE), _PROBE):  # the greater of a value and itself
        return False
    reads = sum(member.reads.count(argument) for member in members)
    value = lowering.real(node, node.inputs.index(argument), readers=reads)
    apply_activation(lowering, members[-1].node, value, activation_of_steps(steps))
    draft = lowering.verdicts[members[-1].node.index].draft
    for member in members[:-1]:
        lowering.verdict(member.node, Fate.FOLDED, draft, "part of a function of one value")
    return True


def unary(lowering: Lowering, node: Node) -> None:
    """An operator of one activation, and of numbers besides: a table.

    Raises:
        Unsupported: it has another operand that is no single number.
    """
    value = lowering.real(node, 0)
    member = _member(lowering, node, {node.inputs[0]})
    if member is None or member.op is None:
        raise Unsupported(
            f"{node.op} is supported of one activation, and of single numbers besides",
            "leave other forms to the host",
        )
    apply_activation(lowering, node, value, activation_of_steps(_steps(node.inputs[0], (member,))))


def activation_of_steps(steps: tuple[Step, ...]) -> Activation:
    """The activation that computes ``steps``, by its own name where it has one."""
    found = evaluate(steps, _PROBE)
    for known, same in _COMMON:
        if np.allclose(found, evaluate(same, _PROBE), rtol=1e-5, atol=1e-6):
            return known
    return Activation(ActivationKind.FUNCTION, steps=steps)


def _argument(lowering: Lowering, node: Node) -> str | None:
    """The one tensor of real values that ``node``, an operator of a function, reads."""
    names = {name for name in node.inputs if name and lowering.constant(name) is None}
    if len(names) != 1 or node.domain or node.op not in OPERATORS or node.op == STORE:
        return None
    (name,) = names
    bound = lowering.values.get(name)
    if not isinstance(bound, Value) or bound.integer is not None or bound.order is not None or bound.pads is not None:
        return None
    return name


def _grown(lowering: Lowering, argument: str) -> list[Member]:
    """All nodes that are functions of the tensor ``argument``, each behind those that it reads."""
    known, pending = {argument}, [argument]
    members: dict[int, Member] = {}
    while pending and len(members) < MOST_NODES:
        for reader in lowering.graph.consumers(pending.pop(0)):
            if reader.index in members or reader.index in lowering.verdicts:
                continue
            member = _member(lowering, reader, known, members)
            if member is not None:
                members[reader.index] = member
                known.add(member.writes)
                pending.append(member.writes)
    return list(members.values())


def _closed(lowering: Lowering, first: Node, members: list[Member]) -> list[Member]:
    """The most of ``members`` that ``first`` is one of, of which only the last is read elsewhere, and that join."""
    makers = {member.writes: member for member in members}
    for last in reversed(members):
        if last.op in (None, STORE) or last.truth:
            continue
        chosen = {last.node.index}
        for member in reversed(members):
            if member.node.index in chosen:
                chosen.update(makers[name].node.index for name in member.reads if name in makers)
        found = [member for member in members if member.node.index in chosen]
        reads = Counter(name for member in found for name in member.reads)
        names = [member.writes for member in found if member is not last]
        inside = all(
            lowering.graph.readers(name) == reads[name] and not lowering.graph.is_output(name) for name in names
        )
        if inside and first.index in chosen and max(reads.values()) > 1:
            return found
    return []


def _steps(argument: str, members: list[Member] | tuple[Member, ...]) -> tuple[Step, ...]:
    places = {argument: Place(0)}
    steps: list[Step] = []
    for member in members:
        if member.op is None:
            places[member.writes] = places[member.reads[0]]
            continue
        operands = tuple(places[one] if isinstance(one, str) else one for one in member.operands)
        steps.append(Step(member.op, operands, member.attributes))
        places[member.writes] = Place(len(steps))
    return tuple(steps)


def _member(lowering: Lowering, node: Node, known: set[str], members: dict[int, Member] | None = None) -> Member | None:
    """``node`` as a part of a function of the tensors ``known``; None where it is none."""
    if node.domain or not node.inputs or not set(filter(None, node.inputs)) & known:
        return None
    try:
        check_node(node, lowering.opset)
        if node.op in ("DequantizeLinear", STORE):
            return _stored(lowering, node, members or {})
        truths = frozenset(member.writes for member in (members or {}).values() if member.truth)
        if node.op in _COPIES:
            return _copy(node, truths)
        return _operator(lowering, node, known, truths) if node.op in OPERATORS else None
    except Unsupported:  # the node is judged when it is lowered by itself
        return None


def _operator(lowering: Lowering, node: Node, known: set[str], truths: Set[str]) -> Member | None:
    """An operator whose operands are tensors ``known`` and numbers."""
    if not all((name in truths) == _takes_truth(node, position) for position, name in enumerate(node.inputs)):
        return None
    if node.op == "Clip":
        return Member(node, "Clip", (node.inputs[0], *clip_bounds(lowering, node)))
    operands: list[str | float] = []
    for name in node.inputs:
        number = None if name in known else _number(lowering, name)
        if name not in known and number is None:
            return None
        operands.append(name if number is None else number)
    if node.op in ("Max", "Min") and len(operands) != 2:
        return None
    if node.op == "Gelu":
        return Member(node, "Gelu", tuple(operands), (float(node.text("approximate", "none") == "tanh"),))
    attributes = tuple(node.real(name, default) for name, default in OPERATORS[node.op].attributes)
    return Member(node, node.op, tuple(operands), attributes, node.op in LOGICAL | COMPARISONS)


def _takes_truth(node: Node, position: int) -> bool:
    return node.op in LOGICAL or (node.op == "Where" and position == 0)


def _copy(node: Node, truths: Set[str]) -> Member | None:
    source = node.inputs[0]
    truth = source in truths
    if len([name for name in node.inputs if name]) > 1 or len(node.outputs) > 1:
        return None
    if node.op != CAST:
        return Member(node, None, (source,), truth=truth)
    kind = node.integer("to", 0)
    if kind == TensorProto.BOOL:
        return Member(node, None if truth else CAST, (source,), () if truth else (float(kind),), truth=True)
    if kind not in REAL_TYPES:
        return None
    return Member(node, CAST, (source,), (float(TensorProto.FLOAT),)) if truth else Member(node, None, (source,))


def _stored(lowering: Lowering, node: Node, members: dict[int, Member]) -> Member | None:
    """A QuantizeLinear, or a DequantizeLinear that reads what one wrote."""
    if node.op == STORE:
        wanted = written_by(lowering, node)
        return Member(node, STORE, (node.inputs[0],), _as_attributes(wanted))
    maker = next((one for one in members.values() if one.writes == node.inputs[0] and one.op == STORE), None)
    if maker is None:
        return None
    read = quantisation_at(lowering, node, 1, 2, maker.attributes[2] < 0)
    return Member(node, None, (node.inputs[0],)) if _as_attributes(read) == maker.attributes else None


def _as_attributes(quantisation: Quantisation) -> tuple[float, ...]:
    lowest = -128.0 if quantisation.signed else 0.0
    return (quantisation.scale, float(quantisation.zero_point), lowest, lowest + 255)


def _number(lowering: Lowering, name: str) -> float | None:
    """The number that a constant holds."""
    constant = lowering.constant(name)
    if constant is None or constant.array.size != 1 or constant.array.ndim > 1:
        return None
    number = float(constant.array.reshape(()).astype(np.float64))
    return number if np.isfinite(number) else None
