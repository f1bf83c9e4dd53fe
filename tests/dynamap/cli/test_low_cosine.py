"""An output that int8 makes another one is told of, although its scales explain it; a good one is not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from support.command_line import Call


def model(factor: float) -> onnx.ModelProto:
    """The input and ``factor`` times the input as two channels of one tensor, pooled, and the factor taken away."""
    weights = {
        "up": np.float32([1, factor]).reshape(2, 1, 1, 1),
        "down": np.float32([1, 1 / factor]).reshape(2, 1, 1, 1),
    }
    nodes = [
        helper.make_node("Conv", ["x", "up"], ["a"]),
        helper.make_node("MaxPool", ["a"], ["b"], kernel_shape=[2, 2]),
        helper.make_node("Conv", ["b", "down"], ["y"], group=2),
    ]
    graph = helper.make_graph(
        nodes,
        "two_channels",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, 9, 9])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 2, 8, 8])],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


@pytest.mark.parametrize(("factor", "told"), [(1.0, False), (1e5, True)])
def test_a_low_cosine_has_a_notice(tmp_path: Path, call: Call, factor: float, told: bool) -> None:
    """With the factor 1e5 the first channel is less than half a step, and 0. The channels of the original are equal,
    so that the other one alone has a cosine of 1 / sqrt(2) = 0.707 with both.
    """
    onnx.save(model(factor), tmp_path / "m.onnx")
    assert call("plan", tmp_path / "m.onnx", "--device", "pynq-z2", "-o", tmp_path / "p.json").status == 0
    done = call("run", tmp_path / "p.json", "--json")
    low = [notice for notice in json.loads(done.out)["notices"] if "the output 'y' has a cosine of 0.707" in notice]
    assert done.status == 0
    assert (len(low), done.err.count("has a cosine of 0.707")) == ((1, 1) if told else (0, 0))
