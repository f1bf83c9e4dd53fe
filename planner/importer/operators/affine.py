"""Per-channel scale and shift: BatchNormalization, and Add/Sub/Mul/Div/Neg with constants.

They fold into the convolution before them; where something else comes before (a concat, a pool, an
activation, the input), they become a 1 x 1 depthwise convolution.
"""

from __future__ import annotations

import numpy as np

from dynamap.cost.overlay.machine import UNIT_BYTES, round_up
from dynamap.planner.importer.drafts import ActivateSpec, Array, ConvSpec, DoubleArray, LayerDraft, Unsupported, Value
from dynamap.planner.importer.graph import Node
from dynamap.planner.importer.lowering import Lowering
from dynamap.planner.network.functions import Place, Step, then
from dynamap.planner.network.network import Activation, ActivationKind


def batch_normalisation(lowering: Lowering, node: Node) -> None:
    """y = scale (x - mean) / sqrt(variance + epsilon) + bias, per channel."""
    if not node.integer("spatial", 1):
        raise Unsupported("spatial = 0 normalises every element by itself", "export with spatial = 1")
    value = lowering.plain(node, 0)
    channels = value.tensor.shape.channels
    parameters = [
        lowering.parameter(node, position, what)
        for position, what in ((1, "scale"), (2, "bias"), (3, "mean"), (4, "variance"))
    ]
    for array in parameters:
        if array.shape != (channels,):
            raise Unsupported(
                f"parameters of shape {list(array.shape)} do not fit {channels} channels",
                "export the model again",
            )
    scale, bias, mean, variance = (array.astype(np.float64) for array in parameters)
    spread = variance + node.real("epsilon", 1e-5)
    if (spread <= 0).any():
        raise Unsupported("its variance is not positive", "train or export the model again")
    factor = scale / np.sqrt(spread)
    apply_affine(lowering, node, value, factor, bias - mean * factor)


def apply_affine(lowering: Lowering, node: Node, value: Value, scale: DoubleArray, shift: DoubleArray) -> None:
    """scale x + shift, both of C values, folded into the convolution before if possible."""
    if not (np.isfinite(scale).all() and np.isfinite(shift).all()):
        raise Unsupported("its scale or shift is NaN or infinite", "train or export the model again")
    draft = lowering.foldable(value)
    if draft is not None and _joins_activation(draft, scale, shift):
        draft.activation = scaled(draft.activation, float(scale[0]), float(shift[0]))
        lowering.fold(node, value, node.outputs[0], "scale and shift of the activation before")
        return
    if draft is not None and draft.parts and draft.parts[0].activation is None:
        for part in draft.parts:
            fold_affine(part, in_phases(scale, part, 1.0), in_phases(shift, part, 0.0))
        lowering.fold(node, value, node.outputs[0], "scale and shift of the convolutions before")
        return
    if draft is None or not isinstance(draft.spec, ConvSpec) or draft.activation is not None:
        lowering.depthwise(node, value, scale=scale, shift=shift, view=value.shape)
        return
    fold_affine(draft, scale, shift)
    lowering.fold(node, value, node.outputs[0], "scale and shift of the convolution before")


def in_phases(numbers: DoubleArray, part: LayerDraft, fill: float) -> DoubleArray:
    """One number per channel of the output for every channel of a convolution whose results are interleaved."""
    each = round_up(len(numbers), UNIT_BYTES)
    padded = np.concatenate([numbers, np.full(each - len(numbers), fill)])
    return np.tile(padded, part.output.shape.channels // each)


def _joins_activation(draft: LayerDraft, scale: DoubleArray, shift: DoubleArray) -> bool:
    """True where the layer before ends with an activation that can take one scale and one shift for all channels."""
    single = bool((scale == scale[0]).all() and (shift == shift[0]).all())
    activation = draft.activation
    return single and activation is not None and not activation.slopes and not isinstance(draft.spec, ActivateSpec)


def scaled(activation: Activation | None, scale: float, shift: float) -> Activation:
    """scale f + shift for the function f of ``activation``."""
    assert activation is not None
    steps = (Step("Mul", (Place(0), scale)), Step("Add", (Place(1), shift)))
    return Activation(ActivationKind.FUNCTION, steps=then(activation.as_steps, steps), stored=activation.stored)


def fold_affine(draft: LayerDraft, scale: DoubleArray, shift: DoubleArray) -> None:
    """Apply scale x + shift to the output of a convolution, whose channels may be reordered already."""
    if draft.order is not None:
        order = np.asarray(draft.order)
        unordered_scale, unordered_shift = np.empty_like(scale), np.empty_like(shift)
        unordered_scale[order], unordered_shift[order] = scale, shift
        scale, shift = unordered_scale, unordered_shift
    draft.scale = scale if draft.scale is None else draft.scale * scale
    draft.shift = shift if draft.shift is None else draft.shift * scale + shift


def constant_operand(lowering: Lowering, node: Node) -> tuple[Value, DoubleArray, bool] | None:
    """The activation, the constant as C values, and whether the constant comes first; None without constant.

    Raises:
        Unsupported: the constant differs between rows or columns, or would enlarge the activation.
    """
    constants = [lowering.constant(name) for name in node.inputs]
    if len(constants) != 2 or (constants[0] is None and constants[1] is None):
        return None
    first = constants[0] is not None
    value = lowering.real(node, 1 if first else 0)
    position = 0 if first else 1
    array = lowering.parameter(node, position, "constant operand")
    return value, per_channel(node, position, array, value), first


def per_channel(node: Node, position: int, array: Array, value: Value) -> DoubleArray:
    """``array``, which broadcasts against ``value``, as one number per channel of the tensor."""
    channels = value.tensor.shape.channels
    if array.size == 1 and array.ndim <= len(value.shape) and value.order is None and value.pads is None:
        return np.full(channels, array.reshape(()).astype(np.float64))
    form = (1,) * (len(value.shape) - array.ndim) + array.shape
    if value.is_image and form == (1, channels) + (1,) * (len(value.shape) - 2):
        return array.astype(np.float64).reshape(channels)
    raise Unsupported(
        f"its constant {node.inputs[position]!r} of shape {list(array.shape)} is not one value per channel "
        f"of its input of shape {list(value.shape)}",
        "use constants of shape C x 1 x 1 or a single number",
    )


def affine_of(op: str, constant: DoubleArray, first: bool) -> tuple[DoubleArray, DoubleArray]:
    """Scale and shift of ``x op constant``, or of ``constant op x`` where the constant comes first."""
    one, zero = np.ones_like(constant), np.zeros_like(constant)
    if op == "Mul":
        return constant, zero
    if op in ("Add", "Sum"):
        return one, constant
    if op == "Sub":
        return (-one, constant) if first else (one, -constant)
    if op == "Div" and not first and (constant != 0).all():
        return one / constant, zero
    raise Unsupported(
        "it divides other numbers for each channel by an activation, or divides by zero",
        "multiply by the reciprocal, or use a single number",
    )


def negate(lowering: Lowering, node: Node) -> None:
    """Neg: a scale of -1."""
    value = lowering.real(node, 0)
    channels = value.tensor.shape.channels
    apply_affine(lowering, node, value, np.full(channels, -1.0), np.zeros(channels))
