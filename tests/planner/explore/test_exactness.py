"""Budgets restrict the joint search exactly: against every array, every buffer of the grid and every mapping."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest

from dynamap.cost.algorithms import Algorithm
from dynamap.cost.device import Device
from dynamap.cost.overlay.fitting.memory import sizes
from dynamap.cost.overlay.fitting.memory.sizes import Grid
from dynamap.cost.overlay.fitting.target import machine_of
from dynamap.cost.overlay.machine import Buffers, Machine
from dynamap.cost.overlay.options import FORMATS
from dynamap.cost.overlay.timing import INFEASIBLE
from dynamap.planner.explore.budgets import Budget
from dynamap.planner.explore.fronts import Axis, fronts_of
from dynamap.planner.explore.sweep import Sweep, Swept
from dynamap.planner.mapping.overlay_costs import LayerCosts, Restriction
from dynamap.planner.mapping.storage import find_storages
from dynamap.planner.network.network import Network
from support.explore.small import LANES, answers, tiny_device, tiny_network

HALVES = ((36, 512), (18, 1024), (9, 2048), (4, 4096), (2, 8192), (1, 16384))
"""Width in bits and depth of half a BRAM36; a whole one is twice as wide, or as deep (docs/overlay.md, section 9)."""

VECTOR_INPUT, VECTOR_OUTPUT = 8192, 512 * 16
"""Bytes of the vector unit's own buffers, of which these networks need none: the least that there are."""


