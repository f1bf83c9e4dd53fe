"""Gemm and MatMul, each against onnxruntime on original and folded model."""

from __future__ import annotations

import pytest

from dynamap.planner.network.network import ActivationKind
from support.operator_nodes import OPSETS, batch_norm, ints, node, statistics


@pytest.mark.parametrize("opset", OPSETS)
@pytest.mark.parametrize("transposed", [0, 1])
def test_gemm_on_a_flattened_tensor(opset, transposed, same, model_of, values):
    constants = {"w": values(5, 168) if transposed else values(168, 5), "b": values(5)}
    attributes = {"transB": 1, "alpha": 0.5, "beta": 2.0} if transposed else {}
    nodes = [node("Flatten", ["x"], ["f"]), node("Gemm", ["f", "w", "b"], ["y"], **attributes)]
    (layer,) = same(model_of(nodes, constants, opset=opset)).layers
    assert layer.fully_connected and layer.weights.shape == (5, 4, 6, 7)
    assert layer.window.kernel == (6, 7)


@pytest.mark.parametrize("form", [(5,), (1, 5), (1,), ()])
def test_the_bias_of_a_gemm_broadcasts(form, same, model_of, values):
    nodes = [node("Flatten", ["x"], ["f"]), node("Gemm", ["f", "w", "b"], ["y"])]
    same(model_of(nodes, {"w": values(168, 5), "b": values(*form)}))


def test_gemm_without_bias_and_matmul_with_add(same, model_of, values):
    nodes = [
        node("Reshape", ["x", "shape"], ["f"]),
        node("MatMul", ["f", "w"], ["p"]),
        node("Add", ["p", "b"], ["a"]),
        node("Relu", ["a"], ["r"]),
        node("Gemm", ["r", "u"], ["y"]),
    ]
    constants = {"shape": ints(0, -1), "w": values(168, 8), "b": values(8), "u": values(8, 3)}
    first, second = same(model_of(nodes, constants)).layers
    assert first.activation.kind is ActivationKind.RELU and second.weights.shape == (3, 8, 1, 1)


def test_multilayer_perceptron_on_a_vector_input(same, model_of, values):
    nodes = [
        node("Gemm", ["x", "w"], ["h"], transB=1),
        batch_norm("h", "n"),
        node("LeakyRelu", ["n"], ["r"]),
        node("Gemm", ["r", "u"], ["y"]),
    ]
    constants = {"w": values(4, 10), "u": values(4, 3), **statistics(values)}
    network = same(model_of(nodes, constants, shape=(1, 10)))
    assert len(network.layers) == 2
    assert network.tensors["x"].as_list() == [10, 1, 1]
