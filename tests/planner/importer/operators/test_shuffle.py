"""Channel shuffles, each against onnxruntime on original and folded model."""

from __future__ import annotations

from dynamap.planner.network.network import Concat
from support.operator_nodes import conv, ints, node


def shuffle(source, output, groups, channels, rows=6, columns=7):
    forms = {
        f"{output}.split": ints(1, groups, channels // groups, rows, columns),
        f"{output}.join": ints(1, channels, rows, columns),
    }
    nodes = [
        node("Reshape", [source, f"{output}.split"], [f"{output}.5d"]),
        node("Transpose", [f"{output}.5d"], [f"{output}.t"], perm=[0, 2, 1, 3, 4]),
        node("Reshape", [f"{output}.t", f"{output}.join"], [output]),
    ]
    return nodes, forms


def test_channel_shuffle_folds_into_a_convolution(same, model_of, values):
    nodes, forms = shuffle("r", "y", 2, 6)
    head = [conv("x", "c", "w", group=2), node("Relu", ["c"], ["r"])]
    network = same(model_of([*head, *nodes], {"w": values(6, 2, 1, 1), **forms}))
    (layer,) = network.layers
    assert layer.output_order == (0, 3, 1, 4, 2, 5)  # channel 2 i + g is channel 3 g + i


def test_what_follows_a_shuffle_still_folds(same, model_of, values):
    """Scale, shift and slopes are given per shuffled channel and must reach the right channel."""
    nodes, forms = shuffle("c", "s", 2, 6)
    tail = [node("Mul", ["s", "k"], ["m"]), node("Add", ["m", "l"], ["a"]), node("PRelu", ["a", "p"], ["y"])]
    constants = {
        "w": values(6, 2, 1, 1),
        "k": values(6, 1, 1),
        "l": values(6, 1, 1, seed=3),
        "p": values(6, 1, 1, seed=4),
        **forms,
    }
    network = same(model_of([conv("x", "c", "w", group=2), *nodes, *tail], constants))
    assert len(network.layers) == 1


def test_two_shuffles_in_sequence(same, model_of, values):
    first, forms = shuffle("c", "s", 2, 6)
    second, more = shuffle("s", "y", 3, 6)
    constants = {"w": values(6, 2, 1, 1), **forms, **more}
    (layer,) = same(model_of([conv("x", "c", "w", group=2), *first, *second], constants)).layers
    assert sorted(layer.output_order) == list(range(6))


def test_a_shuffle_behind_a_concat_is_a_convolution_of_its_own(same, model_of, values):
    nodes, forms = shuffle("j", "y", 2, 8)
    network = same(model_of([node("Concat", ["x", "x"], ["j"], axis=1), *nodes], forms))
    join, layer = network.layers
    assert isinstance(join, Concat) and layer.groups == 8
    assert layer.output_order == (0, 4, 1, 5, 2, 6, 3, 7)


def test_a_shuffle_with_rows_and_columns_merged(same, model_of, values):
    nodes = [
        conv("x", "c", "w"),
        node("Reshape", ["c", "split"], ["a"]),
        node("Transpose", ["a"], ["b"], perm=[0, 2, 1, 3]),
        node("Reshape", ["b", "join"], ["y"]),
    ]
    constants = {"w": values(6, 4, 1, 1), "split": ints(1, 3, 2, 42), "join": ints(0, 6, 6, 7)}
    constants["join"] = ints(1, 6, 6, 7)
    (layer,) = same(model_of(nodes, constants)).layers
    assert layer.output_order == (0, 2, 4, 1, 3, 5)
