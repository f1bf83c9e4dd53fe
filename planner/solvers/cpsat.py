"""CP-SAT: constraint programming with clause learning, in exact int64 arithmetic.

The formulation of ``pbqp_model``, with the marginals as exactly-one constraints. One worker, and every
constraint in the linear relaxation from the start: with two workers (the default on two cores) or the
weaker relaxation, problems of fifty vertices take minutes instead of a second. Probing and the search for
symmetries, which CP-SAT does first, cost about ten times what the solution itself takes, and are off.
"""

from __future__ import annotations

from typing import Any

from dynamap.planner.pbqp.problem import Problem, Solution, Status
from dynamap.planner.solvers.contract import SolveOptions
from dynamap.planner.solvers.integer.ortools_api import cp_model as load_cp_model
from dynamap.planner.solvers.interruptible import interruptible
from dynamap.planner.solvers.reduction.bounds import quick_assignment
from dynamap.planner.solvers.reduction.residual import Residual

_SEED = 1


def solve(problem: Problem, options: SolveOptions) -> Solution:
    """Solve to proven optimality, or to the time limit: then with CP-SAT's own integer bound."""
    cp_model = load_cp_model()
    residual = Residual(problem)
    rest, names = residual.problem()
    model = cp_model.CpModel()
    choices = _add_pbqp(model, rest)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.linearization_level = 2
    solver.parameters.add_lp_constraints_lazily = False
    solver.parameters.cp_model_probing_level = 0
    solver.parameters.symmetry_level = 0
    solver.parameters.random_seed = _SEED
    if options.time_limit is not None:
        solver.parameters.max_time_in_seconds = options.time_limit
    solver.parameters.catch_sigint_signal = False  # it would take Ctrl-C from the process, and leave it without
    status = interruptible(lambda: solver.solve(model), solver.stop_search)
    if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        local = [next(i for i, column in enumerate(row) if solver.boolean_value(column)) for row in choices]
        assignment = residual.original(names, local)
    elif status == cp_model.UNKNOWN:
        assignment = quick_assignment(problem)
    else:
        raise AssertionError(f"CP-SAT calls a PBQP {solver.status_name(status)}")
    objective = problem.evaluate(assignment)
    if status == cp_model.OPTIMAL:
        bound = objective
    else:
        proved = int(solver.response_proto.inner_objective_lower_bound)
        bound = min(objective, residual.constant + max(0, proved))
    return Solution(
        solver="cpsat",
        status=Status.OPTIMAL if bound == objective else Status.FEASIBLE,
        assignment=assignment,
        objective=objective,
        bound=bound,
        seconds=0.0,
        statistics={
            "branches": int(solver.num_branches),
            "conflicts": int(solver.num_conflicts),
            "gap": objective - bound,
        },
    )


def _add_pbqp(model: Any, problem: Problem) -> list[list[Any]]:
    """The Boolean of each choice of each vertex."""
    columns: list[Any] = []
    costs: list[int] = []
    choices: list[list[Any]] = []
    for vector in problem.vectors:
        row = [model.new_bool_var("") for _ in range(vector.size)]
        model.add_exactly_one(row)
        choices.append(row)
        columns += row
        costs += vector.tolist()
    for edge in problem.edges:
        pairs = [[model.new_bool_var("") for _ in range(edge.costs.shape[1])] for _ in choices[edge.first]]
        for row, choice in zip(pairs, choices[edge.first], strict=True):
            model.add_exactly_one([*row, ~choice])
        for column, choice in zip(zip(*pairs, strict=True), choices[edge.second], strict=True):
            model.add_exactly_one([*column, ~choice])
        columns += [pair for row in pairs for pair in row]
        costs += edge.costs.ravel().tolist()
    paying = [(column, cost) for column, cost in zip(columns, costs, strict=True) if cost]
    if paying:
        expression = load_cp_model().LinearExpr
        model.minimize(expression.weighted_sum([c for c, _ in paying], [k for _, k in paying]))
    return choices
