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
from dynamap.cost.overlay.bounds import NEVER
from dynamap.cost.overlay.machine import Buffers
from dynamap.cost.overlay.transfer import Format, Ints
from dynamap.planner import solvers
from dynamap.planner.boxes import Boxes, partition
from dynamap.planner.mapping import chosen_formats, mapping_problem, prohibitive_cycles
from dynamap.planner.overlay_costs import LayerCosts, Pruned
from dynamap.planner.pbqp import Solution, Status
from dynamap.planner.shortage import shortage
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


@dataclass(frozen=True)
class _BoxNode:
    """A refined box: its bound in cycles, and bounds per coarse group and per convolution job."""

    cycles: int
    box: int
    by_group: Ints
    by_job: Ints

    def __lt__(self, other: _BoxNode) -> bool:
        return (self.cycles, self.box) < (other.cycles, other.box)


@dataclass(frozen=True)
class _ArrayNode:
    """An array of an opened ``box``: its bound in cycles, and bounds per convolution job."""

    cycles: int
    multipliers: int
    rows: int
    index: int
    by_job: Ints
    box: _BoxNode

    @property
    def key(self) -> tuple[int, int, int]:
        return self.cycles, self.multipliers, self.rows

    def __lt__(self, other: _ArrayNode) -> bool:
        return self.key < other.key


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
        self.boxes: list[_BoxNode] = []
        self.arrays: list[_ArrayNode] = []

    def run(self) -> Found:
        boxes = partition(self.rows, self.columns)
        quick = self.pruned.summary_bounds(boxes.rows, boxes.columns) @ self.weight + self.pruned.vector_cycles
        order = np.argsort(quick, kind="stable")
        quick, sizes = quick[order], np.diff(boxes.starts)[order]
        at, at_once = 0, 1
        while True:
            limit = NEVER if self.best is None else self.best.cycles
            next_quick = int(quick[at]) if at < len(order) else NEVER
            next_box = self.boxes[0].cycles if self.boxes else NEVER
            next_array = self.arrays[0].cycles if self.arrays else NEVER
            least = min(next_quick, next_box, next_array)
            if least > limit or least >= NEVER:
                break
            if self._late():
                self.unproven.append(int(least))
                break
            # Until there is a solution, go down to the most promising array first: its cycles exclude most boxes.
            diving = self.best is None and (self.boxes or self.arrays)
            if next_quick == least and not diving:
                end = int(np.searchsorted(quick, limit, "right")) if self.best else FIRST_BOXES
                self._refine(boxes, order[at : max(end, at + 1)])
                at = min(max(end, at + 1), len(order))
            elif next_box <= next_array and not (diving and self.arrays):
                self._open(boxes, heapq.heappop(self.boxes))
            elif not self._solve_arrays(self._next_arrays(at_once)):
                break
            else:
                at_once = min(2 * at_once, MOST_ARRAYS_AT_ONCE)
                left = int(sizes[at:].sum()) + sum(len(boxes.members(node.box)) for node in self.boxes)
                self._report(left + len(self.arrays))
        return self._found()

    def _refine(self, boxes: Boxes, some: Ints) -> None:
        """Bounds some boxes by the blockings of every layer."""
        bounds = self.pruned.coarse_bounds(boxes.rows.take(some), boxes.columns.take(some))
        jobs = self.costs.least_per_job(bounds)
        totals = jobs @ self.weight + self.pruned.vector_cycles
        for box, total, by_group, by_job in zip(some, totals, bounds, jobs, strict=True):
            if self.best is None or total <= self.best.cycles:
                heapq.heappush(self.boxes, _BoxNode(int(total), int(box), by_group, by_job))

    def _open(self, boxes: Boxes, node: _BoxNode) -> None:
        """Bounds the arrays of a box: exactly by its promising groups, by the least bound of the others."""
        members = boxes.members(node.box)
        threshold = node.by_job * PROMISING_PERCENT // 100
        keep = node.by_group <= threshold[self.costs.coarse.job]
        others = self.costs.least_per_job(np.where(keep, NEVER, node.by_group)[None])[0]
        bounds = self.pruned.fine_bounds(self.rows[members], self.columns[members], keep)
        bounds = np.minimum(bounds, others)
        totals = bounds @ self.weight + self.pruned.vector_cycles
        limit = NEVER if self.best is None else self.best.cycles
        for position in np.flatnonzero(totals <= limit):
            index = int(members[position])
            r, c = int(self.rows[index]), int(self.columns[index])
            heapq.heappush(self.arrays, _ArrayNode(int(totals[position]), r * c, r, index, bounds[position], node))

    def _next_arrays(self, count: int) -> list[_ArrayNode]:
        batch: list[_ArrayNode] = []
        while self.arrays and len(batch) < count:
            if self.best is not None and self.arrays[0].key >= self.best.key:
                self.arrays.clear()
                break
            batch.append(heapq.heappop(self.arrays))
        return batch

    def _solve_arrays(self, batch: Sequence[_ArrayNode]) -> bool:
        """Exact costs of the arrays with each of their buffers; solves the mappings that may be better.

        Returns False for an empty batch.
        """
        index: list[int] = []
        buffers: list[Buffers] = []
        for node in batch:
            fitting = self.candidates.buffers_for(int(self.rows[node.index]), int(self.columns[node.index]))
            index += [node.index] * len(fitting)
            buffers += fitting
        if not index:
            return bool(batch)
        best = keep = None
        if self.best is not None:
            best = self.best.cycles
            # No layer of a mapping that is no worse than the best takes more than the slack above its bound.
            limits = [node.by_job + (best - node.cycles) for node in batch]
            keep = np.logical_or.reduce(
                [node.box.by_group <= limit[self.costs.coarse.job] for node, limit in zip(batch, limits, strict=True)]
            )
        tables = self.costs.exact_within(self.rows[index], self.columns[index], buffers, best, keep)
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
        return True

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
            if self.unproven:
                raise InfeasibleError(
                    f"no solution was found in the time limit of {self.time_limit:g} seconds; raise --time-limit"
                )
            ceiling = self.candidates.ceiling()
            raise InfeasibleError(shortage(self.costs, self.storages, self.rows, self.columns, ceiling))
        solution = self.best.solution
        rows, columns = self.best_array
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
