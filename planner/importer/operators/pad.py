"""Pad by a constant: into the window of what reads it, or a 1 x 1 depthwise convolution with pads.

Negative pads crop before. Channels of zeros are added by the convolution before, or by a 1 x 1 one that copies. Another
constant than zero is what zeros become behind a shift, which is taken back before.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from dynamap.cost.geometry import TensorShape, Window
from dynamap.planner.importer.drafts import ConcatSpec, ConvSpec, PoolSpec, TensorDraft, Unsupported, Value
from dynamap.planner.importer.fates import Fate
from dynamap.planner.importer.graph import Node
from dynamap.planner.importer.lowering import Lowering
from dynamap.planner.importer.operators.activation import LOWEST, is_non_negative
from dynamap.planner.importer.operators.conv import Pads, add_pads, check_size, window_of
from dynamap.planner.importer.operators.rows import view_like
from dynamap.planner.importer.operators.selection import gathered, take

_LARGEST_FILL = 1e6
_AGAIN = "export the model again; the file may be damaged"


def pad(lowering: Lowering, node: Node) -> None:
    """Pad by a constant along rows and columns.

    Zeros fold into convolutions, into averages, and into maxima of tensors without negative values;
    the lowest value folds into maxima.
    """
    value = lowering.plain(node, 0)
    if node.text("mode", "constant") != "constant":
        raise Unsupported(
            f"it pads by {node.text('mode', 'constant')}",
            "pad with zeros, in the model or in the convolution itself",
        )
    fill = _fill(lowering, node)
    pads, channels = _pads(lowering, node, value)
    if channels != (0, 0):
        _pad_channels(lowering, node, value, fill, pads, channels)
        return
    if pads == (0, 0, 0, 0):
        lowering.alias(node, value, "pads nothing")
        return
    if min(pads) < 0:
        value, pads = _cropped(lowering, node, value, pads), _positive(pads)
        if pads == (0, 0, 0, 0):
            return
    check_size(value.tensor.shape.height + pads[0] + pads[2], value.tensor.shape.width + pads[1] + pads[3])
    readers = lowering.graph.consumers(node.outputs[0])
    private = not lowering.graph.is_output(node.outputs[0])
    if private and readers and value.is_plain and all(_absorbs(reader, node, fill, pads, value) for reader in readers):
        chw = value.tensor.shape
        shape = (1, chw.channels, chw.height + pads[0] + pads[2], chw.width + pads[1] + pads[3])
        padded = Value(value.tensor, shape, True, None, value.dequantised, None, pads)
        lowering.alias(node, padded, "pads of the layer that reads it")
        return
    if abs(fill) > _LARGEST_FILL or math.isnan(fill):
        raise Unsupported(f"it pads with {fill:g}", "pad with zeros")
    chw = value.tensor.shape
    larger = TensorShape(chw.channels, chw.height + pads[0] + pads[2], chw.width + pads[1] + pads[3])
    if fill == 0.0:
        lowering.depthwise(node, value, pads=pads, view=view_like(value, larger))
        return
    bias = np.full(chw.channels, -fill, np.float32)
    spec = ConvSpec(Window((1, 1)), np.ones((chw.channels, 1, 1, 1), np.float32), bias, groups=chw.channels)
    lower = lowering.emit_step(node, spec, [value.tensor], chw, len(lowering.layers))
    shifted = dataclasses.replace(value, tensor=lower.output)
    shift = np.full(chw.channels, fill)
    lowering.depthwise(
        node, shifted, scale=np.ones(chw.channels), shift=shift, pads=pads, view=view_like(value, larger)
    )


def _pad_channels(
    lowering: Lowering, node: Node, value: Value, fill: float, pads: Pads, channels: tuple[int, int]
) -> None:
    """Channels of zeros before and after (fewer, where negative)."""
    if fill != 0.0 or pads != (0, 0, 0, 0):
        raise Unsupported(
            f"it pads the channels with {fill:g}, and rows and columns by {list(pads)}",
            "pad the channels with zeros, in a node of its own",
        )
    before, after = channels
    own = range(max(-before, 0), value.tensor.shape.channels + min(after, 0))
    if not own:
        raise Unsupported("its negative pads leave no channel", _AGAIN)
    source = gathered(lowering, node, value, [*[-1] * max(before, 0), *own, *[-1] * max(after, 0)])
    source.output.name = node.outputs[0]
    shape = view_like(value, source.output.shape) if len(value.shape) > 2 else (1, source.output.shape.channels)
    lowering.bind(node.outputs[0], Value(source.output, shape, dequantised=value.dequantised))
    lowering.verdict(node, Fate.OVERLAY, source)


def _cropped(lowering: Lowering, node: Node, value: Value, pads: Pads) -> Value:
    """``value`` without the rows and columns that negative pads take away."""
    name = node.outputs[0] if max(pads) <= 0 else f"{node.outputs[0]} (step {len(lowering.layers)})"
    while name in lowering.graph.names and name != node.outputs[0]:
        name += "'"
    sides = {axis: (pads[axis - 2], pads[axis]) for axis in (2, 3)}
    picked = {
        axis: range(max(-before, 0), value.shape[axis] + min(after, 0))
        for axis, (before, after) in sides.items()
        if min(before, after) < 0
    }
    if not value.is_plain or not all(picked.values()):
        raise Unsupported("its negative pads leave nothing, or crop a row", "leave it to the host")
    take(lowering, node, value, picked, name)
    cropped = lowering.values[name]
    assert isinstance(cropped, Value)
    return cropped


def _positive(pads: Pads) -> Pads:
    return (max(pads[0], 0), max(pads[1], 0), max(pads[2], 0), max(pads[3], 0))


def is_never_negative(tensor: TensorDraft) -> bool:
    """True where the layers before show that no element is below zero."""
    draft = tensor.producer
    if draft is None:
        return False
    if is_non_negative(draft.activation):
        return True
    if draft.activation is None and isinstance(draft.spec, (PoolSpec, ConcatSpec)):
        return all(is_never_negative(source) for source in draft.inputs)
    return False


def _absorbs(reader: Node, node: Node, fill: float, pads: Pads, value: Value) -> bool:
    """True where the window of ``reader`` can take over the pads without changing its result."""
    if reader.domain or reader.inputs[0] != node.outputs[0] or node.outputs[0] in reader.inputs[1:]:
        return False
    if reader.op == "Conv":
        return fill == 0.0
    own = _own_pads(reader, pads, value)
    if own is None:
        return False
    kernel = reader.integers("kernel_shape") or (1, 1)
    if any(amount >= kernel[side % 2] for side, amount in enumerate(add_pads(own, pads))):
        return False
    if reader.op == "AveragePool":
        # The overlay counts either all pads or none, so both kinds must count.
        return fill == 0.0 and (reader.integer("count_include_pad", 0) != 0 or not any(own)) and not _overhangs(reader)
    if reader.op == "MaxPool":
        neutral = fill <= LOWEST or (fill == 0.0 and is_never_negative(value.tensor))
        return neutral and not _overhangs(reader)
    return False


def _own_pads(reader: Node, pads: Pads, value: Value) -> Pads | None:
    """The pads that a pooling node has itself, on the padded ``value``; None where it will be refused."""
    kernel = reader.integers("kernel_shape")
    if kernel is None or len(kernel) != 2:
        return None
    chw = value.tensor.shape
    height, width = chw.height + pads[0] + pads[2], chw.width + pads[1] + pads[3]
    try:
        return window_of(reader, (kernel[0], kernel[1]), height, width, ceil_mode=_overhangs(reader)).pads
    except Unsupported:
        return None


def _overhangs(reader: Node) -> bool:
    return reader.integer("ceil_mode", 0) != 0


def _fill(lowering: Lowering, node: Node) -> float:
    if "value" in node.attributes:
        return node.real("value", 0.0)
    array = lowering.array(node, 2) if node.has(2) else None
    if array is None:
        return 0.0
    if array.size != 1:
        raise Unsupported("its fill value is not a single number", _AGAIN)
    return float(array.reshape(()))


def _pads(lowering: Lowering, node: Node, value: Value) -> tuple[Pads, tuple[int, int]]:
    """(top, left, bottom, right), and channels; ONNX lists all begins, then all ends, for ``axes`` or every axis."""
    rank = len(value.shape)
    amounts = (node.integers("pads") if "pads" in node.attributes else lowering.integers(node, 1)) or ()
    given = lowering.integers(node, 3)
    axes = list(range(rank)) if given is None else [axis % rank for axis in given]
    if len(amounts) != 2 * len(axes):
        raise Unsupported(f"{len(amounts)} pads do not fit {len(axes)} axes", _AGAIN)
    begins = dict(zip(axes, amounts[: len(axes)], strict=True))
    ends = dict(zip(axes, amounts[len(axes) :], strict=True))
    if begins.get(0, 0) or ends.get(0, 0):
        raise Unsupported("it pads the batch", "pad channels, rows and columns only")
    rows, columns = (3, 2) if value.is_row and value.tensor.shape.height == 1 else (2, 3)
    sides = begins.get(rows, 0), begins.get(columns, 0), ends.get(rows, 0), ends.get(columns, 0)
    return sides, (begins.get(1, 0), ends.get(1, 0))
