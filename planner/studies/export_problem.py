"""The mapping problem of a plan's overlay, as a PBQP."""

from __future__ import annotations

import numpy as np

from dynamap.cost.device import Device
from dynamap.planner.mapping.overlay_costs import LayerCosts
from dynamap.planner.mapping.problem import mapping_problem
from dynamap.planner.mapping.storage import find_storages
from dynamap.planner.network.network import Network
from dynamap.planner.paper.planning import problem_on
from dynamap.planner.pbqp.problem import Problem
from dynamap.planner.plan.parts import OverlayInfo
from dynamap.planner.plan.plan import Plan
from dynamap.planner.request.request import Request
from dynamap.planner.request.space import restrictions_for, target


def overlay_problem(network: Network, device: str | Device, request: Request, overlay: OverlayInfo) -> Problem:
    """The PBQP of the formats on one overlay, in cycles (docs/optimiser.md)."""
    _, machine, candidates = target(device, request, network)
    storages = find_storages(network)
    costs = LayerCosts(network, storages, machine, restrictions_for(network, request), room=candidates.room)
    arrays = np.array([overlay.rows]), np.array([overlay.columns])
    return mapping_problem(storages, costs.exact(overlay.buffers, *arrays)[0][costs.jobs])


def plan_problem(network: Network, device: str | Device, request: Request, plan: Plan) -> Problem:
    """The mapping problem of ``plan``'s overlay, by the plan's cost model."""
    if request.cost_model == "paper":
        return problem_on(network, device, request, plan.overlay.rows, plan.overlay.columns)
    return overlay_problem(network, device, request, plan.overlay)
