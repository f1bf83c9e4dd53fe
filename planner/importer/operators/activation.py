"""Element-wise activations: folded into the layer before, or a layer of their own."""

from __future__ import annotations

import numpy as np

from dynamap.planner.importer.drafts import (
    ActivateSpec,
    AddSpec,
    ConvSpec,
    LayerDraft,
    MulSpec,
    PoolSpec,
    Unsupported,
    Value,
)
from dynamap.planner.importer.graph import Node
from dynamap.planner.importer.lowering import Lowering
from dynamap.planner.importer.operators.affine import per_channel
from dynamap.planner.network.network import Activation, ActivationKind, Quantisation

LOWEST, HIGHEST = float(np.finfo(np.float32).min), float(np.finfo(np.float32).max)
RELU = Activation(ActivationKind.RELU)


def simple(lowering: Lowering, node: Node) -> None:
    """Relu, LeakyRelu, HardSwish and Tanh."""
    if node.op == "Relu":
        activation = RELU
    elif node.op == "LeakyRelu":
        activation = Activation(ActivationKind.LEAKY_RELU, node.real("alpha", 0.01))
    elif node.op == "HardSwish":
        activation = Activation(ActivationKind.HARD_SWISH, 1 / 6, 0.5)
    else:
        activation = Activation(ActivationKind.TANH)
    apply_activation(lowering, node, lowering.real(node, 0), activation)


def hard_sigmoid_of(node: Node) -> Activation:
    """HardSigmoid with the defaults of ONNX: alpha 0.2, beta 0.5."""
    return Activation(ActivationKind.HARD_SIGMOID, node.real("alpha", 0.2), node.real("beta", 0.5))


def clip(lowering: Lowering, node: Node) -> None:
    """Clip, with bounds as attributes (before opset 11) or constant inputs; either may be missing."""
    value = lowering.read(node, 0)
    low, high = clip_bounds(lowering, node)
    if value.integer is not None:
        _clip_integers(lowering, node, value, value.integer, low, high)
        return
    apply_bounds(lowering, node, value, low, high)


def bound(lowering: Lowering, node: Node) -> None:
    """Max and Min of an activation and a number."""
    constants = [lowering.constant(name) for name in node.inputs]
    numbers = [constant.array for constant in constants if constant is not None]
    if len(constants) != 2 or len(numbers) != 1 or numbers[0].size != 1:
        raise Unsupported(
            f"{node.op} is supported between one activation and one number only",
            "leave it to the host, or express it by Relu or Clip",
        )
    number = float(numbers[0].reshape(()))
    value = lowering.real(node, 0 if constants[0] is None else 1)
    if numbers[0].ndim > len(value.shape):
        raise Unsupported("its constant has more dimensions than its input", "use a scalar constant")
    low, high = (number, HIGHEST) if node.op == "Max" else (LOWEST, number)
    apply_bounds(lowering, node, value, low, high)


def prelu(lowering: Lowering, node: Node) -> None:
    """PRelu with one slope, or one per channel."""
    value = lowering.real(node, 0)
    slopes = lowering.parameter(node, 1, "slopes")
    if slopes.size == 1:
        apply_activation(lowering, node, value, Activation(ActivationKind.LEAKY_RELU, float(slopes.reshape(()))))
        return
    numbers = per_channel(node, 1, slopes, value)
    activation = Activation(ActivationKind.PRELU, slopes=tuple(float(slope) for slope in numbers))
    apply_activation(lowering, node, value, activation)


def clip_bounds(lowering: Lowering, node: Node) -> tuple[float, float]:
    """Lowest and highest value of a Clip; the ends of float32 where the model gives none."""
    bounds = [LOWEST, HIGHEST]
    for position, name in ((1, "min"), (2, "max")):
        if name in node.attributes:
            bounds[position - 1] = node.real(name, 0.0)
        elif node.has(position):
            array = lowering.array(node, position)
            if array is None or array.size != 1:
                raise Unsupported(f"its bound {name!r} is not a single number", "export the model again")
            bounds[position - 1] = float(array.reshape(()))
    if any(np.isnan(value) for value in bounds):
        raise Unsupported("one of its bounds is NaN", "export the model again")
    return max(bounds[0], LOWEST), min(bounds[1], HIGHEST)


