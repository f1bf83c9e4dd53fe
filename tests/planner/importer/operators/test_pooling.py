"""Pools and reductions, each against onnxruntime on original and folded model."""

from __future__ import annotations

import pytest

from dynamap.planner.network.network import Pool, PoolKind
from support.operator_nodes import OPSETS, ints, node


@pytest.mark.parametrize("opset", OPSETS)
@pytest.mark.parametrize("op", ["MaxPool", "AveragePool"])
def test_pool_defaults_and_automatic_padding(opset, op, same, model_of):
    for attributes in (
        {},
        {"strides": [2, 2], "pads": [1, 0, 1, 2]},
        {"auto_pad": "SAME_UPPER", "strides": [2, 2]},
        {"auto_pad": "SAME_LOWER", "strides": [2, 3]},
        {"auto_pad": "VALID", "strides": [2, 2]},
    ):
        same(model_of([node(op, ["x"], ["y"], kernel_shape=[2, 3], **attributes)], opset=opset))


def test_average_with_and_without_pads(same, model_of):
    for include in (0, 1):
        nodes = [
            node(
                "AveragePool",
                ["x"],
                ["y"],
                kernel_shape=[3, 3],
                pads=[1, 1, 1, 1],
                count_include_pad=include,
            )
        ]
        (layer,) = same(model_of(nodes)).layers
        assert layer.count_include_pad is bool(include)


@pytest.mark.parametrize("op", ["GlobalAveragePool", "GlobalMaxPool"])
def test_global_pools(op, same, model_of):
    (layer,) = same(model_of([node(op, ["x"], ["y"])])).layers
    assert isinstance(layer, Pool) and layer.window.kernel == (6, 7)


@pytest.mark.parametrize("opset", [7, 11, 13, 18, 22])
@pytest.mark.parametrize("keep", [0, 1])
@pytest.mark.parametrize("axes", [(2, 3), (-1, -2)])
def test_reduce_mean_over_rows_and_columns(opset, keep, axes, same, model_of):
    if min(axes) < 0 and opset < 11:
        axes = (3, 2)  # negative axes came with opset 11
    if opset < 18:
        nodes = [node("ReduceMean", ["x"], ["y"], axes=axes, keepdims=keep)]
        model = model_of(nodes, opset=opset)
    else:
        model = model_of([node("ReduceMean", ["x", "a"], ["y"], keepdims=keep)], {"a": ints(*axes)}, opset=opset)
    (layer,) = same(model).layers
    assert layer.kind is PoolKind.AVERAGE and layer.window.kernel == (6, 7)


def test_reduce_max_of_flattened_rows(same, model_of):
    nodes = [
        node("Reshape", ["x", "shape"], ["f"]),
        node("ReduceMax", ["f"], ["y"], axes=[2], keepdims=0),
    ]
    (layer,) = same(model_of(nodes, {"shape": ints(0, 0, -1)}, opset=13)).layers
    assert layer.kind is PoolKind.MAX
