"""Simulator = closed form: every counter of every layer, for networks, devices, arrays and forced choices."""

from __future__ import annotations

from functools import cache

import pytest

from dynamap.backends.simulator import COUNTERS, simulate_plan
from dynamap.cost.algorithms import Algorithm, Dataflow
from dynamap.planner.models import resolve
from dynamap.planner.network.network import Conv, Network
from dynamap.planner.plan.plan import Plan
from dynamap.planner.planning import plan_network
from dynamap.planner.request.request import Request

IM2COL, KN2ROW, WINOGRAD = Algorithm.IM2COL, Algorithm.KN2ROW, Algorithm.WINOGRAD


@cache
def network_of(name: str) -> Network:
    return resolve(name, weights=False)


def require_same(plan: Plan, network: Network) -> None:
    simulation = simulate_plan(plan, network)
    said = [[layer.name, *(getattr(layer, counter) for counter in COUNTERS)] for layer in plan.layers]
    counted = [[layer.name, *(getattr(layer, counter) for counter in COUNTERS)] for layer in simulation.layers]
    assert counted == said
    assert simulation.cycles == plan.solver.objective
    assert simulation.latency_ms == plan.latency_ms


@pytest.mark.parametrize(
    ("name", "device", "array", "packing"),
    [
        ("googlenet", "u200", (105, 48), None),
        ("googlenet", "u200", (64, 37), False),
        ("squeezenet", "pynq-z2", (7, 4), None),
        ("shufflenet", "zcu102", (16, 16), None),
        ("densenet121", "u50", (64, 30), None),
        ("inception-v2", "arria10-gx1150", (8, 8), None),
        ("alexnet", "kv260", (20, 12), None),
    ],
)
def test_networks(name: str, device: str, array: tuple[int, int], packing: bool | None) -> None:
    network = network_of(name)
    require_same(plan_network(network, device, Request(array=array, packing=packing)), network)


@pytest.mark.parametrize(
    ("algorithms", "flow"),
    [
        *(((IM2COL,), flow) for flow in Dataflow),
        *(((IM2COL, KN2ROW), flow) for flow in (Dataflow.WS, Dataflow.IS)),
        ((IM2COL, WINOGRAD), Dataflow.WS),
    ],
)
def test_forced_algorithms_and_dataflows(algorithms: tuple[Algorithm, ...], flow: Dataflow) -> None:
    network = network_of("squeezenet")
    convolutions = [layer for layer in network.layers if isinstance(layer, Conv)]
    pins = {c.name: (algorithms[-1], flow) for c in convolutions[1:] if c.window.kernel == (3, 3)}
    assert len(pins) == 8  # one in each fire module
    request = Request(array=(8, 8), algorithms=algorithms, dataflows=(flow,), pins=pins)
    require_same(plan_network(network, "zcu104", request), network)


def test_other_clocks_and_bandwidths() -> None:
    network = network_of("squeezenet")
    for clock, bandwidth in ((123.457, 1.3), (500.0, 400.0)):
        request = Request(array=(16, 9), clock_mhz=clock, bandwidth_gbs=bandwidth)
        require_same(plan_network(network, "zcu102", request), network)
