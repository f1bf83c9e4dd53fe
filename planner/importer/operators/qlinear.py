"""The QLinear operators, whose inputs and outputs are integers: their layers between dequantised values."""

from __future__ import annotations

import dataclasses

import numpy as np

from dynamap.planner.importer.constants.dequantising import dequantised
from dynamap.planner.importer.drafts import (
    AddSpec,
    Array,
    Constant,
    FloatArray,
    LayerDraft,
    Unsupported,
    Value,
)
from dynamap.planner.importer.graph import Node
from dynamap.planner.importer.lowering import Lowering, refuse_view
from dynamap.planner.importer.operators.activation import apply_activation
from dynamap.planner.importer.operators.concat import emit_concat
from dynamap.planner.importer.operators.conv import emit_conv, weight_quantisation
from dynamap.planner.importer.operators.elementwise import emit_product, same_form
from dynamap.planner.importer.operators.host import emit_softmax
from dynamap.planner.importer.operators.linear import emit_linear
from dynamap.planner.importer.operators.pool import emit_global, emit_pool
from dynamap.planner.importer.operators.scales import positive_scale, quantisation_at, store_output
from dynamap.planner.network.network import Activation, ActivationKind, PoolKind

_QDQ = "export the quantised model in QDQ form (quant_format=QuantFormat.QDQ)"


def qlinear_conv(lowering: Lowering, node: Node) -> None:
    """QLinearConv: a convolution between a quantised input and output."""
    value = _operand(lowering, node, 0)
    weights = _weights(lowering, node, 3, 0)
    scales = positive_scale(lowering, node, 1) * np.asarray(weights.scales, np.float32)
    bias = _bias(lowering, node, 8, scales)
    draft = emit_conv(lowering, node, value, _floats(weights), bias, weight_quantisation(lowering, weights, 0))
    _finish(lowering, node, draft, 6, 7)


def qlinear_matmul(lowering: Lowering, node: Node) -> None:
    """QLinearMatMul with constant weights: a fully connected layer between a quantised input and output."""
    value = _operand(lowering, node, 0)
    weights = _weights(lowering, node, 3, 1)
    real = _floats(weights)
    if real.ndim != 2:
        raise Unsupported(f"its weights have {real.ndim} dimensions instead of 2", _QDQ)
    zeros = np.zeros(real.shape[1], np.float32)
    draft = emit_linear(lowering, node, value, real.T, zeros, weight_quantisation(lowering, weights, 1))
    _finish(lowering, node, draft, 6, 7)


def qgemm(lowering: Lowering, node: Node) -> None:
    """com.microsoft.QGemm: A, scale, zero, B, scale, zero, C (int32), output scale and zero."""
    value = _operand(lowering, node, 0)
    if node.integer("transA", 0) or node.real("alpha", 1.0) != 1.0:
        raise Unsupported("transA or alpha is set", _QDQ)
    transposed = node.integer("transB", 0) != 0
    axis = 0 if transposed else 1
    weights = _weights(lowering, node, 3, axis)
    real = _floats(weights)
    if real.ndim != 2:
        raise Unsupported(f"its weights have {real.ndim} dimensions instead of 2", _QDQ)
    outputs = real.shape[axis]
    bias = _bias(lowering, node, 6, positive_scale(lowering, node, 1) * np.asarray(weights.scales, np.float32))
    bias = np.zeros(outputs, np.float32) if bias is None else np.broadcast_to(bias.reshape(-1), (outputs,))
    quantisation = weight_quantisation(lowering, weights, axis)
    draft = emit_linear(lowering, node, value, real if transposed else real.T, bias, quantisation)
    if node.has(7):
        _finish(lowering, node, draft, 7, 8)


def qlinear_binary(lowering: Lowering, node: Node) -> None:
    """com.microsoft.QLinearAdd and QLinearMul: A, scale, zero, B, scale, zero, output scale and zero."""
    left, right = _operand(lowering, node, 0), _operand(lowering, node, 3)
    if node.op == "QLinearMul":
        emit_product(lowering, node, left, right)
        draft = lowering.layers[-1]
    else:
        if not same_form(left, right):
            raise Unsupported(
                f"its inputs have the shapes {list(left.shape)} and {list(right.shape)}",
                "add tensors of one shape",
            )
        draft = lowering.emit(node, AddSpec(), [left.tensor, right.tensor], left.tensor.shape, left.shape)
    _finish(lowering, node, draft, 6, 7)