def apply_bounds(lowering: Lowering, node: Node, value: Value, low: float, high: float) -> None:
    """clip(x, low, high): nothing, a ReLU or a clip."""
    if low <= LOWEST and high >= HIGHEST:
        lowering.alias(node, value, "clips nothing")
    elif low == 0.0 and high >= HIGHEST:
        apply_activation(lowering, node, value, RELU)
    else:
        apply_activation(lowering, node, value, Activation(ActivationKind.CLIP, low, high))


def apply_activation(lowering: Lowering, node: Node, value: Value, activation: Activation) -> None:
    """Fold ``activation`` into the layer before; where that cannot be, emit a layer."""
    if value.order is not None or value.pads is not None:
        raise Unsupported(
            "it stands between the nodes of a channel shuffle or a pad and the layer that reads it",
            "move the activation before the shuffle or pad",
        )
    draft = lowering.foldable(value)
    if draft is not None and isinstance(draft.spec, (ConvSpec, PoolSpec, AddSpec, MulSpec)):
        combined = _combine(draft.activation, _in_layer_order(draft, activation))
        if combined is not None:
            draft.activation = combined
            lowering.fold(node, value, node.outputs[0], f"activation {activation.kind.value} of the layer before")
            return
    layer = lowering.emit(node, ActivateSpec(), [value.tensor], value.tensor.shape, value.shape)
    layer.activation = activation


def bounds_of(activation: Activation) -> tuple[float, float] | None:
    """The range that a ReLU or a clip restricts its input to."""
    if activation.kind is ActivationKind.RELU:
        return 0.0, HIGHEST
    if activation.kind is ActivationKind.CLIP:
        return activation.alpha, activation.beta
    return None


def is_non_negative(activation: Activation | None) -> bool:
    """True where no output of the activation is below zero."""
    if activation is None:
        return False
    if activation.kind in (ActivationKind.RELU, ActivationKind.SIGMOID, ActivationKind.HARD_SIGMOID):
        return True
    return activation.kind is ActivationKind.CLIP and activation.alpha >= 0.0


def _combine(first: Activation | None, second: Activation) -> Activation | None:
    """One activation for ``second`` after ``first``, if there is one: ReLU and clips in sequence."""
    if first is None:
        return second
    inner, outer = bounds_of(first), bounds_of(second)
    if inner is None or outer is None or inner[0] > inner[1] or outer[0] > outer[1]:
        return None
    low = min(max(inner[0], outer[0]), outer[1])
    high = min(max(inner[1], outer[0]), outer[1])
    if low == 0.0 and high >= HIGHEST:
        return RELU
    return Activation(ActivationKind.CLIP, low, high)


def _in_layer_order(draft: LayerDraft, activation: Activation) -> Activation:
    """Slopes in the order of the convolution's own channels, where a shuffle comes after it."""
    if draft.order is None or not activation.slopes:
        return activation
    slopes = [0.0] * len(activation.slopes)
    for channel, source in enumerate(draft.order):
        slopes[source] = activation.slopes[channel]
    return Activation(activation.kind, activation.alpha, activation.beta, tuple(slopes))


def _clip_integers(lowering: Lowering, node: Node, value: Value, stored: Quantisation, low: float, high: float) -> None:
    """Between QuantizeLinear and DequantizeLinear (QCDQ): only the whole range of the type."""
    whole = (-128, 127) if stored.signed else (0, 255)
    if low > whole[0] or high < whole[1]:
        raise Unsupported(
            f"it clips the quantised values to {low:g} .. {high:g}, a width other than 8 bits",
            "quantise activations to 8 bits",
        )
    lowering.alias(node, value, "clips to the range of the type")
