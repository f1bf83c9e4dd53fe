"""Bilinear Resize, and nearest neighbours that leave elements out, against onnxruntime on the original file."""

from __future__ import annotations

import numpy as np
import onnx
import pytest

from dynamap.planner.importer import check_model
from dynamap.planner.network.network import Conv, Pool, Resize
from support.end_to_end import model_of as file_of
from support.end_to_end import run_file
from support.end_to_end import values as weights_of
from support.operator_nodes import conv, ints, node


def resized(scales=None, sizes=None, **attributes):
    constants = {"r": np.asarray(scales, np.float32)} if sizes is None else {"r": ints(*sizes)}
    inputs = ["x", "", "r"] if sizes is None else ["x", "", "", "r"]
    return [node("Resize", inputs, ["y"], **attributes)], constants


@pytest.mark.parametrize("mode", ["half_pixel", "pytorch_half_pixel", "asymmetric"])
@pytest.mark.parametrize("rows", [1, 2, 3, 4])
@pytest.mark.parametrize("columns", [1, 2, 5, 8])
def test_enlargement_by_whole_factors(mode, rows, columns, same, model_of):
    nodes, constants = resized([1, 1, rows, columns], mode="linear", coordinate_transformation_mode=mode)
    network = same(model_of([*nodes, node("Relu", ["y"], ["z"])], constants, outputs=("z",)))
    assert all(isinstance(layer, Resize | Pool) or rows == columns == 1 for layer in network.layers)


@pytest.mark.parametrize("opset", [9, 10, 11, 13, 19])
def test_bilinear_in_every_opset(opset, same, model_of):
    scales = np.asarray([1, 1, 2, 2], np.float32)
    if opset < 11:
        nodes = [node("Upsample" if opset == 9 else "Resize", ["x", "s"], ["y"], mode="linear")]
    else:
        nodes = [node("Resize", ["x", "roi", "s"], ["y"], mode="linear")]
    same(model_of(nodes, {"s": scales, "roi": np.zeros(0, np.float32)}, opset=opset))


@pytest.mark.parametrize("mode", ["half_pixel", "align_corners", "asymmetric", "pytorch_half_pixel"])
def test_one_pixel_becomes_a_map(mode, same, model_of, values):
    """As in the image pooling of DeepLab."""
    nodes, constants = resized(sizes=[1, 5, 6, 7], mode="linear", coordinate_transformation_mode=mode)
    nodes = [node("GlobalAveragePool", ["a"], ["p"]), conv("p", "x1", "w"), *nodes]
    nodes[2].input[0] = "x1"
    nodes[0].input[0] = "x"
    (_, _, resize) = same(model_of(nodes, {"w": values(5, 4, 1, 1), **constants})).layers
    assert isinstance(resize, Resize)


@pytest.mark.parametrize("mode", ["half_pixel", "pytorch_half_pixel", "asymmetric"])
@pytest.mark.parametrize("sizes", [(4, 4), (2, 3), (8, 4), (1, 12), (8, 12)])
@pytest.mark.parametrize("method", ["linear", "nearest"])
def test_shrinking_by_whole_factors(mode, sizes, method, same, model_of):
    attributes = {"nearest_mode": "floor"} if method == "nearest" else {}
    nodes, constants = resized(sizes=[1, 4, *sizes], mode=method, coordinate_transformation_mode=mode, **attributes)
    network = same(model_of([*nodes, node("Neg", ["y"], ["z"])], constants, shape=(1, 4, 8, 12), outputs=("z",)))
    assert all(isinstance(layer, Conv) for layer in network.layers)


@pytest.mark.parametrize("mode", ["half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "asymmetric"])
@pytest.mark.parametrize("sizes", [(9, 7), (8, 7), (4, 14), (10, 21), (15, 49), (3, 14), (8, 5), (6, 4)])
def test_factors_of_two_whole_numbers(mode, sizes, same, model_of):
    """6 x 7 elements by 3/2, 4/3, 2/3, 5/3, 5/2, 1/2, 5/7, 4/7, and whole factors beside them."""
    nodes, constants = resized(sizes=[1, 4, *sizes], mode="linear", coordinate_transformation_mode=mode)
    same(model_of([*nodes, node("Neg", ["y"], ["z"])], constants, opset=19, outputs=("z",)))


@pytest.mark.parametrize("sizes", [(11, 13), (6, 13), (16, 19), (11, 3), (2, 4), (8, 9), (56, 61)])
def test_corners_that_are_elements(sizes, same, model_of):
    """5 and 6 steps between 6 x 7 elements, as 10, 15, 1, 7, 55 and 12, 18, 2, 3, 8, 60 others."""
    nodes, constants = resized(sizes=[1, 4, *sizes], mode="linear", coordinate_transformation_mode="align_corners")
    same(model_of([*nodes, node("Neg", ["y"], ["z"])], constants, outputs=("z",)))


@pytest.mark.parametrize(
    ("sizes", "attributes"),
    [
        ((12, 14), {"coordinate_transformation_mode": "align_corners"}),
        ((1, 14), {"coordinate_transformation_mode": "align_corners"}),
        ((67, 7), {}),
        ((3, 7), {"antialias": 1}),
        ((12, 14), {"mode": "cubic"}),
    ],
)
def test_what_is_refused(sizes, attributes, model_of):
    nodes, constants = resized(sizes=[1, 4, *sizes], **{"mode": "linear", **attributes})
    (refused,) = check_model(model_of(nodes, constants, opset=18)).unsupported
    assert refused.reason and refused.remedy


@pytest.mark.parametrize("factor", [2, 3, 1.5])
def test_bilinear_end_to_end(factor, tmp_path):
    nodes, constants = resized([1, 1, factor, factor], mode="linear")
    nodes[0].input[0] = "c"
    path = tmp_path / "resize.onnx"
    onnx.save(file_of([conv("x", "c"), *nodes], {"w": weights_of(5, 4, 3, 3), **constants}), path)
    run = run_file(path, compare="numpy")
    assert run.status == 0 and run.final["y"]["cosine"] > 0.999
