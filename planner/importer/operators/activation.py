"""Element-wise activations: folded into the layer before, or a layer of their own."""

from __future__ import annotations

import dataclasses

import numpy as np

from dynamap.planner.importer.constants.placeholders import is_placeholder
from dynamap.planner.importer.drafts import (
    ActivateSpec,
    AddSpec,
    Array,
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
from dynamap.planner.network.functions import then
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
    """Max and Min of one activation and any number of numbers."""
    constants = [lowering.constant(name) for name in node.inputs]
    activations = [position for position, constant in enumerate(constants) if constant is None]
    if len({node.inputs[position] for position in activations}) != 1:
        raise Unsupported(
            f"{node.op} is supported between one activation and numbers only",
            "leave it to the host, or express it by Relu or Clip",
        )
    value = lowering.real(node, activations[0], readers=len(activations))
    numbers = [
        _bound_of(constant.array, name, value)
        for name, constant in zip(node.inputs, constants, strict=True)
        if constant is not None
    ]
    if node.op == "Max":
        low, high = max(numbers, default=LOWEST), HIGHEST
    else:
        low, high = LOWEST, min(numbers, default=HIGHEST)
    apply_bounds(lowering, node, value, *_finite_bounds(low, high))


def _bound_of(array: Array, name: str, value: Value) -> float:
    """The one number that a constant operand of Max or Min holds, in a shape that does not enlarge ``value``."""
    shape = (1,) * (len(value.shape) - array.ndim) + array.shape
    fits = len(shape) == len(value.shape) and all(
        size in (1, whole) for size, whole in zip(shape, value.shape, strict=True)
    )
    if not fits or array.size == 0:
        raise Unsupported(
            f"its constant {name!r} of shape {list(array.shape)} has more elements or dimensions than its input of "
            f"shape {list(value.shape)}",
            "use a scalar constant",
        )
    first = array.ravel()[0] if array.size == 1 or is_placeholder(array) else array.min()
    if np.isnan(first):
        raise Unsupported(f"its constant {name!r} contains NaN", "export the model again")
    if array.size > 1 and not is_placeholder(array) and array.max() != first:
        raise Unsupported(f"the values of its constant {name!r} differ", "use one number for all elements")
    return float(first)


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
    """Lowest and highest value of a Clip; the ends of float32 where the model gives none.

    Where the lowest is above the highest, everything is the highest (ONNX, operator Clip: min(max, max(x, min))).
    """
    bounds = [LOWEST, HIGHEST]
    for position, name in ((1, "min"), (2, "max")):
        if name in node.attributes:
            bounds[position - 1] = node.real(name, 0.0)
        elif node.has(position):
            array = lowering.array(node, position)
            if array is None or array.size != 1:
                raise Unsupported(f"its bound {name!r} is not a single number", "export the model again")
            bounds[position - 1] = float(array.reshape(()))
    low, high = bounds
    if low > high and ("min" in node.attributes or "max" in node.attributes):
        raise Unsupported(
            f"its lowest value {low:g} is above its highest {high:g}, which runtimes refuse before opset 11",
            "give min and max in their order",
        )
    return _finite_bounds(min(low, high), high)


def _finite_bounds(low: float, high: float) -> tuple[float, float]:
    """The bounds within float32; refused where every value would be infinite or NaN."""
    if np.isnan(low) or np.isnan(high):
        raise Unsupported("one of its bounds is NaN", "export the model again")
    if low > HIGHEST or high < LOWEST:
        raise Unsupported(f"its bounds {low:g} and {high:g} make every value infinite", "export the model again")
    return max(low, LOWEST), min(high, HIGHEST)


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
    if draft is None:
        draft, activation = _behind_storage(value, activation)
    if draft is not None and draft.parts and not activation.slopes:
        combined = _combine(draft.parts[0].activation, activation)
        if combined is not None:
            for part in draft.parts:
                part.activation = combined
            lowering.fold(node, value, node.outputs[0], f"activation {activation.kind.value} of the layers before")
            return
    if draft is not None and isinstance(draft.spec, (ConvSpec, PoolSpec, AddSpec, MulSpec)):
        combined = _combine(draft.activation, _in_layer_order(draft, activation))
        if combined is not None:
            draft.activation = combined
            if combined.stored is not None:
                value = Value(value.tensor, value.shape, value.shared)
                value.tensor.quantisation = None
            lowering.fold(node, value, node.outputs[0], f"activation {activation.kind.value} of the layer before")
            return
    layer = lowering.emit(node, ActivateSpec(), [value.tensor], value.tensor.shape, value.shape)
    layer.activation = activation


def _behind_storage(value: Value, activation: Activation) -> tuple[LayerDraft | None, Activation]:
    """The layer before a QuantizeLinear and DequantizeLinear that only the reader of ``value`` sees.

    A layer with a table rounds to 8 bits before the table: by the scale that the model gives. ReLUs have none.
    """
    draft, stored = value.tensor.producer, value.tensor.quantisation
    single = value.dequantised and not value.shared and value.integer is None
    if draft is None or stored is None or not single or draft.activation is not None or activation.slopes:
        return None, activation
    if not isinstance(draft.spec, ConvSpec) or bounds_of(activation) or activation.kind is ActivationKind.LEAKY_RELU:
        return None, activation
    return draft, dataclasses.replace(activation, stored=stored)


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
    if inner is None or outer is None:
        if first.slopes or second.slopes or second.stored is not None:
            return None
        return Activation(ActivationKind.FUNCTION, steps=then(first.as_steps, second.as_steps), stored=first.stored)
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
    return dataclasses.replace(activation, slopes=tuple(slopes))


def _clip_integers(lowering: Lowering, node: Node, value: Value, stored: Quantisation, low: float, high: float) -> None:
    """Between QuantizeLinear and DequantizeLinear (QCDQ): fewer bits are a clip of the real values."""
    whole = (-128, 127) if stored.signed else (0, 255)
    if low <= whole[0] and high >= whole[1]:
        lowering.alias(node, value, "clips to the range of the type")
        return
    draft, tensor = value.tensor.producer, value.tensor
    ends = ((end - stored.zero_point) * stored.scale for end in (low, high))
    real = Activation(ActivationKind.CLIP, next(ends), next(ends))
    combined = None
    if draft is not None and not value.shared and isinstance(draft.spec, (ConvSpec, PoolSpec, AddSpec, MulSpec)):
        combined = _combine(draft.activation, real)
    if draft is None or combined is None or combined.steps or value.order is not None:
        draft = lowering.depthwise(node, value, order=value.order, view=value.shape)
        combined = real
        draft.output.quantisation = tensor.quantisation
        lowering.bind(node.outputs[0], Value(draft.output, value.shape, integer=stored))
    else:
        tensor.name = f"{node.outputs[0]} (step 1)"  # its values are no longer those of its name
        lowering.alias(node, value, "fewer bits: a clip of the layer before")
    draft.activation = combined
