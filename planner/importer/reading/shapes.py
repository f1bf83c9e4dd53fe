"""Types and shapes behind unsupported nodes, so that what follows them can be judged."""

from __future__ import annotations

from onnx import TensorProto, TypeProto, defs, helper, numpy_helper, shape_inference

from dynamap.planner.importer.drafts import Transposed, Value
from dynamap.planner.importer.graph import Node
from dynamap.planner.importer.lowering import Lowering
from dynamap.planner.importer.reading.schema import INFERENCE_ERRORS

REAL_TYPES = (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE, TensorProto.BFLOAT16)


def sizes_of(kind: TypeProto | None) -> tuple[int, ...] | None:
    """The shape that a type says; None where some dimension is open or 0."""
    if kind is None or not kind.tensor_type.HasField("shape"):
        return None
    sizes = tuple(int(dimension.dim_value) for dimension in kind.tensor_type.shape.dim)
    return sizes if all(size > 0 for size in sizes) else None


def output_types(lowering: Lowering, node: Node) -> dict[str, TypeProto]:
    """The types and shapes of the outputs of ``node`` at batch 1, as far as the onnx package can infer them.

    What it cannot infer (operators of other domains, which have no definition, and inner graphs) is what the model
    declares, where it does.
    """
    declared = {name: kind for name in node.outputs if (kind := lowering.graph.declared_at_one(name)) is not None}
    return declared | ({} if node.domain else _inferred(lowering, node))


def _inferred(lowering: Lowering, node: Node) -> dict[str, TypeProto]:
    types, data = {}, {}
    for name in filter(None, node.inputs):
        bound = lowering.values.get(name)
        constant = lowering.constant(name)
        if isinstance(bound, Value | Transposed):
            types[name] = helper.make_tensor_type_proto(lowering.types.of(name) or TensorProto.FLOAT, bound.shape)
        elif constant is not None:
            kind = helper.np_dtype_to_tensor_dtype(constant.array.dtype)
            types[name] = helper.make_tensor_type_proto(kind, constant.array.shape)
            if constant.array.size <= 64:  # axes, sizes and scales; the values of weights do not matter
                data[name] = numpy_helper.from_array(constant.array, name)
        elif lowering.foreign is not None and name in lowering.foreign:
            types[name] = lowering.foreign[name]
        else:
            return {}
    try:
        schema = defs.get_schema(node.op, lowering.opset, "")
        opsets = [helper.make_opsetid("", lowering.opset)]
        inferred = shape_inference.infer_node_outputs(schema, node.proto, types, data, opset_imports=opsets)
    except INFERENCE_ERRORS:
        return {}  # the nodes behind are then reported as not judged
    return {name: kind for name, kind in inferred.items() if kind.HasField("tensor_type")}
