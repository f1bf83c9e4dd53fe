"""The joint search: the array, its buffers and the mappings that together take the fewest cycles, with proof.

One network is mapped, or several that share the overlay: then the objective is the weighted sum of their cycles or the
largest of them. Both grow with the cycles of every network, so bounds of layers add up to bounds of the objective.

Branch and bound, best first, over boxes of arrays, then *points* (an array and its buffers). A quick bound sorts all
boxes; those that it does not exclude are bounded by the blockings that fit some buffers (``cost.overlay.bounds``); the
points of a box are bounded by the blockings that are promising in the box, and costed exactly in the order of their
bounds, until the least bound left is not below the best that was found. Ties go to fewer multipliers, then to fewer
rows, then to the buffers that the candidates list first.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from dynamap.cost.errors import InfeasibleError, TimeLimitError
from dynamap.cost.overlay.bounding.bounds import NEVER, Sides
from dynamap.cost.overlay.machine import Buffers, Overlay
from dynamap.cost.overlay.transfer import Ints
from dynamap.planner import solvers
from dynamap.planner.mapping.decisions import decide
from dynamap.planner.mapping.objective import Objective
from dynamap.planner.mapping.overlay_costs import LayerCosts, Pruned
from dynamap.planner.mapping.problem import chosen_formats, mapping_problem, prohibitive_cycles
from dynamap.planner.mapping.storage import Storages
from dynamap.planner.pbqp.problem import Solution
from dynamap.planner.search.boxes import Boxes, partition
from dynamap.planner.search.candidates import ArrayCandidates, FixedCandidates
from dynamap.planner.search.found import Found, FoundTogether, Progress
from dynamap.planner.search.shortage import shortage

__all__ = ["Found", "FoundTogether", "Progress", "improving_search", "joint_search", "shared_search"]

FIRST_BOXES = 16
"""Boxes that are refined before there is any solution."""

PROMISING_PERCENT = 150
"""A box's arrays are bounded by the blockings whose bound is within this of the layer's least in the box."""

MOST_POINTS_AT_ONCE = 128

Solve = Callable[..., Solution]


def joint_search(
    costs: LayerCosts,
    storages: Storages,
    candidates: ArrayCandidates,
    *,
    solver: str = "dp",
    solve: Solve = solvers.solve,
    time_limit: float | None = None,
    progress: Callable[[Progress], None] | None = None,
    at_most: int | None = None,
) -> Found:
    """The optimum over all candidate arrays, their buffers and all mappings.

    ``time_limit`` in seconds ends the search with the best so far and a bound. ``at_most`` are cycles that one of the
    candidates is known to reach, which changes nothing but the time.

    Raises:
        InfeasibleError: no candidate runs the network (or none was found in the time limit).
    """
    search = _Search(costs, (storages,), candidates, Objective(), solver, solve, time_limit, progress, at_most)
    return _alone(search.run())


def improving_search(
    costs: LayerCosts,
    storages: Storages,
    candidates: ArrayCandidates,
    below: int | None,
    *,
    solver: str = "dp",
    solve: Solve = solvers.solve,
    time_limit: float | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Found | None:
    """The optimum if it takes fewer cycles than ``below``, where that is given; None if it does not.

    Otherwise as ``joint_search``.
    """
    most = None if below is None else below - 1
    search = _Search(costs, (storages,), candidates, Objective(), solver, solve, time_limit, progress, most)
    if not search.reaches() and below is not None:
        return None
    return _alone(search.found())


def _alone(found: FoundTogether) -> Found:
    """What was found for the only network."""
    (only,) = found.parts
    return replace(only, bound_cycles=found.bound)


def shared_search(
    costs: LayerCosts,
    storages: Sequence[Storages],
    candidates: ArrayCandidates,
    objective: Objective,
    *,
    solver: str = "dp",
    solve: Solve = solvers.solve,
    time_limit: float | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> FoundTogether:
    """The one overlay for several networks: the optimum over all candidate arrays, their buffers and all mappings.

    ``costs``, ``storages`` and ``objective`` have the networks in one order; otherwise as ``joint_search``.

    Raises:
        InfeasibleError: no candidate runs all networks (or none was found in the time limit).
    """
    return _Search(costs, storages, candidates, objective, solver, solve, time_limit, progress).run()


Key = tuple[int, int, int, int]
"""What is least in the best solution: objective, multipliers, rows, position among the array's buffers."""


@dataclass(frozen=True)
class _Best:
    """A solution found."""

    key: Key
    columns: int
    buffers: Buffers
    solutions: tuple[Solution, ...]

    @property
    def cycles(self) -> int:
        return self.key[0]


