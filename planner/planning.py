"""From a request to a plan: the space that it leaves open, the joint search there, and what was found, written out."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from dynamap.cost.device import Device
from dynamap.cost.errors import InfeasibleError, InputError, TimeLimitError
from dynamap.cost.overlay.fitting.candidates import Candidates
from dynamap.cost.overlay.fitting.extras import NO_PARTS
from dynamap.planner.mapping.overlay_costs import LayerCosts
from dynamap.planner.mapping.storage import Storages, find_storages
from dynamap.planner.network.joining.siblings import apart, convolutions
from dynamap.planner.network.network import Network
from dynamap.planner.plan.plan import Plan
from dynamap.planner.request.request import Request
from dynamap.planner.request.space import restrictions_for, search_space, solver_of, target
from dynamap.planner.search.found import Found, Progress
from dynamap.planner.search.joint import improving_search
from dynamap.planner.search.writing import write_plan


def plan_network(
    network: Network,
    device: str | Device = "u200",
    request: Request | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Plan:
    """The plan of least latency for a network on a device, with its proof; of both, where siblings can be one or apart.

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
    started = time.perf_counter()
    ways = _ways(network, request)
    limit = None if request.time_limit is None else request.time_limit / len(ways)
    found: list[_Way] = []
    failures: list[InfeasibleError] = []
    for way in ways:
        below = min((other.found.objective_cycles for other in found), default=None)
        try:
            better = _search(way, device, replace(request, time_limit=limit), progress, below)
        except InfeasibleError as failure:
            failures.append(failure)
            continue
        if better is not None:
            found.append(better)
    if not found:
        raise failures[0]
    best = min(found, key=lambda way: way.found.objective_cycles)
    unknown = any(isinstance(failure, TimeLimitError) for failure in failures)
    bound = 0 if unknown else min(way.found.bound_cycles for way in found)
    proven = replace(
        best.found,
        bound_cycles=min(bound, best.found.objective_cycles),
        seconds=time.perf_counter() - started,
        kept=NO_PARTS if request.overlay is None else request.overlay.parts,
    )
    return write_plan(best.network, best.board, request.document(), best.costs, best.storages, best.candidates, proven)


@dataclass(frozen=True)
class _Way:
    """What was found for a network, and with what."""

    network: Network
    board: Device
    candidates: Candidates
    storages: Storages
    costs: LayerCosts
    found: Found


def _ways(network: Network, request: Request) -> list[Network]:
    """The network, and as its siblings are apart; only one of the two where the other has not what pins name."""
    alone = apart(network)
    if [layer.name for layer in alone.layers] == [layer.name for layer in network.layers]:
        return [network]
    ways = [one for one in (network, alone) if request.pins.keys() <= {layer.name for layer in convolutions(one)}]
    return ways or [network]


def _search(
    network: Network,
    device: str | Device,
    request: Request,
    progress: Callable[[Progress], None] | None,
    below: int | None,
) -> _Way | None:
    """The best plan of one way; None where it does not take fewer cycles than ``below``, the best of another way."""
    board, machine, candidates = target(device, request, network)
    storages = find_storages(network)
    if not storages.executed:
        raise InputError(f"network {network.name!r} has no layer that the overlay runs")
    costs = LayerCosts(network, storages, machine, restrictions_for(network, request), room=candidates.room)
    found = improving_search(
        costs,
        storages,
        search_space(candidates, request),
        below,
        solver=request.solver,
        solve=solver_of(request),
        time_limit=request.time_limit,
        progress=progress,
    )
    return None if found is None else _Way(network, board, candidates, storages, costs, found)
