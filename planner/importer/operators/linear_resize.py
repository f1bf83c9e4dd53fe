"""Bilinear Resize by whole factors: nearest neighbours, and averages of what they repeat.

Every element f times, averaged over f neighbours that are there, is linear interpolation between the elements with the
ends repeated: averages leave out what lies outside, and the repeated ends have one value. The average begins at the
element itself for asymmetric coordinates and is centred for half_pixel; over an even number of neighbours it lies
half a step aside, and an average of two moves it back. Shrinking by f reads the one or two elements in the middle of
each f.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from dynamap.cost.geometry import TensorShape, Window
from dynamap.planner.importer.drafts import ConvSpec, PoolSpec, ResizeSpec, Unsupported, Value
from dynamap.planner.importer.graph import Node
from dynamap.planner.importer.lowering import Lowering
from dynamap.planner.importer.operators.conv import check_size
from dynamap.planner.importer.operators.steps import emit_like, emit_pooling, pooling_steps
from dynamap.planner.network.network import PoolKind

CENTRED = ("half_pixel", "half_pixel_symmetric", "pytorch_half_pixel")
_REMEDY = "resize by whole factors with half_pixel or asymmetric coordinates, or leave it to the host"


@dataclass(frozen=True)
class Average:
    """Along one axis: how many neighbours are averaged, pads before and after, and whether two averages follow."""

    count: int = 1
    before: int = 0
    after: int = 0
    twice: bool = False


def emit_linear(
    lowering: Lowering, node: Node, value: Value, factors: tuple[Fraction, Fraction], coordinates: str
) -> None:
    """The layers of a bilinear Resize by ``factors`` of rows and columns.

    Raises:
        Unsupported: a factor is neither whole nor one over a whole number, or the coordinates are others.
    """
    chw = value.tensor.shape
    sizes = (chw.height, chw.width)
    if max(factors) > 1:
        averages = [_average(f, size, coordinates) for f, size in zip(factors, sizes, strict=True)]
        _enlarge(lowering, node, value, (int(factors[0]), int(factors[1])), averages)
    else:
        taps = [_taps(f, size, coordinates) for f, size in zip(factors, sizes, strict=True)]
        _shrink(lowering, node, value, (int(1 / factors[0]), int(1 / factors[1])), taps)


def _average(factor: Fraction, size: int, coordinates: str) -> Average:
    if factor.denominator != 1:
        raise _refused(factor, coordinates)
    if size == 1 or factor == 1:  # one element is repeated, whatever the coordinates are
        return Average()
    whole = int(factor)
    if coordinates == "asymmetric":
        return Average(whole, 0, whole - 1)
    if coordinates not in CENTRED:
        raise _refused(factor, coordinates)
    return Average(whole, whole // 2, whole // 2, twice=whole % 2 == 0)


def _enlarge(lowering: Lowering, node: Node, value: Value, factors: tuple[int, int], averages: list[Average]) -> None:
    chw = value.tensor.shape
    shape = TensorShape(chw.channels, chw.height * factors[0], chw.width * factors[1])
    check_size(shape.height, shape.width)
    rows, columns = averages
    if rows.count == columns.count == 1:
        lowering.emit(node, ResizeSpec(*factors), [value.tensor], shape)
        return
    source = emit_like(lowering, node, ResizeSpec(*factors), value.tensor, shape).output
    window = Window((rows.count, columns.count), pads=(rows.before, columns.before, rows.after, columns.after))
    spec = PoolSpec(PoolKind.AVERAGE, window)
    between = TensorShape(chw.channels, *window.output_size(shape.height, shape.width))
    if not (rows.twice or columns.twice):
        emit_pooling(lowering, node, spec, source, between)
        return
    for step in pooling_steps(spec, shape, between):
        size = TensorShape(chw.channels, step.rows, step.columns)
        source = emit_like(lowering, node, step.spec, source, size).output
    pair = PoolSpec(PoolKind.AVERAGE, Window((1 + rows.twice, 1 + columns.twice)))
    emit_pooling(lowering, node, pair, source, shape)


def _taps(factor: Fraction, size: int, coordinates: str) -> list[float]:
    """The weights of the elements of one step of the window."""
    if factor.numerator != 1 or size % factor.denominator:
        raise _refused(factor, coordinates)
    step = factor.denominator
    weights = [0.0] * step
    if coordinates == "asymmetric":
        weights[0] = 1.0
    elif coordinates in CENTRED and not (coordinates == "pytorch_half_pixel" and size == step):
        for tap in {(step - 1) // 2, step // 2}:
            weights[tap] = 1.0 if step % 2 else 0.5
    elif step == 1 or coordinates == "pytorch_half_pixel":
        weights[0] = 1.0
    else:
        raise _refused(factor, coordinates)
    return weights


def _shrink(lowering: Lowering, node: Node, value: Value, steps: tuple[int, int], taps: list[list[float]]) -> None:
    chw = value.tensor.shape
    window = Window(steps, steps)
    kernel = np.outer(taps[0], taps[1]).astype(np.float32)
    weights = np.broadcast_to(kernel, (chw.channels, 1, *kernel.shape)).copy()
    spec = ConvSpec(window, weights, np.zeros(chw.channels, np.float32), groups=chw.channels)
    shape = TensorShape(chw.channels, *window.output_size(chw.height, chw.width))
    lowering.emit(node, spec, [value.tensor], shape)


def _refused(factor: Fraction, coordinates: str) -> Unsupported:
    return Unsupported(f"it interpolates linearly by {float(factor):g} with coordinates {coordinates!r}", _REMEDY)
