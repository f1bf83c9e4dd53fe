"""The sources of the project and which file imports which."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
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


def extension(name: str) -> ModuleType:
    """A module of the site's extensions, which are no package."""
    folder = str(ROOT / "docs" / "extensions")
    if folder not in sys.path:
        sys.path.insert(0, folder)
    return import_module(name)


@pytest.fixture(scope="session")
def import_graph() -> ModuleType:
    return extension("import_graph")


@pytest.fixture(scope="session")
def import_picture() -> ModuleType:
    return extension("import_picture")
