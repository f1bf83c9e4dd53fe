"""All solvers agree, as integers, and the certificates stand: random problems of every family."""

from __future__ import annotations

import math

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from dynamap.planner.pbqp.certificates import check
from dynamap.planner.pbqp.instances import FAMILIES, instance
from dynamap.planner.pbqp.problem import Problem, Status
from dynamap.planner.solvers import ILP_ENGINES, SOLVERS, solve

COSTS = {
    "zeros and ones": (0, 1),
    "small": (0, 30),
    "of both signs": (-50, 50),
    "cycles": (0, 10**7),
    "huge": (0, 10**12),
    "huge, of both signs": (-(10**12), 10**12),
}
LARGEST_EXHAUSTIVE = 20_000


def assignments(problem: Problem) -> int:
    return math.prod(vector.size for vector in problem.vectors)


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """Families, sizes 1 to 6, costs up to 10^12; vertices added alone, so that some are isolated."""
    family = draw(st.sampled_from(sorted(FAMILIES)))
    vertices = draw(st.integers(1, 9))
    largest = draw(st.integers(1, 6))
    costs = COSTS[draw(st.sampled_from(sorted(COSTS)))]
    number = draw(st.integers(0, 2**32 - 1))
    problem = instance(family, vertices, number, choices=(1, largest), costs=costs)
    alone = instance("tree", 1, number, choices=(1, largest), costs=costs)
    return Problem(problem.vectors + alone.vectors * draw(st.integers(0, 2)), problem.edges)


@seed(20210228)
@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(problem=problems(), engine=st.sampled_from(ILP_ENGINES))
def test_all_solvers_agree(problem: Problem, engine: str) -> None:
    exact = solve(problem, "dp")
    assert exact.status is Status.OPTIMAL
    checked = check(problem, exact)
    assert checked.optimum == exact.objective
    for solver in [name for name in SOLVERS if name != "dp"]:
        if solver == "exhaustive" and assignments(problem) > LARGEST_EXHAUSTIVE:
            continue
        other = solve(problem, solver, ilp_engine=engine)
        assert (other.status, other.objective, other.bound) == (
            Status.OPTIMAL,
            exact.objective,
            exact.objective,
        ), solver
        check(problem, other)


@pytest.mark.parametrize("engine", ILP_ENGINES)
@pytest.mark.parametrize("family", ["series-parallel", "width 4"])
def test_agreement_on_larger_problems(family: str, engine: str) -> None:
    problem = instance(family, 24, 7, choices=(1, 4), costs=(0, 10**9))
    expected = solve(problem, "dp").objective
    assert solve(problem, "ilp", ilp_engine=engine).objective == expected
    assert solve(problem, "cpsat").objective == expected
