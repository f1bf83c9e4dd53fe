"""Inputs of types that an operator does not take, or that differ: refused, as onnxruntime refuses them."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto

from dynamap.cost.errors import InputError
from dynamap.planner.importer import import_model
from support.operator_nodes import batch_norm, conv, ints, node, statistics

F, D = np.float32, np.float64
POOL = node("GlobalAveragePool", ["c"], ["g"])
FLAT = node("Flatten", ["g"], ["f"])
CASES = {
    "weights": ([conv(output="y")], {"w": np.ones((4, 4, 1, 1), np.uint32)}),
    "weights of integers": ([conv(output="y")], {"w": np.ones((4, 4, 1, 1), np.int8)}),
    "weights of float64": ([conv(output="y")], {"w": np.ones((4, 4, 1, 1), D)}),
    "weights of float16": ([conv(output="y")], {"w": np.ones((4, 4, 1, 1), np.float16)}),
    "bias": ([node("Conv", ["x", "w", "b"], ["y"])], {"b": np.ones(4, np.int32)}),
    "a shift": ([conv(), node("Add", ["c", "k"], ["y"])], {"k": np.ones(1, np.int64)}),
    "a factor": ([conv(), node("Mul", ["k", "c"], ["y"])], {"k": np.ones((4, 1, 1), D)}),
    "a divisor": ([conv(), node("Div", ["c", "k"], ["y"])], {"k": np.ones(1, np.int32)}),
    "slopes": ([conv(), node("PRelu", ["c", "k"], ["y"])], {"k": np.ones((4, 1, 1), np.float16)}),
    "a bound": ([conv(), node("Max", ["c", "k"], ["y"])], {"k": np.int32(0)}),
    "a bound of a Clip": ([conv(), node("Clip", ["c", "k"], ["y"])], {"k": np.int32(0)}),
    "variances": ([conv(), batch_norm("c", "y")], {"v": np.ones(4, np.int64)}),
    "a shape": ([conv(), node("Reshape", ["c", "k"], ["y"])], {"k": np.asarray([1, 4, 42], np.int32)}),
    "axes": ([conv(), POOL, node("Squeeze", ["g", "k"], ["y"])], {"k": np.asarray([2, 3], np.int32)}),
    "pads": ([conv(), node("Pad", ["c", "k"], ["y"])], {"k": np.zeros(8, np.int32)}),
    "sizes": ([conv(), node("Resize", ["c", "", "", "k"], ["y"])], {"k": np.asarray([1, 4, 12, 14], np.int32)}),
    "a matrix": ([conv(), POOL, FLAT, node("MatMul", ["f", "k"], ["y"])], {"k": np.ones((4, 2), D)}),
    "a row": ([conv(), POOL, FLAT, node("Gemm", ["f", "k", "b"], ["y"])], {"k": np.ones((4, 2), F), "b": D([1, 2])}),
    "after a cast": ([conv(), node("Cast", ["c"], ["d"], to=11), node("Add", ["d", "k"], ["y"])], {"k": F([1])}),
    "of two activations": ([conv(), node("Cast", ["c"], ["d"], to=11), node("Add", ["d", "c"], ["y"])], {}),
    "constants": ([conv(), node("Add", ["k", "l"], ["n"]), node("Add", ["c", "n"], ["y"])], {"k": F([1]), "l": D([1])}),
    "a sum": ([conv(), node("Sum", ["c", "c", "k"], ["y"])], {"k": np.ones((1, 4, 6, 7), D)}),
    "a concatenation": ([conv(), node("Concat", ["c", "k"], ["y"], axis=1)], {"k": np.ones((1, 4, 6, 7), D)}),
}


@pytest.mark.parametrize("case", CASES)
def test_onnxruntime_refuses_it_too(case, model_of, run, values):
    nodes, changes = CASES[case]
    constants = {"w": values(4, 4, 1, 1), **statistics(values), **changes}
    read = {name for one in nodes for name in one.input}
    model = model_of(nodes, {name: array for name, array in constants.items() if name in read}, opset=17)
    with pytest.raises(Exception, match=r"(?i)type"):
        run(model, values(1, 4, 6, 7))
    with pytest.raises(InputError, match="cannot be executed"):
        import_model(model, "case", "")


@pytest.mark.parametrize("kind", [TensorProto.FLOAT16, TensorProto.DOUBLE])
def test_models_of_another_type_are_accepted(kind, model_of, values):
    dtype = np.float16 if kind == TensorProto.FLOAT16 else D
    constants = {"w": values(4, 4, 1, 1).astype(dtype), "k": dtype(0), "n": ints(0, -1)}
    nodes = [conv(), node("Max", ["c", "k"], ["r"]), node("Reshape", ["r", "n"], ["y"])]
    network = import_model(model_of(nodes, constants, kind=kind, output_kind=kind, opset=17), "case", "")
    assert network.outputs


def test_the_message_names_both_types(model_of):
    model = model_of([conv(output="y")], {"w": np.ones((4, 4, 1, 1), D)}, opset=17)
    with pytest.raises(InputError, match=r"'x' of type float and 'w' of type double must be of one type"):
        import_model(model, "case", "")


OUTPUTS = [["m1", "v1", "m2", "v2"], ["m1", "v1", "", ""], ["", "", "", ""]]


@pytest.mark.parametrize("opset", [7, 9, 13])
@pytest.mark.parametrize("others", OUTPUTS)
def test_a_normalisation_in_training_mode_by_its_outputs(opset, others, model_of, values):
    """ONNX, operator BatchNormalization before 14: five outputs are the training mode."""
    normal = node("BatchNormalization", ["c", "s", "b", "m", "v"], ["y", *others])
    constants = {"w": values(4, 4, 1, 1), **statistics(values)}
    with pytest.raises(InputError, match="training mode"):
        import_model(model_of([conv(), normal], constants, opset=opset), "case", "")


@pytest.mark.parametrize("attributes", [{}, {"training_mode": 0}, {"training_mode": 1}])
@pytest.mark.parametrize("others", [[], ["m1", "v1"]])
def test_a_normalisation_in_training_mode_since_opset_14(attributes, others, model_of, values, run):
    normal = node("BatchNormalization", ["c", "s", "b", "m", "v"], ["y", *others], **attributes)
    model = model_of([conv(), normal], {"w": values(4, 4, 1, 1), **statistics(values)}, opset=15)
    if not others and not attributes.get("training_mode"):
        assert import_model(model, "case", "").outputs == ("y",)
        return
    with pytest.raises(InputError, match="training mode"):
        import_model(model, "case", "")
