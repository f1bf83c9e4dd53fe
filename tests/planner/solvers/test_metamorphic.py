"""What must not change the optimum, or change it by a known amount."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from dynamap.planner.pbqp.instances import FAMILIES, instance
from dynamap.planner.pbqp.problem import Edge, Problem
from dynamap.planner.solvers import solve

SEEDS = range(12)
CASES = [(family, seed) for family in sorted(FAMILIES) for seed in SEEDS]


def optimum(problem: Problem) -> int:
    return solve(problem, "dp").objective


def relabelled(problem: Problem, rng: np.random.Generator) -> tuple[Problem, int]:
    """Vertices renumbered, edges shuffled and turned round: the same optimum."""
    place = rng.permutation(len(problem.vectors))
    vectors = [problem.vectors[0]] * len(problem.vectors)
    for vertex, vector in enumerate(problem.vectors):
        vectors[place[vertex]] = vector
    edges = []
    for index in rng.permutation(len(problem.edges)):
        edge = problem.edges[index]
        first, second = int(place[edge.first]), int(place[edge.second])
        turned = bool(rng.integers(2))
        edges.append(Edge(second, first, edge.costs.T) if turned else Edge(first, second, edge.costs))
    return Problem(tuple(vectors), tuple(edges)), 0


def with_constants(problem: Problem, rng: np.random.Generator) -> tuple[Problem, int]:
    """A constant on every vector and matrix: the optimum grows by their sum."""
    vector_constants = [int(k) for k in rng.integers(-1000, 1000, len(problem.vectors))]
    edge_constants = [int(k) for k in rng.integers(-1000, 1000, len(problem.edges))]
    vectors = tuple(v + k for v, k in zip(problem.vectors, vector_constants, strict=True))
    edges = tuple(Edge(e.first, e.second, e.costs + k) for e, k in zip(problem.edges, edge_constants, strict=True))
    return Problem(vectors, edges), sum(vector_constants) + sum(edge_constants)


def with_a_split_vertex(problem: Problem, rng: np.random.Generator) -> tuple[Problem, int]:
    """One vertex becomes two that must agree (a prohibitive cost off the diagonal); edges are shared out."""
    vertex = int(rng.integers(len(problem.vectors)))
    size = problem.vectors[vertex].size
    twin = len(problem.vectors)
    own = rng.integers(0, 50, size)
    vectors = list(problem.vectors)
    vectors[vertex] = problem.vectors[vertex] - own
    prohibitive = 10**6 * (1 - np.eye(size, dtype=np.int64))
    edges = [Edge(vertex, twin, prohibitive)]
    for edge in problem.edges:
        first, second = (twin if end == vertex and rng.integers(2) else end for end in (edge.first, edge.second))
        edges.append(Edge(first, second, edge.costs))
    return Problem((*vectors, own), tuple(edges)), 0


def with_split_edges(problem: Problem, rng: np.random.Generator) -> tuple[Problem, int]:
    """Every edge becomes two parallel ones, in either direction, whose costs add up to it."""
    edges = []
    for edge in problem.edges:
        part = rng.integers(-100, 100, edge.costs.shape)
        edges += [Edge(edge.first, edge.second, part), Edge(edge.second, edge.first, (edge.costs - part).T)]
    return Problem(problem.vectors, tuple(edges)), 0


def with_moved_costs(problem: Problem, rng: np.random.Generator) -> tuple[Problem, int]:
    """Costs moved from the rows of each matrix to the first vertex: every assignment costs the same."""
    vectors = list(problem.vectors)
    edges = []
    for edge in problem.edges:
        moved = rng.integers(-100, 100, edge.costs.shape[0])
        vectors[edge.first] = vectors[edge.first] + moved
        edges.append(Edge(edge.first, edge.second, edge.costs - moved[:, None]))
    return Problem(tuple(vectors), tuple(edges)), 0


Change = Callable[[Problem, np.random.Generator], tuple[Problem, int]]
CHANGES: tuple[Change, ...] = (
    relabelled,
    with_constants,
    with_a_split_vertex,
    with_split_edges,
    with_moved_costs,
)


@pytest.mark.parametrize("change", CHANGES)
def test_the_optimum_follows_the_change(change: Change) -> None:
    for family, seed in CASES:
        problem = instance(family, 10, seed, choices=(1, 4), costs=(0, 100))
        changed, difference = change(problem, np.random.default_rng(seed))
        assert optimum(changed) == optimum(problem) + difference, (family, seed)


def test_scaled_costs_scale_the_optimum() -> None:
    for family, seed in CASES:
        problem = instance(family, 10, seed, choices=(1, 4), costs=(0, 100))
        factor = 10**9 + 7
        scaled = Problem(
            tuple(v * factor for v in problem.vectors),
            tuple(Edge(e.first, e.second, e.costs * factor) for e in problem.edges),
        )
        assert optimum(scaled) == factor * optimum(problem), (family, seed)


def test_two_problems_side_by_side_add_up() -> None:
    for family, seed in CASES:
        one = instance(family, 8, seed, choices=(1, 4), costs=(0, 100))
        two = instance("series-parallel", 8, seed + 1, choices=(1, 4), costs=(0, 100))
        offset = len(one.vectors)
        both = Problem(
            one.vectors + two.vectors,
            one.edges + tuple(Edge(e.first + offset, e.second + offset, e.costs) for e in two.edges),
        )
        assert optimum(both) == optimum(one) + optimum(two), (family, seed)
