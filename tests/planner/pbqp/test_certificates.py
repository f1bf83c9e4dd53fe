"""The checker accepts what the solver proves, and nothing else."""

from __future__ import annotations

import dataclasses
import json
from itertools import combinations
from typing import Any

import networkx as nx
import numpy as np
import pytest

from dynamap.planner.pbqp.certificates import CertificateError, check, check_certificate, check_obstruction
from dynamap.planner.pbqp.instances import FAMILIES, instance, random_problem
from dynamap.planner.pbqp.problem import Problem, Solution, Status
from dynamap.planner.solvers import solve


def on_graph(graph: nx.Graph, seed: int = 0, choices: tuple[int, int] = (2, 3)) -> Problem:
    pairs = [(int(u), int(v)) for u, v in graph.edges]
    return random_problem(graph.number_of_nodes(), pairs, np.random.default_rng(seed), choices=choices)


def through_json(solution: Solution) -> Any:
    return json.loads(json.dumps(solution.certificate))


def k4() -> Problem:
    return on_graph(nx.complete_graph(4))


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_certificates_survive_json_and_replay(family: str) -> None:
    for seed in range(20):
        problem = instance(family, 14, seed, choices=(1, 3), costs=(-20, 20))
        solution = solve(problem)
        optimum, width, series_parallel = check_certificate(problem, through_json(solution))
        assert optimum == solution.objective
        assert width == solution.treewidth
        assert series_parallel == (width <= 2)


def test_series_parallel_exactly_where_networkx_finds_width_two() -> None:
    """Min-degree elimination (networkx's own) finds width two or less exactly where the treewidth is."""
    seen = {True: 0, False: 0}
    for seed in range(300):
        graph = nx.gnm_random_graph(9, 8 + seed % 9, seed=seed)
        expected = nx.approximation.treewidth_min_degree(graph)[0] <= 2
        checked = check(problem := on_graph(graph, seed), solve(problem))
        assert checked.series_parallel == expected
        seen[expected] += 1
    assert min(seen.values()) > 50


@pytest.mark.parametrize(
    ("graph", "width"),
    [
        (nx.complete_graph(4), 3),
        (nx.complete_graph(7), 6),
        (nx.complete_bipartite_graph(3, 3), 3),
        (nx.petersen_graph(), 4),
        (nx.convert_node_labels_to_integers(nx.grid_2d_graph(4, 4)), 4),
        (nx.wheel_graph(9), 3),
    ],
    ids=["K4", "K7", "K3,3", "Petersen", "4x4 grid", "wheel"],
)
def test_known_widths_and_obstructions(graph: nx.Graph, width: int) -> None:
    """Treewidths from the literature; the two orders reach each of them."""
    problem = on_graph(graph)
    solution = solve(problem)
    checked = check(problem, solution)
    assert (checked.width, checked.series_parallel) == (width, False)
    assert checked.optimum == solve(problem, "cpsat").objective


def test_the_obstruction_is_a_subdivision_of_k4() -> None:
    """Independent of the checker: networkx contracts its paths to the complete graph on four vertices."""
    for seed in range(60):
        problem = instance("k4-subdivision" if seed % 2 else "width 4", 15, seed, choices=(1, 3), costs=(0, 9))
        certificate = through_json(solve(problem))
        graph = nx.Graph([(edge.first, edge.second) for edge in problem.edges])
        found = nx.Graph()
        for path in certificate["obstruction"]["paths"]:
            assert nx.is_path(graph, path)
            nx.add_path(found, path)
        assert sorted(degree for _, degree in found.degree)[-5:] in ([3] * 4, [2, 3, 3, 3, 3])
        for vertex in [v for v, degree in dict(found.degree).items() if degree == 2]:
            a, b = found[vertex]
            found.remove_node(vertex)
            assert not found.has_edge(a, b)
            found.add_edge(a, b)
        assert nx.is_isomorphic(found, nx.complete_graph(4))


def test_a_k4_subdivision_is_its_own_obstruction() -> None:
    """On a subdivision of K4, whose branch vertices are 0 to 3, there is only one answer."""
    problem = instance("k4-subdivision", 20, 4, choices=(2, 3), costs=(0, 9))
    obstruction = through_json(solve(problem))["obstruction"]
    assert obstruction["branch"] == [0, 1, 2, 3]
    assert sum(len(path) - 1 for path in obstruction["paths"]) == len(problem.edges)


def optimal(problem: Problem, **changes: Any) -> Solution:
    return dataclasses.replace(solve(problem), **changes)


def worse(problem: Problem) -> Solution:
    """An assignment that is not optimal, with its right objective, called optimal."""
    solution = solve(problem)
    for choice in range(problem.vectors[0].size):
        assignment = (choice, *solution.assignment[1:])
        objective = problem.evaluate(assignment)
        if objective > solution.objective:
            return dataclasses.replace(solution, assignment=assignment, objective=objective, bound=objective)
    raise AssertionError("every first choice is optimal")


