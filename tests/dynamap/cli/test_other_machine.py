"""Plans of another version of the machine: every command refuses them with one message that says what to do.

``tests/shared/first_machine/digits.json`` was written by the last commit whose passes had the rules of the first
version (dcb22c6): ``dynamap plan digits.onnx --device zcu104 --array 8x8``. It has no key ``overlay.machine``.
"""

from __future__ import annotations

import inspect
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import dynamap
from dynamap.cli.app import app
from dynamap.cost.errors import InputError
from dynamap.cost.overlay.machine import MACHINE_VERSION
from support.command_line import Call, Refused
from support.repository import ROOT

CALLS: Mapping[str, tuple[str, ...]] = {
    "verify": (),
    "simulate": ("--json", "--trace", "made.json"),
    "program": ("-o", "made.bin"),
    "run": ("--json", "--output", "made.npy"),
    "evaluate": ("--data", "no-such-folder"),
    "generate": ("--backend", "vitis-rtl", "-o", "made"),
    "report": ("-o", "made.html"),
    "whatif": ("--json",),
}
"""Every command whose argument is a plan, with arguments that would have it write files."""


@pytest.fixture
def first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A plan of the first version beside its model, in the working folder."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "examples" / "digits" / "digits.onnx", tmp_path)
    return Path(shutil.copy(ROOT / "tests" / "shared" / "first_machine" / "digits.json", tmp_path / "first.json"))


def require_advice(message: str, path: Path) -> None:
    said = f"{str(path)!r} was planned for another version of the machine (1, and this is {MACHINE_VERSION})"
    assert said in message and f"run `dynamap plan` again, as it was asked: `dynamap plan --from {path} -o" in message


def test_every_command_that_takes_a_plan_is_among_them() -> None:
    taking = {
        str(command.name or command.callback.__name__)
        for command in app.registered_commands
        if command.callback is not None and "plan" in inspect.signature(command.callback).parameters
    }
    assert set(CALLS) == taking | {"report"}  # a group of commands, of which the first takes plans


@pytest.mark.parametrize("command", CALLS)
def test_commands_refuse_a_plan_of_the_first_version(command: str, first: Path, refusal: Refused) -> None:
    before = sorted(first.parent.iterdir())
    require_advice(refusal(2, command, first, *CALLS[command]), first)
    assert sorted(first.parent.iterdir()) == before


def test_its_bitstream_is_of_that_version_too(first: Path, refusal: Refused) -> None:
    require_advice(refusal(2, "plan", "digits.onnx", "--overlay", first, "-o", "made.json"), first)
    assert not Path("made.json").exists()


def test_python_refuses_it_likewise(first: Path) -> None:
    with pytest.raises(InputError) as refused:
        dynamap.load_plan(first)
    require_advice(str(refused.value), first)


def test_what_was_asked_is_planned_again(first: Path, call: Call) -> None:
    asked = ("--device", "zcu104", "--array", "8x8")
    assert call("plan", "--from", first, "-o", "again.json").status == 0
    assert call("plan", "digits.onnx", *asked, "-o", "direct.json").status == 0
    again, direct = (json.loads(Path(name).read_text()) for name in ("again.json", "direct.json"))
    again["solver"]["seconds"] = direct["solver"]["seconds"]
    assert again == direct and again["overlay"]["machine"] == MACHINE_VERSION
    assert call("verify", "again.json").status == 0


def changed(path: Path, **overlay: Any) -> Path:
    document = json.loads(path.read_text())
    document["overlay"] |= overlay
    path.write_text(json.dumps(document))
    return path


@pytest.mark.parametrize("version", [-1, 0, 1, MACHINE_VERSION + 1])
def test_other_numbers_are_other_machines(version: int, first: Path, refusal: Refused) -> None:
    message = refusal(2, "simulate", changed(first, machine=version))
    assert f"another version of the machine ({version}, and this is {MACHINE_VERSION})" in message


@pytest.mark.parametrize("version", [True, None, "2", 2.5])
def test_what_is_no_number_is_no_version(version: object, first: Path, refusal: Refused) -> None:
    message = refusal(2, "simulate", changed(first, machine=version))
    assert "first.json' is not a valid plan: overlay.machine must be an integer" in message


@pytest.mark.parametrize("option", [(), ("--from",)])
def test_a_plan_that_cannot_be_read_any_more_is_planned_from_its_model(
    option: tuple[str, ...], first: Path, refusal: Refused
) -> None:
    """Plans were without crossings before arrays lay in the columns of multipliers; they have none of its numbers."""
    document = json.loads(first.read_text())
    del document["overlay"]["crossings"]
    first.write_text(json.dumps(document))
    message = refusal(2, *(("plan", *option) if option else ("verify",)), first)
    assert "another version of the machine (1, and" in message and "run `dynamap plan` again on its model" in message


def test_the_published_model_has_no_machine(first: Path, call: Call) -> None:
    asked = ("--cost-model", "paper", "--device", "zcu104", "--array", "8x8")
    assert call("plan", "digits.onnx", *asked, "-o", "paper.json").status == 0
    document = json.loads(Path("paper.json").read_text())
    assert document["overlay"].pop("machine") == 0
    Path("earlier.json").write_text(json.dumps(document))
    assert dynamap.load_plan("earlier.json") == dynamap.load_plan("paper.json")
    assert call("verify", "earlier.json").status == 0
