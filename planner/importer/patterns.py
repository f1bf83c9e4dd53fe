"""Activations that exporters write as several nodes: x sigmoid(x), x hardsigmoid(x), x relu6(x + 3) / 6."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dynamap.planner.importer.fates import Fate
from dynamap.planner.importer.graph import Node
from dynamap.planner.importer.lowering import Lowering
from dynamap.planner.importer.operators.activation import apply_activation, clip_bounds, hard_sigmoid_of
from dynamap.planner.importer.reading.schema import check_node
from dynamap.planner.network.network import Activation, ActivationKind

HARD_SWISH = Activation(ActivationKind.HARD_SWISH, 1 / 6, 0.5)


@dataclass(frozen=True)
class Gated:
    """An activation in several nodes: the first reads x, the last writes the result."""

    activation: Activation
    first: Node
    position: int
    others: tuple[Node, ...]
    last: Node


def sigmoid(lowering: Lowering, node: Node) -> None:
    """Sigmoid and HardSigmoid, alone or as the gate of a (hard) swish."""
    if node.op == "Sigmoid":
        alone, gated = Activation(ActivationKind.SIGMOID), Activation(ActivationKind.SWISH)
    else:
        alone, gated = hard_sigmoid_of(node), HARD_SWISH
    product = only_reader(lowering, node.outputs[0], "Mul")
    if (
        product is not None
        and sorted(product.inputs) == sorted((node.inputs[0], node.outputs[0]))
        and (node.op == "Sigmoid" or (_near(alone.alpha, 1 / 6) and _near(alone.beta, 0.5)))
    ):
        take_gated(lowering, Gated(gated, node, 0, (node,), product))
        return
    apply_activation(lowering, node, lowering.real(node, 0), alone)


def gated_by_shift(lowering: Lowering, node: Node) -> Gated | None:
    """x clip(x + 3, 0, 6) / 6 with the division before or after the product, from its Add on."""
    shifts = [_number(lowering, name) for name in node.inputs]
    if len(shifts) != 2 or 3.0 not in shifts:
        return None
    position = 1 - shifts.index(3.0)
    x = node.inputs[position]
    clip = only_reader(lowering, node.outputs[0], "Clip")
    if clip is None or clip_bounds(lowering, clip) != (0.0, 6.0):
        return None
    members, current = [node, clip], clip.outputs[0]
    divided = _sixth(lowering, current)
    if divided is not None:
        members.append(divided)
        current = divided.outputs[0]
    product = only_reader(lowering, current, "Mul")
    if product is None or sorted(product.inputs) != sorted((x, current)):
        return None
    last = product
    if divided is None:
        sixth = _sixth(lowering, product.outputs[0])
        if sixth is None:
            return None
        members.append(product)
        last = sixth
    return Gated(HARD_SWISH, node, position, tuple(members), last)


def take_gated(lowering: Lowering, gated: Gated) -> None:
    """Lower the whole pattern as one activation."""
    value = lowering.real(gated.first, gated.position, readers=2)
    apply_activation(lowering, gated.last, value, gated.activation)
    draft = lowering.verdicts[gated.last.index].draft
    for node in gated.others:
        lowering.verdict(node, Fate.FOLDED, draft, f"part of {gated.activation.kind.value}")


def only_reader(lowering: Lowering, name: str, op: str) -> Node | None:
    """The node that alone reads ``name``, if its operator is ``op``."""
    if lowering.graph.readers(name) != 1 or lowering.graph.is_output(name):
        return None
    (reader,) = lowering.graph.consumers(name)
    if reader.op != op or reader.domain:
        return None
    check_node(reader, lowering.opset)  # it has not been visited yet
    return reader


def _sixth(lowering: Lowering, name: str) -> Node | None:
    """The node that divides ``name`` by 6 and alone reads it."""
    for op, factor in (("Div", 6.0), ("Mul", 1 / 6)):
        node = only_reader(lowering, name, op)
        if node is None:
            continue
        other = node.inputs[1] if node.inputs[0] == name else node.inputs[0]
        number = _number(lowering, other)
        if number is not None and _near(number, factor) and (op == "Mul" or node.inputs[0] == name):
            return node
    return None


def _number(lowering: Lowering, name: str) -> float | None:
    constant = lowering.constant(name)
    if constant is None or constant.array.size != 1 or constant.array.dtype.kind != "f":
        return None
    return float(constant.array.reshape(()))


def _near(first: float, second: float) -> bool:
    return bool(np.isclose(first, second, rtol=1e-5, atol=0.0))
