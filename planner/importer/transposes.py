"""Operators between Transposes that cancel: f(transposed x) is the transposed f(x), so f works on x itself.

A Transpose that moves elements is remembered with its value (`Transposed`), and what does the same in every order of
the axes is lowered as if it read the value: element-wise operators, Concat, reductions and Softmax with their axes
translated. A Transpose back ends it, and so does a fully connected layer that reads all elements in one row: its
weights are put into the order of the value. Everything else that reads such a value refuses the first Transpose.
"""

from __future__ import annotations

import dataclasses
import math
from collections import ChainMap
from collections.abc import Callable, Sequence

import numpy as np

from dynamap.planner.importer.drafts import Bound, Constant, Transposed, Unsupported, Value
from dynamap.planner.importer.fates import Fate
from dynamap.planner.importer.graph import Node
from dynamap.planner.importer.lowering import Lowering
from dynamap.planner.importer.operators.functions import take_function
from dynamap.planner.importer.operators.shape import between_transposes, keeps_order
from dynamap.planner.network.functions import OPERATORS

_OPERANDS = frozenset({"Add", "Div", "Max", "Min", "Mul", "PRelu", "Sub", "Sum"})
"""Operators whose constants broadcast against the activation."""
_POINTWISE = (
    frozenset({"Cast", "DequantizeLinear", "Dropout", "Identity", "LeakyRelu", "QuantizeLinear"} | OPERATORS.keys())
    - _OPERANDS
)
"""Operators of one activation, and of single numbers at most."""
_REDUCTIONS = frozenset({"ReduceMax", "ReduceMean"})


def lower_between_transposes(lowering: Lowering, node: Node, handler: Callable[[Lowering, Node], None]) -> bool:
    """Lower ``node`` as if it read its values before their Transposes; False where that cannot be.

    Raises:
        Unsupported: as ``handler``.
    """
    first = next((bound for bound in _bounds(lowering, node) if isinstance(bound, Transposed)), None)
    if first is None or node.domain or first.flat:
        return False
    if node.op in ("Flatten", "Reshape") and _is_row_of_weights(lowering, node, first):
        lowering.bind(node.outputs[0], dataclasses.replace(first, flat=True))
        lowering.verdict(node, Fate.FOLDED, first.value.tensor.producer, "order of the weights that read it")
        return True
    if node.op == "Transpose":
        between_transposes(lowering, node, first)
        return True
    values = _values_before(lowering, node, first.perm)
    if values is None:
        return False
    outer, new = lowering.values, dict[str, Bound](values)
    lowering.values = ChainMap(new, outer)
    try:
        if not take_function(lowering, node):
            inner = _in_order_of_values(lowering, node, first.perm)
            if inner is None:
                return False
            handler(lowering, inner)
    finally:
        lowering.values = outer
    for name, bound in new.items():
        if name not in values:
            _bind_after(lowering, name, bound, first)
    if node.op in _REDUCTIONS and not node.integer("keepdims", 1):
        _drop_axes(lowering, node, len(first.perm))
    return True


def _bounds(lowering: Lowering, node: Node) -> list[Bound]:
    return [lowering.values[name] for name in node.inputs if name in lowering.values]


def _is_row_of_weights(lowering: Lowering, node: Node, transposed: Transposed) -> bool:
    """True where ``node`` makes a row of all elements, which fully connected layers alone read."""
    elements = math.prod(transposed.shape)
    if node.op == "Flatten":
        row = node.integer("axis", 1) in (1, 1 - len(transposed.perm))
    else:
        first, *rest = lowering.integers(node, 1) or (0,)
        row = first in (-1, 0, 1) and rest in ([elements], [-1]) and [first, *rest] != [-1, -1]
    name = node.outputs[0]
    return (
        row
        and transposed.value.integer is None
        and not lowering.graph.is_output(name)
        and all(
            reader.op in ("Gemm", "MatMul") and not reader.domain and reader.inputs[0] == name
            for reader in lowering.graph.consumers(name)
        )
    )


