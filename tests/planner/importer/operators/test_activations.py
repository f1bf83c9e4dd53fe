"""Activations, in one node and in several, each against onnxruntime on original and folded model."""

from __future__ import annotations

import numpy as np
import pytest

from dynamap.planner.network.network import Activate, ActivationKind, Concat, Conv, Mul
from support.operator_nodes import OPSETS, conv, node


def activations(opset):
    yield "relu", [node("Relu", ["c"], ["y"])], {}
    yield "leaky_relu", [node("LeakyRelu", ["c"], ["y"])], {}
    yield "leaky_relu", [node("LeakyRelu", ["c"], ["y"], alpha=0.3)], {}
    yield "prelu", [node("PRelu", ["c", "k"], ["y"])], {"k": np.arange(4, dtype=np.float32).reshape(4, 1, 1)}
    yield "leaky_relu", [node("PRelu", ["c", "k"], ["y"])], {"k": np.full(1, 0.2, np.float32)}
    yield "sigmoid", [node("Sigmoid", ["c"], ["y"])], {}
    yield "tanh", [node("Tanh", ["c"], ["y"])], {}
    yield "hard_sigmoid", [node("HardSigmoid", ["c"], ["y"])], {}
    yield "hard_sigmoid", [node("HardSigmoid", ["c"], ["y"], alpha=0.25, beta=0.4)], {}
    yield "swish", [node("Sigmoid", ["c"], ["g"]), node("Mul", ["c", "g"], ["y"])], {}
    yield "swish", [node("Sigmoid", ["c"], ["g"]), node("Mul", ["g", "c"], ["y"])], {}
    sixth = 1 / 6
    gate = node("HardSigmoid", ["c"], ["g"], alpha=sixth, beta=0.5)
    yield "hard_swish", [gate, node("Mul", ["g", "c"], ["y"])], {}
    if opset >= 14:
        yield "hard_swish", [node("HardSwish", ["c"], ["y"])], {}
    if opset < 11:
        clip6 = node("Clip", ["s"], ["t"], min=0.0, max=6.0)
        numbers = {}
        yield "clip", [node("Clip", ["c"], ["y"], min=-0.5, max=0.5)], {}
        yield "relu", [node("Clip", ["c"], ["y"], min=0.0)], {}
        yield "clip", [node("Clip", ["c"], ["y"], max=0.5)], {}
    else:
        clip6 = node("Clip", ["s", "zero", "six"], ["t"])
        numbers = {"zero": np.float32(0), "six": np.float32(6)}
        yield "clip", [node("Clip", ["c", "zero", "six"], ["y"])], numbers
        yield "relu", [node("Clip", ["c", "zero"], ["y"])], {"zero": np.float32(0)}
        yield "clip", [node("Clip", ["c", "", "six"], ["y"])], {"six": np.float32(0.25)}
    shift = node("Add", ["c", "three"], ["s"])
    numbers = {**numbers, "three": np.float32(3)}
    divide = {"sixth": np.float32(6)}
    before = [shift, clip6, node("Div", ["t", "sixth"], ["d"]), node("Mul", ["d", "c"], ["y"])]
    yield "hard_swish", before, {**numbers, **divide}
    after = [shift, clip6, node("Mul", ["c", "t"], ["d"]), node("Div", ["d", "sixth"], ["y"])]
    yield "hard_swish", after, {**numbers, **divide}
    times = [shift, clip6, node("Mul", ["c", "t"], ["d"]), node("Mul", ["d", "sixth"], ["y"])]
    yield "hard_swish", times, {**numbers, "sixth": np.float32(sixth)}
    if opset >= 8:
        yield "relu", [node("Max", ["c", "zero"], ["y"])], {"zero": np.float32(0)}
        yield "clip", [node("Min", ["six", "c"], ["y"])], {"six": np.float32(0.3)}


