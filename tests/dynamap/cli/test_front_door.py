"""What somebody tries first: the version, short help, a report without a place, standard output."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

import dynamap
from dynamap.cli import main
from dynamap.cli.app import COMMANDS, app
from dynamap.cost.device import load_device
from support.repository import DIGITS_MODEL


def test_version() -> None:
    assert dynamap.__version__ == version("dynamap")
    assert CliRunner().invoke(app, ["--version"]).stdout == f"dynamap {dynamap.__version__}\n"
    with pytest.raises(AttributeError, match="has no attribute 'plam'"):
        dynamap.plam  # noqa: B018


@pytest.mark.parametrize("command", [(), *((name,) for name in COMMANDS), ("report",)], ids=" ".join)
def test_short_help(command: tuple[str, ...]) -> None:
    short = CliRunner().invoke(app, [*command, "-h"])
    assert short.exit_code == 0
    assert short.stdout == CliRunner().invoke(app, [*command, "--help"]).stdout


def _helps(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    for name, command in group.commands.items():
        yield from _helps(command, (*path, name)) if hasattr(command, "commands") else [(*path, name)]


@pytest.mark.parametrize("command", list(_helps(typer.main.get_command(app))), ids=" ".join)
def test_help_is_in_words_of_users(command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """At 80 columns no sentence is cut off, every option says what it is for, and what it takes has a name."""
    monkeypatch.setenv("COLUMNS", "80")
    shown = CliRunner().invoke(app, [*command, "-h"]).stdout
    _, _, sections = shown.partition("Options:\n")
    options, _, commands = sections.partition("Commands:\n")
    assert not re.search(r"\.\.\.$", commands, re.MULTILINE), commands
    assert not re.search(r"<|\b(TEXT|INTEGER|FLOAT|PATH)\b", options), options
    described = re.findall(r"^  (?:-\w, )?(--[\w-]+).*(?:  |\n {8,})\S", options, re.MULTILINE)
    assert described == re.findall(r"^  (?:-\w, )?(--[\w-]+)", options, re.MULTILINE) != []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("plan", "m.onnx", "--solver", "dpp"), "--solver does not know 'dpp': choose from dp, .*; did you mean 'dp'?"),
        (("plan", "m.onnx", "--clock", "fast"), "--clock must be a number, found 'fast'"),
        (("plan", "m.onnx", "--batch", "2.5"), "--batch must be a whole number, found '2.5'"),
        (
            ("plan", "m.onnx", "--host", "non"),
            "--host does not know 'non': choose from auto, none; did you mean 'none'?",
        ),
        (("plan", "m.onnx", "--dataflows", "w"), "--dataflows does not know 'w': choose from ns, ws, is"),
        (("plan", "m.onnx", "--algorithms", "im2cl"), "--algorithms does not know 'im2cl': .*; did you mean 'im2col'?"),
        (("plan", "m.onnx", "--preprocess", "imagnet"), "--preprocess does not .*; did you mean 'imagenet'?"),
        (("run", "p.json", "--method", "entrop"), "--method does not know 'entrop': .*; did you mean 'entropy'?"),
        (("run", "p.json", "--compare", "numpi"), "--compare does not know 'numpi': .*; did you mean 'numpy'?"),
        (("explore", "m.onnx", "-o", "r.csv", "--workers", "0"), "--workers must be a whole number from 1 to 1024"),
        (("report", "p.json", "--baselines", "ful"), "--baselines does not know 'ful': .*; did you mean 'full'?"),
    ],
)
def test_words_that_are_not_known(words: tuple[str, ...], message: str) -> None:
    refused = CliRunner().invoke(app, words)
    assert isinstance(refused.exception, dynamap.InputError)
    assert re.search(message.replace("?", r"\?"), str(refused.exception)), refused.exception


def test_a_report_lies_beside_its_plan(tmp_path: Path) -> None:
    plans = [tmp_path / "first.json", tmp_path / "second.json"]
    for plan in plans:
        dynamap.plan(DIGITS_MODEL, "pynq-z2").save(plan)
    assert CliRunner().invoke(app, ["report", str(plans[0]), "--baselines", "none"]).exit_code == 0
    page = (tmp_path / "first.html").read_text()
    assert page.startswith("<!doctype html>")
    several = CliRunner().invoke(app, ["report", *map(str, plans)])
    assert several.exception is not None
    assert "Name it by -o" in str(several.exception)


@pytest.mark.parametrize("name", ["zcu104", "alveo-u200"])
def test_a_device_to_begin_with(name: str, tmp_path: Path) -> None:
    """What is printed is a device's file, comments included, and plans as the device does."""
    own = tmp_path / "own.toml"
    own.write_text(CliRunner().invoke(app, ["devices", name]).stdout)
    assert own.read_text().startswith("# ")
    assert load_device(str(own)) == load_device(name)
    document = json.loads(CliRunner().invoke(app, ["devices", name, "--json"]).stdout)
    assert document == load_device(name).document()
    refused = CliRunner().invoke(app, ["devices", str(own)])
    assert "is a file of your own" in str(refused.exception)
    assert "did you mean 'zcu104'" in str(CliRunner().invoke(app, ["devices", "zcu10_4x"]).exception)


def test_a_plan_on_standard_output() -> None:
    words = ["plan", str(DIGITS_MODEL), "--device", "pynq-z2"]
    printed = json.loads(CliRunner().invoke(app, [*words, "-o", "-"]).stdout)
    assert printed["schema"] == "dynamap.plan/1"
    assert printed.keys() == json.loads(CliRunner().invoke(app, [*words, "--json"]).stdout).keys()


@pytest.mark.parametrize("wrapped", [False, True])
def test_an_interrupted_command_says_so(
    wrapped: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ctrl-C while the model is read, or a class is made (a RuntimeError in Python 3.11): one line, the status
    of the table in docs/cli.md, and no file."""

    def interrupted(*_: object, **__: object) -> None:
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt as cause:
            if wrapped:
                raise RuntimeError("Error calling __set_name__") from cause
            raise

    monkeypatch.setattr("dynamap.cli.plan_inputs.resolve", interrupted)
    monkeypatch.setattr(sys, "argv", ["dynamap", "plan", str(DIGITS_MODEL), "-o", str(tmp_path / "plan.json")])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 130
    assert capsys.readouterr().err == "interrupted: no result is half-written\n"
    assert not list(tmp_path.iterdir())
