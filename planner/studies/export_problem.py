"""The mapping problem of a plan's overlay, as a PBQP file."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dynamap.cost.device import Device
from dynamap.planner.mapping.overlay_costs import LayerCosts
from dynamap.planner.mapping.problem import mapping_problem
from dynamap.planner.mapping.storage import find_storages
from dynamap.planner.network.network import Network
from dynamap.planner.paper.planning import problem_on
from dynamap.planner.pbqp.problem import Problem
from dynamap.planner.pbqp.text_format import format_pbqp
from dynamap.planner.plan.parts import OverlayInfo
from dynamap.planner.plan.plan import Plan, write_atomically
from dynamap.planner.request.request import Request
from dynamap.planner.request.space import restrictions_for, target


def overlay_problem(network: Network, device: str | Device, request: Request, overlay: OverlayInfo) -> Problem:
    """The PBQP of the formats on one overlay, in cycles (docs/optimiser.md)."""
    _, machine, _ = target(device, request)
    storages = find_storages(network)
    costs = LayerCosts(network, storages, machine, restrictions_for(network, request))
    arrays = np.array([overlay.rows]), np.array([overlay.columns])
    return mapping_problem(storages, costs.exact(overlay.buffers, *arrays)[0][costs.jobs])


def export_mapping(network: Network, device: str | Device, request: Request, plan: Plan, path: Path) -> None:
    """Writes the mapping problem of ``plan``'s overlay to ``path``.

    Raises:
        InputError: the file cannot be written.
    """
    if request.cost_model == "paper":
        problem = problem_on(network, device, request, plan.overlay.rows, plan.overlay.columns)
    else:
        problem = overlay_problem(network, device, request, plan.overlay)
    write_atomically(path, format_pbqp(problem).encode())
