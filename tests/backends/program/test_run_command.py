"""``dynamap run`` and ``dynamap program`` from a plan file to their output."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from dynamap.backends.conformance.networks import NetworkBuilder
from dynamap.backends.evidence.comparison.onnx_compare import run_model
from dynamap.backends.evidence.comparison.qdq import to_qdq
from dynamap.backends.executors import NumpyExecutor, find_executor
from dynamap.backends.host.layers import run_host_layer
from dynamap.backends.program.host import prepare
from dynamap.backends.range_calibration import RangeCalibration
from dynamap.cli.classes import RunInput
from dynamap.cli.program import program_command
from dynamap.cli.run import run_command, run_document
from dynamap.cli.run_trace import RunFiles
from dynamap.cost.errors import InputError
from dynamap.cost.geometry import TensorShape, Window
from dynamap.planner.models import resolve
from dynamap.planner.network.network import HostLayer
from dynamap.planner.network.onnx_export import to_onnx
from dynamap.planner.plan.layers import OnHost
from dynamap.planner.plan.plan import Plan, load_plan
from support.programs import one_conv, plan_on


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model file and its plan."""
    path = tmp_path_factory.mktemp("run")
    builder = NetworkBuilder(5, 3, 12, 10)
    first = builder.conv("input", 16, Window((3, 3), pads=(1, 1, 1, 1)))
    joined = builder.add_tensors(builder.concat(first))
    pooled = builder.pool(joined)
    network = builder.network(builder.conv(pooled, 7), softmax=True)
    onnx.save(to_onnx(network), path / "model.onnx")
    plan_on(resolve(str(path / "model.onnx")), (5, 7)).save(path / "plan.json")
    return path


def run(folder: Path, input_file: Path | None = None, **options: object) -> int:
    settings = {
        "given": RunInput(input_file),
        "executor": "numpy",
        "compare": None,
        "files": RunFiles(),
        "how": RangeCalibration(),
        "as_json": True,
    }
    return run_command(folder / "plan.json", **{**settings, **options})  # type: ignore[arg-type]


def test_comparison_with_onnxruntime(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder, compare="onnxruntime") == 0
    document = json.loads(capsys.readouterr().out)
    plan = load_plan(folder / "plan.json")
    executed = [layer for layer in plan.layers if not isinstance(layer, OnHost)]
    assert [layer["name"] for layer in document["layers"]] == [layer.name for layer in executed]
    assert document["max_lsb"] <= 1 and document["counters_equal"]
    assert document["elements"] == sum(np.prod(layer.shape.output) for layer in executed)
    assert [layer["bytes_read"] for layer in document["layers"]] == [layer.bytes_read for layer in executed]
    assert "NumPy" in document["platform"] and document["seconds"] > 0


def test_comparison_with_the_reference_is_exact(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder, compare="numpy") == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["max_lsb"], document["differing"]) == (0, 0)


def test_without_comparison_there_are_no_differences_to_report(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(folder) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["max_lsb"] is None and document["differing"] is None


def test_the_table_for_readers(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder, compare="numpy", as_json=False) == 0
    shown = capsys.readouterr()
    assert "against numpy: 0 of" in shown.out and "equal to the plan's" in shown.out
    assert "seeded random" in shown.err


def test_outputs_agree_with_the_whole_model_in_onnxruntime(folder: Path, tmp_path: Path) -> None:
    """The QDQ model from real input to softmax; its integer tensors may differ by a step, probabilities by little."""
    prepared = prepare(load_plan(folder / "plan.json"))
    name = prepared.network.inputs[0]
    image = np.random.default_rng(3).standard_normal((1, 3, 12, 10), dtype=np.float32)
    np.save(tmp_path / "x.npy", image)
    assert (
        run(folder, input_file=tmp_path / "x.npy", files=RunFiles(output=tmp_path / "y.npy"), compare="onnxruntime")
        == 0
    )
    (expected,) = run_model(to_qdq(prepared.quantised), {name: image})
    np.testing.assert_allclose(np.load(tmp_path / "y.npy"), expected.reshape(1, 7, *expected.shape[2:]), atol=0.02)


def test_traces(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder, files=RunFiles(trace_layers=tmp_path)) == 0
    entries = json.loads((tmp_path / "tensors.json").read_text())
    plan = load_plan(folder / "plan.json")
    assert len(entries) == 1 + sum(not isinstance(layer, OnHost) for layer in plan.layers)
    for entry in entries:
        values = np.load(tmp_path / entry["file"])
        assert values.dtype == np.int8 and list(values.shape) == entry["shape"] and entry["scale"] > 0


def test_calibration_data_are_used(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = np.random.default_rng(0).uniform(-9, 9, (2, 3, 12, 10)).astype(np.float32)
    np.savez(tmp_path / "c.npz", **{prepare(load_plan(folder / "plan.json")).network.inputs[0]: data})
    assert run(folder, how=RangeCalibration(tmp_path / "c.npz"), as_json=False) == 0
    assert "2 given inputs" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.full((1, 3, 12, 10), np.nan, np.float32), "NaN or infinite values"),
        (np.zeros((1, 3, 12, 11), np.float32), r"the shape is \[1, 3, 12, 11\]; it must be N x 3 x 12 x 10"),
        (np.zeros((2, 3, 12, 10), np.float32), "2 images; give one at a time"),
        (np.zeros((1, 3, 12, 10), np.complex64), "the type is complex64"),
    ],
)
def test_bad_inputs(folder: Path, tmp_path: Path, array: np.ndarray, message: str) -> None:
    np.save(tmp_path / "x.npy", array)
    with pytest.raises(InputError, match=message):
        run(folder, input_file=tmp_path / "x.npy")


