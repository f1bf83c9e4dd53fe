"""The integer programme, with proofs that do not rest on float arithmetic.

A MILP engine computes in float64 with tolerances, so its word alone proves nothing about costs of 10^12.
Three steps make it exact. (1) The relaxation's duals are rounded to integers and applied as costs moved
between edges and vertices: the bound that results holds whatever the duals are. (2) What that bound
excludes is dropped, and the rest is at most the gap between bound and best assignment; often the gap is
zero and the relaxation was the proof. (3) The integer programme is solved over what is left. If its costs
add up to so little that the engine's tolerances cannot hide one unit, its word is a proof. If not, the
costs are divided and rounded down until they do: the result is a bound again, and assignments are excluded
one by one until it meets the best. Where that does not end, the answer is ``feasible`` with its bound.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dynamap.planner.pbqp.problem import WORST_CASE_LIMIT, CostArray, Edge, Problem, Solution, Status
from dynamap.planner.solvers.contract import Deadline, SolveOptions
from dynamap.planner.solvers.integer import cbc, mathopt_engine
from dynamap.planner.solvers.integer.linear_model import TOLERANCE, FloatArray, LinearModel, LinearOutcome, LinearResult
from dynamap.planner.solvers.integer.pbqp_model import PbqpColumns, add_pbqp, exclude
from dynamap.planner.solvers.reduction.bounds import improve, quick_assignment
from dynamap.planner.solvers.reduction.residual import Residual

MAX_SAFE_TOTAL = int(0.25 / TOLERANCE)
"""With every column off by the tolerance, an objective of these costs is off by a quarter at most."""

MAX_RELAXATION_COST = 1e6
"""Relaxations are scaled to this: CBC hands duals over with eight digits."""

MAX_EXCLUSIONS = 200
_MAX_RELAXATIONS = 4
_LEAST_SECONDS = 0.01


def solve(problem: Problem, options: SolveOptions) -> Solution:
    """Solve by the engine named in the options; optimal only where that is proved in exact integers."""
    search = _Search(problem, options)
    proved = search.relax() or search.branch()
    bound = search.objective if proved else min(search.bound, search.objective)
    return Solution(
        solver="ilp",
        status=Status.OPTIMAL if bound == search.objective else Status.FEASIBLE,
        assignment=search.assignment,
        objective=search.objective,
        bound=bound,
        seconds=0.0,
        statistics={
            "engine": options.ilp_engine,
            "relaxations": search.relaxations,
            "integer_programmes": search.programmes,
            "largest_columns": search.columns,
            "scale": search.scale,
            "gap": search.objective - bound,
            "ended_by": "proof" if bound == search.objective else search.ended_by,
        },
    )


@dataclass
class _Statistics:
    relaxations: int = 0
    programmes: int = 0
    columns: int = 0
    scale: int = 1
    ended_by: str = "time limit"


class _Search(_Statistics):
    """The best assignment so far, and the residual problem that bounds it from below."""

    def __init__(self, problem: Problem, options: SolveOptions) -> None:
        super().__init__()
        self._problem = problem
        self._engine = options.ilp_engine
        self._deadline = Deadline(options.time_limit)
        self._residual = Residual(problem)
        self.assignment = quick_assignment(problem)
        self.objective = problem.evaluate(self.assignment)
        self.bound = self._residual.constant

    def relax(self) -> bool:
        """Raise the bound by the relaxation's duals, again where rounding left much; True when proved."""
        for _ in range(_MAX_RELAXATIONS):
            if self._deadline.passed() or not self._relax_once():
                return False
            before, self.bound = self.bound, self._residual.constant
            if not self._residual.tighten(self.objective):
                return True
            self.bound = self._residual.constant
            if self._residual.worst_case() <= MAX_SAFE_TOTAL or self.bound - before < self.objective - self.bound:
                return False  # the integer programme can prove it as it is, or another round gains little
        return False

    def branch(self) -> bool:
        """Solve integer programmes over what is left; True when the best assignment is proved optimal."""
        tried: list[tuple[int, ...]] = []
        while self._residual.tighten(self.objective):
            if self._deadline.passed():
                return False
            if len(tried) > MAX_EXCLUSIONS:
                self.ended_by = "float precision"
                return False
            rest, names = self._residual.problem()
            self.scale = -(-self._residual.worst_case() // MAX_SAFE_TOTAL)
            rounded = _rounded_down(rest, max(1, self.scale))
            model = LinearModel()
            columns = add_pbqp(model, rounded)
            for assignment in tried:
                local = self._residual.localise(names, assignment)
                if local is not None:
                    exclude(model, columns, local)
            result = self._run(model, relaxed=False)
            self.programmes += 1
            if result.outcome is LinearOutcome.INFEASIBLE:
                return True  # every assignment that could be cheaper was tried
            if result.values is None:
                return False
            choices = _largest(result.values, columns)
            found = self._residual.original(names, choices)
            self._offer(found)
            if result.outcome is not LinearOutcome.OPTIMAL:
                return False
            value = rounded.evaluate(choices)
            if abs(float(np.dot(result.values, model.costs)) - value) > 0.5:
                self.ended_by = "float precision"
                return False
            self.bound = max(self.bound, self._residual.constant + max(1, self.scale) * value)
            if self.bound >= self.objective:
                return True
            tried.append(found)
        return True

    def _relax_once(self) -> bool:
        """One relaxation: an assignment from its columns, a bound from its duals; False if cut short."""
        rest, names = self._residual.problem()
        scale = max(1.0, self._residual.largest() / MAX_RELAXATION_COST)
        model = LinearModel()
        columns = add_pbqp(model, rest, scale=scale, integer=False)
        result = self._run(model, relaxed=True)
        self.relaxations += 1
        if result.values is None or result.duals is None:
            return False
        self._offer(self._residual.original(names, _largest(result.values, columns)))
        messages = _messages(result.duals * scale, columns)
        moved = sum(int(np.abs(side).max()) for message in messages for side in message)
        if moved + self._residual.worst_case() <= WORST_CASE_LIMIT:
            self._residual.shift(messages)
        return True

    def _offer(self, assignment: tuple[int, ...]) -> None:
        """Keep an assignment, after coordinate descent, if it is the cheapest so far."""
        for candidate in (assignment, improve(self._problem, assignment)):
            cost = self._problem.evaluate(candidate)
            if cost < self.objective:
                self.assignment, self.objective = candidate, cost

    def _run(self, model: LinearModel, *, relaxed: bool) -> LinearResult:
        self.columns = max(self.columns, len(model.costs))
        remaining = self._deadline.remaining()
        limit = None if remaining is None else max(_LEAST_SECONDS, remaining)
        if self._engine == "cbc":
            return cbc.run(model, relaxed=relaxed, time_limit=limit)
        return mathopt_engine.run(model, self._engine, relaxed=relaxed, time_limit=limit)


def _rounded_down(problem: Problem, scale: int) -> Problem:
    """All costs divided by ``scale`` and rounded down: no assignment costs more than before, divided."""
    return Problem(
        tuple(vector // scale for vector in problem.vectors),
        tuple(Edge(edge.first, edge.second, edge.costs // scale) for edge in problem.edges),
    )


def _largest(values: FloatArray, columns: PbqpColumns) -> tuple[int, ...]:
    """Per vertex the choice with the largest column."""
    return tuple(int(values[row.start : row.stop].argmax()) for row in columns.choices)


def _messages(duals: FloatArray, columns: PbqpColumns) -> list[tuple[CostArray, CostArray]]:
    """The duals of the marginal rows, as integers."""
    whole = np.rint(np.clip(np.nan_to_num(duals), -float(1 << 61), float(1 << 61))).astype(np.int64)
    return [
        (whole[first.start : first.stop], whole[second.start : second.stop])
        for first, second in zip(columns.first_rows, columns.second_rows, strict=True)
    ]
