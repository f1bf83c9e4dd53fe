"""One overlay for several networks against brute force: every array, all buffers, the best mapping of each network."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dynamap.cost.errors import InfeasibleError
from dynamap.cost.overlay.machine import Machine
from dynamap.planner.mapping.objective import Aggregate, Objective
from dynamap.planner.mapping.overlay_costs import LayerCosts, Workload
from dynamap.planner.mapping.storage import find_storages
from dynamap.planner.network.network import Network
from dynamap.planner.pbqp.problem import Status
from dynamap.planner.search.joint import FoundTogether, improving_search, joint_search, shared_search
from support.brute_force import MACHINE, best_mapping, costs_of, recomputed
from support.networks import Builder, SmallCandidates, random_network

SUM, WORST = Aggregate.SUM, Aggregate.WORST


def shared(
    networks: list[Network], candidates: SmallCandidates, objective: Objective, machine: Machine = MACHINE
) -> FoundTogether:
    workloads = [Workload(network, find_storages(network), {}) for network in networks]
    first, *others = workloads
    costs = LayerCosts(first.network, first.storages, machine, {}, others)
    return shared_search(costs, [workload.storages for workload in workloads], candidates, objective)


def brute_force(
    networks: list[Network], candidates: SmallCandidates, objective: Objective, machine: Machine
) -> tuple[int, int, int] | None:
    """(objective, multipliers, rows) of the best overlay; each network is costed by itself."""
    best: tuple[int, int, int] | None = None
    each = [costs_of(network, machine) for network in networks]
    for r, c in zip(candidates.rows.tolist(), candidates.columns.tolist(), strict=True):
        for buffers in candidates.buffers_for(r, c):
            cycles = [best_mapping(costs, storages, buffers, r, c) for costs, storages in each]
            if None in cycles:
                continue
            weighted = [weight * n for weight, n in zip(objective.weights, cycles, strict=True) if n is not None]
            total = sum(weighted) if objective.aggregate is SUM else max(weighted)
            if best is None or (total, r * c, r) < best:
                best = (total, r * c, r)
    return best


HEAVY = [pytest.param(seed, marks=pytest.mark.full) for seed in (301, 302, 304, *range(306, 326))]


@pytest.mark.parametrize("aggregate", Aggregate)
@pytest.mark.parametrize("seed", [300, 303, 305, *HEAVY])
def test_shared_search_is_brute_force(seed: int, aggregate: Aggregate) -> None:
    rng = np.random.default_rng(seed)
    networks = [random_network(rng) for _ in range(int(rng.integers(2, 4)))]
    candidates = SmallCandidates(limit=int(rng.choice([5, 9])), memory=int(rng.choice([8_000, 1 << 17])))
    objective = Objective(tuple(int(w) for w in rng.integers(1, 5, len(networks))), aggregate)
    machine = replace(MACHINE, packing=int(rng.choice([1, 2])))
    expected = brute_force(networks, candidates, objective, machine)
    if expected is None:
        with pytest.raises(InfeasibleError):
            shared(networks, candidates, objective, machine)
        return
    found = shared(networks, candidates, objective, machine)
    rows, columns = found.parts[0].rows, found.parts[0].columns
    assert (found.objective, rows * columns, rows) == expected
    assert found.status is Status.OPTIMAL and found.bound == found.objective
    for network, part in zip(networks, found.parts, strict=True):
        assert (part.rows, part.columns, part.buffers) == (rows, columns, found.parts[0].buffers)
        assert part.arrays_considered == len(candidates.rows)
        assert recomputed(*costs_of(network, machine), part) == part.objective_cycles == part.bound_cycles
    assert found.objective == objective.value(np.array([part.objective_cycles for part in found.parts]))


CANDIDATES = SmallCandidates(24, 1 << 16)


@pytest.fixture(scope="module", params=[400, 401])
def networks(request: pytest.FixtureRequest) -> list[Network]:
    rng = np.random.default_rng(request.param)
    return [random_network(rng), random_network(rng)]


@pytest.fixture(scope="module")
def alone(networks: list[Network]) -> list[int]:
    """The cycles of each network on its own best overlay."""
    found = []
    for network in networks:
        costs, storages = costs_of(network)
        found.append(joint_search(costs, storages, CANDIDATES).objective_cycles)
    return found


def test_bounds_by_single_optima(networks: list[Network], alone: list[int]) -> None:
    """No network is faster than alone; the worst case is no better than the worst alone, and below every sum."""
    total, worst = (shared(networks, CANDIDATES, Objective((1, 1), a)) for a in (SUM, WORST))
    for found in (total, worst):
        assert all(part.objective_cycles >= least for part, least in zip(found.parts, alone, strict=True))
    assert total.objective >= sum(alone) and worst.objective >= max(alone)
    assert worst.objective <= max(part.objective_cycles for part in total.parts)
    assert total.objective <= sum(part.objective_cycles for part in worst.parts)


def test_weights_scale(networks: list[Network]) -> None:
    for aggregate in Aggregate:
        once, thrice = (shared(networks, CANDIDATES, Objective((w, 2 * w), aggregate)) for w in (1, 3))
        assert thrice.objective == 3 * once.objective
        assert [part.formats for part in thrice.parts] == [part.formats for part in once.parts]
        assert [part.buffers for part in thrice.parts] == [part.buffers for part in once.parts]


def test_a_large_weight_is_nearly_alone(networks: list[Network], alone: list[int]) -> None:
    """With 4,000 to 1 a cycle of the first network outweighs any difference of the second (some thousands at most, on
    candidates this small), or ties are broken in its favour."""
    found = shared(networks, CANDIDATES, Objective((4000, 1)))
    assert found.parts[0].objective_cycles - alone[0] <= found.parts[1].objective_cycles // 4000


def test_one_network_twice_is_itself(networks: list[Network], alone: list[int]) -> None:
    for aggregate, factor in ((SUM, 2), (WORST, 1)):
        found = shared([networks[0]] * 2, CANDIDATES, Objective((1, 1), aggregate))
        assert found.objective == factor * alone[0]
        assert [part.objective_cycles for part in found.parts] == [alone[0]] * 2
        assert found.parts[0].formats == found.parts[1].formats


def test_order_does_not_matter(networks: list[Network]) -> None:
    one, other = (shared(order, CANDIDATES, Objective((1, 1))) for order in (networks, networks[::-1]))
    assert one.objective == other.objective
    assert [p.objective_cycles for p in one.parts] == [p.objective_cycles for p in other.parts][::-1]


def test_what_does_not_fit_is_named() -> None:
    """The second network's rows of 32,000 bytes are too large (see test_search)."""
    small, wide = Builder(16, 3, 20), Builder(16, 3, 2000)
    networks = [
        small.network(small.conv("input", 16, 3)),
        wide.network(wide.conv(wide.conv("input", 16, 1), 16, 3)),
    ]
    with pytest.raises(InfeasibleError, match=r"layer 'layer0' fits no array.*input buffer of 128,000 bytes"):
        shared(networks, SmallCandidates(8, 8_000), Objective((1, 1)))


