"""Every case of every layer, every assignment of formats: no bound, no pruning, no rounds."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import numpy as np

from dynamap.cost.overlay.machine import Buffers, Machine
from dynamap.cost.overlay.options import FORMATS
from dynamap.cost.overlay.timing import INFEASIBLE
from dynamap.planner.mapping.overlay_costs import LayerCosts, Restriction
from dynamap.planner.mapping.storage import Storages, find_storages
from dynamap.planner.network.network import Network
from dynamap.planner.search.joint import Found

MACHINE = Machine(
    word_bytes=32,
    clock_khz=200_000,
    bandwidth_bytes_per_ms=5_000_000,
    read_latency=20,
    write_latency=10,
    packing=2,
)


def costs_of(
    network: Network, machine: Machine = MACHINE, restrictions: Mapping[str, Restriction] | None = None
) -> tuple[LayerCosts, Storages]:
    storages = find_storages(network)
    return LayerCosts(network, storages, machine, restrictions or {}), storages


def layer_table(costs: LayerCosts, job: int, buffers: Buffers, rows: int, columns: int) -> np.ndarray:
    """Least cycles per formats from every single case: no bound, no pruning, no rounds."""
    table = np.full((len(FORMATS), len(FORMATS)), INFEASIBLE)
    if job < costs.conv_jobs:
        case, times = costs.all_times(np.array([job]), buffers, rows, columns)[job]
        np.minimum.at(table, (costs.cases.format_in[case], costs.cases.format_out[case]), times.cycles)
        return table
    _, formats_in, formats_out = costs.vector_work[job - costs.conv_jobs]
    for fi, fo in product(formats_in, formats_out):
        if fi in FORMATS[:2]:
            times = costs.vector_all(job, buffers, fi, fo)
            table[FORMATS.index(fi), FORMATS.index(fo)] = times.cycles.min()
    return table


def best_mapping(costs: LayerCosts, storages: Storages, buffers: Buffers, rows: int, columns: int) -> int | None:
    """The least cycles of a network on one overlay; None if it does not run."""
    tables = [layer_table(costs, job, buffers, rows, columns) for job in range(costs.job_count)]
    totals = []
    for formats in product(*([FORMATS.index(f) for f in allowed] for allowed in storages.formats)):
        ends = [
            (formats[storages.vertex[layer.inputs[0]]], formats[storages.vertex[layer.output]])
            for layer in storages.executed
        ]
        totals.append(sum(int(tables[job][pair]) for pair, job in zip(ends, costs.jobs, strict=True)))
    return min((total for total in totals if total < INFEASIBLE), default=None)


def recomputed(costs: LayerCosts, storages: Storages, found: Found) -> int:
    """The cycles of what was found, from its formats and every case of its overlay."""
    code = {vertex: FORMATS.index(fmt) for vertex, fmt in enumerate(found.formats)}
    return sum(
        int(
            layer_table(costs, int(job), found.buffers, found.rows, found.columns)[
                code[storages.vertex[layer.inputs[0]]], code[storages.vertex[layer.output]]
            ]
        )
        for layer, job in zip(storages.executed, costs.jobs, strict=True)
    )
