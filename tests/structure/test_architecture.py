"""The shape of the code base: which way dependencies point, what an import costs, what public names say."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
import tomllib

from support.repository import ROOT

LAYERS = {
    "cost": {"cost"},
    "planner": {"cost", "planner"},
    "backends": {"cost", "planner", "backends"},
    "dynamap": {"cost", "planner", "backends", "cli", "plans"},
}
"""Each top-level folder and the subpackages of ``dynamap`` that it may import."""

HEAVY = ("ortools", "pulp", "onnxruntime", "matplotlib")
NOT_AT_START = ("onnx", "ortools", "pulp", "onnxruntime", "networkx", "matplotlib", "pyopencl")
WORK = ("open", "print", "input", "exec", "eval", "import_module", "__import__")
WORKING_MODULES = ("os", "time", "subprocess", "socket", "shutil", "tempfile", "random", "np.random", "numpy.random")
READING_METHODS = ("read_text", "read_bytes", "write_text", "write_bytes", "mkdir", "glob", "iterdir", "exists")


@dataclass(frozen=True)
class Import:
    """One imported module (dotted), and whether importing the file imports it too."""

    module: str
    line: int
    at_import: bool


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def _files(folder: str) -> list[Path]:
    files = sorted(path for path in (ROOT / folder).rglob("*.py") if "templates" not in path.parts)
    assert files, f"{folder} has no Python files"
    return files


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def _imports(path: Path) -> Iterator[Import]:
    """Every import of a file; what stands under TYPE_CHECKING counts for the direction, not for the start."""

    def walk(node: ast.AST, at_import: bool) -> Iterator[Import]:
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, node.lineno, at_import) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{_name(path)}:{node.lineno} imports relatively; write the whole name"
            module = node.module or ""
            if module == "dynamap":
                yield from (Import(f"dynamap.{alias.name}", node.lineno, at_import) for alias in node.names)
            else:
                yield Import(module, node.lineno, at_import)
        inside = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)) or _type_checking(node)
        for child in ast.iter_child_nodes(node):
            yield from walk(child, at_import and not inside)

    yield from walk(_tree(path), True)


@pytest.mark.parametrize("folder", LAYERS)
def test_dependencies_point_one_way(folder: str) -> None:
    """cost <- planner <- backends <- dynamap, lazy imports included."""
    wrong = []
    for path in _files(folder):
        for found in _imports(path):
            parts = found.module.split(".")
            if parts[0] != "dynamap":
                continue
            if len(parts) == 1 or parts[1] not in LAYERS[folder]:
                wrong.append(f"{_name(path)}:{found.line} imports {found.module}")
    assert not wrong, "\n".join(wrong)


def test_the_direction_test_sees_what_it_should() -> None:
    """The files do import each other: a test that finds no imports would pass on anything."""
    found = {
        folder: {
            found.module.split(".")[1]
            for path in _files(folder)
            for found in _imports(path)
            if found.module.startswith("dynamap.")
        }
        for folder in LAYERS
    }
    assert found["cost"] == {"cost"} and found["planner"] == {"cost", "planner"}
    assert {"cost", "planner", "backends"} <= found["backends"] and "planner" in found["dynamap"]


@pytest.mark.parametrize("library", HEAVY)
def test_heavy_libraries_have_one_place_or_are_lazy(library: str) -> None:
    """At most one file imports it when it is itself imported; all others import it inside a function."""
    places = {
        _name(path)
        for folder in LAYERS
        for path in _files(folder)
        for found in _imports(path)
        if found.module.split(".")[0] == library and found.at_import
    }
    assert len(places) <= 1, f"{library} is imported at the top of {', '.join(sorted(places))}"


@pytest.mark.parametrize("module", ["dynamap", "dynamap.cli", "dynamap.planner.planning", "dynamap.planner.solvers"])
def test_start_is_light(module: str) -> None:
    """A fresh interpreter that imports the module has loaded none of the slow libraries."""
    code = f"import json, sys, {module}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT.parent)
    loaded = {name.split(".")[0] for name in json.loads(done.stdout)}
    assert "dynamap" in loaded
    assert not loaded.intersection(NOT_AT_START)


def _run_at_import(node: ast.AST) -> Iterator[ast.AST]:
    """Every node that runs when the module is imported: all but the bodies of functions."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Lambda) or _type_checking(child):
            continue
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for part in (*child.decorator_list, *child.args.defaults, *child.args.kw_defaults):
                if part is not None:
                    yield part
                    yield from _run_at_import(part)
            continue
        if isinstance(child, ast.If) and ast.unparse(child.test) == "__name__ == '__main__'":
            continue
        yield child
        yield from _run_at_import(child)


