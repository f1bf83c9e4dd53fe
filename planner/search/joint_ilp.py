"""Overlay and mapping in one integer programme: the ground truth for the joint search on small networks.

One binary selector per candidate (an array with its buffers); each candidate brings its own PBQP in the formulation of
``solvers.pbqp_model``, whose columns are zero unless it is selected::

    minimise sum_a cost_a    subject to    sum_a z_a = 1,    sum_i x[a, v, i] = z_a for every vertex v of candidate a

Candidates are left out only where a lower bound on their cycles is above a mapping that the same engine found, so that
the programme's optimum is that of all candidates. It shares the cost model with the joint search, and no search.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dynamap.cost.errors import InfeasibleError, InputError
from dynamap.cost.overlay.machine import UNLIMITED, Buffers
from dynamap.cost.overlay.timing import INFEASIBLE
from dynamap.planner.mapping.overlay_costs import LayerCosts
from dynamap.planner.mapping.problem import mapping_problem, prohibitive_cycles
from dynamap.planner.mapping.storage import Storages
from dynamap.planner.pbqp.problem import Edge, Problem
from dynamap.planner.search.candidates import ArrayCandidates
from dynamap.planner.solvers import solve
from dynamap.planner.solvers.ilp import MAX_SAFE_TOTAL
from dynamap.planner.solvers.integer import cbc, mathopt_engine
from dynamap.planner.solvers.integer.linear_model import LinearModel, LinearOutcome, LinearResult
from dynamap.planner.solvers.integer.pbqp_model import add_pbqp

MAX_CANDIDATES = 200
"""More than this is not a small network: use the joint search."""


@dataclass(frozen=True)
class JointOptimum:
    """The best of all candidates: its place in the list, its assignment, and its cost."""

    candidate: int
    assignment: tuple[int, ...]
    objective: int


@dataclass(frozen=True)
class JointPlan:
    """The best overlay and mapping; ``candidates`` entered the programme, the others were above a known mapping."""

    rows: int
    columns: int
    buffers: Buffers
    objective_cycles: int
    candidates: int


def _reduced(problem: Problem) -> tuple[Problem, int]:
    """The same problem with the least cost of every vector and matrix taken out, and their sum."""
    least = sum(int(vector.min()) for vector in problem.vectors) + sum(int(edge.costs.min()) for edge in problem.edges)
    return (
        Problem(
            tuple(vector - vector.min() for vector in problem.vectors),
            tuple(Edge(edge.first, edge.second, edge.costs - edge.costs.min()) for edge in problem.edges),
        ),
        least,
    )


def choose(problems: Sequence[Problem], engine: str = "cbc", time_limit: float | None = None) -> JointOptimum:
    """The cheapest of several PBQPs and its optimum, by one integer programme.

    Raises:
        InputError: the costs are too large for the engine's tolerances to prove an optimum.
        InfeasibleError: the time limit ended the search without a proof.
    """
    model = LinearModel()
    reduced = [_reduced(problem) for problem in problems]
    lowest = min(constant for _, constant in reduced)
    selectors = model.add_columns([constant - lowest for _, constant in reduced], integer=True)
    model.add_row(selectors, [1.0] * len(selectors), 1.0, 1.0)
    placed = [
        add_pbqp(model, problem, selector=selector) for (problem, _), selector in zip(reduced, selectors, strict=True)
    ]
    if sum(model.costs) > MAX_SAFE_TOTAL:
        raise InputError(
            f"the joint integer programme has costs of {sum(model.costs):.3g} in all, and an engine proves "
            f"optima only up to {MAX_SAFE_TOTAL:.3g}: use the joint search (--solver dp)"
        )
    result: LinearResult
    if engine == "cbc":
        result = cbc.run(model, relaxed=False, time_limit=time_limit)
    else:
        result = mathopt_engine.run(model, engine, relaxed=False, time_limit=time_limit)
    if result.outcome is not LinearOutcome.OPTIMAL or result.values is None:
        raise InfeasibleError("the joint integer programme was not solved in the time limit: raise --time-limit")
    values = result.values
    best = int(np.argmax(values[selectors.start : selectors.stop]))
    assignment = tuple(int(np.argmax(values[row.start : row.stop])) for row in placed[best].choices)
    return JointOptimum(best, assignment, problems[best].evaluate(assignment))


def joint_programme(
    costs: LayerCosts,
    storages: Storages,
    candidates: ArrayCandidates,
    engine: str = "cbc",
    time_limit: float | None = None,
) -> JointPlan:
    """The optimum over all candidate arrays, buffers and mappings, by one integer programme.

    Raises:
        InputError: too many candidates are left after bounding: the network or the budget is not small.
        InfeasibleError: no candidate runs the network.
    """
    rows, columns = candidates.rows, candidates.columns
    vectors = costs.vector_costs(UNLIMITED).min(axis=(1, 2), initial=int(INFEASIBLE))
    fixed = int(costs.multiplicity[costs.conv_jobs :] @ vectors)
    bounds = costs.array_bound(rows, columns) + fixed
    order = np.argsort(bounds, kind="stable")
    ceiling: int | None = None
    kept: list[tuple[int, int, Buffers]] = []
    problems: list[Problem] = []
    for index in order:
        if ceiling is not None and bounds[index] > ceiling:
            break
        r, c = int(rows[index]), int(columns[index])
        for buffers in candidates.buffers_for(r, c):
            table = costs.exact(buffers, np.array([r]), np.array([c]))[0][costs.jobs]
            if (table.min(axis=(1, 2)) >= INFEASIBLE).any():
                continue
            problem = mapping_problem(storages, table)
            solution = solve(problem, "ilp", ilp_engine=engine) if ceiling is None else None
            if solution is not None:
                if solution.objective >= prohibitive_cycles(table):
                    continue
                ceiling = solution.objective
            kept.append((r, c, buffers))
            problems.append(problem)
            if len(problems) > MAX_CANDIDATES:
                raise InputError(
                    f"more than {MAX_CANDIDATES} overlays are left for the joint integer programme: it is for small "
                    "networks and budgets; use the joint search, or a smaller --multipliers"
                )
    if not problems:
        raise InfeasibleError("no array runs the network")
    optimum = choose(problems, engine, time_limit)
    return JointPlan(*kept[optimum.candidate], optimum.objective, len(problems))
