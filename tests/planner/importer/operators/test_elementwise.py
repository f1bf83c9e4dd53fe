"""Sums, products, concatenations, each against onnxruntime on original and folded model."""

from __future__ import annotations

import pytest

from dynamap.planner.importer import check_model
from dynamap.planner.network.network import ActivationKind, Mul
from support.operator_nodes import conv, ints, node


def test_residual_sums(same, model_of, values):
    nodes = [
        conv("x", "a", pads=[1, 1, 1, 1]),
        conv("x", "b", "u", pads=[1, 1, 1, 1]),
        node("Sum", ["a", "b", "x"], ["s"]),
        node("Relu", ["s"], ["r"]),
        node("Add", ["r", "r"], ["y"]),
    ]
    network = same(model_of(nodes, {"w": values(4, 4, 3, 3), "u": values(4, 4, 3, 3, seed=5)}))
    assert [len(layer.inputs) for layer in network.layers] == [1, 1, 3]  # r + r is a function of r
    assert network.layers[2].activation.kind is ActivationKind.FUNCTION


@pytest.mark.parametrize("swapped", [False, True])
def test_squeeze_and_excite(swapped, same, model_of, values):
    nodes = [
        conv("x", "a", pads=[1, 1, 1, 1]),
        node("GlobalAveragePool", ["a"], ["g"]),
        conv("g", "e", "u"),
        node("Sigmoid", ["e"], ["s"]),
        node("Mul", ["s", "a"] if swapped else ["a", "s"], ["y"]),
    ]
    network = same(model_of(nodes, {"w": values(4, 4, 3, 3), "u": values(4, 4, 1, 1)}))
    product = network.layers[-1]
    assert isinstance(product, Mul) and product.inputs == ("a", "s")


def test_sum_of_one_is_nothing(same, model_of, values):
    nodes = [conv(), node("Sum", ["c"], ["s"]), node("Relu", ["s"], ["y"])]
    assert len(same(model_of(nodes, {"w": values(4, 4, 3, 3)})).layers) == 1


@pytest.mark.parametrize("axis", [1, -3])
def test_concat_along_channels(axis, same, model_of, values):
    nodes = [conv("x", "a", "w"), conv("x", "b", "u"), node("Concat", ["a", "b", "a"], ["y"], axis=axis)]
    network = same(model_of(nodes, {"w": values(4, 4, 3, 3), "u": values(3, 4, 3, 3)}))
    assert network.tensors["y"].channels == 11


def test_concat_of_one_is_nothing(same, model_of, values):
    nodes = [conv(), node("Concat", ["c"], ["s"], axis=1), node("Relu", ["s"], ["y"])]
    assert len(same(model_of(nodes, {"w": values(4, 4, 3, 3)})).layers) == 1


@pytest.mark.parametrize("op", ["Sub", "Max", "Min"])
@pytest.mark.parametrize("swapped", [False, True])
def test_differences_and_extremes_of_two_activations(op, swapped, same, model_of, values):
    names = ["b", "a"] if swapped else ["a", "b"]
    nodes = [conv("x", "a", pads=[1, 1, 1, 1]), conv("x", "b", "u", pads=[1, 1, 1, 1]), node(op, names, ["y"])]
    same(model_of(nodes, {"w": values(4, 4, 3, 3), "u": values(4, 4, 3, 3, seed=5)}))


@pytest.mark.parametrize("op", ["Add", "Sub", "Mul", "Max"])
@pytest.mark.parametrize("shape", [(4, 1, 1), (1, 6, 7), (1, 1, 1), (4, 6, 1), (4, 1, 7), (1, 1, 7)])
def test_broadcasts_along_channels_rows_and_columns(op, shape, same, model_of, values):
    """``p`` has the shape: channels summed to one, rows and columns averaged to one."""
    axes = [axis for axis, size in ((2, shape[1]), (3, shape[2])) if size == 1]
    nodes = [conv("x", "c", "u")]
    nodes += [node("ReduceMean", ["c"], ["p"], axes=axes)] if axes else []
    nodes += [node(op, ["x", "p" if axes else "c"], ["y"])]
    same(model_of(nodes, {"u": values(shape[0], 4, 1, 1)}))


@pytest.mark.parametrize("op", ["Expand", "Tile"])
@pytest.mark.parametrize("alone", [False, True])
def test_repeated_activations(op, alone, same, model_of, values):
    """A factor that what reads it repeats by itself is a product; an output, or one channel, has its repetitions."""
    nodes = [
        conv("x", "a", pads=[1, 1, 1, 1]),
        node("GlobalAveragePool", ["a"], ["g"]),
        node(op, ["g", "sizes"], ["e"]),
        node("Mul", ["a", "e"], ["y"]),
    ]
    sizes = ints(1, 4, 6, 7) if op == "Expand" else ints(1, 1, 6, 7)
    model = model_of(nodes, {"w": values(4, 4, 3, 3), "sizes": sizes}, outputs=("y", "e") if alone else ("y",))
    network = same(model)
    assert len(network.layers) == 3 + alone


@pytest.mark.parametrize("sizes", [(4, 1, 1), (1, 1, 7), (6, 7)])
def test_an_expansion_may_name_fewer_axes(sizes, same, model_of, values):
    nodes = [
        conv("x", "a", pads=[1, 1, 1, 1]),
        node("ReduceMean", ["a"], ["m"], axes=[1, 2, 3], keepdims=1),
        node("Expand", ["m", "sizes"], ["y"]),
    ]
    same(model_of(nodes, {"w": values(4, 4, 3, 3), "sizes": ints(*sizes)}))


@pytest.mark.parametrize("op", ["Expand", "Tile"])
def test_what_is_repeated_no_times_is_refused(op, model_of, values):
    nodes = [conv("x", "a"), node("GlobalAveragePool", ["a"], ["g"]), node(op, ["g", "none"], ["y"])]
    model = model_of(nodes, {"w": values(4, 4, 3, 3), "none": ints(1, 1, 0, 7)})
    (refused,) = check_model(model).unsupported
    assert refused.node == "y" and "it gives nothing" in refused.reason


def test_what_is_repeated_several_times_is_refused(model_of, values):
    nodes = [conv("x", "a"), node("Tile", ["a", "times"], ["y"])]
    model = model_of(nodes, {"w": values(4, 4, 3, 3), "times": ints(1, 2, 1, 1)})
    (refused,) = check_model(model).unsupported
    assert refused.node == "y" and "it repeats" in refused.reason
