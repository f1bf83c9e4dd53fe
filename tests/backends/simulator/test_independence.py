"""The simulator knows the machine from its page: no module that times anything imports a closed form."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import dynamap.backends.simulator as simulator

FOLDER = Path(simulator.__file__).parent
VOCABULARY = {
    "dynamap.cost.algorithms",
    "dynamap.cost.errors",
    "dynamap.cost.overlay.limits",
    "dynamap.cost.overlay.machine",
}
UNITS = ("units/memory", "units/array", "units/vector", "units/pooling", "units/passes")
TIMING = ("engine", "events", "capacity", "simulation", "trace", *UNITS)


def imported(module: str) -> set[str]:
    tree = ast.parse((FOLDER / f"{module}.py").read_text())
    names = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    return names | {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}


@pytest.mark.parametrize("module", TIMING)
def test_only_the_vocabulary_of_the_cost_model_is_shared(module: str) -> None:
    used = {name for name in imported(module) if name.startswith("dynamap.cost")}
    assert used <= VOCABULARY


def test_every_module_is_named_here_or_only_prepares_the_program() -> None:
    files = [path for path in FOLDER.rglob("*.py") if path.stem != "__init__"]
    modules = {path.relative_to(FOLDER).with_suffix("").as_posix() for path in files}
    assert modules == {*TIMING, "blank", "executable"}
