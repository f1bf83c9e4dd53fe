"""Winograd is a choice beside the arrays that leave its transforms room, and beside no others: all of them tried."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dynamap.cost.algorithms import Algorithm
from dynamap.cost.device import device_names, load_device
from dynamap.cost.overlay.fitting.extras import LEAST_EXTRAS
from dynamap.cost.overlay.fitting.logic.use import logic_use
from dynamap.cost.overlay.fitting.memory.sizes import GRID
from dynamap.cost.overlay.fitting.room import Room
from dynamap.cost.overlay.fitting.target import machine_of
from dynamap.planner.mapping.overlay_costs import Restriction
from dynamap.planner.plan.layers import OnArray
from dynamap.planner.plan.plan import Plan
from dynamap.planner.planning import plan_network
from dynamap.planner.request.request import Request
from dynamap.planner.request.space import target
from support.brute_force import best_mapping, costs_of
from support.explore.small import tiny_device, tiny_network

WITHOUT = Restriction((Algorithm.IM2COL, Algorithm.KN2ROW))
WITHOUT_POOLING = replace(LEAST_EXTRAS, sweeps=False)
WITH_TRANSFORMS = replace(WITHOUT_POOLING, winograd=True)


def uses_winograd(plan: Plan) -> bool:
    return any(isinstance(layer, OnArray) and layer.choice.winograd for layer in plan.layers)


@pytest.mark.parametrize("percentile", [0, 30, 60, 100])
@pytest.mark.parametrize("size", [8, pytest.param(14, marks=pytest.mark.full)])
def test_the_plan_is_the_best_of_all_arrays_with_what_each_has_room_for(
    tmp_path: Path, size: int, percentile: int
) -> None:
    device = tiny_device(tmp_path, multipliers=12, bram36=400)
    network = tiny_network(tmp_path, channels=(16, 48, 32), size=size)
    _, machine, candidates = target(device, Request(), network)
    lut, _ = logic_use(device, machine, candidates.rows, candidates.columns, WITH_TRANSFORMS)
    least = int(np.percentile(lut.most, percentile))
    device = replace(device, resources=replace(device.resources, lut=least))
    _, machine, candidates = target(device, Request(), network)
    everything, storages = costs_of(network, machine)
    without, _ = costs_of(network, machine, {layer.name: WITHOUT for layer in network.layers})
    fits, found = [], []
    for rows, columns in zip(candidates.rows.tolist(), candidates.columns.tolist(), strict=True):
        use, registers = logic_use(device, machine, rows, columns, WITH_TRANSFORMS)
        fits.append(bool(use.most <= least and registers.most <= device.resources.ff))
        costs = everything if fits[-1] else without
        for buffers in candidates.buffers_for(rows, columns):
            cycles = best_mapping(costs, storages, buffers, rows, columns)
            if cycles is not None:
                found.append((cycles, rows * columns, rows, fits[-1]))
    assert {True, False} == set(fits) if 0 < percentile < 100 else any(fits)
    plan = plan_network(network, device)
    best = min(found)
    assert (plan.solver.objective, plan.overlay.rows * plan.overlay.columns, plan.overlay.rows) == best[:3]
    assert best[3] or not uses_winograd(plan)
    assert any("Winograd is left out" in notice for notice in plan.notices) == (not best[3])


def test_what_is_asked_for_by_name_is_planned_all_the_same(tmp_path: Path) -> None:
    device = tiny_device(tmp_path, multipliers=12, bram36=400)
    network = tiny_network(tmp_path, channels=(16, 16, 16), size=8)
    machine = machine_of(device)
    without, _ = logic_use(device, machine, 12, 1, WITHOUT_POOLING)
    device = replace(device, resources=replace(device.resources, lut=int(without.most)))
    assert not uses_winograd(plan_network(network, device, Request(array=(12, 1))))
    name = next(layer.name for layer in network.layers)
    for asked in (Request(pins={name: (Algorithm.WINOGRAD, None)}), Request(algorithms=(Algorithm.WINOGRAD,))):
        plan = plan_network(network, device, replace(asked, array=(12, 1)))
        assert uses_winograd(plan) and not any("Winograd" in notice for notice in plan.notices)


@pytest.mark.parametrize("name", device_names())
def test_larger_arrays_leave_no_more_room(name: str) -> None:
    """What bounds a box of arrays by its least rows and columns."""
    device = load_device(name)
    room = Room(device, machine_of(device), LEAST_EXTRAS, GRID.smallest)
    sides = np.arange(1, 200, 3)
    rows, columns = (side.reshape(-1) for side in np.meshgrid(sides, sides, indexing="ij"))
    fits = room.beside(rows, columns).reshape(len(sides), len(sides))
    assert (fits[1:] <= fits[:-1]).all() and (fits[:, 1:] <= fits[:, :-1]).all()
