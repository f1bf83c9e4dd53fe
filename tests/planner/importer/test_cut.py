"""Models that are cut: what the host gets, what stays on the overlay, and what no side takes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from dynamap.cli.check import check
from dynamap.cost.errors import InputError
from dynamap.planner.importer import check_model, import_model
from dynamap.planner.importer.fates import Fate
from dynamap.planner.network.network import Network
from dynamap.planner.network.whole import HostSegment, OverlayPart, Whole
from support.end_to_end import run_file

RANDOM = np.random.default_rng(5)
WEIGHTS = {
    "w": RANDOM.standard_normal((8, 4, 3, 3)).astype(np.float32),
    "v": RANDOM.standard_normal((4, 8, 3, 3)).astype(np.float32),
    "u": RANDOM.standard_normal((8, 4, 1, 1)).astype(np.float32),
}


def conv(source: str, weights: str, output: str) -> onnx.NodeProto:
    """A convolution that keeps rows and columns."""
    pad = 0 if weights == "u" else 1
    return helper.make_node("Conv", [source, weights], [output], name=output, pads=[pad] * 4)


def node(op: str, sources: list[str], outputs: list[str], **attributes: object) -> onnx.NodeProto:
    """A node that is called as its first output."""
    return helper.make_node(op, sources, outputs, name=outputs[0], **attributes)


def model_of(
    nodes: list[onnx.NodeProto],
    constants: dict[str, np.ndarray] | None = None,
    outputs: dict[str, int] | None = None,
    inputs: list[onnx.ValueInfoProto] | None = None,
) -> onnx.ModelProto:
    """A model with the input 'x' of 1 x 4 x 6 x 6."""
    image = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4, 6, 6])
    results = (outputs or {"y": TensorProto.FLOAT}).items()
    graph = helper.make_graph(
        nodes,
        "case",
        inputs or [image],
        [helper.make_tensor_value_info(name, kind, None) for name, kind in results],
        [numpy_helper.from_array(array, name) for name, array in {**WEIGHTS, **(constants or {})}.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def cut(model: onnx.ModelProto) -> Network:
    """The network of a model of which the host runs parts."""
    return import_model(model, "case", "", host=True)


def steps(model: onnx.ModelProto) -> list[tuple[str, set[str]]]:
    """Names and nodes of all steps."""
    whole = cut(model).whole
    assert whole is not None
    return [(step.name, set(step.nodes)) for step in whole.steps]


def run_in_steps(model: onnx.ModelProto, whole: Whole, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The model in onnxruntime, cut as ``whole`` says: an extraction by the onnx package stands for each part."""
    values = dict(arrays)
    for step in whole.steps:
        if isinstance(step, HostSegment):
            session = onnxruntime.InferenceSession(step.model, providers=["CPUExecutionProvider"])
            names = list(step.writes)
        else:
            inferred = onnx.shape_inference.infer_shapes(model)
            names = list(step.writes)
            known = {value.name for value in (*inferred.graph.value_info, *inferred.graph.input)}
            missing = [
                helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
                for name in (*step.reads, *names)
                if name not in known
            ]
            inferred.graph.value_info.extend(missing)
            part = onnx.utils.Extractor(inferred).extract_model(list(step.reads), names)
            session = onnxruntime.InferenceSession(part.SerializeToString(), providers=["CPUExecutionProvider"])
        found = session.run(names, {name: values[name] for name in step.reads})
        values.update(zip(names, found, strict=True))
    return values


MIDDLE = [conv("x", "w", "a"), node("Einsum", ["a"], ["b"], equation="nchw->nchw"), conv("b", "v", "y")]
TAIL = [conv("x", "w", "a"), node("ArgMax", ["a"], ["y"], axis=1)]
START = [node("Hardmax", ["x"], ["r"], axis=1), conv("r", "w", "y")]
SKIP = [
    conv("x", "w", "a"),
    node("Einsum", ["a"], ["b"], equation="nchw->nchw"),
    conv("b", "v", "c"),
    conv("c", "u", "d"),
    node("Add", ["a", "d"], ["y"]),
]
TWICE = [
    conv("x", "w", "a"),
    node("Hardmax", ["a"], ["b"], axis=1),
    conv("b", "v", "c"),
    node("Hardmax", ["c"], ["d"], axis=1),
    conv("d", "w", "e"),
    node("TopK", ["e", "k"], ["y", "z"], axis=1),
]


