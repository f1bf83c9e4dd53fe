"""Models of which the host runs parts, from their own inputs to their own outputs, against the original."""

from __future__ import annotations

import importlib.util
import json
import math
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper
from typer.testing import CliRunner

from dynamap.backends.evidence.comparison.final import Expectation, compare_final
from dynamap.backends.evidence.comparison.imported import ImportErrors
from dynamap.cli.app import app
from dynamap.cli.run_final import Final, final_lines
from dynamap.cost.errors import InputError
from dynamap.planner.models import resolve
from dynamap.planner.plan.plan import load_plan

RANDOM = np.random.default_rng(7)
Node = onnx.NodeProto
Arrays = dict[str, np.ndarray]


def weights(*shape: int) -> np.ndarray:
    """Random weights that keep activations of the size of their inputs; of one shape always the same."""
    return (np.random.default_rng(shape).standard_normal(shape) / np.sqrt(np.prod(shape[1:]))).astype(np.float32)


def info(name: str, shape: list[int | str] | None, kind: int = TensorProto.FLOAT) -> onnx.ValueInfoProto:
    """An input or output."""
    return helper.make_tensor_value_info(name, kind, shape)


def conv(source: str, output: str, name: str, pad: int = 0) -> Node:
    """A convolution with the weights ``name``."""
    return helper.make_node("Conv", [source, name], [output], name=output, pads=[pad] * 4)


def node(op: str, sources: list[str], outputs: list[str], **attributes: object) -> Node:
    """A node that is called as its first output."""
    return helper.make_node(op, sources, outputs, name=outputs[0], **attributes)


def saved(
    path: Path,
    nodes: list[Node],
    constants: dict[str, np.ndarray],
    inputs: list[onnx.ValueInfoProto],
    outputs: list[onnx.ValueInfoProto],
) -> Path:
    """The file of a model."""
    tensors = [numpy_helper.from_array(np.asarray(array), name) for name, array in constants.items()]
    graph = helper.make_graph(nodes, "case", inputs, outputs, tensors)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def detector(path: Path) -> Path:
    """A head with NonMaxSuppression: how many boxes are left is found during inference."""
    nodes = [
        conv("x", "a", "w", 1),
        node("Relu", ["a"], ["r"]),
        conv("r", "b", "v"),
        conv("r", "s", "u"),
        node("Reshape", ["b", "four"], ["br"]),
        node("Transpose", ["br"], ["boxes"], perm=[0, 2, 1]),
        node("Reshape", ["s", "two"], ["scores"]),
        node("NonMaxSuppression", ["boxes", "scores", "most", "iou", "least"], ["y"]),
    ]
    constants = {
        "w": weights(8, 3, 3, 3),
        "v": weights(4, 8, 1, 1),
        "u": weights(2, 8, 1, 1),
        "four": np.array([0, 4, -1], np.int64),
        "two": np.array([0, 2, -1], np.int64),
        "most": np.array([5], np.int64),
        "iou": np.array([0.5], np.float32),
        "least": np.array([0.1], np.float32),
    }
    return saved(path, nodes, constants, [info("x", ["N", 3, 8, 8])], [info("y", ["k", 3], TensorProto.INT64)])


def recurrent(path: Path) -> Path:
    """An LSTM behind convolutions, as readers of text have it."""
    nodes = [
        conv("x", "a", "w", 1),
        node("ReduceMean", ["a"], ["m"], axes=[2], keepdims=0),
        node("Transpose", ["m"], ["t"], perm=[2, 0, 1]),
        node("LSTM", ["t", "W", "R"], ["h", ""], hidden_size=6),
        node("Squeeze", ["h", "one"], ["y"]),
    ]
    constants = {
        "w": weights(8, 1, 3, 3),
        "W": weights(1, 24, 8),
        "R": weights(1, 24, 6),
        "one": np.array([1], np.int64),
    }
    return saved(path, nodes, constants, [info("x", [1, 1, 8, 12])], [info("y", [12, 1, 6])])


def attention(path: Path) -> Path:
    """Attention between convolutions, with a connection around it."""
    nodes = [
        conv("x", "a", "w", 1),
        conv("a", "qkv", "v"),
        node("Reshape", ["qkv", "flat"], ["r"]),
        node("Split", ["r"], ["q", "k", "e"], axis=1),
        node("Transpose", ["q"], ["qt"], perm=[0, 2, 1]),
        node("MatMul", ["qt", "k"], ["qk"]),
        node("Softmax", ["qk"], ["p"], axis=-1),
        node("Transpose", ["p"], ["pt"], perm=[0, 2, 1]),
        node("MatMul", ["e", "pt"], ["z"]),
        node("Reshape", ["z", "image"], ["i"]),
        conv("i", "o", "u"),
        node("Add", ["o", "a"], ["s"]),
        conv("s", "y", "t", 1),
    ]
    constants = {
        "w": weights(16, 3, 3, 3),
        "v": weights(48, 16, 1, 1),
        "u": weights(16, 16, 1, 1),
        "t": weights(4, 16, 3, 3),
        "flat": np.array([1, 48, 36], np.int64),
        "image": np.array([1, 16, 6, 6], np.int64),
    }
    return saved(path, nodes, constants, [info("x", [1, 3, 6, 6])], [info("y", [1, 4, 6, 6])])


