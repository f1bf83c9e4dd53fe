"""No output of a command destroys one of its inputs, another output, or the file that stdout goes to."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

from support.command_line import Call, Refused, small_model

SMALL = ("--device", "d.toml", "--multipliers", "20")


@pytest.fixture
def folder(tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model whose weights lie beside it, its device, its plan, images: files that a command may read."""
    monkeypatch.chdir(tmp_path)
    onnx.save(
        small_model("small", 8, (17, 13)),
        "m.onnx",
        save_as_external_data=True,
        location="weights.bin",
        size_threshold=0,
    )
    source = Path(__file__).resolve().parents[3] / "cost" / "devices" / "pynq-z2.toml"
    Path("d.toml").write_text(source.read_text().replace('"pynq-z2"', '"mine"', 1))
    np.save("x.npy", np.zeros((1, 3, 17, 13), np.float32))
    assert call("plan", "m.onnx", *SMALL, "-o", "p.json").status == 0
    os.link("p.json", "hard.json")
    os.symlink("m.onnx", "soft.onnx")
    return tmp_path


def _contents(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}


ON_AN_INPUT = (
    ("plan", "m.onnx", *SMALL, "-o", "m.onnx"),
    ("plan", "m.onnx", *SMALL, "-o", "./soft.onnx"),
    ("plan", "m.onnx", *SMALL, "-o", "weights.bin"),
    ("plan", "m.onnx", *SMALL, "-o", "d.toml"),
    ("plan", "m.onnx", *SMALL, "--export-pbqp", "d.toml"),
    ("plan", "m.onnx", *SMALL, "--export-pbqp", "weights.bin"),
    ("plan", "--from", "p.json", "-o", "p.json"),
    ("plan", "--from", "p.json", "-o", "weights.bin"),
    ("plan", "m.onnx", "--overlay", "p.json", "-o", "hard.json"),
    ("simulate", "p.json", "--trace", "p.json"),
    ("simulate", "p.json", "--trace", "hard.json"),
    ("simulate", "p.json", "--trace", "m.onnx"),
    ("simulate", "p.json", "--trace", "weights.bin"),
    ("program", "p.json", "-o", "p.json"),
    ("program", "p.json", "-o", "m.onnx"),
    ("run", "p.json", "--output", "p.json"),
    ("run", "p.json", "--output", "weights.bin"),
    ("run", "p.json", "--input", "x.npy", "--output", "x.npy"),
    ("run", "p.json", "--calibration", "x.npy", "--output", "x.npy"),
    ("export-qdq", "m.onnx", "-o", "m.onnx"),
    ("export-qdq", "m.onnx", "-o", "soft.onnx"),
    ("export-qdq", "m.onnx", "-o", "weights.bin"),
    ("export-qdq", "m.onnx", "--calibration", "x.npy", "-o", "x.npy"),
    ("report", "p.json", "-o", "p.json"),
    ("report", "p.json", "-o", "hard.json"),
    ("report", "p.json", "-o", "weights.bin"),
    ("report", "p.json", "--run", "x.npy", "-o", "x.npy"),
)


@pytest.mark.parametrize("arguments", ON_AN_INPUT, ids=" ".join)
def test_no_output_on_an_input(folder: Path, refusal: Refused, arguments: tuple[str, ...]) -> None:
    before = _contents(folder)
    assert "which is read: write to another file" in refusal(2, *arguments)
    assert _contents(folder) == before


@pytest.mark.parametrize("second", ["s", "./s", "link"])
def test_no_two_outputs_on_one_file(folder: Path, refusal: Refused, second: str) -> None:
    os.symlink("s", "link")
    before = _contents(folder)
    message = refusal(2, "plan", "m.onnx", *SMALL, "-o", "s", "--export-pbqp", second)
    assert "--output and --export-pbqp are one file" in message
    assert _contents(folder) == before


def test_a_trace_of_tensors_spares_what_is_read(folder: Path, call: Call, refusal: Refused) -> None:
    """The first tensor of the trace has the name of the input file."""
    os.rename("x.npy", "0000-x.npy")
    before = _contents(folder)
    for source in (("--input", "0000-x.npy"), ("--calibration", "0000-x.npy")):
        assert "--trace-layers '0000-x.npy'" in refusal(2, "run", "p.json", *source, "--trace-layers", ".")
    assert "are one file" in refusal(2, "run", "p.json", "--trace-layers", ".", "--output", "./tensors.json")
    assert _contents(folder) == before


