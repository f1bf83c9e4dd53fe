"""Pad, each against onnxruntime on original and folded model."""

from __future__ import annotations

import numpy as np
import pytest

from dynamap.planner.network.network import Activate, Concat, Conv, Pool
from support.operator_nodes import conv, ints, node


@pytest.mark.parametrize("opset", [7, 11, 13, 18])
def test_pad_folds_into_a_convolution(opset, same, model_of, values):
    pads = [0, 0, 1, 2, 0, 0, 3, 0]
    constants = {"w": values(4, 4, 3, 3)}
    if opset < 11:
        pad = node("Pad", ["x"], ["p"], pads=pads)
    else:
        pad = node("Pad", ["x", "pads"], ["p"])
        constants["pads"] = ints(*pads)
    (layer,) = same(model_of([pad, conv("p", "y", pads=[1, 1, 1, 1], strides=[2, 2])], constants, opset=opset)).layers
    assert layer.window.pads == (2, 3, 4, 1)


def test_pad_and_automatic_padding_add_up(same, model_of, values):
    nodes = [node("Pad", ["x", "pads"], ["p"]), conv("p", "y", auto_pad="SAME_UPPER", strides=[2, 2])]
    constants = {"pads": ints(0, 0, 0, 1, 0, 0, 1, 1), "w": values(4, 4, 3, 3)}
    assert len(same(model_of(nodes, constants)).layers) == 1


def test_pad_by_named_axes(same, model_of, values):
    nodes = [node("Pad", ["x", "pads", "", "axes"], ["p"]), conv("p", "y")]
    constants = {"pads": ints(1, 2, 3, 0), "axes": ints(-1, 2), "w": values(4, 4, 3, 3)}
    (layer,) = same(model_of(nodes, constants, opset=18)).layers
    assert layer.window.pads == (2, 1, 0, 3)


def test_pad_before_pools(same, model_of):
    """Zeros count in an average; in a maximum they are harmless only where nothing is negative."""
    constants = {"pads": ints(0, 0, 1, 1, 0, 0, 1, 1), "low": np.float32(-np.inf)}
    pool = {"kernel_shape": [3, 3], "strides": [2, 2]}
    average = [node("Pad", ["x", "pads"], ["p"]), node("AveragePool", ["p"], ["y"], **pool)]
    (layer,) = same(model_of(average, constants)).layers
    assert layer.count_include_pad
    positive = [
        node("Relu", ["x"], ["r"]),
        node("Pad", ["r", "pads"], ["p"]),
        node("MaxPool", ["p"], ["y"], **pool),
    ]
    assert [type(layer) for layer in same(model_of(positive, constants)).layers] == [Activate, Pool]
    lowest = [node("Pad", ["x", "pads", "low"], ["p"]), node("MaxPool", ["p"], ["y"], **pool)]
    assert len(same(model_of(lowest, constants)).layers) == 1
    signed = [node("Pad", ["x", "pads"], ["p"]), node("MaxPool", ["p"], ["y"], **pool)]
    assert [type(layer) for layer in same(model_of(signed, constants)).layers] == [Conv, Pool]
    own = [node("Pad", ["x", "pads"], ["p"]), node("AveragePool", ["p"], ["y"], pads=[1, 1, 1, 1], **pool)]
    assert [type(layer) for layer in same(model_of(own, constants)).layers] == [Conv, Pool]
    both = [
        node("Pad", ["x", "pads"], ["p"]),
        node("AveragePool", ["p"], ["y"], pads=[1, 1, 1, 1], count_include_pad=1, **pool),
    ]
    assert [type(layer) for layer in same(model_of(both, constants)).layers] == [Pool]


def test_pad_with_two_readers_folds_into_both(same, model_of, values):
    nodes = [
        node("Pad", ["x", "pads"], ["p"]),
        conv("p", "a"),
        conv("p", "b", "u"),
        node("Concat", ["a", "b"], ["y"], axis=1),
    ]
    constants = {
        "pads": ints(0, 0, 1, 1, 0, 0, 1, 1),
        "w": values(4, 4, 3, 3),
        "u": values(4, 4, 3, 3, seed=2),
    }
    assert [type(layer) for layer in same(model_of(nodes, constants)).layers] == [Conv, Conv, Concat]


