"""Operators on constants that copy nothing: other shapes of an array, and arrays of one value."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import onnx
from onnx import numpy_helper

from dynamap.planner.importer.constants.budget import SIMPLIFY, Budget
from dynamap.planner.importer.constants.placeholders import is_placeholder
from dynamap.planner.importer.drafts import Array, Constant, Unsupported
from dynamap.planner.importer.graph import Node
from dynamap.planner.importer.limits import MAX_AXES, MAX_ELEMENTS

_AGAIN = "export the model again"
_STEPS = 2_000  # for a view, in nanoseconds


def view_of(node: Node, inputs: Sequence[Constant | None], budget: Budget) -> Constant | None:
    """The result of ``node`` where it takes no memory of its own; None for all other operators."""
    moved = _moved(node, inputs)
    if moved is not None:
        return moved
    compute = _VIEWS.get(node.op)
    if compute is None:
        return None
    budget.spend(0, _STEPS)
    return Constant(compute(node, [None if value is None else value.array for value in inputs], budget))


def _moved(node: Node, inputs: Sequence[Constant | None]) -> Constant | None:
    """Dequantised weights that are transposed or copied keep their integers; None for other cases."""
    source = inputs[0] if inputs else None
    if source is None or source.quantised is None or node.op not in ("Transpose", "Identity"):
        return None
    if node.op == "Identity":
        return source
    perm = node.integers("perm", tuple(reversed(range(source.array.ndim)))) or ()
    axis = None if source.axis is None else perm.index(source.axis)
    integers = np.transpose(source.quantised, perm)
    return Constant(np.transpose(source.array, perm), integers, source.scales, source.zero_points, axis)


def _constant_of_shape(node: Node, arrays: Sequence[Array | None], budget: Budget) -> Array:
    (shape,) = _present(arrays)
    value = node.attributes.get("value")
    fill: Array = np.zeros(1, np.float32)
    if isinstance(value, onnx.TensorProto):
        fill = numpy_helper.to_array(value)
    sizes = _few(shape)
    if any(size < 0 for size in sizes) or math.prod(sizes) > MAX_ELEMENTS:
        raise Unsupported(f"the shape {list(sizes)} is negative or too large; up to {MAX_ELEMENTS} are read", SIMPLIFY)
    return np.broadcast_to(fill.reshape(()), sizes)


def _identity(node: Node, arrays: Sequence[Array | None], budget: Budget) -> Array:
    array = arrays[0]
    if array is None:
        raise Unsupported("its input is missing", _AGAIN)
    return array


def _axes(node: Node, arrays: Sequence[Array | None]) -> tuple[int, ...] | None:
    if len(arrays) > 1 and arrays[1] is not None:
        return _few(arrays[1])
    return node.integers("axes")


def _unsqueeze(node: Node, arrays: Sequence[Array | None], budget: Budget) -> Array:
    axes = _axes(node, arrays) or ()
    array = _identity(node, arrays, budget)
    if array.ndim + len(axes) > MAX_AXES:
        raise Unsupported(f"its result would have {array.ndim + len(axes)} axes, more than {MAX_AXES}", _AGAIN)
    return np.expand_dims(array, axes)


def _squeeze(node: Node, arrays: Sequence[Array | None], budget: Budget) -> Array:
    """No axes, given or empty: all of length 1 (as onnxruntime reads an empty list)."""
    return np.squeeze(_identity(node, arrays, budget), _axes(node, arrays) or None)


def _reshape(node: Node, arrays: Sequence[Array | None], budget: Budget) -> Array:
    data, shape = _present(arrays)
    sizes = list(_few(shape))
    if not node.integer("allowzero", 0):
        sizes = [data.shape[axis] if size == 0 else size for axis, size in enumerate(sizes)]
    if not data.flags.c_contiguous and not is_placeholder(data):
        budget.spend(data.nbytes, data.size)
    return data.reshape(sizes)


def _transpose(node: Node, arrays: Sequence[Array | None], budget: Budget) -> Array:
    return np.transpose(_identity(node, arrays, budget), node.integers("perm"))


def _few(array: Array) -> tuple[int, ...]:
    """Axes or sizes: a list of integers that is not longer than a shape."""
    if array.ndim > 1 or array.dtype.kind not in "iu" or array.size > MAX_AXES:
        raise Unsupported(f"axes or sizes are {array.dtype} of shape {list(array.shape)}", _AGAIN)
    return tuple(int(number) for number in np.atleast_1d(array))


def _present(arrays: Sequence[Array | None]) -> list[Array]:
    return [array for array in arrays if array is not None]


_VIEWS: dict[str, Callable[[Node, Sequence[Array | None], Budget], Array]] = {
    "ConstantOfShape": _constant_of_shape,
    "Identity": _identity,
    "Reshape": _reshape,
    "Squeeze": _squeeze,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
}