class TestWhereItIsCut:
    def test_a_tail(self) -> None:
        assert steps(model_of(TAIL, outputs={"y": TensorProto.INT64})) == [("overlay 1", {"a"}), ("host 1", {"y"})]

    def test_the_middle(self) -> None:
        assert steps(model_of(MIDDLE)) == [("overlay 1", {"a"}), ("host 1", {"b"}), ("overlay 2", {"y"})]

    def test_the_start(self) -> None:
        assert steps(model_of(START)) == [("host 1", {"r"}), ("overlay 1", {"y"})]

    def test_several(self) -> None:
        outputs = {"y": TensorProto.FLOAT, "z": TensorProto.INT64}
        found = steps(model_of(TWICE, {"k": np.array([2], np.int64)}, outputs))
        assert [nodes for _, nodes in found] == [{"a"}, {"b"}, {"c"}, {"d"}, {"e"}, {"y"}]

    def test_what_is_beside_the_host_and_has_no_work_is_its_own(self) -> None:
        nodes = [
            conv("x", "w", "a"),
            node("Hardmax", ["a"], ["b"], axis=1),
            node("Relu", ["b"], ["c"]),
            node("Hardmax", ["c"], ["d"], axis=1),
            conv("d", "v", "y"),
        ]
        assert [nodes for _, nodes in steps(model_of(nodes))] == [{"a"}, {"b", "c", "d"}, {"y"}]

    def test_a_view_before_the_host_is_its_own(self) -> None:
        nodes = [conv("x", "w", "a"), node("Flatten", ["a"], ["f"]), node("Hardmax", ["f"], ["y"], axis=1)]
        assert steps(model_of(nodes)) == [("overlay 1", {"a"}), ("host 1", {"f", "y"})]

    def test_fewer_bytes_cross_behind_a_pool(self) -> None:
        nodes = [conv("x", "w", "a"), node("GlobalAveragePool", ["a"], ["p"]), node("Hardmax", ["p"], ["y"], axis=1)]
        assert steps(model_of(nodes)) == [("overlay 1", {"a", "p"}), ("host 1", {"y"})]

    def test_a_part_with_next_to_no_work_goes_to_the_host(self) -> None:
        """The second convolution has 1 of 289 products: 1 x 1 on one channel against 8 x 4 x 3 x 3."""
        nodes = [
            conv("x", "w", "a"),
            node("ReduceMax", ["a"], ["m"], axes=[1], keepdims=1),
            helper.make_node("Conv", ["m", "one"], ["y"], name="y"),
        ]
        constants = {"one": np.ones((1, 1, 1, 1), np.float32)}
        assert steps(model_of(nodes, constants)) == [("overlay 1", {"a"}), ("host 1", {"m", "y"})]

    def test_side_inputs_of_the_host_do_not_make_a_step_of_their_own(self) -> None:
        """What the host computes of its own input waits for the overlay: two steps, not three."""
        image = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4, 6, 6])
        size = helper.make_tensor_value_info("size", TensorProto.INT64, ["n", 2])
        nodes = [
            node("Cast", ["size"], ["s"], to=TensorProto.FLOAT),
            node("ReduceSum", ["s"], ["t"], keepdims=0),
            conv("x", "w", "a"),
            node("Mul", ["a", "t"], ["y"]),
        ]
        model = model_of(nodes, inputs=[image, size])
        assert steps(model) == [("overlay 1", {"a"}), ("host 1", {"s", "t", "y"})]
        whole = cut(model).whole
        assert whole is not None
        assert [(port.name, port.shape) for port in whole.inputs] == [("x", (1, 4, 6, 6)), ("size", (1, 2))]

    def test_no_tensor_is_in_two_parts(self) -> None:
        network = cut(model_of(SKIP))
        assert network.whole is not None
        reads = [set(part.reads.values()) for part in network.whole.parts]
        assert len(set.union(*reads)) == sum(map(len, reads)) == len(network.inputs)


