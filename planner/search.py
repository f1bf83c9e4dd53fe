"""The joint search: the array, its buffers and the mapping that together take the fewest cycles, with proof.

Branch and bound, best first, over boxes of arrays, then arrays. A quick bound sorts all boxes; those that it does not
exclude get a bound per blocking (``cost.overlay.bounds``); the arrays of a box are bounded with the blockings that are
promising in the box, and costed exactly in the order of their bounds, until the least bound left is not below the best
that was found. Ties go to fewer multipliers, then to fewer rows, then to the buffers that the candidates list first.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from dynamap.cost.errors import InfeasibleError
from dynamap.cost.overlay.bounds import NEVER, group_bounds
from dynamap.cost.overlay.machine import Buffers
from dynamap.cost.overlay.transfer import Format, Ints
from dynamap.planner import solvers
from dynamap.planner.boxes import partition
from dynamap.planner.mapping import chosen_formats, mapping_problem, prohibitive_cycles
from dynamap.planner.overlay_costs import LayerCosts, Pruned
from dynamap.planner.pbqp import Solution, Status
from dynamap.planner.storage import Storages

FIRST_BOXES = 16
"""Boxes that are refined before there is any solution."""

PROMISING_PERCENT = 110
"""A box's arrays are bounded by the blockings whose bound is within this of the layer's least in the box."""

MOST_ARRAYS_AT_ONCE = 16

UNLIMITED = Buffers(1 << 50, 1 << 50, 1 << 50, 1 << 50)
"""Buffers for lower bounds: whatever fits some buffers fits these."""

Solve = Callable[..., Solution]


class ArrayCandidates(Protocol):
    """Arrays of ``rows[i]`` x ``columns[i]`` PEs, and the maximal buffers that fit beside one of them.

    ``ceiling``: no buffers of any array exceed it in any size.
    """

    @property
    def rows(self) -> Ints: ...

    @property
    def columns(self) -> Ints: ...

    def ceiling(self) -> Buffers: ...

    def buffers_for(self, rows: int, columns: int) -> tuple[Buffers, ...]: ...


@dataclass(frozen=True)
class Progress:
    """How far a search is: arrays not yet excluded, arrays solved, the best cycles found (None: none yet)."""

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


@dataclass(frozen=True)
class FixedCandidates:
    """One array with the buffers given: a search over it decides the mapping (and the buffers) alone."""

    rows: Ints
    columns: Ints
    buffers: tuple[Buffers, ...]

    @staticmethod
    def of(rows: int, columns: int, buffers: Iterable[Buffers]) -> FixedCandidates:
        return FixedCandidates(np.array([rows], np.int64), np.array([columns], np.int64), tuple(buffers))

    def ceiling(self) -> Buffers:
        return Buffers(
            *(
                max(getattr(b, name) for b in self.buffers)
                for name in ("input_bytes", "weight_bytes", "accumulator_rows", "row_bytes")
            )
        )

    def buffers_for(self, rows: int, columns: int) -> tuple[Buffers, ...]:
        return self.buffers


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
    return _Search(costs, storages, candidates, solver, solve, time_limit, progress).run()


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


@dataclass(frozen=True)
class _Best:
    """A solution found: ``key`` orders solutions, cycles first."""

    key: tuple[int, int, int]
    buffers: Buffers
    solution: Solution

    @property
    def cycles(self) -> int:
        return self.key[0]


class _Search:
    def __init__(
        self,
        costs: LayerCosts,
        storages: Storages,
        candidates: ArrayCandidates,
        solver: str,
        solve: Solve,
        time_limit: float | None,
        progress: Callable[[Progress], None] | None,
    ) -> None:
        self.started = time.perf_counter()
        self.costs = costs
        self.storages = storages
        self.candidates = candidates
        self.solver = solver
        self.solve = solve
        self.time_limit = time_limit
        self.progress = progress
        self.rows, self.columns = candidates.rows, candidates.columns
        self.pruned: Pruned = costs.within(candidates.ceiling())
        self.weight = costs.conv_multiplicity
        self.best: _Best | None = None
        self.best_array = (0, 0)
        self.solved = 0
        self.unproven: list[int] = []
        # Arrays with their bounds: (cycles, multipliers, rows, index), and the bound of each convolution job.
        self.arrays: list[tuple[int, int, int, int]] = []
        self.job_bounds: dict[int, Ints] = {}

    def run(self) -> Found:
        boxes = partition(self.rows, self.columns)
        quick = self.pruned.summary_bounds(boxes.rows, boxes.columns) @ self.weight + self.pruned.vector_cycles
        sizes = np.diff(boxes.starts)
        order = np.argsort(quick, kind="stable")
        refined: list[tuple[int, int]] = []  # boxes with their bounds
        promise: dict[int, tuple[Ints, Ints]] = {}  # bounds per group and per job of a refined box
        at, at_once = 0, 1
        while True:
            limit = NEVER if self.best is None else self.best.cycles
            tops = (
                int(quick[order[at]]) if at < len(order) else NEVER,
                refined[0][0] if refined else NEVER,
                self.arrays[0][0] if self.arrays else NEVER,
            )
            least = min(tops)
            if least > limit or least == NEVER:
                break
            if self._late():
                self.unproven.append(int(least))
                break
            if tops[0] == least:
                end = at + FIRST_BOXES if self.best is None else int(np.searchsorted(quick[order], limit, "right"))
                some = order[at : max(end, at + 1)]
                at += len(some)
                bounds = group_bounds(
                    self.pruned.parts, self.costs.group_count, boxes.rows.take(some), boxes.columns.take(some)
                )
                jobs = self.costs.least_per_job(bounds)
                totals = jobs @ self.weight + self.pruned.vector_cycles
                for box, total, by_group, by_job in zip(some, totals, bounds, jobs, strict=True):
                    heapq.heappush(refined, (int(total), int(box)))
                    promise[int(box)] = (by_group, by_job)
            elif tops[1] == least:
                _, box = heapq.heappop(refined)
                self._open(boxes.members(box), *promise.pop(box))
            else:
                batch = self._next_arrays(at_once if self.best else 1)
                if not batch:
                    break
                self._solve_arrays(batch)
                at_once = min(2 * at_once, MOST_ARRAYS_AT_ONCE)
                left = len(self.arrays) + int(sizes[order[at:]].sum() + sum(sizes[box] for _, box in refined))
                self._report(left)
        return self._found()

    def _open(self, members: Ints, by_group: Ints, by_job: Ints) -> None:
        """Bounds the arrays of a box: exactly by its promising groups, by the least bound of the others."""
        threshold = by_job * PROMISING_PERCENT // 100
        keep = by_group < threshold[self.costs.group_job]
        others = self.costs.least_per_job(np.where(keep, NEVER, by_group)[None])[0]
        bounds = self.pruned.layer_bounds(self.rows[members], self.columns[members], keep)
        bounds = np.minimum(bounds, others)
        totals = bounds @ self.weight + self.pruned.vector_cycles
        limit = NEVER if self.best is None else self.best.cycles
        for position in np.flatnonzero(totals <= limit):
            index, total = int(members[position]), int(totals[position])
            r, c = int(self.rows[index]), int(self.columns[index])
            heapq.heappush(self.arrays, (total, r * c, r, index))
            self.job_bounds[index] = bounds[position]

    def _next_arrays(self, count: int) -> list[int]:
        batch: list[int] = []
        while self.arrays and len(batch) < count:
            if self.best is not None and self.arrays[0][:3] >= self.best.key:
                self.arrays.clear()
                break
            batch.append(heapq.heappop(self.arrays)[3])
        return batch

    def _solve_arrays(self, batch: Sequence[int]) -> None:
        """Exact costs of the arrays with each of their buffers; solves the mappings that may be better."""
        index: list[int] = []
        buffers: list[Buffers] = []
        for i in batch:
            fitting = self.candidates.buffers_for(int(self.rows[i]), int(self.columns[i]))
            index += [i] * len(fitting)
            buffers += fitting
        if not index:
            return
        limits = None
        if self.best is not None:
            bounds = np.array([self.job_bounds[i] for i in index])
            fixed = np.array([self.costs.vector_cycles(b) for b in buffers])
            slack = self.best.cycles - (bounds @ self.weight + fixed)
            keep = np.flatnonzero(slack >= 0)
            index, buffers = [index[k] for k in keep], [buffers[k] for k in keep]
            # A layer of a mapping that is no worse than the best is at most so much above its bound.
            limits = bounds[keep] + slack[keep, None] + 1
            if not index:
                return
        tables = self.costs.exact_below(self.rows[index], self.columns[index], buffers, limits)
        least = tables.min(axis=(2, 3)) @ self.costs.multiplicity
        tried = set()
        for i, buffer, table, lowest in zip(index, buffers, tables, least, strict=True):
            r, c = int(self.rows[i]), int(self.columns[i])
            if self.best is not None and (int(lowest), r * c, r) >= self.best.key:
                continue
            tried.add(i)
            solution = self._solve(table)
            if solution is None:
                continue
            if solution.bound < solution.objective:
                self.unproven.append(solution.bound)
            key = (solution.objective, r * c, r)
            if self.best is None or key < self.best.key:
                self.best = _Best(key, buffer, solution)
                self.best_array = (r, c)
        self.solved += len(tried)

    def _solve(self, table: Ints) -> Solution | None:
        """The best mapping for one overlay with ``table`` (jobs, formats, formats); None where none is feasible."""
        layer_costs = table[self.costs.jobs]
        left = None
        if self.time_limit is not None:
            left = max(1e-3, self.time_limit - (time.perf_counter() - self.started))
        solution: Solution = self.solve(mapping_problem(self.storages, layer_costs), self.solver, time_limit=left)
        return solution if solution.objective < prohibitive_cycles(layer_costs) else None

    def _late(self) -> bool:
        return self.time_limit is not None and time.perf_counter() - self.started > self.time_limit

    def _report(self, left: int) -> None:
        if self.progress is not None:
            self.progress(Progress(left, self.solved, None if self.best is None else self.best.cycles))

    def _found(self) -> Found:
        if self.best is None:
            raise InfeasibleError("no array runs the network")
        rows, columns = self.best_array
        table = self.costs.exact(self.best.buffers, np.array([rows]), np.array([columns]))[0]
        solution = self._solve(table)
        if solution is None or (solution.status is Status.OPTIMAL and solution.objective != self.best.cycles):
            raise AssertionError(
                f"the mapping found in {self.best.cycles} cycles is not the overlay's best: {solution}"
            )
        objective = solution.objective
        return Found(
            rows=rows,
            columns=columns,
            buffers=self.best.buffers,
            formats=chosen_formats(self.storages, solution.assignment),
            objective_cycles=objective,
            bound_cycles=min([objective, *self.unproven]),
            solution=solution,
            arrays_considered=len(self.rows),
            arrays_solved=self.solved,
            seconds=time.perf_counter() - self.started,
        )
