"""Draws docs/images/rooms.svg, the rooms of the packages and which imports which, from the sources.

`python docs/extensions/import_picture.py` writes it; a test holds that it is as the imports are.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

import networkx as nx
from import_graph import PACKAGES, room_imports

ROOT = Path(__file__).resolve().parents[2]
PICTURE = ROOT / "docs" / "images" / "rooms.svg"

BOX_WIDTH, BOX_HEIGHT = 196, 62
GAP_X, GAP_Y = 18, 40
PAD, TITLE, MARGIN = 16, 26, 92
"""Inside a package's frame, its title's height, and the space at the left for arrows between packages."""
LINE_CHARACTERS = 29
MOST_IN_A_ROW = 5
COLOURS = {"cost": "#e7f0e4", "planner": "#e4ecf7", "backends": "#f9eddc", "dynamap": "#efe6f5"}


@dataclass(frozen=True)
class Box:
    """A room at its place; ``about`` is its idea in a few words."""

    room: str
    x: float
    y: float
    about: tuple[str, ...]

    @property
    def middle(self) -> float:
        return self.x + BOX_WIDTH / 2


def about(root: Path, room: str) -> tuple[str, ...]:
    """The first words of a room's docstring, on at most two lines."""
    path = root / room
    text = (path if path.suffix else path / "__init__.py").read_text(encoding="utf-8")
    sentence = (ast.get_docstring(ast.parse(text)) or "").split("\n\n")[0].replace("\n", " ").replace("`", "")
    words = sentence.split(":")[0].split(";")[0].split(" (")[0].removesuffix(".")
    return tuple(textwrap.wrap(words, LINE_CHARACTERS, max_lines=2, placeholder=" ..."))


def levels(graph: nx.DiGraph) -> list[list[str]]:
    """The rooms of one package from the lowest: each above all that it imports, those of a circle side by side."""
    condensed = nx.condensation(graph)
    level: dict[int, int] = {}
    for component in reversed(list(nx.topological_sort(condensed))):
        level[component] = 1 + max((level[below] for below in condensed.successors(component)), default=-1)
    rows: list[list[str]] = [[] for _ in range(1 + max(level.values(), default=-1))]
    for component, number in level.items():
        rows[number] += sorted(condensed.nodes[component]["members"])
    return [row[i : i + MOST_IN_A_ROW] for row in map(sorted, rows) for i in range(0, len(row), MOST_IN_A_ROW)]


def drawn_arrows(graph: nx.DiGraph) -> list[tuple[str, str]]:
    """The imports within a package without those that follow from others."""
    condensed = nx.condensation(graph)
    direct = nx.transitive_reduction(condensed)
    component = condensed.graph["mapping"]
    arrows = [(a, b) for a, b in graph.edges if component[a] == component[b]]
    for upper, lower in direct.edges:
        between = [(a, b) for a, b in graph.edges if (component[a], component[b]) == (upper, lower)]
        arrows.append(min(between))
    return sorted(arrows)


def _ordered(rows: list[list[str]], graph: nx.DiGraph) -> list[list[str]]:
    """Each row in the order of the middles of what it imports in the rows below."""
    place: dict[str, float] = {}
    ordered = []
    for row in rows:

        def wanted(room: str) -> tuple[float, str]:
            below = [place[other] for other in graph.successors(room) if other in place]
            return (sum(below) / len(below) if below else 0.0, room)

        row = sorted(row, key=wanted)
        for i, room in enumerate(row):
            place[room] = i - (len(row) - 1) / 2
        ordered.append(row)
    return ordered


def boxes(root: Path, graph: nx.DiGraph) -> tuple[dict[str, Box], dict[str, tuple[float, float]], float]:
    """Every room at its place, top and height of every package's frame, and the width of all frames."""
    rows = {package: _ordered(levels(inside), inside) for package in PACKAGES for inside in [within(graph, package)]}
    longest = max(len(row) for package in PACKAGES for row in rows[package])
    width = longest * (BOX_WIDTH + GAP_X) - GAP_X + 2 * PAD
    placed, frames, top = {}, {}, 10.0
    for package in reversed(PACKAGES):
        count = len(rows[package])
        height = TITLE + count * (BOX_HEIGHT + GAP_Y) - GAP_Y + 2 * PAD
        frames[package] = top, height
        for number, row in enumerate(reversed(rows[package])):
            length = len(row) * (BOX_WIDTH + GAP_X) - GAP_X
            for i, room in enumerate(row):
                x = MARGIN + (width - length) / 2 + i * (BOX_WIDTH + GAP_X)
                y = top + TITLE + PAD + number * (BOX_HEIGHT + GAP_Y)
                placed[room] = Box(room, x, y, about(root, room))
        top += height + GAP_Y
    return placed, frames, width


