"""How much an operator writes and works, known from the shapes of its inputs before it is computed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from onnx import TensorProto, defs, helper, numpy_helper, shape_inference

from dynamap.planner.importer.constants.budget import SIMPLIFY
from dynamap.planner.importer.drafts import Array, Unsupported
from dynamap.planner.importer.graph import Node
from dynamap.planner.importer.limits import MAX_AXES, MAX_ELEMENTS
from dynamap.planner.importer.reading.schema import INFERENCE_ERRORS


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


BROADCAST = _names("""
    Add And BitShift BitwiseAnd BitwiseOr BitwiseXor Div Equal Greater GreaterOrEqual Less LessOrEqual Max Mean Min Mod
    Mul Or PRelu Pow Sub Sum Where Xor
""")
"""Every output element comes from one element of each input."""

VECTOR = _names("""
    Abs Acos Acosh ArgMax ArgMin Asin Asinh Atan Atanh BatchNormalization BitwiseNot Cast CastLike Ceil Celu Clip Concat
    Cos Cosh CumSum DepthToSpace Elu Exp Expand EyeLike Flatten Floor Gather GatherElements HardSigmoid HardSwish
    InstanceNormalization IsInf IsNaN LayerNormalization LeakyRelu Log LogSoftmax Neg Not OneHot Pad QuantizeLinear
    Range Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd
    ReduceSum ReduceSumSquare Relu ReverseSequence Round Selu Shape Sigmoid Sign Sin Sinh Size Slice Softmax Softplus
    Softsign SpaceToDepth Split Sqrt Tan Tanh Tile TopK Trilu
""")
"""The reference implementation works on whole arrays."""

PRODUCT = frozenset(("Einsum", "Gemm", "MatMul"))
"""Every output element is a sum."""

SLOW = {"Erf": 500, "GatherND": 5_000, "Resize": 200_000, "ScatterElements": 5_000, "ScatterND": 5_000}
"""Operators that the reference implementation computes element by element: steps for each."""

SELECTING = frozenset(("Compress", "NonZero", "Unique"))
"""The values decide how many elements the output has, but there are no more than the input's for each of its axes."""

COMPUTED = BROADCAST | VECTOR | PRODUCT | SELECTING | frozenset(SLOW)
"""What the reference implementation may compute; views, Constant, DequantizeLinear, If and Loop it need not."""

_STRINGS = "it computes on strings, which are not computed at import"
_STEPS_PER_NODE = 300_000
_STEPS_PER_ELEMENT = 8
_KNOWN_VALUES = 64  # axes, sizes and scales are that few; the values of larger arrays do not say how large a result is


@dataclass(frozen=True)
class Work:
    """Bytes of all results of a node, and the steps to them, about a nanosecond each."""

    result_bytes: int
    steps: int


def work_of(node: Node, arrays: Sequence[Array | None], opset: int) -> Work:
    """What it takes to compute ``node`` from ``arrays``.

    Raises:
        Unsupported: the operator is not one of `COMPUTED`, or its results cannot be foretold or are too large.
    """
    present = [array for array in arrays if array is not None]
    if node.op not in COMPUTED:
        raise Unsupported(f"constants of the operator {node.op} are not computed at import", SIMPLIFY)
    if any(array.dtype.kind in "OUS" for array in present):
        raise Unsupported(_STRINGS, SIMPLIFY)
    results = _results(node, arrays, opset)
    elements = sum(array.size for array in present) + sum(math.prod(shape) for shape, _ in results)
    result_bytes = sum(math.prod(shape) * width for shape, width in results)
    return Work(result_bytes, _STEPS_PER_NODE + _steps(node, present, elements))


def _steps(node: Node, present: Sequence[Array], elements: int) -> int:
    if node.op in SLOW:
        return elements * SLOW[node.op]
    if node.op == "Einsum":
        return _einsum_steps(node, present)
    if node.op in PRODUCT:
        inner = present[0].shape[0 if node.integer("transA", 0) else -1] if present[0].ndim else 1
        return elements * max(inner, _STEPS_PER_ELEMENT)
    return elements * _STEPS_PER_ELEMENT


