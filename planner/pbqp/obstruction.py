"""Why a graph is not series-parallel: a subdivision of K4 inside it.

A graph has treewidth three or more exactly when it contains a subdivision of the complete graph on
four vertices: four branch vertices, joined pairwise by six paths that share no inner vertex. Finding one is
work, checking one is not. Source: Dirac, J. London Math. Soc. 1952; Duffin, J. Math. Anal. Appl. 1965.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from itertools import pairwise

Edge = tuple[int, int]


def k4_subdivision(core: Mapping[int, set[int]], steps: Sequence[Sequence[int]]) -> dict[str, object]:
    """The branch vertices and the six paths, in the original graph.

    ``core`` is what R0, RI and RII leave (every vertex has three neighbours or more), ``steps`` how it came
    about: each RII step (v, a, b) stands for the path a - v - b where a and b were not joined before.
    """
    edges = _minimal_edges(_small_start(core))
    graph = _graph(edges)
    branch = sorted(u for u, around in graph.items() if len(around) == 3)
    detours = _detours(core, steps)
    paths = [_expanded(path, detours) for path in _paths(graph, branch)]
    return {"kind": "k4-subdivision", "branch": branch, "paths": paths}


def is_series_parallel(edges: Sequence[Edge]) -> bool:
    """Whether R0, RI and RII reduce the graph with these edges to nothing (treewidth two or less)."""
    graph = _graph(edges)
    low = [u for u, around in graph.items() if len(around) <= 2]
    while low:
        u = low.pop()
        around = graph.pop(u, None)
        if around is None:
            continue
        for v in around:
            graph[v].discard(u)
            graph[v] |= around - {v}
        low.extend(v for v in around if len(graph[v]) <= 2)
    return not graph


def _graph(edges: Sequence[Edge]) -> dict[int, set[int]]:
    graph: dict[int, set[int]] = {}
    for u, v in edges:
        graph.setdefault(u, set()).add(v)
        graph.setdefault(v, set()).add(u)
    return graph


def _small_start(core: Mapping[int, set[int]]) -> list[Edge]:
    """The edges among the shortest breadth-first prefix of one component that is not series-parallel."""
    root = min(core)
    found = {root: 0}
    queue = deque([root])
    while queue:
        for v in sorted(core[queue.popleft()]):
            if v not in found:
                found[v] = len(found)
                queue.append(v)
    ranked = sorted((max(found[u], found[v]), u, v) for u in found for v in core[u] if u < v)
    edges = [(u, v) for _, u, v in ranked]
    return edges[: _shortest_bad_prefix([], edges)]


def _shortest_bad_prefix(kept: list[Edge], edges: Sequence[Edge]) -> int:
    """The least k for which ``kept`` with the first k edges is not series-parallel (all of them are not).

    Doubling, then bisection: the property can only be lost by adding edges.
    """
    high = 8
    while high < len(edges) and is_series_parallel(kept + list(edges[:high])):
        high *= 2
    low, high = high // 2 if high > 8 else 0, min(high, len(edges))
    while low < high:
        middle = (low + high) // 2
        if is_series_parallel(kept + list(edges[:middle])):
            low = middle + 1
        else:
            high = middle
    return low


def _minimal_edges(edges: Sequence[Edge]) -> list[Edge]:
    """A subset that is not series-parallel and of which no edge can be spared.

    The last edge of the shortest bad prefix belongs to every obstruction in that prefix, so it is
    kept and the search goes on among the edges before it. A minimal set is a subdivision of K4 itself.
    """
    kept: list[Edge] = []
    left = list(edges)
    while is_series_parallel(kept):
        size = _shortest_bad_prefix(kept, left)
        kept.append(left[size - 1])
        left = left[: size - 1]
    return kept


def _paths(graph: Mapping[int, set[int]], branch: Sequence[int]) -> list[list[int]]:
    """From each branch vertex along vertices of degree two to the next branch vertex, each path once."""
    paths = []
    ends = set(branch)
    for start in branch:
        for neighbour in sorted(graph[start]):
            path = [start, neighbour]
            while path[-1] not in ends:
                (onward,) = graph[path[-1]] - {path[-2]}
                path.append(onward)
            if path[-1] > start:
                paths.append(path)
    return sorted(paths, key=lambda path: (path[0], path[-1]))


def _detours(core: Mapping[int, set[int]], steps: Sequence[Sequence[int]]) -> dict[Edge, int]:
    """For each pair that an RII step joined: the last vertex that such a step removed between them.

    An original edge between the pair may exist as well; the detour is then as good a path.
    """
    return {(min(a, b), max(a, b)): v for v, a, b in (step for step in steps if len(step) == 3)}


def _expanded(path: Sequence[int], detours: Mapping[Edge, int]) -> list[int]:
    """The path with every joined pair replaced by the way through the vertex that was removed between."""
    result = [path[-1]]
    todo = list(pairwise(path))
    while todo:
        u, v = todo.pop()
        middle = detours.get((min(u, v), max(u, v)))
        if middle is None:
            result.append(u)
        else:
            todo += [(u, middle), (middle, v)]
    return result[::-1]