def _is_work(call: ast.Call) -> bool:
    name = ast.unparse(call.func)
    last = name.rsplit(".", 1)[-1]
    if name in WORK or last in READING_METHODS or last == "import_module":
        return True
    return any(name.startswith(f"{module}.") for module in WORKING_MODULES)


def _working_statements(path: Path) -> Iterator[str]:
    for node in _run_at_import(_tree(path)):
        if isinstance(node, (ast.For, ast.While, ast.With, ast.AsyncFor, ast.AsyncWith, ast.Raise)):
            yield f"{_name(path)}:{node.lineno} runs a {type(node).__name__.lower()} statement when imported"
        elif isinstance(node, ast.Call) and _is_work(node):
            yield f"{_name(path)}:{node.lineno} calls {ast.unparse(node.func)} when imported"
        elif isinstance(node, ast.Subscript) and ast.unparse(node.value) == "os.environ":
            yield f"{_name(path)}:{node.lineno} reads the environment when imported"
    for statement in _tree(path).body:
        if isinstance(statement, ast.Expr) and not isinstance(statement.value, ast.Constant):
            yield f"{_name(path)}:{statement.lineno} evaluates {ast.unparse(statement)[:60]} when imported"


def test_nothing_works_at_import() -> None:
    """No loops, files, clock, environment, random numbers or calls for their effect at the top of a module."""
    wrong = [
        line for folder in LAYERS for path in _files(folder) for line in _working_statements(path) if not _is_main(path)
    ]
    assert not wrong, "\n".join(wrong)


def _is_main(path: Path) -> bool:
    """``python -m dynamap`` runs this file; nothing imports it."""
    return path.name == "__main__.py"


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("import os\nHOME = os.environ['HOME']\n", "reads the environment"),
        ("TEXT = open('x').read()\n", "calls open"),
        ("for i in range(3):\n    pass\n", "runs a for statement"),
        ("def f(x=print('loaded')):\n    return x\n", "calls print"),
        ("from pathlib import Path\nclass A:\n    text = Path('x').read_text()\n", "read_text when imported"),
        ("import x\nx.register(1)\n", "evaluates x.register"),
    ],
)
def test_the_import_test_sees_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, complaint: str
) -> None:
    path = tmp_path / "module.py"
    path.write_text(source)
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    assert any(complaint in line for line in _working_statements(path))
    path_clean = tmp_path / "clean.py"
    path_clean.write_text('"""Text."""\nimport os\nN = len("abc")\n\ndef f():\n    return open(os.environ["X"])\n')
    assert not list(_working_statements(path_clean))


@pytest.mark.parametrize("folder", ["cost", "planner", "backends"])
def test_public_names_have_docstrings(folder: str) -> None:
    """Modules, and their public classes and functions."""
    wrong = []
    for path in _files(folder):
        tree = _tree(path)
        if not ast.get_docstring(tree):
            wrong.append(f"{_name(path)} has no docstring")
        for node in tree.body:
            definition = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
            if definition and not node.name.startswith("_") and not ast.get_docstring(node):
                wrong.append(f"{_name(path)}:{node.lineno} {node.name} has no docstring")
    assert not wrong, "\n".join(wrong)


def test_every_package_is_installed() -> None:
    """The packages that pyproject.toml lists are the folders with an ``__init__.py``, under their installed names."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        listed = tomllib.load(file)["tool"]["setuptools"]["packages"]
    folders = {path.parent.relative_to(ROOT) for folder in LAYERS for path in (ROOT / folder).rglob("__init__.py")}
    names = {
        ".".join(folder.parts if folder.parts[0] == "dynamap" else ("dynamap", *folder.parts)) for folder in folders
    }
    assert len(listed) == len(set(listed)) and set(listed) == names
