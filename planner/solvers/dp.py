"""Dynamic programming: exact on every graph, linear in the vertices where the width is bounded.

R0, RI and RII first; what they leave is eliminated exactly, over the better of two orders. The heuristic
reduction RN of compilers is not here: a problem whose tables would not fit is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dynamap.cost.errors import InfeasibleError
from dynamap.planner.pbqp.elimination import Elimination, candidates, restrict
from dynamap.planner.pbqp.obstruction import k4_subdivision
from dynamap.planner.pbqp.problem import CostArray, Problem, Solution, Status
from dynamap.planner.solvers.contract import Deadline, SolveOptions
from dynamap.planner.solvers.reduction.bounds import quick_assignment, sum_of_minima
from dynamap.planner.solvers.reduction.buckets import MAX_SCOPE, OutOfTime, TableCost, eliminate, table_cost
from dynamap.planner.solvers.reduction.reductions import Reduction, Step, reduce_problem


@dataclass(frozen=True)
class CorePlan:
    """How the core is eliminated.

    ``elimination`` orders all its vertices and states the width. ``tables`` orders those with more than
    one choice: the others are constants, so they are conditioned on and need no axis in any table.
    """

    elimination: Elimination
    tables: Elimination
    cost: TableCost


def solve(problem: Problem, options: SolveOptions) -> Solution:
    """Solve exactly; the certificate holds the steps and, beyond treewidth two, order and obstruction.

    Raises InfeasibleError when the tables would pass the memory limit.
    """
    deadline = Deadline(options.time_limit)
    reduction = reduce_problem(problem)
    chosen = [0] * len(problem.vectors)
    if not reduction.core:
        reduction.complete(chosen)
        width = max((len(step) - 1 for step in reduction.steps), default=0)
        certificate: dict[str, object] = {
            "kind": "series-parallel",
            "width": width,
            "steps": _plain(reduction.steps),
        }
        return _solution(reduction.constant, chosen, width, certificate, {"reduced": len(reduction.steps)})

    plan = plan_core(reduction)
    _refuse_oversize(plan, options.memory_limit_bytes)
    statistics: dict[str, object] = {
        "reduced": len(reduction.steps),
        "core_vertices": len(reduction.core),
        "largest_table_entries": plan.cost.largest_entries,
        "table_bytes": plan.cost.total_bytes,
    }
    try:
        objective, choices = _solve_core(reduction, plan, deadline)
    except OutOfTime:
        return _unfinished(problem, plan.elimination.width, statistics)
    for vertex, choice in choices.items():
        chosen[vertex] = choice
    reduction.complete(chosen)
    return _solution(objective, chosen, plan.elimination.width, _wide_certificate(reduction, plan), statistics)


def plan_core(reduction: Reduction) -> CorePlan:
    """Choose the order of least width, and for the tables the order of least memory."""
    core = reduction.core
    sizes = {u: reduction.vectors[u].size for u in core}
    orders = candidates(core)
    stated = min(orders, key=lambda order: (order.width, table_cost(order, sizes).total_bytes))
    if min(sizes.values()) == 1:
        orders = candidates(restrict(core, [u for u, size in sizes.items() if size > 1]))
    tables = min(orders, key=lambda order: (table_cost(order, sizes).total_bytes, order.width))
    return CorePlan(stated, tables, table_cost(tables, sizes))


def _refuse_oversize(plan: CorePlan, limit_bytes: int) -> None:
    cost = plan.cost
    if cost.total_bytes <= limit_bytes and cost.largest_scope <= MAX_SCOPE:
        return
    raise InfeasibleError(
        f"dp: the elimination order has width {plan.elimination.width}; its largest table would have "
        f"{_count(cost.largest_entries)} entries and all of them {_bytes(cost.total_bytes)}, beyond the "
        f"memory limit of {_bytes(limit_bytes)}; use --solver ilp, or raise the memory limit"
    )


def _solve_core(reduction: Reduction, plan: CorePlan, deadline: Deadline) -> tuple[int, dict[int, int]]:
    """The least cost of the whole problem, and the choices of the core's vertices."""
    vectors = {u: reduction.vectors[u] for u in reduction.core}
    graph = {u: dict(around) for u, around in reduction.core.items()}
    constant = reduction.constant + _condition_on_single_choices(vectors, graph)
    least, choices = eliminate(vectors, graph, plan.tables, deadline.passed)
    return constant + least, {**dict.fromkeys(reduction.core, 0), **choices}


def _condition_on_single_choices(vectors: dict[int, CostArray], graph: dict[int, dict[int, CostArray]]) -> int:
    """Remove the vertices with one choice, in place; their edges are costs of their neighbours alone."""
    constant = 0
    for u in [u for u, vector in vectors.items() if vector.size == 1]:
        constant += int(vectors.pop(u)[0])
        for v in graph.pop(u):
            vectors[v] = vectors[v] + graph[v].pop(u)[:, 0]
    return constant


def _wide_certificate(reduction: Reduction, plan: CorePlan) -> dict[str, object]:
    certificate: dict[str, object] = {
        "kind": "elimination",
        "width": plan.elimination.width,
        "steps": _plain(reduction.steps),
        "order": list(plan.elimination.order),
        "obstruction": k4_subdivision(_neighbour_sets(reduction.core), reduction.steps),
    }
    if plan.tables is not plan.elimination:
        certificate["table_order"] = list(plan.tables.order)
    return certificate


def _plain(steps: list[Step]) -> list[list[int]]:
    """The steps as JSON has them."""
    return [list(step) for step in steps]


def _neighbour_sets(core: Mapping[int, Mapping[int, CostArray]]) -> dict[int, set[int]]:
    return {u: set(around) for u, around in core.items()}


def _solution(
    objective: int, chosen: list[int], width: int, certificate: object, statistics: dict[str, object]
) -> Solution:
    return Solution(
        solver="dp",
        status=Status.OPTIMAL,
        assignment=tuple(chosen),
        objective=objective,
        bound=objective,
        seconds=0.0,
        treewidth=width,
        certificate=certificate,
        statistics=statistics,
    )


def _unfinished(problem: Problem, width: int, statistics: dict[str, object]) -> Solution:
    assignment = quick_assignment(problem)
    objective, bound = problem.evaluate(assignment), sum_of_minima(problem)
    return Solution(
        solver="dp",
        status=Status.OPTIMAL if objective == bound else Status.FEASIBLE,
        assignment=assignment,
        objective=objective,
        bound=bound,
        seconds=0.0,
        treewidth=width,
        statistics=statistics,
    )


def _count(entries: int) -> str:
    return str(entries) if entries < 10**12 else f"about 10^{len(str(entries)) - 1}"


def _bytes(size: int) -> str:
    for unit, scale in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if size >= scale:
            return f"{size / scale:.1f} {unit}" if size < 10**15 else f"about 10^{len(str(size)) - 10} GB"
    return f"{size} B"
