"""Functions of one value: each operator, and those that models write as several nodes, against onnxruntime."""

from __future__ import annotations

import math

import numpy as np
import onnx
import pytest
from onnx import TensorProto

from dynamap.planner.importer import check_model, import_model
from dynamap.planner.network.functions import OPERATORS, TRUTH_TYPE, Place, Step, evaluate
from dynamap.planner.network.network import Activate, ActivationKind, Add, Conv, Mul
from support.end_to_end import model_of as file_of
from support.end_to_end import run_file
from support.end_to_end import values as weights_of
from support.operator_nodes import conv, node

UNARY = {
    "Abs": {}, "Atan": {}, "Ceil": {}, "Celu": {"alpha": 0.7}, "Cos": {}, "Elu": {"alpha": 0.8}, "Erf": {}, "Exp": {},
    "Floor": {}, "HardSigmoid": {"alpha": 0.3}, "HardSwish": {}, "LeakyRelu": {"alpha": 0.2}, "Mish": {}, "Neg": {},
    "Relu": {}, "Round": {}, "Selu": {}, "Sigmoid": {}, "Sign": {}, "Sin": {}, "Softplus": {}, "Softsign": {},
    "Tanh": {}, "ThresholdedRelu": {"alpha": 0.3},
}  # fmt: skip
NUMBERS = {
    name: np.float32(number)
    for name, number in {
        "half": 0.5, "one": 1, "root2": math.sqrt(2), "two": 2, "three": 3, "six": 6, "zero": 0, "gelu": 0.044715,
        "pi": math.sqrt(2 / math.pi), "quick": 1.702, "below": -0.5,
    }.items()
}  # fmt: skip
ERF_GELU = [
    node("Div", ["c", "root2"], ["d"]), node("Erf", ["d"], ["e"]), node("Add", ["e", "one"], ["a"]),
    node("Mul", ["c", "a"], ["m"]), node("Mul", ["m", "half"], ["y"]),
]  # fmt: skip
SPELLINGS = {
    "gelu, half first": [
        node("Mul", ["c", "half"], ["h"]), *ERF_GELU[:3], node("Mul", ["h", "a"], ["y"]),
    ],
    "gelu": ERF_GELU,
    "gelu by tanh": [
        node("Pow", ["c", "three"], ["p"]), node("Mul", ["p", "gelu"], ["q"]), node("Add", ["c", "q"], ["r"]),
        node("Mul", ["r", "pi"], ["s"]), node("Tanh", ["s"], ["t"]), node("Add", ["t", "one"], ["u1"]),
        node("Mul", ["half", "c"], ["h"]), node("Mul", ["h", "u1"], ["y"]),
    ],
    "quick gelu": [node("Mul", ["c", "quick"], ["q"]), node("Sigmoid", ["q"], ["s"]), node("Mul", ["c", "s"], ["y"])],
    "mish": [node("Softplus", ["c"], ["p"]), node("Tanh", ["p"], ["t"]), node("Mul", ["c", "t"], ["y"])],
    "mish by logarithm": [
        node("Exp", ["c"], ["e"]), node("Add", ["e", "one"], ["f"]), node("Log", ["f"], ["l"]),
        node("Tanh", ["l"], ["t"]), node("Mul", ["c", "t"], ["y"]),
    ],
    "hard swish": [
        node("Add", ["c", "three"], ["a"]), node("Relu", ["a"], ["r"]), node("Min", ["r", "six"], ["m"]),
        node("Mul", ["c", "m"], ["p"]), node("Div", ["p", "six"], ["y"]),
    ],
    "swish": [node("Sigmoid", ["c"], ["s"]), node("Identity", ["s"], ["i"]), node("Mul", ["i", "c"], ["y"])],
    "leaky by a choice": [
        node("Greater", ["c", "zero"], ["g"]), node("Mul", ["c", "gelu"], ["m"]), node("Where", ["g", "c", "m"], ["y"]),
    ],
    "hard shrink, as torch writes it": [
        node("Greater", ["c", "half"], ["g"]), node("Less", ["c", "below"], ["l"]),
        node("Cast", ["g"], ["g1"], to=TensorProto.BOOL), node("Cast", ["l"], ["l1"], to=TensorProto.BOOL),
        node("Or", ["g1", "l1"], ["o"]), node("Where", ["o", "c", "zero"], ["y"]),
    ],
    "masked by numbers": [
        node("LessOrEqual", ["c", "half"], ["l"]), node("Not", ["l"], ["n"]),
        node("Cast", ["n"], ["f"], to=TensorProto.FLOAT), node("Mul", ["c", "f"], ["y"]),
    ],
    "between two bounds": [
        node("GreaterOrEqual", ["c", "below"], ["g"]), node("Less", ["c", "one"], ["l"]),
        node("And", ["g", "l"], ["a"]), node("Xor", ["a", "g"], ["o"]), node("Where", ["o", "one", "c"], ["y"]),
    ],
    "truth of a value": [
        node("Relu", ["c"], ["r"]), node("Cast", ["r"], ["t"], to=TensorProto.BOOL),
        node("Equal", ["c", "half"], ["e"]), node("Or", ["t", "e"], ["o"]), node("Where", ["o", "two", "c"], ["y"]),
    ],
    "square": [node("Mul", ["c", "c"], ["y"])],
    "root of a sum of squares": [
        node("Mul", ["c", "c"], ["s"]), node("Add", ["s", "one"], ["a"]), node("Sqrt", ["a"], ["y"]),
    ],
}  # fmt: skip


