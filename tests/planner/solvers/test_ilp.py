"""The integer programmes: formulation, exactness beyond float64, time limits, imports."""

from __future__ import annotations

import subprocess
import sys
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from dynamap.planner.pbqp import problem as pbqp
from dynamap.planner.pbqp.instances import FAMILIES, instance, k_tree, random_problem
from dynamap.planner.pbqp.problem import Edge, Problem, Status
from dynamap.planner.solvers import ILP_ENGINES, solve
from dynamap.planner.solvers.integer import cbc, mathopt_engine
from dynamap.planner.solvers.integer.linear_model import LinearModel, LinearOutcome, LinearResult
from dynamap.planner.solvers.integer.pbqp_model import add_pbqp, exclude
from dynamap.planner.solvers.reduction.residual import Residual


def run(model: LinearModel, engine: str, *, relaxed: bool) -> LinearResult:
    if engine == "cbc":
        return cbc.run(model, relaxed=relaxed, time_limit=None)
    return mathopt_engine.run(model, engine, relaxed=relaxed, time_limit=None)


def value(model: LinearModel, result: LinearResult) -> float:
    assert result.values is not None
    return float(np.dot(result.values, model.costs))


@pytest.mark.parametrize("engine", ILP_ENGINES)
@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_the_formulation_alone_gives_the_optimum(engine: str, family: str) -> None:
    """The engines on the plain model, without bounds or reductions of ours."""
    for seed in range(2):
        problem = instance(family, 7, seed, choices=(1, 4), costs=(-30, 30))
        model = LinearModel()
        columns = add_pbqp(model, problem)
        result = run(model, engine, relaxed=False)
        assert result.outcome is LinearOutcome.OPTIMAL
        assert value(model, result) == pytest.approx(solve(problem).objective, abs=1e-6)
        assert result.values is not None
        chosen = [int(np.argmax(result.values[list(row)])) for row in columns.choices]
        assert problem.evaluate(chosen) == solve(problem).objective


@pytest.mark.parametrize("engine", ILP_ENGINES)
def test_the_relaxation_is_exact_on_trees(engine: str) -> None:
    for seed in range(5):
        problem = instance("tree", 15, seed, choices=(2, 5), costs=(0, 1000))
        model = LinearModel()
        add_pbqp(model, problem, integer=False)
        result = run(model, engine, relaxed=True)
        assert value(model, result) == pytest.approx(solve(problem).objective, abs=1e-3)


def test_the_relaxation_of_an_odd_cycle_is_not_exact() -> None:
    """Equal neighbours pay 1 on a triangle: half of each choice costs nothing, one whole choice each costs 1."""
    edges = tuple(Edge(u, v, np.eye(2, dtype=np.int64)) for u, v in ((0, 1), (1, 2), (0, 2)))
    problem = Problem((np.zeros(2, dtype=np.int64),) * 3, edges)
    model = LinearModel()
    add_pbqp(model, problem, integer=False)
    assert value(model, run(model, "cbc", relaxed=True)) == pytest.approx(0, abs=1e-9)
    assert solve(problem, "ilp").objective == 1


@pytest.mark.parametrize("engine", ILP_ENGINES)
def test_one_model_chooses_between_problems(engine: str) -> None:
    """Two selectors of which one is on: the cheaper problem's optimum plus its selector's own cost."""
    one = instance("series-parallel", 6, 1, choices=(2, 3), costs=(0, 50))
    two = instance("series-parallel", 6, 2, choices=(2, 3), costs=(0, 50))
    extra = 10
    model = LinearModel()
    first, second = model.add_columns([0.0, float(extra)], integer=True)
    model.add_row([first, second], [1.0, 1.0], 1.0, 1.0)
    add_pbqp(model, one, selector=first)
    add_pbqp(model, two, selector=second)
    expected = min(solve(one).objective, solve(two).objective + extra)
    assert value(model, run(model, engine, relaxed=False)) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("engine", ILP_ENGINES)
