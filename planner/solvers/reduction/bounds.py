"""A quick bound and a quick assignment, for solvers that a time limit ends before they have better."""

from __future__ import annotations

import numpy as np

from dynamap.planner.pbqp.problem import CostArray, Problem

_MAX_SWEEPS = 50


def sum_of_minima(problem: Problem) -> int:
    """The least cost of every vector and matrix added up: no assignment costs less."""
    return sum(int(vector.min()) for vector in problem.vectors) + sum(int(edge.costs.min()) for edge in problem.edges)


def improve(problem: Problem, assignment: tuple[int, ...]) -> tuple[int, ...]:
    """Coordinate descent: give one vertex after the other its best choice until none changes.

    A primal heuristic for the ``objective`` side only; it proves nothing and no bound rests on it.
    """
    around: list[list[tuple[int, CostArray]]] = [[] for _ in problem.vectors]
    for edge in problem.edges:
        around[edge.first].append((edge.second, edge.costs))
        around[edge.second].append((edge.first, edge.costs.T))
    chosen = list(assignment)
    for _ in range(_MAX_SWEEPS):
        changed = False
        for vertex, vector in enumerate(problem.vectors):
            costs = vector.copy()
            for other, matrix in around[vertex]:
                costs += matrix[:, chosen[other]]
            best = int(costs.argmin())
            if costs[best] < costs[chosen[vertex]]:
                chosen[vertex] = best
                changed = True
        if not changed:
            break
    return tuple(chosen)


def quick_assignment(problem: Problem) -> tuple[int, ...]:
    """The cheapest entry of every vector, improved by coordinate descent."""
    return improve(problem, tuple(int(np.argmin(vector)) for vector in problem.vectors))
