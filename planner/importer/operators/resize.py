"""Resize and Upsample: nearest neighbours and bilinear interpolation by whole factors, and by one over them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from dynamap.cost.geometry import TensorShape
from dynamap.planner.importer.drafts import ResizeSpec, Unsupported, Value
from dynamap.planner.importer.graph import Node
from dynamap.planner.importer.lowering import Lowering, refuse_view
from dynamap.planner.importer.operators.conv import check_size
from dynamap.planner.importer.operators.linear_resize import emit_linear
from dynamap.planner.importer.operators.pool import pass_quantisation
from dynamap.planner.importer.operators.selection import take

_REMEDY = "use nearest-neighbour resizing by integer factors (mode nearest, asymmetric, floor)"


def resize(lowering: Lowering, node: Node) -> None:
    """Nearest neighbours, where the coordinates select out[y] = in[y // factor] or in[first + y step]; or bilinear."""
    value = lowering.read(node, 0)
    if not value.is_plain or len(value.shape) != 4:
        raise refuse_view(node, 0, value)
    mode = node.text("mode", "nearest")
    if mode not in ("nearest", "linear", "bilinear") or node.integer("antialias", 0):
        raise Unsupported(f"its mode is {mode!r}, antialias {node.integer('antialias', 0)}", _REMEDY)
    factors = _factors(lowering, node, value.shape)
    if mode != "nearest" and any(factor != 1 for factor in factors):
        lowering.real(node, 0)
        emit_linear(lowering, node, value, factors, _coordinates(lowering, node))
        return
    if min(factors) < 1:
        _pick(lowering, node, value, factors)
        return
    if factors[0].denominator != 1 or factors[1].denominator != 1:
        raise _by(factors)
    rows, columns = int(factors[0]), int(factors[1])
    if rows == columns == 1:
        lowering.alias(node, value, "resizes by 1")
        return
    check_size(value.shape[2] * rows, value.shape[3] * columns)
    for size, factor in ((value.shape[2], rows), (value.shape[3], columns)):
        places = range(size * factor if size > 1 else 0)
        if any(_source(lowering, node, out, size, Fraction(factor)) != out // factor for out in places):
            raise Unsupported(
                f"coordinate_transformation_mode {_coordinates(lowering, node)!r} with nearest_mode "
                f"{_rounding(lowering, node)!r} selects other elements than out[y] = in[y // {factor}]",
                _REMEDY,
            )
    chw = value.tensor.shape
    shape = TensorShape(chw.channels, chw.height * rows, chw.width * columns)
    draft = lowering.emit(node, ResizeSpec(rows, columns), [value.tensor], shape)
    if value.integer is not None:
        pass_quantisation(lowering, node, value, draft)


def _pick(lowering: Lowering, node: Node, value: Value, factors: tuple[Fraction, Fraction]) -> None:
    """Fewer elements: those that the coordinates select, where they are a slice."""
    picked = {}
    for axis, factor in enumerate(factors):
        size = value.shape[2 + axis]
        count = math.floor(size * factor)
        if not count or size * factor != count:
            raise _by(factors)
        found = [_source(lowering, node, out, size, factor) for out in range(count)]
        step = found[1] - found[0] if count > 1 else 1
        taken = range(found[0], found[0] + step * count, step) if step > 0 else range(0)
        if list(taken) != found:
            raise _by(factors)
        picked[2 + axis] = taken
    take(lowering, node, value, picked, node.outputs[0])


def _by(factors: tuple[Fraction, Fraction]) -> Unsupported:
    return Unsupported(f"it resizes by {float(factors[0]):g} x {float(factors[1]):g}", _REMEDY)


def _factors(lowering: Lowering, node: Node, shape: tuple[int, ...]) -> tuple[Fraction, Fraction]:
    """Enlargement of rows and columns, from scales or sizes, wherever the opset puts them."""
    scales_at = 1 if node.op == "Upsample" or lowering.opset < 11 else 2
    axes = [axis % 4 for axis in node.integers("axes") or (0, 1, 2, 3)]
    scales: dict[int, Fraction] = {}
    if "scales" in node.attributes:
        values = node.attributes["scales"]
        scales = dict(zip(axes, _exact(values if isinstance(values, tuple) else ()), strict=False))
    else:
        array = lowering.array(node, scales_at)
        if array is not None and 0 < array.size <= 4:
            scales = dict(zip(axes, _exact(array.ravel().tolist()), strict=False))
        elif node.has(3):
            wanted = lowering.integers(node, 3) or ()
            scales = {axis: Fraction(size, shape[axis]) for axis, size in zip(axes, wanted, strict=False)}
            if node.text("keep_aspect_ratio_policy", "stretch") != "stretch":
                raise Unsupported("keep_aspect_ratio_policy is not 'stretch'", _REMEDY)
    if len(scales) != len(axes):
        raise Unsupported(f"{len(scales)} scales do not fit {len(axes)} axes", "export the model again")
    if scales.get(0, 1) != 1 or scales.get(1, 1) != 1:
        raise Unsupported("it resizes the batch or the channels", _REMEDY)
    rows, columns = scales.get(2, Fraction(1)), scales.get(3, Fraction(1))
    if min(rows, columns) <= 0 or min(shape[2] * rows, shape[3] * columns) < 1:
        raise _by((rows, columns))
    check_size(math.floor(shape[2] * rows), math.floor(shape[3] * columns))
    return rows, columns


def _exact(scales: Sequence[object]) -> list[Fraction]:
    """Scales as fractions; refused where one is no finite number."""
    numbers = [scale for scale in scales if isinstance(scale, (int, float)) and math.isfinite(scale)]
    if len(numbers) < len(scales):
        raise Unsupported(f"its scales {list(scales)} are not all finite numbers", "export the model again")
    return [Fraction(number) for number in numbers]


def _coordinates(lowering: Lowering, node: Node) -> str:
    default = "asymmetric" if node.op == "Upsample" or lowering.opset < 11 else "half_pixel"
    return node.text("coordinate_transformation_mode", default)


def _rounding(lowering: Lowering, node: Node) -> str:
    default = "floor" if node.op == "Upsample" or lowering.opset < 11 else "round_prefer_floor"
    return node.text("nearest_mode", default)


def _source(lowering: Lowering, node: Node, out: int, size: int, factor: Fraction) -> int:
    """The element that ONNX, operator Resize, selects for ``out`` (computed in exact fractions)."""
    mode = _coordinates(lowering, node)
    position = Fraction(out)
    half = Fraction(1, 2)
    if mode == "asymmetric":
        position /= factor
    elif mode in ("half_pixel", "half_pixel_symmetric") or (mode == "pytorch_half_pixel" and size * factor > 1):
        position = (position + half) / factor - half
    elif mode == "pytorch_half_pixel":
        position = Fraction(0)
    elif mode == "tf_half_pixel_for_nn":
        position = (position + half) / factor
    elif mode == "align_corners":
        position = Fraction(0) if size * factor == 1 else position * (size - 1) / (size * factor - 1)
    else:
        raise Unsupported(f"coordinate_transformation_mode {mode!r} is not supported", _REMEDY)
    rounding = _rounding(lowering, node)
    if rounding == "floor":
        index = math.floor(position)
    elif rounding == "ceil":
        index = math.ceil(position)
    elif rounding == "round_prefer_ceil":
        index = math.floor(position + half)
    elif rounding == "round_prefer_floor":
        index = math.ceil(position - half)
    else:
        raise Unsupported(f"nearest_mode {rounding!r} is unknown", _REMEDY)
    return int(np.clip(index, 0, size - 1))
