"""`dynamap run`, `export-qdq` and `generate` on a model of integers, with onnxruntime on the original as the oracle."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from dynamap.backends.evidence.comparison.onnx_compare import run_model
from support.command_line import Call

SHAPE = (1, 3, 8, 8)


def integer_model() -> onnx.ModelProto:
    """QLinearConv from uint8 to uint8."""
    rng = np.random.default_rng(2)
    constants = {
        "w": rng.integers(-90, 90, (4, 3, 3, 3)).astype(np.int8),
        "ws": np.float32([0.004, 0.003, 0.002, 0.001]),
        "wz": np.zeros(4, np.int8),
        "xs": np.float32(0.02),
        "xz": np.uint8(117),
        "ys": np.float32(0.05),
        "yz": np.uint8(90),
    }
    node = helper.make_node("QLinearConv", ["x", "xs", "xz", "w", "ws", "wz", "ys", "yz"], ["y"], pads=[1] * 4)
    graph = helper.make_graph(
        [node],
        "integers",
        [helper.make_tensor_value_info("x", TensorProto.UINT8, SHAPE)],
        [helper.make_tensor_value_info("y", TensorProto.UINT8, [1, 4, 8, 8])],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@pytest.fixture
def folder(tmp_path: Path, call: Call) -> Path:
    """A model, its plan and an image of bytes."""
    onnx.save(integer_model(), tmp_path / "m.onnx")
    np.save(tmp_path / "x.npy", np.random.default_rng(1).integers(0, 256, SHAPE).astype(np.uint8))
    assert call("plan", tmp_path / "m.onnx", "--device", "pynq-z2", "-o", tmp_path / "p.json").status == 0
    return tmp_path


def test_bytes_in_and_bytes_out(folder: Path, call: Call) -> None:
    image = np.load(folder / "x.npy")
    (expected,) = run_model(integer_model(), {"x": image}, optimise=False)
    done = call("run", folder / "p.json", "--input", folder / "x.npy", "--output", folder / "y.npy", "--json")
    assert done.status == 0
    assert json.loads(done.out)["outputs"]["y"] == {
        "type": "uint8",
        "scale": pytest.approx(0.05),
        "zero_point": 90,
    }
    found = np.load(folder / "y.npy")
    assert found.dtype == np.uint8 and np.abs(found.astype(int) - expected).max() <= 1
    assert (found == expected).mean() > 0.98
    assert call("export-qdq", folder / "m.onnx", "-o", folder / "q.onnx").status == 0
    (exported,) = run_model(onnx.load(folder / "q.onnx"), {"x": image}, optimise=False)
    assert exported.dtype == np.uint8 and np.abs(exported.astype(int) - expected).max() <= 1


def test_the_scale_of_an_output_of_integers_is_shown(folder: Path, call: Call) -> None:
    done = call("run", folder / "p.json")
    assert "the output 'y' holds uint8 integers, scale 0.05, zero point 90" in done.err.replace("\n", " ")


def test_a_project_gets_the_integers_as_they_are(folder: Path, call: Call) -> None:
    """Its golden output is onnxruntime's, minus 128 as all that is stored."""
    image = np.load(folder / "x.npy")
    (expected,) = run_model(integer_model(), {"x": image}, optimise=False)
    done = call("generate", folder / "p.json", "--input", folder / "x.npy", "-o", folder / "project")
    assert done.status == 0
    golden = np.frombuffer((folder / "project" / "data" / "golden.bin").read_bytes(), np.int8)
    assert np.abs(golden.astype(int) + 128 - expected.ravel()).max() <= 1


def test_real_values_for_integers_are_refused(folder: Path, call: Call) -> None:
    np.save(folder / "real.npy", np.zeros(SHAPE, np.float32))
    for command in (("run",), ("generate", "-o", folder / "project")):
        done = call(command[0], folder / "p.json", *command[1:], "--input", folder / "real.npy")
        assert done.status == 2 and "the model's input is of type uint8: give integers" in done.err
    assert not (folder / "project").exists()
