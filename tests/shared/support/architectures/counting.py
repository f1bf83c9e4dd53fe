"""Parameters and multiplications of a model, counted on its nodes as papers count them."""

from __future__ import annotations

from math import prod

import onnx
from onnx import shape_inference


def parameters(model: onnx.ModelProto) -> int:
    """Elements of the initialisers, without the running statistics of BatchNormalization."""
    running = {name for node in model.graph.node if node.op_type == "BatchNormalization" for name in node.input[3:]}
    return sum(prod(tensor.dims) for tensor in model.graph.initializer if tensor.name not in running)


def macs(model: onnx.ModelProto) -> int:
    """Multiplications with a weight: of Conv, ConvTranspose, Gemm and MatMul; pads count as values."""
    weights = {tensor.name: tuple(tensor.dims) for tensor in model.graph.initializer}
    inferred = shape_inference.infer_shapes(model, data_prop=True).graph
    sizes = {
        value.name: prod(dimension.dim_value for dimension in value.type.tensor_type.shape.dim)
        for value in (*inferred.value_info, *inferred.input, *inferred.output)
    }
    total = 0
    for node in model.graph.node:
        if node.op_type in ("Conv", "Gemm"):
            total += sizes[node.output[0]] * prod(weights[node.input[1]][1:])
        elif node.op_type == "MatMul":
            total += sizes[node.output[0]] * weights[node.input[1]][0]
        elif node.op_type == "ConvTranspose":
            total += sizes[node.input[0]] * prod(weights[node.input[1]][1:])
    return total