def test_excluded_assignments_come_in_order(engine: str) -> None:
    """All eight assignments of three vertices, cheapest first, then none."""
    problem = instance("2-tree", 3, 4, choices=(2, 2), costs=(0, 1000))
    costs = sorted(problem.evaluate(choice) for choice in product(range(2), repeat=3))
    model = LinearModel()
    columns = add_pbqp(model, problem)
    found = []
    for _ in costs:
        result = run(model, engine, relaxed=False)
        assert result.values is not None
        chosen = tuple(int(np.argmax(result.values[list(row)])) for row in columns.choices)
        found.append(problem.evaluate(chosen))
        exclude(model, columns, chosen)
    assert found == costs
    assert run(model, engine, relaxed=False).outcome is LinearOutcome.INFEASIBLE


@pytest.mark.parametrize("engine", ILP_ENGINES)
def test_inequalities_and_infinite_bounds(engine: str) -> None:
    """Least 2x + 3y with x + y >= 3 and x - y <= 1, integers in 0..10: x = 2, y = 1 costs 7."""
    model = LinearModel()
    x, y = model.add_columns([2.0, 3.0], integer=True, upper=10.0)
    model.add_row([x, y], [1.0, 1.0], 3.0, float("inf"))
    model.add_row([x, y], [1.0, -1.0], float("-inf"), 1.0)
    result = run(model, engine, relaxed=False)
    assert result.values is not None
    assert result.values.round().tolist() == [2, 1]


