"""Operators over one spatial axis: a row of elements is an image of height 1, a column one of width 1.

The N x C x L value of such an operator is a tensor of C x 1 x L or C x L x 1; its window gets a second axis of
length 1, and the views of its outputs keep three dimensions.
"""

from __future__ import annotations

import dataclasses

from dynamap.cost.geometry import TensorShape
from dynamap.planner.importer.drafts import FloatArray, Unsupported, Value
from dynamap.planner.importer.graph import Node
from dynamap.planner.network.network import WeightQuantisation

_AGAIN = "export the model again; the file may be damaged"
_NEUTRAL = {"kernel_shape": 1, "strides": 1, "dilations": 1, "pads": 0}


def in_two_dimensions(node: Node, value: Value) -> Node:
    """``node`` with the attributes of a window over two axes, where ``value`` has only one.

    Raises:
        Unsupported: an attribute has another number of values than an operator over one axis has.
    """
    if not value.is_row:
        return node
    attributes = dict(node.attributes)
    for name, neutral in _NEUTRAL.items():
        given = node.integers(name)
        if given is None:
            continue
        count = 2 if name == "pads" else 1
        if len(given) != count:
            raise Unsupported(f"its {name} {list(given)} are not the {count} of a window over one axis", _AGAIN)
        parts = [(neutral, number) if _is_horizontal(value) else (number, neutral) for number in given]
        attributes[name] = tuple(number for part in parts for number in part)
    return dataclasses.replace(node, attributes=attributes)


def weights_in_two_dimensions(weights: FloatArray, value: Value) -> FloatArray:
    """Weights O x (I / groups) x K as O x (I / groups) x 1 x K (or K x 1), where ``value`` is a row (or a column)."""
    if not value.is_row or weights.ndim != 3:
        return weights
    outputs, inputs, taps = weights.shape
    return weights.reshape((outputs, inputs, 1, taps) if _is_horizontal(value) else (outputs, inputs, taps, 1))


def quantised_in_two_dimensions(
    quantisation: WeightQuantisation | None, shape: tuple[int, ...]
) -> WeightQuantisation | None:
    """The integers of weights in the shape that the weights have got."""
    if quantisation is None:
        return None
    return dataclasses.replace(quantisation, values_oihw=quantisation.values_oihw.reshape(shape))


def view_like(value: Value, shape: TensorShape) -> tuple[int, ...]:
    """The ONNX shape of an output of ``shape``, which has as many dimensions as the input ``value``."""
    if value.is_row:
        return (1, shape.channels, shape.height * shape.width)
    return (1, *shape.as_list())


def _is_horizontal(value: Value) -> bool:
    return value.tensor.shape.height == 1
