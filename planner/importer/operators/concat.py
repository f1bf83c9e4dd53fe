"""Concat along the channels."""

from __future__ import annotations

from dynamap.cost.geometry import TensorShape
from dynamap.planner.importer.drafts import ConcatSpec, Unsupported, Value
from dynamap.planner.importer.graph import Node
from dynamap.planner.importer.lowering import Lowering, refuse_view
from dynamap.planner.importer.operators.pool import pass_quantisation
from dynamap.planner.importer.operators.steps import emit_joining


def concat(lowering: Lowering, node: Node) -> None:
    """Concat along the channels."""
    values = [lowering.read(node, position) for position in range(len(node.inputs))]
    for position, value in enumerate(values):
        if not value.is_image:
            raise refuse_view(node, position, value)
    first = values[0]
    rank = len(first.shape)
    axis = node.integer("axis", -1)
    if axis not in (1, 1 - rank):
        raise Unsupported(
            f"it joins along axis {axis} of {list(first.shape)}; only axis 1, the channels, is supported",
            "join along the channels, or leave this node to the host",
        )
    emit_concat(lowering, node, values)


def emit_concat(lowering: Lowering, node: Node, values: list[Value]) -> None:
    """A concatenation layer of values that agree in rows, columns and quantisation."""
    first = values[0]
    if any(not _beside(value, first) for value in values):
        shapes = ", ".join(str(list(value.shape)) for value in values)
        raise Unsupported(f"its inputs have the shapes {shapes}", "export the model again; rows and columns differ")
    integers = {value.integer for value in values}
    if len(integers) > 1:
        raise Unsupported(
            "its quantised inputs have different scales",
            "export the quantised model in QDQ form (quant_format=QuantFormat.QDQ)",
        )
    if len(values) == 1:
        lowering.alias(node, first, "joins one tensor")
        return
    channels = sum(value.tensor.shape.channels for value in values)
    chw = first.tensor.shape
    shape = TensorShape(channels, chw.height, chw.width)
    tensors = [value.tensor for value in values]
    draft = emit_joining(lowering, node, ConcatSpec(), tensors, shape, (1, channels, *first.shape[2:]))
    if first.integer is not None:
        pass_quantisation(lowering, node, first, draft)


def _beside(value: Value, first: Value) -> bool:
    """True where the two agree in all axes but the channels, in ONNX as in memory."""
    same = value.shape[2:] == first.shape[2:] and len(value.shape) == len(first.shape)
    return same and value.tensor.shape.as_list()[1:] == first.tensor.shape.as_list()[1:]
