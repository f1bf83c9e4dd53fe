"""QuantizeLinear belongs to its edge: what reads a tensor beside it keeps its values, in every combination.

The oracle is onnxruntime on the original file. What is computed from it, by the reference executor and by the exported
QDQ model, may differ by what 8 bits explain; a tensor that took over the scale of a quantised reader is saturated
and differs by more than half of its range.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from onnx import helper

from dynamap.planner.importer import check_model, import_model

node = helper.make_node
SHAPE = (1, 4, 6, 6)
EXPLAINED = 0.06
"""Of an output's range: a few steps of 1/256 of the range of each tensor on the way to it, none of which is wider."""

SCHEMES = {
    "upper half": (0.006, np.uint8(0)),
    "upper half of int8": (0.008, np.int8(-128)),
    "lower half": (0.006, np.uint8(255)),
    "fine": (0.003, np.int8(5)),
    "coarse": (0.08, np.uint8(100)),
}


def sources():
    """By name, nodes that compute the real tensor 't' from the input, and the channels that it has."""
    return {
        "input": ([], 4),
        "conv": ([node("Conv", ["x", "w"], ["t"], pads=[1] * 4)], 4),
        "conv and relu": ([node("Conv", ["x", "w"], ["c"], pads=[1] * 4), node("Relu", ["c"], ["t"])], 4),
        "sum": ([node("Conv", ["x", "w"], ["c"], pads=[1] * 4), node("Add", ["c", "x"], ["t"])], 4),
        "join": ([node("Conv", ["x", "w"], ["c"], pads=[1] * 4), node("Concat", ["c", "x"], ["t"], axis=1)], 8),
        "maximum": (
            [
                node("Conv", ["x", "w"], ["c"], pads=[1] * 4),
                node("MaxPool", ["c"], ["t"], kernel_shape=[3, 3], pads=[1] * 4),
            ],
            4,
        ),
        "shuffle": (
            [
                node("Conv", ["x", "w"], ["c"], pads=[1] * 4),
                node("Reshape", ["c", "split"], ["c1"]),
                node("Transpose", ["c1"], ["c2"], perm=[0, 2, 1, 3, 4]),
                node("Reshape", ["c2", "whole"], ["t"]),
            ],
            4,
        ),
    }


BESIDE = {
    "conv": [node("Conv", ["t", "v"], ["y"])],
    "relu": [node("Relu", ["t"], ["y"])],
    "leaky": [node("LeakyRelu", ["t"], ["y"], alpha=0.3)],
    "norm": [node("BatchNormalization", ["t", "s", "b", "m", "q"], ["y"])],
    "average": [node("AveragePool", ["t"], ["y"], kernel_shape=[2, 2])],
    "maximum": [node("MaxPool", ["t"], ["y"], kernel_shape=[2, 2])],
    "enlarged": [
        node(
            "Resize",
            ["t", "", "twice"],
            ["y"],
            mode="nearest",
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        )
    ],
    "padded": [node("Pad", ["t", "pads"], ["p"]), node("Conv", ["p", "v"], ["y"])],
    "twice": [node("Add", ["t", "t"], ["y"])],
    "join": [node("Concat", ["t", "d"], ["y"], axis=1)],
    "sum": [node("Add", ["t", "d"], ["y"])],
    "output": [node("Identity", ["t"], ["y"])],
    "flat output": [node("Flatten", ["t"], ["y"])],
    "view": [node("Reshape", ["t", "flat"], ["f"]), node("Identity", ["f"], ["f1"]), node("Gemm", ["f1", "g"], ["y"])],
    "shuffle": [
        node("Reshape", ["t", "split"], ["r1"]),
        node("Transpose", ["r1"], ["r2"], perm=[0, 2, 1, 3, 4]),
        node("Reshape", ["r2", "whole"], ["y"]),
    ],
    "other scale": [
        node("QuantizeLinear", ["t", "other s", "other z"], ["o1"]),
        node("DequantizeLinear", ["o1", "other s", "other z"], ["o2"]),
        node("Conv", ["o2", "v"], ["y"]),
    ],
}