def _einsum_steps(node: Node, present: Sequence[Array]) -> int:
    """NumPy walks over all combinations of the indices; those behind an ellipsis are counted for each operand."""
    terms = node.text("equation", "").replace(" ", "").split("->")[0].split(",")
    sizes: dict[str, int] = {}
    steps = 1
    for term, array in zip(terms, present, strict=False):
        labels = term.replace("...", "")
        if "..." in term:
            steps *= max(array.size, 1)
        else:
            sizes.update(zip(labels, array.shape, strict=False))
    return steps * math.prod(sizes.values()) * _STEPS_PER_ELEMENT


def _results(node: Node, arrays: Sequence[Array | None], opset: int) -> list[tuple[tuple[int, ...], int]]:
    """Shape and bytes per element of every output.

    Raises:
        Unsupported: they are not known before the computation, or are too large.
    """
    present = [array for array in arrays if array is not None]
    if node.op in BROADCAST:
        width = max(array.dtype.itemsize for array in present)
        results = [(_broadcast(present), width)]
    elif node.op in SELECTING:
        results = [((max(array.size for array in present), max(present[0].ndim, 1)), 8)] * len(node.outputs)
    elif node.op == "Range":
        results = [((_range_length(present),), present[0].dtype.itemsize)]
    else:
        results = _inferred(node, arrays, opset)
    for shape, _ in results:
        if len(shape) > MAX_AXES or min(shape, default=0) < 0 or math.prod(shape) > MAX_ELEMENTS:
            most = f"{MAX_ELEMENTS} elements and {MAX_AXES} axes at most"
            raise Unsupported(
                f"its constant result would have the shape {_shape(shape)}; {most} are computed", SIMPLIFY
            )
    return results


def _broadcast(present: Sequence[Array]) -> tuple[int, ...]:
    try:
        return np.broadcast_shapes(*(array.shape for array in present))
    except ValueError as error:
        shapes = " and ".join(str(list(array.shape)) for array in present)
        raise Unsupported(f"its inputs of shapes {shapes} do not broadcast", "export the model again") from error


def _range_length(present: Sequence[Array]) -> int:
    """ONNX, operator Range: ceil((limit - start) / delta), where that is positive."""
    if any(array.size != 1 for array in present):
        raise Unsupported("its start, limit and delta are not numbers", "export the model again")
    start, limit, delta = (float(array.reshape(())) for array in present)
    if not all(math.isfinite(number) for number in (start, limit, delta)) or delta == 0:
        raise Unsupported(f"it counts from {start} to {limit} by {delta}", "export the model again")
    return max(0, math.ceil((limit - start) / delta))


def _inferred(node: Node, arrays: Sequence[Array | None], opset: int) -> list[tuple[tuple[int, ...], int]]:
    """By the shape inference of the onnx package, which knows the values of small inputs."""
    types, values = {}, {}
    for name, array in zip(node.inputs, arrays, strict=True):
        if array is None:
            continue
        kind = helper.np_dtype_to_tensor_dtype(array.dtype)
        types[name] = helper.make_tensor_type_proto(kind, array.shape)
        if array.size <= _KNOWN_VALUES:
            values[name] = numpy_helper.from_array(np.ascontiguousarray(array), name)
    try:
        schema = defs.get_schema(node.op, opset, "")
        opsets = [helper.make_opsetid("", opset)]
        inferred = shape_inference.infer_node_outputs(schema, node.proto, types, values, opset_imports=opsets)
    except INFERENCE_ERRORS as error:
        reason = " ".join(str(error).split())
        raise Unsupported(f"its constant value cannot be computed ({reason})", SIMPLIFY) from error
    results = []
    for name in filter(None, node.outputs):
        kind = inferred[name].tensor_type if name in inferred else None
        if kind is None or not kind.HasField("shape") or not all(size.HasField("dim_value") for size in kind.shape.dim):
            raise Unsupported("the size of its constant result is not known before it is computed", SIMPLIFY)
        results.append((tuple(int(size.dim_value) for size in kind.shape.dim), _width(kind.elem_type)))
    return results


def _width(kind: int) -> int:
    if kind == TensorProto.STRING:
        raise Unsupported(_STRINGS, SIMPLIFY)
    if kind == TensorProto.UNDEFINED:
        return 8
    return int(np.dtype(helper.tensor_dtype_to_np_dtype(kind)).itemsize)


def _shape(shape: Sequence[int]) -> str:
    """At most eight sizes of a shape."""
    return str(list(shape)) if len(shape) <= 8 else f"{list(shape[:8])[:-1]} ... of {len(shape)} axes"
