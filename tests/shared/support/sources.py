"""The sources of the project and which file imports which."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from support.repository import ROOT

PACKAGES = ("cost", "planner", "backends", "dynamap")
FOLDERS = (*PACKAGES, "tests", "benchmarks", "docs", "examples")
WRITTEN = (".py", ".cpp", ".h", ".cl", ".sv", ".js")
"""Kinds of files that people write and read."""


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def sources() -> dict[str, Path]:
    """Every written file by its path from the root."""
    found = {
        path.relative_to(ROOT).as_posix(): path
        for folder in FOLDERS
        for path in sorted((ROOT / folder).rglob("*"))
        if path.suffix in WRITTEN and "generated" not in path.parts
    }
    assert {Path(name).parts[0] for name in found} == set(FOLDERS)
    return found


@pytest.fixture(scope="session")
def import_graph() -> ModuleType:
    return import_module("import_graph")


@pytest.fixture(scope="session")
def import_picture() -> ModuleType:
    return import_module("import_picture")
