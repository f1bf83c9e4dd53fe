"""From a request to a plan: the space that it leaves open, the joint search there, and what was found, written out."""

from __future__ import annotations

from collections.abc import Callable

from dynamap.cost.device import Device
from dynamap.cost.errors import InputError
from dynamap.planner.mapping.overlay_costs import LayerCosts
from dynamap.planner.mapping.storage import find_storages
from dynamap.planner.network.network import Network
from dynamap.planner.plan.plan import Plan
from dynamap.planner.request.request import Request
from dynamap.planner.request.space import restrictions_for, search_space, solver_of, target
from dynamap.planner.search.found import Progress
from dynamap.planner.search.joint import joint_search
from dynamap.planner.search.writing import write_plan


def plan_network(
    network: Network,
    device: str | Device = "u200",
    request: Request | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Plan:
    """The plan of least latency for a network on a device, with its proof.

    Raises:
        InputError: the request cannot be understood.
        InfeasibleError: nothing fits; the message says what is short.
    """
    request = request or Request()
    if request.cost_model == "paper":
        if request.overlay is not None:
            raise InputError("the published cost model knows no buffers, so it cannot keep a given overlay")
        if request.batch is not None:
            raise InputError("--batch is for the overlay's own cost model: the published one is of a single image")
        from dynamap.planner.paper.planning import plan_by_paper

        return plan_by_paper(network, device, request, progress)
    if request.cost_model != "overlay":
        raise InputError(f"unknown cost model {request.cost_model!r}: choose overlay or paper")
    board, machine, candidates = target(device, request, network)
    storages = find_storages(network)
    if not storages.executed:
        raise InputError(f"network {network.name!r} has no layer that the overlay runs")
    costs = LayerCosts(network, storages, machine, restrictions_for(network, request), room=candidates.room)
    found = joint_search(
        costs,
        storages,
        search_space(candidates, request),
        solver=request.solver,
        solve=solver_of(request),
        time_limit=request.time_limit,
        progress=progress,
    )
    return write_plan(network, board, request.document(), costs, storages, candidates, found)
