"""PBQP solvers behind one contract: ``solve(problem, solver)`` returns a ``Solution``."""

from __future__ import annotations

import dataclasses
import importlib
import time
from collections.abc import Mapping
from types import MappingProxyType

from dynamap.cost.errors import InputError
from dynamap.planner.pbqp.problem import Problem, Solution, Status, check_range
from dynamap.planner.solvers.contract import (
    DEFAULT_MEMORY_LIMIT_BYTES,
    ILP_ENGINES,
    SolveOptions,
    SolverTraits,
)

__all__ = ["DEFAULT_MEMORY_LIMIT_BYTES", "ILP_ENGINES", "SOLVERS", "SolverTraits", "solve"]

SOLVERS: Mapping[str, SolverTraits] = MappingProxyType(
    {
        info.name: info
        for info in (
            SolverTraits(
                name="dp",
                module="dynamap.planner.solvers.dp",
                method="R0/RI/RII reductions, then dynamic programming over an elimination order",
                certificate=True,
            ),
            SolverTraits(
                name="ilp",
                module="dynamap.planner.solvers.ilp",
                method="integer programme over the local polytope, bounded by exact integer duals",
                certificate=False,
            ),
            SolverTraits(
                name="cpsat",
                module="dynamap.planner.solvers.cpsat",
                method="constraint programming with clause learning and linear relaxations",
                certificate=False,
            ),
            SolverTraits(
                name="exhaustive",
                module="dynamap.planner.solvers.exhaustive",
                method="every assignment, one after the other",
                certificate=False,
            ),
        )
    }
)
"""Every solver by name."""

_LONGEST_SECONDS = 1e8
"""Three years: a longer limit is none, and would overflow the clocks of some engines."""


def solve(
    problem: Problem,
    solver: str = "dp",
    *,
    time_limit: float | None = None,
    memory_limit_bytes: int = DEFAULT_MEMORY_LIMIT_BYTES,
    ilp_engine: str = "cbc",
) -> Solution:
    """Solve a PBQP with the named solver and recompute the objective of what it returns.

    ``time_limit`` is in seconds; when it passes, the status is ``Status.FEASIBLE`` and
    ``bound <= optimum <= objective``. ``memory_limit_bytes`` bounds the tables of ``dp``.

    Raises InputError for an unknown solver or engine, a limit that is not positive, and costs that
    could leave the exact integer range; InfeasibleError where the solver cannot answer within its
    limits (``dp``: the tables, ``exhaustive``: the number of assignments).

    >>> import numpy as np
    >>> from dynamap.planner.pbqp.problem import Edge, Problem
    >>> two = (np.array([0, 2]), np.array([1, 0]))
    >>> solve(Problem(two, (Edge(0, 1, np.array([[5, 9], [0, 1]])),))).objective
    3
    """
    if solver not in SOLVERS:
        raise InputError(f"unknown solver {solver!r}: choose one of {', '.join(SOLVERS)}")
    if time_limit is not None and not time_limit > 0:
        raise InputError(f"the time limit must be more than 0 seconds, found {time_limit:g}")
    if memory_limit_bytes <= 0:
        raise InputError(f"the memory limit must be more than 0 bytes, found {memory_limit_bytes}")
    if ilp_engine not in ILP_ENGINES:
        raise InputError(f"unknown ILP engine {ilp_engine!r}: choose one of {', '.join(ILP_ENGINES)}")
    if time_limit is not None and time_limit > _LONGEST_SECONDS:
        time_limit = None
    module = importlib.import_module(SOLVERS[solver].module)
    started = time.perf_counter()
    check_range(problem)
    solution: Solution = module.solve(problem, SolveOptions(time_limit, memory_limit_bytes, ilp_engine))
    _check(problem, solution)
    return dataclasses.replace(solution, seconds=time.perf_counter() - started)


def _check(problem: Problem, solution: Solution) -> None:
    """The contract's own invariants: a solver that breaks them is wrong, whatever the input."""
    objective = problem.evaluate(solution.assignment)
    if objective != solution.objective:
        raise AssertionError(f"{solution.solver} reports {solution.objective} for an assignment that costs {objective}")
    if solution.bound > objective or (solution.status is Status.OPTIMAL) != (solution.bound == objective):
        raise AssertionError(
            f"{solution.solver}: status {solution.status.value} with bound {solution.bound} and objective {objective}"
        )
