"""CBC through PuLP, which carries its binary. The only file that imports PuLP."""

from __future__ import annotations

import math
import tempfile
import warnings
from typing import Any

import numpy as np

from dynamap.cost.errors import InputError
from dynamap.planner.solvers.integer.linear_model import (
    ABSOLUTE_GAP,
    TOLERANCE,
    LinearModel,
    LinearOutcome,
    LinearResult,
)


def run(model: LinearModel, *, relaxed: bool, time_limit: float | None) -> LinearResult:
    """Solve the model, or its relaxation with duals.

    Raises InputError where PuLP finds no CBC to run, or it fails.
    """
    import pulp

    problem = pulp.LpProblem("pbqp", pulp.LpMinimize)
    add_variable = getattr(problem, "add_variable", pulp.LpVariable)  # PuLP 3.3 deprecates the class
    columns = [
        add_variable(f"c{i}", lower, upper, pulp.LpInteger if integer and not relaxed else pulp.LpContinuous)
        for i, (lower, upper, integer) in enumerate(zip(model.lower, model.upper, model.integer, strict=True))
    ]
    problem.setObjective(pulp.LpAffineExpression(zip(columns, model.costs, strict=True)))
    rows: list[Any] = []
    for index, row in enumerate(model.rows):
        terms = [(columns[c], a) for c, a in zip(row.columns, row.coefficients, strict=True)]
        for sense, bound in _sides(pulp, row.lower, row.upper):
            constraint = pulp.LpConstraint(pulp.LpAffineExpression(terms), sense, name=f"r{index}_{sense}", rhs=bound)
            problem.addConstraint(constraint)
        rows.append(constraint if row.lower == row.upper else None)
    solver = _solver(pulp, relaxed=relaxed, time_limit=time_limit)
    with tempfile.TemporaryDirectory(prefix="dynamap-cbc-") as solver.tmpDir:
        try:
            problem.solve(solver)
        except pulp.PulpSolverError as error:
            raise InputError(f"the ILP engine cbc failed ({error}): use --ilp-engine highs") from None
        except BaseException:  # Ctrl-C, and PuLP leaves its process and its files as they are
            _end_processes(solver.tmpDir)
            raise
    if problem.status == pulp.LpStatusInfeasible:
        return LinearResult(LinearOutcome.INFEASIBLE)
    if problem.sol_status not in (pulp.LpSolutionOptimal, pulp.LpSolutionIntegerFeasible):
        return LinearResult(LinearOutcome.NOTHING)
    optimal = problem.sol_status == pulp.LpSolutionOptimal
    values = np.array([column.varValue or 0.0 for column in columns], dtype=np.float64)
    duals = None
    if relaxed and optimal:  # a row with two sides is two constraints, and has no single dual
        duals = np.array([0.0 if row is None else row.pi or 0.0 for row in rows], dtype=np.float64)
    return LinearResult(LinearOutcome.OPTIMAL if optimal else LinearOutcome.FEASIBLE, values, duals)


def _end_processes(folder: str) -> None:
    """Ends those of this process that work on the files of ``folder``, which PuLP hands to nobody."""
    import psutil

    for process in psutil.Process().children():
        try:
            if any(folder in word for word in process.cmdline()):
                process.kill()
                process.wait()
        except psutil.NoSuchProcess:  # it has ended meanwhile
            continue


def _sides(pulp: Any, lower: float, upper: float) -> list[tuple[int, float]]:
    if lower == upper:
        return [(pulp.LpConstraintEQ, lower)]
    sides = [(pulp.LpConstraintGE, lower), (pulp.LpConstraintLE, upper)]
    return [(sense, bound) for sense, bound in sides if math.isfinite(bound)]


def _solver(pulp: Any, *, relaxed: bool, time_limit: float | None) -> Any:
    """PuLP's own CBC where it has one, else a ``cbc`` on the path."""
    arguments: dict[str, Any] = {"mip": not relaxed, "msg": False, "timeLimit": time_limit}
    if not relaxed:
        arguments["gapRel"] = 0.0
        arguments["gapAbs"] = ABSOLUTE_GAP
        arguments["options"] = [f"integerTolerance {TOLERANCE}", f"primalTolerance {TOLERANCE}"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # PuLP 3.3 announces the end of its bundle
        for name in ("PULP_CBC_CMD", "COIN_CMD"):
            factory = getattr(pulp, name, None)
            solver = factory(**arguments) if factory is not None else None
            if solver is not None and solver.available():
                return solver
    raise InputError("the ILP engine cbc is not installed: use --ilp-engine highs, or pip install 'pulp[cbc]'")