@pytest.mark.parametrize("op", UNARY)
def test_an_operator_of_one_value_is_a_table(op, same, model_of, values):
    nodes = [conv(), node(op, ["c"], ["y"], **UNARY[op])]
    network = same(model_of(nodes, {"w": values(4, 4, 3, 3)}, opset=22))
    assert [type(layer) for layer in network.layers] == [Conv]


@pytest.mark.parametrize("approximate", ["none", "tanh"])
def test_gelu_in_one_node(approximate, same, model_of, values):
    nodes = [conv(), node("Gelu", ["c"], ["y"], approximate=approximate)]
    assert len(same(model_of(nodes, {"w": values(4, 4, 3, 3)}, opset=20)).layers) == 1


@pytest.mark.parametrize("op", ["Sqrt", "Log", "Reciprocal"])
def test_a_function_of_positive_values(op, same, model_of, values):
    nodes = [conv(), node("Exp", ["c"], ["e"]), node(op, ["e"], ["y"])]
    (layer,) = same(model_of(nodes, {"w": values(4, 4, 3, 3)})).layers
    assert [step.op for step in layer.activation.steps] == ["Exp", op]


def test_a_sigmoid_by_its_formula_is_one_table(same, model_of, values):
    """1 / (1 + exp(n)), whose n = -c is the convolution's: a number divided by an activation is a function of it."""
    nodes = [
        conv("x", "c"),
        node("Neg", ["c"], ["n"]),
        node("Exp", ["n"], ["e"]),
        node("Add", ["e", "one"], ["s"]),
        node("Div", ["one", "s"], ["y"]),
    ]
    (layer,) = same(model_of(nodes, {"w": values(4, 4, 3, 3), "one": NUMBERS["one"]})).layers
    points = np.linspace(-8, 8, 33)
    assert np.allclose(evaluate(layer.activation.steps, points), 1 / (1 + np.exp(points)))


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_functions_that_are_written_as_several_nodes(spelling, same, model_of, values):
    network = same(model_of([conv(), *SPELLINGS[spelling]], {"w": values(4, 4, 3, 3), **NUMBERS}))
    assert [type(layer) for layer in network.layers] == [Conv]
    known = {"hard swish": ActivationKind.HARD_SWISH, "swish": ActivationKind.SWISH}
    assert network.layers[0].activation.kind is known.get(spelling, ActivationKind.FUNCTION)


def test_the_argument_may_be_read_elsewhere_and_nothing_else(same, model_of, values):
    """The function is a layer of its own where its argument is an output, and ends where another node reads it."""
    model = model_of([conv(), *ERF_GELU], {"w": values(4, 4, 3, 3), **NUMBERS}, outputs=("c", "y"))
    assert [type(layer) for layer in same(model).layers] == [Conv, Activate]
    model = model_of([conv(), *ERF_GELU], {"w": values(4, 4, 3, 3), **NUMBERS}, outputs=("e", "y"))
    assert len(same(model).layers) > 2


