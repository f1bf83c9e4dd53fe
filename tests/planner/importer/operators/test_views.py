"""Operators that only change the shape, or nothing, each against onnxruntime on original and folded model."""

from __future__ import annotations

import numpy as np
import pytest

from dynamap.cost.errors import InputError
from dynamap.planner.importer import import_model
from dynamap.planner.network.network import Conv, HostLayer, Mul, Pool
from support.operator_nodes import conv, ints, node


def test_removed_operators(same, model_of, values):
    nodes = [
        node("Identity", ["x"], ["i"]),
        conv("i", "c"),
        node("Dropout", ["c"], ["d", "mask"]),
        node("Cast", ["d"], ["h"], to=11),
        node("Cast", ["h"], ["f"], to=1),
        node("Relu", ["f"], ["y"]),
    ]
    (layer,) = same(model_of(nodes, {"w": values(4, 4, 3, 3)}, opset=11)).layers
    assert layer.inputs == ("x",) and layer.output == "y"


@pytest.mark.parametrize("opset", [9, 13])
def test_squeeze_of_a_pooled_tensor(opset, same, model_of, values):
    constants = {"w": values(4, 3)}
    if opset < 13:
        squeeze = node("Squeeze", ["g"], ["s"], axes=[2, 3])
    else:
        squeeze = node("Squeeze", ["g", "axes"], ["s"])
        constants["axes"] = ints(2, 3)
    nodes = [node("GlobalAveragePool", ["x"], ["g"]), squeeze, node("MatMul", ["s", "w"], ["y"])]
    network = same(model_of(nodes, constants, opset=opset))
    assert [type(layer) for layer in network.layers] == [Pool, Conv]


def test_a_vector_is_seen_as_a_map_again(same, model_of, values):
    """Squeeze-and-excite written with linear layers: N x C back to N x C x 1 x 1."""
    nodes = [
        node("GlobalAveragePool", ["x"], ["g"]),
        node("Flatten", ["g"], ["f"]),
        node("Gemm", ["f", "w"], ["h"]),
        node("Sigmoid", ["h"], ["s"]),
        node("Reshape", ["s", "shape"], ["e"]),
        node("Mul", ["x", "e"], ["y"]),
    ]
    network = same(model_of(nodes, {"w": values(4, 4), "shape": ints(-1, 4, 1, 1)}))
    assert [type(layer) for layer in network.layers] == [Pool, Conv, Mul]


def test_activation_of_a_flattened_map(same, model_of, values):
    nodes = [
        conv(),
        node("Flatten", ["c"], ["f"]),
        node("Relu", ["f"], ["r"]),
        node("Mul", ["r", "k"], ["m"]),
        node("Gemm", ["m", "u"], ["y"]),
    ]
    constants = {"w": values(4, 4, 3, 3), "u": values(80, 3), "k": np.float32(0.5)}
    network = same(model_of(nodes, constants))
    assert [type(layer) for layer in network.layers] == [Conv, Conv]  # half of a ReLU is a table


def test_a_flattened_output_is_flattened_on_the_host(same, model_of, values):
    nodes = [conv(), node("Flatten", ["c"], ["y"])]
    network = same(model_of(nodes, {"w": values(4, 4, 3, 3)}))
    assert isinstance(network.layers[1], HostLayer) and network.layers[1].op == "flatten"
    assert network.tensors["y"].as_list() == [80, 1, 1]


def test_an_output_that_is_another_name_of_a_tensor(same, model_of, values):
    nodes = [conv(), node("Relu", ["c"], ["r"]), node("Identity", ["r"], ["y"])]
    network = same(model_of(nodes, {"w": values(4, 4, 3, 3)}))
    assert [layer.output for layer in network.layers] == ["y"]
    both = same(model_of(nodes, {"w": values(4, 4, 3, 3)}, outputs=("r", "y")))
    assert [type(layer) for layer in both.layers] == [Conv, HostLayer]


def test_a_squeeze_of_an_empty_list_of_axes_is_refused(model_of):
    """ONNX's own shape inference removes no axis then, onnxruntime every one of length 1."""
    model = model_of([node("Squeeze", ["x", "none"], ["y"])], {"none": np.zeros(0, np.int64)}, (1, 4, 1, 6))
    with pytest.raises(InputError, match=r"its list of axes is empty.*list its axes"):
        import_model(model, "case", "")
