"""The types that the model declares for its inputs and outputs, checked against what the import found."""

from __future__ import annotations

from onnx import TensorProto

from dynamap.cost.errors import InputError
from dynamap.planner.importer.drafts import Value
from dynamap.planner.importer.lowering import Lowering
from dynamap.planner.network.element_types import ElementType

_FLOATS = {
    TensorProto.FLOAT: ElementType.FLOAT32,
    TensorProto.FLOAT16: ElementType.FLOAT16,
    TensorProto.DOUBLE: ElementType.FLOAT64,
    TensorProto.BFLOAT16: ElementType.BFLOAT16,
}
_INTEGERS = {TensorProto.INT8: ElementType.INT8, TensorProto.UINT8: ElementType.UINT8}


def declared_types(lowering: Lowering) -> dict[str, ElementType]:
    """The types of the inputs and outputs that are not float32.

    Raises:
        InputError: an output is declared with another type than its layers give.
    """
    graph = lowering.graph
    types: dict[str, ElementType] = {}
    for name in (*graph.inputs, *graph.outputs):
        bound = lowering.values[name]
        assert isinstance(bound, Value)
        declared = graph.element_types[name]
        if bound.integer is not None:
            wanted = TensorProto.INT8 if bound.integer.signed else TensorProto.UINT8
            kind, fits = _INTEGERS[wanted], declared in (TensorProto.UNDEFINED, wanted)
        else:
            kind, fits = _FLOATS.get(declared, ElementType.FLOAT32), declared in (TensorProto.UNDEFINED, *_FLOATS)
        given = lowering.types.of(name)
        if not fits or (declared in _FLOATS and given in _FLOATS and declared != given):
            known = declared in TensorProto.DataType.values()
            found = TensorProto.DataType.Name(declared) if known else f"of the unknown type {declared}"
            real = _FLOATS[given].value if fits else "real"
            holds = f"{kind.value} integers" if kind.is_integer else f"{real} values"
            raise InputError(
                f"{graph.label}: the output {name!r} is declared as {found}, but its layers give {holds}; "
                "run onnx.shape_inference on the model, or export it again"
            )
        if kind is not ElementType.FLOAT32:
            types[name] = kind
    return types


def declared_shapes(lowering: Lowering) -> dict[str, tuple[int, ...]]:
    """The shapes of the inputs and outputs that are not 1 x C x H x W: rows, vectors, other views of a tensor."""
    shapes: dict[str, tuple[int, ...]] = {}
    for name in (*lowering.graph.inputs, *lowering.graph.outputs):
        bound = lowering.values[name]
        assert isinstance(bound, Value)
        if bound.shape != (1, *bound.tensor.shape.as_list()):
            shapes[name] = bound.shape
    return shapes
