"""Drawing a directed acyclic graph in ranks (Sugiyama's method): ranks, order within them, positions.

Ranks are longest paths; an edge that skips ranks passes them through bends; the order is by barycentres, swept down and
up; positions are the least squares to the neighbours' that keep order and distance (pool adjacent violators).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

_SWEEPS = 8
_BEND_WIDTH = 0.22
"""Room of a bend, where a vertex takes 1."""


@dataclass(frozen=True)
class Drawing:
    """Places of vertices, in widths of a vertex and in ranks, and the points that each edge passes, ends included."""

    places: tuple[tuple[float, int], ...]
    edges: Mapping[tuple[int, int], tuple[tuple[float, int], ...]]
    width: float
    ranks: int


def draw(count: int, edges: Sequence[tuple[int, int]]) -> Drawing:
    """Places vertices 0 to ``count`` - 1; every edge goes from a lower number to a higher one.

    >>> drawing = draw(4, [(0, 1), (0, 2), (1, 3), (2, 3)])
    >>> drawing.places
    ((0.5, 0), (0.0, 1), (1.0, 1), (0.5, 2))
    """
    if not count:
        return Drawing((), {}, 0.0, 0)
    rank = _longest_paths(count, edges)
    chains = _chains(count, rank, edges)
    total = max((chain[-1] for chain in chains.values()), default=0)
    total = max([count - 1, total, *(v for chain in chains.values() for v in chain)])
    ranks = list(rank) + [0] * (total + 1 - count)
    links = []
    for chain in chains.values():
        for step, vertex in enumerate(chain):
            if vertex >= count:
                ranks[vertex] = rank[chain[0]] + step
        links += list(pairwise(chain))
    rows = _ordered(ranks, links)
    widths = [1.0 if vertex < count else _BEND_WIDTH for vertex in range(len(ranks))]
    x = _positions(rows, links, widths)
    lowest = min(x[v] - widths[v] / 2 for v in range(len(x)))
    x = [round(value - lowest - 0.5, 4) for value in x]
    width = max(x[v] + widths[v] / 2 + 0.5 for v in range(len(x)))
    return Drawing(
        places=tuple((x[v], ranks[v]) for v in range(count)),
        edges={edge: tuple((x[v], ranks[v]) for v in chain) for edge, chain in chains.items()},
        width=width,
        ranks=max(ranks) + 1,
    )


def depth(count: int, edges: Sequence[tuple[int, int]]) -> int:
    """How many ranks the graph needs."""
    return max(_longest_paths(count, edges), default=-1) + 1


def _longest_paths(count: int, edges: Sequence[tuple[int, int]]) -> list[int]:
    rank = [0] * count
    for tail, head in sorted(edges, key=lambda edge: edge[1]):
        assert tail < head, "edges go from lower to higher numbers"
        rank[head] = max(rank[head], rank[tail] + 1)
    return rank


def _chains(count: int, rank: Sequence[int], edges: Sequence[tuple[int, int]]) -> dict[tuple[int, int], list[int]]:
    """Each edge as its vertices, with new ones where it passes a rank."""
    chains = {}
    fresh = count
    for tail, head in edges:
        between = max(0, rank[head] - rank[tail] - 1)
        chains[tail, head] = [tail, *range(fresh, fresh + between), head]
        fresh += between
    return chains


def _ordered(ranks: Sequence[int], links: Sequence[tuple[int, int]]) -> list[list[int]]:
    """The vertices of each rank from left to right, the best of several sweeps."""
    rows: list[list[int]] = [[] for _ in range(max(ranks) + 1)]
    for vertex in range(len(ranks)):
        rows[ranks[vertex]].append(vertex)
    above, below = _neighbours(len(ranks), links)
    best, fewest = [list(row) for row in rows], _crossings(rows, below)
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        sides = above if down else below
        place = {v: index for row in rows for index, v in enumerate(row)}
        for row in rows if down else reversed(rows):
            row.sort(key=lambda v: _mean([place[u] for u in sides[v]], place[v]))
            place.update({v: index for index, v in enumerate(row)})
        crossings = _crossings(rows, below)
        if crossings < fewest:
            best, fewest = [list(row) for row in rows], crossings
    return best


def _neighbours(count: int, links: Sequence[tuple[int, int]]) -> tuple[list[list[int]], list[list[int]]]:
    above: list[list[int]] = [[] for _ in range(count)]
    below: list[list[int]] = [[] for _ in range(count)]
    for tail, head in links:
        above[head].append(tail)
        below[tail].append(head)
    return above, below


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _crossings(rows: Sequence[Sequence[int]], below: Sequence[Sequence[int]]) -> int:
    total = 0
    for row, following in pairwise(rows):
        place = {v: index for index, v in enumerate(following)}
        ends = [end for v in row for end in sorted(place[u] for u in below[v])]
        total += sum(1 for i, first in enumerate(ends) for second in ends[i + 1 :] if second < first)
    return total


def _positions(rows: Sequence[Sequence[int]], links: Sequence[tuple[int, int]], widths: Sequence[float]) -> list[float]:
    above, below = _neighbours(len(widths), links)
    x = [0.0] * len(widths)
    for row in rows:
        _place(row, [0.0] * len(row), widths, x)
    for sweep in range(2 * _SWEEPS):
        down = sweep % 2 == 0
        sides = above if down else below
        for row in rows if down else reversed(rows):
            _place(row, [_mean([x[u] for u in sides[v]], x[v]) for v in row], widths, x)
    return x


def _place(row: Sequence[int], wanted: Sequence[float], widths: Sequence[float], x: list[float]) -> None:
    """Gives each vertex of a row the place nearest to the wanted one, in squares, that keeps order and distance."""
    offsets = []
    edge = 0.0
    for vertex in row:
        offsets.append(edge + widths[vertex] / 2)
        edge += widths[vertex]
    blocks: list[tuple[float, int]] = []
    for want, offset in zip(wanted, offsets, strict=True):
        mean, size = want - offset, 1
        while blocks and blocks[-1][0] > mean:
            before, many = blocks.pop()
            mean, size = (before * many + mean * size) / (many + size), many + size
        blocks.append((mean, size))
    shifts = [mean for mean, size in blocks for _ in range(size)]
    for vertex, shift, offset in zip(row, shifts, offsets, strict=True):
        x[vertex] = shift + offset
