"""Cycles of every layer of a network on the overlay: bounds for all arrays, exact times for a few."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dynamap.cost.algorithms import Algorithm, Dataflow
from dynamap.cost.convolution import ConvShape
from dynamap.cost.overlay.bounds import array_bounds, ideal_cycles, variant_bounds
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
        self.bounds = variant_bounds(machine, self.variants, self.conv_options)
        self.case_job = self.variants.layer[self.cases.variant]
        self.case_row = self._rows_of_cases()
        self.row_starts = np.flatnonzero(np.diff(self.bounds.layer, prepend=-1))
        self._vector_cache: dict[Buffers, Ints] = {}

    def _rows_of_cases(self) -> Ints:
        """The row of ``bounds`` (variant and dataflow) that each case belongs to."""
        lookup = np.full((max(len(self.variants.layer), 1), len(tuple(Dataflow))), -1, np.int64)
        lookup[self.bounds.variant, self.bounds.flow] = np.arange(len(self.bounds.layer))
        return lookup[self.cases.variant, self.cases.dataflow]

    def ideal(self, multipliers: Ints) -> Ints:
        """Lower bound of the convolutions' cycles for arrays of so many multipliers, whatever their shape."""
        per_row = ideal_cycles(self.machine, self.bounds, multipliers)
        return self._sum_of_minima(per_row)

    def row_bounds(self, rows: Ints, columns: Ints) -> Ints:
        """Lower bounds per (variant and dataflow, array)."""
        return array_bounds(self.machine, self.bounds, rows, columns)

    def _sum_of_minima(self, per_row: Ints) -> Ints:
        if not self.conv_jobs:
            return np.zeros(per_row.shape[1], np.int64)
        best = np.minimum.reduceat(per_row, self.row_starts, axis=0)
        weight: Ints = self.multiplicity[: self.conv_jobs] @ best
        return weight

    def array_bound(self, rows: Ints, columns: Ints) -> Ints:
        """Lower bound of the convolutions' cycles per array."""
        return self._sum_of_minima(self.row_bounds(rows, columns))

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
        arrays = len(rows)
        shape = (arrays, self.conv_jobs, FORMAT_COUNT, FORMAT_COUNT)
        best = np.full(shape, INFEASIBLE, np.int64)
        bounds = self.row_bounds(rows, columns)
        case_bounds = bounds[self.case_row]  # (cases, arrays)
        lowest = np.minimum.reduceat(bounds, self.row_starts, axis=0) if self.conv_jobs else bounds
        first = case_bounds == lowest[self.case_job]
        self._improve(best, buffers, rows, columns, *np.nonzero(first))
        reached = best[
            np.arange(arrays)[None, :],
            self.case_job[:, None],
            self.cases.format_in[:, None],
            self.cases.format_out[:, None],
        ]
        self._improve(best, buffers, rows, columns, *np.nonzero(~first & (case_bounds < reached)))
        vectors = np.broadcast_to(
            self.vector_costs(buffers), (arrays, len(self.vector_work), FORMAT_COUNT, FORMAT_COUNT)
        )
        return np.concatenate([best, vectors], axis=1)

    def _improve(self, best: Ints, buffers: Buffers, rows: Ints, columns: Ints, case: Ints, array: Ints) -> None:
        if not len(case):
            return
        where = (array, self.case_job[case], self.cases.format_in[case], self.cases.format_out[case])
        points = Points.of(rows[array], columns[array], [buffers] * len(case))
        times = evaluate(self.table, case, points, best[where])
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


def restrictions_of(names: Sequence[str], restriction: Restriction) -> dict[str, Restriction]:
    """The same restriction for every name."""
    return dict.fromkeys(names, restriction)
