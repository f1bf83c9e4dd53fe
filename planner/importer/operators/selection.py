"""Split, Slice and Gather: some channels, rows or columns of a tensor.

Channels of a convolution that nothing else reads are convolutions of their own, each with its share of the weights.
Channels of anything else are picked by a 1 x 1 convolution of ones and zeros, rows and columns by a depthwise one
whose window has a single one; both copy the integers as they are.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from dynamap.cost.geometry import TensorShape, Window, ceil_div
from dynamap.planner.importer.drafts import ConvSpec, LayerDraft, TensorDraft, Unsupported, Value
from dynamap.planner.importer.fates import Fate
from dynamap.planner.importer.graph import Node
from dynamap.planner.importer.limits import MAX_AXES, MAX_CHANNELS
from dynamap.planner.importer.lowering import Lowering, refuse_view
from dynamap.planner.importer.operators.rows import view_like
from dynamap.planner.importer.operators.steps import emit_like

_AGAIN = "export the model again; the file may be damaged"
MOST_TAPS = 8
"""Taps of the window of one step that crops rows or columns; what needs more is done in two steps."""

Element = TypeVar("Element", bound=np.generic)
Picked = Sequence[int]
"""The indices that are taken along an axis: of rows and columns a range with a positive step."""


def split(lowering: Lowering, node: Node) -> None:
    """Split along the channels, rows or columns."""
    value = _value(lowering, node)
    axis = _axis(node.integer("axis", 0), value)
    size = value.shape[axis]
    first = 0
    for name, length in zip(node.outputs, _lengths(lowering, node, size), strict=True):
        if name and lowering.graph.is_used(name):
            take(lowering, node, value, {axis: range(first, first + length)}, name)
        first += length


def slice_(lowering: Lowering, node: Node) -> None:
    """Slice along channels, rows and columns; along these two forwards."""
    value = _value(lowering, node)
    take(lowering, node, value, _slices(lowering, node, value.shape), node.outputs[0])


def gather(lowering: Lowering, node: Node) -> None:
    """Gather of channels in any order; of rows or columns at equal steps."""
    value = _value(lowering, node)
    take(lowering, node, value, _gathers(lowering, node, value), node.outputs[0])


def _value(lowering: Lowering, node: Node) -> Value:
    value = lowering.read(node, 0)
    if not value.is_image:
        raise refuse_view(node, 0, value)
    return value


def _axis(axis: int, value: Value) -> int:
    rank = len(value.shape)
    if not -rank <= axis < rank:
        raise Unsupported(f"axis {axis} does not exist in {list(value.shape)}", _AGAIN)
    return axis % rank


def _lengths(lowering: Lowering, node: Node, size: int) -> Sequence[int]:
    """The lengths of the parts; equal ones, the last perhaps shorter, where the model names none."""
    count = len(node.outputs)
    most = max(count, 2 * MAX_AXES)
    given = node.integers("split") if "split" in node.attributes else lowering.integers(node, 1, most)
    if given is None:
        each = ceil_div(size, node.integer("num_outputs", count))
        given = (*(each for _ in range(count - 1)), size - each * (count - 1))
    if len(given) != count or sum(given) != size or min(given) < 1:
        raise Unsupported(f"its parts {list(given)} do not make up {size} elements for {count} outputs", _AGAIN)
    return given


def _gathers(lowering: Lowering, node: Node, value: Value) -> dict[int, Picked]:
    """The indices along the one axis of a Gather; none where it takes everything in order."""
    axis = _axis(node.integer("axis", 0), value)
    size = value.shape[axis]
    indices = lowering.array(node, 1)
    if indices is None or indices.ndim != 1 or not 0 < indices.size <= MAX_CHANNELS:
        raise Unsupported("its indices are no list of numbers", "keep the axis that it gathers along")
    found = tuple(int(index) + (size if index < 0 else 0) for index in indices.tolist())
    if min(found) < 0 or max(found) >= size:
        raise Unsupported(f"its indices are not within the {size} elements of its axis", _AGAIN)
    step = found[1] - found[0] if len(found) > 1 else 1
    steps = range(found[0], found[0] + len(found) * step, step) if step > 0 else range(0)
    if tuple(steps) == found:
        return {} if steps == range(size) else {axis: steps}
    if axis == 1:
        return {axis: found}
    raise Unsupported("it gathers rows or columns at unequal steps", "leave it to the host")


def _slices(lowering: Lowering, node: Node, shape: tuple[int, ...]) -> dict[int, Picked]:
    """The indices along each axis that is sliced (ONNX, operator Slice; before opset 10 by attributes)."""
    if "starts" in node.attributes:
        starts, ends = node.integers("starts") or (), node.integers("ends") or ()
        axes, steps = node.integers("axes"), None
    else:
        starts, ends = lowering.integers(node, 1) or (), lowering.integers(node, 2) or ()
        axes, steps = lowering.integers(node, 3), lowering.integers(node, 4)
    axes = tuple(range(len(starts))) if axes is None else axes
    steps = (1,) * len(starts) if steps is None else steps
    if not len(starts) == len(ends) == len(axes) == len(steps) or any(not -len(shape) <= a < len(shape) for a in axes):
        raise Unsupported(f"its starts, ends, axes and steps do not fit {list(shape)}", _AGAIN)
    picked: dict[int, Picked] = {}
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        size = shape[axis % len(shape)]
        if step == 0 or (step < 0 and axis % len(shape) != 1):
            raise Unsupported(f"it steps by {step}", "leave a reversal to the host")
        first, stop, _ = slice(start, end, step).indices(size)
        if not range(first, stop, step):
            raise Unsupported("it takes nothing", _AGAIN)
        picked[axis % len(shape)] = range(first, stop, step)
    return {axis: taken for axis, taken in picked.items() if taken != range(shape[axis])}


def take(lowering: Lowering, node: Node, value: Value, picked: Mapping[int, Picked], name: str) -> None:
    """Bind ``name``, an output of ``node``, to the ``picked`` elements of ``value``."""
    if not picked:
        lowering.bind(name, value)
        lowering.verdict(node, Fate.FOLDED, value.tensor.producer, "takes everything")
        return
    if 0 in picked:
        raise Unsupported("it takes a part of the batch", "export the model with batch size 1")
    tensor, draft = value.tensor, None
    spatial = {
        _spatial_axis(value, axis): taken for axis, taken in picked.items() if axis > 1 and isinstance(taken, range)
    }
    if 1 in picked:
        draft = _channels(
            lowering, node, tensor, picked[1], None if spatial else name, alone=_is_cut_up(lowering, node)
        )
        tensor = draft.output
    if spatial:
        draft = _window(lowering, node, tensor, spatial, name)
        tensor = draft.output
    shape = (1, tensor.shape.channels) if len(value.shape) == 2 else view_like(value, tensor.shape)
    lowering.bind(name, Value(tensor, shape, False, value.integer, value.dequantised))
    lowering.verdict(node, Fate.OVERLAY, draft)


def _spatial_axis(value: Value, axis: int) -> int:
    """0 for rows, 1 for columns."""
    return int(value.tensor.shape.height == 1) if value.is_row else axis - 2


def _channels(
    lowering: Lowering, node: Node, tensor: TensorDraft, picked: Sequence[int], name: str | None, *, alone: bool
) -> LayerDraft:
    """Channels in any order, -1 for zeros: a 1 x 1 convolution that copies them, or a part of what makes them.

    ``alone``: nothing but such selections reads the tensor, so that the convolution before may be cut up.
    """
    maker = tensor.producer
    shape = TensorShape(len(picked), tensor.shape.height, tensor.shape.width)
    if alone and maker is not None and _is_divisible(maker) and not _is_read_whole(lowering, maker):
        draft = _part_of(lowering, node, maker, picked, shape, name)
        draft.output.quantisation = tensor.quantisation
        return draft
    chosen = np.asarray(picked)
    lowering.evaluator.budget.spend(4 * len(picked) * tensor.shape.channels, 0)
    weights = np.zeros((len(picked), tensor.shape.channels, 1, 1), np.float32)
    weights[np.flatnonzero(chosen >= 0), chosen[chosen >= 0]] = 1
    spec = ConvSpec(Window((1, 1)), weights, np.zeros(len(picked), np.float32))
    return emit_like(lowering, node, spec, tensor, shape, name)


def _is_cut_up(lowering: Lowering, node: Node) -> bool:
    """True where what ``node`` selects from is read by nodes that take some of its channels, and by nothing else."""
    name = node.inputs[0]
    if lowering.graph.is_output(name):
        return False
    bound = lowering.values.get(name)
    if isinstance(bound, Value) and bound.shared:
        return False
    return all(_takes_channels(lowering, reader) for reader in lowering.graph.consumers(name))


def _is_divisible(maker: LayerDraft) -> bool:
    """True for a convolution whose output channels depend on their own weights alone, of which it has real ones."""
    spec = maker.spec
    if not isinstance(spec, ConvSpec) or spec.groups > 1:
        return False
    return spec.weights.size == 1 or any(spec.weights.strides)


def _is_read_whole(lowering: Lowering, maker: LayerDraft) -> bool:
    """True where a layer reads what ``maker`` writes, because a selection before could not cut it up."""
    behind = itertools.takewhile(lambda draft: draft is not maker, reversed(lowering.layers))
    return any(source is maker.output for draft in behind for source in draft.inputs)


def _takes_channels(lowering: Lowering, reader: Node) -> bool:
    if reader.domain or reader.op not in ("Gather", "Slice", "Split"):
        return False
    if reader.op == "Split":
        return reader.integer("axis", 0) in (1, -3)
    bound = lowering.values[reader.inputs[0]]
    if not isinstance(bound, Value):
        return False
    try:
        axes = _gathers(lowering, reader, bound) if reader.op == "Gather" else _slices(lowering, reader, bound.shape)
        return set(axes) == {1}
    except Unsupported:  # that node will be refused itself
        return False


def _part_of(
    lowering: Lowering, node: Node, maker: LayerDraft, picked: Sequence[int], shape: TensorShape, name: str | None
) -> LayerDraft:
    """A convolution like ``maker`` of some of its output channels (-1: zeros); ``maker`` goes once it has parts."""
    assert isinstance(maker.spec, ConvSpec)
    order = range(maker.output.shape.channels) if maker.order is None else maker.order
    own = np.array([-1 if channel < 0 else order[channel] for channel in picked])
    quantised = maker.spec.quantisation
    if quantised is not None:
        scales = tuple(1.0 if channel < 0 else quantised.scales[channel] for channel in own)
        quantised = dataclasses.replace(quantised, values_oihw=_rows(quantised.values_oihw, own), scales=scales)
    spec = dataclasses.replace(
        maker.spec, weights=_rows(maker.spec.weights, own), bias=_rows(maker.spec.bias, own), quantisation=quantised
    )
    draft = emit_like(lowering, node, spec, maker.inputs[0], shape, name)
    draft.scale = None if maker.scale is None else _rows(maker.scale, own)
    draft.shift = None if maker.shift is None else _rows(maker.shift, own)
    activation = maker.activation
    if activation is not None and activation.slopes:
        slopes = tuple(0.0 if channel < 0 else activation.slopes[channel] for channel in own)
        activation = dataclasses.replace(activation, slopes=slopes)
    draft.activation = activation
    lowering.replaced[id(maker)] = draft
    return draft


def _rows(array: npt.NDArray[Element], own: npt.NDArray[np.int64]) -> npt.NDArray[Element]:
    """The rows ``own`` of an array, zeros for -1."""
    found = array[np.maximum(own, 0)]
    found[own < 0] = 0
    return found


def gathered(lowering: Lowering, node: Node, value: Value, picked: Sequence[int]) -> LayerDraft:
    """Channels of ``value`` in any order, -1 for zeros: of the convolution that makes them alone, or copied."""
    return _channels(lowering, node, value.tensor, picked, None, alone=not value.shared)


def _window(lowering: Lowering, node: Node, tensor: TensorDraft, picked: Mapping[int, range], name: str) -> LayerDraft:
    """Rows (axis 0) and columns (axis 1), by windows with a single one."""
    chw = tensor.shape
    rows, columns = (
        crop_windows(size, picked.get(axis, range(size))) for axis, size in enumerate((chw.height, chw.width))
    )
    draft: LayerDraft | None = None
    count = max(len(rows), len(columns))
    for number, (down, across) in enumerate(itertools.zip_longest(rows, columns, fillvalue=(1, 0, 1, 1)), 1):
        window = Window((down[0], across[0]), (down[3], across[3]), dilation=(down[2], across[2]))
        weights = np.zeros((chw.channels, 1, *window.kernel), np.float32)
        weights[:, 0, down[1], across[1]] = 1
        size = window.output_size(tensor.shape.height, tensor.shape.width)
        spec = ConvSpec(window, weights, np.zeros(chw.channels, np.float32), groups=chw.channels)
        final = name if number == count else None
        draft = emit_like(lowering, node, spec, tensor, TensorShape(chw.channels, *size), final)
        tensor = draft.output
    assert draft is not None
    return draft


def crop_windows(size: int, picked: range) -> list[tuple[int, int, int, int]]:
    """Windows, one after the other, that pick these of ``size`` elements: taps, the tap that is one, dilation, stride.

    A window that spans E elements and steps by s leaves floor((size - E) / s) + 1 of them. With one tap at the first
    element and E such that the count is right, it copies; the taps between are left out by dilation where they can be.

    >>> crop_windows(8, range(0, 8, 2))
    [(1, 0, 1, 2)]
    >>> crop_windows(8, range(3, 8))
    [(2, 1, 3, 1)]
    >>> crop_windows(100, range(20, 51))
    [(2, 1, 20, 1), (2, 0, 49, 1)]
    """
    first, stride, count = picked[0], picked.step if len(picked) > 1 else size, len(picked)
    least, most = max(first + 1, size - count * stride + 1), size - (count - 1) * stride
    found = []
    for extent in range(least, most + 1):
        dilation = math.gcd(first, extent - 1) or 1
        found.append(((extent - 1) // dilation + 1, first // dilation, dilation, stride))
    best = min(found)
    if best[0] <= MOST_TAPS or first == 0:
        return [best]
    behind = range(0, picked[-1] - first + 1, picked.step)
    return [(2, 1, first, 1), *crop_windows(size - first, behind)]


def crop_to(lowering: Lowering, node: Node, draft: LayerDraft, rows: int, columns: int) -> None:
    """The first ``rows`` and ``columns`` of what ``draft`` writes, as the output of ``node``."""
    chw = draft.output.shape
    sizes = {axis: range(size) for axis, size in enumerate((rows, columns)) if size < (chw.height, chw.width)[axis]}
    if not sizes:
        return
    name = node.outputs[0]
    draft.output.name = f"{name} (step {len(lowering.layers)})"
    cropped = _window(lowering, node, draft.output, sizes, name)
    lowering.bind(name, Value(cropped.output, (1, *cropped.output.shape.as_list())))
    lowering.verdict(node, Fate.OVERLAY, cropped)
