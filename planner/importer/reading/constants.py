"""Computes at import whatever depends on no input of the network."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence

import numpy as np
import onnx
from onnx import helper, numpy_helper

from dynamap.planner.importer.drafts import Array, Constant, Unsupported
from dynamap.planner.importer.graph import Node
from dynamap.planner.importer.reading.read import MAX_ELEMENTS, TensorReader

_RANDOM = (
    "RandomNormal",
    "RandomUniform",
    "RandomNormalLike",
    "RandomUniformLike",
    "Multinomial",
    "Bernoulli",
)
_REMEDY = "simplify the model (onnxsim), so that constants are stored as initialisers"


def evaluate(node: Node, inputs: Sequence[Constant | None], opset: int, tensors: TensorReader) -> tuple[Constant, ...]:
    """The outputs of ``node``, whose inputs are all constants (None where an optional one is missing).

    The frequent operators cost no copy of large weights; all others run on the reference
    implementation of the onnx package, at the model's own opset.
    """
    if node.domain:
        raise Unsupported(f"constants of the operator {node.domain}.{node.op} cannot be computed", _REMEDY)
    if node.op in _RANDOM:
        raise Unsupported("its result differs from run to run", "replace it by a constant before the export")
    arrays = [None if value is None else value.array for value in inputs]
    if node.op == "Constant":
        return (Constant(_constant(node, tensors)),)
    if node.op == "DequantizeLinear":
        return (dequantise(node, arrays),)
    shortcut = _SHORTCUTS.get(node.op)
    try:
        if (moved := _moved(node, inputs)) is not None:
            return (moved,)
        if shortcut is not None:
            return (Constant(shortcut(node, arrays)),)
        return tuple(Constant(array) for array in _reference(node, arrays, opset))
    except Unsupported:
        raise
    except Exception as error:
        raise Unsupported(f"its constant value cannot be computed ({error})", _REMEDY) from error


def dequantise(node: Node, arrays: Sequence[Array | None]) -> Constant:
    """A constant DequantizeLinear, with the integers kept beside the real values."""
    integers, scales = arrays[0], arrays[1]
    zero_points = arrays[2] if len(arrays) > 2 else None
    if integers is None or scales is None:
        raise Unsupported("it lacks its scale", "export the model again")
    if node.integer("block_size", 0):
        raise Unsupported("weights quantised in blocks are not supported", "quantise per channel or per tensor")
    axis = node.integer("axis", 1) if scales.size > 1 else None
    return dequantised(integers, scales, zero_points, axis)


def dequantised(integers: Array, scales: Array, zero_points: Array | None, axis: int | None) -> Constant:
    """(integers - zero_points) * scales along ``axis``, in float32, with the integers kept beside."""
    if zero_points is None:
        zero_points = np.zeros(scales.shape, integers.dtype)
    if axis is not None:
        axis += integers.ndim if axis < 0 else 0
        if not 0 <= axis < integers.ndim or scales.shape != (integers.shape[axis],):
            raise Unsupported(
                f"scales of shape {list(scales.shape)} do not fit axis {axis} of {list(integers.shape)}",
                "export the model again",
            )
    elif scales.size != 1:
        raise Unsupported(f"it has {scales.size} scales where one is expected", "export the model again")
    if zero_points.size != scales.size:
        raise Unsupported(f"{zero_points.size} zero points do not fit {scales.size} scales", "export the model again")
    form = [1] * integers.ndim
    if axis is not None:
        form[axis] = scales.size
    centred = integers.astype(np.float32) - zero_points.astype(np.float32).reshape(form)
    real = (centred * scales.astype(np.float32).reshape(form)).astype(np.float32)
    return Constant(real, integers, scales.ravel(), zero_points.ravel(), axis)


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


def _constant(node: Node, tensors: TensorReader) -> Array:
    attributes = node.attributes
    if len(attributes) != 1:
        raise Unsupported(f"it has {len(attributes)} values instead of one", "export the model again")
    name, value = next(iter(attributes.items()))
    if name == "value" and isinstance(value, onnx.TensorProto):
        return tensors.array(value)
    if name in ("value_float", "value_floats"):
        return np.asarray(value, np.float32)
    if name in ("value_int", "value_ints"):
        return np.asarray(value, np.int64)
    raise Unsupported(f"constants of the kind {name!r} are not supported", _REMEDY)


def _constant_of_shape(node: Node, arrays: Sequence[Array | None]) -> Array:
    (shape,) = _present(arrays)
    if shape.ndim != 1 or shape.dtype != np.int64:
        raise Unsupported(f"the shape is an array of shape {list(shape.shape)}", "export the model again")
    value = node.attributes.get("value")
    fill: Array = np.zeros(1, np.float32)
    if isinstance(value, onnx.TensorProto):
        fill = numpy_helper.to_array(value)
    sizes = [int(size) for size in shape]
    if any(size < 0 for size in sizes) or _product(sizes) > MAX_ELEMENTS:
        raise Unsupported(f"the shape {sizes} is negative or too large", "export the model again")
    return np.broadcast_to(fill.reshape(()), sizes)


def _product(sizes: Sequence[int]) -> int:
    total = 1
    for size in sizes:
        total *= size
    return total


def _identity(node: Node, arrays: Sequence[Array | None]) -> Array:
    array = arrays[0]
    if array is None:
        raise Unsupported("its input is missing", "export the model again")
    return array


def _axes(node: Node, arrays: Sequence[Array | None]) -> tuple[int, ...] | None:
    if len(arrays) > 1 and arrays[1] is not None:
        return tuple(int(axis) for axis in arrays[1])
    return node.integers("axes")


def _unsqueeze(node: Node, arrays: Sequence[Array | None]) -> Array:
    return np.expand_dims(_identity(node, arrays), _axes(node, arrays) or ())


def _squeeze(node: Node, arrays: Sequence[Array | None]) -> Array:
    return np.squeeze(_identity(node, arrays), _axes(node, arrays))


def _reshape(node: Node, arrays: Sequence[Array | None]) -> Array:
    data, shape = _present(arrays)
    sizes = [int(size) for size in shape]
    if not node.integer("allowzero", 0):
        sizes = [data.shape[axis] if size == 0 else size for axis, size in enumerate(sizes)]
    return data.reshape(sizes)


def _transpose(node: Node, arrays: Sequence[Array | None]) -> Array:
    return np.transpose(_identity(node, arrays), node.integers("perm"))


def _present(arrays: Sequence[Array | None]) -> list[Array]:
    return [array for array in arrays if array is not None]


def _reference(node: Node, arrays: Sequence[Array | None], opset: int) -> list[Array]:
    from onnx.reference import ReferenceEvaluator

    total = sum(array.size for array in _present(arrays))
    if total > MAX_ELEMENTS // 8:
        raise Unsupported(f"its {total} constant elements are too many to be computed at import", _REMEDY)
    feeds = {name: array for name, array in zip(node.inputs, arrays, strict=True) if array is not None}
    values = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
        for name, array in feeds.items()
    ]
    names = [name for name in node.outputs if name]
    results = [helper.make_empty_tensor_value_info(name) for name in names]
    model = helper.make_model(
        helper.make_graph([node.proto], "constant", values, results),
        opset_imports=[helper.make_opsetid("", opset)],
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        computed = ReferenceEvaluator(model).run(names, feeds)
    by_name = dict(zip(names, computed, strict=True))
    return [np.asarray(by_name.get(name, 0.0)) for name in node.outputs]


_SHORTCUTS: dict[str, Callable[[Node, Sequence[Array | None]], Array]] = {
    "ConstantOfShape": _constant_of_shape,
    "Identity": _identity,
    "Reshape": _reshape,
    "Squeeze": _squeeze,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
}
