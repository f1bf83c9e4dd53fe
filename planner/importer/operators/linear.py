"""Gemm and MatMul with constant weights: fully connected layers, as convolutions over the whole input."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import numpy.typing as npt

from dynamap.cost.geometry import TensorShape, Window
from dynamap.planner.importer.constants.placeholders import is_placeholder
from dynamap.planner.importer.drafts import ConvSpec, FloatArray, LayerDraft, Transposed, Unsupported, Value
from dynamap.planner.importer.graph import Node
from dynamap.planner.importer.lowering import Lowering, refuse_view
from dynamap.planner.importer.operators.conv import weight_quantisation
from dynamap.planner.network.network import WeightQuantisation

Places = npt.NDArray[np.int64]
_AGAIN = "export the model again; the file may be damaged"


def gemm(lowering: Lowering, node: Node) -> None:
    """Gemm: alpha A B + beta C, with A the activation (1 x N), B and C constants."""
    value, order = _row_of(lowering, node)
    if node.integer("transA", 0):
        raise Unsupported("transA = 1 transposes the activation", "transpose the weights instead (transA = 0)")
    weights = lowering.parameter(node, 1, "weights")
    transposed = node.integer("transB", 0) != 0
    if weights.ndim != 2:
        raise Unsupported(f"its weights have {weights.ndim} dimensions instead of 2", _AGAIN)
    quantisation = weight_quantisation(lowering, lowering.constant(node.inputs[1]), 0 if transposed else 1)
    alpha, beta = node.real("alpha", 1.0), node.real("beta", 1.0)
    outputs = weights.shape[0 if transposed else 1]
    bias = np.zeros(outputs, np.float32)
    if node.has(2):
        bias = _row(lowering.parameter(node, 2, "bias"), outputs) * np.float32(beta)
    if alpha != 1.0:
        weights, quantisation = _scaled(weights, np.float32(alpha)), None
    weights, quantisation = _in_order(weights if transposed else weights.T, quantisation, order)
    emit_linear(lowering, node, value, weights, bias, quantisation)


def matmul(lowering: Lowering, node: Node) -> None:
    """MatMul of the activation (1 x N) with constant weights (N x O)."""
    if lowering.constant(node.inputs[0]) is not None or lowering.constant(node.inputs[1]) is None:
        raise Unsupported(
            "only products of an activation with constant weights on its right are supported",
            "products of two activations (attention) cannot be executed",
        )
    value, order = _row_of(lowering, node)
    weights = lowering.parameter(node, 1, "weights")
    if weights.ndim != 2:
        raise Unsupported(f"its weights have {weights.ndim} dimensions instead of 2", "flatten its input to N x C")
    quantisation = weight_quantisation(lowering, lowering.constant(node.inputs[1]), 1)
    weights, quantisation = _in_order(weights.T, quantisation, order)
    emit_linear(lowering, node, value, weights, np.zeros(len(weights), np.float32), quantisation)


def _row_of(lowering: Lowering, node: Node) -> tuple[Value, Places | None]:
    """What a fully connected layer reads; where that is a transposed tensor in one row, the tensor and which of the
    row's elements each of its own is.
    """
    bound = lowering.values.get(node.inputs[0])
    if not isinstance(bound, Transposed) or not bound.flat:
        return lowering.real(node, 0), None
    value = bound.value
    elements = math.prod(value.shape)
    places = np.arange(elements).reshape(value.shape).transpose(bound.perm).ravel()
    return dataclasses.replace(value, shape=(1, elements)), np.argsort(places)


def _in_order(
    weights_oi: FloatArray, quantisation: WeightQuantisation | None, order: Places | None
) -> tuple[FloatArray, WeightQuantisation | None]:
    """Weights whose inputs come in the ``order`` of the tensor."""
    if order is None or weights_oi.shape[1] != len(order) or is_placeholder(weights_oi):
        return weights_oi, quantisation
    if quantisation is not None:
        quantisation = dataclasses.replace(quantisation, values_oihw=quantisation.values_oihw[:, order])
    return weights_oi[:, order], quantisation


def emit_linear(
    lowering: Lowering,
    node: Node,
    value: Value,
    weights_oi: FloatArray,
    bias: FloatArray,
    quantisation: WeightQuantisation | None,
) -> LayerDraft:
    """A fully connected layer on ``value``, a 1 x N view of a tensor C x H x W with N = C H W.

    ONNX flattens in the order C, H, W, which makes row o of the weights a C x H x W kernel.
    ``quantisation`` holds its values as O x I too.
    """
    chw = value.tensor.shape
    if value.shape != (1, chw.elements) or value.order is not None or value.pads is not None:
        raise refuse_view(node, 0, value)
    outputs, inputs = weights_oi.shape
    if inputs != chw.elements or outputs < 1:
        raise Unsupported(f"weights for {inputs} inputs do not fit the {chw.elements} that it reads", _AGAIN)
    form = (outputs, chw.channels, chw.height, chw.width)
    if quantisation is not None:
        quantisation = WeightQuantisation(quantisation.values_oihw.reshape(form), quantisation.scales)
    spec = ConvSpec(Window((chw.height, chw.width)), weights_oi.reshape(form), bias, 1, True, quantisation)
    return lowering.emit(node, spec, [value.tensor], TensorShape(outputs, 1, 1), (1, outputs))


def _scaled(weights: FloatArray, factor: np.float32) -> FloatArray:
    """``factor`` times the weights; placeholders of one value stay such."""
    if is_placeholder(weights):
        return np.broadcast_to(weights[(slice(1),) * weights.ndim].reshape(()) * factor, weights.shape)
    return weights * factor


def _row(bias: FloatArray, outputs: int) -> FloatArray:
    """The C of a Gemm, which broadcasts to 1 x O."""
    if bias.shape in ((outputs,), (1, outputs), (), (1,), (1, 1)):
        return np.broadcast_to(bias.reshape(-1), (outputs,))
    raise Unsupported(f"its bias of shape {list(bias.shape)} does not broadcast to [1, {outputs}]", _AGAIN)
