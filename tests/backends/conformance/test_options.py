"""The options of the conformance suite as one calls it: which cases run, what is refused, what other runs see of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import tomllib

from support.repository import ROOT

SUITE = "dynamap.backends.conformance"


def run_pytest(folder: Path, *arguments: str) -> tuple[int, str]:
    """Status and output of a run of its own."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def suite(folder: Path, *arguments: str) -> tuple[int, str]:
    return run_pytest(folder, "--pyargs", SUITE, *arguments)


def test_patterns_choose_operations_tests_and_parameters(tmp_path: Path) -> None:
    """Winograd on F(m,3) windows alone: 3x3 same and full; one of their two overlays is left out."""
    patterns = ("--include", "convolution/*winograd-3x3", "--include", "resize", "--exclude", "packed")
    status, output = suite(tmp_path, "--backend", "numpy", "--collect-only", *patterns)
    assert status == 0, output
    found = [line.partition("::")[2] for line in output.splitlines() if "::" in line]
    every, overlay = "test_every_way_to_compute_a_convolution", "5 x 7, one product per multiplier"
    assert found == [f"{every}[winograd-3x3 {pads}-{overlay}]" for pads in ("same", "full")] + [
        "test_interleaving",
        "test_enlargement",
    ]


def test_the_cases_of_one_operation_run(tmp_path: Path) -> None:
    status, output = run_pytest(tmp_path, "--pyargs", f"{SUITE}.test_elementwise", "--backend", "numpy")
    assert status == 0 and "12 passed" in output, output


@pytest.mark.parametrize(
    "processes",
    [pytest.param((), id="one process"), pytest.param(("-n", "2"), id="two processes", marks=pytest.mark.full)],
)
def test_a_pattern_without_a_case_fails(tmp_path: Path, processes: tuple[str, ...]) -> None:
    """A misspelt --exclude would run what was not wanted, a misspelt --include nothing."""
    status, output = suite(tmp_path, "--backend", "numpy", "--exclude", "poling", *processes)
    assert status == 1 and "1 failed" in output and "passed" not in output
    assert "--exclude 'poling' is part of no case's name; a name is 'convolution/every_way" in output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "name the backend that is to be tested: --backend NAME"),
        (("--backend", "vitis-hsl"), "there is no executor 'vitis-hsl'; known: numpy, "),
    ],
    ids=["no backend", "unknown backend"],
)
def test_what_is_no_backend_is_refused(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    status, output = suite(tmp_path, *arguments)
    assert status == pytest.ExitCode.USAGE_ERROR and f"ERROR: {message}" in output, output


def test_other_runs_may_have_such_options_of_their_own(tmp_path: Path) -> None:
    """What is installed beside DYNAMAP is tested as before."""
    (tmp_path / "conftest.py").write_text("def pytest_addoption(parser):\n    parser.addoption('--backend')\n")
    (tmp_path / "test_it.py").write_text("def test_it(request):\n    assert request.config.option.backend == 'torch'\n")
    status, output = run_pytest(tmp_path, "--backend", "torch")
    assert status == 0 and "1 passed" in output, output


def test_no_backend_of_ours_is_named_in_the_suite() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        names = tomllib.load(file)["project"]["entry-points"]["dynamap.backends"]
    words = {word for name in names for word in (name, name.replace("-", "_"))}
    assert words >= {"vitis-hls", "intel_opencl"}
    sources = {path.name: path.read_text() for path in (ROOT / "backends" / "conformance").glob("*.py")}
    assert len(sources) > 5
    assert not [(file, word) for file, text in sources.items() for word in words if word in text]
