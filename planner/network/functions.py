"""Functions of one real value, as the few ONNX operators that they are made of.

The overlay looks a function up in a table of 256 entries, so any function of one value costs the same. A function is a
sequence of steps; each is an operator that reads values (0 is the argument, k the result of step k) and numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Place:
    """An operand that is a value: the argument (0) or the result of a step (from 1 on)."""

    index: int


@dataclass(frozen=True)
class Step:
    """One operator: its ONNX name, its operands, and the numbers of its attributes in the order of `OPERATORS`.

    ``STORE`` is a QuantizeLinear and its DequantizeLinear: scale, zero point, lowest and highest integer.
    """

    op: str
    operands: tuple[Place | float, ...]
    attributes: tuple[float, ...] = ()


STORE = "QuantizeLinear"
CAST = "Cast"
"""To the ONNX type that its attribute names: a truth value, or a real one."""

TRUTH_TYPE = 9.0
"""onnx.TensorProto.BOOL; the package itself is not loaded to plan."""

LOGICAL = frozenset({"And", "Not", "Or", "Xor"})
"""Operators of truth values, which are 1 and 0 here."""

COMPARISONS = frozenset({"Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"})


def evaluate(steps: Sequence[Step], argument: npt.NDArray[np.floating]) -> Values:
    """The function of every element, in double precision; 0 where it is not a number, as below zero for a root.

    >>> evaluate((Step("Mul", (Place(0), Place(0))), Step("Add", (Place(1), 1.0))), np.array([2.0, 3.0])).tolist()
    [5.0, 10.0]
    """
    values = [np.asarray(argument, np.float64)]
    with np.errstate(all="ignore"):
        for step in steps:
            operands = [values[one.index] if isinstance(one, Place) else np.float64(one) for one in step.operands]
            values.append(OPERATORS[step.op].compute(*operands, *step.attributes))
    limit = float(np.finfo(np.float32).max)
    result: Values = np.nan_to_num(np.broadcast_to(values[-1], values[0].shape), nan=0.0, posinf=limit, neginf=-limit)
    return result


def then(first: Sequence[Step], second: Sequence[Step]) -> tuple[Step, ...]:
    """``second`` of the result of ``first``."""
    count = len(first)

    def moved(one: Place | float) -> Place | float:
        return Place(one.index + count) if isinstance(one, Place) else one

    return (*first, *(Step(step.op, tuple(map(moved, step.operands)), step.attributes) for step in second))


@dataclass(frozen=True)
class Operator:
    """How an operator is computed, its attributes with their defaults in order, and what opset 17 has for it."""

    compute: Callable[..., Values]
    attributes: tuple[tuple[str, float], ...] = ()
    exported: tuple[Step, ...] = ()


def _where(truth: Values, x: Values, y: Values) -> Values:
    chosen: Values = np.where(truth != 0, x, y)
    return chosen


def _erf(x: Values) -> Values:
    result: Values = np.asarray(np.frompyfunc(math.erf, 1, 1)(x), np.float64)
    return result


def _softplus(x: Values) -> Values:
    result: Values = np.logaddexp(x, 0.0)
    return result


def _store(x: Values, scale: float, zero_point: float, lowest: float, highest: float) -> Values:
    result: Values = (np.clip(np.rint(x / scale) + zero_point, lowest, highest) - zero_point) * scale
    return result


def _gelu(x: Values, approximate: float) -> Values:
    if approximate:
        tanh: Values = 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
        return tanh
    exact: Values = 0.5 * x * (1 + _erf(x / math.sqrt(2)))
    return exact


def _sigmoid(x: Values) -> Values:
    result: Values = 1 / (1 + np.exp(-x))
    return result


def _cast(x: Values, kind: float) -> Values:
    result: Values = np.asarray(x != 0 if kind == TRUTH_TYPE else x, np.float64)
    return result


def _truths(compare: Callable[..., npt.NDArray[np.bool_]]) -> Operator:
    """A comparison, or an operator of truth values, of which all but zero are true."""
    return Operator(lambda *operands: compare(*operands).astype(np.float64))


def _elu(x: Values, alpha: float) -> Values:
    result: Values = np.where(x < 0, alpha * np.expm1(np.minimum(x, 0)), x)
    return result


_X = Place(0)
_MISH = (Step("Softplus", (_X,)), Step("Tanh", (Place(1),)), Step("Mul", (_X, Place(2))))
_GELU = (
    Step("Div", (_X, math.sqrt(2))),
    Step("Erf", (Place(1),)),
    Step("Add", (Place(2), 1.0)),
    Step("Mul", (_X, Place(3))),
    Step("Mul", (Place(4), 0.5)),
)
_GELU_TANH = (
    Step("Mul", (_X, _X)),
    Step("Mul", (_X, Place(1))),
    Step("Mul", (Place(2), 0.044715)),
    Step("Add", (_X, Place(3))),
    Step("Mul", (Place(4), math.sqrt(2 / math.pi))),
    Step("Tanh", (Place(5),)),
    Step("Add", (Place(6), 1.0)),
    Step("Mul", (_X, Place(7))),
    Step("Mul", (Place(8), 0.5)),
)

OPERATORS: dict[str, Operator] = {
    "Abs": Operator(np.abs),
    "Add": Operator(np.add),
    "And": _truths(np.logical_and),
    "Atan": Operator(np.arctan),
    CAST: Operator(_cast, (("to", 1.0),)),
    "Ceil": Operator(np.ceil),
    "Celu": Operator(lambda x, alpha: np.maximum(x, 0) + np.minimum(0, alpha * np.expm1(x / alpha)), (("alpha", 1.0),)),
    "Clip": Operator(lambda x, low, high: np.minimum(np.maximum(x, low), high)),
    "Cos": Operator(np.cos),
    "Div": Operator(np.divide),
    "Elu": Operator(_elu, (("alpha", 1.0),)),
    "Equal": _truths(np.equal),
    "Erf": Operator(_erf),
    "Exp": Operator(np.exp),
    "Floor": Operator(np.floor),
    "Gelu": Operator(_gelu, (("approximate", 0.0),)),
    "Greater": _truths(np.greater),
    "GreaterOrEqual": _truths(np.greater_equal),
    "HardSigmoid": Operator(
        lambda x, alpha, beta: np.clip(alpha * x + beta, 0.0, 1.0), (("alpha", 0.2), ("beta", 0.5))
    ),
    "HardSwish": Operator(lambda x: x * np.clip(x / 6 + 0.5, 0.0, 1.0)),
    "LeakyRelu": Operator(lambda x, alpha: np.where(x < 0, alpha * x, x), (("alpha", 0.01),)),
    "Less": _truths(np.less),
    "LessOrEqual": _truths(np.less_equal),
    "Log": Operator(np.log),
    "Max": Operator(np.maximum),
    "Min": Operator(np.minimum),
    "Mish": Operator(lambda x: x * np.tanh(_softplus(x)), exported=_MISH),
    "Mul": Operator(np.multiply),
    "Neg": Operator(np.negative),
    "Not": _truths(np.logical_not),
    "Or": _truths(np.logical_or),
    "Pow": Operator(np.power),
    STORE: Operator(_store),
    "Reciprocal": Operator(lambda x: 1 / x),
    "Relu": Operator(lambda x: np.maximum(x, 0)),
    "Round": Operator(np.rint),
    "Selu": Operator(
        lambda x, alpha, gamma: gamma * _elu(x, alpha),
        (("alpha", 1.67326319217681884765625), ("gamma", 1.05070102214813232421875)),
    ),
    "Sigmoid": Operator(_sigmoid),
    "Sign": Operator(np.sign),
    "Sin": Operator(np.sin),
    "Softplus": Operator(_softplus),
    "Softsign": Operator(lambda x: x / (1 + np.abs(x))),
    "Sqrt": Operator(np.sqrt),
    "Sub": Operator(np.subtract),
    "Swish": Operator(lambda x, alpha: x * _sigmoid(alpha * x), (("alpha", 1.0),)),
    "Tanh": Operator(np.tanh),
    "ThresholdedRelu": Operator(lambda x, alpha: np.where(x > alpha, x, 0.0), (("alpha", 1.0),)),
    "Where": Operator(_where),
    "Xor": _truths(np.logical_xor),
}
"""Every operator of a function, by its name in ONNX. Numbers that ONNX gives as inputs are operands."""


def exported(step: Step) -> tuple[Step, ...]:
    """The step as operators that opset 17 has; its operands are then places in these (0 is its own argument)."""
    if step.op == "Gelu":
        return _GELU_TANH if step.attributes[0] else _GELU
    if step.op == "Swish":
        return (
            Step("Mul", (_X, step.attributes[0])),
            Step("Sigmoid", (Place(1),)),
            Step("Mul", (_X, Place(2))),
        )
    return OPERATORS[step.op].exported
