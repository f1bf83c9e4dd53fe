"""Exact cycles of convolution jobs on a few design points, timing as few cases as their bounds allow.

Cases are timed in rounds, the most promising of each *slot* (a job with a format in and out) first. Between rounds,
points that cannot be as good as the best known mapping are dropped, and so are cases that no such mapping can use: if
the least of all jobs leave ``slack`` cycles to the best, no layer of a better mapping takes more than ``slack`` above
its least.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dynamap.cost.overlay.blocking import Bools
from dynamap.cost.overlay.bounds import NEVER
from dynamap.cost.overlay.case_table import CaseTable, Points
from dynamap.cost.overlay.options import FORMATS
from dynamap.cost.overlay.timing import INFEASIBLE, evaluate
from dynamap.cost.overlay.transfer import Ints

ROUNDS = 4
"""The least promise of each slot, the next, those nearer to it than to the ceiling, all that are left."""


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
    """What a point must not exceed: ``best`` cycles, of which ``fixed`` (per point) are not the convolutions'.

    ``weight`` is how many layers each of the slots' jobs stands for.
    """

    best: int
    fixed: Ints
    weight: Ints


def slot_costs(table: CaseTable, slots: Slots, points: Points, promise: Ints, target: Target | None) -> Ints:
    """Least cycles per (point, slot); INFEASIBLE where nothing fits or no mapping within the target can use it.

    ``promise`` is a lower bound per (point, place in ``slots.order``), NEVER for cases that are left out; it is
    overwritten.
    """
    reached = np.full((len(points), len(slots.starts)), INFEASIBLE)
    ceiling = reached
    for number in range(ROUNDS + 1):
        low = np.minimum.reduceat(promise, slots.starts, axis=1)
        ceiling = np.minimum(reached, _limits(slots, np.minimum(low, reached), target))
        if number == ROUNDS:
            break
        top = (low + 1, low + 1, (low + ceiling) // 2 + 1, ceiling)[number]
        point, position = np.nonzero(promise < np.repeat(np.minimum(top, ceiling), slots.sizes, axis=1))
        if not len(point):
            continue
        where = (point, slots.of_position[position])
        times = evaluate(table, slots.order[position], points.take(point), ceiling[where])
        np.minimum.at(reached, where, times.cycles)
        promise[point, position] = NEVER
    return np.where(reached <= ceiling, reached, INFEASIBLE)


def _limits(slots: Slots, floor: Ints, target: Target | None) -> Ints:
    """Per (point, slot): cycles that a mapping within the target stays below; 0 for points that have none."""
    if target is None:
        return np.full_like(floor, INFEASIBLE)
    least = np.minimum(np.minimum.reduceat(floor, slots.job_starts, axis=1), INFEASIBLE)
    slack = target.best - target.fixed - least @ target.weight
    limits = least + slack[:, None] + 1
    limits[slack < 0] = 0
    return np.repeat(limits, np.diff(slots.job_starts, append=len(slots.starts)), axis=1)


def promises(bounds: Ints, array: Ints, group_of_case: Ints, slots: Slots, fits: Sequence[Bools]) -> Ints:
    """Lower bounds per (point, place in ``slots.order``).

    ``bounds`` are per (array, group), ``array`` is that of each point, and ``fits`` says which cases may fit the point.
    """
    promise = bounds[:, group_of_case[slots.order]][array]
    for row, fit in zip(promise, fits, strict=True):
        row[~fit[slots.order]] = NEVER
    return promise
