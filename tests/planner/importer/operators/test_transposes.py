"""Operators between Transposes that cancel: outputs against onnxruntime on the original model."""

from __future__ import annotations

import numpy as np
import pytest

from dynamap.cost.errors import InputError
from dynamap.planner.importer import import_model
from dynamap.planner.network.onnx_export import to_onnx
from support.end_to_end import run_file
from support.onnx_models import as_declared, run_model
from support.operator_nodes import conv, ints, node

LAST, FIRST = [0, 2, 3, 1], [0, 3, 1, 2]


def between(*nodes, source="c", last="e", perm=LAST, back=FIRST):
    """A convolution, a Transpose to 't', ``nodes``, and a Transpose of ``last`` back to 'y'."""
    head = [conv(), node("Transpose", [source], ["t"], perm=perm)]
    return [*head, *nodes, node("Transpose", [last], ["y"], perm=back)]


def same_outputs(model):
    """The network, whose outputs are those of ``model``; tensors inside lie in another order than in it."""
    network = import_model(model, "case", "")
    shape = network.tensors["x"].as_list()
    x = np.random.default_rng(1).standard_normal((1, *shape), dtype=np.float32)
    rank = len(model.graph.input[0].type.tensor_type.shape.dim)
    expected, found = run_model(model, as_declared(x, rank)), run_model(to_onnx(network), x)
    for name in network.outputs:
        assert np.ptp(expected[name]) > 0.0, "the case proves nothing"
        np.testing.assert_allclose(found[name].ravel(), expected[name].ravel(), rtol=0, atol=2e-5, err_msg=name)
    return network


@pytest.mark.parametrize("op", ["Relu", "LeakyRelu", "HardSwish", "Tanh", "Sigmoid", "HardSigmoid", "Neg", "Identity"])
def test_operators_of_one_tensor_fold_as_if_there_were_no_transposes(op, model_of, values):
    network = same_outputs(model_of(between(node(op, ["t"], ["e"])), {"w": values(5, 4, 3, 3)}, opset=14))
    assert network.layers[0].output == "y"
    assert len(network.layers) == 1


@pytest.mark.parametrize(
    ("op", "shape"),
    [
        ("Add", (5,)),
        ("Mul", (1, 1, 5)),
        ("Sub", (1, 1, 1, 5)),
        ("Div", ()),
        ("PRelu", (5,)),
        ("Max", (1,)),
        ("Min", (1, 1, 1, 5)),
    ],
)
def test_constants_along_the_last_axis(op, shape, model_of, values):
    constant = np.full(shape, 0.3, np.float32) if op in ("Max", "Min") else values(*shape) + np.float32(3)
    model = model_of(between(node(op, ["t", "k"], ["e"])), {"w": values(5, 4, 3, 3), "k": constant}, opset=16)
    assert len(same_outputs(model).layers) == 1


def test_a_constant_for_every_column_is_refused(model_of, values):
    """Behind the Transpose, axis 2 is the columns: 5 values there are no values per channel."""
    model = model_of(between(node("Add", ["t", "k"], ["e"])), {"w": values(5, 4, 2, 3), "k": values(5, 1)})
    with pytest.raises(InputError, match="not one value per channel"):
        import_model(model, "case", "")


def test_clip_and_swish(model_of, values):
    nodes = between(
        node("Clip", ["t", "low", "high"], ["k"]), node("Sigmoid", ["k"], ["s"]), node("Mul", ["k", "s"], ["e"])
    )
    constants = {"w": values(5, 4, 3, 3), "low": np.float32(-0.5), "high": np.float32(2)}
    same_outputs(model_of(nodes, {name: np.asarray(array) for name, array in constants.items()}))


def test_branches_join(model_of, values):
    """Sums and concatenations of tensors that are transposed alike; the axis is the channels'."""
    nodes = [
        conv(),
        conv("x", "d", "v"),
        node("Transpose", ["c"], ["t"], perm=LAST),
        node("Transpose", ["d"], ["u"], perm=LAST),
        node("Add", ["t", "u"], ["a"]),
        node("Concat", ["a", "t", "u"], ["j"], axis=-1),
        node("Relu", ["j"], ["r"]),
        node("Transpose", ["r"], ["b"], perm=FIRST),
        conv("b", "y", "o"),
    ]
    network = same_outputs(
        model_of(nodes, {"w": values(5, 4, 3, 3), "v": values(5, 4, 3, 3), "o": values(3, 15, 1, 1)})
    )
    assert [type(layer).__name__ for layer in network.layers] == ["Conv", "Conv", "Add", "Concat", "Activate", "Conv"]


