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

CostArray = npt.NDArray[np.int64]


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
        for edge in self.edges:
            if edge.first == edge.second:
                raise ValueError(f"edge ({edge.first}, {edge.second}) is a loop")
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


class Status(Enum):
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
