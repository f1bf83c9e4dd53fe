"""Activation functions in floating point, and their 256-entry tables."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from dynamap.backends.arithmetic.integers import HIGHEST, LOWEST, Int8Array
from dynamap.planner.network.functions import evaluate
from dynamap.planner.network.network import (
    CLAMPING,
    Activate,
    Activation,
    ActivationKind,
    Layer,
    Quantisation,
    activation_of,
    looks_up,
)

Floats = npt.NDArray[np.floating]


def has_table(layer: Layer) -> bool:
    """True where a layer rounds to 8 bits first and then looks its activation up."""
    return looks_up(layer) and not isinstance(layer, Activate)


def is_calibrated(layer: Layer) -> bool:
    """True where the value before a table is rounded by a scale that the model does not give."""
    activation = activation_of(layer)
    return has_table(layer) and activation is not None and activation.stored is None


def _sigmoid(values: Floats) -> Floats:
    with np.errstate(over="ignore"):
        result: Floats = 1 / (1 + np.exp(-values))
    return result


def _hard_sigmoid(values: Floats, activation: Activation) -> Floats:
    result: Floats = np.clip(activation.alpha * values + activation.beta, 0.0, 1.0)
    return result


_FUNCTIONS: dict[ActivationKind, Callable[[Floats, Activation], Floats]] = {
    ActivationKind.RELU: lambda x, a: np.maximum(x, 0),
    ActivationKind.CLIP: lambda x, a: np.clip(x, a.alpha, a.beta),
    ActivationKind.LEAKY_RELU: lambda x, a: np.where(x < 0, x * a.alpha, x),
    ActivationKind.PRELU: lambda x, a: np.where(x < 0, x * np.array(a.slopes).reshape(-1, 1, 1), x),
    ActivationKind.SIGMOID: lambda x, a: _sigmoid(x),
    ActivationKind.HARD_SIGMOID: _hard_sigmoid,
    ActivationKind.HARD_SWISH: lambda x, a: x * np.clip(x / 6 + 0.5, 0.0, 1.0),
    ActivationKind.SWISH: lambda x, a: x * _sigmoid(x),
    ActivationKind.TANH: lambda x, a: np.tanh(x),
    ActivationKind.FUNCTION: lambda x, a: evaluate(a.steps, x),
}


def apply(values: Floats, activation: Activation | None) -> Floats:
    """The activation of C x H x W real values, in their own type; they saturate first where the model stores them."""
    if activation is None:
        return values
    if activation.stored is not None:
        stored = activation.stored.as_int8
        low, high = ((end - stored.zero_point) * stored.scale for end in (LOWEST, HIGHEST))
        values = np.clip(values, low, high)
    return _FUNCTIONS[activation.kind](values, activation).astype(values.dtype, copy=False)


def useful_range(activation: Activation, found: tuple[float, float]) -> tuple[float, float]:
    """Beyond this range the function is constant to within 8 bits: its table need not reach further.

    ``found`` are the least and the largest argument.
    """
    kind = activation.kind
    if kind is ActivationKind.FUNCTION:
        return _useful_part(activation, found)
    if kind is ActivationKind.SIGMOID:
        return -8.0, 8.0
    if kind is ActivationKind.TANH:
        return -4.0, 4.0
    if kind is ActivationKind.SWISH:
        return -8.0, np.inf
    if kind is ActivationKind.HARD_SWISH:
        return -3.0, np.inf
    if kind is ActivationKind.HARD_SIGMOID and activation.alpha > 0:
        return -activation.beta / activation.alpha, (1 - activation.beta) / activation.alpha
    return -np.inf, np.inf


def _useful_part(activation: Activation, found: tuple[float, float]) -> tuple[float, float]:
    """The range ``found`` without the ends over which the function changes by less than half a step of 8 bits."""
    places = np.linspace(*found, 2049)
    values = evaluate(activation.steps, places)
    least = (values.max() - values.min()) / 512
    moving = [np.flatnonzero(np.abs(values - end) > least) for end in (values[0], values[-1])]
    if not all(map(len, moving)):
        return found
    return float(places[max(moving[0][0] - 1, 0)]), float(places[min(moving[1][-1] + 1, len(places) - 1)])


def quantised_bound(value: float, quantisation: Quantisation) -> int:
    """The int8 value that stands for a real one, saturated."""
    scaled = np.rint(np.float64(value) / quantisation.scale) + quantisation.zero_point
    return int(np.clip(scaled, LOWEST, HIGHEST))


def clamp_of(activation: Activation | None, quantisation: Quantisation) -> tuple[int, int]:
    """The int8 range that a ReLU or a clip leaves; the whole range without one."""
    if activation is None or activation.kind not in CLAMPING:
        return LOWEST, HIGHEST
    if activation.kind is ActivationKind.RELU:
        return quantised_bound(0.0, quantisation), HIGHEST
    low, high = (quantised_bound(bound, quantisation) for bound in (activation.alpha, activation.beta))
    return min(low, high), high


def table_of(activation: Activation, before: Quantisation, after: Quantisation) -> Int8Array:
    """The activation of all 256 int8 values, -128 first, computed in float64; not for PRelu."""
    assert not activation.slopes
    values = (np.arange(LOWEST, HIGHEST + 1) - before.zero_point) * np.float64(before.scale)
    real = apply(values, activation)
    steps = np.rint(real / after.scale) + after.zero_point
    table: Int8Array = np.clip(steps, LOWEST, HIGHEST).astype(np.int8)
    return table
