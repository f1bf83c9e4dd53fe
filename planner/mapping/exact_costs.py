"""Exact cycles of convolution jobs on a few design points, timing as few cases as their bounds allow.

Cases are timed in rounds, the most promising of each *slot* (a job with a format in and out) first. Between rounds,
points that cannot be as good as the best known mapping are dropped, and so are cases that no such mapping can use: if
the least of all jobs leave ``slack`` cycles to the best, no layer of a better mapping takes more than ``slack`` above
its least.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from dynamap.cost.overlay.bounding.bounds import NEVER
from dynamap.cost.overlay.bounding.case_table import CaseTable, Points
from dynamap.cost.overlay.bounding.screening import screened
from dynamap.cost.overlay.options import FORMATS
from dynamap.cost.overlay.timing import INFEASIBLE, evaluate
from dynamap.cost.overlay.transfer import Bools, Ints
from dynamap.planner.mapping.objective import Objective

NEAR_BITS = 4
"""Promises within 1 / 2 ** so many of the way from the least to the ceiling are raised by what buffers add before any
case is timed, which excludes most points."""


@dataclass(frozen=True)
class Slots:
    """Some cases sorted by slot. ``order`` are case numbers, ``starts`` and ``sizes`` cut it into slots.

    ``of_position`` is the slot of each place in ``order``; ``job_starts`` are the first slots of the jobs ``jobs``.
    """

    order: Ints
    starts: Ints
    sizes: Ints
    of_position: Ints
    job: Ints
    format_in: Ints
    format_out: Ints
    job_starts: Ints

    @staticmethod
    def of(table: CaseTable, case: Ints) -> Slots:
        formats = len(FORMATS)
        job = table.variants.layer[table.cases.variant[case]]
        format_in, format_out = table.cases.format_in[case], table.cases.format_out[case]
        key = (job * formats + format_in) * formats + format_out
        order = np.argsort(key, kind="stable")
        starts = np.flatnonzero(np.diff(key[order], prepend=-1))
        sizes = np.diff(starts, append=len(order))
        first = order[starts]
        return Slots(
            order=case[order],
            starts=starts,
            sizes=sizes,
            of_position=np.repeat(np.arange(len(starts)), sizes),
            job=job[first],
            format_in=format_in[first],
            format_out=format_out[first],
            job_starts=np.flatnonzero(np.diff(job[first], prepend=-1)),
        )


@dataclass(frozen=True)
class Target:
    """What a point must not exceed: ``best`` of the ``objective``.

    ``fixed`` are the cycles per (point, network) that are not the convolutions'; ``usage`` is how many layers of each
    network each of the slots' jobs stands for.
    """

    best: int
    objective: Objective
    fixed: Ints
    usage: Ints

    def slack(self, least: Ints) -> tuple[Bools, Ints]:
        """From the least cycles per (point, job): the points that may still be as good as the best, and by how much
        each (point, job) may exceed its least in the network that allows it the most."""
        of_network = self.objective.slack(self.best, self.fixed + least @ self.usage)
        alive: Bools = np.logical_and.reduce(of_network >= 0, axis=1)
        of_job: Ints = np.where(self.usage > 0, of_network[:, None, :], -NEVER).max(axis=2)
        return alive, of_job


@dataclass(frozen=True)
class Unlimited:
    """Lower bounds whatever buffers add: ``bounds`` per (point, place in the slots' order).

    ``moving`` is the part of the bounds that all transfers take, per place.
    """

    bounds: Ints
    moving: Ints


@dataclass
class _Front:
    """Points that may still be as good as the target. ``number`` are those of the result's rows."""

    table: CaseTable
    slots: Slots
    number: Ints
    points: Points
    promise: Ints
    reached: Ints
    unlimited: Unlimited
    target: Target | None
    screened: Bools

    def prune(self) -> tuple[Ints, Ints]:
        """Drops hopeless points; of the others (least promise, what a useful cost is below) per (point, slot)."""
        low = np.minimum.reduceat(self.promise, self.slots.starts, axis=1)
        ceiling = self.reached
        if self.target is not None:
            slots = self.slots
            floor = np.minimum(low, self.reached)
            least = np.minimum(np.minimum.reduceat(floor, slots.job_starts, axis=1), INFEASIBLE)
            alive, slack = self.target.slack(least)
            if not alive.all():
                self.keep(np.flatnonzero(alive))
                low, least, slack = low[alive], least[alive], slack[alive]
            slots_of_job = np.diff(slots.job_starts, append=len(slots.starts))
            ceiling = np.minimum(self.reached, np.repeat(least + slack + 1, slots_of_job, axis=1))
        return low, ceiling

    def keep(self, index: Ints) -> None:
        self.number, self.points = self.number[index], self.points.take(index)
        self.promise, self.reached = self.promise[index], self.reached[index]
        self.screened = self.screened[index]
        if self.target is not None:
            self.target = replace(self.target, fixed=self.target.fixed[index])

    def below(self, top: Ints, but: Bools | None = None) -> tuple[Ints, Ints]:
        """(point, place) of all promises below ``top`` per (point, slot), ``but`` some."""
        below = self.promise < np.repeat(top, self.slots.sizes, axis=1)
        point, place = np.nonzero(below if but is None else below & ~but)
        return point, place

    def screen(self) -> None:
        """Raises the promises by what the points' buffers add, where they are near to the least of their slot."""
        low, ceiling = self.prune()
        near = np.minimum(low + ((ceiling - low) >> NEAR_BITS) + 1, ceiling)
        self._raise(*self.below(near, self.screened))

    def _raise(self, point: Ints, place: Ints) -> None:
        """Raises some promises by what the points' buffers add."""
        self.screened[point, place] = True
        bound = self.unlimited.bounds[self.number[point], place]
        case, moving = self.slots.order[place], self.unlimited.moving[place]
        raised = screened(self.table, case, self.points.take(point), bound, moving)
        self.promise[point, place] = np.maximum(self.promise[point, place], raised)

    def time(self, top: Ints, ceiling: Ints) -> None:
        """Times all cases whose promise, raised by what the points' buffers add, is below ``top``."""
        top = np.minimum(top, ceiling)
        self._raise(*self.below(top, self.screened))
        point, place = self.below(top)
        if len(point):
            where = (point, self.slots.of_position[place])
            times = evaluate(self.table, self.slots.order[place], self.points.take(point), ceiling[where])
            np.minimum.at(self.reached, where, times.cycles)
            self.promise[point, place] = NEVER


def slot_costs(
    table: CaseTable, slots: Slots, points: Points, promise: Ints, unlimited: Unlimited, target: Target | None
) -> Ints:
    """Least cycles per (point, slot); INFEASIBLE where nothing fits or no mapping within the target can use it.

    ``promise`` is a lower bound per (point, place in ``slots.order``); it is overwritten.
    """
    result = np.full((len(points), len(slots.starts)), INFEASIBLE)
    untouched = np.zeros(promise.shape, bool)
    front = _Front(table, slots, np.arange(len(points)), points, promise, result.copy(), unlimited, target, untouched)
    front.screen()
    for part in ("first", "second", "nearer", "rest"):
        low, ceiling = front.prune()
        if part == "rest":
            front.time(ceiling, ceiling)
        elif part == "nearer":
            front.time((low + ceiling) // 2 + 1, ceiling)
        else:
            front.time(low + 1, ceiling)
    _, ceiling = front.prune()
    result[front.number] = np.where(front.reached <= ceiling, front.reached, INFEASIBLE)
    return result