@pytest.mark.parametrize("descriptor", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_a_descriptor_of_an_input_is_no_place(folder: Path, descriptor: str) -> None:
    """``-o /dev/stdout >> m.onnx``: what is written to as it is may be an input all the same."""
    before = _contents(folder)
    command = [sys.executable, "-m", "dynamap", "export-qdq", "m.onnx", "-o", descriptor]
    with open("m.onnx", "ab") as stream:
        done = subprocess.run(command, stdout=stream, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2 and "'m.onnx', which is read: write to another file" in done.stderr
    assert _contents(folder) == before


def test_a_project_spares_what_is_read(folder: Path, call: Call, refusal: Refused) -> None:
    """The image at a place of the new project; the plan at one of the old project alone, which would be removed."""
    assert call("generate", "p.json", "-o", "g").status == 0
    os.replace("x.npy", "g/data/golden.bin")
    os.rename("p.json", "g/old.json")
    with open("g/MANIFEST", "a") as manifest:
        manifest.write(f"{64 * '0'}  old.json\n")
    os.symlink("g", "named")
    before = _contents(folder)
    for plan, image in (("hard.json", ("--input", "named/data/golden.bin")), ("g/old.json", ())):
        message = refusal(2, "generate", plan, *image, "-o", "g", "--force")
        assert "which is read: write to another file" in message
    assert _contents(folder) == before


def test_a_sweep_spares_what_is_read(folder: Path, refusal: Refused) -> None:
    os.rename("d.toml", "r.csv.sweep.json")
    os.link("m.onnx", "n.csv")
    before = _contents(folder)
    for arguments in (("n.csv", "u200"), ("r.csv", "r.csv.sweep.json")):
        output, device = arguments
        message = refusal(2, "explore", "m.onnx", "--device", device, "--resume", "-o", output)
        assert "which is read: write to another file" in message
    assert _contents(folder) == before


def test_outputs_that_are_no_files_are_written_to(folder: Path, call: Call) -> None:
    done = call("plan", "m.onnx", *SMALL, "-o", "/dev/null", "--export-pbqp", "/dev/null")
    assert done.status == 0 and not Path("/dev/null").is_file()


def test_stdout_is_an_output(folder: Path) -> None:
    """A plan on the file of stdout is refused; by the name /dev/stdout it comes before what is printed."""

    def run(output: str, redirected: str) -> tuple[int, str]:
        with open(redirected, "wb") as stream:
            command = [sys.executable, "-m", "dynamap", "plan", "m.onnx", *SMALL, "-o", output]
            done = subprocess.run(command, stdout=stream, stderr=subprocess.PIPE, text=True)
        return done.returncode, done.stderr

    status, said = run("out.json", "out.json")
    assert status == 2 and "'out.json' is where stdout goes" in said
    status, said = run("/dev/stdout", "out.txt")
    text = Path("out.txt").read_text()
    plan, end = json.JSONDecoder().raw_decode(text)
    assert status == 0 and plan["model"]["name"] == "m" and "proof      optimal" in text[end:]


@pytest.mark.parametrize(
    ("command", "redirection", "said"),
    [
        ("models", ">/dev/full", "No space left on device"),
        ("models --json", ">&-", "it is closed"),
        ("--help", ">/dev/full", "No space left on device"),
        ("solve x.pbqp", ">/dev/full 2>/dev/full", None),
        ("solve x.pbqp", ">/dev/full 2>&-", None),
    ],
)
def test_a_stdout_that_takes_nothing(tmp_path: Path, command: str, redirection: str, said: str | None) -> None:
    (tmp_path / "x.pbqp").write_text("2 1   2 0 3   1 5   0 1  2 1  4 0")
    line = f"{sys.executable} -m dynamap {command} {redirection}"
    done = subprocess.run(["sh", "-c", line], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr == ("" if said is None else f"error: cannot write to standard output: {said}\n")


def test_a_reader_who_has_gone_is_told_nothing(tmp_path: Path) -> None:
    code = (
        "import os, subprocess, sys\n"
        "read, write = os.pipe()\n"
        "os.close(read)\n"
        "sys.exit(subprocess.run([sys.executable, '-m', 'dynamap', 'models'], stdout=write).returncode)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr == "" and done.stdout == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ("plan", "m.onnx", *SMALL, "-o"),
        ("plan", "m.onnx", *SMALL, "--export-pbqp"),
        ("simulate", "p.json", "--trace"),
        ("program", "p.json", "-o"),
        ("run", "p.json", "--output"),
        ("export-qdq", "m.onnx", "-o"),
        ("report", "p.json", "--baselines", "none", "-o"),
    ],
    ids=" ".join,
)
def test_a_full_disk_is_one_message(folder: Path, call: Call, arguments: tuple[str, ...]) -> None:
    os.symlink("/dev/full", "full")
    before = _contents(folder)
    done = call(*arguments, "full")
    assert done.status == 2 and done.out == ""
    errors = [line for line in done.err.splitlines() if line.startswith("error: ")]
    assert errors == ["error: cannot write 'full': No space left on device"]
    assert _contents(folder) == before and os.path.islink("full")
