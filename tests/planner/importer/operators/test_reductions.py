"""Reductions over rows, over columns, over both and over axes of length 1, against onnxruntime on the original."""

from __future__ import annotations

import pytest

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


@pytest.mark.parametrize("axes", [[1], [0], [1, 2], [0, 2, 3], [1, 2, 3]])
def test_reductions_over_channels_and_batches_are_refused(axes, model_of):
    with pytest.raises(InputError, match="only reductions over rows, columns or both"):
        import_model(model_of([node("ReduceMean", ["x"], ["y"], axes=axes)]), "case", "")
