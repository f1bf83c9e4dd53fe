"""What a file says twice and not alike: refused where onnxruntime refuses the file, in words that say what to do."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from dynamap.cost.errors import InputError
from dynamap.planner.importer import import_model
from dynamap.planner.importer.reading.schema import NEWEST_VERSIONS
from support.operator_nodes import conv, node

F = np.float32
RELU = node("Relu", ["c"], ["y"], name="relu")
TAKEN = np.asarray(True)


def opened(model):
    """onnxruntime reads the whole file; `run` of the other tests takes its nodes and weights."""
    return onnxruntime.InferenceSession(model.SerializeToString())


def declared(name, kind=TensorProto.FLOAT, shape=None):
    return helper.make_tensor_value_info(name, kind, shape)


def inner(nodes, output):
    """A branch that gives ``output``."""
    return helper.make_graph(nodes, "branch", [], [declared(output)])


def with_branch(nodes):
    """An If whose branches end in 'p' and 'q'; the first has ``nodes``."""
    other = inner([node("Relu", ["c"], ["q"])], "q")
    return [conv(), node("If", ["k"], ["y"], name="if", then_branch=inner(nodes, "p"), else_branch=other)]


TWICE = {
    "of the graph": ([conv(name="one"), node("Relu", ["c"], ["y"], name="one")], {}),
    "one that nothing reads": ([conv(name="one"), RELU, node("Tanh", ["c"], ["t"], name="one")], {}),
    "in a branch": (
        with_branch([node("Relu", ["c"], ["t"], name="one"), node("Tanh", ["t"], ["p"], name="one")]),
        {"k": TAKEN},
    ),
}


def weighted(values, nodes, constants, model_of, **more):
    return model_of(nodes, {"w": values(4, 4, 1, 1), **constants}, opset=17, **more)


@pytest.mark.parametrize("case", TWICE)
def test_two_nodes_of_one_name_are_refused_as_onnxruntime_refuses_them(case, model_of, run, values):
    model = weighted(values, *TWICE[case], model_of)
    with pytest.raises(Exception, match="two nodes with same node name"):
        run(model, values(1, 4, 6, 7))
    with pytest.raises(
        InputError, match=r"case: two nodes of .* are called 'one': \w+ .* and \w+ .*; give each a name"
    ):
        import_model(model, "case", "")


def test_two_nodes_of_one_name_in_a_function(model_of, run, values):
    model = weighted(values, [conv(), node("Both", ["c"], ["y"], domain="own")], {}, model_of)
    body = [node("Relu", ["a"], ["t"], name="one"), node("Tanh", ["t"], ["b"], name="one")]
    model.functions.append(helper.make_function("own", "Both", ["a"], ["b"], body, [helper.make_opsetid("", 17)]))
    model.opset_import.append(helper.make_opsetid("own", 1))
    with pytest.raises(Exception, match="two nodes with same node name"):
        run(model, values(1, 4, 6, 7))
    with pytest.raises(InputError, match=r"two nodes of the function 'Both' are called 'one': Relu .* and Tanh"):
        import_model(model, "case", "")


def test_nodes_without_a_name_in_other_graphs_and_constants_may_be_called_alike(model_of, run, values):
    """Names belong to one graph; runtimes keep a Constant as a value, without its name."""
    nodes = with_branch([node("Relu", ["c"], ["t"]), node("Tanh", ["t"], ["p"], name="if")])
    nodes.insert(0, node("Constant", [], ["unread"], name="if", value_float=1.0))
    model = weighted(values, nodes, {"k": TAKEN}, model_of)
    run(model, values(1, 4, 6, 7))
    import_model(model, "case", "")


@pytest.mark.parametrize(
    ("kind", "shape", "words"),
    [
        (TensorProto.INT8, [4, 4, 1, 1], "INT8 of shape"),
        (TensorProto.FLOAT, [4, 4, 3, 3], r"\[4, 4, 3, 3\]"),
        (TensorProto.FLOAT, [16], r"\[16\]"),
        (TensorProto.FLOAT, [0, 4, 1, 1], r"\[0, 4, 1, 1\]"),
    ],
)
def test_an_input_that_is_declared_otherwise_than_its_default_value(kind, shape, words, model_of, run, values):
    model = weighted(values, [conv(), RELU], {}, model_of)
    model.graph.input.append(declared("w", kind, shape))
    with pytest.raises(Exception, match="Type Error"):
        run(model, values(1, 4, 6, 7))
    with pytest.raises(
        InputError, match=rf"the input 'w' is declared as .*{words}.*its default value is FLOAT of shape"
    ):
        import_model(model, "case", "")


@pytest.mark.parametrize("shape", [None, ["o", "i", 1, 1], [-1, 4, 1, 1], [4, 4, 1, 1]])
def test_an_input_whose_declaration_leaves_dimensions_open(shape, model_of, run, values):
    model = weighted(values, [conv(), RELU], {}, model_of)
    model.graph.input.append(declared("w", TensorProto.FLOAT, shape))
    run(model, values(1, 4, 6, 7))
    assert import_model(model, "case", "").inputs == ("x",)


SCALE = {"s": F(0.1), "z": np.int8(0)}
QDQ = [
    conv(),
    node("QuantizeLinear", ["c", "s", "z"], ["q"], name="quantise"),
    node("DequantizeLinear", ["q", "s", "z"], ["y"]),
]
MISH = [conv(), node("Softplus", ["c"], ["s"]), node("Tanh", ["s"], ["g"]), node("Mul", ["c", "g"], ["y"])]
SHUFFLE = [
    conv(),
    node("Reshape", ["c", "a"], ["r"]),
    node("Transpose", ["r"], ["t"], perm=[0, 2, 1, 3, 4]),
    node("Reshape", ["t", "b"], ["y"]),
]
FORMS = {"a": np.array([1, 2, 2, 6, 7]), "b": np.array([1, 4, 6, 7])}
RESHAPED = [conv(), node("Shape", ["c"], ["n"], name="shape"), node("Reshape", ["c", "n"], ["y"])]
HINTS = {
    "integers": ([conv(), RELU], {}, declared("c", TensorProto.INT8), "'c' as INT8, and it gives FLOAT"),
    "another width": ([conv(), RELU], {}, declared("c", TensorProto.FLOAT16), "'c' as FLOAT16, and it gives FLOAT"),
    "no type": ([conv(), RELU], {}, declared("c", 99), "'c' as the unknown type 99"),
    "a sequence": ([conv(), RELU], {}, helper.make_tensor_sequence_value_info("c", 1, None), "'c' as no tensor"),
    "of a shape": (RESHAPED, {}, declared("n", TensorProto.INT32), "'n' as INT32, and it gives INT64"),
    "inside a function": (MISH, {}, declared("g", TensorProto.INT8), "'g' as INT8, and it gives FLOAT"),
    "inside a shuffle": (SHUFFLE, FORMS, declared("t", TensorProto.INT8), "'t' as INT8, and it gives FLOAT"),
    "of a scale": (QDQ, SCALE, declared("q", TensorProto.UINT8), "'q' as UINT8, and it gives INT8"),
}


@pytest.mark.parametrize("case", HINTS)
def test_types_of_tensors_inside_are_those_that_nodes_give(case, model_of, values):
    nodes, constants, hint, words = HINTS[case]
    model = weighted(values, nodes, constants, model_of)
    import_model(model, "case", "")
    model.graph.value_info.append(hint)
    with pytest.raises(Exception, match=r"(?i)type"):
        opened(model)
    with pytest.raises(InputError, match=rf"value_info declares its output {words}.*clear model.graph.value_info"):
        import_model(model, "case", "")


def test_shapes_of_tensors_inside_are_hints(model_of, values):
    """onnxruntime takes the shapes that it computes."""
    model = weighted(values, [conv(), RELU], {}, model_of)
    model.graph.value_info.append(declared("c", TensorProto.FLOAT, [1, 4, 9, 9]))
    (found,) = opened(model).run(None, {"x": values(1, 4, 6, 7)})
    assert found.shape == (1, 4, 6, 7)
    assert import_model(model, "case", "").tensors["y"].as_list() == [4, 6, 7]


@pytest.mark.parametrize("domain", NEWEST_VERSIONS)
def test_versions_that_nothing_defines(domain, model_of, run, values):
    model = weighted(values, [conv(), RELU], {}, model_of)
    del model.opset_import[1:]
    model.opset_import.append(helper.make_opsetid(domain, NEWEST_VERSIONS[domain]))
    run(model, values(1, 4, 6, 7))
    import_model(model, "case", "")
    model.opset_import[-1].version += 1
    with pytest.raises(Exception, match=r"(?i)opset"):
        run(model, values(1, 4, 6, 7))
    with pytest.raises(InputError, match=rf"of '{domain}', and the newest is {NEWEST_VERSIONS[domain]}"):
        import_model(model, "case", "")


def test_a_domain_in_two_versions(model_of, values):
    """Of ai.onnx.ml onnxruntime takes the last in the file; the specification says of none which counts."""
    model = weighted(values, [conv(), RELU], {}, model_of)
    model.opset_import.extend([helper.make_opsetid("own", 3), helper.make_opsetid("own", 3)])
    import_model(model, "case", "")
    model.opset_import[-1].version = 4
    with pytest.raises(InputError, match=r"'own' in the versions 3 and 4; remove from model.opset_import"):
        import_model(model, "case", "")


def test_a_file_without_an_ir_version(model_of, values):
    model = weighted(values, [conv(), RELU], {}, model_of)
    model.ClearField("ir_version")
    with pytest.raises(onnx.checker.ValidationError, match="ir_version"):
        onnx.checker.check_model(model)
    with pytest.raises(Exception, match=r"(?i)ir.?version"):
        opened(model)
    with pytest.raises(InputError, match="no IR version"):
        import_model(model, "case", "")