def qlinear_pool(lowering: Lowering, node: Node) -> None:
    """com.microsoft.QLinearAveragePool and QLinearGlobalAveragePool."""
    if node.integer("channels_last", 0):
        raise Unsupported("its channels come last", "export the model in NCHW layout")
    value = _operand(lowering, node, 0)
    if node.op == "QLinearAveragePool":
        draft = emit_pool(lowering, node, value, PoolKind.AVERAGE)
    else:
        if not value.is_image:
            raise refuse_view(node, 0, value)
        draft = emit_global(lowering, node, value, PoolKind.AVERAGE)
    _finish(lowering, node, draft, 3, 4)


def qlinear_concat(lowering: Lowering, node: Node) -> None:
    """com.microsoft.QLinearConcat: output scale and zero, then tensor, scale and zero of each input."""
    rank = len(lowering.read(node, 2).shape) if node.has(2) else 4
    if node.integer("axis", 1) not in (1, 1 - rank) or len(node.inputs) < 8 or len(node.inputs) % 3 != 2:
        raise Unsupported("it does not join two or more tensors along the channels", "join along the channels")
    values = [_operand(lowering, node, position) for position in range(2, len(node.inputs), 3)]
    for position, value in enumerate(values):
        if not value.is_image:
            raise refuse_view(node, 2 + 3 * position, value)
    emit_concat(lowering, node, values)
    _finish(lowering, node, lowering.layers[-1], 0, 1)


def qlinear_unary(lowering: Lowering, node: Node) -> None:
    """com.microsoft.QLinearLeakyRelu and QLinearSigmoid."""
    value = _operand(lowering, node, 0)
    if node.op == "QLinearSigmoid":
        activation = Activation(ActivationKind.SIGMOID)
    else:
        activation = Activation(ActivationKind.LEAKY_RELU, node.real("alpha", 0.01))
    apply_activation(lowering, node, value, activation)
    _finish(lowering, node, lowering.layers[-1], 3, 4)


def qlinear_softmax(lowering: Lowering, node: Node) -> None:
    """com.microsoft.QLinearSoftmax, on the host; its attribute ``opset`` says what Softmax it is."""
    value = _operand(lowering, node, 0)
    flattens = node.integer("opset", 13) < 13
    draft = emit_softmax(lowering, node, value, "softmax", node.integer("axis", -1), flattens=flattens)
    _finish(lowering, node, draft, 3, 4)


def _operand(lowering: Lowering, node: Node, position: int) -> Value:
    """A quantised input, whose scale and zero point follow it, as a real value."""
    value = lowering.read(node, position)
    stored = value.integer
    if stored is None:
        raise Unsupported(f"its input {node.inputs[position]!r} is not quantised", _QDQ)
    read = quantisation_at(lowering, node, position + 1, position + 2, stored.signed)
    if read != stored:
        raise Unsupported(
            f"its input {node.inputs[position]!r} was quantised by scale {stored.scale:g} and zero point "
            f"{stored.zero_point}, but is read by {read.scale:g} and {read.zero_point}",
            "export the quantised model again",
        )
    return dataclasses.replace(value, integer=None, dequantised=True)


def _weights(lowering: Lowering, node: Node, position: int, axis: int) -> Constant:
    """Quantised weights, whose scales and zero points follow them at the inputs."""
    integers = lowering.array(node, position)
    scales = lowering.parameter(node, position + 1, "scales")
    if integers is None or integers.dtype not in (np.int8, np.uint8):
        raise Unsupported("its weights are not int8 or uint8", _QDQ)
    zero_points = lowering.array(node, position + 2)
    return dequantised(integers, scales, zero_points, axis if scales.size > 1 else None, lowering.evaluator.budget)


def _floats(constant: Constant) -> FloatArray:
    real: FloatArray = constant.array  # type: ignore[assignment]
    return real


def _bias(lowering: Lowering, node: Node, position: int, scales: FloatArray) -> FloatArray | None:
    """An int32 bias in units of input scale times weight scale."""
    if not node.has(position):
        return None
    array: Array | None = lowering.array(node, position)
    if array is None or array.dtype != np.int32:
        raise Unsupported("its bias is not int32", _QDQ)
    return (array.astype(np.float64) * scales.astype(np.float64)).astype(np.float32)


def _finish(lowering: Lowering, node: Node, draft: LayerDraft, scale_at: int, zero_at: int) -> None:
    store_output(lowering, node, draft, quantisation_at(lowering, node, scale_at, zero_at, False))
