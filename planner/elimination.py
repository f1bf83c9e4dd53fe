"""Elimination orders of a graph: min-fill and min-degree, and the width of an order.

Eliminating a vertex joins all its neighbours that are left to each other. The width of an order is the
largest number of neighbours that a vertex has when its turn comes; the least width over all orders
is the treewidth. Both heuristics choose the *order* only: dynamic programming over any order is exact.
Source: Bodlaender and Koster, "Treewidth computations I", Information and Computation 2010.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Collection, Mapping
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
    return _greedy(graph, _fill, reach_two=True)


def min_degree(graph: Graph) -> Elimination:
    """Always eliminate the vertex with the fewest neighbours left (then the lowest number)."""
    return _greedy(graph, _degree, reach_two=False)


def candidates(graph: Graph) -> tuple[Elimination, Elimination]:
    """The min-fill and the min-degree elimination."""
    return min_fill(graph), min_degree(graph)


def restrict(graph: Graph, keep: Collection[int]) -> dict[int, set[int]]:
    """The subgraph that the vertices in ``keep`` induce."""
    kept = set(keep)
    return {u: kept.intersection(graph[u]) for u in kept}


Score = tuple[int, int]


def _degree(graph: Mapping[int, set[int]], vertex: int) -> Score:
    return (len(graph[vertex]), 0)


def _fill(graph: Mapping[int, set[int]], vertex: int) -> Score:
    around = graph[vertex]
    missing = sum(len(around - graph[other]) - 1 for other in around)  # itself is not its own neighbour
    return (missing // 2, len(around))


def _greedy(
    graph: Graph, score: Callable[[Mapping[int, set[int]], int], Score], *, reach_two: bool
) -> Elimination:
    left = {u: set(around) for u, around in graph.items()}
    current = {u: score(left, u) for u in left}
    heap = [(value, u) for u, value in current.items()]
    heapq.heapify(heap)
    order: list[int] = []
    scopes: list[set[int]] = []
    while heap:
        value, u = heapq.heappop(heap)
        if u not in left or value != current[u]:
            continue  # gone, or scored anew since
        around = left.pop(u)
        order.append(u)
        scopes.append(around)
        touched = set(around)
        for v in around:
            joined = left[v]
            joined.discard(u)
            if reach_two and not around <= joined | {v}:
                touched |= joined  # the fill of v's other neighbours may fall
            joined |= around
            joined.discard(v)
        for v in touched:
            if v in left:
                renewed = score(left, v)
                if renewed != current[v]:
                    current[v] = renewed
                    heapq.heappush(heap, (renewed, v))
    turn = {u: index for index, u in enumerate(order)}
    return Elimination(tuple(order), tuple(tuple(sorted(scope, key=turn.__getitem__)) for scope in scopes))