@pytest.mark.parametrize("keep", [0, 1])
@pytest.mark.parametrize("opset", [13, 18])
def test_a_mean_and_a_classifier_in_the_other_order(keep, opset, model_of, values):
    axes = {"axes": [1, 2]} if opset < 18 else {}
    nodes = [conv(), node("Transpose", ["c"], ["t"], perm=LAST)]
    nodes += [node("ReduceMean", ["t", *([] if axes else ["a"])], ["m"], keepdims=keep, **axes)]
    nodes += [node("Reshape", ["m", "f"], ["v"]), node("Gemm", ["v", "g"], ["y"])]
    constants = {"w": values(5, 4, 3, 3), "a": ints(1, 2), "f": ints(1, -1), "g": values(5, 3)}
    if axes:
        del constants["a"]
    same_outputs(model_of(nodes, constants, opset=opset))


def test_squeeze_and_excite_in_the_other_order(model_of, values):
    nodes = between(
        node("ReduceMean", ["t"], ["m"], axes=[1, 2]),
        node("Transpose", ["m"], ["n"], perm=FIRST),
        conv("n", "s", "q"),
        node("Sigmoid", ["s"], ["g"]),
        node("Transpose", ["g"], ["h"], perm=LAST),
        node("Mul", ["t", "h"], ["e"]),
    )
    same_outputs(model_of(nodes, {"w": values(5, 4, 3, 3), "q": values(5, 5, 1, 1)}))


def test_softmax_over_the_channels_behind_a_transpose(model_of, values):
    nodes = between(node("Softmax", ["t"], ["e"], axis=-1))
    same_outputs(model_of(nodes, {"w": values(5, 4, 3, 3)}))


def test_three_transposes_that_cancel_together(model_of, values):
    turn = [0, 2, 3, 1]
    nodes = between(
        node("Relu", ["t"], ["r"]), node("Transpose", ["r"], ["v"], perm=turn), node("Neg", ["v"], ["e"]), back=turn
    )
    assert len(same_outputs(model_of(nodes, {"w": values(5, 4, 3, 3)})).layers) == 1  # -relu is a table


def test_what_reads_before_the_transpose_keeps_its_values(model_of, values):
    """The convolution's own values are an output: the activation must not fold into it."""
    model = model_of(between(node("Relu", ["t"], ["e"])), {"w": values(5, 4, 3, 3)}, outputs=("c", "y"))
    assert len(same_outputs(model).layers) == 2


def test_readers_of_the_transposed_values(model_of, values):
    nodes = between(node("Relu", ["t"], ["r"]), node("Add", ["r", "t"], ["e"]))
    same_outputs(model_of(nodes, {"w": values(5, 4, 3, 3)}))


def test_quantised_between_transposes(original, model_of, values):
    nodes = between(
        node("QuantizeLinear", ["t", "s", "z"], ["q"]),
        node("DequantizeLinear", ["q", "s", "z"], ["d"]),
        node("Relu", ["d"], ["e"]),
    )
    constants = {"w": values(5, 4, 3, 3), "s": np.asarray(0.15, np.float32), "z": np.asarray(0, np.int8)}
    original(model_of(nodes, constants), 0.03)


def test_rows_between_transposes(model_of, values):
    nodes = between(node("Relu", ["t"], ["e"]), perm=[0, 2, 1], back=[0, 2, 1])
    network = same_outputs(model_of(nodes, {"w": values(5, 4, 3)}, (1, 4, 9)))
    assert len(network.layers) == 2


@pytest.mark.parametrize("last", ["t", "e"])
def test_an_output_that_stays_transposed_is_refused_at_its_transpose(last, model_of, values):
    nodes = between(node("Relu", ["t"], ["e"]))[:-1]
    model = model_of(nodes, {"w": values(5, 4, 3, 3)}, outputs=(last,))
    with pytest.raises(InputError, match=r"'t' \(Transpose\): it reorders the elements .* NCHW layout"):
        import_model(model, "case", "")


@pytest.mark.parametrize(
    "reader",
    [
        node("MaxPool", ["t"], ["e"], kernel_shape=[2, 2]),
        node("BatchNormalization", ["t", "k", "k", "k", "k"], ["e"]),
        node("Reshape", ["t", "f"], ["e"]),
    ],
)
def test_an_operator_that_depends_on_the_order_is_refused_at_the_transpose(reader, model_of, values):
    constants = {"w": values(5, 4, 3, 3), "k": np.ones(4, np.float32), "f": ints(0, 0, 0, 0)}
    with pytest.raises(InputError, match=r"'t' \(Transpose\): it reorders the elements"):
        import_model(model_of(between(reader), constants), "case", "")


