"""Functions of a model are written out in the place of their calls, within stated limits."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import AttributeProto, helper

from dynamap.cost.errors import InputError
from dynamap.planner.importer import check_model, import_model
from dynamap.planner.importer.limits import MAX_NESTING, MAX_NODES
from support.operator_nodes import conv, node

OPSETS = [helper.make_opsetid("", 17), helper.make_opsetid("local", 1)]


def call(name, source, output, **attributes):
    return node(name, [source], [output], domain="local", **attributes)


def function(name, nodes, *, opsets=OPSETS, attributes=(), defaults=()):
    """A function from 'a' to 'b'."""
    return helper.make_function("local", name, ["a"], ["b"], nodes, opsets, list(attributes), list(defaults))


def model_with(model_of, *functions, first="F", opset=17):
    """A convolution, and the function ``first`` behind it."""
    model = model_of([conv(), call(first, "c", "y")], {"w": np.ones((4, 4, 1, 1), np.float32)}, opset=opset)
    model.functions.extend(functions)
    model.opset_import.append(helper.make_opsetid("local", 1))
    return model


def refused(model, *parts):
    with pytest.raises(InputError) as caught:
        import_model(model, "case.onnx", "")
    for part in ("case.onnx", *parts):
        assert part in str(caught.value)


@pytest.mark.parametrize("circle", [["F"], ["F", "G"], ["F", "G", "H"]])
def test_functions_that_call_each_other_in_a_circle(circle, model_of):
    following = dict(zip(circle, [*circle[1:], circle[0]], strict=True))
    functions = [function(name, [call(following[name], "a", "b")]) for name in circle]
    refused(model_with(model_of, *functions), "'local.F' calls itself", "export the model without it")


def test_a_circle_through_the_branch_of_an_if(model_of):
    branch = helper.make_graph([call("F", "a", "z")], "branch", [], [helper.make_empty_tensor_value_info("z")])
    nodes = [
        node("Constant", [], ["q"], value_int=1),
        node("Cast", ["q"], ["t"], to=9),
        node("If", ["t"], ["b"], then_branch=branch, else_branch=branch),
    ]
    refused(model_with(model_of, function("F", nodes)), "'local.F' calls itself")


def test_functions_too_deep_in_each_other(model_of):
    deep = [function(f"F{i}", [call(f"F{i + 1}", "a", "b")]) for i in range(MAX_NESTING)]
    model = model_with(model_of, *deep, function(f"F{MAX_NESTING}", [node("Relu", ["a"], ["b"])]), first="F0")
    refused(model, f"more than {MAX_NESTING} functions")


def branching(calling):
    """The body of a function: eight branches within each other, the innermost of which calls another function."""
    neg = helper.make_graph([node("Neg", ["a"], ["z"])], "other", [], [helper.make_empty_tensor_value_info("z")])
    last = node("Relu", ["a"], ["z"]) if calling is None else call(calling, "a", "z")
    for level in reversed(range(8)):
        graph = helper.make_graph([last], "branch", [], [helper.make_empty_tensor_value_info("z")])
        last = node("If", ["t"], ["z" if level else "b"], then_branch=graph, else_branch=neg)
    return [node("Constant", [], ["q"], value_int=1), node("Cast", ["q"], ["t"], to=9), last]


@pytest.mark.parametrize("count", [2, 4])
def test_functions_that_lie_in_branches_of_functions(count, model_of):
    """Each is eight graphs deep: two are read, four together are deeper than a message of protobuf may be."""
    names = [f"F{i}" for i in range(count)]
    functions = [
        function(name, branching(following)) for name, following in zip(names, [*names[1:], None], strict=True)
    ]
    model = model_with(model_of, *functions, first="F0")
    if count == 2:
        assert import_model(model, "case", "").outputs == ("y",)
    else:
        refused(model, f"more than {MAX_NESTING} graphs", "simplify")


def test_functions_that_double_twenty_times_are_not_written_out(model_of):
    """2^20 nodes from 20 functions."""
    doubling = [function(f"F{i}", [call(f"F{i + 1}", "a", "m"), call(f"F{i + 1}", "m", "b")]) for i in range(20)]
    model = model_with(model_of, *doubling, function("F20", [node("Relu", ["a"], ["b"])]), first="F0")
    refused(model, f"more than {MAX_NODES} nodes", "simplify")


def reference(name, of):
    """An attribute of a node that takes the value of the function's attribute ``of``."""
    return AttributeProto(name=name, type=AttributeProto.FLOAT, ref_attr_name=of)


def test_attributes_defaults_and_names_of_functions(model_of, same):
    """Two calls of one function: one with a value of its own, one with the default; inner names do not clash."""
    inner = node("LeakyRelu", ["a"], ["m"])
    inner.attribute.append(reference("alpha", "slope"))
    body = [inner, node("Neg", ["m"], ["b"])]
    leaky = function("Leaky", body, defaults=[helper.make_attribute("slope", 0.25)])
    model = model_of(
        [conv(), call("Leaky", "c", "m", slope=0.5), call("Leaky", "m", "y")],
        {"w": np.eye(4, dtype=np.float32).reshape(4, 4, 1, 1)},
        opset=17,
    )
    model.functions.append(leaky)
    model.opset_import.append(helper.make_opsetid("local", 1))
    same(model, written_out=True)


def test_a_function_in_a_function(model_of, same):
    outer = function("F", [call("G", "a", "m"), call("G", "m", "b")])
    inner = function("G", [node("Relu", ["a"], ["m"]), node("Neg", ["m"], ["b"])])
    same(model_with(model_of, outer, inner), written_out=True)


def test_a_function_of_another_opset_that_means_the_same(model_of, same):
    """onnxruntime reads it in the opset of the model."""
    same(model_with(model_of, function("F", [node("Relu", ["a"], ["b"])], opsets=[helper.make_opsetid("", 13)])))


def test_a_function_whose_operator_changed_its_meaning(model_of):
    """Softmax before 13 is over all axes from the first on."""
    model = model_with(model_of, function("F", [node("Softmax", ["a"], ["b"])], opsets=[helper.make_opsetid("", 11)]))
    (bad, *_) = check_model(model).unsupported
    assert "opset 11" in bad.reason and "Softmax" in bad.reason
    assert "convert_version=True" in bad.remedy


def test_two_functions_of_one_name(model_of):
    relu = function("F", [node("Relu", ["a"], ["b"])])
    refused(model_with(model_of, relu, relu), "two functions", "local.F")


def test_a_function_in_the_domain_of_the_standard_operators(model_of):
    relu = helper.make_function("", "Relu", ["a"], ["b"], [node("Neg", ["a"], ["b"])], OPSETS[:1])
    refused(model_with(model_of, relu, function("F", [node("Relu", ["a"], ["b"])])), "domain of its own")


def test_a_call_with_too_many_inputs(model_of):
    model = model_with(model_of, function("F", [node("Relu", ["a"], ["b"])]))
    model.graph.node[1].input.append("c")
    refused(model, "gives the function", "2 inputs")
