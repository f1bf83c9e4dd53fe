"""Cycles of every layer of a network on the overlay: bounds for all arrays, exact times for a few."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from dynamap.cost.algorithms import Algorithm, Dataflow
from dynamap.cost.convolution import ConvShape
from dynamap.cost.overlay.bounding.bound_parts import Part, parts_of
from dynamap.cost.overlay.bounding.bounds import NEVER, Sides, group_bounds, summary, summary_bounds
from dynamap.cost.overlay.bounding.case_table import CaseTable, Points
from dynamap.cost.overlay.bounding.screening import Demands, Share
from dynamap.cost.overlay.fitting.room import Room
from dynamap.cost.overlay.machine import Buffers, Machine
from dynamap.cost.overlay.needs import Needs
from dynamap.cost.overlay.options import ALGORITHMS, FORMATS, LayerOptions
from dynamap.cost.overlay.timing import INFEASIBLE, Times, evaluate
from dynamap.cost.overlay.transfer import Bools, Format, Ints
from dynamap.cost.overlay.vector import VectorShape, strip_rows
from dynamap.cost.overlay.vector_layer import vector_times
from dynamap.planner.mapping.exact_costs import Slots, Target, Unlimited, slot_costs
from dynamap.planner.mapping.groups import Groups, some_of
from dynamap.planner.mapping.objective import Objective
from dynamap.planner.mapping.storage import Storages, sliced
from dynamap.planner.mapping.vector_costs import VectorCosts
from dynamap.planner.network.limits import require_runnable
from dynamap.planner.network.network import Conv, Network
from dynamap.planner.network.work import work_of

FORMAT_COUNT = len(FORMATS)


@dataclass(frozen=True)
class Restriction:
    """What a user allows a layer: algorithms and dataflows."""

    algorithms: tuple[Algorithm, ...] = tuple(Algorithm)
    dataflows: tuple[Dataflow, ...] = tuple(Dataflow)


@dataclass(frozen=True)
class Workload:
    """A network and what its layers may use."""

    network: Network
    storages: Storages
    restrictions: Mapping[str, Restriction]


class LayerCosts:
    """All layers of one or several networks on one machine. Layers that ask the same are one *job*, costed once.

    ``jobs_of[n][i]`` is the job of executed layer i of network n: convolutions first (``conv_jobs`` of them), then
    vector layers; ``jobs`` are those of the only network. ``usage``: layers per (job, network). ``room``: Winograd is
    no choice beside arrays that leave its transforms none; None: they always have it.

    Raises:
        InputError: no overlay can run one of the layers; the message names it.
    """

    def __init__(
        self,
        network: Network,
        storages: Storages,
        machine: Machine,
        restrictions: Mapping[str, Restriction],
        others: Sequence[Workload] = (),
        room: Room | None = None,
    ) -> None:
        self.machine, self.room = machine, room
        workloads = (Workload(network, storages, restrictions), *others)
        for workload in workloads:
            require_runnable(workload.network, workload.storages.executed)
        convs: dict[Hashable, LayerOptions] = {}
        vectors: dict[Hashable, tuple[VectorShape, tuple[Format, ...], tuple[Format, ...]]] = {}
        keys = [_job_keys(workload, machine, convs, vectors) for workload in workloads]
        self.conv_options = list(convs.values())
        self.vector_work = list(vectors.values())
        self.conv_jobs = len(self.conv_options)
        numbers = {key: i for i, key in enumerate((*convs, *vectors))}
        self.jobs_of = tuple(np.array([numbers[key] for key in of_one], np.int64) for of_one in keys)
        self.job_count = len(numbers)
        self.usage = np.stack([np.bincount(jobs, minlength=self.job_count) for jobs in self.jobs_of], axis=1)
        self.table = CaseTable.of(machine, self.conv_options)
        self.variants, self.cases = self.table.variants, self.table.cases
        self.case_job = self.variants.layer[self.cases.variant]
        self.transforms = self.variants.algorithm == ALGORITHMS.index(Algorithm.WINOGRAD)
        self.coarse = Groups.of(self.table, self.conv_jobs, coarse=True)
        self.fine = Groups.of(self.table, self.conv_jobs, coarse=False)
        some_case = np.empty(len(self.coarse.job), np.int64)
        some_case[self.coarse.of_case] = np.arange(len(self.case_job))
        self.demands = Demands.of(self.table, some_case, self.coarse.moving)
        self._share_cache: dict[Buffers, Share] = {}
        self.coarse_of_fine = np.empty(len(self.fine.job), np.int64)
        self.coarse_of_fine[self.fine.of_case] = self.coarse.of_case
        whole, _ = parts_of(self.table, coarse=False, whole=True)
        self.whole = some_of(whole, self.demands.divisible[self.coarse_of_fine])
        self._vectors = VectorCosts.of(machine, self.vector_work)
        self._vector_cache: dict[Buffers, Ints] = {}

    @property
    def jobs(self) -> Ints:
        (jobs,) = self.jobs_of
        return jobs

    @property
    def multiplicity(self) -> Ints:
        """Layers per job, of all networks."""
        multiplicity: Ints = self.usage.sum(axis=1)
        return multiplicity

    @property
    def conv_usage(self) -> Ints:
        """Layers per (convolution job, network)."""
        return self.usage[: self.conv_jobs]

    def within(self, ceiling: Buffers) -> Pruned:
        """Lower bounds for all buffers of at most these sizes."""
        fits = self.demands.added(self.share(ceiling)).extra < NEVER
        coarse = some_of(self.coarse.parts, fits)
        fine = some_of(self.fine.parts, fits[self.coarse_of_fine])
        whole = some_of(self.whole, fits[self.coarse_of_fine])
        thin = some_of(parts_of(self.table, coarse=True, thin=True)[0], fits)
        needs = Needs.of(self.table, ceiling, self.vectors_use(ceiling))
        return Pruned(self, needs, coarse, fine, whole, thin, summary(coarse), self.vector_cycles(ceiling))

    def closed(self, rows: Ints, columns: Ints, variants: Ints) -> Bools:
        """Which variants cannot be on arrays of at least so many rows and columns: (array, variant)."""
        if self.room is None:
            return np.zeros((len(rows), len(variants)), bool)
        closed: Bools = ~self.room.beside(rows, columns)[:, None] & self.transforms[variants]
        return closed

    def share(self, buffers: Buffers) -> Share:
        """What buffers allow the coarse groups (column tiles do not matter to it)."""
        if buffers not in self._share_cache:
            self._share_cache[buffers] = self.demands.share(buffers)
        return self._share_cache[buffers]

    def vector_cycles(self, buffers: Buffers) -> Ints:
        """Least cycles of all vector layers per network, each in its best formats."""
        cycles: Ints = self.vector_costs(buffers).min(axis=(1, 2)) @ self.usage[self.conv_jobs :]
        return cycles

    def vectors_use(self, ceiling: Buffers) -> Buffers:
        """What the vector layers can use of buffers of at most these sizes."""
        return self._vectors.most_used(ceiling)

    def array_bound(self, rows: Ints, columns: Ints) -> Ints:
        """Quick lower bound of the convolutions' cycles per array."""
        bounds = summary_bounds(summary(self.coarse.parts), self.conv_jobs, Sides.of(rows), Sides.of(columns))
        bound: Ints = bounds @ self.multiplicity[: self.conv_jobs]
        return bound

    def vector_costs(self, buffers: Buffers) -> Ints:
        """Least cycles per (vector job, format in, format out)."""
        if buffers not in self._vector_cache:
            self._vector_cache[buffers] = self._vectors.least(buffers)
        return self._vector_cache[buffers]

    def exact(self, buffers: Buffers, rows: Ints, columns: Ints) -> Ints:
        """Least cycles per (array, job, format in, format out), INFEASIBLE where nothing fits."""
        return self.exact_within(rows, columns, [buffers] * len(rows), None, None)

    def exact_within(
        self,
        rows: Ints,
        columns: Ints,
        buffers: Sequence[Buffers],
        best: int | None,
        keep: Bools | None,
        objective: Objective | None = None,
    ) -> Ints:
        """Least cycles per (design point, job, format in, format out).

        With ``best``, costs that no mapping of at most so much ``objective`` (of one network: its cycles) can have are
        INFEASIBLE, like those of what does not fit. ``keep`` (None: all) names the coarse groups that such a mapping
        may use.
        """
        costs = np.full((len(rows), self.job_count, FORMAT_COUNT, FORMAT_COUNT), INFEASIBLE)
        for i, b in enumerate(buffers):
            costs[i, self.conv_jobs :] = self.vector_costs(b)
        kept = np.ones(len(self.coarse.job), bool) if keep is None else keep
        slots = Slots.of(self.table, np.flatnonzero(kept[self.coarse.of_case]))
        if not len(slots.starts):
            return costs
        unlimited = self._unlimited(slots, kept[self.coarse_of_fine], rows, columns, buffers)
        coarse = self.coarse.of_case[slots.order]
        added = {b: self.demands.added(self.share(b)).of(coarse) for b in set(buffers)}
        promise = np.stack([added[b].to(bounds) for b, bounds in zip(buffers, unlimited.bounds, strict=True)])
        target = None
        if best is not None:
            fixed = np.array([self.vector_cycles(b) for b in buffers], np.int64)
            target = Target(best, objective or Objective(), fixed, self.usage[slots.job[slots.job_starts]])
        promise[self.closed(rows, columns, self.cases.variant[slots.order])] = NEVER
        points = Points.of(rows, columns, buffers)
        least = slot_costs(self.table, slots, points, promise, unlimited, target)
        costs[:, slots.job, slots.format_in, slots.format_out] = least
        return costs

    def _unlimited(self, slots: Slots, kept: Bools, rows: Ints, columns: Ints, buffers: Sequence[Buffers]) -> Unlimited:
        """Bounds of the slots' cases on each point, by the fine groups to keep."""
        sides, array = np.unique(np.stack([rows, columns], axis=1), axis=0, return_inverse=True)
        cut, whole = (
            group_bounds(some_of(parts, kept), len(self.fine.job), Sides.of(sides[:, 0]), Sides.of(sides[:, 1]))
            for parts in (self.fine.parts, self.whole)
        )
        group, coarse = self.fine.of_case[slots.order], self.coarse.of_case[slots.order]
        shares = {b: self.share(b).of(coarse) for b in set(buffers)}
        bounds = [
            shares[b].bounds(cut[i, group], whole[i, group]) for b, i in zip(buffers, array.reshape(-1), strict=True)
        ]
        return Unlimited(np.stack(bounds), self.fine.moving[group])

    def all_times(self, jobs: Ints, buffers: Buffers, rows: int, columns: int) -> dict[int, tuple[Ints, Times]]:
        """Every case of some convolution jobs on one array: by job, its case numbers and their exact times."""
        case = np.flatnonzero(np.isin(self.case_job, jobs))
        case = case[np.argsort(self.case_job[case], kind="stable")]
        size = len(case)
        points = Points.of(np.full(size, rows), np.full(size, columns), [buffers] * size)
        times = evaluate(self.table, case, points, np.full(size, INFEASIBLE))
        (closed,) = self.closed(np.array([rows]), np.array([columns]), self.cases.variant[case])
        times.cycles[closed] = INFEASIBLE
        each, starts = np.unique(self.case_job[case], return_index=True)
        parts = (slice(*ends) for ends in pairwise([*starts.tolist(), size]))
        return {job: (case[part], times.take(part)) for job, part in zip(each.tolist(), parts, strict=True)}

    def vector_blocks(self, job: int) -> Ints:
        return strip_rows(self.vector_work[job - self.conv_jobs][0])

    def vector_all(self, job: int, buffers: Buffers, fi: Format, fo: Format) -> Times:
        return vector_times(self.machine, buffers, self.vector_work[job - self.conv_jobs][0], fi, fo)


