"""Which handler lowers which operator, and what to advise for those that have none."""

from __future__ import annotations

from collections.abc import Callable

from dynamap.planner.importer import (
    op_activation,
    op_affine,
    op_concat,
    op_conv,
    op_elementwise,
    op_host,
    op_linear,
    op_pad,
    op_pool,
    op_quant,
    op_resize,
    op_shape,
    patterns,
)
from dynamap.planner.importer.drafts import Unsupported
from dynamap.planner.importer.graph import Node
from dynamap.planner.importer.lowering import Lowering

Handler = Callable[[Lowering, Node], None]

STANDARD: dict[str, Handler] = {
    "Add": op_elementwise.add,
    "AveragePool": op_pool.average_pool,
    "BatchNormalization": op_affine.batch_normalisation,
    "Cast": op_shape.cast,
    "Clip": op_activation.clip,
    "Concat": op_concat.concat,
    "Conv": op_conv.conv,
    "DequantizeLinear": op_quant.dequantize_linear,
    "Div": op_elementwise.subtract,
    "Dropout": op_shape.dropout,
    "Flatten": op_shape.flatten,
    "Gemm": op_linear.gemm,
    "GlobalAveragePool": op_pool.global_average_pool,
    "GlobalMaxPool": op_pool.global_max_pool,
    "HardSigmoid": patterns.sigmoid,
    "HardSwish": op_activation.simple,
    "Identity": op_shape.identity,
    "LRN": op_host.lrn,
    "LeakyRelu": op_activation.simple,
    "LogSoftmax": op_host.softmax,
    "MatMul": op_linear.matmul,
    "Max": op_activation.bound,
    "MaxPool": op_pool.max_pool,
    "Min": op_activation.bound,
    "Mul": op_elementwise.multiply,
    "Neg": op_affine.negate,
    "PRelu": op_activation.prelu,
    "Pad": op_pad.pad,
    "QLinearConv": op_quant.qlinear_conv,
    "QLinearMatMul": op_quant.qlinear_matmul,
    "QuantizeLinear": op_quant.quantize_linear,
    "ReduceMax": op_pool.reduce_max,
    "ReduceMean": op_pool.reduce_mean,
    "Relu": op_activation.simple,
    "Reshape": op_shape.reshape,
    "Resize": op_resize.resize,
    "Sigmoid": patterns.sigmoid,
    "Softmax": op_host.softmax,
    "Squeeze": op_shape.squeeze,
    "Sub": op_elementwise.subtract,
    "Sum": op_elementwise.add,
    "Tanh": op_activation.simple,
    "Transpose": op_shape.transpose,
    "Unsqueeze": op_shape.unsqueeze,
    "Upsample": op_resize.resize,
}

MICROSOFT: dict[str, Handler] = {
    "DequantizeLinear": op_quant.dequantize_linear,
    "QGemm": op_quant.qgemm,
    "QLinearAdd": op_quant.qlinear_binary,
    "QLinearAveragePool": op_quant.qlinear_pool,
    "QLinearConcat": op_quant.qlinear_concat,
    "QLinearGlobalAveragePool": op_quant.qlinear_pool,
    "QLinearLeakyRelu": op_quant.qlinear_unary,
    "QLinearMul": op_quant.qlinear_binary,
    "QLinearSigmoid": op_quant.qlinear_unary,
    "QLinearSoftmax": op_quant.qlinear_softmax,
    "QuantizeLinear": op_quant.quantize_linear,
}

HANDLERS: dict[str, dict[str, Handler]] = {"": STANDARD, "com.microsoft": MICROSOFT}

_STATIC = "quantise statically, in QDQ form (onnxruntime.quantization.quantize_static)"
_CUT = "cut the model before this node (onnx.utils.extract_model) and compute the rest on the host"
_CONTROL = "export the model without control flow (trace it for one input)"
_ACTIVATION = "replace it by Relu, LeakyRelu, HardSwish, Swish or Clip and retrain"

_REMEDIES: dict[str, str] = {
    "ArgMax": _CUT,
    "ConvInteger": _STATIC,
    "ConvTranspose": "replace it by nearest-neighbour Resize and a Conv, and retrain",
    "DynamicQuantizeLinear": _STATIC,
    "Elu": _ACTIVATION,
    "Gelu": _ACTIVATION,
    "If": _CONTROL,
    "InstanceNormalization": "replace it by BatchNormalization and retrain",
    "LayerNormalization": "replace it by BatchNormalization and retrain",
    "Loop": _CONTROL,
    "MatMulInteger": _STATIC,
    "Mish": _ACTIVATION,
    "NonMaxSuppression": _CUT,
    "Quant": "convert the QONNX model to QCDQ (qonnx.transformation.qonnx_to_qcdq)",
    "Scan": _CONTROL,
    "Selu": _ACTIVATION,
    "Slice": "replace a selection of channels by a 1 x 1 Conv, or cut the model before this node",
    "Softplus": _ACTIVATION,
    "Split": "replace each part by a 1 x 1 Conv that selects its channels, or cut the model before this node",
    "TopK": _CUT,
}


def handler_of(node: Node) -> Handler:
    """The handler of ``node``.

    Raises:
        Unsupported: there is none.
    """
    found = HANDLERS.get(node.domain, {}).get(node.op)
    if found is not None:
        return found
    name = f"{node.domain}.{node.op}" if node.domain else node.op
    raise Unsupported(f"the overlay has no operator {name}", _REMEDIES.get(node.op, _CUT))
