"""Activations, affine maps, and everything that works value by value."""

from __future__ import annotations

import numpy as np

from support.campaign.sketch import Sketch


def activation(sketch: Sketch, x: str) -> str | None:
    """One of all kinds, where the opset has it; of an exact graph one that computes exactly."""
    exact = [_relu, _leaky, _clip, _bound]
    rest = [_prelu, _sigmoid, _tanh, _hard_sigmoid, _swish, _hard_swish]
    return sketch.pick(exact if sketch.exact else exact + rest)(sketch, x)


def _relu(sketch: Sketch, x: str) -> str:
    return sketch.node("Relu", [x], sketch.shapes[x])


def _leaky(sketch: Sketch, x: str) -> str:
    alpha = sketch.pick([0.125, 0.25, 0.5] if sketch.exact else [0.01, 0.1, 0.3])
    return sketch.node("LeakyRelu", [x], sketch.shapes[x], alpha=alpha)


def _clip(sketch: Sketch, x: str) -> str:
    low, high = sketch.pick([(0.0, 6.0), (-1.0, 1.0), (0.25, 1.5), (-0.5, 8.0)])
    if sketch.opset < 11:
        return sketch.node("Clip", [x], sketch.shapes[x], min=low, max=high)
    ends = [sketch.constant(np.float32(low), "min"), sketch.constant(np.float32(high), "max")]
    if sketch.chance(0.2):
        ends[0] = ""
    elif sketch.chance(0.2):
        del ends[1]
    return sketch.node("Clip", [x, *ends], sketch.shapes[x])


def _bound(sketch: Sketch, x: str) -> str | None:
    if sketch.opset < 8:  # no broadcast
        return None
    op, number = sketch.pick([("Max", 0.0), ("Max", -0.25), ("Min", 1.0), ("Max", 0.125)])
    inputs = [x, sketch.constant(np.float32(number), "bound")]
    return sketch.node(op, inputs if sketch.chance(0.5) else inputs[::-1], sketch.shapes[x])


def _prelu(sketch: Sketch, x: str) -> str:
    channels, *rest = sketch.shapes[x]
    slopes = sketch.floats(channels, *[1] * len(rest), scale=0.3)
    return sketch.node("PRelu", [x, sketch.constant(slopes, "slope")], sketch.shapes[x])


def _sigmoid(sketch: Sketch, x: str) -> str:
    return sketch.node("Sigmoid", [x], sketch.shapes[x])


def _tanh(sketch: Sketch, x: str) -> str:
    return sketch.node("Tanh", [x], sketch.shapes[x])


def _hard_sigmoid(sketch: Sketch, x: str) -> str:
    attributes = {"alpha": 1 / 6, "beta": 0.5} if sketch.chance(0.5) else {}
    return sketch.node("HardSigmoid", [x], sketch.shapes[x], **attributes)


def _swish(sketch: Sketch, x: str) -> str:
    gate = _sigmoid(sketch, x)
    return sketch.node("Mul", sketch.pick([[x, gate], [gate, x]]), sketch.shapes[x])


def _hard_swish(sketch: Sketch, x: str) -> str | None:
    shape = sketch.shapes[x]
    if sketch.opset >= 14 and sketch.chance(0.5):
        return sketch.node("HardSwish", [x], shape)
    if sketch.chance(0.3):
        gate = sketch.node("HardSigmoid", [x], shape, alpha=1 / 6, beta=0.5)
        return sketch.node("Mul", [x, gate], shape)
    shifted = sketch.node("Add", [x, sketch.constant(np.float32(3), "three")], shape)
    if sketch.opset < 11:
        clipped = sketch.node("Clip", [shifted], shape, min=0.0, max=6.0)
    else:
        ends = [sketch.constant(np.float32(0), "low"), sketch.constant(np.float32(6), "high")]
        clipped = sketch.node("Clip", [shifted, *ends], shape)
    product = sketch.node("Mul", [x, clipped], shape)
    return sketch.node("Div", [product, sketch.constant(np.float32(6), "six")], shape)


def affine(sketch: Sketch, x: str) -> str | None:
    """A scale or a shift by one number or one per channel, a negation, or a BatchNormalization."""
    shape = sketch.shapes[x]
    if sketch.exact:
        return None
    op = sketch.pick(["Add", "Sub", "Mul", "Div", "Neg", "BatchNormalization", "BatchNormalization"])
    if op == "Neg":
        return sketch.node(op, [x], shape)
    if op == "BatchNormalization":
        return batch_normalisation(sketch, x)
    form = sketch.pick([(), (shape[0], *[1] * (len(shape) - 1)), (1, shape[0], *[1] * (len(shape) - 1))])
    array = np.abs(sketch.floats(*form, scale=0.5)) + np.float32(0.5) if op in ("Mul", "Div") else sketch.floats(*form)
    inputs = [x, sketch.constant(array.astype(np.float32), op.lower())]
    return sketch.node(op, inputs[::-1] if op != "Div" and sketch.chance(0.4) else inputs, shape)


def batch_normalisation(sketch: Sketch, x: str) -> str | None:
    """With parameters as training leaves them."""
    if sketch.exact:
        return None
    channels = sketch.shapes[x][0]
    parameters = [
        np.abs(sketch.floats(channels, scale=0.4)) + np.float32(0.4),
        sketch.floats(channels, scale=0.5),
        sketch.floats(channels, scale=0.4),
        np.abs(sketch.floats(channels, scale=0.6)) + np.float32(0.2),
    ]
    names = [sketch.constant(array.astype(np.float32), hint) for array, hint in zip(parameters, "sbmv", strict=True)]
    attributes = {"epsilon": sketch.pick([1e-5, 1e-3, 0.02])} if sketch.chance(0.7) else {}
    return sketch.node("BatchNormalization", [x, *names], sketch.shapes[x], **attributes)


def lrn(sketch: Sketch, x: str) -> str | None:
    """Local response normalisation, of an odd size: onnxruntime has no other."""
    if sketch.exact or len(sketch.shapes[x]) < 3:
        return None
    size = sketch.pick([1, 3, 5, 7])
    attributes = {
        "alpha": sketch.pick([1e-4, 0.05, 0.5]),
        "beta": sketch.pick([0.75, 0.5]),
        "bias": sketch.pick([1.0, 2.0]),
    }
    return sketch.node("LRN", [x], sketch.shapes[x], size=size, **attributes)


def nothing(sketch: Sketch, x: str) -> str | None:
    """Identity, Dropout, or a Cast to what it is."""
    op = sketch.pick(["Identity", "Dropout", "Cast"])
    return sketch.node(op, [x], sketch.shapes[x], **({"to": 1} if op == "Cast" else {}))
