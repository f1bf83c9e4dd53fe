"""LRN, and the operators that the host computes after the overlay: Softmax and LogSoftmax."""

from __future__ import annotations

import itertools
import math

from dynamap.planner.importer.drafts import HostSpec, LayerDraft, LrnSpec, Unsupported, Value
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
    """Softmax and LogSoftmax.

    Before opset 13 they normalise over ``axis`` (default 1) and all behind it, from then on over
    ``axis`` (default -1) alone.
    """
    axis = node.integer("axis", 1 if lowering.opset < 13 else -1)
    op = "softmax" if node.op == "Softmax" else "log_softmax"
    emit_softmax(lowering, node, lowering.real(node, 0), op, axis, flattens=lowering.opset < 13)


def emit_softmax(lowering: Lowering, node: Node, value: Value, op: str, axis: int, *, flattens: bool) -> LayerDraft:
    """A layer of the host that normalises over ``axis``; ``flattens``: over all axes behind it as well."""
    rank = len(value.shape)
    first = axis + (rank if axis < 0 else 0)
    if not 0 <= first < rank:
        raise Unsupported(f"axis {axis} does not exist in {list(value.shape)}", "export the model again")
    attributes = {"axes": _tensor_axes(node, value, first, rank if flattens else first + 1)}
    return lowering.emit(node, HostSpec(op, attributes), [value.tensor], value.tensor.shape, value.shape)


def _tensor_axes(node: Node, value: Value, first: int, end: int) -> tuple[int, ...]:
    """The axes of the C x H x W tensor, those of length 1 aside, that are the axes ``first`` to ``end`` of its view.

    Both number the elements alike, row by row: axes are the same where as many elements lie in them and behind them.
    """
    if value.order is not None or value.pads is not None:
        raise refuse_view(node, 0, value)
    inside, behind = math.prod(value.shape[first:end]), math.prod(value.shape[end:])
    sizes = value.tensor.shape.as_list()
    for start, stop in itertools.combinations_with_replacement(range(4), 2):
        if math.prod(sizes[start:stop]) == inside and (inside == 1 or math.prod(sizes[stop:]) == behind):
            long = [axis for axis in range(start, stop) if sizes[axis] > 1]
            return tuple(range(long[0], long[-1] + 1)) if long else ()
    raise refuse_view(node, 0, value)
