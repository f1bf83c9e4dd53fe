"""The check: every node has a fate, and all unsupported nodes are reported together."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from rich.console import Console

from dynamap.cli.check import check, check_document, render_check
from dynamap.cost.errors import InputError
from dynamap.planner.importer import Fate, check_model, import_model

LIGHT = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
node = helper.make_node


def ints(*numbers):
    return np.asarray(numbers, np.int64)


def fates(report):
    return {item.node: (item.fate, item.into) for item in report.nodes}


def test_the_fate_of_every_node(model_of, values):
    nodes = [
        node("Constant", [], ["half"], name="k", value_float=0.5),
        node("Conv", ["x", "w"], ["c"], name="conv"),
        node("Mul", ["c", "half"], ["m"], name="scale"),
        node("Relu", ["m"], ["r"]),
        node("Hardmax", ["r"], ["dead"], name="dead end"),
        node("GlobalAveragePool", ["r"], ["g"], name="pool"),
        node("Flatten", ["g"], ["f"], name="flatten"),
        node("Gemm", ["f", "u"], ["l"], name="fc"),
        node("Softmax", ["l"], ["y"], name="softmax"),
    ]
    model = model_of(nodes, {"w": values(3, 4, 3, 3), "u": values(3, 2)})
    report = check_model(model, "small")
    assert report.model == "small" and report.supported
    assert fates(report) == {
        "k": (Fate.FOLDED, ""),
        "conv": (Fate.OVERLAY, "conv"),
        "scale": (Fate.FOLDED, "conv"),
        "r": (Fate.FOLDED, "conv"),  # without a name: its first output's
        "dead end": (Fate.FOLDED, ""),
        "pool": (Fate.OVERLAY, "pool"),
        "flatten": (Fate.FOLDED, "pool"),
        "fc": (Fate.OVERLAY, "fc"),
        "softmax": (Fate.HOST, "softmax"),
    }
    network = import_model(model, "small", "")
    assert [layer.name for layer in network.layers] == ["conv", "pool", "fc", "softmax"]


@pytest.mark.parametrize(("op", "fate"), [("Sigmoid", Fate.FOLDED), ("Relu", Fate.FOLDED), ("Softmax", Fate.HOST)])
def test_the_node_that_changes_the_shape_is_the_one_that_the_host_does(op, fate, model_of, values):
    nodes = [
        node("Conv", ["x", "w"], ["c"], name="conv"),
        node("Flatten", ["c"], ["f"], name="shape"),
        node(op, ["f"], ["y"], name="act"),
    ]
    model = model_of(nodes, {"w": values(3, 4, 3, 3)})
    layer = "conv" if fate is Fate.FOLDED else "act"
    shown = {"conv": (Fate.OVERLAY, "conv"), "shape": (Fate.HOST, "shape"), "act": (fate, layer)}
    assert fates(check_model(model, "small")) == shown
    assert {layer.name for layer in import_model(model, "small", "").layers} == {into for _, into in shown.values()}


def test_all_unsupported_nodes_are_listed_at_once(model_of, values):
    nodes = [
        node("Conv", ["x", "w"], ["c"], name="conv", pads=[1, 1, 1, 1]),
        node("Hardmax", ["c"], ["s"], name="soft"),
        node("Conv", ["s", "w"], ["d"], name="after", pads=[1, 1, 1, 1]),
        node("Transpose", ["d"], ["t"], name="layout", perm=[0, 2, 3, 1]),
        node("Hardmax", ["d"], ["e"], name="elu"),
        node("Fancy", ["e"], ["z"], name="own", domain="org.example"),
        node("Relu", ["z"], ["y"], name="behind"),
    ]
    model = model_of(nodes, {"w": values(4, 4, 3, 3)}, outputs=("t", "y"))
    report = check_model(model)
    bad = {item.node: item for item in report.unsupported}
    assert list(bad) == ["soft", "layout", "elu", "own", "behind"]
    assert "Hardmax" in bad["soft"].reason and "cut the model" in bad["soft"].remedy
    assert bad["own"].op_type == "org.example.Fancy"
    assert "'own'" in bad["behind"].reason  # no shape is known behind a custom operator
    # The convolution behind Hardmax is judged by the shape that onnx infers.
    assert fates(report)["after"] == (Fate.OVERLAY, "after")
    with pytest.raises(InputError) as caught:
        import_model(model, "m.onnx", "")
    message = str(caught.value)
    assert message.startswith("m.onnx: 5 of 7 nodes")
    for item in report.unsupported:
        assert repr(item.node) in message and item.reason in message and item.remedy in message


W = {"w": np.ones((4, 4, 3, 3), np.float32), "k": np.ones((4, 1, 1), np.float32)}
CONV = node("Conv", ["x", "w"], ["c"])
REFUSED = [
    ("weights at run time", [node("Conv", ["x", "x"], ["y"])], {}, "computed during inference"),
    ("three-dimensional", [node("Conv", ["x", "w5"], ["y"])], {"w5": np.ones((4, 4, 1, 1, 1), np.float32)}, "5 dim"),
    ("kernel_shape", [node("Conv", ["x", "w"], ["y"], kernel_shape=[5, 5])], {}, "kernel_shape is [5, 5]"),
    ("groups", [node("Conv", ["x", "w"], ["y"], group=3)], {}, "in 3 groups"),
    ("negative pads", [node("Conv", ["x", "w"], ["y"], pads=[-1, 0, 0, 0])], {}, "negative pads"),
    ("attention", [node("MatMul", ["x", "x"], ["y"])], {}, "constant weights on its right"),
    ("matmul of maps", [node("MatMul", ["x", "v"], ["y"])], {"v": np.ones((7, 3), np.float32)},
     "reorders the elements"),
    ("transA", [node("Flatten", ["x"], ["f"]), node("Gemm", ["f", "v"], ["y"], transA=1)],
     {"v": np.ones((1, 3), np.float32)}, "transA"),
    ("division", [node("Div", ["d", "x"], ["y"])], {"d": np.arange(4, dtype=np.float32).reshape(1, 4, 1, 1)},
     "for each channel by an activation"),
    ("division by zero", [node("Div", ["x", "n"], ["y"])], {"n": np.float32(0)}, "by zero"),
    ("quotient", [CONV, node("Relu", ["c"], ["r"]), node("Add", ["r", "d"], ["e"]), node("Div", ["c", "e"], ["y"])],
     {"d": np.ones((1, 4, 1, 1), np.float32)}, "divides one activation"),
    ("broadcast add", [node("AveragePool", ["x"], ["g"], kernel_shape=[2, 7]), node("Add", ["x", "g"], ["y"])], {},
     "broadcast"),
    ("constant per column", [node("Add", ["x", "n"], ["y"])], {"n": np.ones(7, np.float32)}, "not one value per"),
    ("constant per pixel", [node("Mul", ["x", "n"], ["y"])], {"n": np.ones((6, 7), np.float32)}, "not one value per"),
    ("concat of rows", [node("Concat", ["x", "x"], ["y"], axis=2)], {}, "along axis 2"),
    ("concat with a constant", [node("Concat", ["x", "n"], ["y"], axis=1)],
     {"n": np.ones((1, 4, 6, 7), np.float32)}, "is a constant"),
    ("largest channel", [node("ReduceMax", ["x"], ["y"], axes=[1])], {}, "axes [1]"),
    ("reduce all", [node("ReduceMean", ["x"], ["y"])], {}, "axes [0, 1, 2, 3]"),
    ("indices", [node("MaxPool", ["x"], ["m", "y"], kernel_shape=[2, 2])], {}, "second output"),
    ("1-D pool", [node("MaxPool", ["x"], ["y"], kernel_shape=[2])], {}, "its kernel_shape is (2,)"),
    ("padding only", [node("MaxPool", ["x"], ["y"], kernel_shape=[2, 2], pads=[2, 0, 0, 0])], {}, "not smaller"),
    ("cubic resize", [node("Resize", ["x", "", "n"], ["y"], mode="cubic")],
     {"n": np.asarray([1, 1, 2, 2], np.float32)}, "'cubic'"),
    ("linear resize", [node("Resize", ["x", "", "n"], ["y"], mode="linear",
                            coordinate_transformation_mode="align_corners")],
     {"n": np.asarray([1, 1, 2, 2], np.float32)}, "align_corners"),
    ("shrink", [node("Resize", ["x", "", "n"], ["y"])], {"n": np.asarray([1, 1, 0.75, 1], np.float32)}, "0.75 x 1"),
    ("reflect", [node("Pad", ["x", "n"], ["y"], mode="reflect")], {"n": ints(0, 0, 1, 1, 0, 0, 1, 1)}, "reflect"),
    ("pad of the batch", [node("Pad", ["x", "n"], ["y"])], {"n": ints(1, 0, 0, 0, 0, 0, 0, 0)}, "batch"),
    ("pad of channels by one", [node("Pad", ["x", "n", "v"], ["y"])],
     {"n": ints(0, 1, 0, 0, 0, 0, 0, 0), "v": np.float32(1)}, "pads the channels with 1"),
    ("crop of all channels", [node("Pad", ["x", "n"], ["y"])], {"n": ints(0, -2, 0, 0, 0, -2, 0, 0)}, "no channel"),
    ("pad by infinity", [node("Pad", ["x", "n", "v"], ["y"])],
     {"n": ints(0, 0, 1, 0, 0, 0, 0, 0), "v": np.float32(np.inf)}, "pads with inf"),
    ("crop of everything", [node("Pad", ["x", "n"], ["y"])], {"n": ints(0, 0, -3, 0, 0, 0, -3, 0)}, "leave nothing"),
    ("gather of a row", [node("Gather", ["x", "n"], ["y"], axis=2)], {"n": np.asarray(1)}, "no list of numbers"),
    ("gather beyond the end", [node("Gather", ["x", "n"], ["y"], axis=1)], {"n": ints(0, 4)}, "not within the 4"),
    ("gather of rows", [node("Gather", ["x", "n"], ["y"], axis=2)], {"n": ints(0, 1, 3)}, "unequal steps"),
    ("training", [node("BatchNormalization", ["x", *["v"] * 4], ["y"], training_mode=1)],
     {"v": np.ones(4, np.float32)}, "training mode"),
    ("instance norm", [node("InstanceNormalization", ["x", "v", "v"], ["y"])],
     {"v": np.ones(4, np.float32)}, "no operator"),
    ("integer cast", [node("Cast", ["x"], ["y"], to=7)], {}, "rounds"),
    ("reshape", [CONV, node("Reshape", ["c", "n"], ["y"])], {"n": ints(2, -1)}, "batch is not 1"),
    ("wrong reshape", [node("Reshape", ["x", "n"], ["y"])], {"n": ints(1, 5, -1)}, "does not fit"),
    ("batch in a reshape", [node("Reshape", ["x", "n"], ["y"])], {"n": ints(5, -1)}, "does not fit"),
    ("conv on a flat map", [node("Reshape", ["x", "n"], ["f"]), node("Conv", ["f", "w"], ["y"])],
     {"n": ints(1, 4, 7, 6)}, "view of a tensor"),
    ("nhwc", [node("Transpose", ["x"], ["t"], perm=[0, 2, 3, 1]), node("Relu", ["t"], ["y"])], {}, "reorders"),
    ("half a shuffle", [CONV, node("Reshape", ["c", "n"], ["r"]),
                        node("Transpose", ["r"], ["y"], perm=[0, 2, 1, 3, 4])],
     {"n": ints(1, 2, 2, 4, 5)}, "middle of a channel shuffle"),
    ("random", [node("RandomNormalLike", ["x"], ["r"]), node("Add", ["x", "r"], ["y"])], {}, "no operator"),
    ("random weights", [node("RandomNormal", [], ["r"], shape=[4, 4, 3, 3]), node("Conv", ["x", "r"], ["y"])], {},
     "differs from run to run"),
    ("backwards", [node("Slice", ["x", "n", "z", "n", "m"], ["y"])],
     {"n": ints(3), "z": ints(0), "m": ints(-1)}, "steps by"),
    ("softmax inside", [CONV, node("Softmax", ["c"], ["s"], axis=1), node("Conv", ["s", "w"], ["y"])], {},
     "the overlay needs its result for 'y'"),
    ("too many inputs", [node("Relu", ["x", "x"], ["y"])], {}, "2 inputs"),
    ("unknown operator", [node("Frobnicate", ["x"], ["y"])], {}, "no operator Frobnicate"),
    ("deprecated", [node("Upsample", ["x", "n"], ["y"])], {"n": np.asarray([1, 1, 2, 2], np.float32)}, "deprecated"),
    ("same with dilation", [node("Conv", ["x", "w"], ["y"], auto_pad="SAME_UPPER", dilations=[2, 2])], {},
     "runtimes disagree"),
]  # fmt: skip


@pytest.mark.parametrize(("nodes", "constants", "reason"), [case[1:] for case in REFUSED], ids=[c[0] for c in REFUSED])
def test_what_is_refused_and_why(nodes, constants, reason, model_of):
    report = check_model(model_of(nodes, {**W, **constants}, opset=14))
    assert any(reason in item.reason for item in report.unsupported), report.unsupported
    assert all(item.reason and item.remedy for item in report.unsupported)


def test_softmax_inside_the_network_names_the_softmax(model_of):
    nodes = [CONV, node("Softmax", ["c"], ["s"], axis=1, name="inner"), node("Conv", ["s", "w"], ["y"])]
    (bad,) = check_model(model_of(nodes, W)).unsupported
    assert bad.node == "inner" and bad.op_type == "Softmax"


# ---- the command ----


def test_the_document_and_the_table(model_of, values, tmp_path, capsys):
    nodes = [
        node("Conv", ["x", "w"], ["c"], name="conv [1]"),
        node("Hardmax", ["c"], ["s"], name="[red]soft"),
        node("Relu", ["s"], ["y"], name="relu"),
    ]
    path = tmp_path / "net.onnx"
    onnx.save(model_of(nodes, {"w": values(4, 4, 3, 3)}, shape=("N", 4, 6, 7)), path)
    assert check(str(path), json=True, host=False) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["model"] == "net.onnx" and document["supported"] is False
    assert document["counts"] == {"overlay": 2, "folded": 0, "host": 0, "unsupported": 1}
    assert [item["name"] for item in document["nodes"]] == ["conv [1]", "[red]soft", "relu"]
    assert document["nodes"][1]["remedy"]
    assert document["notices"] == ["the batch of the input 'x' is dynamic and becomes 1"]
    assert check(str(path), json=False, host=False) == 1
    captured = capsys.readouterr()
    assert "[red]soft" in captured.out and "unsupported" in captured.out
    assert "dynamic" in captured.err and "dynamic" not in captured.out


def test_a_supported_model_exits_with_zero(model_of, values, tmp_path, capsys):
    path = tmp_path / "net.onnx"
    onnx.save(model_of([node("Conv", ["x", "w"], ["y"])], {"w": values(4, 4, 3, 3)}), path)
    assert check(str(path), json=True) == 0
    assert json.loads(capsys.readouterr().out)["supported"] is True


def test_built_in_names_are_checked_too(capsys):
    assert check("squeezenet", json=True) == 0
    document = json.loads(capsys.readouterr().out)
    # 26 Conv, 8 Concat, 3 MaxPool, 1 GlobalAveragePool; 26 Relu and 1 Dropout; 1 Softmax. The graph's
    # own ConstantOfShape nodes are gone, since its weights are filled in.
    assert document["counts"] == {"overlay": 38, "folded": 27, "host": 1, "unsupported": 0}


def test_the_table_has_a_row_per_node():
    report = check_model(LIGHT / "light_inception_v2.onnx")
    table = render_check(report)
    assert len(table.rows) == len(report.nodes) == len(check_document(report)["nodes"])
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(table)
    assert "every node is supported" in console.export_text()


def test_a_missing_file_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        check(str(tmp_path / "absent.onnx"), json=False)


def test_what_stands_in_for_a_refused_result_keeps_the_limits(model_of):
    """Behind a refused node 2^50 channels are inferred: they stand for nothing, and the Pad is not judged."""
    nodes = [
        node("ConvTranspose", ["x", "w"], ["t"]),
        node("GlobalAveragePool", ["t"], ["g"]),
        node("Expand", ["g", "huge"], ["e"]),
        node("Pad", ["e", "p"], ["y"]),
    ]
    constants = {
        "w": np.ones((4, 1, 1, 1), np.float32),
        "huge": ints(1, 2**50, 1, 1),
        "p": ints(0, 0, 1, 1, 0, 0, 1, 1),
    }
    report = check_model(model_of(nodes, constants))
    assert "cannot be judged" in report.unsupported[-1].reason


@pytest.mark.parametrize("carried", ["x", "n"])
def test_a_loop_with_fewer_outputs_than_it_carries(carried, model_of):
    """The onnx package finds out by another error than its own, when it infers the shapes of the outputs."""
    info = helper.make_tensor_value_info
    body = helper.make_graph(
        [node("Identity", ["on"], ["on2"]), node("Identity", ["a"], ["a2"])],
        "body",
        [info("i", TensorProto.INT64, []), info("on", TensorProto.BOOL, []), info("a", TensorProto.FLOAT, [])],
        [info("on2", TensorProto.BOOL, []), info("a2", TensorProto.FLOAT, [])],
    )
    nodes = [node("Loop", ["t", "yes", "one", carried], ["k"], body=body), node("Mul", ["x", "k"], ["y"])]
    constants = {"t": np.asarray(2), "yes": np.asarray(True)}
    constants |= {"one": np.ones((), np.float32), "n": np.ones(3, np.float32)}
    assert check_model(model_of(nodes, constants, opset=15)).unsupported