@dataclass(frozen=True)
class Pruned:
    """Lower bounds from the cases that can fit some buffers, and what layers can use of these; ``vector_cycles`` per
    network are the vector layers'."""

    costs: LayerCosts
    needs: Needs
    coarse: Sequence[Part]
    fine: Sequence[Part]
    whole: Sequence[Part]
    thin: Sequence[Part]
    summary: Sequence[Part]
    vector_cycles: Ints
    _used: dict[int, Buffers] = field(default_factory=dict)

    def used(self, buffers: Buffers, columns: int) -> Buffers:
        """What layers can use of some buffers beside an array of so many columns: with these they are as fast."""
        if columns not in self._used:
            self._used[columns] = self.needs.beside(columns)
        return buffers.at_most(self._used[columns])

    def used_anywhere(self, buffers: Sequence[Buffers]) -> list[Buffers]:
        """What layers can use of some buffers beside any array; of all buffers only those that none of them exceeds."""
        some = dict.fromkeys(replace(self.used(b, 1), accumulator_rows=b.accumulator_rows) for b in buffers)
        return [b for b in some if not any(other != b and other.at_least(b) for other in some)]

    def summary_bounds(self, rows: Sides, columns: Sides) -> Ints:
        """Quick lower bounds per (box of arrays, convolution job)."""
        closed = self.costs.closed(rows.least, columns.least, np.arange(len(self.costs.transforms)))
        return summary_bounds(self.summary, self.costs.conv_jobs, rows, columns, closed)

    def coarse_bounds(self, rows: Sides, columns: Sides) -> Ints:
        """Tighter lower bounds per (box of arrays, coarse group); NEVER where nothing fits."""
        bounds = group_bounds(self.coarse, len(self.costs.coarse.job), rows, columns)
        bounds[self.costs.closed(rows.least, columns.least, self.costs.coarse.variant)] = NEVER
        return bounds

    def thin_bounds(self, rows: Sides, columns: Sides, some: Bools) -> Ints:
        """Lower bounds of one pass per (box of arrays, coarse group), 0 but for ``some`` groups."""
        bounds = group_bounds(some_of(self.thin, some), len(self.costs.coarse.job), rows, columns)
        bounds[bounds >= NEVER] = 0
        return bounds

    def fine_bounds(self, rows: Ints, columns: Ints, keep: Bools) -> tuple[Ints, Ints, Ints]:
        """The tightest lower bounds, from the coarse groups to ``keep``.

        Fine groups, and their bounds per (array, group); then as many that hold where contractions stay whole.
        """
        groups = np.flatnonzero(keep[self.costs.coarse_of_fine])
        place = np.zeros(len(self.costs.fine.job), np.int64)
        place[groups] = np.arange(len(groups))
        some, sides = keep[self.costs.coarse_of_fine], (Sides.of(rows), Sides.of(columns))
        cut, whole = (
            group_bounds([replace(part, group=place[part.group]) for part in some_of(parts, some)], len(groups), *sides)
            for parts in (self.fine, self.whole)
        )
        closed = self.costs.closed(rows, columns, self.costs.fine.variant[groups])
        cut[closed] = whole[closed] = NEVER
        return groups, cut, whole


