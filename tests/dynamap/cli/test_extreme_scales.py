"""Quantised models whose scales are at the ends of float32: values become infinite, and no command stumbles over it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from support.command_line import Call

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")  # it would be printed, or be an internal error

COMMANDS = (
    ("plan", "m.onnx", "--array", "8x8", "-o", "p.json"),
    ("run", "p.json", "--compare", "onnxruntime"),
    ("evaluate", "p.json", "--data", "images.npy", "--json"),
    ("export-qdq", "m.onnx", "-o", "q.onnx"),
    ("verify", "p.json"),
)


def a_convolution(of_input: float, of_weights: float, of_output: float) -> onnx.ModelProto:
    """QDQ with small integer weights and these scales."""
    rng = np.random.default_rng(0)
    constants = {
        "i": np.float32(of_input),
        "k": np.float32(of_weights),
        "o": np.float32(of_output),
        "z": np.int8(0),
        "w": rng.integers(-3, 4, (4, 3, 3, 3)).astype(np.int8),
    }
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "i", "z"], ["a"]),
        helper.make_node("DequantizeLinear", ["a", "i", "z"], ["b"]),
        helper.make_node("DequantizeLinear", ["w", "k", "z"], ["v"]),
        helper.make_node("Conv", ["b", "v"], ["c"], "conv", pads=[1, 1, 1, 1]),
        helper.make_node("QuantizeLinear", ["c", "o", "z"], ["d"]),
        helper.make_node("DequantizeLinear", ["d", "o", "z"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "extreme",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 8, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 4, 8, 8])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "scales",
    [
        (3e38, 1e-30, 1e8),  # random inputs over the whole range of the input
        (1.0, 1e-10, 3e38),  # outputs that float32 does not hold
        (2e-38, 1e38, 2e-38),  # steps of the output from values
        (1.0, 1e38, 3e38),  # sums that float32 does not hold
        (1e20, 1e30, 1.0),  # a bias that no float32 can have
        (3e38, 1e-38, 2e-38),
        (2e-38, 1e-38, 2e-38),
    ],
)
def test_no_command_stumbles(scales: tuple[float, float, float], call: Call) -> None:
    onnx.save(a_convolution(*scales), "m.onnx")
    np.save("images.npy", np.random.default_rng(1).random((2, 3, 8, 8), np.float32))
    for command in COMMANDS:
        done = call(*command)
        assert command[0] not in ("plan", "verify") or done.status == 0, done.err
        assert "internal" not in done.err and "Warning" not in done.err, done.err
        assert done.err.count("error:") == (done.status == 2), done.err


def test_scales_whose_product_float32_does_not_hold_are_refused(call: Call) -> None:
    """A bias, also one of zeros, is in units of it."""
    onnx.save(a_convolution(1e20, 1e30, 1.0), "m.onnx")
    assert call(*COMMANDS[0]).status == 0
    done = call("run", "p.json")
    assert done.status == 2 and "'conv'" in done.err and "too large for a scale in float32" in done.err
