"""Pad with zeros: into the window of what reads it, or a 1 x 1 depthwise convolution with pads."""

from __future__ import annotations

from dynamap.cost.geometry import TensorShape
from dynamap.planner.importer.drafts import ConcatSpec, PoolSpec, TensorDraft, Unsupported, Value
from dynamap.planner.importer.graph import Node
from dynamap.planner.importer.lowering import Lowering
from dynamap.planner.importer.operators.activation import LOWEST, is_non_negative
from dynamap.planner.importer.operators.conv import Pads, add_pads, check_size, window_of
from dynamap.planner.importer.operators.rows import view_like

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
    pads = _pads(lowering, node, value)
    if pads == (0, 0, 0, 0):
        lowering.alias(node, value, "pads nothing")
        return
    if min(pads) < 0:
        raise Unsupported("negative pads crop its input", "crop with a stride, or on the host")
    check_size(value.tensor.shape.height + pads[0] + pads[2], value.tensor.shape.width + pads[1] + pads[3])
    readers = lowering.graph.consumers(node.outputs[0])
    private = not lowering.graph.is_output(node.outputs[0])
    if private and readers and value.is_plain and all(_absorbs(reader, node, fill, pads, value) for reader in readers):
        chw = value.tensor.shape
        shape = (1, chw.channels, chw.height + pads[0] + pads[2], chw.width + pads[1] + pads[3])
        padded = Value(value.tensor, shape, True, None, value.dequantised, None, pads)
        lowering.alias(node, padded, "pads of the layer that reads it")
        return
    if fill != 0.0:
        raise Unsupported(f"it pads with {fill:g}", "pad with zeros")
    chw = value.tensor.shape
    larger = TensorShape(chw.channels, chw.height + pads[0] + pads[2], chw.width + pads[1] + pads[3])
    lowering.depthwise(node, value, pads=pads, view=view_like(value, larger))


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


def _pads(lowering: Lowering, node: Node, value: Value) -> tuple[int, int, int, int]:
    """(top, left, bottom, right); ONNX lists all begins, then all ends, for ``axes`` or for every axis."""
    rank = len(value.shape)
    amounts = (node.integers("pads") if "pads" in node.attributes else lowering.integers(node, 1)) or ()
    given = lowering.integers(node, 3)
    axes = list(range(rank)) if given is None else [axis % rank for axis in given]
    if len(amounts) != 2 * len(axes):
        raise Unsupported(f"{len(amounts)} pads do not fit {len(axes)} axes", _AGAIN)
    begins = dict(zip(axes, amounts[: len(axes)], strict=True))
    ends = dict(zip(axes, amounts[len(axes) :], strict=True))
    if any(begins.get(axis, 0) or ends.get(axis, 0) for axis in range(min(rank, 2))):
        raise Unsupported("it pads the batch or the channels", "pad rows and columns only")
    rows, columns = (3, 2) if value.is_row and value.tensor.shape.height == 1 else (2, 3)
    return begins.get(rows, 0), begins.get(columns, 0), ends.get(rows, 0), ends.get(columns, 0)