def within(graph: nx.DiGraph, package: str) -> nx.DiGraph:
    """The rooms of one package."""
    return graph.subgraph([room for room in graph if room.split("/")[0] == package])


def draw(root: Path = ROOT) -> str:
    """The picture as SVG. The same sources give the same text."""
    graph = room_imports(root)
    placed, frames, width = boxes(root, graph)
    height = max(top + tall for top, tall in frames.values()) + 10
    total = MARGIN + width + 10
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {total:g} {height:g}" width="{total:g}" '
        f'height="{height:g}" font-family="Helvetica, Arial, sans-serif" role="img">',
        "<title>The rooms of the packages; an arrow leads from a room to one that it imports</title>",
        '<defs><marker id="end" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0 8 4 0 8z" fill="#445"/></marker></defs>',
        f'<rect width="{total:g}" height="{height:g}" fill="#fff"/>',
    ]
    for package, (top, tall) in frames.items():
        parts.append(
            f'<rect x="{MARGIN}" y="{top:g}" width="{width:g}" height="{tall:g}" rx="8" fill="{COLOURS[package]}"/>'
            f'<text x="{MARGIN + PAD}" y="{top + TITLE:g}" font-size="17" font-weight="bold" fill="#223">'
            f"{package}/</text>"
        )
    parts += _package_arrows(graph, frames)
    for package in PACKAGES:
        parts += [_arrow(placed[a], placed[b]) for a, b in drawn_arrows(within(graph, package))]
    parts += [part for room in sorted(placed) for part in _box(placed[room])]
    return "\n".join([*parts, "</svg>", ""])


def _package_arrows(graph: nx.DiGraph, frames: dict[str, tuple[float, float]]) -> Iterator[str]:
    """At the left, an arrow for every package that imports another."""
    pairs = sorted({(a.split("/")[0], b.split("/")[0]) for a, b in graph.edges})
    between = [(a, b) for a, b in pairs if a != b]
    between.sort(key=lambda pair: (PACKAGES.index(pair[0]) - PACKAGES.index(pair[1]), pair))
    step = (MARGIN - 24) / len(between)
    for i, (upper, lower) in enumerate(between):
        x = 14 + i * step
        start, end = frames[upper][0] + 14 + 5 * i, frames[lower][0] + 14 + 5 * i
        yield (
            f'<path d="M{MARGIN} {start:g}H{x + 6:g}Q{x:g} {start:g} {x:g} {start + 6:g}V{end - 6:g}'
            f'Q{x:g} {end:g} {x + 6:g} {end:g}H{MARGIN - 1}" fill="none" stroke="#445" marker-end="url(#end)" '
            f'data-from="{upper}" data-to="{lower}"/>'
        )


def _arrow(upper: Box, lower: Box) -> str:
    if upper.y == lower.y:  # a circle: side by side
        right = upper.x < lower.x
        start, end = (upper.x + BOX_WIDTH, lower.x) if right else (upper.x, lower.x + BOX_WIDTH)
        bend = 14 if right else -14
        y = upper.y + BOX_HEIGHT / 2
        way = f"M{start:g} {y:g}Q{(start + end) / 2:g} {y + bend:g} {end:g} {y:g}"
    else:
        top, bottom = upper.y + BOX_HEIGHT, lower.y
        reach = (bottom - top) * 0.5
        way = f"M{upper.middle:g} {top:g}C{upper.middle:g} {top + reach:g} {lower.middle:g} {bottom - reach:g} "
        way += f"{lower.middle:g} {bottom - 1:g}"
    return (
        f'<path d="{way}" fill="none" stroke="#445" stroke-width="1.2" marker-end="url(#end)" '
        f'data-from="{upper.room}" data-to="{lower.room}"/>'
    )


def _box(box: Box) -> Iterator[str]:
    name = box.room.split("/", 1)[-1] if "/" in box.room else "its own files"
    place = f'x="{box.x + 10:g}" y="{box.y + 20:g}"'
    yield (
        f'<rect x="{box.x:g}" y="{box.y:g}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="5" fill="#fff" '
        'stroke="#99a"/>'
    )
    yield f'<text {place} font-size="13" font-weight="bold" fill="#112">{name}</text>'
    for i, line in enumerate(box.about):
        yield (f'<text x="{box.x + 10:g}" y="{box.y + 37 + 15 * i:g}" font-size="11" fill="#445">{escape(line)}</text>')


if __name__ == "__main__":
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(draw(), encoding="utf-8")
    print(f"wrote {PICTURE}")
