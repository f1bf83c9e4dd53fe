"""The Chrome trace: valid JSON, a row per unit, nothing that overlaps, and the simulation's own cycles."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from dynamap.backends.simulator import Simulation, chrome_trace, simulate_plan
from dynamap.backends.simulator.trace import ROWS
from dynamap.planner.models import resolve
from dynamap.planner.planning import plan_network
from dynamap.planner.request.request import Request

TITLE = 'a "quoted" title, with <tags> & ümlauts'


@pytest.fixture(scope="module")
def simulation() -> Simulation:
    network = resolve("squeezenet", weights=False)
    return simulate_plan(plan_network(network, "zcu104", Request(array=(16, 16), clock_mhz=287.3)), network)


@pytest.fixture(scope="module")
def events(simulation: Simulation) -> list[dict[str, Any]]:
    document = json.loads(chrome_trace(simulation, TITLE))
    assert document["displayTimeUnit"] == "ns"
    found: list[dict[str, Any]] = document["traceEvents"]
    return found


def complete(events: list[dict[str, Any]], row: str) -> list[dict[str, Any]]:
    return [event for event in events if event["ph"] == "X" and event["tid"] == ROWS.index(row)]


def test_every_row_has_its_name(events: list[dict[str, Any]]) -> None:
    names = {e["tid"]: e["args"]["name"] for e in events if e["name"] == "thread_name"}
    assert names == dict(enumerate(["LAYER", "LOAD", "PLACE", "COMPUTE", "POST", "STORE"]))
    assert [e["args"]["name"] for e in events if e["name"] == "process_name"] == [TITLE]


@pytest.mark.parametrize("row", ROWS)
def test_events_of_a_row_follow_each_other(events: list[dict[str, Any]], row: str) -> None:
    found = complete(events, row)
    assert len(found) > 20
    for event in found:
        assert event["dur"] > 0
    for first, second in pairwise(found):
        assert first["args"]["end_cycle"] <= second["args"]["start_cycle"]
        assert round(1000 * (first["ts"] + first["dur"])) <= round(1000 * second["ts"])


def test_memory_moves_one_thing_at_a_time(events: list[dict[str, Any]]) -> None:
    spans = [(e["args"]["start_cycle"], e["args"]["end_cycle"]) for e in events if e.get("cat") in ("load", "store")]
    assert all(end <= start for (_, end), (start, _) in pairwise(sorted(spans)))


def test_times_are_the_cycles_at_the_clock(events: list[dict[str, Any]], simulation: Simulation) -> None:
    last = complete(events, "LAYER")[-1]
    assert last["args"]["end_cycle"] == simulation.cycles
    assert last["ts"] + last["dur"] == pytest.approx(simulation.latency_ms * 1000, abs=2e-3)


def test_units_are_busy_as_long_as_the_counters_say(events: list[dict[str, Any]], simulation: Simulation) -> None:
    busy = sum(
        e["args"]["end_cycle"] - e["args"]["start_cycle"] - e["args"].get("waited_cycles", 0)
        for e in complete(events, "COMPUTE")
    )
    assert busy == sum(layer.compute_cycles for layer in simulation.layers)


def test_names_of_layers_are_escaped(simulation: Simulation) -> None:
    name = 'conv "1"\\\n\u2028 </script>'
    renamed = replace(simulation, layers=tuple(replace(layer, name=name) for layer in simulation.layers))
    document = json.loads(chrome_trace(renamed, TITLE))
    assert {e["name"] for e in document["traceEvents"] if e.get("cat") == "layer"} == {name}
