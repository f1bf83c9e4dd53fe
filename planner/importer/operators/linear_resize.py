"""Bilinear Resize: nearest neighbours, averages of what they repeat, and of these every n-th.

Every element f times, averaged over f neighbours that are there, is linear interpolation between the elements with the
ends repeated: averages leave out what lies outside, and the repeated ends have one value. The average begins at the
element itself for asymmetric coordinates and is centred for half_pixel; over an even number of neighbours it lies
half a step aside, and an average of two moves it back. Shrinking by f reads the one or two elements in the middle of
each f.

A factor a / b is an enlargement by a and then a shrinking by b: on the finer grid interpolation has its corners at
elements, or half-way between two, where b is odd and the middle of b is an element; so what lies between two elements
is their mean. With align_corners a / b is the ratio of the lengths less one, both ends are elements, and every b-th is
taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from dynamap.cost.geometry import TensorShape, Window
from dynamap.planner.importer.drafts import ConvSpec, PoolSpec, ResizeSpec, Spec, Unsupported, Value
from dynamap.planner.importer.graph import Node
from dynamap.planner.importer.lowering import Lowering
from dynamap.planner.importer.operators.conv import check_size
from dynamap.planner.importer.operators.steps import emit_like, pooling_steps
from dynamap.planner.network.network import PoolKind

CENTRED = ("half_pixel", "half_pixel_symmetric", "pytorch_half_pixel")
MOST_PRODUCTS = 64
"""Of a factor a / b the most that a b may be: so many values are averaged for each element of the output."""

_REMEDY = "resize by whole factors with half_pixel or asymmetric coordinates, or leave it to the host"
Layers = list[tuple[Spec, TensorShape]]


@dataclass(frozen=True)
class Along:
    """Along one axis: what repeats elements, averages neighbours (with pads around), and picks.

    ``twice``: averages of two follow. ``taps`` weigh the elements of every ``stride``.
    """

    factor: int = 1
    count: int = 1
    pads: tuple[int, int] = (0, 0)
    twice: bool = False
    taps: tuple[float, ...] = (1.0,)
    stride: int = 1


def emit_linear(
    lowering: Lowering, node: Node, value: Value, factors: tuple[Fraction, Fraction], coordinates: str
) -> None:
    """The layers of a bilinear Resize by ``factors`` of rows and columns.

    Raises:
        Unsupported: a length is not whole, the coordinates are unknown, or too many values would be averaged.
    """
    chw = value.tensor.shape
    rows, columns = (
        _along(factor, size, coordinates) for factor, size in zip(factors, (chw.height, chw.width), strict=True)
    )
    one_after_the_other = max(rows.stride, columns.stride) > 1 and max(rows.factor, columns.factor) > 1
    turns = [(rows, Along()), (Along(), columns)] if one_after_the_other else [(rows, columns)]
    layers: Layers = []
    for turn in turns:
        layers += _enlarged(layers[-1][1] if layers else chw, *turn)
        layers += _picked(layers[-1][1] if layers else chw, *turn)
    *before, (spec, shape) = layers
    tensor = value.tensor
    for step, size in before:
        tensor = emit_like(lowering, node, step, tensor, size).output
    lowering.emit(node, spec, [tensor], shape)


def _along(factor: Fraction, size: int, coordinates: str) -> Along:
    length = size * factor
    if length.denominator != 1 or (factor != 1 and coordinates not in (*CENTRED, "asymmetric", "align_corners")):
        raise _refused(factor, coordinates)
    if size == 1 or factor == 1:  # one element is repeated, whatever the coordinates are
        return Along(int(factor))
    aligned = coordinates == "align_corners"
    if aligned:
        factor = Fraction(int(length) - 1, size - 1)
    whole, step = factor.numerator, factor.denominator
    if not whole or (whole > 1 and (step > 1 or aligned) and whole * step > MOST_PRODUCTS):
        raise _refused(factor, coordinates)
    if aligned or coordinates == "asymmetric":
        return Along(whole, whole, (0, 0 if aligned else whole - 1), stride=step)
    if coordinates == "pytorch_half_pixel" and length == 1:
        return Along(stride=step)
    taps = [0.0] * step
    for tap in {(step - 1) // 2, step // 2}:
        taps[tap] = 1.0 if step % 2 else 0.5
    half = whole // 2
    return Along(whole, whole, (half, half), whole % 2 == 0, tuple(taps), step)


def _enlarged(chw: TensorShape, rows: Along, columns: Along) -> Layers:
    """Elements repeated, and averages of them."""
    if rows.factor == columns.factor == 1:
        return []
    shape = TensorShape(chw.channels, chw.height * rows.factor, chw.width * columns.factor)
    check_size(shape.height, shape.width)
    layers: Layers = [(ResizeSpec(rows.factor, columns.factor), shape)]
    if rows.count == columns.count == 1:
        return layers
    pads = (rows.pads[0], columns.pads[0], rows.pads[1], columns.pads[1])
    layers += _averages(Window((rows.count, columns.count), pads=pads), shape)
    if rows.twice or columns.twice:
        layers += _averages(Window((1 + rows.twice, 1 + columns.twice)), layers[-1][1])
    return layers


def _averages(window: Window, source: TensorShape) -> Layers:
    spec = PoolSpec(PoolKind.AVERAGE, window)
    shape = TensorShape(source.channels, *window.output_size(source.height, source.width))
    return [
        (step.spec, TensorShape(source.channels, step.rows, step.columns))
        for step in pooling_steps(spec, source, shape)
    ]


def _picked(chw: TensorShape, rows: Along, columns: Along) -> Layers:
    """Every n-th element, or the mean of two, by a depthwise convolution."""
    if rows.stride == columns.stride == 1:
        return []
    window = Window((len(rows.taps), len(columns.taps)), (rows.stride, columns.stride))
    weights = np.broadcast_to(_outer(rows.taps, columns.taps), (chw.channels, 1, *window.kernel)).copy()
    spec = ConvSpec(window, weights, np.zeros(chw.channels, np.float32), groups=chw.channels)
    return [(spec, TensorShape(chw.channels, *window.output_size(chw.height, chw.width)))]


def _outer(rows: Sequence[float], columns: Sequence[float]) -> np.ndarray:
    return np.outer(rows, columns).astype(np.float32)


def _refused(factor: Fraction, coordinates: str) -> Unsupported:
    return Unsupported(f"it interpolates linearly by {float(factor):g} with coordinates {coordinates!r}", _REMEDY)
