"""What the shell offers: names of models, devices and backends, and the files that may be meant."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from dynamap.cli.app import app
from dynamap.cli.completion import complete_backend, complete_device, complete_executor, complete_model


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("resnet18.onnx", "notes.txt", "board.toml", ".hidden.onnx"):
        (tmp_path / name).touch()
    (tmp_path / "research").mkdir()
    (tmp_path / "research" / "net.onnx").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_models(folder: Path) -> None:
    assert complete_model("res") == ["resnet50", "resnet18.onnx", "research/"]
    assert complete_model("research/") == ["research/net.onnx"]
    assert complete_model("./r") == ["./resnet18.onnx", "./research/"]
    assert complete_model(f"{folder}/research/n") == [f"{folder}/research/net.onnx"]
    assert complete_model("nowhere/x") == [] and ".hidden.onnx" not in complete_model("")
    assert complete_model(".h") == [".hidden.onnx"]


def test_devices(folder: Path) -> None:
    assert complete_device("zcu") == ["zcu102", "zcu104"]
    assert complete_device("b") == ["board.toml"]
    assert complete_device("u200,py") == ["u200,pynq-z2"]
    assert "alveo-u200" in complete_device("alveo")


def test_backends() -> None:
    assert {"vitis-hls", "intel-opencl"} <= set(complete_backend(""))
    assert complete_executor("num") == ["numpy"] and "vitis-hls" in complete_executor("vitis")


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("dynamap plan goog", "googlenet"),
        ("dynamap check vgg", "vgg19"),
        ("dynamap plan googlenet --device pyn", "pynq-z2"),
        ("dynamap explore googlenet --device pyn", "pynq-z2"),
        ("dynamap generate p.json --backend int", "intel-opencl"),
        ("dynamap run p.json --executor num", "numpy"),
    ],
)
def test_the_shell_is_offered_them(folder: Path, words: str, offered: str) -> None:
    """As bash asks: the words so far, and which of them is being written."""
    asked = {"_DYNAMAP_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    done = CliRunner().invoke(app, [], prog_name="dynamap", env=asked)
    assert done.output.split() == [offered]
