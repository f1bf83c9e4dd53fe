"""Which handler lowers which operator, and what to advise for those that have none."""

from __future__ import annotations

from collections.abc import Callable

from dynamap.planner.importer import patterns
from dynamap.planner.importer.constants.qonnx import DOMAINS
from dynamap.planner.importer.drafts import Unsupported
from dynamap.planner.importer.graph import Node
from dynamap.planner.importer.lowering import Lowering
from dynamap.planner.importer.operators import (
    activation,
    affine,
    blocks,
    broadcast,
    concat,
    conv,
    elementwise,
    functions,
    host,
    linear,
    pad,
    pool,
    qlinear,
    qonnx,
    quant,
    resize,
    selection,
    shape,
    transposed_conv,
)

Handler = Callable[[Lowering, Node], None]

STANDARD: dict[str, Handler] = {
    "Abs": functions.unary,
    "Add": elementwise.add,
    "Atan": functions.unary,
    "AveragePool": pool.average_pool,
    "BatchNormalization": affine.batch_normalisation,
    "Cast": shape.cast,
    "Ceil": functions.unary,
    "Celu": functions.unary,
    "Clip": activation.clip,
    "Concat": concat.concat,
    "Conv": conv.conv,
    "ConvTranspose": transposed_conv.conv_transpose,
    "Cos": functions.unary,
    "DequantizeLinear": quant.dequantize_linear,
    "Div": elementwise.subtract,
    "DepthToSpace": blocks.depth_to_space,
    "Dropout": shape.dropout,
    "Elu": functions.unary,
    "Erf": functions.unary,
    "Exp": functions.unary,
    "Expand": broadcast.expand,
    "Flatten": shape.flatten,
    "Floor": functions.unary,
    "Gather": selection.gather,
    "Gelu": functions.unary,
    "Gemm": linear.gemm,
    "GlobalAveragePool": pool.global_average_pool,
    "GlobalMaxPool": pool.global_max_pool,
    "HardSigmoid": patterns.sigmoid,
    "HardSwish": activation.simple,
    "Identity": shape.identity,
    "LRN": host.lrn,
    "LeakyRelu": activation.simple,
    "Log": functions.unary,
    "LogSoftmax": host.softmax,
    "MatMul": linear.matmul,
    "Max": elementwise.extreme,
    "MaxPool": pool.max_pool,
    "Min": elementwise.extreme,
    "Mish": functions.unary,
    "Mul": elementwise.multiply,
    "Neg": affine.negate,
    "PRelu": activation.prelu,
    "Pad": pad.pad,
    "Pow": functions.unary,
    "QLinearConv": qlinear.qlinear_conv,
    "QLinearMatMul": qlinear.qlinear_matmul,
    "QuantizeLinear": quant.quantize_linear,
    "Reciprocal": functions.unary,
    "ReduceMax": pool.reduce_max,
    "ReduceMean": pool.reduce_mean,
    "Relu": activation.simple,
    "Reshape": shape.reshape,
    "Resize": resize.resize,
    "Round": functions.unary,
    "Selu": functions.unary,
    "Sigmoid": patterns.sigmoid,
    "Sign": functions.unary,
    "Slice": selection.slice_,
    "Sin": functions.unary,
    "Softmax": host.softmax,
    "Softplus": functions.unary,
    "Softsign": functions.unary,
    "SpaceToDepth": blocks.space_to_depth,
    "Split": selection.split,
    "Sqrt": functions.unary,
    "Squeeze": shape.squeeze,
    "Sub": elementwise.subtract,
    "Sum": elementwise.add,
    "Swish": functions.unary,
    "Tanh": activation.simple,
    "ThresholdedRelu": functions.unary,
    "Tile": broadcast.expand,
    "Transpose": shape.transpose,
    "Unsqueeze": shape.unsqueeze,
    "Upsample": resize.resize,
}

MICROSOFT: dict[str, Handler] = {
    "DequantizeLinear": quant.dequantize_linear,
    "QGemm": qlinear.qgemm,
    "QLinearAdd": qlinear.qlinear_binary,
    "QLinearAveragePool": qlinear.qlinear_pool,
    "QLinearConcat": qlinear.qlinear_concat,
    "QLinearGlobalAveragePool": qlinear.qlinear_pool,
    "QLinearLeakyRelu": qlinear.qlinear_unary,
    "QLinearMul": qlinear.qlinear_binary,
    "QLinearSigmoid": qlinear.qlinear_unary,
    "QLinearSoftmax": qlinear.qlinear_softmax,
    "QuantizeLinear": quant.quantize_linear,
}

HANDLERS: dict[str, dict[str, Handler]] = {
    "": STANDARD,
    "com.microsoft": MICROSOFT,
    **{domain: {"Quant": qonnx.quant} for domain in DOMAINS},
}

_STATIC = "quantise statically, in QDQ form (onnxruntime.quantization.quantize_static)"
_CUT = "cut the model before this node (onnx.utils.extract_model) and compute the rest on the host"
_CONTROL = "export the model without control flow (trace it for one input)"

_REMEDIES: dict[str, str] = {
    "ArgMax": _CUT,
    "ConvInteger": _STATIC,
    "DynamicQuantizeLinear": _STATIC,
    "If": _CONTROL,
    "InstanceNormalization": "replace it by BatchNormalization and retrain",
    "LayerNormalization": "replace it by BatchNormalization and retrain",
    "Loop": _CONTROL,
    "MatMulInteger": _STATIC,
    "NonMaxSuppression": _CUT,
    "Scan": _CONTROL,
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
