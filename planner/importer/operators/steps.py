"""Layers that are too large for the overlay in one step, as several: pools, sums and concatenations of any size.

What the overlay does in one step is in ``cost.overlay.limits``. The steps compute the same real values; a value between
two of them is rounded to int8 once more. A quantised model's input lends its scale to the values between the steps of
an average, which lie in its range.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dynamap.cost.geometry import TensorShape, Window, ceil_div
from dynamap.cost.overlay import limits
from dynamap.cost.overlay.averaging import classes_of, divisors, table_bytes
from dynamap.planner.importer.drafts import AddSpec, ConcatSpec, ConvSpec, LayerDraft, PoolSpec, Spec, TensorDraft
from dynamap.planner.importer.graph import Node
from dynamap.planner.importer.lowering import Lowering
from dynamap.planner.network.network import PoolKind

LONGEST = 512
"""Rows or columns of a whole tensor that are pooled in one step; more are pooled in blocks, then these."""


@dataclass(frozen=True)
class Step:
    """A layer on the way, and the rows and columns of its output."""

    spec: PoolSpec | ConvSpec
    rows: int
    columns: int


def emit_pooling(
    lowering: Lowering,
    node: Node,
    spec: PoolSpec,
    source: TensorDraft,
    shape: TensorShape,
    view: tuple[int, ...] | None = None,
) -> LayerDraft:
    """The layers of a pooling whose output has the ``shape``; the last writes the output of the node."""
    *before, last = pooling_steps(spec, source.shape, shape)
    tensor = source
    for number, step in enumerate(before, 1):
        made = lowering.emit_step(
            node, step.spec, [tensor], TensorShape(shape.channels, step.rows, step.columns), number
        )
        made.output.quantisation = source.quantisation
        tensor = made.output
    return lowering.emit(node, last.spec, [tensor], shape, view)


def emit_like(
    lowering: Lowering, node: Node, spec: Spec, source: TensorDraft, shape: TensorShape, name: str | None = None
) -> LayerDraft:
    """A layer with the scale of its ``source``, whose output is called ``name``, or is on the way to the node's."""
    made = lowering.emit_step(node, spec, [source], shape, len(lowering.layers))
    made.output.quantisation = source.quantisation
    if name is not None:
        made.output.name = name
    return made


def pooling_steps(spec: PoolSpec, source: TensorShape, output: TensorShape) -> list[Step]:
    """A pooling as one step, or as several where one is too large.

    Rows or columns that are pooled as a whole are first pooled in blocks; what is left of an average is pooled by rows,
    then by columns, where its values or its divisors are too many.
    """
    steps: list[Step] = []
    size, window = [source.height, source.width], spec.window
    for axis in (0, 1):
        whole = window.kernel[axis] == size[axis] and (output.height, output.width)[axis] == 1
        if whole and _pads(window, axis) == (0, 0) and window.dilation[axis] == 1 and size[axis] > LONGEST:
            for made, rest in _blocks(spec.kind, axis, source.channels, size[axis]):
                size[axis] = rest
                steps.append(Step(made, size[0], size[1]))
            kernel = (size[0], window.kernel[1]) if axis == 0 else (window.kernel[0], size[1])
            window = replace(window, kernel=kernel)
    left = replace(spec, window=window)
    reduced = TensorShape(source.channels, size[0], size[1])
    if not _fits(left, reduced, output):
        steps.append(Step(replace(spec, window=_along(window, 0)), output.height, size[1]))
        left = replace(spec, window=_along(window, 1))
    return [*steps, Step(left, output.height, output.width)]


def _blocks(kind: PoolKind, axis: int, channels: int, size: int) -> Iterator[tuple[PoolSpec | ConvSpec, int]]:
    """Layers that reduce ``size`` rows (axis 0) or columns (axis 1), and the rows or columns that each leaves.

    Blocks of one size where they cut the axis evenly; else zeros fill the last, which a mean over the blocks with the
    weight of ``each / size`` makes good for an average.
    """
    even = [each for each in range(2, LONGEST + 1) if size % each == 0 and size // each <= LONGEST]
    each = min(even, key=lambda block: abs(block - math.isqrt(size)), default=math.isqrt(size) + 1)
    count = ceil_div(size, each)
    pads = (0, 0, count * each - size, 0) if axis == 0 else (0, 0, 0, count * each - size)
    block = _along(Window((each, each), (each, each), pads), axis)
    yield PoolSpec(kind, block, count_include_pad=kind is PoolKind.AVERAGE), count
    if kind is PoolKind.AVERAGE and not even:
        weights = np.full((channels, 1, *((count, 1) if axis == 0 else (1, count))), each / size, np.float32)
        yield ConvSpec(_along(Window((count, count)), axis), weights, np.zeros(channels, np.float32), channels), 1


def _fits(spec: PoolSpec, source: TensorShape, output: TensorShape) -> bool:
    """Whether an average is of few enough values, and its divisors are few enough."""
    if spec.kind is PoolKind.MAX:
        return True
    rows, columns = divisors(spec.window, source, output, spec.count_include_pad)
    few = max(classes_of(rows), classes_of(columns)) <= limits.MOST_CLASSES
    few &= table_bytes(rows, columns) <= limits.VALUE_BYTES
    return few and spec.window.kernel[0] * spec.window.kernel[1] <= limits.MOST_AVERAGED


def _pads(window: Window, axis: int) -> tuple[int, int]:
    return window.pads[axis], window.pads[axis + 2]


def _along(window: Window, axis: int) -> Window:
    """The part of a window along one axis."""
    before, after = _pads(window, axis)
    if axis == 0:
        return Window((window.kernel[0], 1), (window.stride[0], 1), (before, 0, after, 0), (window.dilation[0], 1))
    return Window((1, window.kernel[1]), (1, window.stride[1]), (0, before, 0, after), (1, window.dilation[1]))


def emit_joining(
    lowering: Lowering,
    node: Node,
    spec: AddSpec | ConcatSpec,
    inputs: Sequence[TensorDraft],
    shape: TensorShape,
    view: tuple[int, ...] | None = None,
) -> LayerDraft:
    """A sum or a concatenation of any number of tensors: groups of as many as the overlay takes, then their results."""
    number, tensors = 0, list(inputs)
    while len(tensors) > limits.MOST_SOURCES:
        joined: list[TensorDraft] = []
        for first in range(0, len(tensors), limits.MOST_SOURCES):
            group = tensors[first : first + limits.MOST_SOURCES]
            if len(group) > 1:
                number += 1
                group = [_joined(lowering, node, spec, group, number)]
            joined += group
        tensors = joined
    return lowering.emit(node, spec, tensors, shape, view)


def _joined(lowering: Lowering, node: Node, spec: Spec, group: Sequence[TensorDraft], number: int) -> TensorDraft:
    first = group[0].shape
    channels = sum(tensor.shape.channels for tensor in group) if isinstance(spec, ConcatSpec) else first.channels
    made = lowering.emit_step(node, spec, group, TensorShape(channels, first.height, first.width), number)
    return made.output