def test_a_truth_value_that_leaves_the_function_is_none(model_of, values):
    """A comparison that is an output, or that another tensor is chosen by, is the host's."""
    choice = [node("Greater", ["c", "zero"], ["g"]), node("Where", ["g", "c", "x"], ["y"])]
    for nodes in ([*SPELLINGS["leaky by a choice"], node("Identity", ["g"], ["z"])], choice):
        outputs = ("y", "z") if len(nodes) > 2 else ("y",)
        pads = [1, 1, 1, 1]
        report = check_model(model_of([conv(pads=pads), *nodes], {"w": values(4, 4, 3, 3), **NUMBERS}, outputs=outputs))
        assert [problem.op_type for problem in report.unsupported][:1] == ["Greater"]


def test_tensors_of_two_sources_are_no_function(same, model_of, values):
    nodes = [conv(), node("Sigmoid", ["x"], ["s"]), conv("s", "d"), node("Mul", ["c", "d"], ["y"])]
    assert isinstance(same(model_of(nodes, {"w": values(4, 4, 3, 3)})).layers[-1], Mul)


def test_scales_and_shifts_behind_an_activation_join_it(same, model_of, values):
    nodes = [conv(), node("Sigmoid", ["c"], ["s"]), node("Mul", ["s", "two"], ["m"]), node("Sub", ["m", "one"], ["y"])]
    assert len(same(model_of(nodes, {"w": values(4, 4, 3, 3), **NUMBERS})).layers) == 1


@pytest.mark.parametrize("spelling", ["gelu by tanh", "mish", "hard swish", "hard shrink, as torch writes it"])
def test_functions_end_to_end(spelling, tmp_path):
    path = tmp_path / "function.onnx"
    nodes = [conv("x", "c0"), conv("c0", "c", "v"), *SPELLINGS[spelling]]
    onnx.save(file_of(nodes, {"w": weights_of(4, 4, 3, 3), "v": weights_of(16, 4, 1, 1), **NUMBERS}), path)
    run = run_file(path, compare="numpy")
    assert run.status == 0 and run.final["y"]["cosine"] > 0.999


def test_steps_are_computed_where_values_are_missing():
    """The root of a negative number is taken as 0, so that a table has an integer there."""
    assert evaluate((Step("Sqrt", (Place(0),)),), np.array([-1.0, 4.0])).tolist() == [0.0, 2.0]
    assert set(UNARY) <= set(OPERATORS)


def test_the_number_of_the_type_of_truth_values():
    assert TRUTH_TYPE == TensorProto.BOOL


@pytest.mark.parametrize("between", [True, False])
def test_a_hard_swish_across_quantised_edges_is_folded(between, original, values):
    """As a quantiser writes it: every value between two nodes is stored; one layer, as of the float model."""
    names = iter(range(100))

    def stored(name):
        if not between and name != "c":
            return [], name
        number = next(names)
        return [
            node("QuantizeLinear", [name, "s", "z"], [f"q{number}"]),
            node("DequantizeLinear", [f"q{number}", "s", "z"], [f"d{number}"]),
        ], f"d{number}"

    first, c = stored("c")
    nodes = [conv(), *first, node("Add", [c, "three"], ["a"])]
    more, a = stored("a")
    nodes += [*more, node("Clip", [a, "zero", "six"], ["k"])]
    more, k = stored("k")
    nodes += [*more, node("Mul", [c, k], ["m"])]
    more, m = stored("m")
    nodes += [*more, node("Div", [m, "six"], ["h"])]
    nodes += [node("QuantizeLinear", ["h", "s2", "z"], ["qh"]), node("DequantizeLinear", ["qh", "s2", "z"], ["y"])]
    constants = {
        "w": values(4, 4, 3, 3), "s": np.float32(0.05), "z": np.int8(-20), "s2": np.float32(0.03), **NUMBERS,
    }  # fmt: skip
    network = import_model(file_of(nodes, constants), "case", "")
    assert [type(layer) for layer in network.layers] == [Conv]
    activation = network.layers[0].activation
    assert activation.stored.scale == np.float32(0.05) and activation.stored.zero_point == -20
    original(file_of(nodes, constants), 1 / 16)  # the step of 0.05 of the convolution, up to 1.5 times as steep


def test_a_sum_of_two_activations_is_no_function(same, model_of, values):
    nodes = [conv(), conv("x", "d", "v"), node("Add", ["c", "d"], ["y"])]
    network = same(model_of(nodes, {"w": values(4, 4, 3, 3), "v": values(4, 4, 3, 3, seed=3)}))
    assert isinstance(network.layers[-1], Add)
