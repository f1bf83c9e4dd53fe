"""A project's Python modules for hosts, loaded from a folder as a project has them."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from dynamap.backends.hardware.sources import python_host_files


def load(folder: Path) -> ModuleType:
    """The module as a project has it: files beside its host."""
    for name, content in python_host_files().items():
        (folder / name).write_bytes(content)
    found = {}
    for name in ("picture", "overlay_tensor", "overlay_picture", "overlay_data"):
        spec = importlib.util.spec_from_file_location(name, folder / f"{name}.py")
        assert spec is not None and spec.loader is not None
        found[name] = importlib.util.module_from_spec(spec)
        sys.modules[name] = found[name]  # where dataclasses and imports look for it
        spec.loader.exec_module(found[name])
    return found["overlay_data"]


@pytest.fixture
def overlay_data() -> Callable[[Path], ModuleType]:
    return load