BRANCHES = {
    "conv": [node("DequantizeLinear", ["i", "qs", "qz"], ["d"]), node("Conv", ["d", "v"], ["z"])],
    "output": [node("DequantizeLinear", ["i", "qs", "qz"], ["d"]), node("Identity", ["d"], ["z"])],
    "integer maximum": [
        node("MaxPool", ["i"], ["i2"], kernel_shape=[2, 2]),
        node("DequantizeLinear", ["i2", "qs", "qz"], ["z"]),
        node("DequantizeLinear", ["i", "qs", "qz"], ["d"]),
    ],
    "integer view": [
        node("Reshape", ["i", "flat"], ["i2"]),
        node("DequantizeLinear", ["i2", "qs", "qz"], ["e"]),
        node("Gemm", ["e", "g"], ["z"]),
        node("DequantizeLinear", ["i", "qs", "qz"], ["d"]),
    ],
    "read twice": [
        node("DequantizeLinear", ["i", "qs", "qz"], ["d"]),
        node("DequantizeLinear", ["i", "qs", "qz"], ["e"]),
        node("Add", ["d", "e"], ["k"]),
        node("Relu", ["k"], ["z"]),
    ],
    "integers shuffled": [
        node("Reshape", ["i", "split"], ["i1"]),
        node("Transpose", ["i1"], ["i2"], perm=[0, 2, 1, 3, 4]),
        node("Reshape", ["i2", "whole"], ["i3"]),
        node("DequantizeLinear", ["i3", "qs", "qz"], ["z"]),
        node("DequantizeLinear", ["i", "qs", "qz"], ["d"]),
    ],
}


def renamed(nodes, old, new):
    """The nodes with the tensor ``old`` called ``new``."""
    copies = []
    for one in nodes:
        copy = type(one)()
        copy.CopyFrom(one)
        copy.input[:] = [new if name == old else name for name in one.input]
        copies.append(copy)
    return copies


