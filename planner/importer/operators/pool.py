"""Pooling: MaxPool, AveragePool, the global pools, and reductions over rows, columns or both."""

from __future__ import annotations

import dataclasses

import numpy as np

from dynamap.cost.geometry import TensorShape, Window, ceil_div
from dynamap.planner.importer.drafts import ConvSpec, LayerDraft, PoolSpec, Unsupported, Value
from dynamap.planner.importer.graph import Node
from dynamap.planner.importer.lowering import Lowering, refuse_view
from dynamap.planner.importer.operators.conv import add_pads, spatial, window_of
from dynamap.planner.importer.operators.rows import in_two_dimensions, view_like
from dynamap.planner.importer.operators.steps import emit_like, emit_pooling, pooling_steps
from dynamap.planner.network.network import PoolKind


def max_pool(lowering: Lowering, node: Node) -> None:
    """MaxPool; its second output, the indices, is not computed."""
    if len(node.outputs) > 1 and node.outputs[1] and lowering.graph.is_used(node.outputs[1]):
        raise Unsupported("its second output (the indices of the maxima) is used", "use the maxima alone")
    value = lowering.read(node, 0)
    emit_pool(lowering, node, value, PoolKind.MAX)


def average_pool(lowering: Lowering, node: Node) -> None:
    """AveragePool."""
    emit_pool(lowering, node, lowering.real(node, 0), PoolKind.AVERAGE)


def emit_pool(lowering: Lowering, node: Node, value: Value, kind: PoolKind) -> LayerDraft:
    """A pooling layer with the attributes of ``node``; pending pads become its own (see pad)."""
    channels, height, width = spatial(node, value)
    node = in_two_dimensions(node, value)
    kernel = node.integers("kernel_shape")
    if kernel is None or len(kernel) != 2:
        raise Unsupported(
            f"its kernel_shape is {kernel} on an input of {list(value.shape)}; pooling of N x C x H x W and of "
            "N x C x L is supported",
            "keep activations in these forms; three-dimensional pooling cannot be executed",
        )
    ceil_mode = node.integer("ceil_mode", 0) != 0 and node.text("auto_pad", "NOTSET") in ("NOTSET", "")
    window = window_of(node, (kernel[0], kernel[1]), height, width, ceil_mode=ceil_mode)
    automatic = node.text("auto_pad", "NOTSET") == "VALID" and node.integer("ceil_mode", 0) != 0
    if automatic and window.output_size(height, width) != window.output_size(height, width, ceil_mode=True):
        raise Unsupported(
            "auto_pad VALID with ceil_mode: runtimes disagree on the size of the output",
            "write pads of 0 instead of auto_pad",
        )
    include = node.integer("count_include_pad", 0) != 0
    rows, columns = window.output_size(height, width, ceil_mode=ceil_mode)
    if value.pads is not None:
        window = Window(window.kernel, window.stride, add_pads(window.pads, value.pads), window.dilation)
        include = kind is PoolKind.AVERAGE
    chw = value.tensor.shape
    if any(amount >= kernel[side % 2] for side, amount in enumerate(window.pads)):
        raise Unsupported(
            f"its pads {list(window.pads)} are not smaller than its kernel {list(kernel)}",
            "use pads smaller than the kernel",
        )
    if not (_all_see_data(window, 0, chw.height, rows) and _all_see_data(window, 1, chw.width, columns)):
        raise Unsupported(
            f"with kernel {list(window.kernel)} and pads {list(window.pads)} some windows see only padding",
            "use pads smaller than the kernel",
        )
    spec, shape = PoolSpec(kind, window, include), TensorShape(channels, rows, columns)
    draft = emit_pooling(lowering, node, spec, value.tensor, shape, view_like(value, shape))
    if value.integer is not None:
        pass_quantisation(lowering, node, value, draft)
    return draft


def pass_quantisation(lowering: Lowering, node: Node, value: Value, draft: LayerDraft) -> None:
    """For layers that only select elements: the output holds quantised integers as the input does."""
    draft.output.quantisation = value.tensor.quantisation
    written = lowering.values[node.outputs[0]]
    assert isinstance(written, Value)
    lowering.bind(node.outputs[0], dataclasses.replace(written, integer=value.integer))


def global_max_pool(lowering: Lowering, node: Node) -> None:
    """GlobalMaxPool: a window of all rows and columns."""
    emit_global(lowering, node, lowering.plain(node, 0), PoolKind.MAX)


def global_average_pool(lowering: Lowering, node: Node) -> None:
    """GlobalAveragePool: a window of all rows and columns."""
    emit_global(lowering, node, lowering.plain(node, 0), PoolKind.AVERAGE)


def reduce_mean(lowering: Lowering, node: Node) -> None:
    """ReduceMean over rows, columns or both: average pooling."""
    _reduce(lowering, node, PoolKind.AVERAGE)


