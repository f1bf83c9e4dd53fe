"""LRN, and the operators that the host computes after the overlay: Softmax and LogSoftmax."""

from __future__ import annotations

from dynamap.planner.importer.drafts import HostSpec, LrnSpec, Unsupported, Value
from dynamap.planner.importer.graph import Node
from dynamap.planner.importer.lowering import Lowering, refuse_view


def lrn(lowering: Lowering, node: Node) -> None:
    """Local response normalisation across channels; runs on the overlay's vector unit."""
    value = lowering.plain(node, 0)
    size = node.integer("size", 0)
    if size < 1:
        raise Unsupported(f"its size is {size}", "export the model again; the file may be damaged")
    spec = LrnSpec(size, node.real("alpha", 1e-4), node.real("beta", 0.75), node.real("bias", 1.0))
    lowering.emit(node, spec, [value.tensor], value.tensor.shape, value.shape)


def softmax(lowering: Lowering, node: Node) -> None:
    """Softmax and LogSoftmax, with ``axes``: those of C, H, W (0, 1, 2) over which they normalise.

    Before opset 13 they normalise over ``axis`` (default 1) and all behind it, from then on over
    ``axis`` (default -1) alone.
    """
    value = lowering.real(node, 0)
    rank = len(value.shape)
    axis = node.integer("axis", 1 if lowering.opset < 13 else -1)
    axis += rank if axis < 0 else 0
    if not 0 <= axis < rank:
        raise Unsupported(f"axis {axis} does not exist in {list(value.shape)}", "export the model again")
    along = set(range(axis, rank)) if lowering.opset < 13 else {axis}
    op = "softmax" if node.op == "Softmax" else "log_softmax"
    attributes = {"axes": _tensor_axes(node, value, along)}
    lowering.emit(node, HostSpec(op, attributes), [value.tensor], value.tensor.shape, value.shape)


def _tensor_axes(node: Node, value: Value, along: set[int]) -> tuple[int, ...]:
    """The axes of the C x H x W tensor that the axes ``along`` of its view cover."""
    chw = value.tensor.shape
    if value.is_plain:
        return tuple(axis - 1 for axis in sorted(along) if axis > 0)
    if value.order is None and value.pads is None and value.shape == (1, chw.elements) and along in ({1}, {0, 1}):
        return (0, 1, 2)
    raise refuse_view(node, 0, value)
