"""HiGHS and SCIP, as OR-tools brings them, through its MathOpt layer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np

from dynamap.planner.solvers.integer.linear_model import (
    ABSOLUTE_GAP,
    TOLERANCE,
    LinearModel,
    LinearOutcome,
    LinearResult,
)
from dynamap.planner.solvers.integer.ortools_api import mathopt as load_mathopt
from dynamap.planner.solvers.integer.ortools_api import solve_interrupter
from dynamap.planner.solvers.interruptible import interruptible


def run(model: LinearModel, engine: str, *, relaxed: bool, time_limit: float | None) -> LinearResult:
    """Solve the model with ``engine`` (highs or scip), or its relaxation with duals.

    Relaxations are solved by GLOP, which OR-tools brings as well: SCIP reports no duals, HiGHS not always.
    """
    mathopt = load_mathopt()
    built = mathopt.Model()
    columns = [
        built.add_variable(lb=lower, ub=upper, is_integer=integer and not relaxed)
        for lower, upper, integer in zip(model.lower, model.upper, model.integer, strict=True)
    ]
    for column, cost in zip(columns, model.costs, strict=True):
        if cost:
            built.objective.set_linear_coefficient(column, cost)
    rows = []
    for row in model.rows:
        constraint = built.add_linear_constraint(lb=row.lower, ub=row.upper)
        for column, coefficient in zip(row.columns, row.coefficients, strict=True):
            constraint.set_coefficient(columns[column], coefficient)
        rows.append(constraint)
    kind = "GLOP" if relaxed else {"highs": "HIGHS", "scip": "GSCIP"}[engine]
    parameters = _parameters(mathopt, kind, relaxed=relaxed, time_limit=time_limit)
    interrupter = solve_interrupter()
    solver = getattr(mathopt.SolverType, kind)
    result = interruptible(
        lambda: mathopt.solve(built, solver, params=parameters, interrupter=interrupter), interrupter.interrupt
    )
    reason = mathopt.TerminationReason
    if result.termination.reason in (reason.INFEASIBLE, reason.INFEASIBLE_OR_UNBOUNDED):
        return LinearResult(LinearOutcome.INFEASIBLE)
    if not result.has_primal_feasible_solution():
        return LinearResult(LinearOutcome.NOTHING)
    optimal = result.termination.reason is reason.OPTIMAL
    values = np.array(result.variable_values(columns), dtype=np.float64)
    duals = None
    if relaxed and optimal and result.has_dual_feasible_solution():
        duals = np.array(result.dual_values(rows), dtype=np.float64)
    return LinearResult(LinearOutcome.OPTIMAL if optimal else LinearOutcome.FEASIBLE, values, duals)


def _parameters(mathopt: Any, kind: str, *, relaxed: bool, time_limit: float | None) -> Any:
    parameters = mathopt.SolveParameters(enable_output=False)
    if time_limit is not None:
        parameters.time_limit = timedelta(seconds=time_limit)
    if kind == "HIGHS":
        parameters.highs.int_options["threads"] = 1
    else:
        parameters.threads = 1
    if relaxed:
        return parameters
    parameters.absolute_gap_tolerance = ABSOLUTE_GAP
    parameters.relative_gap_tolerance = 0.0
    if kind == "HIGHS":
        parameters.highs.double_options["mip_feasibility_tolerance"] = TOLERANCE
    else:
        parameters.gscip.real_params["numerics/feastol"] = TOLERANCE
    return parameters
