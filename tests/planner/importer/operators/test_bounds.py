"""Clip, Max and Min: bounds in any order and number, against onnxruntime on the original file."""

from __future__ import annotations

import numpy as np
import pytest

from dynamap.cost.errors import InputError
from dynamap.planner.importer import import_model
from dynamap.planner.network.network import Activation, ActivationKind, Conv
from support.operator_nodes import conv, ints, node

F = np.float32


@pytest.fixture
def constants(values):
    return {
        "w": values(4, 4, 1, 1),
        "low": F(0.4),
        "high": F(-0.5),
        "pads": ints(0, 0, 1, 1, 0, 0, 1, 1),
        "zero": F(0),
        "zeros": np.zeros((1, 4, 1, 1), F),
        "tenth": F([[[0.1]]]),
        "one": np.ones((6, 7), F),
    }


@pytest.mark.parametrize("opset", [11, 13, 17, 22])
def test_a_lowest_value_above_the_highest(opset, constants, model_of, same):
    """Everything is the highest: -0.5."""
    (layer,) = same(model_of([conv(), node("Clip", ["c", "low", "high"], ["y"])], constants, opset=opset)).layers
    assert isinstance(layer, Conv) and layer.activation == Activation(ActivationKind.CLIP, -0.5, -0.5)


@pytest.mark.parametrize("first", ["Relu", "Identity"])
def test_padding_after_bounds_in_the_wrong_order(first, constants, model_of, same, original):
    """A maximum over -0.5 and a pad of zeros is zero, so that the pad is no part of the pool."""
    nodes = [
        conv(),
        node(first, ["c"], ["r"]),
        node("Clip", ["r", "low", "high"], ["k"]),
        node("Pad", ["k", "pads"], ["p"]),
        node("MaxPool", ["p"], ["y"], kernel_shape=[2, 2], strides=[2, 2]),
    ]
    model = model_of(nodes, constants, opset=17)
    same(model)
    original(model, 1 / 64)


def test_bounds_in_the_wrong_order_before_opset_11(constants, model_of):
    model = model_of([conv(), node("Clip", ["c"], ["y"], min=0.4, max=-0.5)], constants, opset=9)
    with pytest.raises(InputError, match=r"its lowest value 0\.4 is above its highest -0\.5"):
        import_model(model, "case", "")


@pytest.mark.parametrize(
    ("op", "inputs", "expected"),
    [
        ("Max", ["c", "zero", "tenth"], Activation(ActivationKind.CLIP, 0.1, None)),
        ("Max", ["zero", "c", "high"], Activation(ActivationKind.RELU)),
        ("Max", ["zeros", "c"], Activation(ActivationKind.RELU)),
        ("Max", ["c", "c", "zero"], Activation(ActivationKind.RELU)),
        ("Max", ["c"], None),
        ("Max", ["c", "c"], None),
        ("Min", ["one", "low", "c", "tenth"], Activation(ActivationKind.CLIP, None, 0.1)),
    ],
)
def test_max_and_min_of_several(op, inputs, expected, constants, model_of, same):
    (layer,) = same(model_of([conv(), node(op, inputs, ["y"])], constants, opset=17)).layers
    if expected is None:
        assert layer.activation is None
    else:
        assert layer.activation.kind is expected.kind
        wanted = [bound for bound in (expected.alpha, expected.beta) if bound]
        assert all(F(bound) in (F(layer.activation.alpha), F(layer.activation.beta)) for bound in wanted)


def test_a_maximum_of_a_tensor_that_others_read_too(constants, model_of, same):
    """Two readers of 'c' belong to the Max, one does not: it cannot become part of the convolution."""
    nodes = [conv(), node("Max", ["c", "c", "zero"], ["m"]), node("Add", ["m", "c"], ["y"])]
    network = same(model_of(nodes, constants, opset=17))
    assert len(network.layers) == 3


@pytest.mark.parametrize(
    ("nodes", "change", "message"),
    [
        ([node("Max", ["c", "x", "k"], ["y"])], {"k": F(0)}, "one activation and numbers"),
        ([node("Max", ["c", "k"], ["y"])], {"k": F([[[0]], [[1]], [[0]], [[0]]])}, "'k' differ"),
        ([node("Max", ["c", "k"], ["y"])], {"k": np.zeros((2, 4, 1, 1), F)}, "more elements or dimensions"),
        ([node("Max", ["c", "k"], ["y"])], {"k": np.zeros((1, 1, 4, 1, 1), F)}, "more elements or dimensions"),
        ([node("Max", ["c", "zero", "k"], ["y"])], {"k": F(np.nan)}, "contains NaN"),
        ([node("Max", ["c", "k"], ["y"])], {"k": F(np.inf)}, "infinite"),
        ([node("Min", ["c", "k"], ["y"])], {"k": F(-np.inf)}, "infinite"),
        ([node("Clip", ["c", "", "k"], ["y"])], {"k": F(-np.inf)}, "infinite"),
        ([node("Clip", ["c", "k", "k"], ["y"])], {"k": F(np.inf)}, "infinite"),
        ([node("Clip", ["c", "k"], ["y"])], {"k": F(np.nan)}, "NaN"),
    ],
)
def test_bounds_that_are_refused(nodes, change, message, constants, model_of):
    with pytest.raises(InputError, match=message):
        import_model(model_of([conv(), *nodes], {**constants, **change}, opset=17), "case", "")
