"""R0, RI and RII: the reductions that keep the optimum, on costs.

R0 drops an isolated vertex, RI folds a vertex of degree one into its neighbour's vector, RII folds a
vertex of degree two into a matrix between its two neighbours. What is left, the core, has minimum
degree three or is empty; it is empty exactly when the graph has treewidth two or less.
Source: Scholz and Eckstein, LCTES 2002; proof in docs/optimiser.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dynamap.planner.pbqp.problem import CostArray, Problem

Step = tuple[int, ...]
"""A reduced vertex followed by its neighbours at that moment (none, one or two)."""


@dataclass(frozen=True)
class Reduction:
    """The steps taken, and the core that they leave.

    ``constant`` is the cost of what was reduced to isolated vertices. ``core`` maps each vertex that
    is left to its neighbours; ``core[u][v]`` has rows = choices of u, and ``core[v][u]`` is its transpose.
    ``vectors`` holds the core's folded vectors (and stale ones elsewhere).
    """

    constant: int
    steps: list[Step]
    vectors: list[CostArray]
    core: dict[int, dict[int, CostArray]]
    _recall: list[tuple[CostArray, CostArray | None, CostArray | None]]

    def complete(self, chosen: list[int]) -> None:
        """Fill in the choices of all reduced vertices, in place, given those of the core."""
        for step, (vector, first, second) in zip(reversed(self.steps), reversed(self._recall), strict=True):
            costs = vector
            if first is not None:
                costs = costs + first[:, chosen[step[1]]]
            if second is not None:
                costs = costs + second[:, chosen[step[2]]]
            chosen[step[0]] = int(costs.argmin())


def reduce_problem(problem: Problem) -> Reduction:
    """Apply R0, RI and RII until none applies; O(n d^3) for n vertices of d choices."""
    vectors = list(problem.vectors)
    neighbours = adjacency(problem)
    least = np.minimum.reduce
    constant = 0
    steps: list[Step] = []
    recall: list[tuple[CostArray, CostArray | None, CostArray | None]] = []
    reduced = [False] * len(vectors)
    # Every vertex of degree two or less that is left stands in one of the lists; `low` goes first,
    # because RI is cheaper than RII. An entry whose vertex is gone or has sunk lower is still right.
    low = [u for u, around in enumerate(neighbours) if len(around) <= 1]
    twos = [u for u, around in enumerate(neighbours) if len(around) == 2]
    while low or twos:
        u = low.pop() if low else twos.pop()
        if reduced[u]:
            continue
        reduced[u] = True
        vector = vectors[u]
        around = neighbours[u]
        degree = len(around)
        if degree == 0:
            constant += int(vector.min())
            steps.append((u,))
            recall.append((vector, None, None))
            continue
        if degree == 1:
            ((a, to_a),) = around.items()
            vectors[a] = vectors[a] + least(to_a + vector[:, None])
            steps.append((u, a))
            recall.append((vector, to_a, None))
            del neighbours[a][u]
            _note(a, len(neighbours[a]), low, twos)
            continue
        (a, to_a), (b, to_b) = around.items()
        matrix = least((to_a + vector[:, None])[:, :, None] + to_b[:, None, :])
        steps.append((u, a, b))
        recall.append((vector, to_a, to_b))
        around_a, around_b = neighbours[a], neighbours[b]
        del around_a[u], around_b[u]
        if b in around_a:
            matrix = matrix + around_a[b]
            around_a[b], around_b[a] = matrix, matrix.T
            _note(a, len(around_a), low, twos)
            _note(b, len(around_b), low, twos)
        else:
            around_a[b], around_b[a] = matrix, matrix.T
    core = {u: around for u, around in enumerate(neighbours) if not reduced[u]}
    return Reduction(constant, steps, vectors, core, recall)


def adjacency(problem: Problem) -> list[dict[int, CostArray]]:
    """Each vertex's neighbours with their matrices (rows = own choices); parallel edges are added up."""
    neighbours: list[dict[int, CostArray]] = [{} for _ in problem.vectors]
    for edge in problem.edges:
        first, second, costs = edge.first, edge.second, edge.costs
        around = neighbours[first]
        if second in around:
            costs = around[second] + costs
        around[second] = costs
        neighbours[second][first] = costs.T
    return neighbours


def _note(vertex: int, degree: int, low: list[int], twos: list[int]) -> None:
    if degree <= 1:
        low.append(vertex)
    elif degree == 2:
        twos.append(vertex)