def prepared(path: Path) -> Path:
    """Bytes in NHWC order that are prepared in the model, an input that only the host reads, and labels."""
    nodes = [
        node("Cast", ["x"], ["f"], to=TensorProto.FLOAT),
        node("Transpose", ["f"], ["n"], perm=[0, 3, 1, 2]),
        node("Hardmax", ["n"], ["hm"], axis=3),
        node("Mul", ["n", "hm"], ["d"]),
        conv("d", "a", "w", 1),
        node("Cast", ["size"], ["sf"], to=TensorProto.FLOAT),
        node("ReduceProd", ["sf"], ["area"], keepdims=0),
        node("Mul", ["a", "area"], ["y"]),
        node("ArgMax", ["y"], ["label"], axis=1),
    ]
    inputs = [info("x", [1, 6, 6, 3], TensorProto.UINT8), info("size", ["N", 2], TensorProto.INT64)]
    outputs = [info("y", None), info("label", [1, 1, 6, 6], TensorProto.INT64)]
    return saved(path, nodes, {"w": weights(8, 3, 3, 3)}, inputs, outputs)


CASES = {"detector": detector, "recurrent": recurrent, "attention": attention, "prepared": prepared}
IMAGE = {
    "detector": {"x": RANDOM.standard_normal((1, 3, 8, 8)).astype(np.float32)},
    "recurrent": {"x": RANDOM.standard_normal((1, 1, 8, 12)).astype(np.float32)},
    "attention": {"x": RANDOM.standard_normal((1, 3, 6, 6)).astype(np.float32)},
    "prepared": {
        "x": RANDOM.integers(0, 255, (1, 6, 6, 3), np.uint8),
        "size": np.array([[2, 3]], np.int64),
    },
}
FREE = {"detector": {"y"}, "prepared": {"label"}}
"""Outputs of choices."""


def call(*words: object) -> str:
    """The standard output of a command that must succeed."""
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == 0, done.output
    return done.stdout


def given(folder: Path) -> tuple[object, ...]:
    """The image as what is run, and as what gives the scales."""
    return ("--input", folder / "x.npz", "--calibration", folder / "x.npz")


@pytest.fixture(scope="module", params=list(CASES))
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A planned model: its name, and the folder with its files."""
    folder = tmp_path_factory.mktemp(request.param)
    CASES[request.param](folder / "m.onnx")
    np.savez(folder / "x.npz", **IMAGE[request.param])
    call("plan", folder / "m.onnx", "--device", "zcu104", "--array", "8x8", "-o", folder / "p.json")
    return request.param, folder


def original(folder: Path, image: Arrays) -> Arrays:
    """What onnxruntime makes of the original file."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(folder / "m.onnx", options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, image), strict=True))


def assert_like(found: Arrays, expected: Arrays) -> None:
    """The outputs of a run in 8 bits against the original's: names, types and shapes, real values, most choices."""
    assert list(found) == list(expected)
    for output, wanted in expected.items():
        got = found[output]
        assert (got.dtype, got.shape) == (wanted.dtype, wanted.shape)
        if wanted.dtype.kind == "f":
            lengths = np.linalg.norm(got) * np.linalg.norm(wanted)
            assert np.dot(got.ravel(), wanted.ravel()) / lengths > 0.999
        else:
            assert (got == wanted).mean() > 0.8


def test_run_gives_the_outputs_of_the_original(case: tuple[str, Path]) -> None:
    name, folder = case
    words = (*given(folder), "--output", folder / "y", "--json")
    document = json.loads(call("run", folder / "p.json", *words, "--compare", "numpy"))
    assert document["max_lsb"] == 0 and document["counters_equal"]
    assert [step["name"] for step in document["segments"] if step["host_seconds"] is not None]
    loaded = np.load(folder / "y")
    expected = original(folder, IMAGE[name])
    found = {next(iter(expected)): loaded} if isinstance(loaded, np.ndarray) else dict(loaded)
    assert_like(found, expected)


def test_the_plan_names_the_segments(case: tuple[str, Path]) -> None:
    _, folder = case
    plan = load_plan(folder / "p.json")
    network = resolve(str(folder / "m.onnx"))
    assert network.whole is not None
    assert [segment.name for segment in plan.segments] == [step.name for step in network.whole.steps]
    for segment in plan.segments:
        assert (segment.runs_on == "host") == (not segment.layers)
    assert any("onnxruntime" in notice for notice in plan.notices)
    assert sum((segment.layers for segment in plan.segments), ()) == tuple(layer.name for layer in plan.layers)


