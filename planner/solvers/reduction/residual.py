"""A PBQP rewritten in exact integers into a lower bound and what is left above it.

Costs move between an edge and its vertices (add a to row i of the vector, subtract a from row i of the
matrix) without changing any assignment's cost. Vectors and matrices with least entry zero leave a constant
that no assignment undercuts. With an assignment of cost U known, every choice whose own cost reaches
gap = U - constant cannot be part of a better one and goes; every larger pair cost can be cut down to the gap.
All of it is integer arithmetic: a wrong message from a float solver gives a weak bound, never a false one.
Source: Koval and Schlesinger 1976; Werner, "A linear programming approach to max-sum problem", PAMI 2007.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dynamap.planner.pbqp.problem import CostArray, Edge, Problem

Messages = Sequence[tuple[CostArray, CostArray]]
"""Per edge: what moves from each row to the first vertex, from each column to the second."""


class Residual:
    """The working state of one solve: ``constant <= every assignment's cost``."""

    def __init__(self, problem: Problem) -> None:
        self.constant = 0
        self.settled: dict[int, int] = {}
        self._kept = {v: np.arange(vector.size) for v, vector in enumerate(problem.vectors)}
        self._vectors = {v: vector.copy() for v, vector in enumerate(problem.vectors)}
        self._matrices: dict[tuple[int, int], CostArray] = {}
        for edge in problem.edges:
            ends, costs = (edge.first, edge.second), edge.costs
            if ends[0] > ends[1]:
                ends, costs = ends[::-1], costs.T
            known = self._matrices.get(ends)
            self._matrices[ends] = costs.copy() if known is None else known + costs
        self._lift()

    def problem(self) -> tuple[Problem, tuple[int, ...]]:
        """What is left as a problem of its own, and the original number of each of its vertices."""
        names = tuple(self._vectors)
        place = {name: index for index, name in enumerate(names)}
        edges = tuple(Edge(place[u], place[v], costs) for (u, v), costs in self._matrices.items())
        return Problem(tuple(self._vectors.values()), edges), names

    def original(self, names: Sequence[int], choices: Sequence[int]) -> tuple[int, ...]:
        """An assignment of what is left, as an assignment of the original problem."""
        full = dict(self.settled)
        full.update({v: int(self._kept[v][choice]) for v, choice in zip(names, choices, strict=True)})
        return tuple(full[v] for v in range(len(full)))

    def localise(self, names: Sequence[int], assignment: Sequence[int]) -> tuple[int, ...] | None:
        """The inverse of ``original``; None where a choice of the assignment was dropped."""
        if any(assignment[v] != choice for v, choice in self.settled.items()):
            return None
        places = [np.flatnonzero(self._kept[v] == assignment[v]) for v in names]
        return tuple(int(place[0]) for place in places) if all(place.size for place in places) else None

    def largest(self) -> int:
        """The largest cost that is left."""
        arrays = [*self._vectors.values(), *self._matrices.values()]
        return max((int(array.max()) for array in arrays), default=0)

    def worst_case(self) -> int:
        """The largest cost of every vector and matrix that is left, added up."""
        return sum(int(array.max()) for array in [*self._vectors.values(), *self._matrices.values()])

    def shift(self, messages: Messages) -> None:
        """Move costs from the edges (in the order of ``problem()``) to their vertices; then lift."""
        for (u, v), (to_first, to_second) in zip(list(self._matrices), messages, strict=True):
            self._matrices[u, v] -= to_first[:, None] + to_second[None, :]
            self._vectors[u] += to_first
            self._vectors[v] += to_second
        self._lift()

    def tighten(self, objective: int) -> bool:
        """Drop what cannot be part of an assignment cheaper than ``objective``.

        Returns False when nothing is left: then no assignment is cheaper.
        """
        while True:
            gap = objective - self.constant
            if gap <= 0:
                return False
            dropped = False
            for v, vector in list(self._vectors.items()):
                keep = vector < gap
                if not keep.any():
                    return False
                if not keep.all():
                    self._restrict(v, keep)
                    dropped = True
            dropped |= self._settle()
            for ends, costs in self._matrices.items():
                self._matrices[ends] = np.minimum(costs, gap)
            if not dropped:
                return True
            self._lift()

    def _restrict(self, vertex: int, keep: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> None:
        self._vectors[vertex] = self._vectors[vertex][keep]
        self._kept[vertex] = self._kept[vertex][keep]
        for u, v in list(self._matrices):
            if u == vertex:
                self._matrices[u, v] = self._matrices[u, v][keep]
            elif v == vertex:
                self._matrices[u, v] = self._matrices[u, v][:, keep]

    def _settle(self) -> bool:
        """Take the vertices with one choice left out; their edges become costs of their neighbours."""
        single = [v for v, vector in self._vectors.items() if vector.size == 1]
        for vertex in single:
            self.constant += int(self._vectors.pop(vertex)[0])
            self.settled[vertex] = int(self._kept.pop(vertex)[0])
            for u, v in list(self._matrices):
                if u == vertex:
                    self._vectors[v] = self._vectors[v] + self._matrices.pop((u, v))[0]
                elif v == vertex:
                    self._vectors[u] = self._vectors[u] + self._matrices.pop((u, v))[:, 0]
        return bool(single)

    def _lift(self) -> None:
        """Move every matrix's row and column minima to its vertices, and the vectors' minima out."""
        for (u, v), costs in list(self._matrices.items()):
            rows = costs.min(axis=1)
            costs = costs - rows[:, None]
            columns = costs.min(axis=0)
            costs = costs - columns
            self._vectors[u] = self._vectors[u] + rows
            self._vectors[v] = self._vectors[v] + columns
            if costs.any():
                self._matrices[u, v] = costs
            else:
                del self._matrices[u, v]
        for v, vector in self._vectors.items():
            least = int(vector.min())
            self.constant += least
            self._vectors[v] = vector - least
