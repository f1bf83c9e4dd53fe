"""Operators over one spatial axis (N x C x L), each against onnxruntime on the original model."""

from __future__ import annotations

import numpy as np
import pytest

from dynamap.cost.errors import InputError
from dynamap.planner.importer import import_model
from dynamap.planner.network.network import Concat, Conv, Mul
from support.end_to_end import run_file
from support.operator_nodes import batch_norm, conv, ints, node, statistics

ROW = (1, 4, 19)


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"pads": [1, 1]},
        {"pads": [2, 0], "strides": [2]},
        {"dilations": [2], "kernel_shape": [3]},
        {"auto_pad": "SAME_UPPER", "strides": [2]},
        {"auto_pad": "SAME_LOWER"},
        {"group": 2, "pads": [1, 2], "strides": [3]},
        {"group": 4, "pads": [1, 1]},
    ],
)
def test_a_convolution_of_a_row_has_height_1(attributes, same, model_of, values):
    nodes = [node("Conv", ["x", "w", "b"], ["y"], **attributes)]
    constants = {"w": values(8, 4 // attributes.get("group", 1), 3), "b": values(8)}
    layer = same(model_of(nodes, constants, ROW)).layers[0]
    assert isinstance(layer, Conv) and layer.window.kernel == (1, 3)


def test_what_stands_behind_a_convolution_of_a_row_folds(same, model_of, values):
    nodes = [conv(pads=[1, 1]), batch_norm("c", "n"), node("PRelu", ["n", "p"], ["y"])]
    constants = {"w": values(4, 4, 3), "p": values(4, 1), **statistics(values)}
    network = same(model_of(nodes, constants, ROW))
    assert [type(layer).__name__ for layer in network.layers] == ["Conv", "HostLayer"]  # which flattens the output


@pytest.mark.parametrize(
    "attributes",
    [
        {"kernel_shape": [3]},
        {"kernel_shape": [3], "strides": [2], "pads": [1, 0]},
        {"kernel_shape": [4], "strides": [4], "ceil_mode": 1},
        {"kernel_shape": [2], "auto_pad": "SAME_UPPER"},
    ],
)
@pytest.mark.parametrize("op", ["MaxPool", "AveragePool"])
def test_pools_of_rows(op, attributes, same, model_of):
    same(model_of([node(op, ["x"], ["y"], **attributes)], shape=ROW))


@pytest.mark.parametrize("op", ["GlobalAveragePool", "GlobalMaxPool"])
def test_global_pools_of_rows_and_a_classifier(op, same, model_of, values):
    nodes = [node(op, ["x"], ["p"]), node("Flatten", ["p"], ["f"]), node("Gemm", ["f", "w"], ["y"], transB=1)]
    same(model_of(nodes, {"w": values(5, 4)}, ROW))


def test_a_row_is_padded_joined_added_and_gated(same, model_of, values):
    nodes = [
        node("Pad", ["x", "p"], ["padded"]),
        conv("padded", "c"),
        node("Add", ["c", "x"], ["a"]),
        node("Concat", ["a", "x"], ["j"], axis=1),
        node("GlobalAveragePool", ["j"], ["g"]),
        node("Sigmoid", ["g"], ["s"]),
        node("Mul", ["j", "s"], ["y"]),
    ]
    network = same(model_of(nodes, {"p": ints(0, 0, 2, 0, 0, 0), "w": values(4, 4, 3)}, ROW))
    assert {Concat, Mul} <= {type(layer) for layer in network.layers}


@pytest.mark.parametrize("axes", [(2,), (3,)])
def test_rows_and_columns_of_images(axes, same, model_of, values):
    """A Squeeze of the axis of length 1 makes a row, whichever it is."""
    shape = (1, 4, 1, 9) if axes == (2,) else (1, 4, 9, 1)
    nodes = [node("Squeeze", ["x", "a"], ["r"]), conv("r", "c", pads=[0, 1], strides=[2])]
    nodes += [node("MaxPool", ["c"], ["m"], kernel_shape=[2]), node("Unsqueeze", ["m", "a"], ["y"])]
    layer = same(model_of(nodes, {"a": ints(*axes), "w": values(4, 4, 3)}, shape)).layers[0]
    assert layer.window.kernel == ((1, 3) if axes == (2,) else (3, 1))


def test_a_row_and_a_column_do_not_join(model_of):
    nodes = [
        node("MaxPool", ["x"], ["one"], kernel_shape=[9, 1]),
        node("MaxPool", ["x"], ["other"], kernel_shape=[1, 9]),
        node("Squeeze", ["one", "two"], ["row"]),
        node("Squeeze", ["other", "three"], ["column"]),
        node("Concat", ["row", "column"], ["y"], axis=1),
    ]
    model = model_of(nodes, {"two": ints(2), "three": ints(3)}, (1, 4, 9, 9))
    with pytest.raises(InputError, match="rows and columns differ"):
        import_model(model, "case", "")


@pytest.mark.parametrize("attributes", [{"pads": [1, 1, 1, 1]}, {"strides": [1, 1]}, {"dilations": [1, 2]}])
def test_attributes_of_another_number_of_axes(attributes, model_of, values):
    model = model_of([conv(output="y", **attributes)], {"w": values(4, 4, 3)}, ROW)
    with pytest.raises(InputError, match="of a window over one axis"):
        import_model(model, "case", "")


def test_a_row_runs_from_end_to_end(tmp_path, model_of, values):
    """The array that is given and the original model both have three dimensions."""
    path = tmp_path / "row.onnx"
    path.write_bytes(model_of([conv(output="y", pads=[1, 1])], {"w": values(8, 4, 3)}, ROW).SerializeToString())
    found = run_file(path, image=values(*ROW), compare="onnxruntime")
    assert found.status == 0 and found.document["max_lsb"] <= 1
    assert found.final["y"]["kept"] and found.final["y"]["cosine"] > 0.99


def test_quantised_rows(original, model_of, values):
    nodes = [
        node("QuantizeLinear", ["x", "sx", "zx"], ["q"]),
        node("QLinearConv", ["q", "sx", "zx", "w", "sw", "zw", "sy", "zx"], ["c"], pads=[1, 1]),
        node("MaxPool", ["c"], ["m"], kernel_shape=[2]),
        node("DequantizeLinear", ["m", "sy", "zx"], ["y"]),
    ]
    weights = np.random.default_rng(0).integers(-127, 128, (4, 4, 3)).astype(np.int8)
    constants = {
        "sx": np.float32(0.02),
        "zx": np.int8(3),
        "w": weights,
        "sw": np.float32(0.01),
        "zw": np.int8(0),
        "sy": np.float32(0.08),
    }
    quantised = original(model_of(nodes, {name: np.asarray(array) for name, array in constants.items()}, ROW), 0.02)
    assert quantised.network.layers[0].weight_quantisation.values_oihw.shape == (4, 4, 1, 3)