def all_costs(problem: Problem) -> dict[tuple[int, ...], int]:
    choices = product(*(range(vector.size) for vector in problem.vectors))
    return {choice: problem.evaluate(choice) for choice in choices}


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_moving_costs_changes_no_assignment(family: str) -> None:
    """Any messages at all: every assignment of what is left costs what it did, less the constant."""
    for seed in range(5):
        problem = instance(family, 5, seed, choices=(1, 3), costs=(-30, 30))
        residual = Residual(problem)
        rng = np.random.default_rng(seed)
        for _ in range(3):
            rest, names = residual.problem()
            for choices, cost in all_costs(rest).items():
                assert cost >= 0
                assert problem.evaluate(residual.original(names, choices)) == residual.constant + cost
            residual.shift([tuple(rng.integers(-40, 40, size) for size in e.costs.shape) for e in rest.edges])  # type: ignore[misc]


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_tightening_keeps_every_cheaper_assignment(family: str) -> None:
    for seed in range(10):
        problem = instance(family, 5, seed, choices=(1, 3), costs=(0, 30))
        costs = all_costs(problem)
        objective = sorted(costs.values())[len(costs) // 3]
        cheaper = {choices: cost for choices, cost in costs.items() if cost < objective}
        residual = Residual(problem)
        if not residual.tighten(objective):
            assert not cheaper
            continue
        rest, names = residual.problem()
        for choices, cost in cheaper.items():
            local = residual.localise(names, choices)
            assert local is not None
            assert residual.original(names, local) == choices
            assert residual.constant + rest.evaluate(local) == cost
        assert all(residual.constant + cost >= min(costs.values()) for cost in all_costs(rest).values())


@pytest.mark.parametrize("engine", ILP_ENGINES)
def test_one_unit_in_ten_to_the_sixteen_is_seen(engine: str) -> None:
    """Objectives near 10^16 that differ by 1: beyond float64 (2^53 is 9.007 * 10^15), and still exact."""
    problem = instance("width 3", 12, 5, choices=(2, 4), costs=(0, 100))
    huge = 3 * 10**14 + 1
    shifted = Problem(
        tuple(vector + huge for vector in problem.vectors),
        tuple(Edge(e.first, e.second, e.costs + huge) for e in problem.edges),
    )
    terms = len(problem.vectors) + len(problem.edges)
    expected = solve(problem).objective + terms * huge
    solution = solve(shifted, "ilp", ilp_engine=engine)
    assert expected > 2**53
    assert (solution.status, solution.objective, solution.bound) == (Status.OPTIMAL, expected, expected)


@pytest.mark.parametrize("engine", ILP_ENGINES)
def test_weak_relaxations_with_huge_costs(engine: str) -> None:
    """Costs of both signs up to 10^12 on a clique: the relaxation leaves a gap that no tolerance covers."""
    scales = set()
    for seed in range(4):
        rng = np.random.default_rng(seed)
        problem = random_problem(7, k_tree(7, 6, rng), rng, choices=(3, 3), costs=(-(10**12), 10**12))
        solution = solve(problem, "ilp", ilp_engine=engine)
        expected = solve(problem, "exhaustive").objective
        assert (solution.status, solution.objective) == (Status.OPTIMAL, expected)
        scales.add(solution.statistics["scale"])
    assert max(scales) > 1  # type: ignore[type-var]


def test_where_float_precision_ends_no_proof_is_claimed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rounded down to nothing, the programme proves little: the answer is feasible, with a true bound."""
    monkeypatch.setattr("dynamap.planner.solvers.ilp.MAX_SAFE_TOTAL", 50)
    monkeypatch.setattr("dynamap.planner.solvers.ilp.MAX_EXCLUSIONS", 2)
    ends = set()
    for seed in range(5):
        rng = np.random.default_rng(seed)
        problem = random_problem(9, k_tree(9, 8, rng), rng, choices=(3, 3), costs=(-(10**6), 10**6))
        solution = solve(problem, "ilp")
        optimum = solve(problem).objective
        assert solution.bound <= optimum <= solution.objective
        assert (solution.status is Status.OPTIMAL) == (solution.bound == solution.objective)
        ends.add(solution.statistics["ended_by"])
    assert "float precision" in ends


@pytest.mark.parametrize(
    ("solver", "engine"), [*(("ilp", e) for e in ILP_ENGINES), ("cpsat", "cbc"), ("exhaustive", "cbc")]
)
def test_time_limits_leave_a_bound(solver: str, engine: str) -> None:
    rng = np.random.default_rng(1)
    vertices, size = (10, 4) if solver == "exhaustive" else (80, 5)
    pairs = k_tree(vertices, 6, rng)
    problem = random_problem(vertices, pairs, rng, choices=(size, size), costs=(0, 10**6))
    limit = 0.02 if solver == "exhaustive" else 1.0
    solution = solve(problem, solver, time_limit=limit, ilp_engine=engine)
    optimum = solve(problem).objective
    assert solution.status is Status.FEASIBLE
    assert solution.bound < solution.objective
    assert solution.bound <= optimum <= solution.objective
    assert solution.seconds < limit + 4


SOURCES = Path(pbqp.__file__).parent.parent


@pytest.mark.parametrize(
    ("library", "file"),
    [("pulp", "solvers/integer/cbc.py"), ("ortools", "solvers/integer/ortools_api.py"), ("highspy", None)],
)
def test_each_heavy_library_is_imported_in_one_file(library: str, file: str | None) -> None:
    importers = [
        str(path.relative_to(SOURCES))
        for path in sorted(SOURCES.rglob("*.py"))
        if any(
            line.split()[:2] in (["import", library], ["from", library]) or line.strip().startswith(f"from {library}.")
            for line in path.read_text().splitlines()
        )
    ]
    assert importers == ([file] if file else [])


def test_heavy_libraries_are_loaded_when_used() -> None:
    script = (
        "import sys, numpy as np\n"
        "from dynamap.planner.pbqp.problem import Problem\n"
        "from dynamap.planner.solvers import solve\n"
        "solve(Problem((np.array([1, 2]),)), 'dp')\n"
        "solve(Problem((np.array([1, 2]),)), 'exhaustive')\n"
        "print(sorted(m for m in ('pulp', 'ortools', 'networkx', 'highspy') if m in sys.modules))\n"
        "solve(Problem((np.array([1, 2]),)), 'ilp')\n"
        "solve(Problem((np.array([1, 2]),)), 'ilp', ilp_engine='highs')\n"
        "solve(Problem((np.array([1, 2]),)), 'cpsat')\n"
        "print(sorted(m for m in ('pulp', 'ortools', 'highspy') if m in sys.modules))\n"
    )
    output = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert output.splitlines() == ["[]", "['ortools', 'pulp']"]
