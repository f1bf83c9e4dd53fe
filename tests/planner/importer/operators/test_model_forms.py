"""Constants, names, types and batches, each against onnxruntime on original and folded model."""

from __future__ import annotations

import numpy as np
import pytest

from dynamap.cost.errors import InputError
from dynamap.planner.importer import import_model
from dynamap.planner.network.network import ActivationKind
from support.operator_nodes import conv, ints, node


def test_constants_are_computed_at_import(same, model_of, values):
    """Weights that the graph itself computes, with operators that have no handler."""
    nodes = [
        node("Constant", [], ["half"], value_float=0.5),
        node("Sqrt", ["w2"], ["root"]),
        node("Mul", ["root", "half"], ["w"]),
        node("Split", ["bb"], ["b", "unused"], axis=0, num_outputs=2),
        node("Conv", ["x", "w", "b"], ["y"]),
    ]
    same(model_of(nodes, {"w2": np.abs(values(4, 4, 3, 3)), "bb": values(8)}, opset=18))


@pytest.mark.parametrize("batch", ["N", None, -1, 8])
def test_a_dynamic_or_other_batch_becomes_one_with_a_notice(batch, same, model_of, values):
    """As torch exports x.view(x.size(0), -1): the shape is read, cut, joined and used."""
    nodes = [
        conv(),
        node("Shape", ["c"], ["s"]),
        node("Gather", ["s", "zero"], ["n"], axis=0),
        node("Unsqueeze", ["n", "axis"], ["n1"]),
        node("Concat", ["n1", "rest"], ["form"], axis=0),
        node("Reshape", ["c", "form"], ["f"]),
        node("Gemm", ["f", "u"], ["y"]),
    ]
    constants = {
        "w": values(4, 4, 3, 3),
        "u": values(80, 3),
        "zero": np.asarray(0, np.int64),
        "axis": ints(0),
        "rest": ints(-1),
    }
    if batch == 8:
        nodes[4:6] = [node("Flatten", ["c"], ["f"])]
        nodes[1:4] = []
    model = model_of(nodes, constants, shape=(batch if batch != -1 else None, 4, 6, 7))
    if batch == -1:
        model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = -1
    if batch in (8, -1):
        from dynamap.planner.importer import import_model

        network = import_model(model, "case", "")
    else:
        network = same(model)
    assert [layer.name for layer in network.layers] == ["c", "y"]
    assert any("becomes 1" in notice for notice in network.notices)


@pytest.mark.parametrize("kind", [np.float16, np.float64])
def test_other_float_types_are_converted_with_a_notice(kind, model_of, values, run):
    from onnx import TensorProto, helper

    from dynamap.planner.importer import import_model
    from dynamap.planner.network.onnx_export import to_onnx

    code = helper.np_dtype_to_tensor_dtype(np.dtype(kind))
    constants = {"w": values(4, 4, 3, 3).astype(kind)}
    model = model_of([conv(output="y")], constants, kind=code, output_kind=code)
    network = import_model(model, "case", "")
    assert network.layers[0].weights.dtype == np.float32
    assert any(np.dtype(kind).name in notice for notice in network.notices)
    x = values(1, 4, 6, 7)
    found = run(to_onnx(network), x)["y"]
    as_float = model_of([conv(output="y")], {"w": constants["w"].astype(np.float32)}, kind=TensorProto.FLOAT)
    np.testing.assert_allclose(found, run(as_float, x)["y"], rtol=1e-5, atol=1e-6)


def test_names_of_layers_are_their_own(model_of, values):
    """A node without a name is called after its output, which another node may be called too."""
    nodes = [
        conv("x", "a", name="b", pads=[1, 1, 1, 1]),
        conv("a", "b", name="", pads=[1, 1, 1, 1]),
        conv("b", "y", name="b (2)", pads=[1, 1, 1, 1]),
    ]
    from dynamap.planner.importer import import_model

    network = import_model(model_of(nodes, {"w": values(4, 4, 3, 3)}), "case", "")
    names = [layer.name for layer in network.layers]
    assert names[0] == "b" and len(set(names)) == 3


def test_names_may_contain_anything(same, model_of, values):
    odd = 'a "b"/{c}\n[d] \u00e9 %s'
    nodes = [conv("x", odd, name=odd), node("Relu", [odd], ["y"])]
    network = same(model_of(nodes, {"w": values(4, 4, 3, 3)}))
    assert network.layers[0].name == odd


def test_nodes_out_of_order_and_dead_ends(same, model_of, values):
    nodes = [
        node("Relu", ["c"], ["y"]),
        conv(),
        node("Softplus", ["c"], ["dead"]),
    ]
    model = model_of(nodes, {"w": values(4, 4, 3, 3)})
    from dynamap.planner.importer import check_model, import_model

    (layer,) = import_model(model, "case", "").layers
    assert layer.activation.kind is ActivationKind.RELU  # the dead reader does not count
    report = check_model(model)
    assert report.nodes[2].reason == "its result is not used"


@pytest.mark.parametrize("version", [99, 2**40])
def test_a_newer_file_format_is_refused(version, model_of):
    """As onnxruntime refuses it: what its fields mean is not known yet."""
    model = model_of([conv()])
    model.ir_version = version
    with pytest.raises(InputError, match=rf"its IR version is {version}, and onnx [\d.]+ knows those up to \d+"):
        import_model(model, "case", "")