def test_other_transposes_do_not_mix(model_of, values):
    nodes = [
        conv(weights="w"),
        node("Transpose", ["c"], ["t"], perm=[0, 3, 2, 1]),
        node("Transpose", ["c"], ["u"], perm=[0, 1, 3, 2]),
        node("Add", ["t", "u"], ["e"]),
        node("Transpose", ["e"], ["y"], perm=[0, 3, 2, 1]),
    ]
    with pytest.raises(InputError, match="it reorders the elements"):
        import_model(model_of(nodes, {"w": values(5, 4, 2, 3)}, (1, 4, 6, 7)), "case", "")


def test_transposes_run_from_end_to_end(tmp_path, model_of, values):
    path = tmp_path / "transposes.onnx"
    model = model_of(between(node("Relu", ["t"], ["e"])), {"w": values(5, 4, 3, 3)})
    path.write_bytes(model.SerializeToString())
    found = run_file(path)
    assert found.status == 0 and found.final["y"]["kept"]
    assert found.document["import"]["kept"] and not found.errors.startswith("warning")


def test_a_tensor_in_another_order_has_another_name(model_of, values):
    """Names of the model stand for its elements in its order, by which each tensor is compared with the original's."""
    nodes = between(node("Relu", ["t"], ["e"]))
    nodes = [*nodes, node("MaxPool", ["y"], ["z"], kernel_shape=[2, 2])]
    network = same_outputs(model_of(nodes, {"w": values(5, 4, 3, 3)}, outputs=("z",)))
    assert [layer.output for layer in network.layers] == ["e (C x H x W)", "z"]


FLATTENED = {
    "Reshape": lambda: node("Reshape", ["t", "row"], ["f"]),
    "Flatten": lambda: node("Flatten", ["t"], ["f"]),
}


@pytest.mark.parametrize("perm", [LAST, [0, 3, 2, 1], [0, 2, 1, 3]])
@pytest.mark.parametrize("flatten", FLATTENED)
@pytest.mark.parametrize("op", ["MatMul", "Gemm", "Gemm with transB"])
def test_fully_connected_layers_take_the_order_of_a_transpose(perm, flatten, op, model_of, values):
    """4 x 5 outputs of 5 channels: 100 elements in another order."""
    dense = node(op.split()[0], ["f", "m"], ["y"], **({"transB": 1} if op.endswith("transB") else {}))
    nodes = [
        conv(),
        node("Transpose", ["c"], ["t"], perm=perm),
        node("Relu", ["t"], ["r"]),
        FLATTENED[flatten](),
        dense,
    ]
    nodes[3].input[0] = "r"
    matrix = values(6, 100) if op.endswith("transB") else values(100, 6)
    network = same_outputs(model_of(nodes, {"w": values(5, 4, 3, 3), "m": matrix, "row": ints(1, -1)}))
    assert len(network.layers) == 2


def test_their_quantised_weights_too(model_of, values):
    nodes = [
        conv(),
        node("Transpose", ["c"], ["t"], perm=LAST),
        node("Flatten", ["t"], ["f"]),
        node("DequantizeLinear", ["q", "s"], ["m"], axis=1),
        node("MatMul", ["f", "m"], ["y"]),
    ]
    integers = np.random.default_rng(0).integers(-127, 128, (100, 6)).astype(np.int8)
    constants = {"w": values(5, 4, 3, 3), "q": integers, "s": np.linspace(0.01, 0.02, 6, dtype=np.float32)}
    layer = same_outputs(model_of(nodes, constants)).layers[-1]
    expected = integers.T.reshape(6, 4, 5, 5).transpose(0, 3, 1, 2)
    np.testing.assert_array_equal(layer.weight_quantisation.values_oihw, expected)


def test_a_row_that_something_else_reads_is_laid_out_by_the_host(model_of, values):
    nodes = [conv(), node("Transpose", ["c"], ["t"], perm=LAST), node("Flatten", ["t"], ["f"])]
    nodes += [node("MatMul", ["f", "m"], ["z"]), node("Relu", ["f"], ["y"])]
    model = model_of(nodes, {"w": values(5, 4, 3, 3), "m": values(100, 6)}, outputs=("y", "z"))
    with pytest.raises(InputError, match="reorders the elements"):
        import_model(model, "case", "")
