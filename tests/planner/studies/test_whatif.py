"""Every answer of what-if against a plan of the changed request or device, or against all overlays one by one."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache

import pytest

from dynamap.cost.algorithms import Algorithm, Dataflow
from dynamap.cost.device import Device, load_device
from dynamap.cost.errors import InfeasibleError, InputError
from dynamap.cost.overlay.fitting.target import machine_of
from dynamap.cost.overlay.machine import Buffers
from dynamap.planner.mapping.overlay_costs import LayerCosts, Restriction
from dynamap.planner.mapping.storage import find_storages
from dynamap.planner.network.network import Network
from dynamap.planner.plan.plan import Plan
from dynamap.planner.planning import plan_network
from dynamap.planner.request.replanning import given_overlay, on_overlay_of, stored_device
from dynamap.planner.request.request import Request
from dynamap.planner.request.space import restrictions_for, target
from dynamap.planner.search.fixed import fixed_search
from dynamap.planner.studies.relaxations import without_algorithm
from dynamap.planner.studies.whatif import Answer, Change, WhatIf, gain, what_if
from support.networks import Builder

ASKED = Request(multipliers=5, bandwidth_gbs=0.3, dataflows=(Dataflow.WS, Dataflow.IS))
KINDS = {"multipliers", "memory_blocks", "bandwidth", "memory_ports", "clock", "memory_latency"}
USUAL = ("input_buffer", "weight_buffer")
"""The others are tried among the heavy proofs."""

BUFFERS = {
    "input_buffer": "input_buffer",
    "weight_buffer": "weight_buffer",
    "accumulators": "accumulator_rows",
    "row_buffers": "row_buffer",
}


@cache
def network() -> Network:
    """3 x 3 and strided 5 x 5 convolutions, a 1 x 1, a pooling, a residual: large enough for the smallest buffers."""
    builder = Builder(16, 36, 40)
    first = builder.conv("input", 64, 3)
    second = builder.conv(builder.conv(first, 24, 1), 64, 3)
    strided = builder.conv(builder.add(first, second), 48, 5, stride=2)
    return builder.network(builder.conv(builder.pool(strided), 40, 3))


@cache
def board() -> Device:
    """A small board with few memory blocks, so that buffers are short; logic for Winograd's transforms."""
    device = load_device("pynq-z2")
    return replace(device, name="tiny", resources=replace(device.resources, bram36=60, lut=200_000))


@cache
def plan() -> Plan:
    return plan_network(network(), board(), ASKED)


@cache
def found() -> WhatIf:
    return what_if(plan(), network())


def change(key: str) -> Change:
    (one,) = [change for change in found().changes if change.key == key]
    return one


def planned(device: Device, request: Request) -> Answer:
    again = plan_network(network(), device, request)
    overlay, solver = again.overlay, again.solver
    return Answer(solver.objective, again.latency_ms, overlay.rows, overlay.columns, solver.status == "optimal")


def test_the_plan_itself() -> None:
    own = Answer(plan().solver.objective, plan().latency_ms, plan().overlay.rows, plan().overlay.columns, True)
    assert found().same == found().resized == own
    keys = {change.key for change in found().changes}
    removals = {f"without_{word}" for word in ("im2col", "kn2row", "winograd", "ws", "is")}  # ns was not allowed
    assert keys == KINDS | set(BUFFERS) | removals
    assert found().proven


def changed_device(key: str) -> Device:
    device, counts = board(), board().resources
    system = device.system
    if key == "memory_ports":
        return replace(device, system=replace(system, memory_ports=2 * system.memory_ports))
    if key == "memory_latency":
        return replace(device, system=replace(system, read_latency_cycles=32, write_latency_cycles=32))
    return replace(device, resources=replace(counts, bram36=120)) if key == "memory_blocks" else device


