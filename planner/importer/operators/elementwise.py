"""Add, Sum, Sub, Mul and Div: of activations, or of an activation and a constant."""

from __future__ import annotations

import numpy as np

from dynamap.cost.geometry import Window
from dynamap.planner.importer.drafts import AddSpec, ConvSpec, LayerDraft, MulSpec, TensorDraft, Unsupported, Value
from dynamap.planner.importer.graph import Node
from dynamap.planner.importer.lowering import Lowering
from dynamap.planner.importer.operators.activation import RELU, apply_activation, bound
from dynamap.planner.importer.operators.affine import affine_of, apply_affine, constant_operand
from dynamap.planner.importer.operators.broadcast import alike
from dynamap.planner.importer.operators.functions import activation_of_steps
from dynamap.planner.importer.operators.steps import emit_joining
from dynamap.planner.importer.patterns import gated_by_shift, take_gated
from dynamap.planner.network.functions import Place, Step


def add(lowering: Lowering, node: Node) -> None:
    """Add and Sum of activations of one shape, or the shift by a constant."""
    gated = gated_by_shift(lowering, node)
    if gated is not None:
        take_gated(lowering, gated)
        return
    operand = constant_operand(lowering, node)
    if operand is not None:
        value, constant, first = operand
        apply_affine(lowering, node, value, *affine_of(node.op, constant, first))
        return
    values = [lowering.real(node, position) for position in range(len(node.inputs))]
    if len(values) == 1:
        lowering.alias(node, values[0], "a sum of one tensor")
        return
    if any(not same_form(value, values[0]) for value in values[1:]):
        values = alike(lowering, node, values)
    inputs = [value.tensor for value in values]
    emit_sum(lowering, node, inputs, values[0])


def emit_sum(lowering: Lowering, node: Node, tensors: list[TensorDraft], like: Value) -> LayerDraft:
    """The layer, or layers, that add ``tensors`` of the shape of ``like`` and write the output of the node."""
    return emit_joining(lowering, node, AddSpec(), tensors, like.tensor.shape, like.shape)


def extreme(lowering: Lowering, node: Node) -> None:
    """Max and Min of activations: max(a, b) = b + relu(a - b), min(a, b) = b - relu(b - a).

    What differs by less than a step of the difference's scale is taken as equal.
    """
    names = [name for name in dict.fromkeys(node.inputs) if lowering.constant(name) is None]
    if len(names) != 2 or len(node.inputs) != 2:
        bound(lowering, node)
        return
    first, second = alike(lowering, node, [lowering.real(node, 0), lowering.real(node, 1)])
    larger = node.op == "Max"
    minuend, subtrahend = (first, second) if larger else (second, first)
    terms = [minuend.tensor, negated(lowering, node, subtrahend)]
    shape = first.tensor.shape
    gap = lowering.emit_step(node, AddSpec(), terms, shape, len(lowering.layers))
    gap.activation = RELU
    part = gap.output if larger else negated(lowering, node, Value(gap.output, first.shape))
    emit_sum(lowering, node, [second.tensor, part], first)


def negated(lowering: Lowering, node: Node, value: Value) -> TensorDraft:
    """A tensor of the elements of ``value`` with the other sign."""
    channels = value.tensor.shape.channels
    ones = np.full((channels, 1, 1, 1), -1, np.float32)
    spec = ConvSpec(Window((1, 1)), ones, np.zeros(channels, np.float32), groups=channels)
    return lowering.emit_step(node, spec, [value.tensor], value.tensor.shape, len(lowering.layers)).output


def multiply(lowering: Lowering, node: Node) -> None:
    """Mul by a constant, by a tensor of the same shape, or by one value per channel."""
    operand = constant_operand(lowering, node)
    if operand is not None:
        value, constant, first = operand
        apply_affine(lowering, node, value, *affine_of(node.op, constant, first))
        return
    left, right = lowering.real(node, 0), lowering.real(node, 1)
    emit_product(lowering, node, left, right)


def emit_product(lowering: Lowering, node: Node, left: Value, right: Value) -> None:
    """The product of two activations, the larger one first."""
    if left.tensor.shape.elements < right.tensor.shape.elements:
        left, right = right, left
    if not same_form(left, right):
        channels = left.tensor.shape.channels
        plain = left.is_image and right.is_image and len(left.shape) >= 3
        if not plain or right.shape != (1, channels, *(1 for _ in left.shape[2:])):
            left, right = alike(lowering, node, [left, right])
    lowering.emit(node, MulSpec(), [left.tensor, right.tensor], left.tensor.shape, left.shape)


def subtract(lowering: Lowering, node: Node) -> None:
    """Sub of two activations or with a constant on either side; Div by a constant, or of a number."""
    operand = constant_operand(lowering, node)
    if operand is None and node.op == "Sub":
        left, right = alike(lowering, node, [lowering.real(node, 0), lowering.real(node, 1)])
        emit_sum(lowering, node, [left.tensor, negated(lowering, node, right)], left)
        return
    if operand is None:
        raise Unsupported(
            "it divides one activation by another",
            "multiply by its reciprocal, or divide on the host",
        )
    value, constant, first = operand
    if node.op == "Div" and first and np.isfinite(constant).all() and (constant == constant[0]).all():
        quotient = Step("Div", (float(constant[0]), Place(0)))
        apply_activation(lowering, node, value, activation_of_steps((quotient,)))
        return
    apply_affine(lowering, node, value, *affine_of(node.op, constant, first))


def same_form(first: Value, second: Value) -> bool:
    """True where element i of one tensor belongs to element i of the other."""
    pending = (first.order, second.order, first.pads, second.pads)
    return (
        first.shape == second.shape
        and first.tensor.shape == second.tensor.shape
        and all(item is None for item in pending)
    )
