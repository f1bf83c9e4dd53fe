"""Elimination orders of a graph: min-fill and min-degree, and the width of an order.

Eliminating a vertex joins all its neighbours that are left to each other. The width of an order is the
largest number of neighbours that a vertex has when its turn comes; the least width over all orders
is the treewidth. Both heuristics choose the *order* only: dynamic programming over any order is exact.
Source: Bodlaender and Koster, "Treewidth computations I", Information and Computation 2010.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass

Graph = Mapping[int, Collection[int]]
"""Neighbours by vertex; symmetric, without loops."""


@dataclass(frozen=True)
class Elimination:
    """An order with, for each vertex in turn, its later neighbours in the order of their own turns."""

    order: tuple[int, ...]
    scopes: tuple[tuple[int, ...], ...]

    @property
    def width(self) -> int:
        return max((len(scope) for scope in self.scopes), default=0)

    def table_entries(self, sizes: Mapping[int, int]) -> list[int]:
        """The entries of the table that each elimination leaves; ``sizes`` are the choices per vertex."""
        return [math.prod(sizes[v] for v in scope) for scope in self.scopes]


def min_fill(graph: Graph) -> Elimination:
    """Always eliminate the vertex that adds the fewest edges (then the one of least degree, then number)."""
    return _greedy(graph, by_fill=True)


def min_degree(graph: Graph) -> Elimination:
    """Always eliminate the vertex with the fewest neighbours left (then the lowest number)."""
    return _greedy(graph, by_fill=False)


def candidates(graph: Graph) -> tuple[Elimination, Elimination]:
    """The min-fill and the min-degree elimination."""
    return min_fill(graph), min_degree(graph)


def restrict(graph: Graph, keep: Collection[int]) -> dict[int, set[int]]:
    """The subgraph that the vertices in ``keep`` induce."""
    kept = set(keep)
    return {u: kept.intersection(graph[u]) for u in kept}


def _greedy(graph: Graph, *, by_fill: bool) -> Elimination:
    """Eliminate by least (fill, degree, number) or by least (degree, number), with lazily renewed scores."""
    left = {u: set(around) for u, around in graph.items()}
    fill = {u: _missing_pairs(left, u) if by_fill else 0 for u in left}
    heap = [(fill[u], len(around), u) for u, around in left.items()]
    heapq.heapify(heap)
    order: list[int] = []
    scopes: list[set[int]] = []
    while heap:
        missing, degree, u = heapq.heappop(heap)
        if u not in left or missing != fill[u] or degree != len(left[u]):
            continue  # gone, or scored anew since
        around = left.pop(u)
        order.append(u)
        scopes.append(around)
        touched = set(around)
        for v in around:
            left[v].discard(u)
            if by_fill:
                fill[v] -= len(left[v] - around)  # pairs of u with those that it was not joined to
        for v in around:
            for x in around - left[v]:
                if v < x:
                    if by_fill:
                        touched |= _join_fill(left, fill, v, x)
                    left[v].add(x)
                    left[x].add(v)
        for v in touched:
            heapq.heappush(heap, (fill[v], len(left[v]), v))
    turn = {u: index for index, u in enumerate(order)}
    return Elimination(tuple(order), tuple(tuple(sorted(scope, key=turn.__getitem__)) for scope in scopes))


def _missing_pairs(left: Mapping[int, set[int]], vertex: int) -> int:
    """How many pairs of the vertex's neighbours are not joined."""
    around = left[vertex]
    return sum(len(around - left[other]) - 1 for other in around) // 2  # no vertex is its own neighbour


def _join_fill(left: Mapping[int, set[int]], fill: dict[int, int], first: int, second: int) -> set[int]:
    """Update the missing pairs for a new edge; returns the common neighbours, whose count falls."""
    common = left[first] & left[second]
    for w in common:
        fill[w] -= 1
    fill[first] += len(left[first]) - len(common)
    fill[second] += len(left[second]) - len(common)
    return common
