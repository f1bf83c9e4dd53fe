"""What tests of the command line share: the outcome of a call, and small models to call with."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper


@dataclass(frozen=True)
class Done:
    """What a call left behind."""

    status: int
    out: str
    err: str


Call = Callable[..., Done]
Refused = Callable[..., str]


def small_model(name: str, channels: int, size: tuple[int, int]) -> onnx.ModelProto:
    """3 x 3 from 3 to ``channels``, a ReLU, 1 x 3, and their sum, on an image of ``size``."""
    rng = np.random.default_rng(channels)

    def weights(tensor: str, *shape: int) -> onnx.TensorProto:
        return numpy_helper.from_array(rng.standard_normal(shape).astype(np.float32), tensor)

    nodes = [
        helper.make_node("Conv", ["x", "w1"], ["a"], "stem", kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["a"], ["b"], "relu"),
        helper.make_node("Conv", ["b", "w2"], ["c"], "wide", kernel_shape=[1, 3], pads=[0, 1, 0, 1]),
        helper.make_node("Add", ["b", "c"], ["y"], "sum"),
    ]
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, *size])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, channels, *size])],
        [weights("w1", channels, 3, 3, 3), weights("w2", channels, channels, 1, 3)],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def message_of(out: str, err: str) -> str:
    """The one message of a call that failed as it should: no traceback, and nothing on stdout."""
    assert "Traceback" not in err and "internal error" not in err
    assert out == ""
    errors = [line for line in err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, err
    return errors[0]


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch) -> Call:
    """Runs ``dynamap`` with arguments, as ``python -m dynamap`` does, without a new process."""
    from dynamap.cli import main

    def run(*arguments: object) -> Done:
        monkeypatch.setattr("sys.argv", ["dynamap", *map(str, arguments)])
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.raises(SystemExit) as ended:
            main()
        return Done(int(ended.value.code or 0), out.getvalue(), err.getvalue())

    return run


@pytest.fixture
def refusal(call: Call) -> Refused:
    """The message of a call that must fail with a status, without a traceback and without output."""

    def run(status: int, *arguments: object) -> str:
        done = call(*arguments)
        assert done.status == status, done.err
        return message_of(done.out, done.err)

    return run


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A folder with ``first.onnx`` and ``second.onnx``."""
    onnx.save(small_model("first", 8, (17, 13)), tmp_path / "first.onnx")
    onnx.save(small_model("second", 24, (9, 20)), tmp_path / "second.onnx")
    return tmp_path