def test_cycles_that_are_known_to_be_reached_change_nothing(networks: list[Network]) -> None:
    costs, storages = costs_of(networks[0])
    plain = joint_search(costs, storages, CANDIDATES)
    for at_most in (plain.objective_cycles, plain.objective_cycles + 100, 2 * plain.objective_cycles):
        found = joint_search(costs, storages, CANDIDATES, at_most=at_most)
        assert (found.rows, found.columns, found.buffers, found.formats) == (
            plain.rows,
            plain.columns,
            plain.buffers,
            plain.formats,
        )
        assert found.bound_cycles == found.objective_cycles == plain.objective_cycles
    with pytest.raises(AssertionError, match="known to reach"):
        joint_search(costs, storages, CANDIDATES, at_most=plain.objective_cycles - 1)


def test_only_what_is_better_is_found(networks: list[Network]) -> None:
    """The optimum, where it is below what another search has found."""
    costs, storages = costs_of(networks[0])
    plain = joint_search(costs, storages, CANDIDATES)
    for below in (1, plain.objective_cycles - 1, plain.objective_cycles):
        assert improving_search(costs, storages, CANDIDATES, below) is None
    for below in (plain.objective_cycles + 1, 2 * plain.objective_cycles):
        found = improving_search(costs, storages, CANDIDATES, below)
        assert found is not None and found.bound_cycles == found.objective_cycles == plain.objective_cycles
        assert (found.rows, found.columns, found.buffers) == (plain.rows, plain.columns, plain.buffers)