def test_pad_that_nothing_absorbs_is_a_layer(same, model_of, values):
    nodes = [conv(), node("Pad", ["c", "pads"], ["p"]), node("Sigmoid", ["p"], ["y"])]
    constants = {"pads": ints(0, 0, 1, 0, 0, 0, 0, 2), "w": values(4, 4, 3, 3)}
    layers = same(model_of(nodes, constants)).layers
    assert [layer.groups for layer in layers] == [1, 4]
    assert layers[1].window.pads == (1, 0, 0, 2)


@pytest.mark.parametrize("automatic", ["SAME_UPPER", "SAME_LOWER"])
@pytest.mark.parametrize(("kernel", "layers"), [([4, 3], [Activate, Conv, Pool]), ([7, 7], [Activate, Pool])])
def test_pad_before_a_pool_with_automatic_padding(automatic, kernel, layers, same, model_of):
    """Its own pads count too: 2 + 1 rows are no pads for a kernel of 3, they get a layer of their own."""
    nodes = [
        node("Relu", ["x"], ["r"]),
        node("Pad", ["r", "pads"], ["p"]),
        node("MaxPool", ["p"], ["y"], kernel_shape=kernel, auto_pad=automatic, strides=[2, 2]),
    ]
    constants = {"pads": ints(0, 0, 2, 2, 0, 0, 2, 2)}
    assert [type(layer) for layer in same(model_of(nodes, constants)).layers] == layers


@pytest.mark.parametrize("reader", ["c", "y"])
@pytest.mark.parametrize(
    "amounts", [(0, 0, -1, 2, 0, 0, -2, 1), (0, 0, 0, -3, 0, 0, -1, 0), (0, 0, -2, -1, 0, 0, 3, 3)]
)
def test_negative_pads_crop(amounts, reader, same, model_of, values):
    """Before another convolution (pads and crop join) and as the output."""
    nodes = [conv("x", "a", pads=[1, 1, 1, 1]), node("Pad", ["a", "pads"], ["c" if reader == "c" else "y"])]
    if reader == "c":
        nodes.append(conv("c", "y"))
    same(model_of(nodes, {"w": values(4, 4, 3, 3), "pads": ints(*amounts)}))


@pytest.mark.parametrize("fill", [0.5, -2.0])
def test_another_constant_than_zero(fill, same, model_of, values):
    nodes = [
        conv("x", "a", pads=[1, 1, 1, 1]),
        node("Relu", ["a"], ["r"]),
        node("Pad", ["r", "pads", "fill"], ["p"]),
        conv("p", "y"),
    ]
    constants = {"w": values(4, 4, 3, 3), "pads": ints(0, 0, 1, 0, 0, 0, 2, 1), "fill": np.float32(fill)}
    assert len(same(model_of(nodes, constants)).layers) == 4


@pytest.mark.parametrize("amounts", [(2, 3), (0, 12), (-1, 2), (1, -2)])
@pytest.mark.parametrize("relu", [True, False])
def test_channels_of_zeros(amounts, relu, same, model_of, values):
    """The convolution before writes them."""
    before, after = amounts
    nodes = [
        conv("x", "a"),
        *([node("Relu", ["a"], ["r"])] if relu else []),
        node("Pad", ["r" if relu else "a", "pads"], ["y"]),
    ]
    constants = {"w": values(4, 4, 3, 3), "pads": ints(0, before, 0, 0, 0, after, 0, 0)}
    network = same(model_of(nodes, constants))
    assert len(network.layers) == 1
    assert network.tensors["y"].channels == 4 + before + after


def test_channels_of_zeros_beside_another_reader(same, model_of, values):
    nodes = [conv("x", "a"), node("Pad", ["a", "pads"], ["y"]), node("Relu", ["a"], ["z"])]
    constants = {"w": values(4, 4, 3, 3), "pads": ints(0, 0, 0, 0, 0, 4, 0, 0)}
    assert len(same(model_of(nodes, constants, outputs=("y", "z"))).layers) == 3