def reduce_max(lowering: Lowering, node: Node) -> None:
    """ReduceMax over rows, columns or both: maximum pooling."""
    _reduce(lowering, node, PoolKind.MAX)


def emit_global(
    lowering: Lowering, node: Node, value: Value, kind: PoolKind, view: tuple[int, ...] | None = None
) -> LayerDraft:
    """Pooling over all rows and columns."""
    chw = value.tensor.shape
    spec = PoolSpec(kind, Window((chw.height, chw.width)))
    shape = TensorShape(chw.channels, 1, 1)
    return emit_pooling(lowering, node, spec, value.tensor, shape, view or view_like(value, shape))


def _reduce(lowering: Lowering, node: Node, kind: PoolKind) -> None:
    """ReduceMean and ReduceMax over axes behind the channels: all of them, however H and W are split, or one."""
    value = lowering.real(node, 0)
    rank = len(value.shape)
    axes = lowering.integers(node, 1) if node.has(1) else node.integers("axes")
    if not axes:  # left out or an empty list, which is the same
        axes = () if node.integer("noop_with_empty_axes", 0) else tuple(range(rank))
    reduced = sorted({axis + (rank if axis < 0 else 0) for axis in axes})
    chw = value.tensor.shape
    if value.order is not None or value.pads is not None or value.shape[:2] != (1, chw.channels):
        raise refuse_view(node, 0, value)
    if 1 in reduced and kind is PoolKind.AVERAGE and value.is_image:
        _mean_of_channels(lowering, node, value, reduced)
        return
    window = _reduced_window(value, reduced)
    if window is None:
        raise Unsupported(
            f"it reduces the axes {reduced} of {list(value.shape)}; only reductions over rows, columns or both "
            "(axes 2 and 3) are supported",
            "leave this reduction to the host",
        )
    keep = node.integer("keepdims", 1) != 0
    view = tuple(1 if axis in reduced else size for axis, size in enumerate(value.shape) if keep or axis not in reduced)
    if window == (1, 1):
        alias = dataclasses.replace(value, shape=view)
        lowering.alias(node, alias, "reduces axes of length 1")
        return
    shape = TensorShape(chw.channels, chw.height // window[0], chw.width // window[1])
    emit_pooling(lowering, node, PoolSpec(kind, Window(window)), value.tensor, shape, view)


def _mean_of_channels(lowering: Lowering, node: Node, value: Value, reduced: list[int]) -> None:
    """The mean over the channels, a 1 x 1 convolution; over rows or columns as well, which are averaged before."""
    chw = value.tensor.shape
    keep = node.integer("keepdims", 1) != 0
    view = tuple(1 if axis in reduced else size for axis, size in enumerate(value.shape) if keep or axis not in reduced)
    window = _reduced_window(value, [axis for axis in reduced if axis > 1])
    if 0 in reduced or window is None:
        raise Unsupported(f"it reduces the axes {reduced} of {list(value.shape)}", "leave this reduction to the host")
    source, shape = value.tensor, TensorShape(chw.channels, chw.height // window[0], chw.width // window[1])
    if window != (1, 1):
        for step in pooling_steps(PoolSpec(PoolKind.AVERAGE, Window(window)), chw, shape):
            size = TensorShape(chw.channels, step.rows, step.columns)
            source = emit_like(lowering, node, step.spec, source, size).output
    weights = np.full((1, chw.channels, 1, 1), 1 / chw.channels, np.float32)
    spec = ConvSpec(Window((1, 1)), weights, np.zeros(1, np.float32))
    lowering.emit(node, spec, [source], TensorShape(1, shape.height, shape.width), view)


def _reduced_window(value: Value, reduced: list[int]) -> tuple[int, int] | None:
    """The window that covers the ``reduced`` axes of ``value``, those of length 1 aside; None where there is none."""
    chw = value.tensor.shape
    rank = len(value.shape)
    if any(not 2 <= axis < rank for axis in reduced):
        return None
    long = [axis for axis in range(2, rank) if value.shape[axis] > 1]
    over = [axis for axis in long if axis in reduced]
    if over == long:
        return chw.height, chw.width
    if not over:
        return 1, 1
    if not value.is_plain:
        return None
    return (chw.height, 1) if over == [2] else (1, chw.width)


def _all_see_data(window: Window, axis: int, size: int, count: int) -> bool:
    """True where each of the ``count`` windows along ``axis`` covers an element of the input."""
    for index in range(count):
        start = index * window.stride[axis] - window.pads[axis]
        first = ceil_div(max(-start, 0), window.dilation[axis])  # the first tap that is not in the leading pad
        if first >= window.kernel[axis] or start + first * window.dilation[axis] >= size:
            return False
    return True