def constants(values, channels, scheme):
    scale, zero = SCHEMES[scheme]
    return {
        "w": values(4, 4, 3, 3, scale=0.2),
        "v": values(4, channels, 1, 1, scale=0.4),
        "g": values(channels * 36, 5, scale=0.1),
        "s": values(channels),
        "b": values(channels, seed=1),
        "m": values(channels, seed=2),
        "q": np.linspace(0.5, 2, channels, dtype=np.float32),
        "twice": np.float32([1, 1, 2, 2]),
        "pads": np.int64([0, 0, 1, 0, 0, 0, 1, 2]),
        "flat": np.int64([1, -1]),
        "split": np.int64([1, 2, channels // 2, 6, 6]),
        "whole": np.int64([1, channels, 6, 6]),
        "qs": np.float32(scale),
        "qz": zero,
        "other s": np.float32(0.004),
        "other z": np.uint8(20),
    }


CASES = [
    (source, beside, branch, scheme)
    for (source, beside), branch, scheme in zip(
        itertools.product(sources(), BESIDE), itertools.cycle([*BRANCHES, "conv"]), itertools.cycle(SCHEMES)
    )
]


@pytest.mark.parametrize(("source", "beside", "branch", "scheme"), CASES)
def test_readers_beside_a_quantised_one_keep_their_values(source, beside, branch, scheme, model_of, values, original):
    before, channels = sources()[source]
    tensor = "t" if before else "x"
    store = node("QuantizeLinear", ["t", "qs", "qz"], ["i"])
    nodes = [*before, *renamed([store, *BRANCHES[branch], *BESIDE[beside]], "t", tensor)]
    if not before and beside == "output":
        nodes.append(node("Relu", ["x"], ["unused"]))
    model = model_of(nodes, constants(values, channels, scheme), shape=SHAPE, outputs=("y", "z"))
    original(model, EXPLAINED, copied=["t"] if before else [])


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_tensor_that_only_quantised_readers_read_is_stored_once(scheme, model_of, values, original):
    """Views between it and its readers, and two readers of one scale, do not make copies."""
    nodes = [
        node("Conv", ["x", "w"], ["t"], pads=[1] * 4),
        node("Identity", ["t"], ["t1"]),
        node("Reshape", ["t1", "flat"], ["t2"]),
        node("QuantizeLinear", ["t2", "qs", "qz"], ["i"]),
        node("DequantizeLinear", ["i", "qs", "qz"], ["d"]),
        node("Gemm", ["d", "g"], ["y"]),
        node("QuantizeLinear", ["t", "qs", "qz"], ["j"]),
        node("DequantizeLinear", ["j", "qs", "qz"], ["e"]),
        node("Conv", ["e", "v"], ["z"]),
    ]
    model = model_of(nodes, constants(values, 4, scheme), shape=SHAPE, outputs=("y", "z"))
    network = import_model(model, "case", "")
    assert [layer.output for layer in network.layers] == ["t", "y", "z"]
    original(model, EXPLAINED)


def test_one_copy_serves_all_readers_of_a_scale(model_of, values):
    nodes = [
        node("Conv", ["x", "w"], ["t"], pads=[1] * 4),
        *(node("QuantizeLinear", ["t", "qs", "qz"], [f"i{k}"]) for k in range(3)),
        *(node("DequantizeLinear", [f"i{k}", "qs", "qz"], [f"d{k}"]) for k in range(3)),
        node("Sum", ["d0", "d1", "d2", "t"], ["y"]),
    ]
    network = import_model(model_of(nodes, constants(values, 4, "fine"), shape=SHAPE), "case", "")
    assert [layer.inputs for layer in network.layers] == [("x",), ("t",), ("i0", "i0", "i0", "t")]


def test_a_result_of_the_host_is_copied_by_the_host(model_of, values, original):
    """Softmax as real values and as integers, whose scale cuts it off at 0.25."""
    nodes = [
        node("Conv", ["x", "w"], ["c"]),
        node("Softmax", ["c"], ["y"], axis=1),
        node("QuantizeLinear", ["y", "thousandth", "low"], ["i"]),
        node("DequantizeLinear", ["i", "thousandth", "low"], ["z"]),
    ]
    known = {**constants(values, 4, "fine"), "thousandth": np.float32(0.001), "low": np.uint8(0)}
    original(model_of(nodes, known, shape=SHAPE, outputs=("y", "z")), EXPLAINED)


@pytest.mark.parametrize("pool", ["MaxPool", "Concat", "Resize"])
def test_a_scale_does_not_reach_back_over_a_copy_to_what_others_read(pool, model_of, values, original):
    """The integers of what is copied are cut off at zero; its source has a reader that sees negative values."""
    attributes = {
        "MaxPool": {"kernel_shape": [2, 2]},
        "Concat": {"axis": 1},
        "Resize": {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"},
    }
    inputs = {"MaxPool": ["t"], "Concat": ["t", "x"], "Resize": ["t", "", "twice"]}
    nodes = [
        node("Conv", ["x", "w"], ["t"], pads=[1] * 4),
        node(pool, inputs[pool], ["p"], **attributes[pool]),
        node("QuantizeLinear", ["p", "qs", "qz"], ["i"]),
        node("DequantizeLinear", ["i", "qs", "qz"], ["z"]),
        node("Conv", ["t", "v"], ["y"]),
    ]
    model = model_of(nodes, constants(values, 4, "upper half"), shape=SHAPE, outputs=("y", "z"))
    original(model, EXPLAINED)


def test_a_join_of_a_quantised_and_a_real_tensor_holds_both(model_of, values, original):
    """What has no scale of its own does not take that of the narrow tensor beside it."""
    nodes = [
        node("Conv", ["x", "w"], ["t"], pads=[1] * 4),
        node("Relu", ["t"], ["r"]),
        node("QuantizeLinear", ["r", "qs", "qz"], ["i"]),
        node("DequantizeLinear", ["i", "qs", "qz"], ["d"]),
        node("Concat", ["x", "d"], ["j"], axis=1),
        node("Conv", ["j", "v"], ["y"]),
    ]
    original(model_of(nodes, constants(values, 8, "fine"), shape=SHAPE), EXPLAINED)


def test_weights_of_two_convolutions_are_quantised_once(model_of, values, original):
    nodes = [
        node("QuantizeLinear", ["w", "qs", "qz"], ["wi"]),
        node("DequantizeLinear", ["wi", "qs", "qz"], ["wd"]),
        node("Conv", ["x", "wd"], ["c"], pads=[1] * 4),
        node("QuantizeLinear", ["c", "other s", "other z"], ["i"]),
        node("DequantizeLinear", ["i", "other s", "other z"], ["d"]),
        node("Conv", ["d", "wd"], ["z"]),
        node("Add", ["c", "d"], ["y"]),
    ]
    original(model_of(nodes, constants(values, 4, "fine"), shape=SHAPE, outputs=("y", "z")), EXPLAINED)


def test_integers_read_by_another_scale_than_they_were_written_by(model_of, values, original):
    """Legal, if odd: a scale and a shift between the two, exact in integers; also a cast, whose scale is 1."""
    nodes = [
        node("QuantizeLinear", ["x", "qs", "qz"], ["i"]),
        node("DequantizeLinear", ["i", "other s", "other z"], ["d"]),
        node("Conv", ["d", "v"], ["y"]),
        node("Cast", ["i"], ["f"], to=1),
        node("Conv", ["f", "v"], ["z"]),
    ]
    known = {**constants(values, 4, "coarse"), "other s": np.float32(0.03)}
    original(model_of(nodes, known, shape=SHAPE, outputs=("y", "z")), EXPLAINED)


@pytest.mark.parametrize("again", ["another scale", "read by another scale", "both orders"])
def test_a_scale_within_a_channel_shuffle_keeps_its_order(again, model_of, values, original):
    """A copy has the channels as the model has them there, whose name it takes; the shuffle needs no layer more."""
    pairs = [
        node("QuantizeLinear", ["x", "s", "z"], ["xq"]),
        node("DequantizeLinear", ["xq", "s", "z"], ["xd"]),
        node("Reshape", ["xd", "split"], ["a"]),
        node("Transpose", ["a"], ["b"], perm=[0, 2, 1, 3, 4]),
    ]
    if again == "read by another scale":
        pairs += [node("QuantizeLinear", ["b", "s", "z"], ["bq"]), node("DequantizeLinear", ["bq", "t", "u"], ["bd"])]
    else:
        pairs += [node("QuantizeLinear", ["b", "t", "u"], ["bq"]), node("DequantizeLinear", ["bq", "t", "u"], ["bd"])]
    pairs.append(node("Reshape", ["bd", "whole"], ["y"]))
    outputs = ["y"]
    if again == "both orders":  # the same scale twice: one copy before the shuffle, one in it
        outputs.append("o")
        pairs += [node("QuantizeLinear", ["xd", "t", "u"], ["oq"]), node("DequantizeLinear", ["oq", "t", "u"], ["o"])]
    known = {
        "s": np.float32(0.05),
        "z": np.int8(3),
        "t": np.float32(0.04),
        "u": np.int8(-9),
        "split": np.array([1, 2, 2, 6, 6]),
        "whole": np.array([1, 4, 6, 6]),
    }
    model = model_of(pairs, known, shape=SHAPE, outputs=outputs)
    original(model, EXPLAINED)
    network = import_model(model, "case", "")
    copies = [layer for layer in network.layers if layer.inputs == ("x",)]
    assert len(copies) == len(network.layers) == len(outputs)


def test_qlinear_operators_beside_real_ones(model_of, values, original):
    """QLinearConv between a float graph and back, its input and its output read by both kinds."""
    integers = (values(4, 4, 3, 3, scale=40)).astype(np.int8)
    nodes = [
        node("QuantizeLinear", ["x", "xs", "xz"], ["xi"]),
        node("QLinearConv", ["xi", "xs", "xz", "wi", "ws", "wz", "qs", "qz"], ["c"], pads=[1] * 4),
        node("QLinearAdd", ["c", "qs", "qz", "xi", "xs", "xz", "ys", "yz"], ["a"], domain="com.microsoft"),
        node("DequantizeLinear", ["c", "qs", "qz"], ["d"]),
        node("Add", ["d", "x"], ["y"]),
        node("DequantizeLinear", ["a", "ys", "yz"], ["e"]),
        node("Conv", ["e", "v"], ["z"]),
    ]
    known = {
        **constants(values, 4, "coarse"),
        "xs": np.float32(0.01),
        "xz": np.uint8(100),
        "ys": np.float32(0.05),
        "yz": np.uint8(128),
        "wi": integers,
        "ws": np.float32(0.004),
        "wz": np.int8(0),
    }
    original(model_of(nodes, known, shape=SHAPE, outputs=("y", "z")), EXPLAINED)


def stored(source, output):
    """``source`` by integers to ``output``."""
    integers = f"{output}.i"
    return [
        node("QuantizeLinear", [source, "qs", "qz"], [integers]),
        node("DequantizeLinear", [integers, "qs", "qz"], [output]),
    ]


def in_the_middle():
    """By name: integers between the nodes that the import takes together, and what follows the tensor 'c'."""
    swap = {"perm": [0, 2, 1, 3, 4]}
    shuffle = [
        node("Reshape", ["c", "split"], ["r"]),
        node("Transpose", ["r"], ["t"], **swap),
        *stored("t", "d"),
        node("Reshape", ["d", "whole"], ["u"]),
    ]
    return {
        "every step of a shuffle": [
            *stored("c", "c1"),
            node("Reshape", ["c1", "split"], ["r"]),
            *stored("r", "r1"),
            node("Transpose", ["r1"], ["t"], **swap),
            *stored("t", "t1"),
            node("Reshape", ["t1", "whole"], ["u"]),
            *stored("u", "y"),
        ],
        "inside a shuffle": [*shuffle, node("Conv", ["u", "v"], ["y"])],
        "inside a shuffle, beside a sum": [*shuffle, node("Add", ["u", "c"], ["y"])],
        "before a pad": [*stored("c", "d"), node("Pad", ["d", "pads"], ["p"]), node("Conv", ["p", "v"], ["y"])],
        "behind a pad": [node("Pad", ["c", "pads"], ["p"]), *stored("p", "d"), node("Conv", ["d", "v"], ["y"])],
        "before a ReLU": [*stored("c", "d"), node("Relu", ["d"], ["y"])],
        "behind a ReLU, which reads it alone": [node("Relu", ["c"], ["r"]), *stored("r", "y")],
        "behind a clip of nothing": [node("Clip", ["c"], ["k"]), *stored("k", "y")],
        "in a gate": [
            *stored("c", "d"),
            node("Sigmoid", ["d"], ["g1"]),
            *stored("g1", "g2"),
            node("Mul", ["d", "g2"], ["y"]),
        ],
        "before LRN": [*stored("c", "d"), node("LRN", ["d"], ["y"], size=3)],
        "around Softmax": [*stored("c", "d"), node("Softmax", ["d"], ["p"], axis=1), *stored("p", "y")],
    }


@pytest.mark.parametrize("place", in_the_middle())
def test_integers_between_nodes_that_belong_together(place, model_of, values, original):
    """Nothing is folded over them; a shuffle and a pad commute with them."""
    nodes = [node("Conv", ["x", "w"], ["c"], pads=[1] * 4), *in_the_middle()[place]]
    known = {**constants(values, 4, "coarse"), "qs": np.float32(0.02), "qz": np.uint8(120)}
    original(model_of(nodes, known, shape=SHAPE), EXPLAINED)


def test_a_copy_that_cannot_be_made_is_refused(model_of, values):
    """The host computes Softmax after the overlay, which cannot wait for its integers."""
    nodes = [
        node("Conv", ["x", "w"], ["c"]),
        node("Softmax", ["c"], ["h"], axis=1),
        node("QuantizeLinear", ["h", "qs", "qz"], ["i"]),
        node("DequantizeLinear", ["i", "qs", "qz"], ["d"]),
        node("Conv", ["d", "v"], ["z"]),
        node("Identity", ["h"], ["y"]),
    ]
    report = check_model(model_of(nodes, constants(values, 4, "fine"), shape=SHAPE, outputs=("y", "z")))
    assert [bad.node for bad in report.unsupported] == ["i"]
    assert all("the overlay needs its result" in bad.reason for bad in report.unsupported)
