"""Shapes behind unsupported nodes, so that the check can judge what follows them."""

from __future__ import annotations

from onnx import TensorProto, defs, helper, numpy_helper, shape_inference

from dynamap.planner.importer.drafts import Transposed, Value
from dynamap.planner.importer.graph import Node
from dynamap.planner.importer.lowering import Lowering
from dynamap.planner.importer.reading.schema import INFERENCE_ERRORS


def output_shapes(lowering: Lowering, node: Node) -> dict[str, tuple[int, ...]]:
    """The shapes of the outputs of ``node`` at batch 1, as far as the onnx package can infer them.

    Operators of other domains have no definition; their outputs are left out.
    """
    if node.domain:
        return {}
    types, data = {}, {}
    for name in filter(None, node.inputs):
        bound = lowering.values.get(name)
        constant = lowering.constant(name)
        if isinstance(bound, Value | Transposed):
            types[name] = helper.make_tensor_type_proto(TensorProto.FLOAT, bound.shape)
        elif constant is not None:
            kind = helper.np_dtype_to_tensor_dtype(constant.array.dtype)
            types[name] = helper.make_tensor_type_proto(kind, constant.array.shape)
            if constant.array.size <= 64:  # axes, sizes and scales; the values of weights do not matter
                data[name] = numpy_helper.from_array(constant.array, name)
        else:
            return {}
    try:
        schema = defs.get_schema(node.op, lowering.opset, "")
        opsets = [helper.make_opsetid("", lowering.opset)]
        inferred = shape_inference.infer_node_outputs(schema, node.proto, types, data, opset_imports=opsets)
    except INFERENCE_ERRORS:
        return {}  # the nodes behind are then reported as not judged
    shapes = {}
    for name, kind in inferred.items():
        dimensions = kind.tensor_type.shape.dim
        sizes = tuple(int(dimension.dim_value) for dimension in dimensions)
        if sizes and min(sizes) > 0:
            shapes[name] = sizes
    return shapes