@pytest.mark.parametrize("nodes", [MIDDLE, START, SKIP], ids=["middle", "start", "skip"])
def test_the_steps_are_the_model(nodes: list[onnx.NodeProto]) -> None:
    model = model_of(nodes)
    image = RANDOM.standard_normal((1, 4, 6, 6)).astype(np.float32)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    (expected,) = session.run(["y"], {"x": image})
    whole = cut(model).whole
    assert whole is not None
    np.testing.assert_allclose(run_in_steps(model, whole, {"x": image})["y"], expected, rtol=1e-4, atol=1e-4)


def test_a_segment_holds_its_constants_and_the_models_opset() -> None:
    outputs = {"y": TensorProto.FLOAT, "z": TensorProto.INT64}
    whole = cut(model_of(TWICE, {"k": np.array([2], np.int64)}, outputs)).whole
    assert whole is not None
    last = onnx.load_model_from_string(whole.segments[-1].model)
    assert [tensor.name for tensor in last.graph.initializer] == ["k"]
    assert [(entry.domain, entry.version) for entry in last.opset_import] == [("", 17)]
    assert set(whole.segments[-1].writes) == {"y", "z"}


def test_a_segment_names_the_versions_that_the_model_names() -> None:
    """LabelEncoder has keys and values of these kinds from version 2 of its operators on."""
    labels = {"keys_int64s": list(range(8)), "values_int64s": [10 * place for place in range(8)]}
    named = node("LabelEncoder", ["i"], ["y"], domain="ai.onnx.ml", **labels)
    model = model_of(
        [conv("x", "w", "a"), node("ArgMax", ["a"], ["i"], axis=1), named], outputs={"y": TensorProto.INT64}
    )
    model.opset_import.append(helper.make_opsetid("ai.onnx.ml", 2))
    whole = cut(model).whole
    assert whole is not None
    image = {"x": RANDOM.standard_normal((1, 4, 6, 6)).astype(np.float32)}
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    np.testing.assert_array_equal(run_in_steps(model, whole, image)["y"], session.run(["y"], image)[0])


def test_a_model_that_the_overlay_runs_is_not_cut() -> None:
    model = model_of([conv("x", "w", "a"), node("Relu", ["a"], ["y"])])
    assert cut(model).whole is None


class TestWhatNoSideTakes:
    def test_nothing_is_left_for_the_overlay(self) -> None:
        with pytest.raises(InputError, match=r"nothing for the overlay.*'y'.*Hardmax"):
            cut(model_of([node("Hardmax", ["x"], ["y"], axis=1)]))

    @pytest.mark.parametrize(
        "broken",
        [
            node("Hardmax", ["a"], ["y"], mode="up"),  # no such attribute
            node("BitShift", ["a", "a"], ["y"], direction="LEFT"),  # of floats
            helper.make_node("Foo", ["a"], ["y"], name="y", domain="made.up"),
            node("RandomNormalLike", ["a"], ["y"]),
        ],
        ids=["attribute", "type", "domain", "random"],
    )
    def test_what_onnxruntime_does_not_run_alike(self, broken: onnx.NodeProto) -> None:
        with pytest.raises(InputError, match="'y'"):
            cut(model_of([conv("x", "w", "a"), broken]))

    def test_training_mode(self) -> None:
        ones = {name: np.ones(8, np.float32) for name in "abcd"}
        norm = helper.make_node("BatchNormalization", ["c0", *"abcd"], ["y", "m", "s"], name="bn", training_mode=1)
        with pytest.raises(InputError, match="training"):
            cut(model_of([conv("x", "w", "c0"), norm], ones))

    def test_a_fixed_batch(self) -> None:
        image = helper.make_tensor_value_info("x", TensorProto.FLOAT, [8, 4, 6, 6])
        with pytest.raises(InputError, match="batch size 1"):
            cut(model_of(TAIL, outputs={"y": TensorProto.INT64}, inputs=[image]))

    def test_without_the_host_it_is_refused(self) -> None:
        with pytest.raises(InputError, match="ArgMax"):
            import_model(model_of(TAIL, outputs={"y": TensorProto.INT64}), "case", "")