CHANGED = {
    "bandwidth": replace(ASKED, bandwidth_gbs=0.6),
    "memory_ports": replace(ASKED, bandwidth_gbs=0.6),
    "clock": replace(ASKED, clock_mhz=200),
    "multipliers": replace(ASKED, multipliers=10),
    "without_ws": replace(ASKED, dataflows=(Dataflow.IS,)),
    "without_is": replace(ASKED, dataflows=(Dataflow.WS,)),
    "without_kn2row": replace(ASKED, algorithms=(Algorithm.IM2COL, Algorithm.WINOGRAD)),
    "without_winograd": replace(ASKED, algorithms=(Algorithm.IM2COL, Algorithm.KN2ROW)),
    "memory_latency": ASKED,
    "memory_blocks": ASKED,
}


@pytest.mark.parametrize("key", sorted(set(CHANGED) - {"memory_blocks"}))
def test_resized_is_the_plan_of_the_changed_request(key: str) -> None:
    try:
        expected = planned(changed_device(key), CHANGED[key])
    except InfeasibleError as error:
        assert key == "memory_ports"  # twice the word needs more memory blocks than the board has
        assert change(key).resized is None and str(error) in change(key).note
    else:
        assert change(key).resized == expected


def test_twice_the_memory_blocks() -> None:
    """The plan of the device with twice the blocks, or the plan as it is: now and then fewer, larger passes lose."""
    expected = min(planned(changed_device("memory_blocks"), ASKED), found().same, key=lambda answer: answer.cycles)
    assert change("memory_blocks").resized == expected


@pytest.mark.parametrize("key", sorted(set(CHANGED) - {"memory_ports", "multipliers", "memory_blocks", "clock"}))
def test_same_is_the_plan_on_the_given_overlay(key: str) -> None:
    _, kept = on_overlay_of(plan(), Request(bandwidth_gbs=CHANGED[key].bandwidth_gbs))
    request = replace(kept, algorithms=CHANGED[key].algorithms, dataflows=CHANGED[key].dataflows)
    assert change(key).same == planned(changed_device(key), request)


def test_twice_the_clock_on_the_same_overlay() -> None:
    overlay = given_overlay(plan())
    machine = machine_of(stored_device(plan()).with_overrides(clock_mhz=200))
    costs = LayerCosts(network(), find_storages(network()), machine, restrictions_for(network(), ASKED))
    mapped = fixed_search(costs, find_storages(network()), overlay.rows, overlay.columns, [overlay.buffers])
    same = change("clock").same
    assert same is not None and same.cycles == mapped.objective_cycles
    assert same.latency_ms == pytest.approx(mapped.objective_cycles / 200_000, abs=1e-6)


@pytest.mark.parametrize("key", [pytest.param(key, marks=() if key in USUAL else pytest.mark.full) for key in BUFFERS])
def test_a_buffer_twice_as_large(key: str) -> None:
    """Every array with each of its buffers, as they are and with one size doubled, mapped by itself."""
    _, machine, candidates = target(board(), ASKED, network())
    storages = find_storages(network())
    costs = LayerCosts(network(), storages, machine, restrictions_for(network(), ASKED))

    def either(choices: tuple[Buffers, ...]) -> list[Buffers]:
        return [*choices, *(replace(b, **{BUFFERS[key]: 2 * getattr(b, BUFFERS[key])}) for b in choices)]

    least = 1 << 60
    for r, c in zip(candidates.rows.tolist(), candidates.columns.tolist(), strict=True):
        try:
            one = fixed_search(costs, storages, r, c, either(candidates.buffers_for(r, c)))
        except InfeasibleError:
            continue
        least = min(least, one.objective_cycles)
    resized, same, overlay = change(key).resized, change(key).same, given_overlay(plan())
    assert resized is not None and same is not None and resized.cycles == least
    own = fixed_search(costs, storages, overlay.rows, overlay.columns, either((overlay.buffers,)))
    assert same.cycles == own.objective_cycles


