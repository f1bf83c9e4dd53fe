"""Groups of cases that have a bound in common, and the groups of each job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dynamap.cost.overlay.bounding.bound_parts import Part, parts_of
from dynamap.cost.overlay.bounding.bounds import NEVER
from dynamap.cost.overlay.bounding.case_table import CaseTable
from dynamap.cost.overlay.transfer import Bools, Ints


def some_of(parts: Sequence[Part], keep: Bools) -> list[Part]:
    """The groups to keep."""
    taken = [part.take(np.flatnonzero(keep[part.group])) for part in parts]
    return [part for part in taken if len(part.group)]


@dataclass(frozen=True)
class Groups:
    """Groups of cases (``cost.overlay.bound_parts``): parts, the group of every case, and the groups' jobs.

    ``variant`` is each group's, ``moving`` its cycles for all transfers, ``job_starts`` the first groups of the jobs.
    """

    jobs: int
    parts: Sequence[Part]
    of_case: Ints
    variant: Ints
    moving: Ints
    job: Ints
    job_starts: Ints

    @staticmethod
    def of(table: CaseTable, jobs: int, *, coarse: bool) -> Groups:
        parts, of_case = parts_of(table, coarse=coarse)
        variant = np.empty(int(of_case.max(initial=-1)) + 1, np.int64)
        variant[of_case] = table.cases.variant
        job, moving = table.variants.layer[variant], np.empty_like(variant)
        for part in parts:
            moving[part.group] = part.paths.moving * part.copies
        return Groups(jobs, parts, of_case, variant, moving, job, np.flatnonzero(np.diff(job, prepend=-1)))

    def least_per_job(self, bounds: Ints, groups: Ints | None = None) -> Ints:
        """Least per (box, job) of bounds per (box, group), of all groups or those given, ascending; NEVER for none."""
        job = self.job if groups is None else self.job[groups]
        starts = self.job_starts if groups is None else np.flatnonzero(np.diff(job, prepend=-1))
        least = np.full((len(bounds), self.jobs), NEVER)
        if len(starts):
            least[:, job[starts]] = np.minimum.reduceat(bounds, starts, axis=1)
        return least