def test_verification_and_simulation(case: tuple[str, Path]) -> None:
    _, folder = case
    assert json.loads(call("verify", "--quick", folder / "p.json", "--json"))["verified"] is True
    simulated = json.loads(call("simulate", folder / "p.json", "--json"))
    assert simulated["cycles"] == sum(layer.cycles for layer in load_plan(folder / "p.json").layers)


def test_what_crosses_is_held_to_its_bound_where_a_choice_has_none(case: tuple[str, Path]) -> None:
    name, folder = case
    document = json.loads(call("run", folder / "p.json", "--json"))
    bounds = {output: found["bound"] for output, found in document["final"].items()}
    free = FREE.get(name, set())
    assert {output for output, bound in bounds.items() if bound is None} == free
    for output, found in document["final"].items():
        assert found["kept"] is (None if output in free else True)
        assert ("depends on" in found.get("unbounded", "")) == (output in free)
    assert all(found["bound"] is not None and found["kept"] for found in document["crossing"].values())
    assert document["crossing"] or name == "prepared"


def test_the_page_names_the_segments(case: tuple[str, Path]) -> None:
    _, folder = case
    call("report", folder / "p.json", "-o", folder / "page.html")
    page = (folder / "page.html").read_text()
    assert all(f"{segment.name}: " in page for segment in load_plan(folder / "p.json").segments)


def test_an_export_is_refused(case: tuple[str, Path]) -> None:
    _, folder = case
    done = CliRunner().invoke(app, ["export-qdq", str(folder / "m.onnx"), "-o", str(folder / "q.onnx")])
    assert "the host runs parts" in str(done.exception)
    assert not (folder / "q.onnx").exists()


def test_a_projects_host_runs_the_whole_model(
    case: tuple[str, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The host's own modules, with the emulator in the place of a device."""
    name, folder = case
    project = folder / "project"
    call("generate", folder / "p.json", "--backend", "vitis-hls", "-o", project, *given(folder))
    monkeypatch.syspath_prepend(str(project / "host"))
    for module in ("picture", "overlay_picture", "overlay_tensor", "overlay_data", "model_steps"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    steps, data_module = (load_module(project / "host" / f"{module}.py") for module in ("model_steps", "overlay_data"))
    data = data_module.OverlayData(project / "data", 1, 64)
    memory = bytearray(data.bytes_per_port)

    def run(address: int, count: int) -> None:
        emulate(memory, (address - data.commands_address) // steps.COMMAND_BYTES, count)

    assert steps.is_interrupted(project / "data")
    assert steps.run_model(data, [memoryview(memory)], run, None, project / "out.npz") == 0
    found = dict(np.load(project / "out.npz"))
    assert_like(found, original(folder, IMAGE[name]))
    np.savez(project / "data" / "model_output.npz", **{output: 2 * array + 1 for output, array in found.items()})
    assert steps.run_model(data, [memoryview(memory)], run, None, None) == 1
    assert capsys.readouterr().out.count("MISMATCH output") == len(found)


def load_module(path: Path) -> object:
    """A module of a project, under its own name."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def emulate(memory: bytearray, first: int, count: int) -> None:
    """Runs commands of the program that a device's memory begins with, on that memory."""
    from dynamap.backends.emulator.convolution import Accumulators, run_conv
    from dynamap.backends.emulator.memory import Memory
    from dynamap.backends.emulator.vector import run_vector
    from dynamap.backends.program import Op, read_program

    size = int.from_bytes(memory[4 * 28 : 4 * 30], "little")
    program = read_program(bytes(memory[:size]))
    device = Memory(program.image, program.header.memory_bytes)
    device.data[:] = np.frombuffer(memory, np.uint8)[: len(device.data)]
    kept = Accumulators()
    for command in program.commands[first : first + count]:
        if command.op is Op.CONV:
            run_conv(device, program.header, command, kept)
        else:
            run_vector(device, command, program.sources(command))
    memory[: len(device.data)] = device.data.tobytes()


def test_without_onnxruntime_one_message_says_what_to_install(
    case: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, folder = case
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    done = CliRunner().invoke(app, ["run", str(folder / "p.json")])
    assert isinstance(done.exception, InputError | SystemExit)
    assert "pip install 'dynamap[run]'" in str(done.exception) + done.output


def test_an_output_of_another_number_of_elements_is_not_judged() -> None:
    """As many boxes as are left: nothing is known of a cosine or of an error, and neither is called kept."""
    nothing = ImportErrors((), 0)
    expected = Expectation({"y": np.zeros(6, np.float32)}, nothing, {"y": math.inf}, (), frozenset({"y"}))
    (found,) = compare_final(expected, {"y": np.zeros(9, np.int64)}).values()
    document = found.document()
    assert (document["cosine"], document["max_error"], document["bound"], document["kept"]) == (None,) * 4
    assert document["equal"] == 0 and "least difference" in str(document["unbounded"])
    said = final_lines(Final({"y": replace(found, equal=None)}, {}, nothing, None))
    assert "'y': another number of elements, not judged" in said[-1]
