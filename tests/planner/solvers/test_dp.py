"""The dynamic programme: problems solved by hand, limits, huge costs, speed."""

from __future__ import annotations

import doctest
from types import ModuleType

import numpy as np
import pytest

from dynamap.cost.errors import InfeasibleError, InputError
from dynamap.planner import solvers
from dynamap.planner.pbqp import text_format as pbqp_file
from dynamap.planner.pbqp.certificates import check
from dynamap.planner.pbqp.instances import instance, k_tree, random_problem
from dynamap.planner.pbqp.problem import CostArray, Edge, Problem, Status
from dynamap.planner.solvers import SOLVERS, solve


def ints(*values: int) -> CostArray:
    return np.array(values, dtype=np.int64)


def matrix(*rows: tuple[int, ...]) -> CostArray:
    return np.array(rows, dtype=np.int64)


# Optima derived by hand: name, problem, optimum, an optimal assignment, width.
BANK = [
    ("no vertex", Problem(()), 0, (), 0),
    ("one vertex", Problem((ints(4, 3, 7),)), 3, (1,), 0),
    ("two isolated", Problem((ints(4, 3), ints(-2, 5))), 1, (1, 0), 0),
    # 0+1+9 = 10, 0+0+4 = 4, 2+1+0 = 3, 2+0+8 = 10
    ("one edge", Problem((ints(0, 2), ints(1, 0)), (Edge(0, 1, matrix((9, 4), (0, 8))),)), 3, (1, 0), 1),
    # The same edge twice, once turned round: the matrices add up to (18, 8; 0, 16).
    (
        "parallel edges",
        Problem(
            (ints(0, 2), ints(1, 0)),
            (Edge(0, 1, matrix((9, 4), (0, 8))), Edge(1, 0, matrix((9, 0), (4, 8)))),
        ),
        3,
        (1, 0),
        1,
    ),
    # Equal neighbours pay 5; a triangle of two choices cannot avoid one equal pair.
    (
        "odd cycle",
        Problem(
            (ints(0, 0),) * 3,
            tuple(Edge(u, v, 5 * np.eye(2, dtype=np.int64)) for u, v in ((0, 1), (1, 2), (0, 2))),
        ),
        5,
        None,
        2,
    ),
    # The same on K4 with three choices: four vertices, three choices, one equal pair at least.
    (
        "K4 in three colours",
        Problem(
            (ints(0, 0, 0),) * 4,
            tuple(Edge(u, v, 5 * np.eye(3, dtype=np.int64)) for u in range(4) for v in range(u)),
        ),
        5,
        None,
        3,
    ),
    # With four choices all can differ: then each choice is made once, for 1 + 2 + 3 + 4.
    (
        "K4 in four colours",
        Problem(
            (ints(1, 2, 3, 4),) * 4,
            tuple(Edge(u, v, 99 * np.eye(4, dtype=np.int64)) for u in range(4) for v in range(u)),
        ),
        10,
        None,
        3,
    ),
]


@pytest.mark.parametrize("solver", sorted(SOLVERS))
@pytest.mark.parametrize(
    ("problem", "optimum", "assignment", "width"), [case[1:] for case in BANK], ids=[c[0] for c in BANK]
)
def test_known_optima(
    solver: str, problem: Problem, optimum: int, assignment: tuple[int, ...] | None, width: int
) -> None:
    solution = solve(problem, solver)
    assert (solution.status, solution.objective, solution.bound) == (Status.OPTIMAL, optimum, optimum)
    assert assignment is None or solution.assignment == assignment
    assert solution.treewidth == (width if solver == "dp" else None)
    check(problem, solution)


def test_the_problem_is_not_changed() -> None:
    problem = instance("width 4", 12, 3, choices=(1, 4), costs=(0, 100))
    before = [array.copy() for array in (*problem.vectors, *(edge.costs for edge in problem.edges))]
    for solver in SOLVERS:
        if solver != "exhaustive":
            solve(problem, solver)
    after = (*problem.vectors, *(edge.costs for edge in problem.edges))
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


def test_same_problem_same_answer() -> None:
    problem = instance("width 5", 20, 3, choices=(1, 4), costs=(0, 3))
    first, second = solve(problem), solve(problem)
    assert first.assignment == second.assignment
    assert first.certificate == second.certificate


@pytest.mark.parametrize("family", ["series-parallel", "width 6"])
def test_huge_costs_do_not_overflow(family: str) -> None:
    """10^12 on every entry of 2,000 vertices: the optimum is known, and is beyond float64's integers."""
    problem = instance(family, 2000, 1, choices=(1, 2), costs=(10**12, 10**12))
    objective = solve(problem).objective
    assert objective == 10**12 * (len(problem.vectors) + len(problem.edges)) > 2**51


