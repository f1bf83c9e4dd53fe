"""If nodes whose condition is a constant: the branch that they take stands in their place."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from dynamap.cost.errors import InputError
from dynamap.planner.importer import check_model, import_model
from dynamap.planner.importer.limits import MAX_NESTING
from support.operator_nodes import conv, node

WEIGHTS = {"w": np.eye(4, dtype=np.float32).reshape(4, 4, 1, 1)}


def branch(*nodes, output="z", constants=()):
    tensors = [numpy_helper.from_array(array, name) for name, array in dict(constants).items()]
    info = helper.make_tensor_value_info(output, TensorProto.FLOAT, None)
    return helper.make_graph(list(nodes), "branch", [], [info], tensors)


def choose(condition, yes, no, output="y"):
    return node("If", [condition], [output], then_branch=yes, else_branch=no)


RELU, NEG = branch(node("Relu", ["c"], ["z"])), branch(node("Neg", ["c"], ["z"]))


@pytest.mark.parametrize("taken", [True, False])
def test_a_stored_condition(taken, model_of, same):
    same(model_of([conv(), choose("q", RELU, NEG)], {**WEIGHTS, "q": np.asarray(taken)}))


@pytest.mark.parametrize("rank", [4, 2])
def test_the_condition_is_a_shape(rank, model_of, same):
    """As exporters of scripts write it: how many axes has this tensor?"""
    nodes = [
        conv(),
        node("Shape", ["c"], ["s"]),
        node("Size", ["s"], ["n"]),
        node("Equal", ["n", "rank"], ["q"]),
        choose("q", RELU, NEG),
    ]
    same(model_of(nodes, {**WEIGHTS, "rank": np.asarray(rank)}))


def test_a_branch_that_is_one_name_of_the_graph_around_it(model_of, same):
    nodes = [conv(), node("Relu", ["c"], ["r"]), choose("q", branch(output="c"), branch(node("Neg", ["c"], ["z"])))]
    model = model_of([*nodes, node("Neg", ["r"], ["v"])], {**WEIGHTS, "q": np.asarray(True)}, outputs=("y", "v"))
    network = import_model(model, "case", "")
    assert set(network.outputs) == {"y", "v"}


def test_constants_of_branches_and_branches_in_branches(model_of, same):
    inner = choose("q", branch(node("Add", ["c", "k"], ["z"])), NEG, output="z")
    outer = branch(inner, constants={"k": np.full(1, 0.5, np.float32)})
    same(model_of([conv(), choose("q", outer, NEG)], {**WEIGHTS, "q": np.asarray(True)}))


def test_one_branch_twice_has_names_of_its_own(model_of, same):
    """Both Ifs hold a tensor 'm'."""
    both = branch(node("Neg", ["c"], ["m"]), node("Relu", ["m"], ["z"]))
    again = branch(node("Neg", ["u"], ["m"]), node("Relu", ["m"], ["z"]))
    nodes = [conv(), choose("q", both, NEG, "u"), choose("q", again, NEG)]
    same(model_of(nodes, {**WEIGHTS, "q": np.asarray(True)}))


def test_the_other_branch_is_named_in_a_notice(model_of):
    network = import_model(model_of([conv(), choose("q", RELU, NEG)], {**WEIGHTS, "q": np.asarray(False)}), "c", "")
    assert any("always false" in notice for notice in network.notices)


def test_a_condition_of_the_image_is_refused(model_of):
    nodes = [
        conv(),
        node("ReduceMax", ["c"], ["m"], keepdims=0),
        node("Greater", ["m", "zero"], ["q"]),
        choose("q", RELU, NEG),
    ]
    report = check_model(model_of(nodes, {**WEIGHTS, "zero": np.float32(0)}))
    assert {fate.op_type for fate in report.unsupported} >= {"If"}


@pytest.mark.parametrize("condition", [np.float32(1), np.zeros(2, bool), np.zeros(0, bool)])
def test_a_condition_that_is_no_truth_value(condition, model_of):
    with pytest.raises(InputError, match="not one truth value"):
        import_model(model_of([conv(), choose("q", RELU, NEG)], {**WEIGHTS, "q": condition}), "case", "")


def test_a_branch_with_too_few_outputs(model_of):
    model = model_of([conv(), choose("q", RELU, NEG)], {**WEIGHTS, "q": np.asarray(True)})
    model.graph.node[1].output.append("more")
    with pytest.raises(InputError, match="has 1 outputs where it has 2"):
        import_model(model, "case", "")


def nested(depth):
    graph = RELU
    for _ in range(depth):
        graph = branch(choose("q", graph, NEG, output="z"))
    return graph


def test_branches_too_deep_in_each_other(model_of):
    model = model_of([conv(), choose("q", nested(MAX_NESTING), NEG)], {**WEIGHTS, "q": np.asarray(True)})
    with pytest.raises(InputError, match=f"more than {MAX_NESTING} graphs lie in each other"):
        import_model(model, "case", "")


def test_branches_as_deep_as_the_limit(model_of, same):
    same(model_of([conv(), choose("q", nested(MAX_NESTING - 1), NEG)], {**WEIGHTS, "q": np.asarray(True)}))
