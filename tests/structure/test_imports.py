"""Who imports whom: no circle of files, and the picture of docs/architecture.md shows what is so."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import networkx as nx
import pytest

COMMAND = "python docs/extensions/import_picture.py"


def test_no_circle_of_files(import_graph: ModuleType, root: Path) -> None:
    """Imports inside functions and those for type checkers count too."""
    graph = import_graph.file_imports(root)
    assert len(graph) > 250 and graph.number_of_edges() > 1000
    circles = [sorted(files) for files in nx.strongly_connected_components(graph) if len(files) > 1]
    assert not circles, f"files that import each other; put what they share below them: {circles}"


def test_no_circle_of_rooms(import_graph: ModuleType, root: Path) -> None:
    """Every room stands above those that it imports: a reader may begin at the bottom."""
    rooms = import_graph.room_imports(root)
    circles = [sorted(some) for some in nx.strongly_connected_components(rooms) if len(some) > 1]
    assert len(rooms) > 20 and not circles, f"rooms that import each other: {circles}"


@pytest.mark.parametrize(
    ("importing", "circle"),
    [
        ("from dynamap.cost.b import x\n", True),
        ("from dynamap.cost import b\n", True),
        ("import dynamap.cost.b\n", True),
        ("def f():\n    from dynamap.cost.b import x\n", True),
        ("if TYPE_CHECKING:\n    from dynamap.cost.b import x\n", True),
        ("import json\n", False),
    ],
)
def test_every_kind_of_import_is_seen(tmp_path: Path, import_graph: ModuleType, importing: str, circle: bool) -> None:
    for package in import_graph.PACKAGES:
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").write_text("")
    (tmp_path / "cost" / "a.py").write_text(importing)
    (tmp_path / "cost" / "b.py").write_text("from dynamap.cost.a import y\n")
    graph = import_graph.file_imports(tmp_path)
    assert (not nx.is_directed_acyclic_graph(graph)) is circle


def test_the_picture_is_as_the_imports_are(import_picture: ModuleType) -> None:
    drawn = import_picture.PICTURE.read_text(encoding="utf-8")
    assert drawn == import_picture.draw(), f"draw it again: {COMMAND}"


def test_arrows_of_the_picture_lead_to_what_is_imported(
    import_graph: ModuleType, import_picture: ModuleType, root: Path
) -> None:
    """Followed from arrow to arrow: every room reaches in the picture what it reaches by imports, and no other."""
    paths = ElementTree.parse(import_picture.PICTURE).iter("{http://www.w3.org/2000/svg}path")
    arrows = {(path.attrib["data-from"], path.attrib["data-to"]) for path in paths if "data-from" in path.attrib}
    rooms = import_graph.room_imports(root)

    def package(room: str) -> str:
        return room.split("/")[0]

    between = {(package(a), package(b)) for a, b in rooms.edges if package(a) != package(b)}
    assert {pair for pair in arrows if package(pair[0]) != package(pair[1])} == between
    for name in import_graph.PACKAGES:
        inside = rooms.subgraph([room for room in rooms if package(room) == name])
        shown = nx.DiGraph([pair for pair in arrows if all(package(room) == name for room in pair)])
        shown.add_nodes_from(inside)
        assert set(nx.transitive_closure(shown).edges) == set(nx.transitive_closure(inside).edges), name


def test_the_command_writes_the_picture(import_picture: ModuleType, root: Path) -> None:
    """The script runs by itself and is deterministic: a second process draws the same bytes."""
    code = "import import_picture; print(import_picture.draw(), end='')"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root / "docs" / "extensions", capture_output=True, text=True, check=True
    )
    assert done.stdout == import_picture.draw()
