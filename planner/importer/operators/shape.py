"""Operators that only change the shape of what they read, and those that change nothing."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from dynamap.planner.importer.drafts import ConvSpec, Transposed, Unknown, Unsupported, Value, Verdict
from dynamap.planner.importer.fates import Fate
from dynamap.planner.importer.graph import Node
from dynamap.planner.importer.lowering import Lowering, refuse_view, stand_in
from dynamap.planner.importer.operators.quant import cast_integers
from dynamap.planner.importer.operators.scales import store_output
from dynamap.planner.importer.reading.shapes import REAL_TYPES

_AGAIN = "export the model again; the file may be damaged"


def identity(lowering: Lowering, node: Node) -> None:
    """Identity."""
    lowering.alias(node, lowering.read(node, 0), "changes nothing")


def dropout(lowering: Lowering, node: Node) -> None:
    """Dropout does nothing at inference; its mask must not be used."""
    if len(node.outputs) > 1 and node.outputs[1]:
        mask = node.outputs[1]
        if lowering.graph.is_used(mask):
            raise Unsupported("its mask is used", "export the model in inference mode (model.eval())")
    training = lowering.array(node, 2) if node.has(2) else None
    if training is not None and bool(np.any(training)):
        raise Unsupported("it is in training mode", "export the model in inference mode (model.eval())")
    lowering.alias(node, lowering.read(node, 0), "changes nothing at inference")


def cast(lowering: Lowering, node: Node) -> None:
    """Casts between floating-point types are dropped: the overlay computes in its own precision."""
    if cast_integers(lowering, node):
        return
    value = lowering.real(node, 0)
    target = node.integer("to", 0)
    if target not in REAL_TYPES:
        raise Unsupported(
            "it converts an activation to a type that is not floating point, which rounds it",
            "leave that to the host, or quantise with QuantizeLinear",
        )
    lowering.alias(node, value, "changes the floating-point type only")


def reshape(lowering: Lowering, node: Node) -> None:
    """Reshape with a constant shape: another view of the tensor."""
    value = lowering.read(node, 0)
    sizes = lowering.integers(node, 1) or ()
    shape = list(sizes)
    if not node.integer("allowzero", 0):
        if any(size == 0 and axis >= len(value.shape) for axis, size in enumerate(shape)):
            raise Unsupported(f"its shape {shape} copies a dimension that {list(value.shape)} lacks", _AGAIN)
        shape = [value.shape[axis] if size == 0 else size for axis, size in enumerate(shape)]
    total = math.prod(value.shape)
    if shape.count(-1) == 1:
        rest = -math.prod(shape)
        shape = [total // rest if size == -1 and rest > 0 else size for size in shape]
    if min(shape, default=0) < 1 or math.prod(shape) != total:
        raise Unsupported(
            f"the shape {list(sizes)} does not fit {list(value.shape)}, the batch being 1",
            "export the model with batch size 1 or a dynamic batch",
        )
    _view(lowering, node, value, tuple(shape))


def flatten(lowering: Lowering, node: Node) -> None:
    """Flatten: a view with two dimensions."""
    value = lowering.read(node, 0)
    axis = node.integer("axis", 1)
    axis += len(value.shape) if axis < 0 else 0
    if not 0 <= axis <= len(value.shape):
        raise Unsupported(f"axis {axis} does not exist in {list(value.shape)}", _AGAIN)
    _view(lowering, node, value, (math.prod(value.shape[:axis]), math.prod(value.shape[axis:])))


def squeeze(lowering: Lowering, node: Node) -> None:
    """Squeeze: a view without dimensions of size 1."""
    value = lowering.read(node, 0)
    axes = _axes(lowering, node, len(value.shape))
    if axes == () and 1 in value.shape:
        raise Unsupported("its list of axes is empty, which runtimes take for none or for all", "list its axes")
    if axes is None:
        axes = tuple(axis for axis, size in enumerate(value.shape) if size == 1)
    if any(value.shape[axis] != 1 for axis in axes):
        raise Unsupported(f"it removes axes of {list(value.shape)} that are longer than 1", _AGAIN)
    _view(lowering, node, value, tuple(size for axis, size in enumerate(value.shape) if axis not in axes))


def unsqueeze(lowering: Lowering, node: Node) -> None:
    """Unsqueeze: a view with more dimensions of size 1."""
    value = lowering.read(node, 0)
    count = len(node.integers("axes") or ()) if "axes" in node.attributes else None
    if count is None:
        count = len(lowering.integers(node, 1) or ())
    rank = len(value.shape) + count
    axes = _axes(lowering, node, rank) or ()
    sizes = iter(value.shape)
    _view(lowering, node, value, tuple(1 if axis in axes else next(sizes, 1) for axis in range(rank)))


def transpose(lowering: Lowering, node: Node) -> None:
    """A Transpose that moves axes of length 1 only, the middle of a channel shuffle, or one that another cancels."""
    value = lowering.read(node, 0)
    perm = _perm(node, value.shape)
    shape = tuple(value.shape[axis] for axis in perm)
    if keeps_order(value.shape, perm):
        _view(lowering, node, value, shape)
        return
    order = _channel_order(value, perm)
    if order is None:
        _await_transpose_back(lowering, node, value, perm)
        return
    viewed = Value(value.tensor, shape, value.shared, value.integer, value.dequantised, order)
    lowering.alias(node, viewed, "part of a channel shuffle")


def between_transposes(lowering: Lowering, node: Node, transposed: Transposed) -> None:
    """A Transpose behind another: nothing, another view, or both as one."""
    value = transposed.value
    both = tuple(transposed.perm[axis] for axis in _perm(node, transposed.shape))
    shared = value.shared or lowering.graph.readers(node.inputs[0]) > 1 or lowering.graph.is_output(node.inputs[0])
    value = dataclasses.replace(value, shared=shared)
    if keeps_order(value.shape, both):
        _view(lowering, node, value, tuple(value.shape[axis] for axis in both))
    else:
        lowering.bind(node.outputs[0], transposed.like(value, both))
        lowering.verdict(node, Fate.FOLDED, value.tensor.producer, "cancelled by the Transpose back")


def keeps_order(shape: Sequence[int], perm: Sequence[int]) -> bool:
    """True where reordering the axes of ``shape`` moves axes of length 1 only, so that the elements stay in order."""
    moved = [axis for axis in perm if shape[axis] > 1]
    return moved == sorted(moved)


def _await_transpose_back(lowering: Lowering, node: Node, value: Value, perm: tuple[int, ...]) -> None:
    """A Transpose that reorders elements: it stays a view until another one cancels it, or something cannot wait."""
    reason = f"it reorders the elements of {list(value.shape)} by {list(perm)}"
    remedy = "export the model in NCHW layout (tf2onnx: --inputs-as-nchw); reorder the results on the host"
    if value.order is not None or value.pads is not None or value.shape[0] != 1 or perm[0] != 0 or len(perm) > 4:
        raise Unsupported(reason, remedy)

    def refuse(shape: tuple[int, ...]) -> Value | Unknown:
        lowering.verdicts[node.index] = Verdict(Fate.UNSUPPORTED, None, reason, remedy)
        return stand_in(node, node.outputs[0], shape)

    lowering.bind(node.outputs[0], Transposed(value, perm, refuse))
    lowering.verdict(node, Fate.FOLDED, value.tensor.producer, "cancelled by the Transpose back")


def _perm(node: Node, shape: tuple[int, ...]) -> tuple[int, ...]:
    rank = len(shape)
    perm = node.integers("perm", tuple(reversed(range(rank)))) or ()
    if sorted(perm) != list(range(rank)):
        raise Unsupported(f"perm {list(perm)} is not a permutation of the axes of {list(shape)}", _AGAIN)
    return perm


def _channel_order(value: Value, perm: tuple[int, ...]) -> tuple[int, ...] | None:
    """The channel permutation that a Transpose of (1, c1, ..., ck, rows, columns) makes, if it is one."""
    chw = value.tensor.shape
    if value.pads is not None or value.shape[0] != 1 or perm[0] != 0:
        return None
    for end in range(2, len(perm) + 1):
        split = value.shape[1:end]
        if math.prod(split) != chw.channels or math.prod(value.shape[end:]) != chw.height * chw.width:
            continue
        if perm[end:] != tuple(range(end, len(perm))):
            continue
        before = np.arange(chw.channels) if value.order is None else np.asarray(value.order)
        moved = before.reshape(split).transpose([axis - 1 for axis in perm[1:end]])
        return tuple(int(channel) for channel in moved.ravel())
    return None


def _view(lowering: Lowering, node: Node, value: Value, shape: tuple[int, ...]) -> None:
    """``value`` in another shape; a finished channel shuffle goes into the convolution before it."""
    if value.pads is not None:
        raise refuse_view(node, 0, value)
    chw = value.tensor.shape
    if value.order is not None and shape == (1, *chw.as_list()):
        _shuffle(lowering, node, value)
        return
    viewed = Value(value.tensor, shape, value.shared, value.integer, value.dequantised, value.order)
    lowering.alias(node, viewed, "changes the shape only")


def _shuffle(lowering: Lowering, node: Node, value: Value) -> None:
    """Apply the pending channel order: fold it into a convolution, or give it a convolution of its own."""
    order = value.order
    plain = Value(value.tensor, (1, *value.tensor.shape.as_list()), value.shared, value.integer, value.dequantised)
    draft = lowering.foldable(plain)
    if order is None or draft is None or not isinstance(draft.spec, ConvSpec):
        draft = lowering.depthwise(node, plain, order=order)
        if value.integer is not None:
            store_output(lowering, node, draft, value.integer)
    else:
        draft.order = order if draft.order is None else tuple(draft.order[channel] for channel in order)
        lowering.fold(node, plain, node.outputs[0], "channel shuffle of the convolution before")
    for before in _shuffle_nodes(lowering, node):
        lowering.verdict(before, Fate.FOLDED, draft, "part of a channel shuffle")


def _shuffle_nodes(lowering: Lowering, node: Node) -> list[Node]:
    """The Transpose and Reshape nodes in front of the last Reshape of a shuffle."""
    found = []
    maker = lowering.graph.producers.get(node.inputs[0])
    while maker is not None and maker.op in ("Reshape", "Transpose", "Squeeze", "Unsqueeze"):
        found.append(maker)
        maker = lowering.graph.producers.get(maker.inputs[0])
    return found


def _axes(lowering: Lowering, node: Node, rank: int) -> tuple[int, ...] | None:
    axes = node.integers("axes") if "axes" in node.attributes else None
    if axes is None and node.has(1):
        axes = lowering.integers(node, 1)
    if axes is None:
        return None
    positive = tuple(axis + rank if axis < 0 else axis for axis in axes)
    if any(not 0 <= axis < rank for axis in positive) or len(set(positive)) < len(positive):
        raise Unsupported(f"its axes {list(axes)} do not fit {rank} dimensions", _AGAIN)
    return positive