def test_wrong_solutions_are_refused() -> None:
    problem = on_graph(nx.complete_graph(4), seed=3)
    right = solve(problem)
    wrong = [
        (optimal(problem, objective=right.objective - 1), "the assignment costs"),
        (optimal(problem, bound=right.objective + 1), "is above the objective"),
        (optimal(problem, bound=right.objective - 1), "called optimal"),
        (optimal(problem, assignment=right.assignment[:3]), "3 choices for 4 vertices"),
        (optimal(problem, assignment=(*right.assignment[:3], 9)), "vertex 3 has . choices, .* says 9"),
        (optimal(problem, assignment=(*right.assignment[:3], -1)), "says -1"),
        (optimal(problem, treewidth=2), "replayed width is 3, the solution says 2"),
        (worse(problem), "the replayed optimum is"),
    ]
    for solution, message in wrong:
        with pytest.raises(CertificateError, match=message):
            check(problem, solution)


def test_a_feasible_solution_needs_no_certificate() -> None:
    problem = k4()
    solution = dataclasses.replace(
        solve(problem), status=Status.FEASIBLE, bound=-(10**6), certificate=None, treewidth=None
    )
    assert check(problem, solution).optimum is None


def test_wrong_certificates_are_refused() -> None:
    square = on_graph(nx.cycle_graph(4))
    steps = [[0, 1, 3], [1, 2, 3], [2, 3], [3]]
    sp = {"kind": "series-parallel", "width": 2, "steps": steps}
    assert check_certificate(square, sp)[1:] == (2, True)
    wrong: list[tuple[object, str]] = [
        (None, "is an object"),
        ([], "is an object"),
        ({**sp, "kind": "magic"}, "unknown certificate kind 'magic'"),
        ({**sp, "width": 1}, "claims width 1, replayed: 2"),
        ({**sp, "steps": "0123"}, "steps must be a list"),
        ({**sp, "steps": [[0, 1, 3], "x"]}, "a step must be a list"),
        ({**sp, "steps": [[0, 1, 3.5]]}, "a step must be a list of integers"),
        ({**sp, "steps": [[]]}, "names no vertex"),
        ({**sp, "steps": steps[:2]}, "leaves 2 vertices, vertex 2"),
        ({**sp, "steps": [steps[0], steps[0]]}, "vertex 0 does not exist, or is removed twice"),
        ({**sp, "steps": [[7]]}, "vertex 7 does not exist"),
        ({**sp, "steps": [[0, 1]]}, r"step for vertex 0 names the neighbours \[1\], it has \[1, 3\]"),
        ({**sp, "steps": [[0, 1, 3], [1, 2]]}, r"it has \[2, 3\]"),
    ]
    for certificate, message in wrong:
        with pytest.raises(CertificateError, match=message):
            check_certificate(square, certificate)


def test_a_step_may_not_remove_a_vertex_with_three_neighbours() -> None:
    certificate = {"kind": "series-parallel", "width": 3, "steps": [[0, 1, 2, 3], [1, 2, 3], [2, 3], [3]]}
    with pytest.raises(CertificateError, match="two at most"):
        check_certificate(k4(), certificate)


def test_an_order_beyond_the_memory_is_not_replayed() -> None:
    problem = on_graph(nx.star_graph(40), choices=(2, 2))
    certificate = {"kind": "elimination", "width": 40, "steps": [], "order": list(range(41))}
    with pytest.raises(CertificateError, match="needs a table of more than"):
        check_certificate(problem, certificate)


def test_orders_that_leave_vertices_out_are_refused() -> None:
    problem = k4()
    certificate = through_json(solve(problem))
    for changes, message in [
        ({"order": [0, 1, 2]}, "leaves 1 vertices"),
        ({"order": [0, 1, 2, 2]}, "removed twice"),
        ({"table_order": [0, 1, 2]}, "leaves out a vertex"),
        ({"obstruction": None}, "needs a k4-subdivision"),
    ]:
        with pytest.raises(CertificateError, match=message):
            check_certificate(problem, {**certificate, **changes})


def test_wrong_obstructions_are_refused() -> None:
    k4_paths = [list(pair) for pair in combinations(range(4), 2)]
    right = {"kind": "k4-subdivision", "branch": [0, 1, 2, 3], "paths": k4_paths}
    wheel = on_graph(nx.wheel_graph(5))  # hub 0, rim 1-2-3-4: no edges 1-3, 2-4
    check_obstruction(k4(), right)
    check_obstruction(wheel, {**right, "paths": [[0, 1], [0, 2], [0, 3], [1, 2], [2, 3], [3, 4, 1]]})
    wrong: list[tuple[dict[str, object], str]] = [
        ({"paths": [[0, 1], [0, 2], [0, 3], [1, 2], [2, 3], [1, 3]]}, r"edge \(1, 3\), which does not exist"),
        ({"paths": [[0, 1], [0, 2], [0, 3], [1, 2], [2, 3]]}, "join each pair"),
        ({"paths": [[0, 1], [0, 2], [0, 3], [1, 2], [2, 3], [3, 0, 1]]}, "share an inner vertex"),
        ({"paths": [[0, 1], [0, 4, 2], [0, 3], [1, 2], [2, 3], [3, 4, 1]]}, "share an inner vertex"),
        ({"paths": [[0]]}, "fewer than two"),
        ({"branch": [0, 1, 2, 2]}, "four branch vertices"),
        ({"branch": [0, 1, 2]}, "four branch vertices"),
    ]
    for changes, message in wrong:
        with pytest.raises(CertificateError, match=message):
            check_obstruction(wheel, {**right, **changes})