def test_files_that_are_no_arrays(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "x.npy").write_text("no array")
    with pytest.raises(InputError, match=r"cannot read .*x\.npy"):
        run(folder, input_file=tmp_path / "x.npy")
    with pytest.raises(InputError, match=r"cannot read '.*missing"):
        run(folder, input_file=tmp_path / "missing.npy")
    np.savez(tmp_path / "x.npz", other=np.zeros(3, np.float32))
    with pytest.raises(InputError, match="there is no input 'other'"):
        run(folder, input_file=tmp_path / "x.npz")


def test_options_that_do_not_exist(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no executor 'abacus'; known: numpy"):
        run(folder, executor="abacus")
    with pytest.raises(InputError, match="--compare 'abacus': choose onnxruntime or numpy"):
        run(folder, compare="abacus")
    with pytest.raises(InputError, match="is not a folder; make it first"):
        run(folder, files=RunFiles(trace_layers=tmp_path / "missing"))
    with pytest.raises(InputError, match="cannot write"):
        run(folder, files=RunFiles(output=tmp_path / "missing" / "y.npy"))


def changed(plan: Plan, **model: object) -> Plan:
    return replace(plan, model=replace(plan.model, **model))


def test_a_model_that_has_changed_or_gone(folder: Path, tmp_path: Path) -> None:
    plan = load_plan(folder / "plan.json")
    with pytest.raises(InputError, match="its SHA-256 is"):
        prepare(changed(plan, sha256="0" * 64))
    with pytest.raises(InputError, match=r"gone\.onnx"):
        prepare(changed(plan, source=str(tmp_path / "gone.onnx")))
    with pytest.raises(InputError, match="its SHA-256 is"):
        prepare(changed(plan, source="squeezenet", seed=3))


def test_counters_that_are_not_the_plans(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = load_plan(folder / "plan.json")
    first = replace(plan.layers[0], bytes_read=plan.layers[0].bytes_read + 64)
    replace(plan, layers=(first, *plan.layers[1:])).save(tmp_path / "plan.json")
    assert run(tmp_path) == 1
    assert not json.loads(capsys.readouterr().out)["counters_equal"]


def test_the_program_command(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert program_command(folder / "plan.json", as_json=True, output=tmp_path / "p.bin") == 0
    document = json.loads(capsys.readouterr().out)
    plan = load_plan(folder / "plan.json")
    assert [layer["name"] for layer in document["layers"]] == [layer.name for layer in plan.layers]
    assert (tmp_path / "p.bin").stat().st_size == document["header"]["image_bytes"]
    assert program_command(folder / "plan.json", as_json=False) == 0
    text = capsys.readouterr().out
    assert "overlay program, version 5" in text and "memory map" in text
    for layer in plan.layers:
        assert repr(layer.name) in text


def test_the_numpy_executor_is_always_there() -> None:
    assert isinstance(find_executor("numpy"), NumpyExecutor)


def test_softmax_on_the_host() -> None:
    """exp(0), exp(ln 3) of 4: a quarter and three quarters."""
    values = np.array([[[0.0]], [[np.log(3.0)]]], np.float32)
    layer = HostLayer("s", ("x",), "y", "softmax", {"axes": (0,)})
    np.testing.assert_allclose(run_host_layer(layer, [values]).ravel(), [0.25, 0.75], rtol=1e-6)
    logs = run_host_layer(replace(layer, op="log_softmax"), [values])
    np.testing.assert_allclose(logs.ravel(), np.log([0.25, 0.75]), rtol=1e-6)
    with pytest.raises(InputError, match="layer 's': the host has no operation 'topk'"):
        run_host_layer(replace(layer, op="topk"), [values])


def test_an_empty_document() -> None:
    assert run_document([], "nothing", 0.0, True)["max_lsb"] == 0


def test_one_pixel() -> None:
    """The smallest network there is."""
    network = one_conv(TensorShape(1, 1, 1), 1, Window((1, 1)))
    plan = plan_on(network, (1, 1))
    assert plan.layers[0].shape.output == (1, 1, 1)
