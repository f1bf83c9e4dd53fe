"""Cycles of every layer of a network on the overlay: bounds for all arrays, exact times for a few."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dynamap.cost.algorithms import Algorithm, Dataflow
from dynamap.cost.convolution import ConvShape
from dynamap.cost.overlay.blocking import Bools, may_fit
from dynamap.cost.overlay.bound_parts import Part, parts_of
from dynamap.cost.overlay.bounds import NEVER, Sides, group_bounds, layer_bounds, summary, summary_bounds
from dynamap.cost.overlay.case_table import CaseTable, Points
from dynamap.cost.overlay.machine import Buffers, Machine
from dynamap.cost.overlay.options import FORMATS, LayerOptions
from dynamap.cost.overlay.timing import INFEASIBLE, Times, evaluate
from dynamap.cost.overlay.transfer import Format, Ints
from dynamap.cost.overlay.vector import VectorShape, strip_rows, vector_times
from dynamap.planner.layers import work_of
from dynamap.planner.network import Conv, Network
from dynamap.planner.storage import Storages, sliced

FORMAT_COUNT = len(FORMATS)

FIRST_ROUNDS = 2
"""How often the most promising case of each job and formats is timed before all that are left."""


@dataclass(frozen=True)
class Restriction:
    """What a user allows a layer: algorithms and dataflows."""

    algorithms: tuple[Algorithm, ...] = tuple(Algorithm)
    dataflows: tuple[Dataflow, ...] = tuple(Dataflow)


class LayerCosts:
    """All layers of a network on one machine. Layers that ask the same are one *job*, costed once.

    ``jobs[i]`` is the job of executed layer i: convolutions first (``conv_jobs`` of them), then vector layers.
    """

    def __init__(
        self, network: Network, storages: Storages, machine: Machine, restrictions: Mapping[str, Restriction]
    ) -> None:
        self.machine = machine
        self.network = network
        convs: dict[Hashable, LayerOptions] = {}
        vectors: dict[Hashable, tuple[VectorShape, tuple[Format, ...], tuple[Format, ...]]] = {}
        keys: list[Hashable] = []
        for layer in storages.executed:
            work = work_of(layer, network)
            formats_in = storages.formats[storages.vertex[layer.inputs[0]]]
            formats_out = tuple(f for f in storages.formats[storages.vertex[layer.output]] if f is not Format.TOEPLITZ)
            if isinstance(work, ConvShape):
                assert isinstance(layer, Conv)
                allowed = restrictions.get(layer.name, Restriction())
                dense = layer.groups > 1 and not sliced(layer, network)
                options = LayerOptions(work, allowed.algorithms, allowed.dataflows, formats_in, formats_out, dense)
                keys.append(options)
                convs.setdefault(options, options)
            else:
                key = (work, formats_in, formats_out)
                keys.append(key)
                vectors.setdefault(key, key)
        self.conv_options = list(convs.values())
        self.vector_work = list(vectors.values())
        self.conv_jobs = len(self.conv_options)
        numbers = {key: i for i, key in enumerate((*convs, *vectors))}
        self.jobs = np.array([numbers[key] for key in keys], np.int64)
        self.job_count = len(numbers)
        self.multiplicity = np.bincount(self.jobs, minlength=self.job_count)
        self.table = CaseTable.of(machine, self.conv_options)
        self.variants, self.cases = self.table.variants, self.table.cases
        self.case_job = self.variants.layer[self.cases.variant]
        self.parts, self.case_group = parts_of(self.table)
        self.group_count = int(self.case_group.max(initial=-1)) + 1
        self.group_job = np.empty(self.group_count, np.int64)
        self.group_job[self.case_group] = self.case_job
        self._job_starts = np.flatnonzero(np.diff(self.group_job, prepend=-1))
        self._slots = _Slots.of(self.case_job, self.cases.format_in, self.cases.format_out)
        self._vector_cache: dict[Buffers, Ints] = {}
        self._fit_cache: dict[Buffers, Bools] = {}

    @property
    def conv_multiplicity(self) -> Ints:
        return self.multiplicity[: self.conv_jobs]

    def least_per_job(self, bounds: Ints) -> Ints:
        """Least per (box, convolution job) of bounds per (box, group)."""
        least = np.full((len(bounds), self.conv_jobs), NEVER)
        if self.group_count:
            least[:, self.group_job[self._job_starts]] = np.minimum.reduceat(bounds, self._job_starts, axis=1)
        return least

    def within(self, ceiling: Buffers) -> Pruned:
        """Lower bounds for all buffers of at most these sizes."""
        fits = np.zeros(self.group_count, bool)
        fits[self.case_group[self._may_fit(ceiling)]] = True
        parts = [part.take(np.flatnonzero(fits[part.group])) for part in self.parts]
        parts = [part for part in parts if len(part.group)]
        return Pruned(self.conv_jobs, parts, summary(parts), self.vector_cycles(ceiling))

    def vector_cycles(self, buffers: Buffers) -> int:
        """Least cycles of all vector layers, each in its best formats."""
        if not self.vector_work:
            return 0
        return int(self.vector_costs(buffers).min(axis=(1, 2)) @ self.multiplicity[self.conv_jobs :])

    def array_bound(self, rows: Ints, columns: Ints) -> Ints:
        """Quick lower bound of the convolutions' cycles per array."""
        bounds = summary_bounds(summary(self.parts), self.conv_jobs, Sides.of(rows), Sides.of(columns))
        bound: Ints = bounds @ self.conv_multiplicity
        return bound

    def vector_costs(self, buffers: Buffers) -> Ints:
        """Least cycles per (vector job, format in, format out)."""
        if buffers not in self._vector_cache:
            costs = np.full((len(self.vector_work), FORMAT_COUNT, FORMAT_COUNT), INFEASIBLE, np.int64)
            for i, (shape, ins, outs) in enumerate(self.vector_work):
                for fi in ins:
                    if fi is Format.TOEPLITZ:
                        continue
                    for fo in outs:
                        times = vector_times(self.machine, buffers, shape, fi, fo)
                        costs[i, FORMATS.index(fi), FORMATS.index(fo)] = times.cycles.min()
            self._vector_cache[buffers] = costs
        return self._vector_cache[buffers]

    def exact(self, buffers: Buffers, rows: Ints, columns: Ints) -> Ints:
        """Least cycles per (array, job, format in, format out), INFEASIBLE where nothing fits."""
        return self.exact_below(rows, columns, [buffers] * len(rows))

    def exact_below(self, rows: Ints, columns: Ints, buffers: Sequence[Buffers], limits: Ints | None = None) -> Ints:
        """Least cycles per (design point, job, format in, format out).

        ``limits`` per (point, convolution job): costs that are not below are INFEASIBLE, as is what does not fit.
        """
        points = Points.of(rows, columns, buffers)
        bounds = group_bounds(self.parts, self.group_count, Sides.of(rows), Sides.of(columns))
        if limits is not None:
            bounds = np.where(bounds < limits[:, self.group_job], bounds, NEVER)
        promise = bounds[:, self.case_group[self._slots.order]]
        for buffer in dict.fromkeys(buffers):
            here = np.array([b == buffer for b in buffers])
            promise[np.ix_(here, ~self._may_fit(buffer)[self._slots.order])] = NEVER
        slots = self._slots
        ceilings = np.full((len(rows), len(slots.starts)), INFEASIBLE)
        if limits is not None:
            ceilings = np.minimum(ceilings, limits[:, slots.job])
        best = ceilings.copy()
        for _ in range(FIRST_ROUNDS):
            point, position = slots.most_promising(promise, best)
            self._improve(best, points, point, position)
            promise[point, position] = NEVER
        left = promise < np.repeat(best, slots.sizes, axis=1)
        self._improve(best, points, *np.nonzero(left))
        best[best >= ceilings] = INFEASIBLE
        costs = np.full((len(rows), self.job_count, FORMAT_COUNT, FORMAT_COUNT), INFEASIBLE)
        costs[:, slots.job, slots.format_in, slots.format_out] = best
        for i, buffer in enumerate(buffers):
            costs[i, self.conv_jobs :] = self.vector_costs(buffer)
        return costs

    def _may_fit(self, buffers: Buffers) -> Bools:
        if buffers not in self._fit_cache:
            self._fit_cache[buffers] = may_fit(self.table, buffers)
        return self._fit_cache[buffers]

    def _improve(self, best: Ints, points: Points, point: Ints, position: Ints) -> None:
        """Times the cases at ``position`` of the slots' order on their points; keeps the least per slot."""
        if not len(point):
            return
        where = (point, self._slots.of_position[position])
        times = evaluate(self.table, self._slots.order[position], points.take(point), best[where])
        np.minimum.at(best, where, times.cycles)

    def all_times(self, job: int, buffers: Buffers, rows: int, columns: int) -> tuple[Ints, Times]:
        """Every case of one convolution job on one array: (case numbers, their exact times)."""
        case = np.flatnonzero(self.case_job == job)
        size = len(case)
        points = Points.of(np.full(size, rows), np.full(size, columns), [buffers] * size)
        return case, evaluate(self.table, case, points, np.full(size, INFEASIBLE))

    def vector_blocks(self, job: int) -> Ints:
        return strip_rows(self.vector_work[job - self.conv_jobs][0])

    def vector_all(self, job: int, buffers: Buffers, fi: Format, fo: Format) -> Times:
        return vector_times(self.machine, buffers, self.vector_work[job - self.conv_jobs][0], fi, fo)