def test_more_is_never_slower_and_less_never_faster() -> None:
    for one in found().changes:
        gains = [g for g in (one.same_gain, one.resized_gain) if g is not None]
        assert gains or one.key == "memory_ports"
        if one.key.startswith("without_"):
            assert max(gains) <= 0, one
        elif one.key != "memory_ports":  # its lanes take multipliers
            assert min(gains) >= 0, one
        if one.same and one.resized:
            assert one.resized.cycles <= one.same.cycles
    order = [one.gain for one in found().changes]
    assert order == sorted(order, reverse=True)
    best = found().bottleneck
    assert best is not None and best.gain == max(one.gain for one in found().changes if one.key != "clock")


def test_gains_by_hand() -> None:
    """From 10 ms to 8 a fifth is saved; from 10 to 15 the half is lost."""
    before, better, worse = (Answer(1, ms, 1, 1, True) for ms in (10.0, 8.0, 15.0))
    assert (gain(before, better), gain(before, worse), gain(before, None)) == (0.2, -0.5, None)


def test_an_algorithm_stays_where_there_is_no_other() -> None:
    """The strided layer and the 1 x 1 layer run by im2col alone (kn2row and Winograd want stride 1 and more taps)."""
    pinned = Restriction((Algorithm.IM2COL,))
    everything = {f"layer{i}": Restriction() for i in (0, 1, 2, 4, 6)} | {"layer6": pinned}
    others = Restriction((Algorithm.KN2ROW, Algorithm.WINOGRAD))
    restrictions, kept = without_algorithm(network(), everything, Algorithm.IM2COL)
    assert kept == 3
    assert restrictions == everything | {"layer0": others, "layer2": others}
    assert "kept by 2 layers" in change("without_im2col").note and change("without_im2col").options is None


def test_options_of_the_changes() -> None:
    options = {change.key: change.options for change in found().changes}
    assert options["bandwidth"] == "--bandwidth 0.6" and options["clock"] == "--clock 200"
    assert options["multipliers"] == "--multipliers 10"
    assert options["without_kn2row"] == "--algorithms im2col,winograd" and options["without_ws"] == "--dataflows is"
    assert options["memory_blocks"] is options["memory_ports"] is options["weight_buffer"] is None


def test_a_fixed_array_and_a_given_overlay_stay() -> None:
    fixed = plan_network(network(), board(), replace(ASKED, array=(1, 4)))
    answers = what_if(fixed, network())
    assert "multipliers" not in {change.key for change in answers.changes}
    assert {(c.resized.rows, c.resized.columns) for c in answers.changes if c.resized} == {(1, 4)}
    kept = plan_network(network(), *on_overlay_of(fixed, Request()))
    answers = what_if(kept, network())
    assert answers.resized is None and all(c.resized is None and c.same is not None for c in answers.changes)


def test_time_limit() -> None:
    with pytest.raises(InfeasibleError, match="time limit of 1e-09 seconds"):
        what_if(plan(), network(), time_limit=1e-9)


def test_what_cannot_be_asked() -> None:
    paper = plan_network(network(), board(), Request(multipliers=5, cost_model="paper"))
    with pytest.raises(InputError, match="published one has no buffers"):
        what_if(paper, network())
    objective = plan().solver.objective
    false = replace(plan(), solver=replace(plan().solver, objective=objective - 5))
    with pytest.raises(InputError, match=f"says {objective - 5:,} cycles, and its overlay takes {objective:,}"):
        what_if(false, network())


def test_document_is_plain_and_complete() -> None:
    document = json.loads(json.dumps(found().document()))
    assert document["schema"] == "dynamap.whatif/1" and document["same"]["cycles"] == plan().solver.objective
    assert [entry["key"] for entry in document["changes"]] == [change.key for change in found().changes]
    assert document["changes"][0]["resized"]["latency_ms"] == found().changes[0].resized.latency_ms  # type: ignore[union-attr]
    assert document["changes"][-1]["resized"] is None and "no array fits" in document["changes"][-1]["note"]
