"""Exhaustive search: every assignment of a tiny problem, the oracle of the other solvers."""

from __future__ import annotations

import math

import numpy as np

from dynamap.cost.errors import InfeasibleError
from dynamap.planner.pbqp.problem import Problem, Solution, Status
from dynamap.planner.solvers.contract import Deadline, SolveOptions
from dynamap.planner.solvers.reduction.bounds import sum_of_minima

MAX_ASSIGNMENTS = 10_000_000
_CHUNK = 1 << 14


def solve(problem: Problem, options: SolveOptions) -> Solution:
    """Cost every assignment; of equal ones the lexicographically first wins.

    Raises InfeasibleError when there are more than ``MAX_ASSIGNMENTS`` of them.
    """
    sizes = [vector.size for vector in problem.vectors]
    total = math.prod(sizes)
    if total > MAX_ASSIGNMENTS:
        raise InfeasibleError(
            f"exhaustive: the problem has {_power_of_ten(total)} assignments, more than the "
            f"{MAX_ASSIGNMENTS} that are enumerated; use --solver dp"
        )
    deadline = Deadline(options.time_limit)
    best: int | None = None
    best_index = 0
    done = 0
    while done < total and not (best is not None and deadline.passed()):
        codes = np.arange(done, min(done + _CHUNK, total))
        choices = np.unravel_index(codes, sizes) if sizes else ()
        costs = np.zeros(codes.size, dtype=np.int64)
        for vector, choice in zip(problem.vectors, choices, strict=True):
            costs += vector[choice]
        for edge in problem.edges:
            costs += edge.costs[choices[edge.first], choices[edge.second]]
        winner = int(costs.argmin())
        if best is None or int(costs[winner]) < best:
            best, best_index = int(costs[winner]), done + winner
        done += codes.size
    if best is None:
        raise AssertionError("a PBQP has at least one assignment")
    assignment = tuple(int(choice) for choice in np.unravel_index(best_index, sizes)) if sizes else ()
    bound = best if done == total else min(best, sum_of_minima(problem))
    return Solution(
        solver="exhaustive",
        status=Status.OPTIMAL if bound == best else Status.FEASIBLE,
        assignment=assignment,
        objective=best,
        bound=bound,
        seconds=0.0,
        statistics={"assignments": total, "enumerated": done},
    )


def _power_of_ten(count: int) -> str:
    return str(count) if count < 10**12 else f"more than 10^{len(str(count)) - 1}"
