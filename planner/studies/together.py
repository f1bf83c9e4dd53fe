"""One overlay for several networks: sized for the weighted sum of their cycles or for the worst of them, with proof."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import reduce

from dynamap.cost.device import Device
from dynamap.cost.errors import InputError
from dynamap.cost.overlay.fitting.extras import KernelParts
from dynamap.planner.mapping.objective import Aggregate
from dynamap.planner.mapping.overlay_costs import LayerCosts, Workload
from dynamap.planner.mapping.storage import find_storages
from dynamap.planner.network.network import Conv, Network
from dynamap.planner.plan.extras import parts_of
from dynamap.planner.plan.parts import TogetherInfo
from dynamap.planner.plan.plan import Plan
from dynamap.planner.request.request import Request, SharingModel, Together
from dynamap.planner.request.space import restrictions_for, search_space, solver_of, target
from dynamap.planner.search.joint import Progress, shared_search
from dynamap.planner.search.writing import planned_layers, write_plan


def sharing(networks: Sequence[Network], weights: Sequence[int] | None, objective: Aggregate) -> Together:
    """The request's words for networks that share an overlay; without weights each counts once.

    Raises:
        InputError: there is no network, the weights are not as many, or one of them is not positive.
    """
    if not networks:
        raise InputError("an overlay for several networks needs at least one")
    if weights is None:
        weights = [1] * len(networks)
    if len(weights) != len(networks):
        raise InputError(
            f"--weights gives {len(weights)} for {len(networks)} models: give one per model, in their order"
        )
    models = tuple(
        SharingModel(network.name, network.source or network.name, network.sha256, network.seed, weight)
        for network, weight in zip(networks, weights, strict=True)
    )
    together = Together(objective, models, 0)
    together.shared_objective()
    return together


def plan_together(
    networks: Sequence[Network],
    device: str | Device = "u200",
    request: Request | None = None,
    *,
    weights: Sequence[int] | None = None,
    objective: Aggregate = Aggregate.SUM,
    progress: Callable[[Progress], None] | None = None,
) -> tuple[Plan, ...]:
    """One plan per network, all on the one overlay that is best for them together.

    Args:
        networks: in the order of ``weights`` and of the plans.
        device: a name or a device.
        request: as for one network; restrictions hold in all of them, a pin in every network with a layer of its name.
        weights: positive integers, by which each network's cycles are multiplied; 1 where none are given.
        objective: the sum of the weighted cycles, or the largest of them.
        progress: told how far the search is.

    Raises:
        InputError: the request, the weights or a pin cannot be understood.
        InfeasibleError: no overlay of the device runs all networks; the message says what is short.
    """
    request = replace(request or Request(), together=sharing(networks, weights, objective))
    assert request.together is not None
    if request.cost_model != "overlay":
        raise InputError("several models share an overlay by the overlay's own cost model: leave --cost-model out")
    _require_pins(networks, request)
    board, machine, candidates = target(device, request, *networks)
    workloads = [Workload(one, find_storages(one), restrictions_for(one, request)) for one in networks]
    for workload in workloads:
        if not workload.storages.executed:
            raise InputError(f"network {workload.network.name!r} has no layer that the overlay runs")
    first, *others = workloads
    found = shared_search(
        LayerCosts(first.network, first.storages, machine, first.restrictions, others, candidates.room),
        [workload.storages for workload in workloads],
        search_space(candidates, request),
        request.together.shared_objective(),
        solver=request.solver,
        solve=solver_of(request),
        time_limit=request.time_limit,
        progress=progress,
    )
    info = TogetherInfo(
        status=found.status.value,
        objective=found.objective,
        bound=found.bound,
        cycles=tuple(part.objective_cycles for part in found.parts),
    )
    taken = []
    for workload, part in zip(workloads, found.parts, strict=True):
        layers = planned_layers(workload.network, workload.storages, machine, part)
        taken.append(parts_of(workload.network, layers, machine))
    kept = reduce(KernelParts.covering, taken)
    plans = []
    for number, (workload, part) in enumerate(zip(workloads, found.parts, strict=True)):
        own = replace(request, together=replace(request.together, this=number)).document()
        costs = LayerCosts(workload.network, workload.storages, machine, workload.restrictions, room=candidates.room)
        shared = replace(part, kept=kept)
        plans.append(write_plan(workload.network, board, own, costs, workload.storages, candidates, shared, info))
    return tuple(plans)


def _require_pins(networks: Sequence[Network], request: Request) -> None:
    names = {layer.name for network in networks for layer in network.layers if isinstance(layer, Conv)}
    for name in request.pins:
        if name not in names:
            raise InputError(
                f"--pin names {name!r}, which is a convolution of none of the models (`dynamap check` lists the layers)"
            )
