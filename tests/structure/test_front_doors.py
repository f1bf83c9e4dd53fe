"""Tests and tools come in by the front door: nobody edits `sys.path`, and no test builds what is private."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

BY_ITSELF = ("docs/conf.py",)
"""Sphinx runs it before any setting of pytest or of the shell, and has no other way to its extensions."""


def _nodes(path: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path)))


def _edits_path(node: ast.AST) -> bool:
    """Whether a node changes where modules are found; pytest's `monkeypatch`, which restores it, may."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return ast.unparse(node.func.value) == "sys.path"
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AugAssign) else []
    return any(ast.unparse(target).startswith("sys.path") for target in targets)


def _private(node: ast.AST) -> str | None:
    """The private class or function of another module that a node brings in or calls as a class."""
    if isinstance(node, ast.ImportFrom):
        return next((each.name for each in node.names if each.name.startswith("_") and each.name[1] != "_"), None)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        name = node.func.attr
        return name if name[0] == "_" and name[1:2].isupper() else None
    return None


def test_no_file_edits_the_path(sources: Mapping[str, Path]) -> None:
    found = {name for name, path in sources.items() if path.suffix == ".py" and any(map(_edits_path, _nodes(path)))}
    assert found == set(BY_ITSELF), "what tests share is `support`, by the setting of pytest or PYTHONPATH=tests/shared"


def test_tests_build_nothing_private(sources: Mapping[str, Path]) -> None:
    found = [
        f"{name}:{node.lineno} {_private(node)}"  # type: ignore[attr-defined]
        for name, path in sources.items()
        if path.suffix == ".py" and name.startswith(("tests/", "benchmarks/"))
        for node in _nodes(path)
        if _private(node) is not None
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("source", "edits", "private"),
    [
        ("sys.path.insert(0, 'x')", True, False),
        ("sys.path[:0] = ['x']", True, False),
        ("sys.path += ['x']", True, False),
        ("monkeypatch.syspath_prepend('x')", False, False),
        ("print(sys.path)", False, False),
        ("module._Search(1)", False, True),
        ("from dynamap.planner.search.joint import _Search", False, True),
        ("from dynamap.planner import __version__", False, False),
        ("self._search(1)", False, False),
    ],
)
def test_the_test_sees_back_doors(tmp_path: Path, source: str, edits: bool, private: bool) -> None:
    path = tmp_path / "a.py"
    path.write_text(source)
    nodes = list(_nodes(path))
    assert any(map(_edits_path, nodes)) is edits
    assert any(_private(node) is not None for node in nodes) is private
