"""The joint search against brute force: every array, all buffers, every case, every assignment of formats."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from dynamap.cost.algorithms import Algorithm, Dataflow
from dynamap.cost.errors import InfeasibleError
from dynamap.cost.overlay.machine import Buffers, Machine
from dynamap.planner import solvers
from dynamap.planner.mapping.overlay_costs import LayerCosts, Restriction
from dynamap.planner.mapping.storage import Storages
from dynamap.planner.network.network import Network
from dynamap.planner.pbqp.problem import Problem, Solution, Status
from dynamap.planner.search import joint
from dynamap.planner.search.fixed import fixed_search
from dynamap.planner.search.joint import Progress, joint_search
from support.brute_force import MACHINE, best_mapping, costs_of, recomputed
from support.networks import Builder, SmallCandidates, random_network


def brute_force(costs: LayerCosts, storages: Storages, candidates: SmallCandidates) -> tuple[int, int, int] | None:
    """(cycles, multipliers, rows) of the best, ties included; None if nothing fits."""
    best: tuple[int, int, int] | None = None
    for r, c in zip(candidates.rows.tolist(), candidates.columns.tolist(), strict=True):
        for buffers in candidates.buffers_for(r, c):
            total = best_mapping(costs, storages, buffers, r, c)
            if total is not None and (best is None or (total, r * c, r) < best):
                best = (total, r * c, r)
    return best


HEAVY = (1, 4, 6, 8, 9)


@pytest.mark.parametrize(
    "seed", [pytest.param(seed, marks=pytest.mark.full if seed in HEAVY else ()) for seed in range(10)]
)
def test_joint_search_is_brute_force(seed: int) -> None:
    rng = np.random.default_rng(seed)
    network = random_network(rng)
    candidates = SmallCandidates(limit=int(rng.choice([5, 8, 12])), memory=int(rng.choice([3_000, 8_000, 1 << 17])))
    costs, storages = costs_of(network, replace(MACHINE, packing=int(rng.choice([1, 2]))))
    expected = brute_force(costs, storages, candidates)
    if expected is None:
        with pytest.raises(InfeasibleError):
            joint_search(costs, storages, candidates)
        return
    found = joint_search(costs, storages, candidates)
    assert (found.objective_cycles, found.rows * found.columns, found.rows) == expected
    assert found.status is Status.OPTIMAL and found.bound_cycles == found.objective_cycles
    assert found.arrays_considered == len(candidates.rows)
    assert recomputed(costs, storages, found) == found.objective_cycles


@pytest.mark.full
@pytest.mark.parametrize("seed", [100, 103])
def test_all_arrays_of_64_multipliers(seed: int) -> None:
    """The same on larger budgets, where each array's own optimum (tested above) stands for brute force."""
    rng = np.random.default_rng(seed)
    network = random_network(rng)
    candidates = SmallCandidates(limit=64, memory=int(rng.choice([20_000, 1 << 18])))
    costs, storages = costs_of(network)
    found = joint_search(costs, storages, candidates)
    least = found.objective_cycles + 1
    for r, c in zip(candidates.rows.tolist(), candidates.columns.tolist(), strict=True):
        try:
            cycles = fixed_search(costs, storages, r, c, candidates.buffers_for(r, c)).objective_cycles
        except InfeasibleError:  # buffers shrink as the array grows
            continue
        least = min(least, cycles)
    assert found.objective_cycles == least
    assert recomputed(costs, storages, found) == least


def optimum(network: Network, machine: Machine, limit: int, restriction: Restriction | None = None) -> int:
    restrictions = {layer.name: restriction for layer in network.layers} if restriction else {}
    costs, storages = costs_of(network, machine, restrictions)
    return joint_search(costs, storages, SmallCandidates(limit, 1 << 16)).objective_cycles


@pytest.mark.parametrize("seed", range(200, 204))
def test_more_is_never_slower(seed: int) -> None:
    rng = np.random.default_rng(seed)
    network = random_network(rng)
    base = optimum(network, MACHINE, 24)
    assert optimum(network, replace(MACHINE, bandwidth_bytes_per_ms=7_000_000), 24) <= base
    assert optimum(network, replace(MACHINE, read_latency=5), 24) <= base
    some = Restriction((Algorithm.IM2COL,), (Dataflow.WS, Dataflow.NS))
    more = Restriction((Algorithm.IM2COL, Algorithm.WINOGRAD), (Dataflow.WS, Dataflow.NS))
    assert base <= optimum(network, MACHINE, 24, more) <= optimum(network, MACHINE, 24, some)


