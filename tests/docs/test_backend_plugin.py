"""The example of a backend: it installs, and its executor passes the conformance suite."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.repository import ROOT

EXAMPLE = ROOT / "examples" / "backend_plugin"
SUITE = "dynamap.backends.conformance"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with DYNAMAP and the plugin, installed by pip from wheels as from an index, to be put on the path."""
    sources, target = tmp_path_factory.mktemp("sources"), tmp_path_factory.mktemp("installed")
    for name in ("cost", "planner", "backends", "dynamap"):
        shutil.copytree(ROOT / name, sources / "dynamap" / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "setup.py"):
        shutil.copy(ROOT / name, sources / "dynamap")
    shutil.copytree(EXAMPLE, sources / "plugin", ignore=shutil.ignore_patterns("__pycache__", "build", "*.egg-info"))
    options = ["-q", "--disable-pip-version-check", "--no-deps", "--no-build-isolation", "--target", str(target)]
    folders = [str(sources / name) for name in ("dynamap", "plugin")]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, *folders], check=True)
    return target


def _conformance(installed: Path, *selection: str) -> str:
    """The end of what the suite prints, far from the sources; it must pass."""
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    arguments = ("-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--pyargs", SUITE, "--backend", "rtl-memories")
    command = [sys.executable, "-m", "pytest", *arguments, *selection]
    done = subprocess.run(command, cwd=installed, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()[-1]


def test_the_suite_is_that_of_the_wheel(installed: Path) -> None:
    """Not the one of the sources, which are installed too where this test runs."""
    code = f"import {SUITE}.test_network as suite; print(suite.__file__)"
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=installed, env=environment, capture_output=True, text=True, check=True)
    assert Path(done.stdout.strip()) == installed / "dynamap" / "backends" / "conformance" / "test_network.py"


def test_networks_of_the_conformance_suite(installed: Path) -> None:
    """16 random networks and 8 poolings."""
    assert _conformance(installed, "--include", "network/*", "--include", "pooling/pooling/*").startswith("24 passed")


@pytest.mark.full
def test_whole_conformance_suite(installed: Path) -> None:
    assert "passed" in _conformance(installed)


def test_text_is_read_back(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Words of four bytes by hand: the first byte is the least significant, addresses count words."""
    monkeypatch.syspath_prepend(str(installed))
    from rtl_memories import read_hex, write_hex

    text = write_hex({0: bytes([1, 2, 3, 4, 5]), 12: b"\xff"}, 4)
    assert text == "@0\n04030201\n00000005\n@3\n000000ff\n"
    assert read_hex(text, 4) == {0: b"\1\2\3\4", 1: b"\5\0\0\0", 3: b"\xff\0\0\0"}