def _values_before(lowering: Lowering, node: Node, perm: Sequence[int]) -> dict[str, Value] | None:
    """What the inputs of ``node`` hold before the Transpose ``perm``; None where another one is before some input."""
    values: dict[str, Value] = {}
    for name in node.inputs:
        bound = lowering.values.get(name)
        if isinstance(bound, Transposed) and bound.perm == perm:
            values[name] = bound.value
        elif isinstance(bound, Value):
            inverse = [perm.index(axis) for axis in range(len(perm))]
            if len(bound.shape) != len(perm) or bound.order is not None or bound.pads is not None:
                return None
            if not keeps_order(bound.shape, inverse):
                return None
            values[name] = dataclasses.replace(bound, shape=tuple(bound.shape[axis] for axis in inverse))
        elif bound is not None:
            return None
    return values


def _in_order_of_values(lowering: Lowering, node: Node, perm: Sequence[int]) -> Node | None:
    """``node`` with its axes and constants in the order before the Transpose; None where it has no such form."""
    rank = len(perm)
    if node.op in _OPERANDS:
        names = [_constant_before(lowering, name, perm) for name in node.inputs]
        return None if None in names else dataclasses.replace(node, inputs=tuple(name or "" for name in names))
    if node.op in _POINTWISE:
        constants = [lowering.constant(name) for name in node.inputs if name]
        single = all(constant is None or constant.array.size == 1 for constant in constants)
        return node if single else None
    if node.op == "Concat" or (node.op in ("LogSoftmax", "Softmax") and lowering.opset >= 13):
        axis = node.integer("axis", -1)
        if not -rank <= axis < rank:
            return None
        return dataclasses.replace(node, attributes={**node.attributes, "axis": perm[axis]})
    if node.op in _REDUCTIONS:
        axes = lowering.integers(node, 1) if node.has(1) else node.integers("axes")
        if not axes or not all(-rank <= axis < rank for axis in axes):
            return None
        attributes = {"axes": tuple(perm[axis] for axis in axes), "keepdims": 1}
        return dataclasses.replace(node, inputs=node.inputs[:1], attributes=attributes)
    return None


def _constant_before(lowering: Lowering, name: str, perm: Sequence[int]) -> str | None:
    """The name of a constant with the axes of the one called ``name`` in the order before the Transpose."""
    constant = lowering.constant(name)
    if constant is None or constant.array.size == 1:
        return name
    array = constant.array
    if array.ndim > len(perm):
        return None
    array = array.reshape((1,) * (len(perm) - array.ndim) + array.shape)
    before = f"{name} (transposed by {list(perm)})"
    lowering.constants[before] = Constant(array.transpose(np.argsort(perm)))
    return before


def _bind_after(lowering: Lowering, name: str, bound: Bound, transposed: Transposed) -> None:
    """Bind ``bound`` as it is behind the Transpose: a view where that moves axes of length 1 only.

    A tensor in another order than the model's has a name of its own: one name stands for one sequence of elements.
    """
    perm = transposed.perm
    if not isinstance(bound, Value):
        lowering.bind(name, bound)
    elif keeps_order(bound.shape, perm):
        lowering.bind(name, dataclasses.replace(bound, shape=tuple(bound.shape[axis] for axis in perm)))
    else:
        if bound.tensor.name == name:
            bound.tensor.name = f"{name} (C x H x W)"
            while bound.tensor.name in lowering.graph.names:
                bound.tensor.name += "'"
        lowering.bind(name, transposed.like(bound, perm))


def _drop_axes(lowering: Lowering, node: Node, rank: int) -> None:
    """A reduction without keepdims: its result without the axes that it reduced."""
    axes = lowering.integers(node, 1) if node.has(1) else node.integers("axes")
    bound = lowering.values[node.outputs[0]]
    if not isinstance(bound, Value):
        raise Unsupported(
            "it removes axes of a transposed tensor whose others stay transposed",
            "reduce with keepdims = 1, or export the model in NCHW layout (tf2onnx: --inputs-as-nchw)",
        )
    removed = {axis % rank for axis in axes or ()}
    shape = tuple(size for axis, size in enumerate(bound.shape) if axis not in removed)
    lowering.bind(node.outputs[0], dataclasses.replace(bound, shape=shape))