def test_more_multipliers_are_never_slower() -> None:
    """With the same buffers beside every array, a larger budget only adds candidates."""

    class Alike(SmallCandidates):
        def buffers_for(self, rows: int, columns: int) -> tuple[Buffers, ...]:
            return (self.ceiling(),)

    costs, storages = costs_of(random_network(np.random.default_rng(7)))
    cycles = [joint_search(costs, storages, Alike(limit, 1 << 16)).objective_cycles for limit in (4, 9, 20, 41, 64)]
    assert cycles == sorted(cycles, reverse=True)


def test_progress_and_time_limit() -> None:
    network = random_network(np.random.default_rng(3))
    costs, storages = costs_of(network)
    seen: list[Progress] = []
    found = joint_search(costs, storages, SmallCandidates(32, 1 << 16), progress=seen.append)
    assert seen and seen[-1].best_cycles == found.objective_cycles
    assert [p.arrays_solved for p in seen] == sorted(p.arrays_solved for p in seen)
    with pytest.raises(InfeasibleError, match="time limit of 1e-09 seconds"):
        joint_search(costs, storages, SmallCandidates(32, 1 << 16), time_limit=1e-9)


def test_an_interrupted_search_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock runs out with the first solution: the bound is below, the optimum between."""
    network = random_network(np.random.default_rng(5))
    costs, storages = costs_of(network)
    candidates = SmallCandidates(64, 1 << 16)
    proven = joint_search(costs, storages, candidates).objective_cycles
    seconds = [0.0]

    def solve_late(problem: Problem, solver: str, *, time_limit: float | None) -> Solution:
        seconds[0] = 1e9
        return solvers.solve(problem, solver)

    monkeypatch.setattr(joint, "time", SimpleNamespace(perf_counter=lambda: seconds[0]))
    found = joint_search(costs, storages, candidates, solve=solve_late, time_limit=60.0)
    assert found.bound_cycles <= proven <= found.objective_cycles
    assert found.arrays_solved == 1 < found.arrays_considered
    assert (found.status is Status.OPTIMAL) == (found.bound_cycles == found.objective_cycles)


def test_what_does_not_fit_is_named() -> None:
    """A row of 2000 pixels of 16 channels takes 32,000 bytes of the input buffer, whole where weights stream, and as
    many of a half of the output buffer, which is a quarter of the input buffer: 128,000 bytes, the next doubling of
    8,000. Its 2000 sums per channel are too many for 1024 accumulator rows, whatever the array."""
    builder = Builder(16, 3, 2000)
    network = builder.network(builder.conv(builder.conv("input", 16, 1), 16, 3))
    costs, storages = costs_of(network)
    with pytest.raises(InfeasibleError, match="layer 'layer0' fits no array") as error:
        joint_search(costs, storages, SmallCandidates(8, 8_000))
    assert "an input buffer of 128,000 bytes, where 8,000 are the most that fit" in str(error.value)
    assert "an accumulator buffer of 2,048 rows, where 1,024 are the most that fit" in str(error.value)
    with pytest.raises(InfeasibleError, match="'layer0'"):
        fixed_search(costs, storages, 2, 2, [Buffers(8_000, 8_000, 64, 512)])


def test_one_given_overlay() -> None:
    network = random_network(np.random.default_rng(11))
    costs, storages = costs_of(network)
    buffers = Buffers(1 << 16, 1 << 16, 1024, 4096)
    found = fixed_search(costs, storages, 5, 3, [buffers])
    assert (found.rows, found.columns, found.buffers, found.arrays_considered) == (5, 3, buffers, 1)
    assert recomputed(costs, storages, found) == found.objective_cycles
    by_ilp = fixed_search(costs, storages, 5, 3, [buffers], solver="exhaustive")
    assert by_ilp.objective_cycles == found.objective_cycles