def halves(bits: int, depth: int) -> int:
    """Halves of a BRAM36 that a memory takes."""
    return min(
        min(-(-bits // width) * -(-depth // deep), 2 * -(-bits // (2 * width)) * -(-depth // deep))
        for width, deep in HALVES
    )


def least_bytes(device: Device, machine: Machine, rows: int, columns: int, b: Buffers) -> int | None:
    """Least bytes of memory blocks for an overlay, over all ways to put its buffers into kinds; None: none fits.

    By docs/overlay.md, section 9, written again, for words of 16 bytes and without Winograd.
    """
    counts = {"bram36": device.resources.bram36, "uram": device.resources.uram}
    wide = rows if rows % 16 == 0 else rows + 30
    windows, weights = (1 << (max(1, size // 16) - 1).bit_length() for size in (wide, max(2 * columns, rows) + 30))
    large = [
        (windows, 128, b.input_buffer // (16 * windows)),
        (1, 128, b.input_buffer // 2 // 16),
        (weights, 128, b.weight_buffer // (16 * weights)),
        (2 * columns, 64, b.accumulator_rows),
        (4, 128, VECTOR_INPUT // 16 // 4),
        (1, 128, VECTOR_OUTPUT // 16),
    ]
    small = [
        (4, 128, 512 // 4),  # resident
        (2, 96, max(64, b.weight_buffer // 16) // 2),  # parameters of channels
        (LANES, 8, 256),  # tables
        (1, 128, 512),  # counters
    ]
    best = None
    for kinds in product([kind for kind in counts if counts[kind]], repeat=len(large)):
        used = {"bram36": sum(copies * halves(bits, depth) for copies, bits, depth in small), "uram": 0}
        for kind, (copies, bits, depth) in zip(kinds, large, strict=True):
            used[kind] += copies * (halves(bits, depth) if kind == "bram36" else -(-bits // 72) * -(-depth // 4096))
        used["bram36"] = -(-used["bram36"] // 2)
        if all(counts[kind] >= used[kind] for kind in used):
            total = used["bram36"] * 4608 + used["uram"] * 36864
            best = total if best is None else min(best, total)
    return best


def mapping_cycles(network: Network, costs: LayerCosts, rows: int, columns: int, buffers: Buffers) -> int:
    """The least cycles of one overlay, by every assignment of formats and every case of every layer."""
    storages = find_storages(network)
    tables = []
    for job in range(costs.job_count):
        table = np.full((len(FORMATS), len(FORMATS)), INFEASIBLE)
        case, times = costs.all_times(np.array([job]), buffers, rows, columns)[job]
        np.minimum.at(table, (costs.cases.format_in[case], costs.cases.format_out[case]), times.cycles)
        tables.append(table)
    least = INFEASIBLE
    for formats in product(*[[FORMATS.index(f) for f in some] for some in storages.formats]):
        total = sum(
            int(tables[job][formats[storages.vertex[layer.inputs[0]]], formats[storages.vertex[layer.output]]])
            for layer, job in zip(storages.executed, costs.jobs, strict=True)
        )
        least = min(least, total)
    return least


@pytest.mark.parametrize("uram", [pytest.param(0, marks=pytest.mark.full), 4])
def test_every_point_is_the_optimum_within_its_budgets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, uram: int
) -> None:
    """A grid of few buffers on a device of few blocks, so that all of it can be tried."""
    grid = Grid((16384, 32768, 65536), (16384, 32768, 65536), (256, 512, 1024), (512, 1024))
    monkeypatch.setattr(sizes, "GRID", grid)
    device = tiny_device(tmp_path, multipliers=5, bram36=60 if uram else 70, uram=uram)
    network = tiny_network(tmp_path, channels=(16, 160, 32), size=12)
    machine = machine_of(device)
    allowed = Restriction((Algorithm.IM2COL, Algorithm.KN2ROW))
    costs = LayerCosts(network, find_storages(network), machine, {layer.name: allowed for layer in network.layers})
    overlays = []
    for rows, columns in product(range(1, 6), repeat=2):
        if rows * columns > 5:
            continue
        for some in product(*grid.axes[:3], (1024,)):  # row buffers are no memory
            taken = least_bytes(device, machine, rows, columns, Buffers(*some))
            if taken is not None:
                cycles = mapping_cycles(network, costs, rows, columns, Buffers(*some))
                overlays.append((rows * columns, taken, cycles, rows))
    assert len(overlays) > 100 and len({taken for _, taken, _, _ in overlays}) > 8
    budgets = Swept(
        multipliers=tuple(Budget(amount=n) for n in (1, 3, 5)),
        on_chip=tuple(Budget(amount=4608 * n) for n in (40, 48, 51, 55, 61, 100)),
        algorithms=(allowed.algorithms,),
    )
    sweep = Sweep.of([network], [device], budgets)
    rows_found = answers(sweep, network)
    for row in rows_found:
        within = [
            (cycles, array, rows, taken)
            for array, taken, cycles, rows in overlays
            if array <= row.multipliers_budget and taken <= row.on_chip_budget_bytes and cycles < INFEASIBLE
        ]
        if not within:
            assert row.status == "infeasible" and row.reason
            continue
        # Of the fastest overlays, the one with the fewest multipliers, then rows, then bytes.
        assert row.status == "optimal" and row.rows and row.columns
        assert (row.objective_cycles, row.rows * row.columns, row.rows, row.on_chip_bytes) == min(within)
    assert {row.status for row in rows_found} == {"optimal", "infeasible"}
    against_multipliers, against_memory = fronts_of(rows_found)
    assert len(against_multipliers.points) == 3 and len(against_memory.points) > 1
    runs = [overlay for overlay in overlays if overlay[2] < INFEASIBLE]
    for point in against_multipliers.points:
        # Pareto-optimal among all overlays: none is as fast with fewer multipliers, none is faster with as many.
        array = (point.multipliers or 0) - 3 * LANES
        assert not [o for o in runs if o[0] < array and o[2] <= (point.objective_cycles or 0)]
        assert not [o for o in runs if o[0] <= array and o[2] < (point.objective_cycles or 0)]
    for point in against_memory.points:
        # The optimum within the memory that it uses, and so within all budgets from there to its own.
        assert min(o[2] for o in runs if o[1] <= (point.on_chip_bytes or 0)) == point.objective_cycles
        assert min(o[2] for o in runs if o[1] <= point.on_chip_budget_bytes) == point.objective_cycles


@pytest.mark.parametrize("axis", list(Axis))
def test_latency_never_rises_with_a_budget(tmp_path: Path, axis: Axis) -> None:
    device = tiny_device(tmp_path, multipliers=40, bram36=120, uram=1)
    network = tiny_network(tmp_path, channels=(3, 32, 48, 16), size=20)
    rng = np.random.default_rng(5)
    shares = tuple(Budget(amount=int(n)) for n in sorted(rng.choice(np.arange(1, 41), 8, replace=False)))
    bytes_ = tuple(Budget(amount=int(n)) for n in sorted(rng.integers(200_000, 600_000, 8)))
    options = Swept(multipliers=shares) if axis is Axis.MULTIPLIERS else Swept(on_chip=bytes_)
    rows = answers(Sweep.of([network], [device], options), network)
    cycles = [row.objective_cycles if row.objective_cycles is not None else INFEASIBLE for row in rows]
    assert cycles == sorted(cycles, reverse=True)
    assert len(set(cycles)) > 3
    front = next(front for front in fronts_of(rows) if front.axis is axis)
    assert len(front.points) == len({c for c in cycles if c < INFEASIBLE})
