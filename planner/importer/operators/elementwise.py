"""Add, Sum, Sub, Mul and Div: of activations, or of an activation and a constant."""

from __future__ import annotations

from dynamap.planner.importer.drafts import AddSpec, MulSpec, Unsupported, Value
from dynamap.planner.importer.graph import Node
from dynamap.planner.importer.lowering import Lowering
from dynamap.planner.importer.operators.affine import affine_of, apply_affine, constant_operand
from dynamap.planner.importer.operators.steps import emit_joining
from dynamap.planner.importer.patterns import gated_by_shift, take_gated


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
    for value in values[1:]:
        if not same_form(value, values[0]):
            raise _shapes(node, values)
    inputs = [value.tensor for value in values]
    emit_joining(lowering, node, AddSpec(), inputs, values[0].tensor.shape, values[0].shape)


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
            raise _shapes(node, [left, right])
    lowering.emit(node, MulSpec(), [left.tensor, right.tensor], left.tensor.shape, left.shape)


def subtract(lowering: Lowering, node: Node) -> None:
    """Sub with a constant on either side; Div by a constant."""
    operand = constant_operand(lowering, node)
    if operand is None:
        raise Unsupported(
            f"{node.op} of two activations is not supported",
            "rewrite a - b as a + (-1) b with the factor in the convolution before b; divide on the host",
        )
    value, constant, first = operand
    apply_affine(lowering, node, value, *affine_of(node.op, constant, first))


def same_form(first: Value, second: Value) -> bool:
    """True where element i of one tensor belongs to element i of the other."""
    pending = (first.order, second.order, first.pads, second.pads)
    return (
        first.shape == second.shape
        and first.tensor.shape == second.tensor.shape
        and all(item is None for item in pending)
    )


def _shapes(node: Node, values: list[Value]) -> Unsupported:
    shapes = " and ".join(str(list(value.shape)) for value in values)
    return Unsupported(
        f"{node.op} of activations of shapes {shapes} needs a broadcast that the overlay does not have",
        "use operands of one shape, or multiply by a tensor of shape N x C x 1 x 1",
    )
