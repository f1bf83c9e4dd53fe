"""Reductions over rows, over columns, over both and over axes of length 1, against onnxruntime on the original."""

from __future__ import annotations

import numpy as np
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from dynamap.cost.errors import InputError
from dynamap.planner.importer import import_model
from support.operator_nodes import conv, node


@pytest.mark.parametrize("keep", [0, 1])
@pytest.mark.parametrize("op", ["ReduceMean", "ReduceMax"])
@pytest.mark.parametrize(
    ("shape", "axes", "kernel"),
    [
        ((1, 4, 1, 9), [3], (1, 9)),
        ((1, 4, 9, 1), [2], (9, 1)),
        ((1, 4, 6, 7), [2], (6, 1)),
        ((1, 4, 6, 7), [-1], (1, 7)),
        ((1, 4, 9), [2], (1, 9)),
    ],
)
def test_reductions_over_one_axis(shape, axes, kernel, op, keep, same, model_of):
    network = same(model_of([node(op, ["x"], ["y"], axes=axes, keepdims=keep)], shape=shape))
    assert network.layers[0].window.kernel == kernel


@pytest.mark.parametrize("keep", [0, 1])
def test_a_reduction_of_axes_of_length_1_is_a_view(keep, same, model_of, values):
    nodes = [conv(pads=[0, 1, 0, 1]), node("ReduceMean", ["c"], ["y"], axes=[2], keepdims=keep)]
    network = same(model_of(nodes, {"w": values(4, 4, 1, 3)}, (1, 4, 1, 9)))
    assert len([layer for layer in network.layers if type(layer).__name__ != "HostLayer"]) == 1


def test_one_axis_after_the_other(same, model_of, values):
    nodes = [
        conv(),
        node("ReduceMean", ["c"], ["rows"], axes=[2], keepdims=0),
        node("ReduceMean", ["rows"], ["both"], axes=[2], keepdims=0),
        node("Gemm", ["both", "g"], ["y"], transB=1),
    ]
    same(model_of(nodes, {"w": values(4, 4, 3, 3), "g": values(3, 4)}))


def test_what_is_left_of_rows_is_convolved(same, model_of, values):
    nodes = [node("ReduceMax", ["x"], ["r"], axes=[2], keepdims=0), conv("r", "y", pads=[1, 1])]
    same(model_of(nodes, {"w": values(5, 4, 3)}))


@pytest.mark.parametrize(
    ("operator", "axes"), [("ReduceMean", [0]), ("ReduceMean", [0, 2, 3]), ("ReduceMax", [1]), ("ReduceMax", [1, 2])]
)
def test_reductions_over_batches_and_maxima_over_channels_are_refused(operator, axes, model_of):
    with pytest.raises(InputError, match="only reductions over rows, columns or both"):
        import_model(model_of([node(operator, ["x"], ["y"], axes=axes)]), "case", "")


@pytest.mark.parametrize("keepdims", [0, 1])
@pytest.mark.parametrize("axes", [[1], [1, 2], [1, 3], [1, 2, 3], [-3]])
def test_means_over_channels(axes, keepdims, same, model_of, values):
    nodes = [conv(), node("ReduceMean", ["c"], ["y"], axes=axes, keepdims=keepdims)]
    same(model_of(nodes, {"w": values(5, 4, 3, 3)}))


def test_means_over_channels_gate_positions(same, model_of, values):
    """As in spatial attention: the mean of each position, a convolution, and a product with every channel."""
    nodes = [
        conv("x", "c", pads=[1, 1, 1, 1]),
        node("ReduceMean", ["c"], ["m"], axes=[1]),
        conv("m", "s", "u", pads=[1, 1, 1, 1]),
        node("Sigmoid", ["s"], ["g"]),
        node("Mul", ["g", "c"], ["y"]),
    ]
    same(model_of(nodes, {"w": values(5, 4, 3, 3), "u": values(1, 1, 3, 3)}))


@pytest.mark.parametrize("operator", ["ReduceMean", "ReduceMax"])
@pytest.mark.parametrize("noop", [0, 1])
def test_an_empty_list_of_axes_is_none(operator: str, noop: int) -> None:
    """ONNX 18: without axes, an empty list too, all are reduced, unless noop_with_empty_axes says that none is."""
    value = helper.make_tensor_value_info
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"], "conv"),
        helper.make_node(operator, ["a", "none"], ["y"], "mean", noop_with_empty_axes=noop, keepdims=1),
    ]
    constants = [
        numpy_helper.from_array(np.ones((4, 3, 1, 1), np.float32), "w"),
        numpy_helper.from_array(np.zeros(0, np.int64), "none"),
    ]
    shapes = ([1, 3, 5, 6], [1, 4, 5, 6] if noop else [1, 1, 1, 1])
    ends = [[value(name, TensorProto.FLOAT, shape)] for name, shape in zip("xy", shapes, strict=True)]
    model = helper.make_model(
        helper.make_graph(nodes, "g", *ends, constants), opset_imports=[helper.make_opsetid("", 18)], ir_version=10
    )
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    assert list(session.run(None, {"x": np.ones(shapes[0], np.float32)})[0].shape) == shapes[1]
    if noop:
        assert [layer.name for layer in import_model(model, "case", "").layers] == ["conv"]
    else:
        with pytest.raises(InputError, match=r"'mean'.*it reduces the axes \[0, 1, 2, 3\]"):
            import_model(model, "case", "")
