"""The partitioned boolean quadratic problem (PBQP) and the solution that every solver returns.

Choose x_v for every vertex v so that  sum_v c_v[x_v] + sum_(u,v) C_uv[x_u][x_v]  is least.
All costs are integers, so that solvers agree exactly or are wrong.
Source: DYNAMAP (FPGA 2021), section on the mapping problem; Scholz and Eckstein, LCTES 2002.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

import numpy as np
import numpy.typing as npt

from dynamap.cost.errors import InputError

CostArray = npt.NDArray[np.int64]

WORST_CASE_LIMIT = 2**62
"""No assignment may cost more than this, nor less than minus this: then no int64 sum can overflow."""


@dataclass(frozen=True, eq=False)
class Edge:
    """Costs between two vertices: ``costs[i, j]`` where the first makes choice i and the second j."""

    first: int
    second: int
    costs: CostArray


@dataclass(frozen=True, eq=False)
class Problem:
    """Vertex v has ``len(vectors[v])`` choices; parallel edges are allowed and add up; loops are not."""

    vectors: tuple[CostArray, ...]
    edges: tuple[Edge, ...] = ()

    def __post_init__(self) -> None:
        for index, vector in enumerate(self.vectors):
            if vector.ndim != 1 or vector.size == 0 or vector.dtype != np.int64:
                raise ValueError(f"vertex {index} needs a non-empty int64 vector, found {vector!r}")
        count = len(self.vectors)
        for edge in self.edges:
            if edge.first == edge.second:
                raise ValueError(f"edge ({edge.first}, {edge.second}) is a loop")
            if not (0 <= edge.first < count and 0 <= edge.second < count):
                raise ValueError(f"edge ({edge.first}, {edge.second}) leaves the vertices 0..{count - 1}")
            expected = (self.vectors[edge.first].size, self.vectors[edge.second].size)
            if edge.costs.shape != expected or edge.costs.dtype != np.int64:
                raise ValueError(
                    f"edge ({edge.first}, {edge.second}) needs an int64 matrix of shape {expected}, "
                    f"found {edge.costs.dtype} {edge.costs.shape}"
                )

    def evaluate(self, assignment: Sequence[int]) -> int:
        """The objective of an assignment, recomputed from the problem alone, as a Python integer."""
        total = sum(int(vector[choice]) for vector, choice in zip(self.vectors, assignment, strict=True))
        return total + sum(int(e.costs[assignment[e.first], assignment[e.second]]) for e in self.edges)


def check_range(problem: Problem) -> None:
    """Refuse a problem in which a sum of costs could leave the range of int64.

    Raises InputError when the largest absolute costs of all vectors and matrices add up to more
    than ``WORST_CASE_LIMIT``; every partial sum that a solver forms is at most that sum.
    """
    arrays = [*problem.vectors, *(edge.costs.ravel() for edge in problem.edges)]
    if not arrays:
        return
    everything = np.concatenate(arrays)
    largest = max(int(everything.max()), -int(everything.min()))
    if largest * len(arrays) <= WORST_CASE_LIMIT:
        return
    worst = sum(max(int(array.max()), -int(array.min())) for array in arrays)
    if worst > WORST_CASE_LIMIT:
        raise InputError(
            f"the costs could add up to {worst}, beyond the exact range of {WORST_CASE_LIMIT} (2^62): "
            "use a coarser unit, such as cycles for picoseconds, or replace prohibitive costs by smaller ones"
        )


class Status(Enum):
    """Whether a solution is proven to be optimal."""

    OPTIMAL = "optimal"
    FEASIBLE = "feasible"  # a time limit ended the search; ``bound`` says how far off it may be


@dataclass(frozen=True)
class Solution:
    """What a solver found: ``bound <= optimum <= objective``; equal when the status is optimal.

    ``treewidth`` is the width of the elimination order used (None where the solver uses none).
    ``certificate`` is plain JSON data that ``certificates.check`` replays (None where there is none).
    """

    solver: str
    status: Status
    assignment: tuple[int, ...]
    objective: int
    bound: int
    seconds: float
    treewidth: int | None = None
    certificate: object | None = None
    statistics: Mapping[str, object] = field(default_factory=dict)
