"""No generator of files of another language joins a user's text into them but by a writer of that language."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path

import pytest

from dynamap.cost.device import Device, System
from dynamap.planner.plan.layers import OnHost
from dynamap.planner.plan.parts import ModelInfo, ResourceUse, SolverInfo

GENERATORS = ("backends/hardware/", "backends/vitis_hls/", "backends/intel_opencl/")
ALONE = ("backends/hardware/host/", "backends/intel_opencl/host/", "backends/vitis_hls/project/")
"""Programmes that projects carry; they generate nothing."""

WRITERS = ("make_word", "tcl_word", "ini_value", "c_string", "c_comment", "markdown_text")
SEEING = ("dynamap.cost.device", "dynamap.planner.plan.plan")
"""Who imports neither has no text of a user in hand."""

TEXTS = {
    field.name
    for kind in (Device, System, ModelInfo, ResourceUse, SolverInfo, OnHost)
    for field in fields(kind)
    if field.type in ("str", "tuple[str, ...]") and field.name != "vendor"
}
"""Fields that hold what a user may have written; a vendor is one of two words."""


def _is_text(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr in TEXTS and not ast.unparse(node).startswith("self.")
    return isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and node.slice.value in TEXTS


def _joined(node: ast.AST, joining: bool = False) -> Iterator[ast.AST]:
    """Texts that are joined with others: in f-strings, sums and ``join``, but for those of messages of errors."""
    if isinstance(node, ast.Raise):
        return
    if isinstance(node, ast.Call):
        called = ast.unparse(node.func)
        if called in WRITERS:
            return
        joining = joining or called.endswith((".join", ".format"))
    joining = joining or isinstance(node, (ast.JoinedStr, ast.BinOp))
    if joining and _is_text(node):
        yield node
    for child in ast.iter_child_nodes(node):
        yield from _joined(child, joining)


def _sees_texts(tree: ast.Module) -> bool:
    return any(isinstance(node, ast.ImportFrom) and node.module in SEEING for node in ast.walk(tree))


def test_generators_write_texts_by_writers(sources: Mapping[str, Path]) -> None:
    seen, wrong = [], []
    for name, path in sources.items():
        if not name.endswith(".py") or not name.startswith(GENERATORS) or name.startswith(ALONE):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if _sees_texts(tree):
            seen.append(name)
            # Messages that are built before they are raised speak of a device by its repr.
            wrong += [f"{name}:{node.lineno} {ast.unparse(node)}" for node in _joined(tree) if not _shown(tree, node)]
    assert {"backends/vitis_hls/flow.py", "backends/intel_opencl/flow.py", "backends/hardware/pages.py"} <= set(seen)
    assert not wrong, "\n".join([*wrong, "write it by backends/hardware/writers.py"])


def _shown(tree: ast.Module, node: ast.AST) -> bool:
    """Whether an f-string shows the text as Python's repr, which messages do."""
    return any(
        isinstance(part, ast.FormattedValue) and part.conversion == ord("r") and node in ast.walk(part.value)
        for part in ast.walk(tree)
    )


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('f"part={device.part}"', 1),
        ('f"part={ini_value(PART, device.part)}"', 0),
        ('"part=" + device.part', 1),
        ('" ".join(device.system.memory_banks)', 1),
        ('" ".join(ini_value(B, bank) for bank in device.system.memory_banks)', 1),
        ("f\"{plan.device['device']['name']}\"", 1),
        ('raise InputError(f"{device.part}")', 0),
        ('f"{layer.cycles:,}"', 0),
    ],
)
def test_the_test_sees_joining(source: str, found: int) -> None:
    assert len(list(_joined(ast.parse(source)))) == found
