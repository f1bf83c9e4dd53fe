"""Inception-v4 as built here against the figures of its paper and of public implementations."""

from __future__ import annotations

import math

import onnx
import pytest

from dynamap.planner.models.inception_v4 import build


@pytest.fixture(scope="module")
def model() -> onnx.ModelProto:
    return build()


@pytest.fixture(scope="module")
def shapes(model: onnx.ModelProto) -> dict[str, list[int]]:
    """Every tensor's shape, by ONNX's own shape inference."""
    graph = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True).graph
    return {
        value.name: [dim.dim_value for dim in value.type.tensor_type.shape.dim]
        for value in [*graph.value_info, *graph.input, *graph.output]
    }


def _weights(model: onnx.ModelProto) -> dict[str, list[int]]:
    """The shape of every weight: the initializers that ConstantOfShape nodes expand."""
    initial = {i.name: onnx.numpy_helper.to_array(i).tolist() for i in model.graph.initializer}
    return {n.output[0]: initial[n.input[0]] for n in model.graph.node if n.op_type == "ConstantOfShape"}


def test_is_a_valid_model_that_onnxruntime_can_read(model: onnx.ModelProto) -> None:
    onnx.checker.check_model(model, full_check=True)
    assert model.ir_version <= 13
    assert len({node.name for node in model.graph.node}) == len(model.graph.node)


def test_building_twice_gives_the_same_bytes(model: onnx.ModelProto) -> None:
    assert build().SerializeToString(deterministic=True) == model.SerializeToString(deterministic=True)


def test_149_convolutions(model: onnx.ModelProto) -> None:
    """Stem 11, 4 x A 7, reduction-A 4, 7 x B 10, reduction-B 6, 3 x C 10."""
    convolutions = [n.name for n in model.graph.node if n.op_type == "Conv"]
    assert len(convolutions) == 11 + 4 * 7 + 4 + 7 * 10 + 6 + 3 * 10 == 149
    normalisations = [n for n in model.graph.node if n.op_type == "BatchNormalization"]
    assert len(normalisations) == 149
    assert "inception_a1/branch3x3" in convolutions


def test_parameters(model: onnx.ModelProto) -> None:
    """42,679,816: what public implementations with 1,000 classes report (timm's inception_v4: 42.68 M).

    Weights, scale and bias of each normalisation, and the classifier; not the running mean and variance.
    """
    learned = {name: shape for name, shape in _weights(model).items() if not name.endswith(("/bn_mean", "/bn_var"))}
    assert sum(math.prod(shape) for shape in learned.values()) == 42_679_816


def test_multiply_accumulates(model: onnx.ModelProto, shapes: dict[str, list[int]]) -> None:
    """Public benchmark tables give 12.3 GMAC, rounded; pools and normalisations are not counted here."""
    weights = _weights(model)
    macs = 0
    for node in model.graph.node:
        if node.op_type == "Conv":
            _, _, rows, columns = shapes[node.output[0]]
            macs += math.prod(weights[node.input[1]]) * rows * columns
        elif node.op_type == "Gemm":
            macs += math.prod(weights[node.input[1]])
    assert macs == pytest.approx(12.3e9, rel=0.005)


def test_shapes_of_the_figures(shapes: dict[str, list[int]]) -> None:
    """Figure 3 gives the stem's grids; figures 4 to 9 the blocks'."""
    expected = {
        "conv1_3x3_s2": (32, 149),
        "conv2_3x3": (32, 147),
        "conv3_3x3": (64, 147),
        "stem1/concat": (160, 73),
        "stem2/concat": (192, 71),
        "stem3/concat": (384, 35),
        "inception_a4/concat": (384, 35),
        "reduction_a/concat": (1024, 17),
        "inception_b7/concat": (1024, 17),
        "reduction_b/concat": (1536, 8),
        "inception_c3/concat": (1536, 8),
        "pool_8x8": (1536, 1),
    }
    for name, (channels, size) in expected.items():
        assert shapes[name] == [1, channels, size, size], name
    assert shapes["prob"] == [1, 1000]


def test_asymmetric_kernels(model: onnx.ModelProto) -> None:
    """1 x 7 and 7 x 1: one pair in the stem, three pairs in each B, one in reduction-B."""
    kernels = [
        tuple(attribute.ints)
        for node in model.graph.node
        if node.op_type == "Conv"
        for attribute in node.attribute
        if attribute.name == "kernel_shape"
    ]
    assert kernels.count((1, 7)) == kernels.count((7, 1)) == 1 + 7 * 3 + 1
    assert kernels.count((1, 3)) == kernels.count((3, 1)) == 3 * 3