def test_costs_beyond_the_exact_range_are_refused() -> None:
    edge = np.full((2, 2), 2**61, dtype=np.int64)
    problem = Problem((ints(0, 2**61), ints(0, 1)), (Edge(0, 1, edge),))
    with pytest.raises(InputError, match=r"could add up to 4611686018427387905, beyond .* \(2\^62\)"):
        solve(problem)
    smallest = Problem((ints(-(2**63), 0),))
    with pytest.raises(InputError, match="could add up to 9223372036854775808"):
        solve(smallest)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"solver": "simplex"}, "unknown solver 'simplex': choose one of dp, ilp, cpsat, exhaustive"),
        ({"time_limit": 0.0}, "time limit must be more than 0 seconds, found 0"),
        ({"time_limit": -1.0}, "time limit must be more than 0 seconds, found -1"),
        ({"time_limit": float("nan")}, "time limit must be more than 0"),
        ({"memory_limit_bytes": 0}, "memory limit must be more than 0 bytes"),
        ({"ilp_engine": "gurobi"}, "unknown ILP engine 'gurobi': choose one of cbc, highs, scip"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        solve(Problem((ints(1),)), **options)  # type: ignore[arg-type]


def test_an_endless_time_limit_is_none() -> None:
    problem = instance("width 3", 8, 1, choices=(2, 2), costs=(0, 9))
    expected = solve(problem).objective
    for solver, engine in (("dp", "cbc"), ("ilp", "cbc"), ("ilp", "highs"), ("cpsat", "cbc"), ("exhaustive", "cbc")):
        for limit in (float("inf"), 1e300):
            assert solve(problem, solver, time_limit=limit, ilp_engine=engine).objective == expected


@pytest.mark.parametrize("module", [solvers, pbqp_file])
def test_examples_in_docstrings(module: ModuleType) -> None:
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0


def test_tables_beyond_the_memory_limit_are_refused() -> None:
    """A clique of 12 vertices with 8 choices: width 11, and a table of 8^11 = 8589934592 entries."""
    problem = random_problem(12, k_tree(12, 11, np.random.default_rng(0)), np.random.default_rng(1), choices=(8, 8))
    with pytest.raises(
        InfeasibleError, match=r"width 11; .* 8589934592 entries .* limit of 1\.0 GiB; use --solver ilp"
    ):
        solve(problem)


def test_the_memory_limit_counts_every_table() -> None:
    """K6 with 4 choices: tables of 4^5, ..., 4, 1 entries (1365), and two more of 32768 to work in."""
    problem = random_problem(6, k_tree(6, 5, np.random.default_rng(0)), np.random.default_rng(1), choices=(4, 4))
    needed = 8 * (1024 + 256 + 64 + 16 + 4 + 1 + 2 * 32768)
    assert solve(problem, memory_limit_bytes=needed).statistics["table_bytes"] == needed
    with pytest.raises(InfeasibleError, match="memory limit"):
        solve(problem, memory_limit_bytes=needed - 1)


def test_vertices_without_a_choice_need_no_table() -> None:
    """A clique of 40 vertices, of which 36 are pinned: width 39 as a graph, tables over three vertices."""
    pairs = [(u, v) for u in range(40) for v in range(u)]
    sizes = [4 if v % 10 == 0 else 1 for v in range(40)]
    rng = np.random.default_rng(5)
    problem = Problem(
        tuple(rng.integers(0, 100, size) for size in sizes),
        tuple(Edge(u, v, rng.integers(0, 100, (sizes[u], sizes[v]))) for u, v in pairs),
    )
    solution = solve(problem)
    assert solution.treewidth == 39
    assert solution.statistics["largest_table_entries"] == 4**3
    assert solution.objective == solve(problem, "exhaustive").objective
    check(problem, solution)


def test_a_time_limit_leaves_a_bound() -> None:
    problem = instance("width 6", 60, 1, choices=(6, 6), costs=(0, 1000))
    solution = solve(problem, time_limit=1e-6)
    assert solution.status is Status.FEASIBLE
    assert solution.bound < solve(problem).objective <= solution.objective


def test_width_five_is_solved_and_its_width_known() -> None:
    rng = np.random.default_rng(1)
    problem = random_problem(60, k_tree(60, 5, rng), rng, choices=(4, 4), costs=(0, 1000))
    solution = solve(problem)
    assert solution.treewidth == 5
    assert solution.status is Status.OPTIMAL