@dataclass(frozen=True)
class Pruned:
    """Lower bounds from the cases that can fit some buffers; ``vector_cycles`` is that of the vector layers."""

    jobs: int
    parts: Sequence[Part]
    summary: Sequence[Part]
    vector_cycles: int

    def summary_bounds(self, rows: Sides, columns: Sides) -> Ints:
        """Quick lower bounds per (box of arrays, convolution job)."""
        return summary_bounds(self.summary, self.jobs, rows, columns)

    def layer_bounds(self, rows: Ints, columns: Ints, keep: Bools) -> Ints:
        """Tighter lower bounds per (array, convolution job), from the groups to ``keep``."""
        parts = [part.take(np.flatnonzero(keep[part.group])) for part in self.parts]
        parts = [part for part in parts if len(part.group)]
        return layer_bounds(parts, self.jobs, Sides.of(rows), Sides.of(columns))


@dataclass(frozen=True)
class _Slots:
    """The cases sorted by slot: a job with a format in and a format out.

    ``order`` are case numbers, ``starts`` and ``sizes`` cut it into slots, ``of_position`` is the slot of each place.
    """

    order: Ints
    starts: Ints
    sizes: Ints
    of_position: Ints
    job: Ints
    format_in: Ints
    format_out: Ints

    @staticmethod
    def of(job: Ints, format_in: Ints, format_out: Ints) -> _Slots:
        key = (job * FORMAT_COUNT + format_in) * FORMAT_COUNT + format_out
        order = np.argsort(key, kind="stable")
        starts = np.flatnonzero(np.diff(key[order], prepend=-1))
        sizes = np.diff(starts, append=len(order))
        of_position = np.repeat(np.arange(len(starts)), sizes)
        first = order[starts]
        return _Slots(order, starts, sizes, of_position, job[first], format_in[first], format_out[first])

    def most_promising(self, promise: Ints, best: Ints) -> tuple[Ints, Ints]:
        """(point, position) of the least promise in each slot where it is below the best."""
        if not len(self.starts):
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        least = np.minimum.reduceat(promise, self.starts, axis=1)
        # The first position of each slot that has the least promise: positions count down from the slot's size.
        rank = np.repeat(self.starts + self.sizes, self.sizes) - np.arange(len(self.order))
        hit = np.where(promise == np.repeat(least, self.sizes, axis=1), rank, 0)
        position = self.starts + self.sizes - np.maximum.reduceat(hit, self.starts, axis=1)
        point, slot = np.nonzero(least < best)
        return point, position[point, slot]


def restrictions_of(names: Sequence[str], restriction: Restriction) -> dict[str, Restriction]:
    """The same restriction for every name."""
    return dict.fromkeys(names, restriction)
