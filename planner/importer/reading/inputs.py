"""The input of the network: exactly one activation, its batch 1, its other dimensions known."""

from __future__ import annotations

import onnx
from onnx import TensorProto

from dynamap.cost.errors import InputError
from dynamap.planner.importer.drafts import TensorDraft, Value, tensor_shape
from dynamap.planner.importer.limits import MAX_CHANNELS, MAX_ELEMENTS, MAX_SIDE
from dynamap.planner.importer.lowering import Lowering
from dynamap.planner.network.network import Quantisation

_FLOATS = (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE, TensorProto.BFLOAT16)
_INTEGERS = (TensorProto.INT8, TensorProto.UINT8)
_FIX = "fix it with python -m onnxruntime.tools.make_dynamic_shape_fixed, or export with a fixed image size"


def bind_inputs(lowering: Lowering, model: onnx.ModelProto) -> None:
    """Give the network's input its tensor.

    Raises:
        InputError: there is not exactly one input, or its type, rank or size cannot be used.
    """
    label, names = lowering.graph.label, lowering.graph.inputs
    if len(names) != 1:
        found = ", ".join(repr(name) for name in names) or "none"
        raise InputError(
            f"{label}: a network needs exactly one input, found {len(names)} ({found}); "
            "split the model, or make the others constants"
        )
    for name in lowering.graph.unused_inputs:
        lowering.notice(f"the input {name!r} is not used")
    (name,) = names
    declared = next(value for value in model.graph.input if value.name == name).type.tensor_type
    if declared.elem_type not in (*_FLOATS, *_INTEGERS):
        kind = TensorProto.DataType.Name(declared.elem_type) if declared.elem_type in _KINDS else "unknown"
        raise InputError(f"{label}: the input {name!r} is of type {kind}; an image of floats or bytes is needed")
    if not declared.HasField("shape") or len(declared.shape.dim) not in (2, 3, 4):
        rank = len(declared.shape.dim) if declared.HasField("shape") else "no"
        raise InputError(
            f"{label}: the input {name!r} has {rank} dimensions; N x C x H x W, N x C x length or N x features is "
            f"needed: {_FIX}"
        )
    batch, *rest = declared.shape.dim
    sizes = []
    for axis, dimension in enumerate(rest, 1):
        if not dimension.HasField("dim_value") or dimension.dim_value < 0:
            unknown = dimension.dim_param or "unknown"
            raise InputError(f"{label}: dimension {axis} of the input {name!r} is {unknown!r}, not a number: {_FIX}")
        sizes.append(int(dimension.dim_value))
    zero_batch = batch.HasField("dim_value") and batch.dim_value == 0
    if zero_batch or min(sizes) == 0:
        raise InputError(f"{label}: the input {name!r} has a dimension of 0; {_FIX}")
    if not batch.HasField("dim_value") or batch.dim_value < 0:
        lowering.notice(f"the batch of the input {name!r} is dynamic and becomes 1")
    elif batch.dim_value != 1:
        lowering.notice(f"the batch of the input {name!r} is {batch.dim_value} and becomes 1")
    shape = tensor_shape(sizes)
    too_wide = max(shape.height, shape.width) > MAX_SIDE or shape.channels > MAX_CHANNELS
    if too_wide or shape.elements > MAX_ELEMENTS:
        raise InputError(
            f"{label}: the input {name!r} of {shape.channels} x {shape.height} x {shape.width} elements is too "
            f"large; up to {MAX_CHANNELS} channels, {MAX_SIDE} rows and columns and "
            f"{MAX_ELEMENTS} elements are accepted"
        )
    integer = None
    if declared.elem_type in _INTEGERS:  # the scale is found when the constants are known
        integer = Quantisation(1.0, 0, declared.elem_type == TensorProto.INT8)
    lowering.bind(name, Value(TensorDraft(name, shape), (1, *sizes), True, integer))


_KINDS = frozenset(TensorProto.DataType.values())
