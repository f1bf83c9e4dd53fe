"""Which file of the packages imports which, lazy imports and those for type checkers included."""

from __future__ import annotations

import ast
from pathlib import Path

import networkx as nx

PACKAGES = ("cost", "planner", "backends", "dynamap")
"""The top-level folders from the lowest up: each may import itself and those before it."""


def modules(root: Path) -> dict[str, Path]:
    """Every module by its dotted name: the folder ``cost`` is ``dynamap.cost``, and so on."""
    found = {}
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            parts = parts[:-1] if parts[-1] == "__init__" else parts
            found[".".join(parts if package == "dynamap" else ("dynamap", *parts))] = path
    return found


def file_imports(root: Path) -> nx.DiGraph:
    """An edge from every module to each module of the packages that it imports anywhere in its file."""
    known = modules(root)
    graph = nx.DiGraph()
    graph.add_nodes_from(known)
    for name, path in known.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
            graph.add_edges_from((name, other) for other in _imported(node, known) if other != name)
    return graph


def _imported(node: ast.AST, known: dict[str, Path]) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names if alias.name in known]
    if isinstance(node, ast.ImportFrom) and node.module in known:
        submodules = (f"{node.module}.{alias.name}" for alias in node.names)
        return [submodule if submodule in known else node.module for submodule in submodules]
    return []


def room_of(path: Path, root: Path) -> str | None:
    """The box of the picture that a file belongs to: a folder of its package, or what lies in the package itself.

    Files of a package itself are one box in ``cost`` and ``dynamap``, and boxes of their own in the others, whose
    ``__init__.py`` holds no code and has none.
    """
    package, *inner = path.relative_to(root).parts
    if len(inner) > 1:
        return f"{package}/{inner[0]}"
    if package in ("cost", "dynamap"):
        return package
    return None if inner[0] == "__init__.py" else f"{package}/{inner[0]}"


def room_imports(root: Path) -> nx.DiGraph:
    """An edge from every room to each room that a file of it imports."""
    known = modules(root)
    rooms = {name: room_of(path, root) for name, path in known.items()}
    graph = nx.DiGraph()
    graph.add_nodes_from(room for room in rooms.values() if room)
    for pair in file_imports(root).edges:
        importer, imported = rooms[pair[0]], rooms[pair[1]]
        if importer and imported and importer != imported:
            graph.add_edge(importer, imported)
    return graph