def test_the_check_names_the_steps(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "net.onnx"
    onnx.save(model_of(MIDDLE), path)
    assert check(str(path), json=True) == 0
    document = json.loads(capsys.readouterr().out)
    assert [item["fate"] for item in document["nodes"]] == ["overlay", "host", "overlay"]
    first, host, last = document["segments"]
    assert (first["runs_on"], host["runs_on"], last["runs_on"]) == ("overlay", "host", "overlay")
    assert (first["bytes_to_overlay"], first["bytes_to_host"]) == (4 * 36, 8 * 36)
    assert host["nodes"] == ["b"] and host["inputs"] == ["a"] and host["outputs"] == ["b"]
    assert check(str(path), json=False) == 0
    shown = capsys.readouterr().out
    assert "host 1: node 'b'" in shown and "Conv" not in shown
    assert check(str(path), json=False, every=True) == 0
    assert "Conv" in capsys.readouterr().out


def test_fates_of_a_cut_model() -> None:
    report = check_model(model_of(SKIP), "case", host=True)
    assert report.supported and report.whole is not None
    assert [fate.fate for fate in report.nodes if fate.node == "b"] == [Fate.HOST]
    layers = {layer for step in report.whole.steps if isinstance(step, OverlayPart) for layer in step.layers}
    assert {fate.into for fate in report.nodes if fate.fate is Fate.OVERLAY} <= layers


TOGETHER = {
    "x - x": [("Neg", ["c"], "n"), ("Add", ["c", "n"], "f")],
    "mish": [("Softplus", ["c"], "p"), ("Tanh", ["p"], "t"), ("Mul", ["c", "t"], "f")],
    "swish": [("Sigmoid", ["c"], "s"), ("Mul", ["s", "c"], "f")],
    "squares": [("Mul", ["c", "c"], "s"), ("Sqrt", ["s"], "r"), ("Add", ["r", "c"], "f")],
}


@pytest.mark.parametrize("shown", ["c", "y"])
@pytest.mark.parametrize("nodes", TOGETHER.values(), ids=TOGETHER)
def test_nodes_that_become_one_layer_may_be_parted(
    nodes: list[tuple[str, list[str], str]], shown: str, tmp_path: Path
) -> None:
    """Where less crosses in the middle of a function, as behind a tensor that is an output anyway, the host begins
    there; the tensors inside had no type then, and the model was refused."""
    made = [
        conv("x", "w", "c"),
        *(node(op, sources, [output]) for op, sources, output in nodes),
        node("Softmax", ["f"], ["s2"], axis=2),
        conv("s2", "v", "y"),
    ]
    path = tmp_path / "m.onnx"
    onnx.save(model_of(made, outputs=dict.fromkeys(dict.fromkeys((shown, "y")), TensorProto.FLOAT)), path)
    found = run_file(path)
    assert found.status == 0 and found.imported["kept"]
    assert all(one["kept"] for one in found.final.values())


@pytest.mark.parametrize("op", ["CumSum", "Relu"])
def test_what_is_asked_for_its_shape_alone_is_not_computed(op: str, tmp_path: Path) -> None:
    """No side gets a node of which only the shape is read: a part of the host without outputs could not be run."""
    made = [
        conv("x", "w", "c"),
        node(op, ["c", "axis"] if op == "CumSum" else ["c"], ["h"]),
        node("Shape", ["h"], ["s"]),
        node("Reshape", ["c", "s"], ["r"]),
        conv("r", "v", "y"),
    ]
    path = tmp_path / "m.onnx"
    onnx.save(model_of(made, {"axis": np.array(3, np.int32)}), path)
    assert [one.fate for one in check_model(str(path), host=True).nodes if one.node == "h"] == [Fate.FOLDED]
    found = run_file(path)
    assert found.status == 0 and found.final["y"]["kept"]
    assert len(found.document["layers"]) == 2