@dataclass(frozen=True)
class _BoxNode:
    """A refined box: its bound in cycles, and in PEs; bounds per coarse group whatever the buffers, per coarse group
    with the best of the buffers that fit, and per convolution job with these."""

    cycles: int
    area: int
    box: int
    by_group: Ints
    within: Ints
    by_job: Ints

    def __lt__(self, other: _BoxNode) -> bool:
        return (self.cycles, self.area, self.box) < (other.cycles, other.area, other.box)


@dataclass(frozen=True)
class _PointNode:
    """An array of an opened ``box`` with one of its buffers: its bound (the first of ``key``), and per job."""

    key: Key
    index: int
    buffers: Buffers
    by_job: Ints
    box: _BoxNode

    @property
    def cycles(self) -> int:
        return self.key[0]

    def __lt__(self, other: _PointNode) -> bool:
        return self.key < other.key


@dataclass(eq=False)
class _Search:
    """A search under way: what is asked, then what is known so far."""

    costs: LayerCosts
    storages: Sequence[Storages]
    candidates: ArrayCandidates
    objective: Objective
    solver: str
    solve: Solve
    time_limit: float | None
    progress: Callable[[Progress], None] | None
    at_most: int | None = None

    best: _Best | None = field(default=None, init=False)
    solved: set[int] = field(default_factory=set, init=False)
    unproven: list[int] = field(default_factory=list, init=False)
    boxes: list[_BoxNode] = field(default_factory=list, init=False)
    points: list[_PointNode] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self.started = time.perf_counter()
        self.rows, self.columns = self.candidates.rows, self.candidates.columns
        self.pruned: Pruned = self.costs.within(self.candidates.ceiling())

    def _value(self, by_job: Ints, vector_cycles: Ints) -> Ints:
        """The objective of least cycles per convolution job (the last axis) and of the vector layers per network."""
        return self.objective.value(by_job @ self.costs.conv_usage + vector_cycles)

    @property
    def limit(self) -> int:
        """Objective that a solution must not exceed to be of use."""
        if self.best is not None:
            return self.best.cycles
        return int(NEVER) - 1 if self.at_most is None else self.at_most

    @property
    def _limited(self) -> bool:
        """Whether a solution is known to exist within the limit."""
        return self.best is not None or self.at_most is not None

    def _useful(self, cycles: Ints, areas: Ints) -> npt.NDArray[np.bool_]:
        """Which bounds in cycles and PEs leave room for a solution that is better than the best."""
        if self.best is None:
            return cycles <= self.limit
        most, area = self.best.key[:2]
        useful: npt.NDArray[np.bool_] = (cycles < most) | ((cycles == most) & (areas <= area))
        return useful

    def run(self) -> FoundTogether:
        reached = self.reaches()
        assert reached or self.at_most is None, (
            f"no candidate reaches the {self.at_most} cycles that one is known to reach"
        )
        return self.found()

    def reaches(self) -> bool:
        """Searches; whether there is a solution within ``at_most``, or may be where the time has ended."""
        self._search()
        return bool(self.unproven) or self.best is not None

    def _search(self) -> None:
        boxes = partition(self.rows, self.columns)
        quick = self._value(self.pruned.summary_bounds(boxes.rows, boxes.columns), self.pruned.vector_cycles)
        order = np.lexsort((boxes.rows.least * boxes.columns.least, quick))
        quick, sizes = quick[order], np.diff(boxes.starts)[order]
        at, at_once = 0, MOST_POINTS_AT_ONCE if self._limited else 1
        while True:
            next_quick = int(quick[at]) if at < len(order) else int(NEVER)
            next_box = self.boxes[0].cycles if self.boxes else int(NEVER)
            next_point = self.points[0].cycles if self.points else int(NEVER)
            least = min(next_quick, next_box, next_point)
            if least > self.limit:
                break
            if self._late():
                self.unproven.append(least)
                break
            # Until one is known, go down to the most promising point first: its cycles exclude most boxes.
            diving = not self._limited and (self.boxes or self.points)
            if next_quick == least and not diving:
                end = FIRST_BOXES if not self._limited else int(np.searchsorted(quick, self.limit, "right"))
                end = min(max(end, at + 1), len(order))
                self._refine(boxes, order[at:end])
                at = end
            elif next_box <= next_point and not (diving and self.points):
                self._open(boxes, heapq.heappop(self.boxes))
            else:
                batch = self._next_points(at_once)
                if not batch:
                    break
                self._solve_points(batch)
                at_once = min(4 * at_once, MOST_POINTS_AT_ONCE)
                self._report(boxes, int(sizes[at:].sum()))

    def _refine(self, boxes: Boxes, some: Ints) -> None:
        """Bounds some boxes by the blockings of every layer that fit some buffers in the box."""
        costs = self.costs
        rows, columns = boxes.rows.take(some), boxes.columns.take(some)
        bounds = self.pruned.coarse_bounds(rows, columns)
        quick = self._value(costs.coarse.least_per_job(bounds), self.pruned.vector_cycles)
        areas = rows.least * columns.least
        alive = np.flatnonzero(self._useful(quick, areas))
        areas = areas[alive]
        some, bounds, rows, columns = some[alive], bounds[alive], rows.take(alive), columns.take(alive)
        thin = self.pruned.thin_bounds(rows, columns, np.ones(bounds.shape[1], bool))
        for i, box in enumerate(some.tolist()):
            sides = int(rows.least[i]), int(rows.most[i]), int(columns.least[i])
            beside = costs.demands.beside(columns.take(slice(i, i + 1)))
            within, total = np.full(bounds.shape[1], NEVER), int(NEVER)
            for buffers in self.pruned.used_anywhere(self.candidates.buffers_within(*sides)):
                raised = costs.demands.added(costs.share(buffers), beside).to(bounds[i], thin[i])
                of_job = costs.coarse.least_per_job(raised)[0]
                total = min(total, int(self._value(of_job, costs.vector_cycles(buffers))))
                np.minimum(within, raised[0], out=within)
            if total <= self.limit:
                by_job = costs.coarse.least_per_job(within[None])[0]
                heapq.heappush(self.boxes, _BoxNode(total, int(areas[i]), box, bounds[i], within, by_job))

    def _open(self, boxes: Boxes, node: _BoxNode) -> None:
        """Bounds the points of a box: exactly by its promising groups, by the least bound of the others."""
        costs = self.costs
        if self.best is not None and (node.cycles, node.area) > self.best.key[:2]:
            return
        members = boxes.members(node.box)
        threshold = node.by_job * PROMISING_PERCENT // 100
        keep = node.within <= threshold[costs.coarse.job]
        rest = np.where(keep, NEVER, node.within)
        groups, bounds, whole = self.pruned.fine_bounds(self.rows[members], self.columns[members], keep)
        by_job = np.minimum(costs.fine.least_per_job(bounds, groups), costs.coarse.least_per_job(rest[None]))
        totals = self._value(by_job, self.pruned.vector_cycles)
        coarse = costs.coarse_of_fine[groups]
        demands = costs.demands.take(coarse)
        sides = Sides.of(self.rows[members]), Sides.of(self.columns[members])
        beside = demands.beside(sides[1])
        thin = self.pruned.thin_bounds(*sides, keep)[:, coarse]
        sharing: dict[Buffers, dict[int, tuple[int, Buffers]]] = {}
        for i in np.flatnonzero(self._useful(totals, self.rows[members] * self.columns[members])).tolist():
            array = int(self.rows[members[i]]), int(self.columns[members[i]])
            for position, buffers in enumerate(self.candidates.buffers_for(*array)):
                # Of those that layers use alike, only the first can be the best.
                sharing.setdefault(self.pruned.used(buffers, array[1]), {}).setdefault(i, (position, buffers))
        for used, which in sharing.items():
            some = list(which)
            share = costs.share(used)
            others = np.maximum(rest, costs.demands.added(share).to(node.by_group))
            others = costs.coarse.least_per_job(others[None])
            share = share.of(coarse)
            of_share = share.bounds(bounds[some], whole[some])
            raised = demands.added(share, beside.take(some)).to(of_share, thin[some])
            by_job = np.minimum(costs.fine.least_per_job(raised, groups), others)
            totals = self._value(by_job, costs.vector_cycles(used))
            for (i, (position, buffers)), total, of_job in zip(which.items(), totals.tolist(), by_job, strict=True):
                if total <= self.limit:
                    index = int(members[i])
                    r, c = int(self.rows[index]), int(self.columns[index])
                    heapq.heappush(self.points, _PointNode((total, r * c, r, position), index, buffers, of_job, node))

    def _next_points(self, count: int) -> list[_PointNode]:
        batch: list[_PointNode] = []
        while self.points and len(batch) < count:
            if self.best is not None and self.points[0].key >= self.best.key:
                self.points.clear()
                break
            batch.append(heapq.heappop(self.points))
        return batch

    def _solve_points(self, batch: Sequence[_PointNode]) -> None:
        """Exact costs of the points; solves the mappings that may be better."""
        best = keep = None
        if self._limited:
            best = self.limit
            # No layer of mappings that are no worse than the best takes more than the slack above its bound.
            limits = [node.by_job + self._slack(node, best) for node in batch]
            keep = np.logical_or.reduce(
                [node.box.within <= limit[self.costs.coarse.job] for node, limit in zip(batch, limits, strict=True)]
            )
        index = [node.index for node in batch]
        tables = self.costs.exact_within(
            self.rows[index], self.columns[index], [node.buffers for node in batch], best, keep, self.objective
        )
        least = self.objective.value(tables.min(axis=(2, 3)) @ self.costs.usage)
        for node, table, lowest in zip(batch, tables, least.tolist(), strict=True):
            if lowest > self.limit or (self.best is not None and (lowest, *node.key[1:]) >= self.best.key):
                continue
            self._try(node.key, node.index, node.buffers, table)

    def _slack(self, node: _PointNode, best: int) -> Ints:
        """Cycles by which each convolution job may exceed its bound in the network that allows it the most."""
        usage = self.costs.conv_usage
        cycles = node.by_job @ usage + self.costs.vector_cycles(node.buffers)
        slack: Ints = np.where(usage > 0, self.objective.slack(best, cycles), -NEVER).max(axis=1)
        return slack

    def _try(self, key: Key, index: int, buffers: Buffers, table: Ints) -> None:
        """Solves the mappings on one point with its exact costs, and keeps them where they are better than the best."""
        self.solved.add(index)
        solutions = []
        for storages, jobs in zip(self.storages, self.costs.jobs_of, strict=True):
            solution = self._solve(storages, table[jobs])
            if solution is None:
                return
            solutions.append(solution)
        if any(solution.bound < solution.objective for solution in solutions):
            self.unproven.append(self._of([solution.bound for solution in solutions]))
        key = (self._of([solution.objective for solution in solutions]), *key[1:])
        if key[0] <= self.limit and (self.best is None or key < self.best.key):
            self.best = _Best(key, int(self.columns[index]), buffers, tuple(solutions))

    def _of(self, cycles: Sequence[int]) -> int:
        return int(self.objective.value(np.array(cycles, np.int64)))

    def _solve(self, storages: Storages, layer_costs: Ints) -> Solution | None:
        """The best mapping of one network, by ``layer_costs`` (layers, formats, formats); None if none is feasible."""
        left = None
        if self.time_limit is not None:
            left = max(1e-3, self.time_limit - (time.perf_counter() - self.started))
        solution: Solution = self.solve(mapping_problem(storages, layer_costs), self.solver, time_limit=left)
        return solution if solution.objective < prohibitive_cycles(layer_costs) else None

    def _late(self) -> bool:
        return self.time_limit is not None and time.perf_counter() - self.started > self.time_limit

    def _report(self, boxes: Boxes, unbounded: int) -> None:
        """Says how many arrays are left: those of boxes without a bound, of boxes, and of points."""
        if self.progress is not None:
            left = unbounded + sum(len(boxes.members(node.box)) for node in self.boxes)
            left += len({node.index for node in self.points})
            self.progress(Progress(left, len(self.solved), None if self.best is None else self.best.cycles))

    def found(self) -> FoundTogether:
        """What was found, or why nothing was."""
        if self.best is None:
            if self.unproven:
                raise TimeLimitError(
                    f"no solution was found in the time limit of {self.time_limit:g} seconds; raise --time-limit"
                )
            given = isinstance(self.candidates, FixedCandidates)
            ceiling = self.candidates.ceiling()
            raise InfeasibleError(shortage(self.costs, self.storages, self.rows, self.columns, ceiling, given=given))
        best, seconds = self.best, time.perf_counter() - self.started
        overlay = Overlay(self.costs.machine, best.key[2], best.columns, best.buffers)
        formats = [
            chosen_formats(storages, solution.assignment)
            for storages, solution in zip(self.storages, best.solutions, strict=True)
        ]
        parts = tuple(
            Found(
                rows=overlay.rows,
                columns=overlay.columns,
                buffers=overlay.buffers,
                formats=chosen,
                decisions=decide(self.costs, jobs, storages, overlay, chosen),
                objective_cycles=solution.objective,
                bound_cycles=solution.bound,
                solution=solution,
                arrays_considered=len(self.rows),
                arrays_solved=len(self.solved),
                seconds=seconds,
            )
            for storages, solution, jobs, chosen in zip(
                self.storages, best.solutions, self.costs.jobs_of, formats, strict=True
            )
        )
        return FoundTogether(best.cycles, min([best.cycles, *self.unproven]), parts)
