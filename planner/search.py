"""The joint search: the array, its buffers and the mapping that together take the fewest cycles, with proof.

Every candidate array has a lower bound on its cycles, whatever its buffers and whatever the mapping. Arrays
are solved in the order of their bounds, exactly, until the bound passes the best that was found: what is left
cannot be better. Ties go to fewer multipliers, then to fewer rows, then to the buffers listed first.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from dynamap.cost.errors import InfeasibleError
from dynamap.cost.overlay.bounds import Sides
from dynamap.cost.overlay.machine import Buffers
from dynamap.cost.overlay.transfer import Format, Ints
from dynamap.planner import solvers
from dynamap.planner.mapping import chosen_formats, mapping_problem, prohibitive_cycles
from dynamap.planner.overlay_costs import LayerCosts
from dynamap.planner.pbqp import Problem, Solution, Status
from dynamap.planner.storage import Storages

UNLIMITED = Buffers(1 << 50, 1 << 50, 1 << 50, 1 << 50)
"""Buffers for lower bounds: whatever fits some buffers fits these."""


class ArrayCandidates(Protocol):
    """Arrays of ``rows[i]`` x ``columns[i]`` PEs, and the maximal buffers that fit beside one of them."""

    @property
    def rows(self) -> Ints: ...

    @property
    def columns(self) -> Ints: ...

    def buffers_for(self, rows: int, columns: int) -> tuple[Buffers, ...]: ...


@dataclass(frozen=True)
class Progress:
    """How far a search is: arrays left to solve, arrays solved, the best cycles found (None: none yet)."""

    arrays_left: int
    arrays_solved: int
    best_cycles: int | None


@dataclass(frozen=True)
class Found:
    """The best overlay and mapping: ``bound_cycles <= optimum <= objective_cycles``, equal when proven.

    ``formats`` is one format per storage vertex; ``solution`` is the solver's answer for this overlay.
    """

    rows: int
    columns: int
    buffers: Buffers
    formats: tuple[Format, ...]
    objective_cycles: int
    bound_cycles: int
    solution: Solution
    arrays_considered: int
    arrays_solved: int
    seconds: float

    @property
    def status(self) -> Status:
        return Status.OPTIMAL if self.bound_cycles == self.objective_cycles else Status.FEASIBLE


Solve = Callable[..., Solution]


@dataclass
class _Best:
    key: tuple[int, int, int] | None = None
    rows: int = 0
    columns: int = 0
    buffers: Buffers = UNLIMITED
    solution: Solution | None = None

    @property
    def cycles(self) -> int | None:
        return None if self.key is None else self.key[0]


def solve_mapping(
    costs: LayerCosts, storages: Storages, table: Ints, solver: str, solve: Solve, time_limit: float | None
) -> Solution | None:
    """The best mapping on one overlay with ``table`` (jobs, formats, formats); None: none is feasible."""
    layer_costs = table[costs.jobs]
    problem: Problem = mapping_problem(storages, layer_costs)
    solution: Solution = solve(problem, solver, time_limit=time_limit)
    return solution if solution.objective < prohibitive_cycles(layer_costs) else None


def joint_search(
    costs: LayerCosts,
    storages: Storages,
    candidates: ArrayCandidates,
    *,
    solver: str = "dp",
    solve: Solve = solvers.solve,
    time_limit: float | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Found:
    """The optimum over all candidate arrays, their buffers and all mappings.

    ``time_limit`` in seconds ends the search with the best so far and a bound.

    Raises:
        InfeasibleError: no candidate runs the network (or none was found in the time limit).
    """
    started = time.perf_counter()
    rows, columns = candidates.rows, candidates.columns
    vectors = costs.vector_costs(UNLIMITED).min(axis=(1, 2), initial=1 << 50)
    constant = int(costs.multiplicity[costs.conv_jobs :] @ vectors)
    bounds = costs.summary_bounds(Sides.of(rows), Sides.of(columns)) @ costs.conv_multiplicity + constant
    order = np.lexsort((rows, rows * columns, bounds))
    best = _Best()
    solved = 0
    unproven: list[int] = []
    position = 0
    for position, index in enumerate(order):
        r, c, bound = int(rows[index]), int(columns[index]), int(bounds[index])
        if best.key is not None and (bound, r * c, r) >= best.key:
            break
        if time_limit is not None and time.perf_counter() - started > time_limit:
            unproven.append(bound)
            break
        found_any = False
        for buffers in candidates.buffers_for(r, c):
            table = costs.exact(buffers, rows[index : index + 1], columns[index : index + 1])[0]
            least = int(table.min(axis=(1, 2)) @ costs.multiplicity)
            if best.key is not None and (least, r * c, r) >= best.key:
                continue
            left = None if time_limit is None else max(1e-3, time_limit - (time.perf_counter() - started))
            solution = solve_mapping(costs, storages, table, solver, solve, left)
            found_any = True
            if solution is None:
                continue
            if solution.bound < solution.objective:
                unproven.append(solution.bound)
            key = (solution.objective, r * c, r)
            if best.key is None or key < best.key:
                best = _Best(key, r, c, buffers, solution)
        solved += found_any
        if progress is not None:
            progress(Progress(len(order) - position - 1, solved, best.cycles))
    if best.solution is None or best.key is None:
        raise InfeasibleError("no array runs the network")
    objective = best.key[0]
    return Found(
        rows=best.rows,
        columns=best.columns,
        buffers=best.buffers,
        formats=chosen_formats(storages, best.solution.assignment),
        objective_cycles=objective,
        bound_cycles=min([objective, *unproven]),
        solution=best.solution,
        arrays_considered=len(rows),
        arrays_solved=solved,
        seconds=time.perf_counter() - started,
    )


@dataclass(frozen=True)
class FixedCandidates:
    """One array with the buffers given: a search over it decides the mapping (and the buffers) alone."""

    rows: Ints
    columns: Ints
    buffers: tuple[Buffers, ...]

    @staticmethod
    def of(rows: int, columns: int, buffers: Iterable[Buffers]) -> FixedCandidates:
        return FixedCandidates(np.array([rows], np.int64), np.array([columns], np.int64), tuple(buffers))

    def buffers_for(self, rows: int, columns: int) -> tuple[Buffers, ...]:
        return self.buffers


def fixed_search(
    costs: LayerCosts,
    storages: Storages,
    rows: int,
    columns: int,
    buffers: Iterable[Buffers],
    *,
    solver: str = "dp",
    solve: Solve = solvers.solve,
    time_limit: float | None = None,
) -> Found:
    """The best mapping on one array with one of the ``buffers`` (one element: one given overlay).

    Raises:
        InfeasibleError: the network does not run on it.
    """
    only = FixedCandidates.of(rows, columns, buffers)
    return joint_search(costs, storages, only, solver=solver, solve=solve, time_limit=time_limit)