@pytest.mark.parametrize("opset", OPSETS)
def test_activations_fold_into_the_convolution(opset, same, model_of, values):
    for kind, nodes, constants in activations(opset):
        model = model_of([conv(), *nodes], {"w": values(4, 4, 3, 3), **constants}, opset=opset)
        layers = same(model).layers
        assert len(layers) == 1, kind
        assert layers[0].activation.kind is ActivationKind(kind)


def test_activations_of_their_own(same, model_of):
    """After a concat or on the input there is no layer to fold into."""
    for _, nodes, constants in activations(17):
        model = model_of([node("Concat", ["x", "x"], ["c"], axis=1), *nodes], constants, opset=17)
        if "k" in constants and constants["k"].size > 1:
            constants["k"] = np.arange(8, dtype=np.float32).reshape(8, 1, 1)
            model = model_of([node("Concat", ["x", "x"], ["c"], axis=1), *nodes], constants, opset=17)
        layers = same(model).layers
        assert [type(layer) for layer in layers] == [Concat, Activate]


def test_activations_fold_into_pools_and_sums(same, model_of):
    nodes = [
        node("MaxPool", ["x"], ["p"], kernel_shape=[2, 2]),
        node("Tanh", ["p"], ["t"]),
        node("Mul", ["t", "t"], ["m"]),
        node("Relu", ["m"], ["y"]),
    ]
    (pool,) = same(model_of(nodes)).layers  # the square of tanh is a function of its argument
    assert pool.activation.kind is ActivationKind.FUNCTION


def test_a_relu_folds_into_a_product(same, model_of, values):
    nodes = [conv(), node("Tanh", ["c"], ["t"]), conv("x", "b", "u"), node("Mul", ["t", "b"], ["m"])]
    nodes += [node("Relu", ["m"], ["y"])]
    network = same(model_of(nodes, {"w": values(4, 4, 3, 3), "u": values(4, 4, 3, 3, seed=5)}))
    assert network.layers[2].activation.kind is ActivationKind.RELU


def test_clips_in_sequence_are_one(same, model_of, values):
    constants = {
        "w": values(4, 4, 3, 3),
        "low": np.float32(-0.2),
        "high": np.float32(0.7),
        "top": np.float32(0.4),
    }
    nodes = [
        conv(),
        node("Clip", ["c", "low", "high"], ["a"]),
        node("Relu", ["a"], ["b"]),
        node("Min", ["b", "top"], ["y"]),
    ]
    (layer,) = same(model_of(nodes, constants)).layers
    assert layer.activation.alpha == 0.0
    assert layer.activation.beta == np.float32(0.4)


def test_a_swish_and_its_gate_are_one_function(same, model_of, values):
    nodes = [
        conv(),
        node("Sigmoid", ["c"], ["g"]),
        node("Mul", ["c", "g"], ["m"]),
        node("Add", ["m", "g"], ["y"]),
    ]
    network = same(model_of(nodes, {"w": values(4, 4, 3, 3)}))
    assert [type(layer) for layer in network.layers] == [Conv]
    assert network.layers[0].activation.kind is ActivationKind.FUNCTION


def test_a_swish_whose_gate_is_an_output_stays_in_parts(same, model_of, values):
    nodes = [conv(), node("Sigmoid", ["c"], ["g"]), node("Mul", ["c", "g"], ["y"])]
    network = same(model_of(nodes, {"w": values(4, 4, 3, 3)}, outputs=("g", "y")))
    assert [type(layer) for layer in network.layers] == [Conv, Activate, Mul]


def test_a_hard_sigmoid_of_another_slope_is_no_hard_swish(same, model_of, values):
    nodes = [conv(), node("HardSigmoid", ["c"], ["g"]), node("Mul", ["c", "g"], ["y"])]
    (layer,) = same(model_of(nodes, {"w": values(4, 4, 3, 3)})).layers
    assert layer.activation.kind is ActivationKind.FUNCTION
