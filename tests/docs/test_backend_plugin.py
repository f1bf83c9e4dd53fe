"""The example of a backend: it installs, and its executor passes the conformance suite."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.repository import ROOT

EXAMPLE = ROOT / "examples" / "backend_plugin"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the plugin, installed by pip as from an index, to be put on the path."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("plugins")
    for name in ("pyproject.toml", "rtl_memories.py"):
        (source / name).write_bytes((EXAMPLE / name).read_bytes())
    options = ["-q", "--disable-pip-version-check", "--no-deps", "--no-build-isolation", "--target", str(target)]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, str(source)], check=True)
    return target


def _conformance(installed: Path, *selection: str) -> str:
    """The end of what the suite prints; it must pass."""
    environment = {**os.environ, "PYTHONPATH": str(installed), "DYNAMAP_CONFORMANCE": "rtl-memories"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "tests/conformance"]
    done = subprocess.run([*command, *selection], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    return done.stdout.splitlines()[-1]


def test_networks_of_the_conformance_suite(installed: Path) -> None:
    assert "passed" in _conformance(installed, "-k", "test_random_networks or test_pooling")


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