def _job_keys(
    workload: Workload,
    machine: Machine,
    convs: dict[Hashable, LayerOptions],
    vectors: dict[Hashable, tuple[VectorShape, tuple[Format, ...], tuple[Format, ...]]],
) -> list[Hashable]:
    """What identifies the job of each executed layer; jobs that are new are added to ``convs`` or ``vectors``."""
    network, storages = workload.network, workload.storages
    keys: list[Hashable] = []
    for layer in storages.executed:
        work = work_of(layer, network)
        formats_in = tuple(
            f for f in storages.formats[storages.vertex[layer.inputs[0]]] if f is not Format.HWC or machine.reads_pixels
        )
        formats_out = tuple(f for f in storages.formats[storages.vertex[layer.output]] if f is not Format.TOEPLITZ)
        if isinstance(work, ConvShape):
            assert isinstance(layer, Conv)
            allowed = workload.restrictions.get(layer.name, Restriction())
            dense = layer.groups > 1 and not sliced(layer, network)
            options = LayerOptions(work, allowed.algorithms, allowed.dataflows, formats_in, formats_out, dense)
            keys.append(options)
            convs.setdefault(options, options)
        else:
            key = (work, formats_in, formats_out)
            keys.append(key)
            vectors.setdefault(key, key)
    return keys
