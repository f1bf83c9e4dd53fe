"""The command line called in this process, and small models to call it with."""

from __future__ import annotations

import contextlib
import io
import sys
from pathlib import Path

import onnx
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from command_line import Call, Done, Refused, small_model


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
        assert "Traceback" not in done.err and "internal error" not in done.err
        assert done.out == ""
        errors = [line for line in done.err.splitlines() if line.startswith("error: ")]
        assert len(errors) == 1, done.err
        return errors[0]

    return run


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A folder with ``first.onnx`` and ``second.onnx``."""
    onnx.save(small_model("first", 8, (17, 13)), tmp_path / "first.onnx")
    onnx.save(small_model("second", 24, (9, 20)), tmp_path / "second.onnx")
    return tmp_path
