"""Checks a solution by itself: its objective, its width, its optimality, its obstruction.

Nothing here is shared with the solvers. The certificate says in which order to eliminate the vertices; the
checker replays that order on the graph (which proves the width) and on the costs (which proves
that no assignment is cheaper), with its own tables.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np

from dynamap.cost.errors import InfeasibleError
from dynamap.planner.pbqp.problem import CostArray, Problem, Solution, Status, check_range

DEFAULT_MAX_TABLE_ENTRIES = 1 << 28
"""Larger tables are not replayed, so that a wrong order cannot exhaust the memory (2 GiB)."""


class CertificateError(InfeasibleError):
    """The solution or its certificate does not stand up to the check (exit status 1)."""


@dataclass(frozen=True)
class Checked:
    """What was proved: ``optimum`` and ``width`` are None where the certificate does not prove them.

    ``series_parallel`` is True for a replayed reduction, False for a checked obstruction, else None.
    """

    objective: int
    optimum: int | None
    width: int | None
    series_parallel: bool | None


def check(problem: Problem, solution: Solution, *, max_table_entries: int = DEFAULT_MAX_TABLE_ENTRIES) -> Checked:
    """Recompute the objective and replay the certificate, if there is one.

    Raises CertificateError, which says what does not hold.
    """
    check_range(problem)
    if len(solution.assignment) != len(problem.vectors):
        raise CertificateError(
            f"the assignment has {len(solution.assignment)} choices for {len(problem.vectors)} vertices"
        )
    for vertex, (choice, vector) in enumerate(zip(solution.assignment, problem.vectors, strict=True)):
        if not 0 <= choice < vector.size:
            raise CertificateError(f"vertex {vertex} has {vector.size} choices, the assignment says {choice}")
    objective = problem.evaluate(solution.assignment)
    if objective != solution.objective:
        raise CertificateError(f"the assignment costs {objective}, the solution says {solution.objective}")
    if solution.bound > objective:
        raise CertificateError(f"the bound {solution.bound} is above the objective {objective}")
    if solution.status is Status.OPTIMAL and solution.bound != objective:
        raise CertificateError(f"called optimal with objective {objective} and bound {solution.bound}")
    if solution.certificate is None:
        return Checked(objective, None, None, None)
    optimum, width, series_parallel = check_certificate(
        problem, solution.certificate, max_table_entries=max_table_entries
    )
    if solution.treewidth != width:
        raise CertificateError(f"the replayed width is {width}, the solution says {solution.treewidth}")
    if optimum != objective:
        raise CertificateError(f"the replayed optimum is {optimum}, the assignment costs {objective}")
    return Checked(objective, optimum, width, series_parallel)


def check_certificate(
    problem: Problem, certificate: object, *, max_table_entries: int = DEFAULT_MAX_TABLE_ENTRIES
) -> tuple[int, int, bool]:
    """Replay a certificate (plain JSON data): the optimum, the width, and whether it is series-parallel.

    Raises CertificateError where the certificate is malformed or claims what is not so.
    """
    if not isinstance(certificate, Mapping):
        raise CertificateError(f"a certificate is an object, found {type(certificate).__name__}")
    kind = certificate.get("kind")
    steps = [_integers(step, "a step") for step in _list(certificate.get("steps"), "steps")]
    if kind == "series-parallel":
        order: list[int] = []
        table_order = order
    elif kind == "elimination":
        order = _integers(certificate.get("order"), "order")
        table_order = _integers(certificate.get("table_order", order), "table_order")
    else:
        raise CertificateError(f"unknown certificate kind {kind!r}: series-parallel or elimination")
    if not all(steps):
        raise CertificateError("a step of the certificate names no vertex")
    width = _replay_graph(problem, steps, order)
    if certificate.get("width") != width:
        raise CertificateError(f"the certificate claims width {certificate.get('width')}, replayed: {width}")
    optimum = _replay_costs(problem, [*(step[0] for step in steps), *table_order], max_table_entries)
    if kind == "series-parallel":
        return optimum, width, True
    check_obstruction(problem, certificate.get("obstruction"))
    return optimum, width, False


def check_obstruction(problem: Problem, obstruction: object) -> None:
    """Check a subdivision of K4 in the problem's graph: then its treewidth is three or more.

    Raises CertificateError where a path is missing, leaves the graph, or meets another one.
    """
    if not isinstance(obstruction, Mapping) or obstruction.get("kind") != "k4-subdivision":
        raise CertificateError("beyond treewidth 2 a certificate needs a k4-subdivision as obstruction")
    branch = _integers(obstruction.get("branch"), "branch")
    paths = [_integers(path, "a path") for path in _list(obstruction.get("paths"), "paths")]
    if len(set(branch)) != 4 or len(branch) != 4:
        raise CertificateError(f"a subdivision of K4 has four branch vertices, found {branch}")
    if any(len(path) < 2 for path in paths):
        raise CertificateError("a path of the obstruction has fewer than two vertices")
    ends = sorted(tuple(sorted((path[0], path[-1]))) for path in paths)
    if ends != sorted(combinations(sorted(branch), 2)):
        raise CertificateError(f"the paths must join each pair of {branch} once, they join {ends}")
    inner = [vertex for path in paths for vertex in path[1:-1]]
    if len(set(inner)) != len(inner) or set(inner) & set(branch):
        raise CertificateError("the paths of the obstruction share an inner vertex")
    edges = {frozenset((edge.first, edge.second)) for edge in problem.edges}
    for path in paths:
        for u, v in pairwise(path):
            if frozenset((u, v)) not in edges:
                raise CertificateError(f"the obstruction uses the edge ({u}, {v}), which does not exist")


def _replay_graph(problem: Problem, steps: Sequence[Sequence[int]], order: Sequence[int]) -> int:
    """The largest number of neighbours at removal; every vertex must be removed exactly once."""
    around: dict[int, set[int]] = {vertex: set() for vertex in range(len(problem.vectors))}
    for edge in problem.edges:
        around[edge.first].add(edge.second)
        around[edge.second].add(edge.first)
    width = 0
    for vertex, named in [*((step[0], step[1:]) for step in steps), *((v, None) for v in order)]:
        neighbours = around.pop(vertex, None)
        if neighbours is None:
            raise CertificateError(f"vertex {vertex} does not exist, or is removed twice")
        if named is not None and (set(named) != neighbours or len(named) != len(neighbours) or len(named) > 2):
            raise CertificateError(
                f"the step for vertex {vertex} names the neighbours {list(named)}, "
                f"it has {sorted(neighbours)} then (two at most may be left)"
            )
        for other in neighbours:
            around[other] = (around[other] | neighbours) - {vertex, other}
        width = max(width, len(neighbours))
    if around:
        raise CertificateError(f"the certificate leaves {len(around)} vertices, vertex {min(around)} among them")
    return width


Table = tuple[tuple[int, ...], CostArray]
"""Vertices in rising order, and costs with one axis for each."""


def _replay_costs(problem: Problem, order: Iterable[int], max_entries: int) -> int:
    """The least cost by eliminating in this order; vertices with one choice never get an axis."""
    constant = 0
    holding: dict[int, list[Table]] = {v: [] for v, c in enumerate(problem.vectors) if c.size > 1}
    loose: list[Table] = [_table((v,), vector) for v, vector in enumerate(problem.vectors)]
    loose += [_table((edge.first, edge.second), edge.costs) for edge in problem.edges]
    place = {v: index for index, v in enumerate(v for v in order if v in holding)}
    if len(place) != len(holding):
        raise CertificateError("the order of the tables leaves out a vertex that has a choice")

    def put(table: Table) -> int:
        vertices, costs = table
        if not vertices:
            return int(costs)
        holding[min(vertices, key=place.__getitem__)].append(table)
        return 0

    constant += sum(put(table) for table in loose)
    for vertex in place:
        constant += put(_least_over(vertex, holding.pop(vertex), max_entries))
    return constant


def _table(vertices: tuple[int, ...], costs: CostArray) -> Table:
    """Rising vertices, without the axes of single choices."""
    if len(vertices) == 2 and vertices[0] > vertices[1]:
        vertices, costs = vertices[::-1], costs.T
    kept = tuple(v for v, size in zip(vertices, costs.shape, strict=True) if size > 1)
    return kept, costs.reshape([size for size in costs.shape if size > 1])


def _least_over(vertex: int, tables: Sequence[Table], max_entries: int) -> Table:
    """The sum of the tables, least over the choices of ``vertex``, one choice at a time."""
    lengths = {v: size for vertices, costs in tables for v, size in zip(vertices, costs.shape, strict=True)}
    choices = lengths.pop(vertex)
    scope = tuple(sorted(lengths))
    if math.prod(lengths.values()) > max_entries:
        raise CertificateError(f"the order needs a table of more than {max_entries} entries to replay")
    least: CostArray | None = None
    for choice in range(choices):
        total: CostArray = np.zeros([lengths[v] for v in scope], dtype=np.int64)
        for vertices, costs in tables:
            slab = np.take(costs, choice, axis=vertices.index(vertex))
            total += slab.reshape([lengths[v] if v in vertices else 1 for v in scope])
        least = total if least is None else np.minimum(least, total)
    if least is None:
        raise AssertionError("a vertex has at least one choice")
    return scope, least


def _list(value: object, what: str) -> Sequence[object]:
    if not isinstance(value, list | tuple):
        raise CertificateError(f"the certificate's {what} must be a list")
    return value


def _integers(value: object, what: str) -> list[int]:
    result = [item for item in _list(value, what) if isinstance(item, int) and not isinstance(item, bool)]
    if len(result) != len(_list(value, what)):
        raise CertificateError(f"the certificate's {what} must be a list of integers")
    return result
