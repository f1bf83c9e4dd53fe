"""Activations of different shapes for element-wise operators: repeated by layers until they are alike.

A tensor of one channel is repeated along the channels by a 1 x 1 convolution of ones, a tensor of one row or
column by a nearest-neighbour Resize; both copy the integers as they are.
"""

from __future__ import annotations

import numpy as np

from dynamap.cost.geometry import TensorShape, Window
from dynamap.planner.importer.drafts import ConvSpec, ResizeSpec, Unsupported, Value
from dynamap.planner.importer.fates import Fate
from dynamap.planner.importer.graph import Node
from dynamap.planner.importer.limits import MAX_CHANNELS, MAX_ELEMENTS, MAX_SIDE
from dynamap.planner.importer.lowering import Lowering
from dynamap.planner.importer.operators.steps import emit_like


def alike(lowering: Lowering, node: Node, values: list[Value]) -> list[Value]:
    """The ``values``, those that are smaller along some axes repeated along these.

    Raises:
        Unsupported: they are no images, or an axis has different lengths, neither of which is 1.
    """
    shapes = [value.shape for value in values]
    rank = max(map(len, shapes))
    if any(not value.is_image or len(value.shape) != rank for value in values):
        raise _shapes(node, values)
    sizes = [value.tensor.shape.as_list() for value in values]
    wanted = [max(lengths) for lengths in zip(*sizes, strict=True)]
    if any(length not in (1, most) for size in sizes for length, most in zip(size, wanted, strict=True)):
        raise _shapes(node, values)
    form = next(value.shape for value in values if len(value.shape) == rank)
    view = tuple(max(axis) for axis in zip(*shapes, strict=True)) if len(form) == rank else form
    return [repeated(lowering, node, value, TensorShape(*wanted), view) for value in values]


def expand(lowering: Lowering, node: Node) -> None:
    """Expand, and Tile of axes of length 1: element-wise readers repeat by themselves, others get repetitions.

    Raises:
        Unsupported: an axis of several elements is repeated, or there are more axes than before.
    """
    value = lowering.plain(node, 0)
    given = lowering.integers(node, 1) or ()
    sizes = value.shape if node.op == "Expand" else (1,) * len(value.shape)
    padded = (*(1,) * (len(value.shape) - len(given)), *given)
    wanted = tuple(max(size, times) for size, times in zip(value.shape, padded, strict=False))
    known = zip(value.shape, sizes, padded, strict=False)
    if 0 in padded:
        raise Unsupported("it gives nothing", "export the model again; the file may be damaged")
    if len(padded) > len(value.shape) or any(1 not in (size, times) and times != own for size, own, times in known):
        raise Unsupported(f"it repeats {list(value.shape)} as {list(given)}", "leave it to the host")
    if wanted == value.shape or all(_repeats(lowering, reader, node, wanted) for reader in _readers(lowering, node)):
        lowering.alias(node, value, "repeated by what reads it")
        return
    if wanted[0] != 1:
        raise Unsupported("it repeats the batch", "export the model with batch size 1")
    shape = TensorShape.of_sizes(wanted[1:])
    if shape.channels > MAX_CHANNELS or max(shape.height, shape.width) > MAX_SIDE or shape.elements > MAX_ELEMENTS:
        raise Unsupported(f"its output would have {shape.elements} elements", "export the model again")
    lowering.evaluator.budget.spend(4 * shape.channels, 0)
    made = repeated(lowering, node, value, shape, wanted)
    made.tensor.name = node.outputs[0]
    lowering.bind(node.outputs[0], made)
    lowering.verdict(node, Fate.OVERLAY, made.tensor.producer)


def _readers(lowering: Lowering, node: Node) -> list[Node | None]:
    """Who reads what ``node`` writes; None for an output of the model."""
    name = node.outputs[0]
    return [*lowering.graph.consumers(name), *([None] if lowering.graph.is_output(name) else [])]


def _repeats(lowering: Lowering, reader: Node | None, node: Node, wanted: tuple[int, ...]) -> bool:
    """True where ``reader`` is an element-wise operator whose other operand has the shape ``wanted``."""
    if reader is None or reader.domain or reader.op not in ("Add", "Max", "Min", "Mul", "Sub"):
        return False
    others = [lowering.values.get(name) for name in reader.inputs if name != node.outputs[0]]
    return any(isinstance(other, Value) and other.shape == wanted for other in others)


def repeated(lowering: Lowering, node: Node, value: Value, shape: TensorShape, view: tuple[int, ...]) -> Value:
    """``value`` repeated along the axes along which it has one element and ``shape`` more."""
    tensor, own = value.tensor, value.tensor.shape
    if own == shape:
        return value
    if own.channels != shape.channels:
        ones = np.ones((shape.channels, 1, 1, 1), np.float32)
        spec = ConvSpec(Window((1, 1)), ones, np.zeros(shape.channels, np.float32))
        tensor = emit_like(lowering, node, spec, tensor, TensorShape(shape.channels, own.height, own.width)).output
    if (own.height, own.width) != (shape.height, shape.width):
        factors = ResizeSpec(shape.height // own.height, shape.width // own.width)
        tensor = emit_like(lowering, node, factors, tensor, shape).output
    return Value(tensor, view, dequantised=value.dequantised)


def _shapes(node: Node, values: list[Value]) -> Unsupported:
    shapes = " and ".join(str(list(value.shape)) for value in values)
    return Unsupported(
        f"{node.op} of activations of shapes {shapes} needs a broadcast that the overlay does not have",
        "use operands of one rank whose axes are as long or have the length 1",
    )
