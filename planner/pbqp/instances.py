"""Random PBQPs by graph family, for tests, benchmarks and trying a solver out. Seeds are explicit.

The families stress different things: trees (RI), series-parallel graphs and 2-trees (RII), cacti (cycles
that share vertices), subdivisions of K4 (the smallest graphs that do not reduce), partial k-trees (a
given width), arbitrary multigraphs, and GoogleNet's shape (nine modules of four branches).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations, pairwise
from types import MappingProxyType

import numpy as np

from dynamap.planner.pbqp.problem import Edge, Problem

Pairs = list[tuple[int, int]]


def random_problem(
    vertices: int,
    pairs: Sequence[tuple[int, int]],
    rng: np.random.Generator,
    *,
    choices: tuple[int, int] = (1, 4),
    costs: tuple[int, int] = (0, 100),
) -> Problem:
    """A PBQP on a given graph: sizes and costs uniform over the given ranges, both ends included."""
    sizes = rng.integers(choices[0], choices[1] + 1, vertices)
    low, high = costs
    vectors = tuple(rng.integers(low, high + 1, size) for size in sizes)
    edges = tuple(Edge(u, v, rng.integers(low, high + 1, (sizes[u], sizes[v]))) for u, v in pairs)
    return Problem(vectors, edges)


def tree(vertices: int, rng: np.random.Generator) -> Pairs:
    """Each vertex hangs on a random earlier one."""
    return [(int(rng.integers(v)), v) for v in range(1, vertices)]


def series_parallel(vertices: int, rng: np.random.Generator) -> Pairs:
    """From one edge: random edges are split by a new vertex, or doubled; doubled edges may stay double."""
    pairs: Pairs = [(0, 1)] if vertices > 1 else []
    count = 2
    while count < vertices:
        index = int(rng.integers(len(pairs)))
        first, second = pairs[index]
        if rng.random() < 0.55:
            pairs[index] = (first, count)
            pairs.append((count, second))
            count += 1
        else:
            pairs.append((first, second))
    return pairs


def cactus(vertices: int, rng: np.random.Generator) -> Pairs:
    """Cycles of three to five vertices that share one vertex with what is there already."""
    pairs: Pairs = []
    count = 1
    while count < vertices:
        start = int(rng.integers(count))
        length = min(int(rng.integers(2, 5)), vertices - count)
        ring = [start, *range(count, count + length)]
        pairs += list(pairwise(ring))
        if length > 1:
            pairs.append((ring[-1], start))
        count += length
    return pairs


def k4_subdivision(vertices: int, rng: np.random.Generator) -> Pairs:
    """K4 on vertices 0 to 3, its edges split by the others (four vertices at least)."""
    pairs: Pairs = list(combinations(range(4), 2))
    for v in range(4, vertices):
        index = int(rng.integers(len(pairs)))
        first, second = pairs[index]
        pairs[index] = (first, v)
        pairs.append((v, second))
    return pairs


def k_tree(vertices: int, width: int, rng: np.random.Generator, *, keep: float = 1.0) -> Pairs:
    """A k-tree: each new vertex is joined to ``width`` vertices that are joined to each other.

    Its treewidth is ``width`` (given more vertices than that); each edge stays with probability ``keep``.
    """
    start = min(width + 1, vertices)
    pairs: Pairs = list(combinations(range(start), 2))
    cliques = [list(range(start))]
    for v in range(start, vertices):
        clique = list(cliques[int(rng.integers(len(cliques)))])
        clique.pop(int(rng.integers(len(clique))))
        pairs += [(u, v) for u in clique]
        cliques.append([*clique, v])
    return [pair for pair in pairs if keep >= 1.0 or rng.random() < keep]


def multigraph(vertices: int, rng: np.random.Generator) -> Pairs:
    """Random pairs in either direction, repeated ones and isolated vertices included."""
    if vertices < 2:
        return []
    count = int(rng.integers(0, 2 * vertices + 1))
    picks = [rng.choice(vertices, 2, replace=False) for _ in range(count)]
    return [(int(u), int(v)) for u, v in picks]


def googlenet_shape() -> tuple[int, Pairs]:
    """100 vertices in a chain with nine modules of four branches (1, 2, 2 and 2 layers); and the edges."""
    pairs: Pairs = []
    count = 1

    def chain(start: int, length: int) -> int:
        nonlocal count
        for _ in range(length):
            pairs.append((start, count))
            start = count
            count += 1
        return start

    last = chain(0, 9)
    for module in range(9):
        ends = [chain(last, length) for length in (1, 2, 2, 2)]
        join = count
        count += 1
        pairs.extend((end, join) for end in ends)
        last = chain(join, 1) if module in (1, 6) else join
    chain(last, 16)
    return count, pairs


FAMILIES: Mapping[str, Callable[[int, np.random.Generator], Pairs]] = MappingProxyType(
    {
        "tree": tree,
        "series-parallel": series_parallel,
        "2-tree": lambda vertices, rng: k_tree(vertices, 2, rng),
        "cactus": cactus,
        "k4-subdivision": lambda vertices, rng: k4_subdivision(max(4, vertices), rng),
        "width 3": lambda vertices, rng: k_tree(vertices, 3, rng, keep=0.9),
        "width 4": lambda vertices, rng: k_tree(vertices, 4, rng, keep=0.9),
        "width 5": lambda vertices, rng: k_tree(vertices, 5, rng, keep=0.9),
        "width 6": lambda vertices, rng: k_tree(vertices, 6, rng, keep=0.9),
        "multigraph": multigraph,
    }
)
"""Graph families by name; each takes a number of vertices and a generator of random numbers."""


def instance(family: str, vertices: int, seed: int, *, choices: tuple[int, int], costs: tuple[int, int]) -> Problem:
    """A random problem of a family in ``FAMILIES``: the same for the same arguments."""
    rng = np.random.default_rng(seed)
    pairs = FAMILIES[family](vertices, rng)
    count = max([vertices, *(max(pair) + 1 for pair in pairs)])
    return random_problem(count, pairs, rng, choices=choices, costs=costs)
